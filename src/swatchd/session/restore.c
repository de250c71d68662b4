/*
 * What a session's file of an earlier run gives back: all that a reader saw in it and no transcript says.
 */
#include "swatchd/session/session.h"

#include <math.h>
#include <string.h>

#include "json/get.h"

/* A time in the file; 0 when it is missing or cannot be right. */
static int64_t take_time(struct json_object *before, const char *key, int64_t now_ms)
{
	int64_t at_ms = json_get_int(before, key, 0);
	return at_ms > 0 && at_ms <= now_ms ? at_ms : 0;
}

/*
 * A session whose transcript went while it was active has no other witness. One whose transcript went while
 * no daemon ran is not taken back: nobody kept its figures.
 */
static void take_vanished(struct session *session, struct json_object *before, int64_t now_ms)
{
	session->vanished_active = json_get_bool(json_get_object(before, "alerts"), "dataLossRisk", false);
	int64_t active_ms = take_time(before, "lastActivity", now_ms);
	if (session->vanished_active && active_ms > session->last_activity_ms)
		session->last_activity_ms = active_ms;
}

void session_restore(struct session *session, struct json_object *before, int64_t now_ms)
{
	if (session->restored)
		return;
	session->restored = true;
	int64_t first_ms = take_time(before, "firstSeen", now_ms);
	if (first_ms > 0 && first_ms < session->first_seen_ms)
		session->first_seen_ms = first_ms;
	/* What a statusline said since this start is newer. */
	double told_usd = json_get_double(json_get_object(before, "billing"), "toldCostUSD", NAN);
	if (!session->told)
		(void)session_note_tick(session, 0, told_usd);
	struct json_object *context = json_get_object(before, "context");
	const char *source = json_get_string(context, "windowSource");
	session_note_earlier_window(session, json_get_int(context, "toldWindowSize", 0),
				    source && strcmp(source, "told") == 0);
	if (session->live_processes == 0 && session->process_ended_ms == 0) {
		session->process_ended_ms = take_time(before, "processEndedAt", now_ms);
		session->lived_before = json_get_int(before, "liveProcesses", 0) > 0;
	}
	if (session->looks_for_secrets)
		session_secrets_restore(&session->secrets, json_get_object(before, "alerts"), true, now_ms);
	session_resume_read(session, before, now_ms);
	if (!session->transcripts)
		take_vanished(session, before, now_ms);
}

void session_restore_told(struct session *session, const struct session_told *told, int64_t now_ms)
{
	(void)session_note_tick(session, 0, told->cost_usd);
	if (session->told_window == 0)
		session_note_earlier_window(session, told->window_tokens, told->window_believed);
	if (told->first_seen_ms > 0 && told->first_seen_ms < session->first_seen_ms)
		session->first_seen_ms = told->first_seen_ms;
	if (session->live_processes == 0 && session->process_ended_ms == 0 && !session->lived_before
	    && told->process_ended_ms > 0 && told->process_ended_ms <= now_ms)
		session->process_ended_ms = told->process_ended_ms;
}

void session_note_missed_end(struct session *session, int64_t now_ms)
{
	if (session->lived_before && session->live_processes == 0)
		session->process_ended_ms = now_ms;
	session->lived_before = false;
}
