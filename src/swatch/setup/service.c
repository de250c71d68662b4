/* The user's service: its files, and that it is enabled and runs. */
#include "swatch/setup/setup.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/paths.h"
#include "swatch/cli/program.h"
#include "swatch/cli/user_service.h"
#include "swatch/setup/person_file.h"

#define UNIT_MAX_BYTES ((size_t)65536)
#define EXTRA_NAME USER_SERVICE_UNIT ".d/swatch-setup.conf"

/* A file that is to say something. */
struct wanted {
	char *path;
	struct buf text;               /* empty: none is wanted */
	struct person_file file;
	bool write;
};

struct job {
	struct user_service service;
	char *daemon_path;
	char *directory;               /* where a person's own units are */
	char *installed;               /* a unit that is there without us; NULL: none */
	struct wanted unit, extra;
	pid_t other;                   /* a daemon that runs and is not the service; 0: none */
	bool restart;                  /* it runs with what is going to be changed, or is another version */
};

/* ---- looking ---- */

/* ~/.config/systemd/user, or where XDG_CONFIG_HOME says, when systemd was started with that, too. */
static char *find_own_directory(const char *directories)
{
	char *config = paths_config_home();
	char *own = config ? paths_join(config, "systemd/user") : NULL;
	const char *home = paths_home();
	free(config);
	if (own && home && getenv("XDG_CONFIG_HOME") && *directories && !strstr(directories, own)) {
		free(own);
		own = paths_join(home, ".config/systemd/user");
	}
	return own;
}

/* The unit in one of the other directories. */
static char *find_installed(const char *directories, const char *own)
{
	char *found = NULL;
	for (const char *at = directories; *at && !found;) {
		size_t len = strcspn(at, " ");
		char *directory = strndup(at, len);
		bool is_other = directory && len > 0 && strcmp(directory, own) != 0;
		char *path = is_other ? paths_join(directory, USER_SERVICE_UNIT) : NULL;
		if (path && access(path, R_OK) == 0)
			found = path;
		else
			free(path);
		free(directory);
		at += len + (at[len] == ' ');
	}
	return found;
}

/*
 * Whether a file has to be written. One that is there and not as we left it is its owner's: it stays, which
 * is said. Returns false after setup_fail().
 */
static bool look_at_file(struct setup *setup, struct wanted *wanted)
{
	struct buf error = BUF_INIT;
	bool good = wanted->path && person_file_read(wanted->path, UNIT_MAX_BYTES, &wanted->file, &error);
	if (!good) {
		setup_fail(setup, "%s cannot be read: %s", wanted->path ? setup_path(wanted->path) : "the unit",
			   buf_message(&error));
	} else if (!wanted->file.exists) {
		wanted->write = wanted->text.len > 0;
	} else {
		const struct setup_change *old = setup_record_find(&setup->record, SETUP_FILE, wanted->path, NULL, NULL);
		const char *present = buf_str(&wanted->file.text);
		bool same = strcmp(present, buf_str(&wanted->text)) == 0;
		bool untouched = setup_unit_is_ours(present) && (!old || strcmp(old->value, present) == 0);
		wanted->write = wanted->text.len > 0 && !same && untouched;
		if (wanted->text.len > 0 && !same && !untouched)
			setup_item(setup, STYLE_NOTE, "%s is yours: it stays as it is", setup_path(wanted->path));
	}
	buf_release(&error);
	return good;
}

/* Plans the files. Returns false after setup_fail(). */
static bool plan_files(struct setup *setup, struct job *job)
{
	struct buf directories = BUF_INIT, why = BUF_INIT;
	(void)user_service_ask_directories(&directories, &why, &setup->interrupted);
	job->daemon_path = program_find_daemon();
	job->directory = find_own_directory(buf_str(&directories));
	job->installed = job->directory ? find_installed(buf_str(&directories), job->directory) : NULL;
	buf_release(&directories);
	buf_release(&why);
	if (!job->daemon_path || !job->directory) {
		setup_fail(setup, "the program swatchd is not beside this one, in " SWATCH_BINDIR " or on PATH");
		return false;
	}
	job->unit.path = paths_join(job->directory, USER_SERVICE_UNIT);
	job->extra.path = paths_join(job->directory, EXTRA_NAME);
	if (!job->installed && !setup_unit_write(job->daemon_path, &job->unit.text)) {
		setup_fail(setup, "out of memory");
		return false;
	}
	setup_unit_write_extra(setup->invocation->cache_dir, &job->extra.text);
	if (strpbrk(job->daemon_path, "\r\n") || strpbrk(setup->invocation->cache_dir, "\r\n")) {
		setup_fail(setup, "a unit file cannot hold a newline in a path");
		return false;
	}
	return look_at_file(setup, &job->unit) && look_at_file(setup, &job->extra);
}

/* ---- saying ---- */

static bool is_enabled(const struct job *job)
{
	return strncmp(job->service.file, "enabled", 7) == 0;
}

static bool is_active(const struct job *job)
{
	return strcmp(job->service.active, "active") == 0;
}

/* Says what is to be done. Returns false when nothing is. */
static bool show_plan(struct setup *setup, struct job *job)
{
	bool changes = job->unit.write || job->extra.write;
	if (job->installed)
		setup_item(setup, STYLE_PLAIN, "the unit is installed: %s", setup_path(job->installed));
	if (job->unit.write)
		setup_item(setup, STYLE_PLAIN, "write %s, which starts %s", setup_path(job->unit.path),
			   setup_path(job->daemon_path));
	if (job->extra.write)
		setup_item(setup, STYLE_PLAIN, "write %s, with %s", setup_path(job->extra.path),
			   strstr(buf_str(&job->extra.text), "Environment=") ? "the environment of now"
									      : "the cache directory that it may write to");
	if (!changes && is_enabled(job) && is_active(job) && !job->restart) {
		setup_item(setup, STYLE_GOOD, "already so: " USER_SERVICE_UNIT " is enabled and runs");
		return false;
	}
	if (job->other > 0)
		setup_item(setup, STYLE_PLAIN, "end the swatchd that runs (pid %ld) and is not the service",
			   (long)job->other);
	if (changes || strcmp(job->service.load, "loaded") != 0)
		setup_item(setup, STYLE_PLAIN, "systemctl --user daemon-reload");
	if (!is_enabled(job) || !is_active(job))
		setup_item(setup, STYLE_PLAIN, "systemctl --user %s " USER_SERVICE_UNIT,
			   is_enabled(job) ? "start" : "enable --now");
	if (is_active(job) && (changes || job->restart))
		setup_item(setup, STYLE_PLAIN, "systemctl --user restart " USER_SERVICE_UNIT);
	return true;
}

/* ---- doing ---- */

/* Returns false after setup_fail(). */
static bool control(struct setup *setup, const char *verb, const char *option, const char *unit)
{
	const char *words[4] = { verb };
	struct buf why = BUF_INIT;
	size_t count = 1;
	if (option)
		words[count++] = option;
	if (unit)
		words[count++] = unit;
	bool good = user_service_do(words, &why, &setup->interrupted) == USER_SERVICE_ANSWERED;
	if (!good && !setup->interrupted) {
		setup_fail(setup, "systemctl --user %s failed: %s", verb, buf_message(&why));
		if (unit)
			setup_item(setup, STYLE_NOTE,
				   "its log says why: journalctl --user -u swatchd; swatch doctor says more");
	}
	buf_release(&why);
	return good;
}

static bool write_file(struct setup *setup, struct wanted *wanted)
{
	struct buf error = BUF_INIT;
	if (!wanted->write)
		return true;
	if (!setup_make_parents(setup, wanted->path))
		return false;
	struct setup_change change = { .kind = SETUP_FILE, .path = strdup(wanted->path),
				       .value = strdup(buf_str(&wanted->text)) };
	if (!setup_begin(setup, &change))
		return false;
	wanted->file.mode = wanted->file.exists ? wanted->file.mode : 0644;
	bool good = person_file_replace(&wanted->file, wanted->text.data, wanted->text.len, NULL, NULL, &error);
	setup_end(setup, good);
	if (!good)
		setup_fail(setup, "cannot write %s: %s", setup_path(wanted->path), buf_message(&error));
	buf_release(&error);
	return good;
}

/* Records how the service was; once: a second run must not take the first one's work for what was there. */
static bool record_service(struct setup *setup, const struct job *job)
{
	if (setup_record_find(&setup->record, SETUP_SERVICE, USER_SERVICE_UNIT, NULL, NULL))
		return true;
	struct setup_change change = { .kind = SETUP_SERVICE, .path = strdup(USER_SERVICE_UNIT),
				       .was_enabled = is_enabled(job), .was_active = is_active(job) };
	bool good = setup_begin(setup, &change);
	if (good)
		setup_end(setup, true);
	return good;
}

static bool start(struct setup *setup, struct job *job)
{
	bool changed = job->unit.write || job->extra.write;
	bool was_enabled = is_enabled(job), was_active = is_active(job);
	if ((changed || strcmp(job->service.load, "loaded") != 0) && !control(setup, "daemon-reload", NULL, NULL))
		return false;
	if (job->other > 0 && !setup_end_daemon(setup, job->other)) {
		setup_fail(setup, "swatchd (pid %ld) does not end", (long)job->other);
		return false;
	}
	if (!was_enabled || !was_active) {
		if (!record_service(setup, job)
		    || !control(setup, was_enabled ? "start" : "enable", was_enabled ? NULL : "--now", USER_SERVICE_UNIT))
			return false;
	}
	return !was_active || !(changed || job->restart) || control(setup, "restart", NULL, USER_SERVICE_UNIT);
}

static void release_file(struct wanted *wanted)
{
	free(wanted->path);
	buf_release(&wanted->text);
	person_file_release(&wanted->file);
}

/* With a systemd that answers. */
static void install(struct setup *setup, struct job *job)
{
	char version[SETUP_VERSION_SIZE];
	if (strcmp(job->service.load, "masked") == 0) {
		setup_item(setup, STYLE_NOTE, USER_SERVICE_UNIT " is masked, which somebody wanted: it stays so "
			   "(systemctl --user unmask swatchd, then swatch setup)");
		return;
	}
	pid_t pid = setup_find_daemon(setup, version);
	setup->expects_daemon = pid > 0;
	job->other = is_active(job) ? 0 : pid;
	job->restart = is_active(job) && pid > 0 && strcmp(version, PACKAGE_VERSION) != 0;
	if (!plan_files(setup, job) || setup->interrupted || !show_plan(setup, job) || !setup_agree(setup, true))
		return;
	if (write_file(setup, &job->unit) && write_file(setup, &job->extra) && start(setup, job)) {
		setup->expects_daemon = true;
		setup_done(setup, "done: it starts with every login");
	}
}

void setup_service(struct setup *setup)
{
	struct job job = { .other = 0 };
	struct buf why = BUF_INIT;
	setup_row(setup, "service");
	switch (user_service_ask(&job.service, &why, &setup->interrupted)) {
	case USER_SERVICE_ANSWERED:
		install(setup, &job);
		break;
	case USER_SERVICE_NO_SYSTEMD:
	case USER_SERVICE_SILENT:
		setup_item(setup, STYLE_PLAIN, "no systemd of the user answers here (%s)", buf_message(&why));
		setup_autostart(setup);
		break;
	case USER_SERVICE_INTERRUPTED:
		break;
	}
	release_file(&job.unit);
	release_file(&job.extra);
	free(job.daemon_path);
	free(job.directory);
	free(job.installed);
	buf_release(&why);
	setup_flush(setup);
}
