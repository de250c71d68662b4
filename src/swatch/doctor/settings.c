/* Claude Code's own settings.json: is swatch its statusLine, and how long does it keep transcripts? */
#include "swatch/doctor/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/argv.h"
#include "base/clock.h"
#include "base/paths.h"
#include "cache/read.h"
#include "swatch/ui/human.h"

/* What Claude Code does where nothing is said. */
#define CLEANUP_DEFAULT_DAYS 30
/* "About to be deleted". */
#define CLEANUP_SOON_MS (3 * CLOCK_DAY_MS)

static const char wanted_line[] = "swatch setup puts it in, and keeps all else in that file as it is";

/* ---- statusLine ---- */

/* A command that a shell takes apart is looked at no further. */
static bool is_plain(const char *command)
{
	return command[strcspn(command, "|&;<>()$`\\\"'*?[]#=%{}\n")] == '\0';
}

/* Says that its program is not there. Returns true when it did. */
static bool say_missing_program(struct doctor *doctor, const char *command)
{
	struct buf error = BUF_INIT;
	if (!is_plain(command))
		return false;
	char **words = argv_split(command, &error);
	char *name = words && words[0] ? paths_expand(words[0], strlen(words[0])) : NULL;
	char *path = name ? argv_find_program(name) : NULL;
	bool missing = name && !path;
	if (missing) {
		doctor_add(doctor, "statusline", DOCTOR_BAD, "its program is not found: %s (%s)", name, strerror(errno));
		doctor_remedy(doctor, "swatch setup puts swatch's in, by its absolute path: Claude Code has the PATH it was started with");
	}
	free(path);
	free(name);
	argv_free(words);
	buf_release(&error);
	return missing;
}

static void check_status_line(struct doctor *doctor, const char *path, struct json_object *settings)
{
	struct json_object *line = json_get_object(settings, "statusLine");
	const char *command = json_get_string(line, "command");
	if (!command) {
		doctor_add(doctor, "statusline", DOCTOR_NOTE, "none is set in %s", path);
		doctor_remedy(doctor, "%s", wanted_line);
	} else if (json_get_bool(settings, "disableAllHooks", false)) {
		doctor_add(doctor, "statusline", DOCTOR_NOTE, "\"disableAllHooks\" in %s turns it off", path);
	} else if (say_missing_program(doctor, command)) {
		return;
	} else if (strstr(command, "swatch")) {
		doctor_add(doctor, "statusline", DOCTOR_GOOD, "connected: %s", command);
	} else {
		doctor_add(doctor, "statusline", DOCTOR_NOTE, "it is another program's: %s; the server's limits stay unknown%s", command,
			   strstr(command, "ccusage") ? ", and every refresh of every session reads all transcripts" : "");
		doctor_remedy(doctor, "to have swatch's: %s", wanted_line);
	}
}

/* ---- cleanupPeriodDays ---- */

static void check_cleanup(struct doctor *doctor, const char *projects, const char *path, struct json_object *settings)
{
	double days = json_get_double(settings, "cleanupPeriodDays", CLEANUP_DEFAULT_DAYS);
	size_t len = strlen(projects), soon = 0;
	if (!isfinite(days) || days < 0 || days > 1e6)
		days = CLEANUP_DEFAULT_DAYS;
	int64_t limit_ms = doctor->now_ms - llround(days * (double)CLOCK_DAY_MS) + CLEANUP_SOON_MS;
	for (size_t i = 0; i < doctor->transcript_count; i++) {
		const struct history_job *job = &doctor->transcripts[i];
		soon += strncmp(job->path, projects, len) == 0 && job->path[len] == '/'
			&& job->modified_ns / 1000000 < limit_ms;
	}
	if (soon == 0) {
		doctor_add(doctor, "cleanup", DOCTOR_GOOD, "Claude Code keeps transcripts for %s, none is about to go",
			   human_counted(llround(days), "day", HUMAN_TEXT));
		return;
	}
	doctor_add(doctor, "cleanup", DOCTOR_NOTE, "%s about to be deleted: Claude Code keeps them for %s; their costs "
		   "leave the reports with them", human_counted((int64_t)soon, "transcript", HUMAN_TEXT),
		   human_counted(llround(days), "day", HUMAN_TEXT));
	doctor_remedy(doctor, "to keep them a year: \"cleanupPeriodDays\": 365 in %s", path);
}

/* ---- the files ---- */

/* settings.json is often a link into somebody's dotfiles. NULL with errno. */
static struct json_object *read_settings(const char *path)
{
	char *real = realpath(path, NULL);
	if (!real)
		return NULL;
	struct json_object *settings = cache_read_json(AT_FDCWD, real);
	int why = errno;
	free(real);
	errno = why;
	return settings;
}

/* `projects`/../settings.json */
static void check_file(struct doctor *doctor, const char *projects)
{
	char *directory = strdup(projects);
	char *slash = directory ? strrchr(directory, '/') : NULL;
	if (slash)
		slash[slash == directory] = '\0';
	char *path = slash ? paths_join(directory, "settings.json") : NULL;
	struct json_object *settings = path ? read_settings(path) : NULL;
	if (path && !settings && errno != ENOENT) {
		doctor_add(doctor, "statusline", DOCTOR_BAD, "%s cannot be read: %s", path,
			   errno == EBADMSG ? "it is not a JSON object" : strerror(errno));
		doctor_remedy(doctor, "mend it: Claude Code goes by its defaults meanwhile");
	} else if (path) {
		check_status_line(doctor, path, settings);
		check_cleanup(doctor, projects, path, settings);
	}
	json_object_put(settings);
	free(path);
	free(directory);
}

void doctor_check_settings(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->dirs.count; i++)
		if (access(doctor->dirs.projects[i], F_OK) == 0)
			check_file(doctor, doctor->dirs.projects[i]);
}
