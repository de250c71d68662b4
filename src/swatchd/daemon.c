#include "swatchd/daemon.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/paths.h"
#include "cache/write.h"
#include "swatchd/sandbox/sandbox.h"
#include "transcript/path.h"

/* ---- from watch: which transcripts ---- */

static void on_file_seen(void *ctx, const char *path, size_t root_len, bool polled)
{
	struct daemon *daemon = ctx;
	if (!tail_note(&daemon->tail, path, root_len, polled, daemon->first_walk || watch_is_listing(&daemon->watch)))
		watch_note_lost(&daemon->watch);
}

static void on_file_gone(void *ctx, const char *path)
{
	struct daemon *daemon = ctx;
	tail_note_gone(&daemon->tail, path);
}

static void on_tree_gone(void *ctx, const char *directory)
{
	struct daemon *daemon = ctx;
	tail_note_tree_gone(&daemon->tail, directory);
}

static void on_process_file(void *ctx, const char *path)
{
	struct daemon *daemon = ctx;
	liveness_note_file(&daemon->liveness, path);
}

static void on_recheck(void *ctx, bool polled_only)
{
	struct daemon *daemon = ctx;
	tail_recheck(&daemon->tail, polled_only);
}

/* ---- from tail: what is in them ---- */

/* A session has a file, or is to have one: what was passed over of its transcripts is wanted now. */
static void want_facts(struct daemon *daemon, struct session *session)
{
	for (struct session_transcript *part = session->transcripts; part; part = part->next) {
		if (sessions_want_facts(part))
			tail_reread(&daemon->tail, part->file);
	}
}

/* Whose a transcript is: "" in `id` when its name is no session id. False when its path is no transcript's. */
static bool take_name(const struct transcript *transcript, char id[CACHE_SESSION_ID_MAX + 1], bool *subagent)
{
	struct transcript_path parts;
	if (!transcript_path_parse(transcript->path + transcript->root_len, &parts))
		return false;
	*subagent = parts.subagent;
	id[0] = '\0';
	if (cache_session_id_is_valid(parts.session_id.data, parts.session_id.len)) {
		memcpy(id, parts.session_id.data, parts.session_id.len);
		id[parts.session_id.len] = '\0';
	} else {
		log_debug("%s gets no session file: its name is not a session id", transcript->path);
	}
	return true;
}

static void *on_opened(void *ctx, struct transcript *transcript)
{
	struct daemon *daemon = ctx;
	char id[CACHE_SESSION_ID_MAX + 1];
	bool subagent;
	if (!take_name(transcript, id, &subagent)) {
		errno = 0;
		return NULL;
	}
	bool is_new = id[0] && !sessions_find(&daemon->sessions, id);
	int ledger_file = ledger_add_file(daemon->ledger, transcript->path, transcript->root_len, id, subagent);
	/* Of what the first walk finds, expire says which sessions get a file. */
	struct session_transcript *part = ledger_file < 0 ? NULL
					  : sessions_open_transcript(&daemon->sessions, id, subagent, transcript, ledger_file,
								     !daemon->first_walk);
	if (!part) {
		errno = ENOMEM;
		return NULL;
	}
	if (is_new) {
		session_note_processes(part->session, liveness_count(&daemon->liveness, id), clock_wall_ms());
		if (!daemon->first_walk)
			events_emit_string(&daemon->events, "session-started", "sessionId", id);
	}
	return part;
}

/* Memory ran out for a message: it comes again, with all of its transcript. */
static void note_missed(struct daemon *daemon, struct transcript *transcript)
{
	if (!transcript->missed)
		log_error("cannot account a message of %s: out of memory; the transcript is read again", transcript->path);
	tail_note_missed(&daemon->tail, transcript);
}

static void on_line(void *ctx, struct transcript *transcript, int64_t offset, const char *line, size_t len)
{
	struct daemon *daemon = ctx;
	struct session_transcript *part = transcript->owner;
	struct scan_facts facts;
	if (!part->wanted && !scan_may_have_usage(line, len))
		return;
	if (!scan_line(line, len, &facts, drift_note_field, &daemon->drift)) {
		daemon->malformed_lines++;
		return;
	}
	drift_note_line(&daemon->drift, &facts);
	sessions_take_facts(&daemon->sessions, part, &facts);
	if (facts.usage.present && ledger_add(daemon->ledger, part->ledger_file, offset, &facts.usage) < 0)
		note_missed(daemon, transcript);
	else if (facts.limit.present && !facts.usage.present)
		ledger_note_limit(daemon->ledger, part->ledger_file, offset, facts.timestamp_ms, &facts.limit);
}

static bool on_wants_lines(void *ctx, struct transcript *transcript)
{
	(void)ctx;
	const struct session_transcript *part = transcript->owner;
	return part->wanted;
}

static void on_records(void *ctx, struct transcript *transcript, const struct ledger_record *records, size_t count)
{
	struct daemon *daemon = ctx;
	const struct session_transcript *part = transcript->owner;
	for (size_t i = 0; i < count; i++)
		if (ledger_add_record(daemon->ledger, part->ledger_file, &records[i]) < 0)
			note_missed(daemon, transcript);
}

static void on_reset(void *ctx, struct transcript *transcript)
{
	struct daemon *daemon = ctx;
	struct session_transcript *part = transcript->owner;
	ledger_doubt_file(daemon->ledger, part->ledger_file);
	sessions_reset_transcript(part);
}

static void on_advanced(void *ctx, struct transcript *transcript, uint64_t lines)
{
	struct daemon *daemon = ctx;
	struct session_transcript *part = transcript->owner;
	struct session *session = part->session;
	bool moved = sessions_note_read(part);
	publish_note_change(&daemon->publish, session, lines > 0 ? PUBLISH_LINES : PUBLISH_TRANSCRIPT);
	if (daemon->first_walk || daemon->reading_history)
		return;
	if (session->id[0] && (moved || session->excluded))
		expire_note(&daemon->expire, session);
	watch_note_activity(&daemon->watch);
	if (lines == 0)
		return;
	billing_note_activity(&daemon->billing, clock_wall_ms());
	refresh_note_activity(&daemon->refresh);
}

static void on_gone(void *ctx, struct transcript *transcript)
{
	struct daemon *daemon = ctx;
	struct session_transcript *part = transcript->owner;
	struct session *session = part->session;
	ledger_doubt_file(daemon->ledger, part->ledger_file);
	sessions_close_transcript(part);
	publish_note_change(&daemon->publish, session, PUBLISH_STATE);
	/* Judged once for all that go together: on_caught_up() comes after them. */
	daemon->expire_wanted = daemon->expire_wanted || !session->transcripts;
}

/* What the files show is known: from now on every change is news. */
static void begin_news(struct daemon *daemon)
{
	daemon->reading_history = false;
	billing_set_reading(&daemon->billing, false);
	expire_run(&daemon->expire);
	daemon->swept_files = publish_begin(&daemon->publish);
	/* What ccusage last said is from before this start: the day may have gone on without us. */
	billing_note_activity(&daemon->billing, clock_wall_ms());
	refresh_note_activity(&daemon->refresh);
}

/*
 * Whether the block and the day are already known though older transcripts are not read yet: nothing that is written in
 * these is from after their last change. Asked once an hour's worth of transcripts, because it costs a look at all
 * entries since.
 */
static bool is_known_already(struct daemon *daemon)
{
	int64_t now_ms = clock_wall_ms();
	int64_t unread_ms = tail_unread_ms(&daemon->tail) + CLOCK_SECOND_MS;
	if (daemon->tail.backlog_len > 0 || unread_ms > clock_local_day_start_ms(now_ms)
	    || (daemon->asked_unread_ms > 0 && unread_ms > daemon->asked_unread_ms - CLOCK_HOUR_MS))
		return false;
	daemon->asked_unread_ms = unread_ms;
	return ledger_block_is_known(daemon->ledger, unread_ms, now_ms);
}

static void end_history(struct daemon *daemon)
{
	if (daemon->reading_history)
		begin_news(daemon);
	daemon->history_read = true;
	/* A copy of an old message may have become another session's. */
	publish_note_change(&daemon->publish, NULL, PUBLISH_EVERYTHING);
	size_t transcripts = tail_count(&daemon->tail), sessions = sessions_count(&daemon->sessions);
	log_info("%zu transcript%s of %zu session%s read, %.1f MB in %.2f s", transcripts, transcripts == 1 ? "" : "s",
		 sessions, sessions == 1 ? "" : "s", (double)daemon->tail.stats.bytes / 1e6,
		 (double)(clock_wall_ms() - daemon->started_ms) / 1000.);
}

static void set_burn_rate(struct daemon *daemon)
{
	struct ledger_block block;
	bool active = ledger_active_block(daemon->ledger, clock_wall_ms(), &block);
	refresh_set_burn_rate(&daemon->refresh, active ? block.cost_per_hour_usd : NAN);
}

/* Also of sessions whose transcripts did not grow: a copy of their lines elsewhere may be the one that counts now. */
static void mark_changed_sessions(struct daemon *daemon)
{
	const char *id;
	while ((id = ledger_next_changed(daemon->ledger))) {
		struct session *session = sessions_find(&daemon->sessions, id);
		if (session)
			publish_note_change(&daemon->publish, session, PUBLISH_FIGURES);
	}
}

static void on_turn_ended(void *ctx)
{
	struct daemon *daemon = ctx;
	if (daemon->first_walk)
		return;
	mark_changed_sessions(daemon);
	if (daemon->reading_history && tail_pending(&daemon->tail) > 0 && is_known_already(daemon))
		begin_news(daemon);
}

static void on_caught_up(void *ctx)
{
	struct daemon *daemon = ctx;
	if (daemon->first_walk || tail_pending(&daemon->tail) > 0)
		return;
	if (!daemon->history_read)
		end_history(daemon);
	if (daemon->expire_wanted)
		expire_run(&daemon->expire);
	daemon->expire_wanted = false;
	set_burn_rate(daemon);
	daemon_answer_sync_waiters(daemon);
}

/* ---- from expire and liveness ---- */

static void on_state_changed(void *ctx, struct session *session)
{
	struct daemon *daemon = ctx;
	publish_note_change(&daemon->publish, session, PUBLISH_STATE);
	events_emit_string(&daemon->events, session->state == SESSION_ACTIVE ? "session-active" : "session-idle",
			   "sessionId", session->id);
}

static void on_removed(void *ctx, struct session *session, enum expire_reason reason)
{
	struct daemon *daemon = ctx;
	bool had_file = session->file.exists;
	publish_remove_session(&daemon->publish, session);
	struct jsonw *w = had_file ? events_begin(&daemon->events, "session-removed") : NULL;
	if (w) {
		jsonw_put_string(w, "sessionId", session->id);
		jsonw_put_string(w, "reason", expire_reason_name(reason));
		events_end(&daemon->events);
	}
}

static void on_admitted(void *ctx, struct session *session)
{
	struct daemon *daemon = ctx;
	want_facts(daemon, session);
	publish_note_change(&daemon->publish, session, PUBLISH_STATE);
	if (session->state == SESSION_ACTIVE)
		events_emit_string(&daemon->events, "session-active", "sessionId", session->id);
}

static void on_process_changed(void *ctx, const char *session_id)
{
	struct daemon *daemon = ctx;
	struct session *session = sessions_find(&daemon->sessions, session_id);
	if (!session)
		return;
	session_note_processes(session, liveness_count(&daemon->liveness, session_id), clock_wall_ms());
	if (!daemon->first_walk && !daemon->reading_history)
		expire_note(&daemon->expire, session);
}

/* ---- starting, stopping ---- */

/* Every transcript is known by name, size and time: the reading begins, newest first. */
static void end_walk(struct daemon *daemon)
{
	daemon->first_walk = false;
	/* Who has a file is decided by times alone, so it is known before a line is read. */
	expire_run(&daemon->expire);
	tail_release_backlog(&daemon->tail);
	if (tail_pending(&daemon->tail) == 0)
		on_caught_up(daemon);
}

static void on_listed(void *ctx)
{
	struct daemon *daemon = ctx;
	if (daemon->first_walk)
		end_walk(daemon);
}

static int start_modules(struct daemon *daemon, struct buf *error)
{
	static const struct watch_callbacks watch_callbacks = { on_file_seen, on_file_gone, on_tree_gone, on_process_file,
								on_recheck, on_listed };
	static const struct tail_callbacks tail_callbacks = { on_opened, on_line, on_wants_lines, on_records, on_reset,
							      on_advanced, on_gone, on_turn_ended, on_caught_up };
	static const struct expire_callbacks expire_callbacks = { on_state_changed, on_removed, on_admitted };
	daemon->ledger = ledger_new();
	if (!daemon->ledger) {
		buf_append_str(error, "cannot start: out of memory");
		return -1;
	}
	pricing_init(&daemon->pricing, daemon->options.config_path, daemon->ledger);
	events_init(&daemon->events);
	drift_init(&daemon->drift);
	sessions_init(&daemon->sessions, daemon->config.sessions_preview);
	billing_init(&daemon->billing, &daemon->config, daemon->ledger);
	liveness_init(&daemon->liveness, daemon->loop, on_process_changed, daemon);
	refresh_init(&daemon->refresh, daemon->loop, &daemon->config, &daemon_refresh_callbacks, daemon);
	expire_init(&daemon->expire, daemon->loop, &daemon->config, &daemon->sessions, &expire_callbacks, daemon);
	publish_init(&daemon->publish, daemon->loop, daemon->options.cache_fd, daemon->options.cache_path, &daemon->config,
		     &daemon->sessions, &daemon->billing, &daemon->events);
	daemon_start_alerts(daemon);
	daemon_watch_clock(daemon);
	publish_set_observer(&daemon->publish, daemon_look_for_alerts, daemon);
	publish_set_keeper(&daemon->publish, daemon_keep_cache, daemon);
	daemon->has_tail = true;
	if (tail_init(&daemon->tail, daemon->loop, daemon->config.watch_tail_delay_ms, &tail_callbacks, daemon) != 0) {
		buf_append_str(error, "cannot start: out of memory");
		return -1;
	}
	daemon->has_watch = true;
	return watch_init(&daemon->watch, daemon->loop, daemon->config.watch_method, &watch_callbacks, daemon,
			  &daemon->events, error);
}

/* What the daemon has to have is there by now, and nothing that others wrote was read yet, but for its own files. */
static int enter_sandbox(const struct daemon *daemon, struct buf *error)
{
	const struct sandbox_rules rules = { .mode = daemon->config.sandbox_mode,
					     .network = daemon->config.sandbox_network != 0,
					     .temporary = true,
					     .write = daemon->config.sandbox_write,
					     .cache_path = daemon->options.cache_path,
					     .cache_fd = daemon->options.cache_fd,
					     .socket_path = daemon->options.socket_path };
	return sandbox_enter(&rules, sandbox_landlock_abi(), error);
}

/* Begins to list every directory: in turns of the loop, which answers meanwhile however many there are. */
static int begin_walk(struct daemon *daemon, struct buf *error)
{
	daemon->first_walk = daemon->reading_history = true;
	billing_set_reading(&daemon->billing, true);
	tail_hold_backlog(&daemon->tail);
	if (daemon_set_roots(daemon) != 0) {
		buf_printf(error, "cannot tell where the transcripts are: %s", paths_why_none());
		return -1;
	}
	if (!watch_is_listing(&daemon->watch))
		end_walk(daemon);
	return 0;
}

int daemon_start(struct daemon *daemon, struct ev_loop *loop, const struct daemon_options *options,
		 struct config *config, struct buf *error)
{
	memset(daemon, 0, sizeof(*daemon));
	daemon->loop = loop;
	daemon->options = *options;
	daemon->config = *config;
	daemon->started_ms = clock_wall_ms();
	daemon_apply_timezone(&daemon->config);
	int swept = cache_sweep_temp_files(options->cache_fd);
	if (swept < 0)
		log_warning("cannot look for old temp files in %s: %s", options->cache_path, strerror(errno));
	daemon->swept_temp_files = swept > 0 ? (unsigned)swept : 0;
	if (start_modules(daemon, error) != 0)
		return -1;
	daemon_take_last_run(daemon);
	if (options->socket_path) {
		daemon->has_control = true;
		if (control_init(&daemon->control, loop, options->socket_path, daemon_handle_request, daemon,
				 &daemon->events, error) != 0)
			return -1;
	}
	if (enter_sandbox(daemon, error) != 0)
		return -1;
	return begin_walk(daemon, error);
}

void daemon_flush(struct daemon *daemon)
{
	watch_drain(&daemon->watch);
	tail_flush(&daemon->tail);
	daemon_check_clock(daemon);
	publish_flush(&daemon->publish);
}

void daemon_stop(struct daemon *daemon)
{
	if (daemon->has_control)
		control_release(&daemon->control);
	if (daemon->has_watch)
		watch_release(&daemon->watch);
	if (daemon->has_tail) {
		tail_release(&daemon->tail);
		refresh_release(&daemon->refresh);
		daemon_stop_alerts(daemon);
		daemon_unwatch_clock(daemon);
		expire_release(&daemon->expire);
		publish_release(&daemon->publish);
		liveness_release(&daemon->liveness);
	}
	sessions_release(&daemon->sessions);
	drift_release(&daemon->drift);
	events_release(&daemon->events);
	ledger_free(daemon->ledger);
	pricing_release(&daemon->pricing);
	config_release(&daemon->config);
}
