#include "swatchd/daemon/keep.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/scope.h"
#include "base/unused.h"
#include "json/get.h"
#include "json/parse.h"
#include "ledger/store/database.h"
#include "ledger/store/projects.h"
#include "ledger/store/reprice.h"
#include "ledger/store/tombs.h"
#include "swatchd/daemon/anew.h"
#include "swatchd/daemon/facts.h"
#include "swatchd/daemon/gone.h"
#include "swatchd/daemon/progress.h"
#include "swatchd/daemon/recall.h"
#include "swatchd/loop/loop.h"

/* After the first message that waits: a burst is one commit. */
#define KEEP_DELAY_MS INT64_C(1000)
/* From one commit to the next: each writes ten pages and more, whether one message came or a hundred. */
#define KEEP_PAUSE_MS INT64_C(5000)
/* So long the first batch waits until all transcripts are read: then all messages come in order of time. */
#define KEEP_READING_MS INT64_C(60000)
/* In one transaction: a second's work on a slow machine. */
#define KEEP_BATCH_MAX 20000
/* After a failure; it doubles. */
#define KEEP_RETRY_FIRST_MS INT64_C(5000)
#define KEEP_RETRY_MAX_MS INT64_C(600000)
/* So many more than those of the last days a first read holds in memory, 45 MB; a test may be built with
 * less. */
#ifndef KEEP_READ_MAX
#define KEEP_READ_MAX 250000
#endif
/* So many more messages than twice those of the last days may be in memory: some megabytes. */
#define KEEP_HELD_MORE 20000
/* At the end; systemd kills after 10 seconds. What is left comes again at the next start. */
#define KEEP_END_MS INT64_C(5000)

static void set_timer(struct daemon *daemon, int64_t delay_ms)
{
	loop_set_timer(daemon->loop, &daemon->keep.timer, delay_ms);
}

/* ---- writing ---- */

static bool has_news(const struct daemon *daemon)
{
	return daemon_progress_is_news(daemon) || ledger_unsaved_count(daemon->ledger) > 0
	       || daemon_has_facts(daemon);
}

/* What is new to us in transcripts, which are not read again to find it: for this version of swatch alone. */
static void add_drift(struct daemon *daemon, struct store_batch *batch)
{
	AUTO_BUF text = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &text);
	jsonw_begin_object(&w);
	jsonw_put_string(&w, "version", PACKAGE_VERSION);
	drift_write_status(&daemon->drift, &w);
	jsonw_end_object(&w);
	/* Names of control characters alone would be longer. */
	if (!text.failed && text.len < STORE_META_MAX_BYTES)
		store_batch_set_meta(batch, DAEMON_KEEP_DRIFT_KEY, text.data);
	daemon->keep.saved_drift = daemon->drift.changes;
}

static void add_news(struct daemon *daemon, struct store_batch *batch)
{
	if (daemon->keep.saved_drift != daemon->drift.changes)
		add_drift(daemon, batch);
	daemon_progress_add(daemon, batch);
}

/*
 * Hands on what waits. How far a transcript was read goes with the last of its messages, or after them.
 * Returns false when memory ran out for it.
 */
static bool give_batch(struct daemon *daemon)
{
	struct ledger_kept kept;
	if (ledger_has_missed_unsaved(daemon->ledger))
		ledger_forget_saved(daemon->ledger);
	struct store_batch *batch = store_batch_new(&daemon->keep.roots);
	while (batch && !batch->failed && batch->message_count < KEEP_BATCH_MAX
	       && ledger_next_unsaved(daemon->ledger, &kept))
		store_batch_add(batch, &kept);
	if (batch && !batch->failed && ledger_unsaved_count(daemon->ledger) == 0
	    && !ledger_has_missed_unsaved(daemon->ledger))
		add_news(daemon, batch);
	if (batch)
		daemon_add_facts(daemon, batch);
	if (!batch || batch->failed) {
		log_error(
			"cannot keep what transcripts say: out of memory; trying again with the next "
			"message");
		store_batch_free(batch);
		/* What was taken out of the list for it has to come again, before any offset does. */
		ledger_forget_saved(daemon->ledger);
		return false;
	}
	daemon->keep.given_mono_ms = clock_mono_ms();
	daemon->keep.gave_part = ledger_unsaved_count(daemon->ledger) > 0;
	store_give(daemon->keep.store, batch);
	return true;
}

static bool is_reading_first(const struct daemon *daemon)
{
	int64_t since_ms = clock_wall_ms() - daemon->started_ms;
	return !daemon->history.read && since_ms >= 0 && since_ms < KEEP_READING_MS;
}

static void on_timer(struct ev_loop *loop UNUSED, ev_timer *watcher, int revents UNUSED)
{
	struct daemon *daemon = watcher->data;
	struct daemon_keep *keep = &daemon->keep;
	store_look(keep->store);
	if (keep->is_failing)
		store_retry(keep->store);
	else if (is_reading_first(daemon))
		set_timer(daemon, KEEP_DELAY_MS);
	else if (has_news(daemon) && store_is_free(keep->store))
		(void)give_batch(daemon);
}

void daemon_keep_soon(struct daemon *daemon)
{
	struct daemon_keep *keep = &daemon->keep;
	if (!keep->store || keep->is_failing || ev_is_active(&keep->timer) || !has_news(daemon))
		return;
	int64_t pause_ms = keep->given_mono_ms + KEEP_PAUSE_MS - clock_mono_ms();
	set_timer(daemon, keep->given_mono_ms > 0 && pause_ms > KEEP_DELAY_MS ? pause_ms : KEEP_DELAY_MS);
}

/* ---- what became of it ---- */

/* Somebody may wait for the file. */
static void tell_written(struct daemon *daemon)
{
	if (daemon->keep.written)
		daemon->keep.written(daemon);
}

/* The first read goes on. */
static void end_room(struct daemon *daemon)
{
	daemon->keep.makes_room = false;
	tail_hold_history(daemon->tail, false);
}

static void note_failure(struct daemon *daemon, const struct store_status *status)
{
	struct daemon_keep *keep = &daemon->keep;
	if (!keep->is_failing) {
		log_warning("%s", status->why);
		keep->retry_ms = KEEP_RETRY_FIRST_MS;
	} else if (keep->retry_ms < KEEP_RETRY_MAX_MS) {
		keep->retry_ms *= 2;
	}
	keep->is_failing = true;
	end_room(daemon);
	tell_written(daemon);
	daemon_note_gone(daemon, NULL);
	set_timer(daemon, keep->retry_ms < KEEP_RETRY_MAX_MS ? keep->retry_ms : KEEP_RETRY_MAX_MS);
}

/*
 * Looks, once all is written, whether the file has messages whose price is known now.
 */
static void look_for_prices(struct daemon *daemon)
{
	struct daemon_keep *keep = &daemon->keep;
	keep->looks_for_prices = false;
	/* Without the archive all messages are in memory, and the next start gives them their prices. */
	if (keep->archive
	    && store_reprice_is_due(store_archive_database(keep->archive), daemon->pricing.prices.book))
		daemon_begin_anew(daemon, "messages that had no price get one");
}

/* Everything is written: lets go of the messages that are not alive any more. */
static void let_go(struct daemon *daemon)
{
	struct daemon_keep *keep = &daemon->keep;
	struct ledger *ledger = daemon->ledger;
	/* In the first read of all. */
	if (!daemon->history.read && store_archive_is_whole(keep->archive))
		ledger_filter_keys(ledger, true);
	ledger_let_go(ledger);
	int result = store_archive_load(keep->archive, ledger, clock_wall_ms());
	if (result != SQLITE_OK) {
		log_warning("cannot read %s: %s", keep->path, sqlite3_errstr(result));
		daemon_begin_anew(daemon, "what is in memory is not whole");
		return;
	}
	keep->rest_waits = false;
	keep->held_at_load = ledger_held_count(ledger);
	log_debug("%zu messages are held in memory", keep->held_at_load);
#ifdef __GLIBC__
	/* It goes back to the kernel at once: this may have been the whole history. */
	(void)malloc_trim(0);
#endif
}

/* Lets go when those not alive are many, and of sums that could not be asked for. */
static void renew_memory(struct daemon *daemon)
{
	const struct daemon_keep *keep = &daemon->keep;
	size_t held = ledger_held_count(daemon->ledger);
	ledger_filter_keys(daemon->ledger, false);
	if (keep->archive
	    && (ledger_lacks_sums(daemon->ledger) || keep->rest_waits
		|| held >= 2 * keep->held_at_load + KEEP_HELD_MORE))
		let_go(daemon);
}

/* ---- a first read that is long ---- */

/* Without a loop, as with --once. */
static void write_and_let_go(struct daemon *daemon)
{
	struct store *store = daemon->keep.store;
	while (has_news(daemon) && store_is_free(store) && give_batch(daemon))
		store_wait(store);
	if (!has_news(daemon) && store_is_free(store))
		let_go(daemon);
}

void daemon_keep_make_room(struct daemon *daemon)
{
	struct daemon_keep *keep = &daemon->keep;
	if (!keep->archive || keep->is_failing || keep->makes_room || daemon->history.read
	    || ledger_held_count(daemon->ledger) < keep->held_at_load + KEEP_READ_MAX)
		return;
	if (daemon->options.once) {
		write_and_let_go(daemon);
		return;
	}
	keep->makes_room = true;
	tail_hold_history(daemon->tail, true);
	if (store_is_free(keep->store) && !give_batch(daemon))
		end_room(daemon);
}

/* A batch was written, and none is being written now. */
static void go_on(struct daemon *daemon)
{
	const struct daemon_keep *keep = &daemon->keep;
	if (has_news(daemon) && (keep->gave_part || keep->makes_room)) {
		if (!give_batch(daemon))
			end_room(daemon);
	} else if (has_news(daemon)) {
		daemon_keep_soon(daemon);
	} else if (keep->makes_room) {
		let_go(daemon);
		end_room(daemon);
	} else if (keep->looks_for_prices) {
		look_for_prices(daemon);
	} else if (daemon->history.read) {
		renew_memory(daemon);
	}
}

/* A batch was written, or not. */
static void on_done(struct ev_loop *loop UNUSED, ev_async *watcher, int revents UNUSED)
{
	struct daemon *daemon = watcher->data;
	struct daemon_keep *keep = &daemon->keep;
	struct store_status status;
	store_get_status(keep->store, &status);
	if (status.replaced != keep->replaced) {
		keep->replaced = status.replaced;
		log_warning("%s", status.notice[0] ? status.notice : status.why);
		ledger_forget_saved(daemon->ledger);
		daemon_forget_saved_facts(daemon);
		keep->saved_drift = 0;
		store_accept_replaced(keep->store, keep->replaced);
		/* What the lost file had comes out of its backup, and out of the transcripts. */
		daemon_begin_anew(daemon, "the ledger's file was replaced");
	}
	if (status.is_failing) {
		note_failure(daemon, &status);
		return;
	}
	if (keep->is_failing)
		log_info("what transcripts say is kept again in %s", keep->path);
	keep->is_failing = false;
	/* What was in the cache directory meanwhile is in the file now. */
	if (!has_news(daemon))
		daemon_drop_gone(daemon);
	if (status.why[0] && !keep->lacks_backup)
		log_warning("%s; trying again in an hour", status.why);
	keep->lacks_backup = status.why[0] != '\0';
	ev_timer_stop(daemon->loop, &keep->timer);
	tell_written(daemon);
	if (!keep->store || !store_is_free(keep->store))
		return;
	go_on(daemon);
}

/* The store's thread. */
static void wake_loop(void *ctx)
{
	struct daemon *daemon = ctx;
	ev_async_send(daemon->loop, &daemon->keep.done);
}

/* ---- start and end ---- */

static void close_store(struct daemon *daemon)
{
	ev_timer_stop(daemon->loop, &daemon->keep.timer);
	/* The connection that is closed last clears the log away: one that may write. */
	ledger_close_archive(daemon->ledger);
	store_archive_close(SCOPE_KEEP(daemon->keep.archive));
	store_close(SCOPE_KEEP(daemon->keep.store));
	ev_ref(daemon->loop);
	ev_async_stop(daemon->loop, &daemon->keep.done);
}

void daemon_keep_set_age(struct daemon *daemon)
{
	AUTO_BUF error = BUF_INIT;
	if (!daemon->keep.store)
		return;
	int64_t gone = store_set_keep(daemon->keep.store, daemon->config.ledger_keep_ms, &error);
	if (gone < 0)
		log_warning("%s; what is too old stays", buf_message(&error));
	else if (gone > 0)
		log_info("%lld message%s older than [ledger] keep deleted", (long long)gone,
			 gone == 1 ? "" : "s");
}

void daemon_keep_prices_changed(struct daemon *daemon)
{
	struct daemon_keep *keep = &daemon->keep;
	keep->looks_for_prices = keep->store != NULL;
	if (keep->looks_for_prices && !has_news(daemon) && store_is_free(keep->store))
		look_for_prices(daemon);
	else
		daemon_keep_soon(daemon);
}

/* Opens the file and starts its thread. Returns false with the reason. */
static bool open_store(struct daemon *daemon, struct buf *error)
{
	struct daemon_keep *keep = &daemon->keep;
	AUTO_BUF notice = BUF_INIT;
	keep->path = store_default_path();
	if (!keep->path) {
		buf_printf(error, "cannot tell where the ledger's file is: %s", paths_why_none());
		return false;
	}
	keep->store = store_open(keep->path, &notice, error);
	if (notice.len > 0)
		log_warning("%s", buf_str(&notice));
	buf_clear(&notice);
	if (keep->store
	    && !store_set_projects(keep->store, (enum ledger_projects)daemon->config.ledger_projects, &notice,
				   error))
		store_close(SCOPE_KEEP(keep->store));
	if (notice.len > 0)
		log_warning("%s", buf_str(&notice));
	return keep->store != NULL;
}

/* Returns 0, or an errno. */
static int start_store(struct daemon *daemon)
{
	ev_async_start(daemon->loop, &daemon->keep.done);
	/* It does not keep the loop of --once alive. */
	ev_unref(daemon->loop);
	int why = store_start(daemon->keep.store, wake_loop, daemon);
	if (why != 0)
		close_store(daemon);
	/* The first figures come before a look at the whole file. */
	else if (daemon->options.once)
		store_look(daemon->keep.store);
	else
		set_timer(daemon, KEEP_DELAY_MS);
	return why;
}

void daemon_start_keep(struct daemon *daemon)
{
	struct daemon_keep *keep = &daemon->keep;
	AUTO_BUF error = BUF_INIT;
	ev_init(&keep->timer, on_timer);
	ev_async_init(&keep->done, on_done);
	keep->timer.data = keep->done.data = daemon;
	if (!daemon->config.ledger_enabled)
		return;
	if (!open_store(daemon, &error)) {
		log_warning("%s; what deleted transcripts said is kept for 8 days only", buf_message(&error));
		keep->why_off = strdup(buf_message(&error));
		return;
	}
	daemon_keep_set_age(daemon);
	daemon_recall(daemon);
	ledger_want_unsaved(daemon->ledger);
	int why = start_store(daemon);
	if (why == 0)
		return;
	/* Nothing can be looked up any more: all transcripts are read again, into memory alone. */
	ledger_set_archive(daemon->ledger, NULL, NULL);
	ledger_let_go(daemon->ledger);
	keep->is_complete = keep->rest_waits = false;
	log_warning("cannot keep what transcripts say in %s: %s", keep->path, strerror(why));
	keep->why_off = strdup(strerror(why));
}

bool daemon_keep_close(struct daemon *daemon, bool flush)
{
	struct daemon_keep *keep = &daemon->keep;
	if (!keep->store)
		return true;
	if (!store_is_free(keep->store))
		return false;
	if (flush && has_news(daemon)) {
		(void)give_batch(daemon);
		if (!store_is_free(keep->store))
			return false;
	}
	close_store(daemon);
	return true;
}

void daemon_keep_open_again(struct daemon *daemon)
{
	AUTO_BUF error = BUF_INIT;
	if (!daemon->config.ledger_enabled || daemon->keep.store)
		return;
	free(SCOPE_KEEP(daemon->keep.path));
	if (!open_store(daemon, &error) || start_store(daemon) != 0)
		log_warning("%s", buf_message(&error));
}

bool daemon_keep_is_complete(const struct daemon *daemon)
{
	const struct daemon_keep *keep = &daemon->keep;
	struct store_status status;
	if (!keep->store || keep->is_failing || has_news(daemon)
	    || ledger_has_missed_unsaved(daemon->ledger) || !store_is_free(keep->store))
		return false;
	/* One that took the place of a damaged file does not have it all yet. */
	store_get_status(keep->store, &status);
	return !status.is_damaged && status.replaced == keep->replaced && !daemon->begins_anew;
}

/* Writes what waits: all of it with --once, after which nobody may come for a long time. */
static void write_rest(struct daemon *daemon)
{
	struct store *store = daemon->keep.store;
	int64_t until_ms = clock_wall_ms() + KEEP_END_MS;
	store_wait(store);
	while (has_news(daemon) && store_is_free(store)
	       && (daemon->options.once || clock_wall_ms() < until_ms)) {
		if (!give_batch(daemon))
			break;
		store_wait(store);
	}
}

void daemon_stop_keep(struct daemon *daemon)
{
	struct daemon_keep *keep = &daemon->keep;
	if (keep->store) {
		write_rest(daemon);
		close_store(daemon);
	}
	store_known_release(&keep->known);
	store_roots_release(&keep->roots);
	free(keep->news);
	free(keep->news_of);
	free(keep->path);
	free(keep->why_off);
	memset(keep, 0, sizeof(*keep));
}
