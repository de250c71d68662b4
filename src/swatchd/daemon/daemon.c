#include "swatchd/daemon/daemon.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/paths.h"
#include "cache/write.h"
#include "sandbox/sandbox.h"
#include "swatchd/daemon/alerts.h"
#include "swatchd/daemon/cache.h"
#include "swatchd/daemon/clock.h"
#include "swatchd/daemon/config.h"
#include "swatchd/daemon/facts.h"
#include "swatchd/daemon/gone.h"
#include "swatchd/daemon/history.h"
#include "swatchd/daemon/keep.h"
#include "swatchd/daemon/lend.h"
#include "swatchd/daemon/lines.h"
#include "swatchd/daemon/places.h"
#include "swatchd/daemon/recall.h"
#include "swatchd/daemon/refresh.h"
#include "swatchd/daemon/requests.h"
#include "swatchd/daemon/restart.h"
#include "swatchd/daemon/sessions.h"
#include "swatchd/daemon/internal.h"

/* ---- from watch to tail and liveness ---- */

static void on_file_seen(void *ctx, const char *path, size_t root_len, bool polled)
{
	struct daemon *daemon = ctx;
	bool listed = daemon->history.first_walk || watch_is_listing(daemon->watch);
	if (!tail_note(daemon->tail, path, root_len, polled, listed))
		watch_note_lost(daemon->watch);
}

static void on_file_gone(void *ctx, const char *path)
{
	struct daemon *daemon = ctx;
	tail_note_gone(daemon->tail, path);
}

static void on_tree_gone(void *ctx, const char *directory)
{
	struct daemon *daemon = ctx;
	tail_note_tree_gone(daemon->tail, directory);
}

static void on_process_file_changed(void *ctx, const char *path)
{
	struct daemon *daemon = ctx;
	liveness_note_file(&daemon->liveness, path);
}

static void on_recheck(void *ctx, bool polled_only)
{
	struct daemon *daemon = ctx;
	tail_recheck(daemon->tail, polled_only);
}

static void on_listed(void *ctx)
{
	struct daemon *daemon = ctx;
	if (daemon->history.first_walk)
		daemon_end_walk(daemon);
}

/* Files were written: what those after them need may come now. */
static void on_published(void *ctx, const struct billing_view *view)
{
	daemon_look_for_alerts(ctx, view);
	daemon_recall_rest(ctx);
}

/* ---- starting ---- */

static void start_figures(struct daemon *daemon)
{
	ledger_set_extras(daemon->ledger, daemon->config.billing_extras != 0);
	pricing_init(&daemon->pricing, daemon->options.config_path, daemon->ledger);
	drift_init(&daemon->drift);
	sessions_init(&daemon->sessions, daemon->config.sessions_preview);
	(void)sessions_set_secrets(&daemon->sessions, daemon->config.sessions_secrets);
	billing_init(&daemon->billing, &daemon->config, daemon->ledger);
}

static void start_publishing(struct daemon *daemon)
{
	publish_init(&daemon->publish, daemon->loop, daemon->options.cache_fd, daemon->options.cache_path,
		     &daemon->config, &daemon->sessions, &daemon->billing, &daemon->events);
	daemon_start_alerts(daemon);
	daemon_watch_clock(daemon);
	publish_set_observer(&daemon->publish, on_published, daemon);
	publish_set_keeper(&daemon->publish, daemon_keep_cache, daemon);
}

static void start_aging(struct daemon *daemon)
{
	static const struct refresh_callbacks refresh_callbacks = {
		.started = daemon_refresh_started,
		.look = daemon_look_into_answer,
		.finished = daemon_refresh_finished,
	};
	static const struct expire_callbacks expire_callbacks = {
		.state_changed = daemon_session_state_changed,
		.removed = daemon_session_removed,
		.admitted = daemon_session_admitted,
	};
	liveness_init(&daemon->liveness, daemon->loop, daemon_session_process_changed, daemon);
	refresh_init(&daemon->refresh, daemon->loop, &daemon->config, &refresh_callbacks, daemon);
	expire_init(&daemon->expire, daemon->loop, &daemon->config, &daemon->sessions, &expire_callbacks,
		    daemon);
}

static bool start_reading(struct daemon *daemon, struct buf *error)
{
	static const struct tail_callbacks tail_callbacks = {
		.opened = daemon_open_transcript,
		.wants_lines = daemon_wants_lines,
		.batch = daemon_take_batch,
	};
	static const struct watch_callbacks watch_callbacks = {
		.file_seen = on_file_seen,
		.file_gone = on_file_gone,
		.tree_gone = on_tree_gone,
		.process_file_changed = on_process_file_changed,
		.recheck = on_recheck,
		.place_changed = daemon_place_changed,
		.listed = on_listed,
	};
	daemon->tail = tail_new(daemon->loop, daemon->config.watch_tail_delay_ms, &tail_callbacks, daemon);
	if (!daemon->tail)
		return false;
	daemon->watch = watch_new(daemon->loop, daemon->config.watch_method, &watch_callbacks, daemon,
				  &daemon->events, error);
	return daemon->watch != NULL;
}

/* By now everything the daemon needs is open, and it has read only its own files. */
static bool enter_sandbox(struct daemon *daemon, struct buf *error)
{
	struct sandbox_rules rules = sandbox_rules_of(&daemon->config);
	rules.cache_path = daemon->options.cache_path;
	rules.cache_fd = daemon->options.cache_fd;
	rules.socket_path = daemon->options.socket_path;
	rules.ledger_path = daemon->keep.store ? daemon->keep.path : NULL;
	if (sandbox_enter(&rules, sandbox_landlock_abi(), error) != 0)
		return false;
	refresh_configure(&daemon->refresh);  /* it is off where programs may not run */
	return true;
}

static bool start_control(struct daemon *daemon, struct buf *error)
{
	if (!daemon->options.socket_path)
		return true;
	daemon->control = control_new(daemon->loop, daemon->options.socket_path, daemon_requests, daemon,
				      &daemon->events, error);
	if (daemon->control)
		control_set_observer(daemon->control, daemon_take_back);
	return daemon->control != NULL;
}

/* Begins to list every directory, in turns of the loop, which keeps answering clients. */
static bool begin_walk(struct daemon *daemon, struct buf *error)
{
	daemon_begin_history(daemon);
	if (!daemon->options.once)
		daemon_guard_places(daemon);
	if (daemon_set_roots(daemon) != 0) {
		buf_printf(error, "cannot tell where the transcripts are: %s", paths_why_none());
		return false;
	}
	if (!watch_is_listing(daemon->watch))
		daemon_end_walk(daemon);
	return true;
}

static void sweep_temp_files(struct daemon *daemon)
{
	int swept = cache_sweep_temp_files(daemon->options.cache_fd);
	if (swept < 0)
		log_warning("cannot look for old temp files in %s: %s", daemon->options.cache_path,
			    strerror(errno));
	daemon->swept_temp_files = swept > 0 ? (unsigned)swept : 0;
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
	sweep_temp_files(daemon);
	events_init(&daemon->events);
	daemon->ledger = ledger_new();
	if (!daemon->ledger)
		return -1;
	daemon_start_cache(daemon);
	daemon_start_places(daemon);
	daemon_start_gone(daemon);
	start_figures(daemon);
	start_aging(daemon);
	start_publishing(daemon);
	if (!start_reading(daemon, error))
		return -1;
	daemon_take_last_run(daemon);
	daemon_take_last_sessions(daemon);
	daemon_start_keep(daemon);
	daemon_take_gone(daemon);
	return start_control(daemon, error) && enter_sandbox(daemon, error) && begin_walk(daemon, error)
	       ? 0 : -1;
}

void daemon_stop(struct daemon *daemon)
{
	control_free(daemon->control);
	watch_free(daemon->watch);
	if (daemon->ledger) {
		refresh_release(&daemon->refresh);
		audit_stop(daemon->audit.running);
		daemon_stop_places(daemon);
		daemon_stop_gone(daemon);
		daemon_stop_keep(daemon);
		/* What is written last comes from its transcripts. */
		tail_free(daemon->tail);
		daemon_release_facts(daemon);
		daemon_stop_alerts(daemon);
		daemon_stop_cache(daemon);
		daemon_unwatch_clock(daemon);
		expire_release(&daemon->expire);
		publish_release(&daemon->publish);
		liveness_release(&daemon->liveness);
		sessions_release(&daemon->sessions);
		drift_release(&daemon->drift);
		ledger_free(daemon->ledger);
		pricing_release(&daemon->pricing);
	}
	events_release(&daemon->events);
	config_release(&daemon->config);
}
