/* Claude Code's own settings.json: whether swatch is its statusLine, and how long it keeps transcripts. */
#include "swatch/doctor/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program/argv.h"
#include "base/clock.h"
#include "base/paths.h"
#include "base/scope.h"
#include "json/get.h"
#include "swatch/cli/claude_settings.h"
#include "swatch/kept/file.h"
#include "swatch/ui/human.h"

/* Claude Code's default. */
#define CLEANUP_DEFAULT_DAYS 30
/* "About to be deleted". */
#define CLEANUP_SOON_MS (3 * CLOCK_DAY_MS)

static const char wanted_line[] = "swatch setup puts it in, and keeps everything else in that file as it is";

/* ---- statusLine ---- */

/* False for a command that needs a shell, which is not checked further. */
static bool is_plain(const char *command)
{
	return command[strcspn(command, "|&;<>()$`\\\"'*?[]#=%{}\n")] == '\0';
}

/* Returns true when the command's program is missing, after it added that. */
static bool say_missing_program(struct doctor *doctor, const char *command)
{
	AUTO_BUF error = BUF_INIT;
	if (!is_plain(command))
		return false;
	char **words = argv_split(command, &error);
	AUTO_FREE char *name = words && words[0] ? paths_expand(words[0], strlen(words[0])) : NULL;
	AUTO_FREE char *path = name ? argv_find_program(name) : NULL;
	bool missing = name && !path;
	if (missing) {
		doctor_add(doctor, "statusline", DOCTOR_BAD, "its program is not found: %s (%s)", name,
			   strerror(errno));
		doctor_remedy(doctor, "swatch setup puts swatch's in, with an absolute path: Claude Code's "
				      "PATH may be another");
	}
	argv_free(words);
	return missing;
}

static void check_status_line(struct doctor *doctor, const char *path, struct json_object *settings)
{
	struct json_object *line = json_get_object(settings, "statusLine");
	const char *command = json_get_string(line, "command"), *off_by;
	if (!command) {
		doctor_add(doctor, "statusline", DOCTOR_NOTE, "no statusLine is set in %s", path);
		doctor_remedy(doctor, "%s", wanted_line);
	} else if ((off_by = claude_settings_find_off(path, settings))) {
		doctor_add(doctor, "statusline", DOCTOR_NOTE, CLAUDE_SETTINGS_OFF " in %s turns it off",
			   off_by);
		doctor_remedy(doctor, "take that out: until then no session shows a statusline");
	} else if (say_missing_program(doctor, command)) {
		return;
	} else if (strstr(command, "swatch")) {
		doctor_add(doctor, "statusline", DOCTOR_GOOD, "connected: %s", command);
	} else {
		doctor_add(doctor, "statusline", DOCTOR_NOTE, "it is another program's: %s; the server's "
							      "limits stay unknown%s",
			   command, strstr(command, "ccusage")
			   ? ", and every refresh of every session reads all transcripts" : "");
		doctor_remedy(doctor, "to have swatch's: %s", wanted_line);
	}
}

/* It works, and Claude Code complains. */
static void check_subagent_line(struct doctor *doctor, const char *path, struct json_object *settings)
{
	if (!json_get_object(settings, "subagentStatusLine"))
		return;
	doctor_add(doctor, "statusline", DOCTOR_NOTE,
		   "subagentStatusLine is set in %s: Claude Code is about to give "
		   "it up, and says so at each start",
		   path);
	doctor_remedy(doctor, "take it out when that disturbs you");
}

/* ---- cleanupPeriodDays ---- */

/* Whether the ledger's file has all that a transcript says; `real`: its projects directory without links. */
static bool is_kept(struct kept_file *file, const char *real, const struct history_job *job, size_t len)
{
	AUTO_BUF path = BUF_INIT;
	buf_printf(&path, "%s%s", real, job->path + len);
	return !path.failed && file->db
	    && kept_file_has(file, path.data, strlen(real) + 1, job->size_bytes);
}

/* How many transcripts of a directory were last changed before a moment; *lost: what of them is not kept. */
static size_t count_old(struct doctor *doctor, const char *projects, int64_t limit_ms, size_t *lost)
{
	struct kept_file file = { .path = NULL };
	AUTO_BUF error = BUF_INIT;
	AUTO_FREE char *real = realpath(projects, NULL);
	size_t len = strlen(projects), old = 0;
	if (doctor->costs_are_kept)
		(void)kept_file_open(&file, &error);
	*lost = 0;
	for (size_t i = 0; i < doctor->transcript_count; i++) {
		const struct history_job *job = &doctor->transcripts[i];
		if (strncmp(job->path, projects, len) != 0 || job->path[len] != '/'
		    || job->modified_ns / 1000000 >= limit_ms)
			continue;
		old++;
		*lost += !is_kept(&file, real ? real : projects, job, len);
	}
	kept_file_release(&file);
	return old;
}

static void check_cleanup(struct doctor *doctor, const char *projects, const char *path,
			  struct json_object *settings)
{
	double days = json_get_double(settings, "cleanupPeriodDays", CLEANUP_DEFAULT_DAYS);
	size_t lost;
	if (!isfinite(days) || days < 0 || days > 1e6)
		days = CLEANUP_DEFAULT_DAYS;
	int64_t limit_ms = doctor->now_ms - llround(days * (double)CLOCK_DAY_MS) + CLEANUP_SOON_MS;
	size_t soon = count_old(doctor, projects, limit_ms, &lost);
	if (soon == 0) {
		doctor_add(doctor, "cleanup", DOCTOR_GOOD, "Claude Code keeps transcripts for %s; it will "
							   "not delete any soon",
			   human_counted(llround(days), "day", HUMAN_TEXT));
		return;
	}
	doctor_add(doctor, "cleanup", lost == 0 ? DOCTOR_GOOD : DOCTOR_NOTE,
		   "%s about to be deleted: Claude Code keeps them for %s; %s",
		   human_counted((int64_t)soon, "transcript", HUMAN_TEXT),
		   human_counted(llround(days), "day", HUMAN_TEXT),
		   lost == 0		      ? "what they cost is kept"
		   : doctor->costs_are_kept ? "swatchd has not kept all that they cost yet"
					    : "the reports lose their costs, too");
	if (lost > 0 && doctor->costs_are_kept)
		doctor_remedy(doctor,
			      "look again in a minute: %s to be kept; swatchd's log says what hinders it",
			      human_counted((int64_t)lost, "transcript", HUMAN_TEXT));
	if (!doctor->costs_are_kept)
		doctor_remedy(doctor, "to keep them a year: \"cleanupPeriodDays\": 365 in %s%s", path,
			      doctor->invocation->config.ledger_enabled
				      ? "; to keep only what they cost, run swatchd"
				      : "");
}

/* ---- the files ---- */

/* `projects`/../settings.json */
static void check_file(struct doctor *doctor, const char *projects)
{
	AUTO_FREE char *directory = paths_parent(projects);
	AUTO_FREE char *path = directory ? paths_join(directory, "settings.json") : NULL;
	AUTO_BUF error = BUF_INIT;
	AUTO_JSON *settings = path ? claude_settings_read(path, &error) : NULL;
	if (path && !settings) {
		doctor_add(doctor, "statusline", DOCTOR_BAD, "%s cannot be read: %s", path,
			   buf_message(&error));
		doctor_remedy(doctor, "mend it: until then Claude Code uses its defaults");
	} else if (path) {
		check_status_line(doctor, path, settings);
		check_subagent_line(doctor, path, settings);
		check_cleanup(doctor, projects, path, settings);
	}
}

void doctor_check_settings(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->dirs.count; i++)
		if (access(doctor->dirs.projects[i], F_OK) == 0)
			check_file(doctor, doctor->dirs.projects[i]);
}
