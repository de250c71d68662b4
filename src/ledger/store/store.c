#include "ledger/store/store.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/thread.h"
#include "ledger/store/database.h"
#include "ledger/store/projects.h"
#include "ledger/store/recall.h"
#include "ledger/store/purge.h"
#include "ledger/store/repair.h"
#include "ledger/store/reprice.h"
#include "ledger/store/tombs.h"
#include "ledger/store/why.h"
#include "ledger/store/write.h"

/* A batch of so many messages is one of a first read. */
#define LARGE_BATCH 5000

struct store {
	char *path;
	sqlite3 *db;                 /* the thread's, once it runs */
	struct store_writer *writer;
	pthread_t thread;
	bool is_started;
	void (*done)(void *ctx);
	void *ctx;
	struct store_tombs tombs;    /* the thread's: what was purged */
	bool is_unsound;             /* the thread's: it is damaged, and could not be replaced yet */
	enum ledger_projects projects; /* set before the thread starts */
	int64_t tombs_of;            /* the version of the data that they are of; -1: they were not read */
	bool has_large_cache;        /* the thread's: SQLite keeps many pages for large batches */
	int64_t backup_failed_ms;    /* the thread's: when the last backup failed; 0: it did not */
	pthread_mutex_t lock;        /* of all that follows */
	pthread_cond_t changed;
	struct store_batch *batch;   /* being written, or failed */
	bool may_look;               /* whether the file hangs together */
	bool is_wanted;              /* the batch is to be written now */
	bool stops;
	/* Of how many replacements the caller knows, and knew when it gave the batch. */
	unsigned accepted, batch_of;
	int64_t keep_ms;             /* 0: for ever */
	struct store_status status;
};

/* ---- opening ---- */

static sqlite3 *open_or_repair(const char *path, struct buf *notice, struct buf *error)
{
	AUTO_BUF why = BUF_INIT;
	sqlite3 *db;
	enum store_opened opened = store_database_open(path, &db, &why);
	if (opened == STORE_DAMAGED) {
		if (store_replace_damaged(path, notice) != 0) {
			buf_printf(error, "%s, and cannot be replaced: %s", buf_str(&why), strerror(errno));
			return NULL;
		}
		opened = store_database_open(path, &db, error);
	} else {
		buf_append_str(error, buf_str(&why));
	}
	return opened == STORE_OPENED ? db : NULL;
}

struct store *store_open(const char *path, struct buf *notice, struct buf *error)
{
	struct store *store = calloc(1, sizeof(*store));
	if (!store)
		return NULL;
	(void)pthread_mutex_init(&store->lock, NULL);
	(void)pthread_cond_init(&store->changed, NULL);
	store->tombs_of = -1;
	store->path = strdup(path);
	store->db = store->path ? open_or_repair(path, notice, error) : NULL;
	if (store->db && store_projects_look(store->db, &store->projects) == SQLITE_OK)
		return store;
	if (store->db)
		buf_printf(error, "cannot write %s: %s", path, sqlite3_errmsg(store->db));
	store_close(store);
	return NULL;
}

int64_t store_set_keep(struct store *store, int64_t keep_ms, struct buf *error)
{
	struct store_purged gone = { 0 };
	(void)pthread_mutex_lock(&store->lock);
	store->keep_ms = keep_ms;
	(void)pthread_mutex_unlock(&store->lock);
	if (store->is_started || keep_ms == 0)
		return 0;
	int result = store_purge_old(store->db, keep_ms, clock_wall_ms(), &gone);
	if (result == SQLITE_OK)
		return gone.messages;
	buf_printf(error, "cannot write %s: %s", store->path, store_why(store->db, result));
	return -1;
}

/*
 * Makes a writer for the file that is open, once that has the names that are wanted: another one may have
 * taken its place. Returns SQLITE_OK, or SQLite's result without a writer.
 */
static int make_writer(struct store *store)
{
	bool changed;
	int result = store_projects_apply(store->db, store->projects, &changed);
	if (result != SQLITE_OK)
		return result;
	/* What is left is wiped at the next start. */
	if (changed)
		(void)store_projects_wipe(store->db, store->path);
	store->writer = store_writer_new(store->db);
	result = store->writer ? SQLITE_OK : sqlite3_extended_errcode(store->db);
	return store->writer || result != SQLITE_OK ? result : SQLITE_NOMEM;
}

/* One that was moved aside is left as it is. */
static void note_damaged(const struct store *store, struct buf *notice)
{
	AUTO_BUF damaged = BUF_INIT;
	buf_printf(&damaged, "%s.damaged", store->path);
	if (access(buf_str(&damaged), F_OK) == 0)
		buf_printf(notice, "; %s still has the former ones: delete it if you do not need it any more",
			   buf_str(&damaged));
}

bool store_set_projects(struct store *store, enum ledger_projects mode, struct buf *notice,
			struct buf *error)
{
	bool changed;
	store->projects = mode;
	int result = store_projects_apply(store->db, mode, &changed);
	int wiped = result == SQLITE_OK ? store_projects_wipe(store->db, store->path) : SQLITE_OK;
	if (wiped != SQLITE_OK)
		buf_printf(notice,
			   "cannot wipe former names of projects out of %s and its backups: %s; trying "
			   "again at the next start",
			   store->path, sqlite3_errstr(wiped));
	else if (changed)
		buf_printf(notice, "names of projects in %s are as [ledger] projects = %s says now",
			   store->path, store_projects_name(mode));
	if (changed)
		note_damaged(store, notice);
	if (result != SQLITE_OK)
		buf_printf(error, "cannot write %s: %s", store->path, sqlite3_errstr(result));
	return result == SQLITE_OK;
}

int64_t store_price(struct store *store, const struct price_book *book, bool extras, struct buf *error)
{
	const struct store_repricing what = { .book = book, .extras = extras, .only_unpriced = true };
	struct store_repriced done = { 0 };
	if (!store_reprice_is_due(store->db, book))
		return 0;
	int result = store_reprice_do(store->db, &what, &done);
	int64_t changed = done.changed;
	store_reprice_release(&done);
	if (result == SQLITE_OK)
		return changed;
	buf_printf(error, "cannot write %s: %s", store->path, store_why(store->db, result));
	return -1;
}

int64_t store_recall(struct store *store, const struct data_dirs *dirs, struct ledger *ledger,
		     struct store_known_list *known, struct buf *error)
{
	return store_recall_from(store->db, store->path, dirs, ledger, known, error);
}

sqlite3 *store_database(struct store *store)
{
	return store->db;
}

char *store_read_meta(struct store *store, const char *key)
{
	sqlite3_stmt *question = NULL;
	char *value = NULL;
	if (sqlite3_prepare_v2(store->db, "SELECT value FROM meta WHERE key = ?1", -1, &question, NULL)
		    == SQLITE_OK
	    && sqlite3_bind_text(question, 1, key, -1, SQLITE_STATIC) == SQLITE_OK
	    && sqlite3_step(question) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(question, 0);
		value = text ? strdup(text) : NULL;
	}
	sqlite3_finalize(question);
	return value;
}

/* ---- the thread ---- */

/* Says why a batch was not written, and what to do. */
static void explain(struct store *store, int result)
{
	char *why = store->status.why;
	size_t size = sizeof(store->status.why);
	if ((result & 0xff) == SQLITE_FULL)
		snprintf(why, size, "cannot write %s: no space left; it goes on when there is", store->path);
	else if (store_database_is_damage(result))
		snprintf(why, size, "cannot write %s: it is damaged, and cannot be replaced", store->path);
	else
		snprintf(why, size, "cannot write %s: %s", store->path, store_why(store->db, result));
}

static void note_result(struct store *store, int result, size_t messages)
{
	bool was_failing = store->status.is_failing;
	store->is_wanted = false;
	store->status.is_failing = result != SQLITE_OK;
	if (result != SQLITE_OK) {
		explain(store, result);
		return;
	}
	if (was_failing || store->backup_failed_ms == 0)
		store->status.why[0] = '\0';
	store->status.batches++;
	store->status.messages += messages;
	store->status.written_ms = clock_wall_ms();
	store_batch_free(store->batch);
	store->batch = NULL;
}

/* Reads the tombstones, when they may be new. */
static int read_tombs(struct store *store)
{
	int64_t version = store_database_version(store->db);
	if (version >= 0 && version == store->tombs_of)
		return SQLITE_OK;
	store_tombs_release(&store->tombs);
	int result = store_tombs_read(store->db, &store->tombs);
	store->tombs_of = result == SQLITE_OK ? version : -1;
	return result;
}

/* Closes the file: the next batch opens it again. */
static void drop_writer(struct store *store)
{
	store_writer_free(store->writer);
	store->writer = NULL;
	store->tombs_of = -1;
	store->has_large_cache = false;
	store_database_close(SCOPE_KEEP(store->db));
}

/* Opens the file again, when it is not open. Returns SQLITE_OK, or SQLite's result. */
static int need_writer(struct store *store)
{
	AUTO_BUF error = BUF_INIT;
	if (store->writer)
		return SQLITE_OK;
	if (store->is_unsound)
		return SQLITE_CORRUPT;
	enum store_opened opened = store->db ? STORE_OPENED
					     : store_database_open(store->path, &store->db, &error);
	if (opened == STORE_OPENED)
		return make_writer(store);
	return opened == STORE_DAMAGED ? SQLITE_CORRUPT : SQLITE_CANTOPEN;
}

/* Writes the batch, which nobody else touches meanwhile. Returns SQLITE_OK, or SQLite's result. */
static int write_once(struct store *store)
{
	int result = need_writer(store);
	if (result == SQLITE_OK)
		result = read_tombs(store);
	if (result != SQLITE_OK)
		return result;
	store_tombs_bury_in(&store->tombs, store->batch);
	return store_writer_write(store->writer, store->batch);
}

/*
 * The first read gives one large batch after the other, whose keys lie anywhere in the index: with SQLite's
 * usual 2 MB each message would read and write pages. It goes when they get small again.
 */
static void fit_cache(struct store *store)
{
	bool is_large = store->batch->message_count >= LARGE_BATCH;
	if (is_large == store->has_large_cache || !store->db)
		return;
	(void)sqlite3_exec(store->db, is_large ? "PRAGMA cache_size=-16384" : "PRAGMA cache_size=-2000", NULL,
			   NULL, NULL);
	if (!is_large)
		(void)sqlite3_db_release_memory(store->db);
	store->has_large_cache = is_large;
}

/*
 * Whether the batch was made for a file that is replaced: it says how far transcripts were read, and the new
 * file does not have what was in the old one before that.
 */
static bool is_outdated(struct store *store)
{
	(void)pthread_mutex_lock(&store->lock);
	bool outdated = store->batch_of != store->status.replaced;
	(void)pthread_mutex_unlock(&store->lock);
	return outdated;
}

/* Puts something sound in place of a damaged file. Returns false when that fails: there is no writer then. */
static bool replace_damaged(struct store *store)
{
	AUTO_BUF notice = BUF_INIT;
	AUTO_BUF error = BUF_INIT;
	(void)pthread_mutex_lock(&store->lock);
	store->status.is_damaged = true;
	(void)pthread_mutex_unlock(&store->lock);
	drop_writer(store);
	/* When nothing can be put in its place now, it stays, and the next try looks again. */
	bool is_replaced = store_replace_damaged(store->path, &notice) == 0;
	store->is_unsound = !is_replaced;
	if (is_replaced && store_database_open(store->path, &store->db, &error) == STORE_OPENED)
		(void)make_writer(store);
	(void)pthread_mutex_lock(&store->lock);
	store->status.replaced += is_replaced;
	store->status.is_damaged = !is_replaced;
	snprintf(store->status.notice, sizeof(store->status.notice), "%s", buf_str(&notice));
	if (!store->writer)
		snprintf(store->status.why, sizeof(store->status.why),
			 "cannot replace %s, which is damaged: %s", store->path,
			 error.len > 0 ? buf_str(&error) : strerror(errno));
	(void)pthread_mutex_unlock(&store->lock);
	return store->writer != NULL;
}

static int write_batch(struct store *store)
{
	if (is_outdated(store))
		return store->writer ? SQLITE_OK : SQLITE_CORRUPT;
	fit_cache(store);
	int result = write_once(store);
	/* It may have been what was read of the file, and not the file. */
	if (store_database_is_damage(result)) {
		drop_writer(store);
		result = write_once(store);
	}
	if (store_database_is_damage(result) && replace_damaged(store))
		result = SQLITE_OK;
	return result;
}

/* A backup that failed is not tried again with each message: it reads the whole file. */
static int back_up(struct store *store)
{
	int64_t now_ms = clock_wall_ms();
	if (store->backup_failed_ms > 0 && now_ms - store->backup_failed_ms < CLOCK_HOUR_MS
	    && now_ms >= store->backup_failed_ms)
		return SQLITE_OK;
	int result = store_back_up(store->db, store->path, now_ms);
	store->backup_failed_ms = result == SQLITE_OK ? 0 : now_ms;
	return result;
}

/* What is too old goes. When that fails, it is tried again with the next batch. */
static void forget_old(struct store *store, int64_t keep_ms)
{
	struct store_purged gone;
	if (keep_ms > 0)
		(void)store_purge_old(store->db, keep_ms, clock_wall_ms(), &gone);
}

static void write_waiting(struct store *store)
{
	int64_t keep_ms = store->keep_ms;
	(void)pthread_mutex_unlock(&store->lock);
	size_t messages = store->batch->message_count;
	int result = write_batch(store);
	int backup = result == SQLITE_OK ? back_up(store) : SQLITE_OK;
	if (result == SQLITE_OK)
		forget_old(store, keep_ms);
	(void)pthread_mutex_lock(&store->lock);
	note_result(store, result, messages);
	if (backup != SQLITE_OK)
		snprintf(store->status.why, sizeof(store->status.why), "cannot copy %s to %s.1: %s",
			 store->path, store->path, sqlite3_errstr(backup));
	(void)pthread_cond_broadcast(&store->changed);
	if (!store->stops)
		store->done(store->ctx);
}

static void *work(void *ctx)
{
	struct store *store = ctx;
	/* On Linux a thread has a niceness of its own: figures are shown before they are kept. */
	(void)setpriority(PRIO_PROCESS, 0, 10);
	(void)pthread_mutex_lock(&store->lock);
	while (!store->may_look && !store->is_wanted && !store->stops)
		(void)pthread_cond_wait(&store->changed, &store->lock);
	(void)pthread_mutex_unlock(&store->lock);
	if (!store_database_is_sound(store->db)) {
		(void)replace_damaged(store);
		store->done(store->ctx);
	} else {
		/* The pages that it looked at. */
		(void)sqlite3_db_release_memory(store->db);
	}
	(void)pthread_mutex_lock(&store->lock);
	for (;;) {
		while (!store->is_wanted && !store->stops)
			(void)pthread_cond_wait(&store->changed, &store->lock);
		if (!store->is_wanted)
			break;
		write_waiting(store);
	}
	(void)pthread_mutex_unlock(&store->lock);
	return NULL;
}

int store_start(struct store *store, void (*done)(void *ctx), void *ctx)
{
	store->done = done;
	store->ctx = ctx;
	int why = thread_start(&store->thread, work, store);
	store->is_started = why == 0;
	return why;
}

/* ---- from the loop ---- */

void store_look(struct store *store)
{
	(void)pthread_mutex_lock(&store->lock);
	store->may_look = true;
	(void)pthread_cond_signal(&store->changed);
	(void)pthread_mutex_unlock(&store->lock);
}

bool store_is_free(struct store *store)
{
	(void)pthread_mutex_lock(&store->lock);
	bool is_free = store->batch == NULL;
	(void)pthread_mutex_unlock(&store->lock);
	return is_free;
}

void store_give(struct store *store, struct store_batch *batch)
{
	(void)pthread_mutex_lock(&store->lock);
	store->batch = batch;
	store->batch_of = store->accepted;
	store->is_wanted = true;
	(void)pthread_cond_signal(&store->changed);
	(void)pthread_mutex_unlock(&store->lock);
}

void store_wait(struct store *store)
{
	(void)pthread_mutex_lock(&store->lock);
	while (store->batch && store->is_wanted)
		(void)pthread_cond_wait(&store->changed, &store->lock);
	(void)pthread_mutex_unlock(&store->lock);
}

void store_retry(struct store *store)
{
	(void)pthread_mutex_lock(&store->lock);
	if (store->batch) {
		store->is_wanted = true;
		(void)pthread_cond_signal(&store->changed);
	}
	(void)pthread_mutex_unlock(&store->lock);
}

void store_accept_replaced(struct store *store, unsigned replaced)
{
	(void)pthread_mutex_lock(&store->lock);
	store->accepted = replaced;
	(void)pthread_mutex_unlock(&store->lock);
}

void store_get_status(struct store *store, struct store_status *out)
{
	(void)pthread_mutex_lock(&store->lock);
	*out = store->status;
	(void)pthread_mutex_unlock(&store->lock);
}

void store_close(struct store *store)
{
	if (!store)
		return;
	if (store->is_started) {
		(void)pthread_mutex_lock(&store->lock);
		store->stops = true;
		(void)pthread_cond_signal(&store->changed);
		(void)pthread_mutex_unlock(&store->lock);
		(void)pthread_join(store->thread, NULL);
	}
	store_writer_free(store->writer);
	store_tombs_release(&store->tombs);
	if (store->db)
		store_database_close(store->db);
	store_batch_free(store->batch);
	(void)pthread_cond_destroy(&store->changed);
	(void)pthread_mutex_destroy(&store->lock);
	free(store->path);
	free(store);
}
