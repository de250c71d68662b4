/* ledger/store: whichever call on its files fails, and whenever the power goes, no commit is lost, or there
 * by half. */
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "unit.h"
#include "fault_vfs.h"
#include "scratch.h"
#include "ledger/store/database.h"
#include "ledger/store/purge.h"
#include "ledger/store/rollup.h"
#include "ledger/store/schema.h"
#include "ledger/store/schema_old.h"
#include "ledger/store/steps.h"
#include "ledger/store/store.h"
#include "ledger/store/write.h"

/* 2026-03-01T00:00:00Z */
#define START_MS INT64_C(1772323200000)
#define ROOT "/h/projects/"
#define TRIES 4

static struct store_roots roots;
static char path[600];

/* ---- a network file system ---- */

static bool is_on_network;

int __real_statfs(const char *name, struct statfs *out);
int __wrap_statfs(const char *name, struct statfs *out);

int __wrap_statfs(const char *name, struct statfs *out)
{
	int result = __real_statfs(name, out);
	if (is_on_network)
		out->f_type = NFS_SUPER_MAGIC;
	return result;
}

/* ---- the script: six batches, and a purge by another program ---- */

enum { NEW, CHANGED, LOST_AND_FACTS, MANY, PURGE, REWRITTEN, MORE, STEPS };

static struct ledger_kept transcript(unsigned number, unsigned version)
{
	static char names[4][40];
	static const char *const sessions[] = { "s0", "s1", "s2", "s3" };
	snprintf(names[number], sizeof(names[number]), ROOT "-p%u/s%u.jsonl", number % 2, number);
	return (struct ledger_kept){
		.path = names[number], .root_len = strlen(ROOT), .session_id = sessions[number],
		.session_first_ms = START_MS, .session_last_ms = START_MS + 1000,
		.subagent = number == 3, .version = version, .branch = number == 1 ? "main" : "",
	};
}

static void add(struct store_batch *batch, unsigned file, unsigned version, unsigned id, int64_t output)
{
	struct ledger_kept kept = transcript(file, version);
	kept.record = (struct ledger_record){
		.time_ms = START_MS + (int64_t)id * 1700000, .has_id = true,
		.id_hash = (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15) + 1, .request_hash = id % 3,
		.offset = (int64_t)id * 100, .model = { id % 2 ? "opus" : "haiku", id % 2 ? 4 : 5 },
		.tokens = { .input = 3, .output = output, .cache_read = id }, .fast = id % 5 == 0,
	};
	if (id % 7 == 0)
		kept.record.payer = (struct slice){ "s1", 2 };
	kept.cost_usd = 1e-5 * (double)output;
	kept.reference_usd = kept.cost_usd;
	store_batch_add(batch, &kept);
}

static void read_to(struct store_batch *batch, unsigned file, unsigned version, int64_t offset)
{
	const struct ledger_kept kept = transcript(file, version);
	const struct store_progress progress = { .dev = 1,
						 .ino = file + 10 * version,
						 .size_bytes = offset,
						 .modified_ns = 5,
						 .offset = offset,
						 .mark = 7,
						 .mark_len = 8 };
	store_batch_add_transcript(batch, &kept, &progress);
}

static void lose(struct store_batch *batch, unsigned file, unsigned version)
{
	struct ledger_kept kept = transcript(file, version);
	kept.gone = true;
	store_batch_add_transcript(batch, &kept, NULL);
}

static void add_facts(struct store_batch *batch)
{
	const struct ledger_kept kept = transcript(0, 0);
	const struct store_hit hit = {
		.offset = 5, .at_ms = START_MS, .name = "five_hour", .resets_ms = START_MS
	};
	const struct store_told told = { .session_id = "s0", .at_ms = START_MS, .window_tokens = 200000,
					 .cost_usd = 1.5, .first_seen_ms = START_MS };
	const struct store_alert alert = { .at_ms = START_MS, .rule = "daily", .value = 3, .limit = 2 };
	struct rate_limit limit = { .used_percent = 12.5, .resets_ms = START_MS, .observed_ms = START_MS,
				    .since_ms = START_MS, .used_usd = 1, .limit_usd = 2 };
	snprintf(limit.name, sizeof(limit.name), "fiveHour");
	snprintf(limit.session_id, sizeof(limit.session_id), "s0");
	store_batch_add_hit(batch, &kept, &hit);
	store_batch_add_told(batch, &told);
	store_batch_add_alert(batch, &alert);
	store_batch_add_reading(batch, "/h/projects", &limit);
	store_batch_set_meta(batch, "k", "v");
}

static struct store_batch *batch_of(unsigned step)
{
	struct store_batch *batch = store_batch_new(&roots);
	switch (step) {
	case NEW:
		for (unsigned id = 0; id < 30; id++)
			add(batch, id % 3, 0, id, 10);
		for (unsigned file = 0; file < 3; file++)
			read_to(batch, file, 0, 3000);
		break;
	case CHANGED:
		for (unsigned id = 0; id < 30; id += 4)
			add(batch, id % 3, 0, id, 20 + id);
		read_to(batch, 0, 0, 4000);
		break;
	case LOST_AND_FACTS:
		lose(batch, 1, 0);
		add_facts(batch);
		break;
	case MANY:
		for (unsigned id = 100; id < 320; id++)
			add(batch, id % 4, id % 4 == 1, id, id);
		read_to(batch, 3, 0, 90000);
		read_to(batch, 1, 1, 90000);
		break;
	case REWRITTEN:
		lose(batch, 0, 0);
		for (unsigned id = 40; id < 50; id++)
			add(batch, 0, 1, id, 10);
		/* One of the purged session, which must not come back. */
		add(batch, 2, 0, 2, 500);
		read_to(batch, 0, 1, 5000);
		break;
	default:
		for (unsigned id = 45; id < 60; id++)
			add(batch, 3, 0, id, 30);
		read_to(batch, 3, 0, 95000);
		store_batch_set_meta(batch, "k", "w");
		break;
	}
	assert_false(batch->failed);
	return batch;
}

/* ---- going through it ---- */

struct run {
	struct store *store;
	unsigned tries;              /* of each step */
};

static void wake(void *ctx)
{
	(void)ctx;
}

static void close_run(struct run *run)
{
	store_close(run->store);
	run->store = NULL;
}

/* A call that fails is no damage: the file is never moved aside for it. */
static void assert_nothing_moved(const struct run *run)
{
	struct store_status status = { 0 };
	struct stat st;
	char damaged[640];
	snprintf(damaged, sizeof(damaged), "%s.damaged", path);
	if (run->store)
		store_get_status(run->store, &status);
	assert_int_equal(status.replaced, 0);
	assert_int_not_equal(lstat(damaged, &st), 0);
}

static bool open_run(struct run *run)
{
	struct buf notice = BUF_INIT, error = BUF_INIT;
	for (unsigned i = 0; i < run->tries && !run->store; i++)
		run->store = store_open(path, &notice, &error);
	if (run->store)
		assert_int_equal(store_start(run->store, wake, NULL), 0);
	else
		assert_true(error.len > 0);
	assert_string_equal(buf_str(&notice), "");
	buf_release(&notice);
	buf_release(&error);
	return run->store != NULL;
}

static bool purge(unsigned tries)
{
	const struct store_purge what = { .by = STORE_PURGE_SESSION, .name = "s2" };
	bool done = false;
	for (unsigned i = 0; i < tries && !done; i++) {
		struct store_purged gone;
		struct buf error = BUF_INIT;
		sqlite3 *db;
		if (store_database_open(path, &db, &error) == STORE_OPENED) {
			done = store_purge_do(db, &what, START_MS, &gone) == SQLITE_OK;
			if (done)
				(void)store_purge_wipe(db);
			store_database_close(db);
		}
		buf_release(&error);
	}
	return done;
}

static bool do_step(struct run *run, unsigned step)
{
	struct store_status status;
	if (step == PURGE) {
		close_run(run);
		return purge(run->tries);
	}
	if (!run->store && !open_run(run))
		return false;
	store_give(run->store, batch_of(step));
	store_wait(run->store);
	store_get_status(run->store, &status);
	for (unsigned i = 1; status.is_failing && i < run->tries; i++) {
		assert_string_not_equal(status.why, "");
		store_retry(run->store);
		store_wait(run->store);
		store_get_status(run->store, &status);
	}
	return !status.is_failing;
}

/* Does the steps from one on, until one fails. Returns how many are done then. */
static unsigned go_on(unsigned from, unsigned tries)
{
	struct run run = { .tries = tries };
	unsigned step = from;
	while (step < STEPS && do_step(&run, step))
		step++;
	assert_nothing_moved(&run);
	close_run(&run);
	return step;
}

/* ---- what is in the file ---- */

static uint64_t digest(sqlite3 *db)
{
	static const char *const tables[] = {
		"meta", "host", "profile", "session", "branch", "model", "transcript", "message", "claim",
		"hour", "day", "reading", "hit", "told", "alert", "price", "tombstone", "imported",
	};
	struct buf text = BUF_INIT;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		char sql[64];
		sqlite3_stmt *rows;
		int result;
		snprintf(sql, sizeof(sql), "SELECT * FROM %s ORDER BY 1, 2", tables[i]);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
		while ((result = sqlite3_step(rows)) == SQLITE_ROW)
			for (int column = 0; column < sqlite3_column_count(rows); column++) {
				const unsigned char *value = sqlite3_column_text(rows, column);
				buf_append_str(&text, value ? (const char *)value : "null");
				buf_append_char(&text, '|');
			}
		assert_int_equal(result, SQLITE_DONE);
		sqlite3_finalize(rows);
	}
	uint64_t hash = strmap_hash(text.data, text.len);
	buf_release(&text);
	return hash;
}

static uint64_t look(void)
{
	struct buf error = BUF_INIT;
	sqlite3 *db;
	sqlite3_stmt *check;
	if (store_database_open(path, &db, &error) != STORE_OPENED)
		fail_msg("%s", buf_str(&error));
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &check, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(check), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(check, 0), "ok");
	sqlite3_finalize(check);
	uint64_t hash = digest(db);
	store_database_close(db);
	buf_release(&error);
	return hash;
}

/* What the file is after so many steps, when nothing fails. */
static uint64_t good[STEPS + 1];

static unsigned steps_in_file(void)
{
	uint64_t hash = look();
	for (unsigned i = 0; i <= STEPS; i++)
		if (good[i] == hash)
			return i;
	fail_msg("the file has a part of some batch");
	return 0;
}

static void remove_files(void)
{
	static const char *const endings[] = { "",   "-wal",  "-shm",	  "-journal",  ".1",	   ".2",
					       ".3", ".part", ".damaged", ".before-2", ".before-3" };
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		char name[640];
		snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		(void)unlink(name);
	}
}

/* The sums are those of the messages: made anew they stay the same. */
static void assert_sums_are_right(void)
{
	struct buf error = BUF_INIT;
	sqlite3 *db;
	assert_int_equal(store_database_open(path, &db, &error), STORE_OPENED);
	uint64_t before = digest(db);
	assert_int_equal(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_rollup_rebuild(db), SQLITE_OK);
	assert_true(digest(db) == before);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	store_database_close(db);
	buf_release(&error);
}

static int set_up(void **state)
{
	scratch_set_up(state);
	fault_vfs_install();
	fault_vfs_calm();
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "ledger.db"));
	good[0] = look();
	for (unsigned i = 0; i < STEPS; i++) {
		struct run run = { .tries = 1 };
		assert_true(do_step(&run, i));
		close_run(&run);
		good[i + 1] = look();
		assert_true(good[i + 1] != good[i]);
		assert_sums_are_right();
	}
	remove_files();
	return 0;
}

static int set_up_on_network(void **state)
{
	is_on_network = true;
	return set_up(state);
}

static int tear_down(void **state)
{
	is_on_network = false;
	fault_vfs_calm();
	return scratch_tear_down(state);
}

/* ---- calls that fail ---- */

struct fault {
	enum fault_call call;
	enum fault_way way;
	const char *name;
};

static const struct fault faults[] = {
	{ FAULT_OPEN, FAULT_ERROR, "open" },	    { FAULT_READ, FAULT_ERROR, "read" },
	{ FAULT_WRITE, FAULT_ERROR, "write" },	    { FAULT_WRITE, FAULT_FULL, "write, full" },
	{ FAULT_WRITE, FAULT_HALF, "write, half" }, { FAULT_SYNC, FAULT_ERROR, "sync" },
	{ FAULT_TRUNCATE, FAULT_ERROR, "truncate" }, { FAULT_DELETE, FAULT_ERROR, "delete" },
	{ FAULT_LOCK, FAULT_ERROR, "lock" },	    { FAULT_SHM_MAP, FAULT_ERROR, "shm map" },
	{ FAULT_SHM_LOCK, FAULT_ERROR, "shm lock" }, { FAULT_FILE_SIZE, FAULT_ERROR, "file size" },
};

static void fail_at(const struct fault *fault, unsigned number, bool for_good)
{
	remove_files();
	fault_vfs_arm(fault->call, fault->way, number, for_good);
	unsigned done = go_on(0, TRIES);
	bool has_failed = fault_vfs_has_failed();
	fault_vfs_calm();
	unsigned there = steps_in_file();
	/* Of a step that failed nobody knows whether it is in the file. */
	if (there < done || there > done + 1 || (!for_good && done < STEPS) || go_on(done, 1) != STEPS
	    || look() != good[STEPS])
		fail_msg("%s %u %s: %u steps were done, %u are in the file", fault->name, number,
			 for_good ? "and all later ones" : "once", done, there);
	assert_true(has_failed || done == STEPS);
}

static void no_call_that_fails_loses_a_batch(void **state)
{
	(void)state;
	unsigned counts[FAULT_CALLS];
	fault_vfs_calm();
	assert_int_equal(go_on(0, 1), STEPS);
	for (unsigned i = 0; i < FAULT_CALLS; i++)
		counts[i] = fault_vfs_count(i);
	unsigned runs = 0;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		unsigned count = counts[faults[i].call], at_most = (unsigned)unit_rounds(2, 100000);
		unsigned stride = count > at_most ? count / at_most : 1;
		for (unsigned number = 1; number <= count; number += stride) {
			fail_at(&faults[i], number, false);
			fail_at(&faults[i], number, true);
			runs += 2;
		}
		print_message("%s: %u calls\n", faults[i].name, count);
	}
	print_message("%u faults\n", runs);
}

/* ---- damage, and a step of the schema ---- */

/* How many calls of a kind store_open() makes; then it is tried with each of them failing. */
static void open_with_faults(void (*prepare)(void), uint64_t expected)
{
	struct buf notice = BUF_INIT, error = BUF_INIT;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		unsigned count = 1;
		for (unsigned number = 0; number <= count;
		     number += (unsigned)unit_rounds(1 + (int)number, 1)) {
			prepare();
			fault_vfs_arm(faults[i].call, faults[i].way, number, true);
			struct store *store = store_open(path, &notice, &error);
			if (number == 0)
				count = fault_vfs_count(faults[i].call);
			store_close(store);
			fault_vfs_calm();
			store = store_open(path, &notice, &error);
			if (!store)
				fail_msg("%s %u: %s", faults[i].name, number, buf_str(&error));
			store_close(store);
			if (look() != expected)
				fail_msg("%s %u: the file is another one", faults[i].name, number);
		}
	}
	buf_release(&notice);
	buf_release(&error);
}

static void copy_file(const char *from, const char *to)
{
	char bytes[65536];
	ssize_t got;
	int in = open(from, O_RDONLY | O_CLOEXEC),
	    out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(in >= 0 && out >= 0);
	while ((got = read(in, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(out, bytes, (size_t)got), got);
	close(in);
	close(out);
}

static void make_damaged(void)
{
	char backup[640], kept[640];
	snprintf(backup, sizeof(backup), "%s.1", path);
	snprintf(kept, sizeof(kept), "%s.kept", path);
	remove_files();
	copy_file(kept, backup);
	scratch_write_text(&test_dir, "ledger.db", "no database at all, which shows at once");
}

/* The backup takes the place of a damaged file, now or later, but nothing empty does. */
static void a_backup_is_never_passed_over(void **state)
{
	(void)state;
	char backup[640], kept[640];
	struct run run = { .tries = 1 };
	snprintf(backup, sizeof(backup), "%s.1", path);
	snprintf(kept, sizeof(kept), "%s.kept", path);
	assert_true(do_step(&run, 0));
	close_run(&run);
	copy_file(backup, kept);
	open_with_faults(make_damaged, good[1]);
}

static void make_version_1(void)
{
	sqlite3 *db;
	struct buf sql = BUF_INIT;
	remove_files();
	buf_printf(
		&sql,
		"PRAGMA journal_mode=WAL; BEGIN; PRAGMA application_id=%d; PRAGMA user_version=1; %s"
		"INSERT INTO session VALUES (1, 's'); INSERT INTO model VALUES (1, 'opus');"
		"INSERT INTO transcript VALUES (1, '/h/projects/-p/s.jsonl', 0, 12, 1, 0, 0, 3, 4, 5, 6, 7, 8, 9);",
		STORE_APPLICATION_ID, store_schema_1);
	for (int i = 0; i < 20; i++) {
		int64_t id = (START_MS + i * 600000) * 4096;
		buf_printf(
			&sql,
			"INSERT INTO message VALUES (%lld, %d, 0, 0, 1, %d, 0, 1, 0, 1, 2, 3, 4, 5, 0, %d, NULL);",
			(long long)id, i, i, 100 + i);
	}
	buf_append_str(&sql, "COMMIT");
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(sqlite3_exec(db, buf_str(&sql), NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	buf_release(&sql);
}

static void a_step_is_taken_whole_or_later(void **state)
{
	(void)state;
	make_version_1();
	uint64_t expected = look();
	open_with_faults(make_version_1, expected);
}

/* ---- power that goes ---- */

/* Each commit with a rollback journal is on the disk; one in a write-ahead log may be lost, and is read
 * again. */
static void lose_power(unsigned moment, uint64_t *random)
{
	remove_files();
	fault_vfs_hold(moment);
	unsigned done = go_on(0, 1);
	assert_true(fault_vfs_is_dark());
	fault_vfs_lose_power(random);
	unsigned there = steps_in_file();
	if (there > done + 1 || (is_on_network && there < done) || go_on(there, 1) != STEPS
	    || look() != good[STEPS])
		fail_msg("power gone at change %u: %u steps were done, %u are in the file", moment, done,
			 there);
}

static void power_goes_at_any_moment(uint64_t random)
{
	fault_vfs_hold(0);
	assert_int_equal(go_on(0, 1), STEPS);
	unsigned changes = fault_vfs_changes();
	assert_true(changes > 100);
	for (int i = 0, rounds = unit_rounds(30, 2500); i < rounds; i++)
		lose_power((unsigned)(unit_random(&random) % changes) + 1, &random);
}

static void power_goes_with_a_log(void **state)
{
	(void)state;
	power_goes_at_any_moment(20261130);
}

static void power_goes_with_a_journal(void **state)
{
	(void)state;
	power_goes_at_any_moment(20261201);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define ON_NETWORK(test) cmocka_unit_test_setup_teardown(test, set_up_on_network, tear_down)
		CASE(a_backup_is_never_passed_over),
		CASE(a_step_is_taken_whole_or_later),
		CASE(no_call_that_fails_loses_a_batch),
		CASE(power_goes_with_a_log),
		ON_NETWORK(no_call_that_fails_loses_a_batch),
		ON_NETWORK(power_goes_with_a_journal),
	};
	return cmocka_run_group_tests_name("store_faults", tests, NULL, NULL);
}
