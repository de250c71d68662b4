/*
 * A ledger's file that anybody wrote: a small good one, in which the input changes bytes, or rows to what
 * swatch would never write. All that reads the file then does: the checks at the start, what swatchd takes
 * out and looks up, the reports, history, export, import and purge.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "fuzz.h"
#include "ledger/store/archive.h"
#include "ledger/store/census.h"
#include "ledger/store/database.h"
#include "ledger/store/facts_read.h"
#include "ledger/store/hours.h"
#include "ledger/store/import.h"
#include "ledger/store/imported.h"
#include "ledger/store/projects.h"
#include "ledger/store/purge.h"
#include "ledger/store/read.h"
#include "ledger/store/rolled.h"
#include "ledger/store/rollup.h"
#include "ledger/store/schema.h"
#include "ledger/store/store.h"
#include "ledger/store/tombs.h"
#include "ledger/store/write.h"

#define ROOT "/h/projects"
#define DAYS 3
#define MESSAGES 40
#define CHANGES_MAX 24

static struct store_roots roots;
static struct data_dirs dirs;
static struct buf good;

/* ---- a good file ---- */

static void add_message(struct store_batch *batch, unsigned number)
{
	static const char *const paths[] = { ROOT "/-p/s0.jsonl", ROOT "/-q/s1.jsonl",
					     ROOT "/-p/s0/subagents/agent-a.jsonl" };
	static const char *const sessions[] = { "s0", "s1", "s0" };
	struct ledger_kept kept = {
		.path = paths[number % 3],
		.root_len = sizeof(ROOT),
		.session_id = sessions[number % 3],
		.session_first_ms = FUZZ_NOW_MS - 1000,
		.session_last_ms = FUZZ_NOW_MS,
		.subagent = number % 3 == 2,
		.branch = number % 2 ? "main" : "",
		.gone = number % 3 == 1,
		.cost_usd = 0.01 * number,
		.reference_usd = 0.02 * number,
		.unpriced = number % 11 == 0,
		.hidden = number % 13 == 0,
		.record = { .time_ms = FUZZ_NOW_MS - (int64_t)number * DAYS * CLOCK_HOUR_MS * 12,
			    .has_id = true,
			    .id_hash = number,
			    .request_hash = number % 4,
			    .offset = number * 50,
			    .model = { number % 2 ? "opus" : "haiku", number % 2 ? 4 : 5 },
			    .tokens = { number, 2, 3, 4, 5 },
			    .large = { 1, 1, 1, 1, 1 },
			    .in_parts = number % 5 == 0,
			    .fast = number % 7 == 0 },
	};
	if (number % 6 == 0) {
		kept.record.payer = (struct slice){ "s1", 2 };
		kept.claims[kept.claim_count++] = (struct ledger_kept_claim){ "s0", "s1", true };
	}
	store_batch_add(batch, &kept);
}

static void add_facts(struct store_batch *batch)
{
	const struct ledger_kept kept = { .path = ROOT "/-p/s0.jsonl",
					  .root_len = sizeof(ROOT),
					  .session_id = "s0" };
	const struct store_progress progress = { .size_bytes = 9, .offset = 9, .mark = 1, .mark_len = 4 };
	const struct store_hit hit = { .offset = 5, .at_ms = FUZZ_NOW_MS, .name = "five_hour",
				       .resets_ms = FUZZ_NOW_MS + 1000 };
	const struct store_told told = { .session_id = "s0", .at_ms = FUZZ_NOW_MS, .window_tokens = 200000,
					 .cost_usd = 1.5, .first_seen_ms = FUZZ_NOW_MS };
	const struct store_alert alert = { .at_ms = FUZZ_NOW_MS, .rule = "daily", .value = 3, .limit = 2 };
	struct rate_limit limit;
	rate_limit_init(&limit, "fiveHour");
	limit.used_percent = 12;
	limit.resets_ms = FUZZ_NOW_MS + CLOCK_HOUR_MS;
	limit.observed_ms = limit.since_ms = FUZZ_NOW_MS;
	store_batch_add_transcript(batch, &kept, &progress);
	store_batch_add_hit(batch, &kept, &hit);
	store_batch_add_told(batch, &told);
	store_batch_add_alert(batch, &alert);
	store_batch_add_reading(batch, ROOT, &limit);
	store_batch_set_meta(batch, "k", "v");
}

static void fill(sqlite3 *db)
{
	const struct store_imported row = { STORE_SOURCE_CCUSAGE, "2026-01-02", "opus", 1, 2, 3, 4, 5 };
	const struct store_tomb tomb = { STORE_TOMB_SESSION, store_tombs_value("s9", 2), FUZZ_NOW_MS,
					 FUZZ_NOW_MS };
	struct store_import_counts counts = { 0 };
	struct store_batch *batch = store_batch_new(&roots);
	struct store_writer *writer = store_writer_new(db);
	for (unsigned i = 0; i < MESSAGES; i++)
		add_message(batch, i);
	add_facts(batch);
	FUZZ_CHECK(writer && store_writer_write(writer, batch) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	FUZZ_CHECK(store_imported_put(db, &row, &counts) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	FUZZ_CHECK(store_tombs_add(db, &tomb) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	store_writer_free(writer);
	store_batch_free(batch);
}

static void begin(void)
{
	static char root[] = ROOT;
	struct buf error = BUF_INIT;
	char bytes[65536];
	ssize_t got;
	sqlite3 *db;
	if (good.len > 0)
		return;
	fuzz_begin();
	dirs.count = 1;
	dirs.projects[0] = root;
	store_roots_find(&roots, &dirs);
	char *path = fuzz_path("good.db");
	FUZZ_CHECK(store_database_open(path, &db, &error) == STORE_OPENED, "%s", buf_str(&error));
	fill(db);
	FUZZ_CHECK(sqlite3_exec(db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL) == SQLITE_OK,
		   "no journal");
	store_database_close(db);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		buf_append(&good, bytes, (size_t)got);
	close(fd);
	free(path);
	buf_release(&error);
}

/* ---- what the input does to it ---- */

static void change_bytes(struct fuzz_input *in, struct buf *file)
{
	size_t at = fuzz_pick(in, 256) * 4096 + fuzz_pick(in, 16) * 256 + fuzz_pick(in, 256);
	struct fuzz_text bytes = fuzz_take_text(in);
	for (size_t i = 0; i < bytes.len && file->len > 0; i++)
		file->data[(at + i) % file->len] = bytes.data[i];
	fuzz_text_release(&bytes);
}

static int64_t take_absurd(struct fuzz_input *in)
{
	static const int64_t absurd[] = { 0, -1, 1, INT64_MIN, INT64_MAX, UINT32_MAX, (int64_t)UINT32_MAX + 1,
					  INT32_MIN, 1 << 12, 63, INT64_C(253402300800000), 65535,
					  FUZZ_NOW_MS, FUZZ_NOW_MS * STORE_SLOTS, 16, 2 };
	size_t which = fuzz_pick(in, ARRAY_COUNT(absurd) + 4);
	return which < ARRAY_COUNT(absurd) ? absurd[which] : (int64_t)fuzz_take_number(in);
}

static void change_row(struct fuzz_input *in, sqlite3 *db)
{
	static const char *const columns[] = {
		"message.id",
		"message.key",
		"message.request",
		"message.late",
		"message.transcript",
		"message.offset",
		"message.payer",
		"message.model",
		"message.branch",
		"message.flags",
		"message.input",
		"message.output",
		"message.cache_write_5m",
		"message.cache_read",
		"message.web_searches",
		"message.nano_usd",
		"message.reference",
		"message.large",
		"transcript.id",
		"transcript.path",
		"transcript.version",
		"transcript.root_bytes",
		"transcript.session",
		"transcript.profile",
		"transcript.subagent",
		"transcript.gone",
		"transcript.size",
		"transcript.offset",
		"transcript.mark",
		"transcript.mark_bytes",
		"transcript.faults",
		"session.id",
		"session.name",
		"session.first_ms",
		"session.last_ms",
		"model.id",
		"model.name",
		"model.messages",
		"model.unpriced",
		"model.last_ms",
		"branch.name",
		"host.name",
		"profile.host",
		"profile.root",
		"profile.label",
		"claim.key",
		"claim.from_session",
		"claim.to_session",
		"claim.told",
		"hour.payer",
		"hour.transcript",
		"hour.start",
		"hour.model",
		"hour.messages",
		"hour.input",
		"hour.nano_usd",
		"hour.first_ms",
		"hour.last_ms",
		"hour.first_offset",
		"day.day",
		"day.model",
		"day.messages",
		"day.nano_usd",
		"day.first_ms",
		"day.last_ms",
		"day.first_transcript",
		"day.first_offset",
		"reading.profile",
		"reading.resets_ms",
		"reading.name",
		"reading.point",
		"reading.percent",
		"reading.first_seen",
		"reading.used_usd",
		"hit.transcript",
		"hit.at",
		"hit.name",
		"hit.resets_ms",
		"told.session",
		"told.at",
		"told.window_tokens",
		"told.nano_usd",
		"told.process_ended",
		"alert.at",
		"alert.rule",
		"alert.subject",
		"alert.value",
		"meta.value",
		"tombstone.kind",
		"tombstone.value",
		"tombstone.before",
		"imported.source",
		"imported.day",
		"imported.model",
		"imported.input",
		"imported.nano_usd",
	};
	char sql[160];
	sqlite3_stmt *update = NULL;
	const char *column = columns[fuzz_pick(in, ARRAY_COUNT(columns))], *dot = strchr(column, '.');
	size_t nth = fuzz_pick(in, 8);
	struct fuzz_text text = { NULL, 0 };
	snprintf(sql, sizeof(sql), "UPDATE OR REPLACE %.*s SET %s = ?1 WHERE abs(random()) %% 8 >= %zu",
		 (int)(dot - column), column, dot + 1, nth == 0 ? (size_t)0 : (size_t)8);
	/* One row, or all of them: never left to chance. */
	if (nth > 0)
		snprintf(sql, sizeof(sql), "UPDATE OR REPLACE %.*s SET %s = ?1 WHERE %s ="
			 " (SELECT %s FROM %.*s LIMIT 1 OFFSET %zu)",
			 (int)(dot - column), column, dot + 1, dot + 1, dot + 1, (int)(dot - column), column,
			 nth - 1);
	if (sqlite3_prepare_v2(db, sql, -1, &update, NULL) == SQLITE_OK) {
		if (fuzz_pick(in, 3) == 0) {
			text = fuzz_take_text(in);
			(void)(strcmp(dot, ".large") == 0
				       ? sqlite3_bind_blob(update, 1, text.data, (int)text.len, SQLITE_STATIC)
				       : sqlite3_bind_text(update, 1, text.data, (int)text.len,
							   SQLITE_STATIC));
		} else {
			(void)sqlite3_bind_int64(update, 1, take_absurd(in));
		}
		(void)sqlite3_step(update);
	}
	(void)sqlite3_finalize(update);
	fuzz_text_release(&text);
}

/* Writes the file as the input wants it. */
static void make_file(struct fuzz_input *in, const char *path)
{
	struct buf file = BUF_INIT;
	sqlite3 *db = NULL;
	size_t rows = fuzz_pick(in, CHANGES_MAX);
	fuzz_write_file("ledger.db", good.data, good.len);
	if (rows > 0 && sqlite3_open(path, &db) == SQLITE_OK) {
		(void)sqlite3_exec(db, "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; BEGIN", NULL,
				   NULL, NULL);
		for (size_t i = 0; i < rows && in->left > 0; i++)
			change_row(in, db);
		(void)sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	}
	(void)sqlite3_close(db);
	if (in->left == 0)
		return;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char bytes[4096];
	ssize_t got;
	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		buf_append(&file, bytes, (size_t)got);
	close(fd);
	while (in->left > 0)
		change_bytes(in, &file);
	fuzz_write_file("ledger.db", file.data, file.len);
	buf_release(&file);
}

/* ---- what reads it ---- */

static bool take_hour(void *ctx, const struct store_hour *hour)
{
	size_t *count = ctx;
	FUZZ_CHECK(hour->messages > 0 && hour->nano_usd >= 0 && hour->unpriced >= 0 && hour->start_ms >= 0,
		   "an hour of %lld messages", (long long)hour->messages);
	return ++*count < 100000;
}

static bool take_rolled(void *ctx, const struct store_rolled *rolled)
{
	size_t *count = ctx;
	FUZZ_CHECK(rolled->sums.messages > 0 && rolled->sums.nano_usd >= 0 && rolled->sums.first_ms > 0
			   && rolled->sums.first_ms <= rolled->sums.last_ms,
		   "sums of %lld messages", (long long)rolled->sums.messages);
	return ++*count < 100000;
}

struct finding {
	sqlite3 *db;
	size_t count;
};

static bool split_all(void *ctx, const struct store_sums *hour)
{
	(void)ctx;
	(void)hour;
	return true;
}

static bool find_line(void *ctx, const struct store_rolled *rolled)
{
	struct finding *finding = ctx;
	(void)store_rolled_has_line(finding->db, rolled->transcript, rolled->sums.first_offset,
				    rolled->sums.first_ms);
	return ++finding->count < 1000;
}

static bool take_transcript(void *ctx, const struct store_rolled_transcript *transcript)
{
	(void)ctx;
	FUZZ_CHECK(transcript->root_len <= strlen(transcript->path), "%s", transcript->path);
	return true;
}

static bool take_imported(void *ctx, const struct store_imported *row)
{
	(void)ctx;
	FUZZ_CHECK(store_imported_is_day(row->day) && row->input >= 0 && row->nano_usd >= 0, "%s", row->day);
	return true;
}

static void take_hit(void *ctx, int64_t transcript, const struct store_hit *hit)
{
	(void)ctx;
	(void)transcript;
	FUZZ_CHECK(memchr(hit->name, '\0', sizeof(hit->name)), "a name without end");
}

static void take_limit(void *ctx, const struct rate_limit *limit)
{
	(void)ctx;
	FUZZ_CHECK(limit->used_percent >= 0., "%g", limit->used_percent);
}

static void take_told(void *ctx, const struct store_told *told)
{
	(void)ctx;
	FUZZ_CHECK(memchr(told->session_id, '\0', sizeof(told->session_id)), "an id without end");
}

static void read_facts(sqlite3 *db)
{
	struct store_facts_counts counts;
	(void)store_facts_read_hits(db, 0, take_hit, NULL);
	(void)store_facts_read_limits(db, ROOT, FUZZ_NOW_MS, take_limit, NULL);
	(void)store_facts_read_told(db, 0, take_told, NULL);
	(void)store_facts_count(db, &counts);
}

static void read_sums(sqlite3 *db)
{
	struct store_census census;
	struct finding finding = { db, 0 };
	size_t count = 0, others;
	const struct store_rolled_reader counts = { .take = take_rolled, .ctx = &count };
	const struct store_rolled_reader splits = { take_rolled, split_all, &count };
	const struct store_rolled_reader finds = { .take = find_line, .ctx = &finding };
	if (store_census_take(db, &census) == SQLITE_OK)
		FUZZ_CHECK(census.messages >= census.gone_messages && census.nano_usd >= 0
				   && census.gone_nano_usd >= 0,
			   "%lld messages", (long long)census.messages);
	(void)store_hours_read(db, 0, take_hour, &count);
	(void)store_rolled_read(db, STORE_BY_DAY, NULL, &counts);
	(void)store_rolled_read(db, STORE_BY_HOUR, NULL, &counts);
	(void)store_rolled_read(db, STORE_BY_HOUR, NULL, &splits);
	(void)store_rolled_read(db, STORE_BY_HOUR, NULL, &finds);
	(void)store_rolled_transcripts(db, &roots, take_transcript, NULL, &others);
	(void)store_imported_read(db, take_imported, NULL);
}

/* As swatchd does at its start, and while lines come. */
static void read_archive(sqlite3 *db)
{
	struct store_known_list known = { 0 };
	struct store_archive *archive = NULL;
	struct ledger *ledger = ledger_new();
	size_t count;
	FUZZ_CHECK(ledger, "no memory");
	if (store_known_read(db, &dirs, &known) == SQLITE_OK && store_tombs_guard(db, ledger) == SQLITE_OK
	    && store_archive_open_on(db, &roots, &known, &archive) == SQLITE_OK) {
		ledger_set_archive(ledger, &store_archive_calls, archive);
		(void)store_archive_load(archive, ledger, FUZZ_NOW_MS);
		struct ledger_archived_session session;
		struct ledger_archived_transcript transcript;
		for (uint64_t key = 0; key < MESSAGES; key += 5)
			(void)store_archive_calls.find(archive, ledger, key, &count);
		(void)store_archive_calls.sum_session(archive, ledger, "s0", &session);
		(void)store_archive_calls.sum_session(archive, ledger, "s1", &session);
		(void)store_archive_calls.find_transcript(archive, ROOT "/-p/s0.jsonl", sizeof(ROOT),
							  UINT_MAX, &transcript);
		(void)store_archive_calls.find_transcript(archive, ROOT "/-q/s1.jsonl", sizeof(ROOT), 0,
							  &transcript);
		struct ledger_sums sums;
		ledger_sum_span(ledger, 0, INT64_MAX, &sums);
		FUZZ_CHECK(sums.cost_usd >= 0., "%g", sums.cost_usd);
	}
	ledger_free(ledger);
	store_archive_close(archive);
	store_known_release(&known);
}

/* As before there was an archive: all messages of lost transcripts. */
static void read_lost(sqlite3 *db)
{
	struct store_known_list known = { 0 };
	struct ledger *ledger = ledger_new();
	size_t messages;
	if (store_known_read(db, &dirs, &known) == SQLITE_OK)
		(void)store_read_lost(db, &known, ledger, &messages);
	store_known_release(&known);
	ledger_free(ledger);
}

static const struct store_purge purges[] = {
	{ STORE_PURGE_PROJECT, "-p", 0 },
	{ STORE_PURGE_SESSION, "s1", 0 },
	{ STORE_PURGE_BEFORE, NULL, FUZZ_NOW_MS - 10 * CLOCK_DAY_MS },
};

static bool import_line(void *ctx, const struct store_line *line)
{
	return store_import_add(ctx, line) == SQLITE_OK;
}

static bool import_hit(void *ctx, const struct store_hit_line *hit)
{
	return store_import_add_hit(ctx, hit) == SQLITE_OK;
}

static bool import_reading(void *ctx, const struct store_reading_line *reading)
{
	FUZZ_CHECK(store_readings_is_valid(reading), "%s", reading->name);
	return store_import_add_reading(ctx, reading) == SQLITE_OK;
}

/* Another machine's file goes into a good one. */
static void import(sqlite3 *from)
{
	static const char empty[1];
	struct buf error = BUF_INIT;
	struct store_import_counts counts;
	sqlite3 *db;
	int64_t last_ms;
	fuzz_write_file("other.db", empty, 0);
	char *path = fuzz_path("other.db");
	FUZZ_CHECK(store_database_open(path, &db, &error) == STORE_OPENED, "%s", buf_str(&error));
	struct store_import *into = store_import_begin(db, "here", ROOT);
	FUZZ_CHECK(into, "%s", sqlite3_errmsg(db));
	(void)store_lines_read(from, 0, import_line, into, &last_ms);
	(void)store_lines_read_hits(from, 0, import_hit, into);
	(void)store_readings_read(from, 0, import_reading, into);
	(void)store_import_end(into, false, &counts);
	store_database_close(db);
	free(path);
	buf_release(&error);
}

static void read_it(const char *path)
{
	struct buf error = BUF_INIT;
	sqlite3 *db;
	if (store_database_open_read_only(path, &db, &error) == STORE_OPENED) {
		struct store_purged gone;
		(void)store_database_is_sound(db);
		for (size_t i = 0; i < ARRAY_COUNT(purges); i++)
			(void)store_purge_look(db, &purges[i], &gone);
		read_sums(db);
		read_facts(db);
		read_archive(db);
		read_lost(db);
		import(db);
		store_database_close(db);
	} else {
		FUZZ_CHECK(error.len > 0, "no reason");
	}
	buf_release(&error);
}

/* Names go and come back: what is read of the file stays what it can be. */
static void change_names(sqlite3 *db)
{
	static const enum ledger_projects modes[] = { LEDGER_PROJECTS_HASH, LEDGER_PROJECTS_OFF,
						      LEDGER_PROJECTS_PATH };
	for (size_t i = 0; i < ARRAY_COUNT(modes); i++) {
		bool changed;
		if (store_projects_apply(db, modes[i], &changed) != SQLITE_OK)
			continue;
		enum ledger_projects mode;
		FUZZ_CHECK(store_projects_look(db, &mode) != SQLITE_OK || mode == modes[i], "mode %d",
			   (int)mode);
		read_sums(db);
		read_archive(db);
	}
}

static void write_it(const char *path)
{
	struct buf error = BUF_INIT;
	sqlite3 *db;
	if (store_database_open(path, &db, &error) == STORE_OPENED) {
		struct store_writer *writer = store_writer_new(db);
		struct store_batch *batch = store_batch_new(&roots);
		struct store_purged gone;
		for (unsigned i = 0; i < MESSAGES + 5; i += 3)
			add_message(batch, i);
		add_facts(batch);
		if (writer)
			(void)store_writer_write(writer, batch);
		store_writer_free(writer);
		store_batch_free(batch);
		change_names(db);
		for (size_t i = 0; i < ARRAY_COUNT(purges); i++)
			(void)store_purge_do(db, &purges[i], FUZZ_NOW_MS, &gone);
		store_database_close(db);
	}
	buf_release(&error);
}

/* Whatever it is, swatchd gets a file that works. */
static void repair_it(const char *path)
{
	struct buf notice = BUF_INIT, error = BUF_INIT;
	struct store *store = store_open(path, &notice, &error);
	FUZZ_CHECK(store || error.len > 0, "no reason");
	store_close(store);
	buf_release(&notice);
	buf_release(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const left[] = { "ledger.db-wal",	 "ledger.db-shm", "ledger.db-journal",
					    "ledger.db.damaged", "other.db-wal",  "other.db-shm" };
	struct fuzz_input in = { data, size };
	begin();
	char *path = fuzz_path("ledger.db");
	for (size_t i = 0; i < ARRAY_COUNT(left); i++) {
		char *name = fuzz_path(left[i]);
		(void)unlink(name);
		free(name);
	}
	make_file(&in, path);
	(void)chmod(path, 0600);
	read_it(path);
	write_it(path);
	repair_it(path);
	free(path);
	return 0;
}
