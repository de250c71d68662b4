/* store/archive: a ledger that holds only the last days says of every session what one that holds all says.
 */
#include <math.h>

#include "unit.h"
#include "scratch.h"
#include "ledger/store/archive.h"
#include "ledger/store/database.h"
#include "ledger/store/write.h"

/* 2026-03-01T00:00:00Z */
#define START_MS INT64_C(1772323200000)
#define HALF_DAY_MS INT64_C(43200000)
/* Messages of so many ids, half a day apart: most are older than what is held. */
#define IDS 97
#define NOW_MS (START_MS + IDS * HALF_DAY_MS)
#define LINE_BYTES 100
#define LINES_MAX 200

static const char *const names[] = { "s0.jsonl", "s1.jsonl", "s2.jsonl", "s0/subagents/agent-a.jsonl",
				     "s0/subagents/agent-b.jsonl", "s1/subagents/agent-a.jsonl" };
static const char *const sessions[] = { "s0", "s1", "s2", "s0", "s0", "s1" };
#define FILES 6
#define SESSIONS 3

struct line {
	unsigned id;
	int64_t output;
	bool fork;                   /* it says that the next session paid */
};

struct transcript_file {
	struct line lines[LINES_MAX];
	size_t count;
	/* As the ledger's file has it. */
	bool is_saved, is_lost;
	unsigned version;
	size_t saved_count;
};

struct world {
	struct transcript_file files[FILES];
	struct ledger *ledger, *all;
	int numbers[FILES], all_numbers[FILES];
	sqlite3 *db;
	struct store_writer *writer;
	struct store_archive *archive;
	struct store_known_list known;
	struct store_roots roots;
	uint64_t random;
	size_t least_held;
};

static const char *path_of(size_t file)
{
	static char name[600];
	snprintf(name, sizeof(name), "%s/%s", scratch_name(&test_dir, "projects/-p"), names[file]);
	return name;
}

static size_t root_len(void)
{
	return strlen(scratch_name(&test_dir, "projects/"));
}

/* ---- a daemon that saves ---- */

static int name_in(struct ledger *ledger, size_t file)
{
	return ledger_add_file(ledger, path_of(file), root_len(), sessions[file], file >= 3);
}

static void add_line(struct ledger *ledger, int file, size_t number, const struct line *line, size_t at)
{
	char id[16];
	const char *payer = sessions[(number + 1) % SESSIONS];
	static const char *const models[] = { "claude-opus-4-6", "claude-haiku-4-5", "nobody-knows-1" };
	const char *model = models[line->id % 3];
	snprintf(id, sizeof(id), "m%u", line->id);
	struct scan_usage usage = {
		.present = true,
		.timestamp_ms = START_MS + line->id * HALF_DAY_MS,
		.message_id = { id, line->id % 11 == 0 ? 0 : strlen(id) },
		.request_id = { "r", 1 },
		.model = { model, strlen(model) },
		.tokens = { .input = 3, .output = line->output, .cache_creation_1h = 7, .cache_read = 11 },
		.sidechain = line->id % 5 == 0,
		.payer_is_told = line->fork && line->id % 2 == 0,
	};
	if (line->id % 11 == 0)
		usage.message_id = usage.request_id = (struct slice){ NULL, 0 };
	if (line->fork)
		usage.payer = (struct slice){ payer, strlen(payer) };
	assert_true(ledger_add(ledger, file, (int64_t)at * LINE_BYTES, &usage) >= 0);
}

static void list_known(struct world *w)
{
	w->known = (struct store_known_list){ 0 };
	w->known.all = calloc(FILES, sizeof(*w->known.all));
	for (size_t i = 0; i < FILES; i++) {
		const struct transcript_file *t = &w->files[i];
		if (!t->is_saved)
			continue;
		w->known.all[w->known.count] = (struct store_known){
			.path = strdup(path_of(i)), .session_id = strdup(sessions[i]),
			.root_len = root_len(), .version = t->version,
			.state = t->is_lost ? STORE_LOST : STORE_AS_BEFORE,
			.progress = { .offset = (int64_t)t->saved_count * LINE_BYTES },
		};
		w->known.count++;
		strmap_put(&w->known.by_path, path_of(i), (void *)w->known.count);
	}
}

static void load(struct world *w)
{
	assert_int_equal(store_archive_load(w->archive, w->ledger, NOW_MS), SQLITE_OK);
}

static void start_daemon(struct world *w)
{
	struct buf error = BUF_INIT;
	list_known(w);
	w->archive = store_archive_open(scratch_name(&test_dir, "ledger.db"), &w->roots, &w->known, &error);
	if (!w->archive)
		fail_msg("%s", buf_str(&error));
	w->ledger = ledger_new();
	ledger_set_archive(w->ledger, &store_archive_calls, w->archive);
	ledger_want_unsaved(w->ledger);
	load(w);
	if (w->least_held > ledger_held_count(w->ledger))
		w->least_held = ledger_held_count(w->ledger);
	for (size_t i = 0; i < FILES; i++) {
		const struct transcript_file *t = &w->files[i];
		if (t->count == 0)
			continue;
		w->numbers[i] = name_in(w->ledger, i);
		/* One that begins as before is read only where it grew. */
		for (size_t at = t->is_saved && !t->is_lost ? t->saved_count : 0; at < t->count; at++)
			add_line(w->ledger, w->numbers[i], i, &t->lines[at], at);
	}
	buf_release(&error);
}

static void stop_daemon(struct world *w)
{
	ledger_free(w->ledger);
	store_archive_close(w->archive);
	store_known_release(&w->known);
}

static void save(struct world *w)
{
	struct ledger_kept kept;
	struct store_batch *batch = store_batch_new(&w->roots);
	while (ledger_next_unsaved(w->ledger, &kept))
		store_batch_add(batch, &kept);
	for (size_t i = 0; i < FILES; i++) {
		struct transcript_file *t = &w->files[i];
		struct ledger_kept facts = { 0 };
		if (t->count == 0)
			continue;
		ledger_file_facts(w->ledger, w->numbers[i], &facts);
		store_batch_add_transcript(batch, &facts, NULL);
		t->is_saved = true;
		t->is_lost = false;
		t->version = facts.version;
		t->saved_count = t->count;
	}
	assert_false(batch->failed);
	assert_int_equal(store_writer_write(w->writer, batch), SQLITE_OK);
	store_batch_free(batch);
}

/* ---- what happens ---- */

static void append(struct world *w, size_t file)
{
	struct transcript_file *t = &w->files[file];
	uint64_t number = unit_random(&w->random);
	if (t->count == LINES_MAX)
		return;
	struct line *line = &t->lines[t->count++];
	line->id = (unsigned)(number % IDS);
	line->output = (int64_t)(number >> 8) % 50;
	line->fork = file < 3 && (number >> 20) % 7 == 0;
	w->numbers[file] = name_in(w->ledger, file);
	add_line(w->ledger, w->numbers[file], file, line, t->count - 1);
	w->all_numbers[file] = name_in(w->all, file);
	add_line(w->all, w->all_numbers[file], file, line, t->count - 1);
}

/* Its lines are saved, and it goes or is written anew. */
static void lose(struct world *w, size_t file)
{
	struct transcript_file *t = &w->files[file];
	if (t->count == 0)
		return;
	save(w);
	ledger_lose_file(w->ledger, w->numbers[file]);
	ledger_lose_file(w->all, w->all_numbers[file]);
	t->count = 0;
	t->is_lost = true;
}

static void compare_session(struct world *w, const char *id)
{
	struct ledger_session ours, all;
	ledger_session(w->ledger, id, NOW_MS, &ours);
	ledger_session(w->all, id, NOW_MS, &all);
	assert_int_equal(ours.sums.entries, all.sums.entries);
	assert_int_equal(price_tokens_total(&ours.sums.tokens), price_tokens_total(&all.sums.tokens));
	assert_int_equal(ours.sums.unpriced, all.sums.unpriced);
	assert_true(fabs(ours.sums.cost_usd - all.sums.cost_usd) < 1e-7);
	assert_true(fabs(ours.subagents_usd - all.subagents_usd) < 1e-7);
	assert_int_equal(ours.subagents, all.subagents);
	assert_int_equal(ours.model_count, all.model_count);
	assert_int_equal(ours.first_ms, all.first_ms);
	assert_int_equal(ours.last_ms, all.last_ms);
}

static void compare(struct world *w)
{
	struct ledger_sums ours, all;
	for (size_t i = 0; i < SESSIONS; i++)
		compare_session(w, sessions[i]);
	ledger_sum_span(w->ledger, NOW_MS - 7 * 2 * HALF_DAY_MS, NOW_MS, &ours);
	ledger_sum_span(w->all, NOW_MS - 7 * 2 * HALF_DAY_MS, NOW_MS, &all);
	assert_int_equal(ours.entries, all.entries);
	assert_true(fabs(ours.cost_usd - all.cost_usd) < 1e-7);
}

static void restart(struct world *w)
{
	stop_daemon(w);
	start_daemon(w);
	compare(w);
}

static void let_go(struct world *w)
{
	save(w);
	ledger_let_go(w->ledger);
	load(w);
	compare(w);
}

static void begin(struct world *w)
{
	struct buf error = BUF_INIT;
	assert_int_equal(store_database_open(scratch_name(&test_dir, "ledger.db"), &w->db, &error),
			 STORE_OPENED);
	w->writer = store_writer_new(w->db);
	w->all = ledger_new();
	start_daemon(w);
	buf_release(&error);
}

static void end(struct world *w)
{
	stop_daemon(w);
	ledger_free(w->all);
	store_writer_free(w->writer);
	store_database_close(w->db);
	store_roots_release(&w->roots);
}

static void what_is_held_and_what_is_not_add_up(void **state)
{
	(void)state;
	struct world w = { .random = 20260301, .least_held = SIZE_MAX };
	begin(&w);
	for (unsigned step = 0, steps = (unsigned)unit_rounds(1000, 3000); step < steps; step++) {
		uint64_t number = unit_random(&w.random);
		size_t file = (size_t)(number >> 32) % FILES;
		switch (number % 32) {
		case 0:
			lose(&w, file);
			break;
		case 1:
			save(&w);
			break;
		case 2:
			restart(&w);
			break;
		case 3:
			let_go(&w);
			break;
		default:
			append(&w, file);
			break;
		}
		compare(&w);
	}
	end(&w);
	/* The last days are a small part of all. */
	assert_in_range(w.least_held, 0, 40);
}

/* While a command has the file: a copy of an old message may not count twice. */
static void what_nobody_can_tell_is_not_taken(void **state)
{
	(void)state;
	struct world w = { .random = 20260302, .least_held = SIZE_MAX };
	begin(&w);
	for (unsigned i = 0; i < 100; i++)
		append(&w, 0);
	let_go(&w);
	assert_true(ledger_held_count(w.ledger) < 50);
	const struct scan_usage old = {
		.present = true,
		.timestamp_ms = START_MS,
		.message_id = { "old", 3 },
		.model = { "claude-opus-4-6", 15 },
		.tokens = { .input = 3, .output = 9 },
	};
	ledger_close_archive(w.ledger);
	assert_false(ledger_is_whole(w.ledger));
	assert_int_equal(ledger_add(w.ledger, w.numbers[0], 0, &old), -1);
	struct ledger_session ours, all;
	ledger_session(w.ledger, sessions[0], NOW_MS, &ours);
	ledger_session(w.all, sessions[0], NOW_MS, &all);
	assert_int_equal(ours.sums.entries, all.sums.entries);
	ledger_set_archive(w.ledger, &store_archive_calls, w.archive);
	assert_int_equal(ledger_add(w.ledger, w.numbers[0], 0, &old), 1);
	assert_int_equal(ledger_add(w.all, w.all_numbers[0], 0, &old), 1);
	compare(&w);
	end(&w);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_held_and_what_is_not_add_up),
		CASE(what_nobody_can_tell_is_not_taken),
	};
	return cmocka_run_group_tests_name("ledger/archive", tests, NULL, NULL);
}
