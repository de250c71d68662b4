#include "swatchd/daemon/history.h"

#include <math.h>

#include "base/clock.h"
#include "base/log.h"
#include "swatchd/daemon/gone.h"
#include "swatchd/daemon/progress.h"
#include "swatchd/daemon/restart.h"
#include "swatchd/daemon/waiters.h"

void daemon_begin_history(struct daemon *daemon)
{
	daemon->history.first_walk = daemon->history.reading = true;
	billing_set_reading(&daemon->billing, true);
	tail_hold_backlog(daemon->tail);
}

bool daemon_is_news(const struct daemon *daemon)
{
	return !daemon->history.first_walk && !daemon->history.reading;
}

/* When the newest transcript changed last. */
static int64_t last_activity_ms(const struct daemon *daemon)
{
	int64_t last_ms = daemon->sessions.unnamed.last_activity_ms;
	size_t cursor = 0;
	const struct session *session;
	while ((session = sessions_each(&daemon->sessions, &cursor)))
		if (session->last_activity_ms > last_ms)
			last_ms = session->last_activity_ms;
	return last_ms;
}

/* ccusage's last answer is an earlier run's: what came since its run began may be missing in it. */
static void note_missed_activity(struct daemon *daemon)
{
	int64_t last_ms = last_activity_ms(daemon);
	if (last_ms > 0 && last_ms < billing_answer_began_ms(&daemon->billing)
	    && daemon->billing.pending_since_ms == 0)
		return;
	billing_note_activity(&daemon->billing, last_ms > 0 ? last_ms : clock_wall_ms());
	refresh_note_activity(&daemon->refresh);
}

/* The figures are whole: from now on every change is news. */
static void begin_news(struct daemon *daemon)
{
	daemon->history.reading = false;
	billing_set_reading(&daemon->billing, false);
	expire_run(&daemon->expire);
	daemon->history.swept_files = publish_begin(&daemon->publish);
	note_missed_activity(daemon);
}

/*
 * Whether the block and the day are whole though older transcripts are still unread: those hold nothing that
 * is newer than their last change. Asks once an hour's worth of transcripts, because it costs a look at all
 * entries since.
 */
static bool is_known_already(struct daemon *daemon)
{
	int64_t now_ms = clock_wall_ms();
	int64_t asked_ms = daemon->history.asked_unread_ms;
	int64_t unread_ms = tail_unread_ms(daemon->tail) + CLOCK_SECOND_MS;
	if (tail_has_backlog(daemon->tail) || unread_ms > clock_local_day_start_ms(now_ms)
	    || (asked_ms > 0 && unread_ms > asked_ms - CLOCK_HOUR_MS))
		return false;
	daemon->history.asked_unread_ms = unread_ms;
	return ledger_block_is_known(daemon->ledger, unread_ms, now_ms);
}

static void end_history(struct daemon *daemon)
{
	if (daemon->history.reading)
		begin_news(daemon);
	daemon->history.read = true;
	/* A copy of an old message may have become another session's. */
	publish_note_change(&daemon->publish, NULL, PUBLISH_EVERYTHING);
	size_t transcripts = tail_count(daemon->tail), sessions = sessions_count(&daemon->sessions);
	log_info("%zu transcript%s of %zu session%s read, %.1f MB in %.2f s", transcripts,
		 transcripts == 1 ? "" : "s", sessions, sessions == 1 ? "" : "s",
		 (double)tail_bytes_read(daemon->tail) / 1e6,
		 (double)(clock_wall_ms() - daemon->started_ms) / 1000.);
}

static void set_burn_rate(struct daemon *daemon)
{
	struct ledger_block block;
	bool active = ledger_active_block(daemon->ledger, clock_wall_ms(), &block);
	refresh_set_burn_rate(&daemon->refresh, active ? block.cost_per_hour_usd : NAN);
}

/* Also sessions whose transcripts did not grow: a copy of their lines elsewhere may count from now on. */
static void note_changed_sessions(struct daemon *daemon)
{
	const char *id;
	while ((id = ledger_next_changed(daemon->ledger))) {
		struct session *session = sessions_find(&daemon->sessions, id);
		if (session)
			publish_note_change(&daemon->publish, session, PUBLISH_FIGURES);
	}
}

void daemon_end_turn(struct daemon *daemon)
{
	if (daemon->history.first_walk)
		return;
	expire_settle(&daemon->expire);
	note_changed_sessions(daemon);
	if (daemon->history.reading && tail_pending(daemon->tail) > 0 && is_known_already(daemon))
		begin_news(daemon);
}

void daemon_note_caught_up(struct daemon *daemon)
{
	if (daemon->history.first_walk || tail_pending(daemon->tail) > 0)
		return;
	if (!daemon->history.read)
		end_history(daemon);
	if (daemon->sync_waiters.count > 0)
		daemon_settle_gone(daemon);
	set_burn_rate(daemon);
	daemon_answer_sync_waiters(daemon);
}

void daemon_end_walk(struct daemon *daemon)
{
	daemon->history.first_walk = false;
	daemon_progress_end_walk(daemon);
	daemon_settle_last_sessions(daemon);
	/* File times decide which sessions have a file, before any line is read. */
	expire_run(&daemon->expire);
	daemon_forget_last_sessions(daemon);
	tail_release_backlog(daemon->tail);
	if (tail_pending(daemon->tail) == 0)
		daemon_note_caught_up(daemon);
}
