/* Config, daemon, sandbox, service, inotify, polled folders. */
#include "swatch/doctor/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/inotify_limit.h"
#include "base/scope.h"
#include "base/strmap.h"
#include "cache/read.h"
#include "swatch/cli/daemon_call.h"
#include "swatch/cli/user_service.h"
#include "swatch/status/answer.h"
#include "swatch/ui/human.h"

#define SERVICE USER_SERVICE_UNIT
/* Worth a note before the limit is reached. */
#define NEAR_PERCENT 90

/* ---- config ---- */

void doctor_check_config(struct doctor *doctor)
{
	const char *faults = buf_str(&doctor->config_faults);
	if (!doctor->config_path) {
		doctor_add(doctor, "config", DOCTOR_BAD, "no home directory is known");
		doctor_remedy(doctor, "set HOME");
	} else if (*faults) {
		int len = (int)strcspn(faults, "\n");
		doctor_add(doctor, "config", DOCTOR_BAD, "%.*s%s", len, faults,
			   faults[len] && faults[len + 1] ? " (and more)" : "");
		doctor_remedy(doctor, "see all of it with: swatch config --check %s", doctor->config_path);
	} else if (access(doctor->config_path, F_OK) != 0) {
		doctor_add(doctor, "config", DOCTOR_GOOD, "%s does not exist; all settings are defaults",
			   doctor->config_path);
	} else {
		doctor_add(doctor, "config", DOCTOR_GOOD, "%s has no faults", doctor->config_path);
	}
}

/* ---- daemon ---- */

static void say_absent(struct doctor *doctor)
{
	AUTO_BUF hint = BUF_INIT;
	struct cache_lock_holder holder;
	daemon_start_hint(doctor->invocation, &hint);
	if (daemon_find_lock_holder(doctor->invocation, &holder)) {
		AUTO_BUF who = BUF_INIT;
		daemon_name_holder(&holder, &who);
		doctor_add(doctor, "daemon", DOCTOR_BAD,
			   "swatchd (%s) holds the lock, but does not listen: %s", buf_str(&who),
			   buf_str(&doctor->daemon_why));
		doctor_remedy(doctor, "'once' ends by itself; if this stays, end it and start it again: %s",
			      buf_str(&hint));
	} else {
		doctor_add(doctor, "daemon", DOCTOR_BAD, "swatchd is not running: %s",
			   buf_str(&doctor->daemon_why));
		doctor_remedy(doctor, "start it with: %s", buf_str(&hint));
	}
}

bool doctor_add_finding(struct doctor *doctor, const char *name, enum finding_reason reason)
{
	const struct finding *finding = &doctor->by_answer.by_reason[reason];
	if (!finding->found)
		return false;
	doctor_add(doctor, name, finding->is_bad ? DOCTOR_BAD : DOCTOR_NOTE, "%s",
		   buf_message(&finding->what));
	if (finding->remedy.len > 0)
		doctor_remedy(doctor, "%s", buf_str(&finding->remedy));
	return true;
}

void doctor_check_daemon(struct doctor *doctor)
{
	const char *version = json_get_string(doctor->answer, "version");
	if (!doctor->answer && daemon_is_absent(doctor->daemon_state)) {
		say_absent(doctor);
	} else if (!doctor->answer) {
		doctor_add(doctor, "daemon", DOCTOR_BAD, "swatchd cannot be reached: %s",
			   buf_str(&doctor->daemon_why));
		doctor_remedy(doctor, "%s", user_service_hint(HINT_RESTART));
	} else if (!doctor_add_finding(doctor, "daemon", FINDING_OTHER_VERSION)) {
		doctor_add(
			doctor, "daemon", DOCTOR_GOOD, "swatchd %s runs (pid %" PRId64 ", since %s)%s",
			version, json_get_int(doctor->answer, "pid", 0),
			human_clock(json_get_int(doctor->answer, "startedAt", 0), doctor->now_ms, HUMAN_TEXT),
			json_get_bool(doctor->answer, "readingHistory", false)
				? "; it is still reading the transcripts that were there at its start"
				: "");
	}
	(void)doctor_add_finding(doctor, "daemon", FINDING_CACHE_UNWRITABLE);
	(void)doctor_add_finding(doctor, "daemon", FINDING_TRANSCRIPTS_UNREADABLE);
	(void)doctor_add_finding(doctor, "secrets", FINDING_SECRETS);
}

/* ---- sandbox ---- */

static void judge_places(struct doctor *doctor)
{
	size_t refused;
	struct json_object *places = status_array(doctor->answer, "sandbox", "refused", &refused);
	for (size_t i = 0; i < refused; i++) {
		struct json_object *place = json_object_array_get_idx(places, i);
		const char *path = json_get_string(place, "path"), *why = json_get_string(place, "why");
		doctor_add(doctor, "sandbox", DOCTOR_NOTE, "[sandbox] write: %s cannot be written to: %s",
			   path ? path : "?", why ? why : "no reason known");
		doctor_remedy(doctor, "make it, or correct the setting; then restart swatchd");
	}
}

void doctor_check_sandbox(struct doctor *doctor)
{
	const char *state = status_text(doctor->answer, "sandbox", "state");
	const char *network = status_text(doctor->answer, "sandbox", "network");
	bool by_unit = json_get_bool(json_get_object(doctor->answer, "sandbox"), "homeReadOnly", false);
	/* No daemon answers, or it has an old version. */
	if (!state)
		return;
	if (strcmp(state, "off") == 0) {
		doctor_add(doctor, "sandbox", DOCTOR_NOTE, "swatchd has no sandbox: [sandbox] mode = off");
		doctor_remedy(doctor, "take that out of the config, and restart swatchd; [sandbox] write "
				      "lists what your own commands have to write");
	} else if (!doctor_add_finding(doctor, "sandbox", FINDING_SANDBOX)) {
		bool is_closed = network && strcmp(network, "open") != 0;
		doctor_add(doctor, "sandbox", DOCTOR_GOOD,
			   "swatchd and what it runs can write only where they have to%s (Landlock ABI "
			   "%" PRId64 ")", is_closed ? ", and have no network" : "",
			   status_number(doctor->answer, "sandbox", "landlock"));
	}
	if (by_unit && strcmp(state, "on") != 0)
		doctor_extend(doctor,
			      "; but the service's unit keeps it from writing anywhere but where it has "
			      "to");
	judge_places(doctor);
}

/* ---- service ---- */

static void judge_service(struct doctor *doctor, const struct user_service *service)
{
	const char *load = service->load, *file = service->file, *active = service->active;
	/* Between two starts. */
	bool is_trying_again = strcmp(active, "activating") == 0 && service->exit_status != 0;
	AUTO_BUF what = BUF_INIT, remedy = BUF_INIT;
	if (strcmp(load, "loaded") != 0) {
		doctor_add(doctor, "service", DOCTOR_NOTE, "the user service " SERVICE " is missing (%s)",
			   *load ? load : "no answer");
		doctor_remedy(doctor, "swatch setup installs it");
	} else if (user_service_explain(service, &what, &remedy)) {
		doctor_add(doctor, "service", doctor->answer ? DOCTOR_NOTE : DOCTOR_BAD, "%s",
			   buf_str(&what));
		doctor_remedy(doctor, "%s; or have the statusline start swatchd: [daemon] autostart = yes",
			      buf_str(&remedy));
	} else if (strcmp(active, "inactive") == 0 && strcmp(service->condition, "no") == 0) {
		doctor_add(doctor, "service", DOCTOR_NOTE,
			   SERVICE " waits until Claude Code has run here: its conditions do not hold");
		doctor_remedy(doctor, "run Claude Code once; then, if it does not start by itself: "
				      "systemctl --user start swatchd");
	} else if (strcmp(active, "failed") == 0 && service->exit_status == USER_SERVICE_HELD) {
		doctor_add(doctor, "service", doctor->answer ? DOCTOR_NOTE : DOCTOR_BAD,
			   SERVICE " did not start, because another swatchd ran");
		doctor_remedy(doctor, "swatch setup puts the service in its place");
	} else if (strcmp(active, "failed") == 0 || is_trying_again) {
		doctor_add(doctor, "service", DOCTOR_BAD, SERVICE " has failed%s",
			   is_trying_again ? ", and systemd tries again" : "");
		doctor_remedy(doctor, "read its log: journalctl --user -u swatchd; then: systemctl --user "
				      "restart swatchd");
	} else if (strncmp(file, "enabled", 7) != 0) {
		doctor_add(doctor, "service", DOCTOR_NOTE, SERVICE " does not start at login (%s)",
			   *file ? file : "unknown state");
		doctor_remedy(doctor, "systemctl --user enable --now swatchd");
	} else if (strcmp(active, "active") != 0) {
		doctor_add(doctor, "service", doctor->answer ? DOCTOR_NOTE : DOCTOR_BAD,
			   SERVICE " is enabled, but %s%s", *active ? active : "of unknown state",
			   doctor->answer ? ": the swatchd that runs is not the service's" : "");
		doctor_remedy(doctor, doctor->answer ? "swatch setup puts the service in its place"
						     : "systemctl --user start swatchd");
	} else if (!doctor->answer && daemon_is_absent(doctor->daemon_state)) {
		doctor_add(doctor, "service", DOCTOR_BAD,
			   SERVICE " is active, but its swatchd has another cache directory");
		doctor_remedy(doctor, "have it read the config anew: systemctl --user restart swatchd");
	} else {
		doctor_add(doctor, "service", DOCTOR_GOOD, SERVICE " is active, and starts at login");
	}
}

static void judge_no_service(struct doctor *doctor, const char *why)
{
	if (doctor->invocation->config.daemon_autostart == AUTOSTART_YES) {
		doctor_add(doctor, "service", DOCTOR_GOOD, "%s; swatch statusline starts swatchd ([daemon] "
							   "autostart)", why);
		return;
	}
	doctor_add(doctor, "service", DOCTOR_NOTE, "%s: something else has to start swatchd", why);
	doctor_remedy(doctor, "swatch setup lets the statusline start it; see also swatchd(8)");
}

void doctor_check_service(struct doctor *doctor)
{
	struct user_service service;
	AUTO_BUF why = BUF_INIT, silence = BUF_INIT;
	/* The service does not get the options given here. */
	if (doctor->invocation->config_option || doctor->invocation->cache_option)
		return;
	switch (user_service_ask(&service, &why, &doctor->interrupted)) {
	case USER_SERVICE_ANSWERED:
		judge_service(doctor, &service);
		break;
	case USER_SERVICE_NO_SYSTEMD:
		judge_no_service(doctor, "systemd is missing here");
		break;
	case USER_SERVICE_SILENT:
		buf_printf(&silence, "the user's systemd does not answer (%s)", buf_message(&why));
		judge_no_service(doctor, buf_str(&silence));
		break;
	case USER_SERVICE_INTERRUPTED:
		break;
	}
}

/* ---- inotify ---- */

struct inotify_use {
	int64_t instances, watches;
	int64_t daemon_pid;       /* 0: no daemon */
	bool saw_daemon;
};

/* Counts the watches of one inotify descriptor. */
static void count_watches(int fdinfo_fd, const char *name, struct inotify_use *use)
{
	AUTO_FREE char *line = NULL;
	size_t cap = 0;
	int fd = openat(fdinfo_fd, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (!file) {
		close_quietly(fd);
		return;
	}
	while (getline(&line, &cap, file) > 0)
		use->watches += strncmp(line, "inotify wd:", 11) == 0;
	(void)fclose(file);
}

static void count_process(const char *pid, struct inotify_use *use)
{
	char path[64], target[32];
	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	DIR *dir = opendir(path);
	if (!dir)
		return;
	use->saw_daemon |= strtoll(pid, NULL, 10) == use->daemon_pid;
	snprintf(path, sizeof(path), "/proc/%.20s/fdinfo", pid);
	AUTO_CLOSE int fdinfo_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (struct dirent *entry; fdinfo_fd >= 0 && (entry = readdir(dir));) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target));
		if (len != (ssize_t)strlen("anon_inode:inotify")
		    || memcmp(target, "anon_inode:inotify", (size_t)len) != 0)
			continue;
		use->instances++;
		count_watches(fdinfo_fd, entry->d_name, use);
	}
	closedir(dir);
}

/* Counts what all processes of this user have: the limits are per user. */
static void count_inotify(struct inotify_use *use)
{
	struct stat st;
	DIR *proc = opendir("/proc");
	for (struct dirent *entry; proc && (entry = readdir(proc));)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9'
		    && fstatat(dirfd(proc), entry->d_name, &st, 0) == 0 && st.st_uid == getuid())
			count_process(entry->d_name, use);
	if (proc)
		closedir(proc);
}

/* The directories with transcripts, which a daemon would have to watch. */
static int64_t directories_with_transcripts(const struct doctor *doctor)
{
	static char here;
	struct strmap seen = STRMAP_INIT;
	for (size_t i = 0; i < doctor->transcript_count; i++) {
		const char *path = doctor->transcripts[i].path, *slash = strrchr(path, '/');
		if (slash)
			(void)strmap_put_len(&seen, path, (size_t)(slash - path), &here);
	}
	int64_t count = (int64_t)seen.used;
	strmap_release(&seen);
	return count;
}

void doctor_check_inotify(struct doctor *doctor)
{
	struct inotify_use use = { .daemon_pid = json_get_int(doctor->answer, "pid", 0) };
	struct inotify_limit watches = inotify_limit_find(INOTIFY_WATCHES);
	struct inotify_limit all_instances = inotify_limit_find(INOTIFY_INSTANCES);
	int64_t max_watches = watches.most, max_instances = all_instances.most;
	if (max_watches < 0 || max_instances < 0) {
		doctor_add(doctor, "inotify", DOCTOR_NOTE, "the limits of inotify cannot be read in /proc");
		return;
	}
	count_inotify(&use);
	int64_t own = status_number(doctor->answer, "watch", "directories");
	/* swatchd hides its descriptors from all but root: it tells what it has. */
	if (doctor->answer && !use.saw_daemon) {
		use.watches += own;
		use.instances++;
	}
	int64_t need = doctor->answer ? use.watches : use.watches + directories_with_transcripts(doctor);
	int64_t instances = doctor->answer ? use.instances : use.instances + 1;
	bool over = need > max_watches || instances > max_instances;
	bool near = need * 100 > max_watches * NEAR_PERCENT || instances * 100 > max_instances * NEAR_PERCENT;
	enum doctor_state state = over ? DOCTOR_BAD : near ? DOCTOR_NOTE : DOCTOR_GOOD;
	doctor_add(doctor, "inotify", state, "%s of %s watches and %s of %s instances are %s by your "
					     "processes", human_count(need, HUMAN_TEXT),
		   human_count(max_watches, HUMAN_TEXT), human_count(instances, HUMAN_TEXT),
		   human_count(max_instances, HUMAN_TEXT), doctor->answer ? "used" : "needed");
	if (doctor->answer)
		doctor_extend(doctor, ", %s watches by swatchd", human_count(own, HUMAN_TEXT));
	if (over || near)
		doctor_remedy(doctor,
			      "sudo sysctl %s=%" PRId64 " %s=%" PRId64
			      " (and a line for each in /etc/sysctl.d/), "
			      "then: swatch rescan",
			      watches.sysctl, watches.advised, all_instances.sysctl, all_instances.advised);
}

void doctor_check_polled(struct doctor *doctor)
{
	if (!doctor->answer || doctor_add_finding(doctor, "watching", FINDING_WATCH_LIMIT)
	    || doctor_add_finding(doctor, "watching", FINDING_POLLED))
		return;
	doctor_add(
		doctor, "watching", DOCTOR_GOOD, "%s watched, none polled",
		human_counted(status_number(doctor->answer, "watch", "directories"), "folder", HUMAN_TEXT));
}
