/* The user's service: writes its files, enables it and starts it. */
#include "swatch/setup/setup.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/scope.h"
#include "swatch/cli/program.h"
#include "swatch/cli/user_service.h"
#include "swatch/setup/person_file.h"

#define UNIT_MAX_BYTES ((size_t)65536)
#define PATH_UNIT "swatchd.path"
#define EXTRA_NAME USER_SERVICE_UNIT ".d/swatch-setup.conf"

/* A file of the service. */
struct wanted {
	char *path;
	struct buf text;               /* empty: the service needs no such file */
	struct person_file file;
	bool write;
};

struct job {
	struct user_service service;
	char *daemon_path;
	char *directory;               /* of a person's own units */
	char *installed;               /* a unit in another directory, not from setup; NULL: none */
	struct wanted unit, extra;
	pid_t other;                   /* a daemon that runs and is not the service; 0: none */
	bool restart;                  /* the service runs another version */
	bool waits;                    /* its conditions do not hold yet: Claude Code has not run */
	bool has_path_unit;            /* which starts it when they do */
};

/* ---- looking ---- */

/* Returns ~/.config/systemd/user; below XDG_CONFIG_HOME when systemd looks there, too. */
static char *find_own_directory(const char *directories)
{
	AUTO_FREE char *config = paths_config_home();
	AUTO_FREE char *own = config ? paths_join(config, "systemd/user") : NULL;
	const char *home = paths_home();
	if (own && home && getenv("XDG_CONFIG_HOME") && *directories && !strstr(directories, own))
		return paths_join(home, ".config/systemd/user");
	return SCOPE_KEEP(own);
}

/* Finds the unit in one of the other directories. */
static char *find_installed(const char *directories, const char *own)
{
	for (const char *at = directories; *at;) {
		size_t len = strcspn(at, " ");
		AUTO_FREE char *directory = strndup(at, len);
		bool is_other = directory && len > 0 && strcmp(directory, own) != 0;
		AUTO_FREE char *path = is_other ? paths_join(directory, USER_SERVICE_UNIT) : NULL;
		if (path && access(path, R_OK) == 0)
			return SCOPE_KEEP(path);
		at += len + (at[len] == ' ');
	}
	return NULL;
}

/*
 * Decides whether to write a file. A file that its owner has changed stays. Returns false after setup_fail().
 */
static bool look_at_file(struct setup *setup, struct wanted *wanted)
{
	AUTO_BUF error = BUF_INIT;
	const char *path = wanted->path;
	if (!path || !person_file_read(path, UNIT_MAX_BYTES, &wanted->file, &error)) {
		setup_fail(setup, "%s cannot be read: %s", path ? setup_path(path) : "the unit",
			   buf_message(&error));
		return false;
	}
	const struct setup_change *old = setup_record_find(&setup->record, SETUP_FILE, path, NULL, NULL);
	const char *present = buf_str(&wanted->file.text);
	bool untouched = setup_unit_is_ours(present) && (!old || strcmp(old->value, present) == 0);
	bool differs = wanted->text.len > 0 && strcmp(present, buf_str(&wanted->text)) != 0;
	wanted->write = differs && (untouched || !wanted->file.exists);
	if (differs && !wanted->write)
		setup_item(setup, STYLE_NOTE, "%s is yours: it stays as it is", setup_path(path));
	return true;
}

/* Plans the files. Returns false after setup_fail(). */
static bool plan_files(struct setup *setup, struct job *job)
{
	AUTO_BUF directories = BUF_INIT, why = BUF_INIT;
	(void)user_service_ask_directories(&directories, &why, &setup->interrupted);
	job->daemon_path = program_find_lasting("swatchd");
	job->directory = find_own_directory(buf_str(&directories));
	job->installed = job->directory ? find_installed(buf_str(&directories), job->directory) : NULL;
	if (!job->daemon_path || !job->directory) {
		setup_fail(setup, SETUP_NO_DAEMON);
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

/* ---- showing ---- */

static bool is_enabled(const struct job *job)
{
	return strncmp(job->service.file, "enabled", 7) == 0;
}

static bool is_active(const struct job *job)
{
	return strcmp(job->service.active, "active") == 0;
}

/* Shows the steps. Returns false when there are none. */
static bool show_plan(struct setup *setup, struct job *job)
{
	bool changes = job->unit.write || job->extra.write;
	if (job->installed)
		setup_item(setup, STYLE_PLAIN, "the unit is installed: %s", setup_path(job->installed));
	if (job->unit.write)
		setup_item(setup, STYLE_PLAIN, "write %s, which starts %s", setup_path(job->unit.path),
			   setup_path(job->daemon_path));
	bool has_environment = strstr(buf_str(&job->extra.text), "Environment=") != NULL;
	if (job->extra.write)
		setup_item(setup, STYLE_PLAIN, "write %s, with %s", setup_path(job->extra.path),
			   has_environment ? "the present environment"
					   : "the folders that it may write to");
	if (!changes && is_enabled(job) && is_active(job) && !job->restart) {
		setup_item(setup, STYLE_GOOD, "already so: " USER_SERVICE_UNIT " is enabled and runs");
		return false;
	}
	if (changes || strcmp(job->service.load, "loaded") != 0)
		setup_item(setup, STYLE_PLAIN, "systemctl --user daemon-reload");
	if (job->other > 0)
		setup_item(setup, STYLE_PLAIN, "try whether the service starts, and only then end the "
			   "swatchd that runs (pid %ld) and is not the service", (long)job->other);
	if (!is_active(job))
		setup_item(setup, STYLE_PLAIN, "systemctl --user start " USER_SERVICE_UNIT);
	if (!is_enabled(job))
		setup_item(setup, STYLE_PLAIN, "systemctl --user enable " USER_SERVICE_UNIT);
	if (is_active(job) && (changes || job->restart))
		setup_item(setup, STYLE_PLAIN, "systemctl --user restart " USER_SERVICE_UNIT);
	return true;
}

/* ---- doing ---- */

/* Runs systemctl --user. Returns false with what it says. */
static bool do_quietly(struct setup *setup, const char *verb, const char *unit, struct buf *why)
{
	const char *words[] = { verb, unit, NULL };
	return user_service_do(words, why, &setup->interrupted) == USER_SERVICE_ANSWERED;
}

static bool say_failed(struct setup *setup, const char *verb, const struct buf *why)
{
	if (!setup->interrupted)
		setup_fail(setup, "systemctl --user %s failed: %s", verb, buf_message(why));
	return false;
}

/* Returns false after setup_fail(). */
static bool control(struct setup *setup, const char *verb, const char *unit)
{
	AUTO_BUF why = BUF_INIT;
	return do_quietly(setup, verb, unit, &why) || say_failed(setup, verb, &why);
}

static bool write_file(struct setup *setup, struct wanted *wanted)
{
	AUTO_BUF error = BUF_INIT;
	if (!wanted->write)
		return true;
	if (!setup_make_parents(setup, wanted->path))
		return false;
	struct setup_change change = { .kind = SETUP_FILE, .path = strdup(wanted->path),
				       .value = strdup(buf_str(&wanted->text)) };
	if (!setup_begin(setup, &change))
		return false;
	wanted->file.mode = wanted->file.exists ? wanted->file.mode : 0644;
	const struct buf *text = &wanted->text;
	bool good = person_file_replace(&wanted->file, text->data, text->len, NULL, NULL, &error);
	setup_end(setup, good);
	if (!good)
		setup_fail(setup, "cannot write %s: %s", setup_path(wanted->path), buf_message(&error));
	return good;
}

/* Records how the service was before setup; a second run must not record what the first one made of it. */
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

/*
 * Says why the service did not start, puts an end to systemd's tries, and offers the other way. Returns
 * false.
 */
static bool give_up(struct setup *setup, const struct user_service *service, const struct buf *why)
{
	AUTO_BUF what = BUF_INIT, remedy = BUF_INIT, ignored = BUF_INIT;
	if (setup->interrupted)
		return false;
	(void)do_quietly(setup, "stop", USER_SERVICE_UNIT, &ignored);
	(void)do_quietly(setup, "reset-failed", USER_SERVICE_UNIT, &ignored);
	setup_fail(setup, "systemctl --user start failed: %s", buf_message(why));
	if (!user_service_explain(service, &what, &remedy)) {
		setup_item(setup, STYLE_NOTE, "its log says why: %s; swatch doctor says more",
			   user_service_hint(HINT_LOG));
		return false;
	}
	setup_item(setup, STYLE_NOTE, "%s", buf_str(&what));
	setup_item(setup, STYLE_PLAIN, "%s", buf_str(&remedy));
	setup_item(setup, STYLE_PLAIN, "or have the statusline start swatchd, without a service:");
	setup_autostart(setup);
	return false;
}

/* Starts it, and asks what became of that. Returns whether systemctl calls it a success. */
static bool try_start(struct setup *setup, struct user_service *service, struct buf *why)
{
	AUTO_BUF ignored = BUF_INIT;
	bool good = do_quietly(setup, "start", USER_SERVICE_UNIT, why);
	if (!setup->interrupted)
		(void)user_service_ask(service, &ignored, &setup->interrupted);
	return good && !setup->interrupted;
}

/*
 * While another daemon has the lock, a service that can start gets as far as that lock, and no further.
 * Returns false after setup_fail(): the other daemon goes on.
 */
static bool prove(struct setup *setup, struct job *job)
{
	struct user_service service = { .exit_status = 0 };
	AUTO_BUF why = BUF_INIT, ignored = BUF_INIT;
	bool started = try_start(setup, &service, &why);
	bool reached_lock = !started && service.exit_status == USER_SERVICE_HELD;
	if (reached_lock)
		(void)do_quietly(setup, "reset-failed", USER_SERVICE_UNIT, &ignored);
	bool runs = strcmp(service.active, "active") == 0;
	/* The conditions kept it from starting, so nothing is proved. */
	if (started && !runs) {
		setup_item(setup, STYLE_PLAIN, "the swatchd that runs (pid %ld) goes on", (long)job->other);
		job->other = 0;
	}
	if (started || reached_lock || setup->interrupted)
		return !setup->interrupted;
	setup_item(setup, STYLE_PLAIN, "the swatchd that runs (pid %ld) goes on", (long)job->other);
	return give_up(setup, &service, &why);
}

/* Starts it for good. Returns false after setup_fail(). */
static bool start_for_good(struct setup *setup, struct job *job)
{
	AUTO_BUF why = BUF_INIT, ignored = BUF_INIT;
	if (!try_start(setup, &job->service, &why))
		return give_up(setup, &job->service, &why);
	job->waits = !is_active(job) && strcmp(job->service.condition, "no") == 0;
	if (job->waits)
		job->has_path_unit = do_quietly(setup, "start", PATH_UNIT, &ignored);
	return true;
}

static bool start(struct setup *setup, struct job *job)
{
	bool changed = job->unit.write || job->extra.write;
	bool was_enabled = is_enabled(job), was_active = is_active(job);
	bool reload = changed || strcmp(job->service.load, "loaded") != 0;
	if (reload && !control(setup, "daemon-reload", NULL))
		return false;
	if ((!was_enabled || !was_active) && !record_service(setup, job))
		return false;
	if (job->other > 0 && !prove(setup, job))
		return false;
	if (job->other > 0 && !setup_end_daemon(setup, job->other)) {
		setup_fail(setup, "swatchd (pid %ld) does not end", (long)job->other);
		return false;
	}
	if (!was_active && !start_for_good(setup, job))
		return false;
	if (!was_enabled && !control(setup, "enable", USER_SERVICE_UNIT))
		return false;
	return !was_active || !(changed || job->restart) || control(setup, "restart", USER_SERVICE_UNIT);
}

static void say_how_it_went(struct setup *setup, const struct job *job)
{
	setup->expects_daemon = !job->waits;
	if (!job->waits) {
		setup_done(setup, "done: it starts with every login");
		return;
	}
	setup_item(setup, STYLE_NOTE, "it is enabled, but does not run yet: Claude Code has never run here");
	setup_done(setup, "run Claude Code once (claude)%s", job->has_path_unit
		   ? ": swatchd starts then, and at every login" : ", then: systemctl --user start swatchd");
}

static void release_file(struct wanted *wanted)
{
	free(wanted->path);
	buf_release(&wanted->text);
	person_file_release(&wanted->file);
}

static void install(struct setup *setup, struct job *job)
{
	char version[SETUP_VERSION_SIZE];
	if (strcmp(job->service.load, "masked") == 0) {
		setup_item(setup, STYLE_NOTE, USER_SERVICE_UNIT " is masked, so setup leaves it alone "
			   "(systemctl --user unmask swatchd, then swatch setup)");
		return;
	}
	pid_t pid = setup_find_daemon(setup, version);
	setup->expects_daemon = pid > 0;
	job->other = is_active(job) ? 0 : pid;
	job->restart = is_active(job) && pid > 0 && strcmp(version, PACKAGE_VERSION) != 0;
	if (!plan_files(setup, job) || setup->interrupted || !show_plan(setup, job)
	    || !setup_agree(setup, true))
		return;
	if (write_file(setup, &job->unit) && write_file(setup, &job->extra) && start(setup, job))
		say_how_it_went(setup, job);
}

void setup_service(struct setup *setup)
{
	struct job job = { .other = 0 };
	AUTO_BUF why = BUF_INIT;
	setup_row(setup, "service");
	switch (user_service_ask(&job.service, &why, &setup->interrupted)) {
	case USER_SERVICE_ANSWERED:
		install(setup, &job);
		break;
	case USER_SERVICE_NO_SYSTEMD:
	case USER_SERVICE_SILENT:
		setup_item(setup, STYLE_PLAIN, "the user's systemd does not answer (%s)", buf_message(&why));
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
	setup_flush(setup);
}
