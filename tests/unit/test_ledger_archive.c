/* store/archive: a ledger that holds only the last days says of every session what one that holds all says.
 */
#include <math.h>
#include <sys/stat.h>

#include "unit.h"
#include "scratch.h"
#include "base/array.h"
#include "ledger/store/archive.h"
#include "ledger/store/census.h"
#include "ledger/store/database.h"
#include "ledger/store/hours.h"
#include "ledger/store/lines.h"
#include "ledger/store/projects.h"
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

/* ---- questions that fail ---- */

/* Of one connection's: the question `in` steps from now, and `times` more. */
static struct {
	sqlite3 *db;
	int code;
	unsigned in, times;
	unsigned failed;
} fault;

int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);

int __wrap_sqlite3_step(sqlite3_stmt *statement)
{
	if (fault.db != sqlite3_db_handle(statement) || fault.in == 0)
		return __real_sqlite3_step(statement);
	if (fault.in > 1) {
		fault.in--;
		return __real_sqlite3_step(statement);
	}
	fault.in = fault.times > 0 ? 1 : 0;
	fault.times -= fault.times > 0;
	fault.failed++;
	return fault.code;
}

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
	bool is_missed;              /* a line of it could not be judged: it is read again */
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
	unsigned starts;
	bool hides;                  /* [ledger] projects changes with each start */
};

static const char *path_of(size_t file)
{
	static const char *const folders[] = { "projects/-p", "projects/-a", "projects/-z" };
	static char name[600];
	/* All of a session lies in one. */
	const char *folder = folders[sessions[file][1] - '0'];
	snprintf(name, sizeof(name), "%s/%s", scratch_name(&test_dir, folder), names[file]);
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

static bool add_line(struct ledger *ledger, int file, size_t number, const struct line *line, size_t at)
{
	char id[16];
	const char *payer = sessions[(number + 1) % SESSIONS];
	static const char *const models[] = { "claude-opus-4-6", "claude-haiku-4-5", "nobody-knows-1" };
	const char *model = models[line->id % 3];
	/* In a sidechain, under another request. */
	bool is_copy = line->id % 5 == 0 && line->output % 2 == 0;
	snprintf(id, sizeof(id), "m%u", line->id);
	struct scan_usage usage = {
		.present = true,
		.timestamp_ms = START_MS + line->id * HALF_DAY_MS,
		.message_id = { id, line->id % 11 == 0 ? 0 : strlen(id) },
		.request_id = { is_copy ? "q" : "r", 1 },
		.model = { model, strlen(model) },
		.tokens = { .input = 3, .output = line->output, .cache_creation_1h = 7, .cache_read = 11 },
		.sidechain = is_copy,
		.payer_is_told = line->fork && line->id % 2 == 0,
	};
	if (line->id % 11 == 0)
		usage.message_id = usage.request_id = (struct slice){ NULL, 0 };
	if (line->fork)
		usage.payer = (struct slice){ payer, strlen(payer) };
	return ledger_add(ledger, file, (int64_t)at * LINE_BYTES, &usage) >= 0;
}

static void list_known(struct world *w)
{
	w->known = (struct store_known_list){ 0 };
	w->known.all = calloc(FILES, sizeof(*w->known.all));
	for (size_t i = 0; i < FILES; i++) {
		const struct transcript_file *t = &w->files[i];
		if (!t->is_saved)
			continue;
		strmap_put(&w->known.by_path, path_of(i), (void *)(w->known.count + 1));
		w->known.all[w->known.count++] = (struct store_known){
			.path = strmap_key(&w->known.by_path, path_of(i)), .session_id = strdup(sessions[i]),
			.root_len = root_len(), .version = t->version,
			.state = t->is_lost ? STORE_LOST : STORE_AS_BEFORE,
			.progress = { .offset = (int64_t)t->saved_count * LINE_BYTES },
		};
	}
}

static void load(struct world *w)
{
	assert_int_equal(store_archive_load(w->archive, w->ledger, NOW_MS), SQLITE_OK);
}

/* As the daemon starts: the messages of the last hours, or days, come first. */
static void load_newest(struct world *w)
{
	int64_t after_ms = NOW_MS - (int64_t)(w->starts++ * 37 % 240) * CLOCK_HOUR_MS;
	assert_int_equal(store_archive_load_newest(w->archive, w->ledger, NOW_MS, after_ms), SQLITE_OK);
}

/* The rest comes, before or after lines that the last run did not see; it must not be missing. */
static void load_rest(struct world *w)
{
	size_t held = ledger_held_count(w->ledger);
	assert_int_equal(store_archive_load_rest(w->archive, w->ledger, NOW_MS), SQLITE_OK);
	assert_true(ledger_held_count(w->ledger) >= held);
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
	load_newest(w);
	bool is_late = w->starts % 2;
	if (!is_late)
		load_rest(w);
	for (size_t i = 0; i < FILES; i++) {
		struct transcript_file *t = &w->files[i];
		if (t->count == 0)
			continue;
		w->numbers[i] = name_in(w->ledger, i);
		/* One that begins as before is read only where it grew. */
		for (size_t at = t->is_saved && !t->is_lost ? t->saved_count : 0; at < t->count; at++)
			assert_true(add_line(w->ledger, w->numbers[i], i, &t->lines[at], at));
		t->is_missed = false;
	}
	if (is_late)
		load_rest(w);
	if (w->least_held > ledger_held_count(w->ledger))
		w->least_held = ledger_held_count(w->ledger);
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
		/* How far one was read of which a line was missed, nobody says. */
		if (t->count == 0 || t->is_missed)
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
	w->all_numbers[file] = name_in(w->all, file);
	assert_true(add_line(w->all, w->all_numbers[file], file, line, t->count - 1));
	if (t->is_missed)
		return;
	int named = name_in(w->ledger, file);
	w->numbers[file] = named >= 0 ? named : w->numbers[file];
	t->is_missed = named < 0 || !add_line(w->ledger, named, file, line, t->count - 1);
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

/* Names of projects are kept otherwise from now on. */
static void change_names(struct world *w)
{
	bool changed;
	enum ledger_projects mode = (enum ledger_projects)(unit_random(&w->random) % 3);
	store_writer_free(w->writer);
	assert_int_equal(store_projects_apply(w->db, mode, &changed), SQLITE_OK);
	w->writer = store_writer_new(w->db);
	assert_non_null(w->writer);
}

static void restart(struct world *w)
{
	stop_daemon(w);
	if (w->hides)
		change_names(w);
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

static void live(struct world *w, unsigned steps)
{
	for (unsigned step = 0; step < steps; step++) {
		uint64_t number = unit_random(&w->random);
		size_t file = (size_t)(number >> 32) % FILES;
		switch (number % 32) {
		case 0:
			lose(w, file);
			break;
		case 1:
			save(w);
			break;
		case 2:
			restart(w);
			break;
		case 3:
			let_go(w);
			break;
		default:
			append(w, file);
			break;
		}
		compare(w);
	}
}

static void what_is_held_and_what_is_not_add_up(void **state)
{
	(void)state;
	struct world w = { .random = 20260301, .least_held = SIZE_MAX };
	begin(&w);
	live(&w, (unsigned)unit_rounds(1000, 3000));
	end(&w);
	/* The last days are a small part of all. */
	assert_in_range(w.least_held, 0, 40);
}

/* ---- the same while questions fail ---- */

static void arm(struct world *w)
{
	static const int codes[] = { SQLITE_BUSY, SQLITE_IOERR_READ, SQLITE_CORRUPT, SQLITE_NOMEM };
	uint64_t number = unit_random(&w->random);
	fault.db = store_archive_database(w->archive);
	fault.code = codes[number % 4];
	fault.in = (unsigned)(number >> 8) % 9 + 1;
	fault.times = (number >> 16) % 3 == 0 ? 1000 : 0;
}

static void calm(void)
{
	fault.in = fault.times = 0;
}

/* As the daemon does when its retry comes: the lines come again, as another transcript's of the path. */
static void read_again(struct world *w, size_t file)
{
	struct transcript_file *t = &w->files[file];
	int number = ledger_replace_file(w->ledger, name_in(w->ledger, file));
	t->is_missed = number < 0;
	if (t->is_missed)
		return;
	w->numbers[file] = number;
	for (size_t at = 0; at < t->count; at++)
		t->is_missed = !add_line(w->ledger, number, file, &t->lines[at], at) || t->is_missed;
	/* A line that comes again may take the place of the same one in a transcript that went meanwhile. */
	if (t->is_missed)
		return;
	w->all_numbers[file] = ledger_replace_file(w->all, name_in(w->all, file));
	for (size_t at = 0; at < t->count; at++)
		assert_true(add_line(w->all, w->all_numbers[file], file, &t->lines[at], at));
}

/* What a session's file would say, if it is written: never more than is true. */
static void look_at_sessions(struct world *w)
{
	uint64_t ours = 0, all = 0;
	bool knows_all = true;
	for (size_t i = 0; i < SESSIONS; i++) {
		struct ledger_session session;
		knows_all = ledger_knows_session(w->ledger, sessions[i]) && knows_all;
		ledger_session(w->ledger, sessions[i], NOW_MS, &session);
		ours += session.sums.entries;
		ledger_session(w->all, sessions[i], NOW_MS, &session);
		all += session.sums.entries;
	}
	assert_true(ours <= all);
	bool missed = false;
	for (size_t i = 0; i < FILES; i++)
		missed = missed || w->files[i].is_missed;
	if (knows_all && !missed && !ledger_lacks_sums(w->ledger))
		assert_int_equal(ours, all);
}

static void mend(struct world *w)
{
	for (size_t i = 0; i < FILES; i++)
		if (w->files[i].is_missed)
			read_again(w, i);
	if (ledger_lacks_sums(w->ledger))
		let_go(w);
	compare(w);
}

/* What is in memory goes, and cannot be read again: the daemon begins anew. */
static void let_go_with_faults(struct world *w)
{
	save(w);
	ledger_let_go(w->ledger);
	arm(w);
	bool good = store_archive_load(w->archive, w->ledger, NOW_MS) == SQLITE_OK;
	calm();
	if (!good)
		restart(w);
}

static void no_question_that_fails_counts_twice_or_loses(void **state)
{
	(void)state;
	struct world w = { .random = 20260303, .least_held = SIZE_MAX };
	begin(&w);
	for (unsigned step = 0, steps = (unsigned)unit_rounds(2000, 6000); step < steps; step++) {
		uint64_t number = unit_random(&w.random);
		size_t file = (size_t)(number >> 32) % FILES;
		arm(&w);
		switch (number % 32) {
		case 0:
			calm();
			mend(&w);
			lose(&w, file);
			break;
		case 1:
			calm();
			save(&w);
			break;
		case 2:
			calm();
			restart(&w);
			break;
		case 3:
			calm();
			mend(&w);
			let_go(&w);
			break;
		case 4:
			calm();
			mend(&w);
			let_go_with_faults(&w);
			break;
		case 5:
			if (w.files[file].is_missed)
				read_again(&w, file);
			break;
		default:
			append(&w, file);
			look_at_sessions(&w);
			break;
		}
		calm();
	}
	mend(&w);
	end(&w);
	assert_true(fault.failed > 200);
}

/* A long first read lets go of what is written, and knows copies of it, while it looks up little else. */
static void copies_of_what_a_first_read_let_go_are_found(void **state)
{
	(void)state;
	struct world w = { .random = 20260306, .least_held = SIZE_MAX };
	begin(&w);
	assert_true(store_archive_is_whole(w.archive));
	ledger_filter_keys(w.ledger, true);
	for (unsigned step = 0; step < 300; step++) {
		append(&w, step % FILES);
		if (step % 40 == 39)
			let_go(&w);
		compare(&w);
	}
	ledger_filter_keys(w.ledger, false);
	append(&w, 0);
	compare(&w);
	end(&w);
}

/* What a line said about who paid goes with its message, and is not looked for when that session comes. */
static void a_claim_that_was_let_go_is_forgotten(void **state)
{
	(void)state;
	struct world w = { .random = 20260305, .least_held = SIZE_MAX };
	const struct line fork = { .id = 2, .output = 3, .fork = true };
	begin(&w);
	w.files[0].lines[w.files[0].count++] = fork;
	w.numbers[0] = name_in(w.ledger, 0);
	w.all_numbers[0] = name_in(w.all, 0);
	assert_true(add_line(w.ledger, w.numbers[0], 0, &fork, 0));
	assert_true(add_line(w.all, w.all_numbers[0], 0, &fork, 0));
	let_go(&w);
	assert_int_equal(ledger_held_count(w.ledger), 0);
	assert_true(name_in(w.ledger, 1) >= 0 && name_in(w.all, 1) >= 0);
	compare(&w);
	end(&w);
}

/* Who paid, and which line of a message counts, does not depend on what is kept of names. */
static void figures_are_the_same_without_names(void **state)
{
	static const char *const folders[] = { "projects", "projects/-p", "projects/-a", "projects/-z" };
	struct world w = { .random = 20260303, .least_held = SIZE_MAX, .hides = true };
	(void)state;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		assert_int_equal(mkdir(scratch_name(&test_dir, folders[i]), 0700), 0);
	begin(&w);
	live(&w, (unsigned)unit_rounds(1000, 3000));
	end(&w);
}

/* ---- the same for whoever reads the file ---- */

/* A sum over all that was handed over: names too. */
static bool add_line_read(void *ctx, const struct store_line *line)
{
	uint64_t *sum = ctx;
	AUTO_BUF text = BUF_INIT;
	buf_printf(&text, "%s %s %s %s %lld", line->path, line->session, line->payer, line->model,
		   (long long)line->row.time_ms);
	*sum += strmap_hash(text.data, text.len);
	return true;
}

static bool add_hour_read(void *ctx, const struct store_hour *hour)
{
	uint64_t *sum = ctx;
	AUTO_BUF text = BUF_INIT;
	buf_printf(&text, "%s %s %s %d %lld %lld", hour->project, hour->session, hour->model, (int)hour->kind,
		   (long long)hour->start_ms, (long long)hour->nano_usd);
	*sum += strmap_hash(text.data, text.len);
	return true;
}

static int read_lines(sqlite3 *db, uint64_t *sum)
{
	int64_t last_ms;
	return store_lines_read(db, 0, add_line_read, sum, &last_ms);
}

static int read_hours(sqlite3 *db, uint64_t *sum)
{
	return store_hours_read(db, 0, add_hour_read, sum);
}

static int take_census(sqlite3 *db, uint64_t *sum)
{
	struct store_census census = { 0 };
	int result = store_census_take(db, &census);
	*sum = (uint64_t)census.messages * 1000000 + census.sessions * 1000 + census.projects;
	return result;
}

/* Nothing is left out in silence, and no name is another one. */
static void a_question_that_fails_is_no_answer(void **state)
{
	(void)state;
	static int (*const reads[])(sqlite3 *db, uint64_t *sum) = { read_lines, read_hours, take_census };
	struct world w = { .random = 20260304, .least_held = SIZE_MAX };
	begin(&w);
	for (unsigned i = 0; i < 120; i++)
		append(&w, i % FILES);
	save(&w);
	for (size_t i = 0; i < ARRAY_COUNT(reads); i++) {
		uint64_t all = 0, sum = 0;
		assert_int_equal(reads[i](w.db, &all), SQLITE_OK);
		assert_true(all > 0);
		for (unsigned at = 1, fails = 1; fails > 0; at++, sum = 0) {
			unsigned before = fault.failed;
			fault.db = w.db;
			fault.code = at % 2 ? SQLITE_IOERR_READ : SQLITE_NOMEM;
			fault.in = at;
			fault.times = 0;
			int result = reads[i](w.db, &sum);
			calm();
			fails = fault.failed - before;
			if (result == SQLITE_OK)
				assert_true(sum == all);
			else
				assert_true(fails > 0);
		}
	}
	end(&w);
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
		CASE(no_question_that_fails_counts_twice_or_loses),
		CASE(a_claim_that_was_let_go_is_forgotten),
		CASE(copies_of_what_a_first_read_let_go_are_found),
		CASE(figures_are_the_same_without_names),
		CASE(a_question_that_fails_is_no_answer),
		CASE(what_nobody_can_tell_is_not_taken),
	};
	return cmocka_run_group_tests_name("ledger/archive", tests, NULL, NULL);
}
