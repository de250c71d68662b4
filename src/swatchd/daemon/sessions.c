#include "swatchd/daemon/sessions.h"

#include "base/clock.h"
#include "swatchd/daemon/facts.h"
#include "swatchd/daemon/history.h"
#include "swatchd/daemon/keep.h"

void daemon_session_state_changed(void *ctx, struct session *session)
{
	struct daemon *daemon = ctx;
	const char *event = session->state == SESSION_ACTIVE ? "session-active" : "session-idle";
	publish_note_change(&daemon->publish, session, PUBLISH_STATE);
	events_emit_string(&daemon->events, event, "sessionId", session->id);
}

void daemon_session_removed(void *ctx, struct session *session, enum expire_reason reason)
{
	struct daemon *daemon = ctx;
	bool had_file = session->file.exists;
	publish_remove_session(&daemon->publish, session);
	/* After the removal: readers of the event look for the file. */
	struct jsonw *w = had_file ? events_begin(&daemon->events, "session-removed") : NULL;
	if (w) {
		jsonw_put_string(w, "sessionId", session->id);
		jsonw_put_string(w, "reason", expire_reason_name(reason));
		events_end(&daemon->events);
	}
}

/* The session gets a file: reads those transcripts again that only gave their usage, and no earlier run their
 * facts.
 */
static void want_facts(struct daemon *daemon, struct session *session)
{
	for (struct session_transcript *part = session->transcripts; part; part = part->next)
		if (!sessions_resume_facts(&daemon->sessions, part) && sessions_want_facts(part))
			tail_reread(daemon->tail, part->file);
}

void daemon_read_sessions_again(struct daemon *daemon)
{
	size_t cursor = 0;
	const struct session *session;
	while ((session = sessions_each(&daemon->sessions, &cursor)))
		for (struct session_transcript *part = session->transcripts; part; part = part->next)
			if (part->wanted)
				tail_reread(daemon->tail, part->file);
}

void daemon_session_admitted(void *ctx, struct session *session)
{
	struct daemon *daemon = ctx;
	daemon_restore_told(daemon, session);
	want_facts(daemon, session);
	publish_note_change(&daemon->publish, session, PUBLISH_STATE);
	if (session->state == SESSION_ACTIVE)
		events_emit_string(&daemon->events, "session-active", "sessionId", session->id);
}

/* A wait has begun, or is over: a person answered, or the process ended. */
static void tell_of_wait(struct daemon *daemon, const struct session *session,
			 const struct session_status *before)
{
	bool waits = session_status(session)->doing == SESSION_WAITING;
	if (!waits && before->doing != SESSION_WAITING)
		return;
	struct jsonw *w = events_begin(&daemon->events, waits ? "session-waiting" : "session-waited");
	if (!w)
		return;
	jsonw_put_string(w, "sessionId", session->id);
	if (waits)
		jsonw_put_string(w, "waitingFor", session_status(session)->waiting_for);
	else
		jsonw_put_int(w, "durationMs", clock_wall_ms() - before->since_ms);
	events_end(&daemon->events);
}

void daemon_take_processes(struct daemon *daemon, struct session *session)
{
	const struct session_status before = *session_status(session);
	const struct session_status status = liveness_status(&daemon->liveness, session->id);
	int64_t ended_ms = session->process_ended_ms;
	session_note_processes(session, liveness_count(&daemon->liveness, session->id), clock_wall_ms());
	if (session->process_ended_ms != ended_ms) {
		daemon_note_told(daemon, session);
		daemon_keep_soon(daemon);
	}
	if (!session_note_status(session, &status))
		return;
	tell_of_wait(daemon, session, &before);
	publish_note_change(&daemon->publish, session, PUBLISH_STATE);
}

void daemon_session_process_changed(void *ctx, const char *session_id)
{
	struct daemon *daemon = ctx;
	struct session *session = sessions_find(&daemon->sessions, session_id);
	if (!session)
		return;
	daemon_take_processes(daemon, session);
	if (!daemon_is_news(daemon))
		return;
	expire_note(&daemon->expire, session);
	expire_settle(&daemon->expire);
}
