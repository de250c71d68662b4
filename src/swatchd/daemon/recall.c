#include "swatchd/daemon/recall.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"
#include "json/get.h"
#include "json/parse.h"
#include "ledger/store/recall.h"
#include "ledger/store/reprice.h"
#include "ledger/store/tombs.h"
#include "swatchd/daemon/facts.h"

/* What had no price when it came. */
static void price(struct daemon *daemon)
{
	AUTO_BUF error = BUF_INIT;
	int64_t priced = store_price(daemon->keep.store, daemon->pricing.prices.book,
				     daemon->config.billing_extras != 0, &error);
	if (priced < 0)
		log_warning("%s; messages without a price stay without one", buf_message(&error));
	else if (priced > 0)
		log_info("%lld message%s that had no price %s one now", (long long)priced,
			 priced == 1 ? "" : "s", priced == 1 ? "has" : "have");
}

static void take_facts(struct daemon *daemon)
{
	struct daemon_keep *keep = &daemon->keep;
	int result = daemon_take_facts(daemon, store_database(keep->store));
	if (result != SQLITE_OK)
		log_warning("cannot read what %s knows of limits and sessions: %s", keep->path,
			    sqlite3_errstr(result));
}

static void join_archive(struct daemon *daemon, struct buf *error)
{
	struct daemon_keep *keep = &daemon->keep;
	keep->archive = store_archive_open(keep->path, &keep->roots, &keep->known, error);
	if (keep->archive)
		ledger_set_archive(daemon->ledger, &store_archive_calls, keep->archive);
}

/* What the first files need: today, the active block and a window of five hours, with an hour to spare. */
static int load(struct daemon *daemon)
{
	struct daemon_keep *keep = &daemon->keep;
	int64_t now_ms = clock_wall_ms();
	int64_t after_ms = now_ms - RATE_LIMIT_FIVE_HOUR_MS, day_ms = clock_local_day_start_ms(now_ms);
	after_ms = (day_ms < after_ms ? day_ms : after_ms) - CLOCK_HOUR_MS;
	keep->rest_waits = !daemon->options.once;
	return keep->rest_waits ? store_archive_load_newest(keep->archive, daemon->ledger, now_ms, after_ms)
				: store_archive_load(keep->archive, daemon->ledger, now_ms);
}

/*
 * Takes what is alive out of the file, so that no transcript is read again for it; the rest is looked up
 * there when it is needed. Returns false, with nothing taken, when that fails.
 */
static bool take_archive(struct daemon *daemon, struct buf *error)
{
	struct daemon_keep *keep = &daemon->keep;
	int result = store_known_read_unseen(store_database(keep->store), &keep->roots, &keep->known);
	if (result == SQLITE_OK)
		result = store_tombs_guard(store_database(keep->store), daemon->ledger);
	if (result == SQLITE_OK)
		join_archive(daemon, error);
	if (!keep->archive)
		return false;
	/* Limits come first: messages that say that one was hit find them. */
	take_facts(daemon);
	result = load(daemon);
	keep->is_complete = result == SQLITE_OK;
	if (keep->is_complete)
		return true;
	buf_printf(error, "cannot read %s: %s", keep->path, sqlite3_errstr(result));
	keep->rest_waits = false;
	ledger_set_archive(daemon->ledger, NULL, NULL);
	ledger_let_go(daemon->ledger);
	store_archive_close(SCOPE_KEEP(keep->archive));
	return false;
}

/* Takes out of the file only what no transcript says any more; the rest is read again. */
static void take_lost(struct daemon *daemon, const struct data_dirs *dirs)
{
	struct daemon_keep *keep = &daemon->keep;
	AUTO_BUF error = BUF_INIT;
	store_known_release(&keep->known);
	int64_t messages = store_recall(keep->store, dirs, daemon->ledger, &keep->known, &error);
	if (messages < 0)
		log_warning("%s", buf_message(&error));
	take_facts(daemon);
}

static void report_held(const struct daemon_keep *keep)
{
	log_info("%zu message%s of the last days out of %s", keep->held_at_load,
		 keep->held_at_load == 1 ? "" : "s", keep->path);
}

static void recall(struct daemon *daemon)
{
	struct daemon_keep *keep = &daemon->keep;
	struct data_dirs dirs;
	AUTO_BUF error = BUF_INIT;
	if (data_dirs_find(&dirs, daemon->config.watch_paths) != 0)
		return;
	store_roots_find(&keep->roots, &dirs);
	if (!take_archive(daemon, &error)) {
		log_warning("%s; reading all transcripts again", buf_message(&error));
		take_lost(daemon, &dirs);
	}
	data_dirs_release(&dirs);
	keep->held_at_load = ledger_held_count(daemon->ledger);
	if (!keep->rest_waits)
		report_held(keep);
}

void daemon_recall_rest(struct daemon *daemon)
{
	struct daemon_keep *keep = &daemon->keep;
	if (!keep->rest_waits || !keep->archive)
		return;
	size_t held = ledger_held_count(daemon->ledger);
	int result = store_archive_load_rest(keep->archive, daemon->ledger, clock_wall_ms());
	keep->rest_waits = result != SQLITE_OK;
	keep->held_at_load += ledger_held_count(daemon->ledger) - held;
	if (!keep->rest_waits)
		report_held(keep);
	else if (!keep->rest_failed)
		log_warning("cannot read all of %s: %s; trying again", keep->path, sqlite3_errstr(result));
	keep->rest_failed = keep->rest_waits;
}

static void take_drift(struct daemon *daemon)
{
	AUTO_FREE char *text = store_read_meta(daemon->keep.store, DAEMON_KEEP_DRIFT_KEY);
	AUTO_JSON *before = text ? json_parse(text, strlen(text), 4, NULL) : NULL;
	const char *version = json_get_string(before, "version");
	if (version && strcmp(version, PACKAGE_VERSION) == 0)
		drift_restore(&daemon->drift, before);
	daemon->keep.saved_drift = daemon->drift.changes;
}

void daemon_recall(struct daemon *daemon)
{
	price(daemon);
	recall(daemon);
	if (daemon->keep.is_complete)
		take_drift(daemon);
}
