/*
 * {"op":"status"}: the state of every room, in one object.
 */
#include "swatchd/daemon/answers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/paths.h"
#include "base/unused.h"
#include "cache/read.h"
#include "ledger/store/projects.h"
#include "sandbox/sandbox.h"
#include "swatchd/daemon/alerts.h"
#include "swatchd/session/malformed.h"

/* The answer has a bound; the session files have the rest. */
#define SECRET_SESSIONS_MAX 20

static int64_t resident_bytes(void)
{
	char line[128];
	FILE *statm = fopen("/proc/self/statm", "re");
	if (!statm)
		return 0;
	/* The second number counts the pages in memory. */
	char *second = fgets(line, sizeof(line), statm) ? strchr(line, ' ') : NULL;
	long pages = second ? strtol(second, NULL, 10) : 0;
	(void)fclose(statm);
	return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

/* Those that wait for a person; a long list says nothing more. */
#define WAITING_LISTED 20

static void write_waiting(struct daemon *daemon, struct jsonw *w)
{
	size_t cursor = 0, listed = 0;
	const struct session *session;
	jsonw_key_array(w, "waitingSessions");
	while (listed < WAITING_LISTED && (session = sessions_each(&daemon->sessions, &cursor))) {
		const struct session_transcript *part = session_main(session);
		if (session_status(session)->doing != SESSION_WAITING)
			continue;
		listed++;
		jsonw_begin_object(w);
		jsonw_put_string(w, "sessionId", session->id);
		jsonw_put_string(w, "projectPath", part ? part->cwd : NULL);
		jsonw_put_string(w, "waitingFor", session_status(session)->waiting_for);
		jsonw_put_int(w, "since", session_status(session)->since_ms);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

/* Whether a mount keeps us from writing there, as the service's unit has it (ProtectSystem=). */
static bool is_read_only(const char *path)
{
	return path && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0 && errno == EROFS;
}

static void write_sessions(struct daemon *daemon, struct jsonw *w)
{
	int64_t active = 0, idle = 0, files = 0, waiting = 0;
	size_t cursor = 0;
	const struct session *session;
	while ((session = sessions_each(&daemon->sessions, &cursor))) {
		active += session->state == SESSION_ACTIVE;
		idle += session->state == SESSION_IDLE;
		files += session->file.exists;
		waiting += session_status(session)->doing == SESSION_WAITING;
	}
	jsonw_put_int(w, "total", active + idle);
	jsonw_put_int(w, "active", active);
	jsonw_put_int(w, "idle", idle);
	jsonw_put_int(w, "files", files);
	jsonw_put_int(w, "waiting", waiting);
	write_waiting(daemon, w);
	jsonw_put_int(w, "liveProcesses", (int64_t)liveness_total(&daemon->liveness));
}

/* The sessions that have some, in the form of their files. */
static void write_secrets(struct daemon *daemon, struct jsonw *w)
{
	const struct session *session = daemon->sessions.shown;
	jsonw_put_bool(w, "looked", daemon->sessions.look_for_secrets);
	jsonw_key_array(w, "sessions");
	size_t listed = 0;
	for (; session && listed < SECRET_SESSIONS_MAX; session = session->next_shown) {
		const struct session_transcript *part = session_main(session);
		if (session->secrets.count == 0)
			continue;
		jsonw_begin_object(w);
		jsonw_put_string(w, "sessionId", session->id);
		jsonw_put_string(w, "projectPath", part ? part->cwd : NULL);
		session_secrets_write(&session->secrets, true, w);
		jsonw_end_object(w);
		listed++;
	}
	jsonw_end_array(w);
}

static void write_expire(const struct daemon *daemon, struct jsonw *w)
{
	jsonw_put_int(w, "removed", (int64_t)daemon->expire.removed + daemon->history.swept_files);
	jsonw_put_int(w, "runs", (int64_t)daemon->expire.runs);
	jsonw_put_int(w, "sweptTempFiles", daemon->swept_temp_files);
	jsonw_put_int_or_null(w, "nextAt", daemon->expire.due.at_ms);
}

static void write_lock(const struct daemon *daemon, struct jsonw *w)
{
	char path[SESSION_PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s", daemon->options.cache_path, CACHE_LOCK_FILE);
	jsonw_put_string(w, "path", path);
	jsonw_put_int(w, "waits", daemon->options.lock_contended ? 1 : 0);
	jsonw_put_int(w, "waitedMs", daemon->options.lock_waited_ms);
	jsonw_put_int(w, "contended", (int64_t)daemon->contended);
}

static void write_watch(const struct daemon *daemon, struct jsonw *w)
{
	watch_write_status(daemon->watch, w);
	jsonw_put_int(w, "transcripts", (int64_t)tail_count(daemon->tail));
}

static void write_tail(const struct daemon *daemon, struct jsonw *w)
{
	tail_write_status(daemon->tail, w);
	sessions_write_malformed(&daemon->sessions, w);
}

static void write_identity(const struct daemon *daemon, struct jsonw *w)
{
	jsonw_put_bool(w, "ok", true);
	jsonw_put_string(w, "version", PACKAGE_VERSION);
	jsonw_put_int(w, "pid", getpid());
	jsonw_put_int(w, "startedAt", daemon->started_ms);
	jsonw_put_bool(w, "readingHistory", daemon->history.reading);
	jsonw_put_string(w, "cacheDirectory", daemon->options.cache_path);
	jsonw_put_string(w, "socket", daemon->options.socket_path);
	jsonw_put_string(w, "configFile", daemon->options.config_path);
}

/* The "ledger" object's members. */
static void write_ledger(const struct daemon *daemon, struct jsonw *w)
{
	const struct daemon_keep *keep = &daemon->keep;
	struct store_status status = { 0 };
	if (keep->store)
		store_get_status(keep->store, &status);
	jsonw_put_bool(w, "enabled", daemon->config.ledger_enabled != 0);
	jsonw_put_bool(w, "kept", keep->store && !keep->is_failing);
	jsonw_put_string(w, "path", keep->path);
	jsonw_put_string(w, "projects",
			 store_projects_name((enum ledger_projects)daemon->config.ledger_projects));
	jsonw_put_string(w, "error",
			 status.why[0]          ? status.why
			 : daemon->lend.is_lent ? "a command is changing it now"
						: keep->why_off);
	jsonw_put_int(w, "written", (int64_t)status.messages);
	jsonw_put_int(w, "inMemory", (int64_t)ledger_held_count(daemon->ledger));
	jsonw_put_int(w, "waiting", (int64_t)ledger_unsaved_count(daemon->ledger));
	jsonw_put_int_or_null(w, "writtenAt", status.written_ms);
}

void daemon_answer_status(void *ctx, struct control_client *client, struct json_object *request UNUSED)
{
	struct daemon *daemon = ctx;
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	write_identity(daemon, &w);
	jsonw_key_object(&w, "watch");
	write_watch(daemon, &w);
	jsonw_end_object(&w);
	jsonw_key_object(&w, "tail");
	write_tail(daemon, &w);
	jsonw_end_object(&w);
	jsonw_key_object(&w, "sessions");
	write_sessions(daemon, &w);
	jsonw_end_object(&w);
	jsonw_key_object(&w, "secrets");
	write_secrets(daemon, &w);
	jsonw_end_object(&w);
	jsonw_key_object(&w, "refresh");
	refresh_write_status(&daemon->refresh, &w);
	jsonw_end_object(&w);
	jsonw_key_object(&w, "billing");
	billing_write_status(&daemon->billing, clock_wall_ms(), &w);
	jsonw_end_object(&w);
	jsonw_key_object(&w, "pricing");
	pricing_write_status(&daemon->pricing, &w);
	jsonw_end_object(&w);
	jsonw_key_object(&w, "publish");
	publish_write_status(&daemon->publish, &w);
	jsonw_end_object(&w);
	jsonw_key_object(&w, "expire");
	write_expire(daemon, &w);
	jsonw_end_object(&w);
	jsonw_key_object(&w, "ledger");
	write_ledger(daemon, &w);
	jsonw_put_bool(&w, "readOnly", is_read_only(daemon->keep.path));
	jsonw_end_object(&w);
	jsonw_key_object(&w, "alerts");
	daemon_write_alerts_status(daemon, &w);
	jsonw_end_object(&w);
	jsonw_key_object(&w, "lock");
	write_lock(daemon, &w);
	jsonw_end_object(&w);
	jsonw_key_object(&w, "control");
	control_write_status(daemon->control, &w);
	jsonw_end_object(&w);
	jsonw_key_object(&w, "sandbox");
	sandbox_write_status(&w);
	jsonw_put_bool(&w, "homeReadOnly", is_read_only(paths_home()));
	jsonw_end_object(&w);
	jsonw_key_object(&w, "schema");
	drift_write_status(&daemon->drift, &w);
	jsonw_end_object(&w);
	jsonw_key_object(&w, "memory");
	jsonw_put_int(&w, "rssBytes", resident_bytes());
	jsonw_end_object(&w);
	jsonw_end_object(&w);
	control_answer_composed(client, &out);
}
