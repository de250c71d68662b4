/* ledger/store: what was seen once counts for ever, whatever becomes of transcripts and of the file. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"
#include "scratch.h"
#include "ledger/ledger.h"
#include "ledger/store/database.h"
#include "ledger/store/projects.h"
#include "ledger/store/read.h"
#include "ledger/store/repair.h"
#include "ledger/store/rollup.h"
#include "ledger/store/schema.h"
#include "ledger/store/store.h"
#include "ledger/store/write.h"

/* 2026-03-01T00:00:00Z */
#define START_MS INT64_C(1772323200000)
#define LINE_BYTES 100
#define FILES 6
#define LINES_MAX 64

/* ---- a world of transcripts, and a daemon that reads them ---- */

struct line {
	char id[24];
	int64_t output, time_ms;
	bool sidechain;
	int model;
};

struct transcript_file {
	struct line lines[LINES_MAX];
	size_t count;
	bool exists;
	unsigned version;            /* rewritten so often: its lines begin otherwise */
};

struct world {
	struct transcript_file files[FILES];
	struct ledger *ledger, *all;
	int numbers[FILES], all_numbers[FILES];
	bool news[FILES];
	int lost[4096];              /* numbers of transcripts that went since the last save */
	size_t lost_count;
	sqlite3 *db;
	struct store_writer *writer;
	struct store_known_list known;
	uint64_t random;
	bool hides;                  /* [ledger] projects changes with each start */
	bool unsaved_is_lost;        /* a kill now would lose what no transcript has any more */
};

static const char *const models[] = { "claude-opus-4-6", "claude-haiku-4-5", "nobody-knows-1",
				      "odd \"name\\" };

static struct store_roots roots;

static const char *path_of(size_t file)
{
	static char name[64];
	snprintf(name, sizeof(name), "projects/-p/s%zu.jsonl", file);
	return scratch_name(&test_dir, name);
}

static size_t root_len(void)
{
	return strlen(scratch_name(&test_dir, "projects/"));
}

static void add_line(struct ledger *ledger, int file, const struct line *line, size_t at)
{
	struct scan_usage usage = {
		.present = true,
		.timestamp_ms = line->time_ms,
		.message_id = { line->id, strlen(line->id) },
		.request_id = { "r", 1 },
		.model = { models[line->model], strlen(models[line->model]) },
		.tokens = { .input = 3, .output = line->output, .cache_creation_1h = 7, .cache_read = 11 },
		.sidechain = line->sidechain,
	};
	/* As its line has it. */
	if (line->model == 3)
		usage.model = (struct slice){ "odd \\\"name\\\\", strlen("odd \\\"name\\\\") };
	assert_true(ledger_add(ledger, file, (int64_t)at * LINE_BYTES, &usage) >= 0);
}

static int number_in(struct ledger *ledger, size_t file)
{
	char session[8];
	snprintf(session, sizeof(session), "s%zu", file);
	return ledger_add_file(ledger, path_of(file), root_len(), session, false);
}

/* The transcript on disk: lines that tell their version and number. */
static void write_file(const struct world *w, size_t file)
{
	const struct transcript_file *t = &w->files[file];
	char name[64];
	struct buf text = BUF_INIT;
	for (size_t i = 0; i < t->count; i++)
		buf_printf(&text, "%-*u%*zu\n", 20, t->version, LINE_BYTES - 21, i);
	snprintf(name, sizeof(name), "projects/-p/s%zu.jsonl", file);
	scratch_write(&test_dir, name, buf_str(&text), text.len);
	buf_release(&text);
}

/* Not to LEDGER_PROJECTS_OFF: compare_sums() orders by the paths of the file. */
static void change_names(struct world *w)
{
	bool changed;
	enum ledger_projects mode = unit_random(&w->random) % 2 ? LEDGER_PROJECTS_HASH : LEDGER_PROJECTS_PATH;
	assert_int_equal(store_projects_apply(w->db, mode, &changed), SQLITE_OK);
}

static void open_world(struct world *w)
{
	struct buf error = BUF_INIT;
	assert_int_equal(store_database_open(scratch_name(&test_dir, "state/ledger.db"), &w->db, &error),
			 STORE_OPENED);
	if (w->hides)
		change_names(w);
	w->writer = store_writer_new(w->db);
	assert_non_null(w->writer);
	buf_release(&error);
}

static void close_world(struct world *w)
{
	store_writer_free(w->writer);
	store_database_close(w->db);
}

/* The daemon starts: takes back what is lost, and reads what is there. */
static void start_daemon(struct world *w)
{
	struct data_dirs dirs = { .count = 1 };
	size_t messages;
	char projects[600];
	snprintf(projects, sizeof(projects), "%s", scratch_name(&test_dir, "projects"));
	dirs.projects[0] = projects;
	w->ledger = ledger_new();
	assert_int_equal(store_known_read(w->db, &dirs, &w->known), SQLITE_OK);
	assert_int_equal(store_read_lost(w->db, &w->known, w->ledger, &messages), SQLITE_OK);
	ledger_want_unsaved(w->ledger);
	for (size_t i = 0; i < FILES; i++) {
		w->numbers[i] = number_in(w->ledger, i);
		const struct store_known *known = store_known_find(&w->known, path_of(i));
		if (known && known->state == STORE_AS_BEFORE)
			ledger_set_saved(w->ledger, w->numbers[i], known->version,
					 known->progress.offset);
		w->news[i] = w->files[i].exists;
		for (size_t at = 0; w->files[i].exists && at < w->files[i].count; at++)
			add_line(w->ledger, w->numbers[i], &w->files[i].lines[at], at);
		if (!w->files[i].exists)
			ledger_lose_file(w->ledger, w->numbers[i]);
	}
	store_known_release(&w->known);
	w->unsaved_is_lost = false;
	w->lost_count = 0;
}

static struct store_progress progress_of(const struct world *w, size_t file)
{
	struct stat st;
	const struct transcript_file *t = &w->files[file];
	struct store_progress progress = { 0 };
	char text[LINE_BYTES + 1];
	if (!t->exists || t->count == 0 || stat(path_of(file), &st) != 0)
		return progress;
	snprintf(text, sizeof(text), "%-*u%*zu\n", 20, t->version, LINE_BYTES - 21, t->count - 1);
	progress = (struct store_progress){
		.dev = (uint64_t)st.st_dev, .ino = (uint64_t)st.st_ino, .size_bytes = st.st_size,
		.offset = (int64_t)t->count * LINE_BYTES,
		.mark = strmap_hash(text, LINE_BYTES), .mark_len = LINE_BYTES,
	};
	return progress;
}

static void save(struct world *w)
{
	struct ledger_kept kept;
	struct store_batch *batch = store_batch_new(&roots);
	while (ledger_next_unsaved(w->ledger, &kept))
		store_batch_add(batch, &kept);
	for (; w->lost_count > 0; w->lost_count--) {
		struct ledger_kept facts = { .gone = true };
		ledger_file_facts(w->ledger, w->lost[w->lost_count - 1], &facts);
		store_batch_add_transcript(batch, &facts, NULL);
	}
	for (size_t i = 0; i < FILES; i++) {
		struct ledger_kept facts = { .gone = false };
		struct store_progress progress = progress_of(w, i);
		if (!w->news[i])
			continue;
		w->news[i] = false;
		ledger_file_facts(w->ledger, w->numbers[i], &facts);
		store_batch_add_transcript(batch, &facts, &progress);
	}
	assert_false(batch->failed);
	assert_int_equal(store_writer_write(w->writer, batch), SQLITE_OK);
	store_batch_free(batch);
	w->unsaved_is_lost = false;
}

/* ---- what happens in it ---- */

static void append(struct world *w, size_t file)
{
	struct transcript_file *t = &w->files[file];
	uint64_t number = unit_random(&w->random);
	if (t->count == LINES_MAX)
		return;
	struct line *line = &t->lines[t->count];
	/* One of a few ids: the same message comes again, here or elsewhere, with other figures. */
	snprintf(line->id, sizeof(line->id), "m%u", (unsigned)(number % 97));
	line->output = (int64_t)(number >> 8) % 50;
	line->time_ms = START_MS + (int64_t)(number % 97) * 3600000;
	/* Of two with the same figures either one may be kept: they must not differ otherwise. */
	line->sidechain = number % 97 % 5 == 0;
	line->model = (int)(number % 97 % 4);
	t->exists = true;
	t->count++;
	write_file(w, file);
	w->numbers[file] = number_in(w->ledger, file);
	add_line(w->ledger, w->numbers[file], line, t->count - 1);
	add_line(w->all, w->all_numbers[file], line, t->count - 1);
	w->news[file] = true;
}

static void lose(struct world *w, size_t file)
{
	if (!w->files[file].exists)
		return;
	assert_int_equal(unlink(path_of(file)), 0);
	w->files[file].exists = false;
	w->files[file].count = 0;
	w->files[file].version++;
	ledger_lose_file(w->ledger, w->numbers[file]);
	w->lost[w->lost_count++] = w->numbers[file];
	w->news[file] = false;
	w->unsaved_is_lost = w->unsaved_is_lost || ledger_unsaved_count(w->ledger) > 0;
}

/* Another program, or Claude Code itself, wrote the transcript anew, with fewer lines. */
static void rewrite(struct world *w, size_t file)
{
	struct transcript_file *t = &w->files[file];
	if (!t->exists || t->count < 2)
		return;
	t->version++;
	t->count = 1;
	write_file(w, file);
	w->lost[w->lost_count++] = w->numbers[file];
	w->numbers[file] = ledger_replace_file(w->ledger, w->numbers[file]);
	w->news[file] = true;
	w->unsaved_is_lost = w->unsaved_is_lost || ledger_unsaved_count(w->ledger) > 0;
	add_line(w->ledger, w->numbers[file], &t->lines[0], 0);
}

/* The daemon's figures are those of everything that was ever seen. */
static void compare(struct world *w)
{
	struct ledger_sums ours, all;
	ledger_sum_span(w->ledger, 0, INT64_MAX, &ours);
	ledger_sum_span(w->all, 0, INT64_MAX, &all);
	assert_int_equal(ours.entries, all.entries);
	assert_int_equal(price_tokens_total(&ours.tokens), price_tokens_total(&all.tokens));
	assert_int_equal(ours.unpriced, all.unpriced);
	assert_true(fabs(ours.cost_usd - all.cost_usd) < LEDGER_NANO_USD);
}

/* The file alone says the same, to the nano-dollar. */
static void compare_file(struct world *w)
{
	sqlite3_stmt *sum;
	struct ledger_sums all;
	assert_int_equal(sqlite3_prepare_v2(w->db,
					    "SELECT count(*), coalesce(sum(nano_usd), 0) FROM message"
					    " WHERE NOT flags & 16",
					    -1, &sum, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(sum), SQLITE_ROW);
	ledger_sum_span(w->all, 0, INT64_MAX, &all);
	assert_int_equal(sqlite3_column_int64(sum, 0), all.entries);
	/* Each message is rounded. */
	assert_true(fabs((double)sqlite3_column_int64(sum, 1) - all.cost_usd * 1e9)
		    <= 0.5 * (double)all.entries + 0.5);
	sqlite3_finalize(sum);
}

/* What a question answers, row by row, is what another one does. */
static void same_answers(sqlite3 *db, const char *one, const char *other)
{
	struct buf answers[2] = { BUF_INIT, BUF_INIT };
	const char *const questions[2] = { one, other };
	for (int i = 0; i < 2; i++) {
		sqlite3_stmt *rows;
		assert_int_equal(sqlite3_prepare_v2(db, questions[i], -1, &rows, NULL), SQLITE_OK);
		while (sqlite3_step(rows) == SQLITE_ROW) {
			for (int column = 0; column < sqlite3_column_count(rows); column++)
				buf_printf(&answers[i], "%s ",
					   (const char *)sqlite3_column_text(rows, column));
			buf_append_char(&answers[i], '\n');
		}
		sqlite3_finalize(rows);
	}
	assert_string_equal(buf_str(&answers[0]), buf_str(&answers[1]));
	buf_release(&answers[0]);
	buf_release(&answers[1]);
}

#define SUM_COLUMNS \
	"messages, unpriced, input, output, cache_write_5m, cache_write_1h, cache_read, web_searches," \
	" nano_usd, reference, first_ms, last_ms"
#define SUMS \
	"count(*), sum((flags & 32) <> 0), sum(input), sum(output), sum(cache_write_5m)," \
	" sum(cache_write_1h), sum(cache_read), sum(web_searches), sum(nano_usd)," \
	" sum(coalesce(reference, nano_usd)), min(time), max(time)"
#define COUNTED \
	"(SELECT *, id / 64 - late AS time, (flags & 4) <> 0 AS is_fast FROM message WHERE NOT flags & 16)"

/* The sums in the file are those of its rows. */
static void compare_sums(sqlite3 *db)
{
	same_answers(db,
		     "SELECT payer, transcript, start, model, fast, " SUM_COLUMNS ", first_offset"
		     " FROM hour ORDER BY 1, 2, 3, 4, 5",
		     "SELECT payer, transcript, time / 3600000, model, is_fast, " SUMS
		     ", min(m.offset) FROM " COUNTED " m"
		     " GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5");
	same_answers(db,
		     "SELECT day, model, fast, " SUM_COLUMNS ", path, first_offset FROM day"
		     " JOIN transcript t ON t.id = first_transcript ORDER BY 1, 2, 3",
		     "SELECT strftime('%Y-%m-%d', time / 1000, 'unixepoch', 'localtime') AS day, model,"
		     " is_fast, " SUMS ", min(path),"
		     " (SELECT min(offset) FROM " COUNTED " o JOIN (SELECT id AS i, path AS p FROM transcript)"
		     " ON i = o.transcript WHERE p = min(t.path) AND o.model = m.model AND o.is_fast = m.is_fast"
		     " AND strftime('%Y-%m-%d', o.time / 1000, 'unixepoch', 'localtime') ="
		     " strftime('%Y-%m-%d', m.time / 1000, 'unixepoch', 'localtime'))"
		     " FROM (SELECT m.* FROM " COUNTED " m) m JOIN (SELECT id AS tid, path FROM transcript) t"
		     " ON tid = transcript GROUP BY 1, 2, 3 ORDER BY 1, 2, 3");
	same_answers(db, "SELECT id, messages, unpriced, last_ms FROM model ORDER BY id",
		     "SELECT model.id, count(m.id), coalesce(sum((flags & 32) <> 0), 0), coalesce(max(time), 0)"
		     " FROM model LEFT JOIN " COUNTED " m ON m.model = model.id GROUP BY 1 ORDER BY 1");
}

static void make_world(struct world *w, uint64_t seed)
{
	store_roots_release(&roots);
	memset(w, 0, sizeof(*w));
	w->random = seed;
	assert_int_equal(mkdir(scratch_name(&test_dir, "projects"), 0700), 0);
	assert_int_equal(mkdir(scratch_name(&test_dir, "projects/-p"), 0700), 0);
	w->all = ledger_new();
	for (size_t i = 0; i < FILES; i++)
		w->all_numbers[i] = number_in(w->all, i);
	open_world(w);
	start_daemon(w);
}

static void end_world(struct world *w)
{
	ledger_free(w->ledger);
	ledger_free(w->all);
	close_world(w);
}

static void live(uint64_t seed, bool hides)
{
	struct world w;
	make_world(&w, seed);
	w.hides = hides;
	for (unsigned step = 0, steps = (unsigned)unit_rounds(500, 1500); step < steps; step++) {
		uint64_t number = unit_random(&w.random);
		size_t file = (size_t)(number >> 32) % FILES;
		switch (number % 16) {
		case 0:
			lose(&w, file);
			break;
		case 1:
			rewrite(&w, file);
			break;
		case 2:
		case 3:
			save(&w);
			compare_file(&w);
			if (step % 4 == 0)
				compare_sums(w.db);
			break;
		case 4:
			if (w.unsaved_is_lost)
				break;
			/* kill -9: what was not written yet is read again. */
			ledger_free(w.ledger);
			close_world(&w);
			open_world(&w);
			start_daemon(&w);
			compare(&w);
			break;
		default:
			append(&w, file);
			break;
		}
	}
	compare(&w);
	end_world(&w);
}

static void whatever_happens_nothing_is_lost(void **state)
{
	(void)state;
	live(20260301, false);
}

static void nothing_is_lost_when_names_of_projects_are_hidden(void **state)
{
	(void)state;
	live(20260302, true);
}

static void a_cost_stays_what_it_was(void **state)
{
	(void)state;
	struct world w;
	make_world(&w, 7);
	for (int i = 0; i < 20; i++)
		append(&w, 0);
	save(&w);
	/* As if prices had been twice what they are today. */
	assert_int_equal(sqlite3_exec(w.db, "UPDATE message SET nano_usd = nano_usd * 2", NULL, NULL, NULL),
			 SQLITE_OK);
	lose(&w, 0);
	save(&w);
	ledger_free(w.ledger);
	start_daemon(&w);
	struct ledger_sums ours, all;
	ledger_sum_span(w.ledger, 0, INT64_MAX, &ours);
	ledger_sum_span(w.all, 0, INT64_MAX, &all);
	assert_true(all.cost_usd > 0.);
	assert_true(fabs(ours.cost_usd - 2. * all.cost_usd) < 1e-7);
	ledger_reprice(w.ledger, NULL);
	ledger_sum_span(w.ledger, 0, INT64_MAX, &ours);
	assert_true(fabs(ours.cost_usd - 2. * all.cost_usd) < 1e-7);
	end_world(&w);
}

/* ---- the file ---- */

static void many_of_one_millisecond_all_have_their_time(void **state)
{
	(void)state;
	struct world w;
	struct store_batch *batch = store_batch_new(&roots);
	make_world(&w, 1);
	char id[16];
	struct ledger_kept kept = {
		.path = path_of(0),
		.root_len = root_len(),
		.session_id = "s0",
		.record = { .time_ms = START_MS,
			    .has_id = true,
			    .model = { "m", 1 },
			    .tokens = { .output = 1 } },
	};
	enum { MANY = 9000 };
	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "id%d", i);
		kept.record.id_hash = strmap_hash(id, strlen(id));
		/* Half of them have more than 31 bits, and are found again, too. */
		kept.record.request_hash = (uint32_t)kept.record.id_hash | 1;
		kept.record.offset = i;
		store_batch_add(batch, &kept);
	}
	assert_int_equal(store_writer_write(w.writer, batch), SQLITE_OK);
	assert_int_equal(store_writer_write(w.writer, batch), SQLITE_OK);
	sqlite3_stmt *rows;
	assert_int_equal(sqlite3_prepare_v2(w.db, "SELECT id, late FROM message", -1, &rows, NULL),
			 SQLITE_OK);
	int count = 0;
	for (; sqlite3_step(rows) == SQLITE_ROW; count++)
		assert_int_equal(store_time_ms(sqlite3_column_int64(rows, 0), sqlite3_column_int64(rows, 1)),
				 START_MS);
	assert_int_equal(count, MANY);
	sqlite3_finalize(rows);
	store_batch_free(batch);
	end_world(&w);
}

/* One message of a transcript whose session is known, or not. */
static void write_one(struct world *w, const char *session, const char *payer, unsigned id, int64_t time_ms,
		      int64_t offset)
{
	struct store_batch *batch = store_batch_new(&roots);
	struct ledger_kept kept = {
		.path = path_of(0),
		.root_len = root_len(),
		.session_id = session,
		.record = { .time_ms = time_ms, .has_id = true, .id_hash = id, .offset = offset,
			    .model = { "m", 1 }, .tokens = { .output = id }, .fast = id % 2 },
		.cost_usd = 1e-6 * id,
		.reference_usd = 2e-6 * id,
	};
	if (payer)
		kept.record.payer = (struct slice){ payer, strlen(payer) };
	store_batch_add(batch, &kept);
	assert_int_equal(store_writer_write(w->writer, batch), SQLITE_OK);
	store_batch_free(batch);
}

static void sums_follow_their_messages(void **state)
{
	(void)state;
	struct world w;
	make_world(&w, 5);
	const int64_t hour_ms = 3600000;
	for (unsigned id = 1; id < 40; id++)
		write_one(&w, "", id % 3 ? NULL : "p", id, START_MS + id * 400000, id * 10);
	compare_sums(w.db);
	/* The transcript's session becomes known. */
	write_one(&w, "s", NULL, 40, START_MS + 40 * 400000, 400);
	compare_sums(w.db);
	/* The first one, and the last one, of some sums come again: earlier, later, in another hour. */
	write_one(&w, "s", NULL, 2, START_MS + 2 * 400000 + 1, 5);
	write_one(&w, "s", NULL, 4, START_MS + 4 * 400000 - 1, 500);
	write_one(&w, "s", "p", 5, START_MS + 30 * hour_ms, 2);
	write_one(&w, "s", NULL, 40, START_MS + hour_ms, 401);
	compare_sums(w.db);
	/* The days are those of another zone. */
	assert_int_equal(setenv("TZ", "America/New_York", 1), 0);
	tzset();
	write_one(&w, "s", NULL, 41, START_MS, 3);
	compare_sums(w.db);
	/* All anew gives the same. */
	assert_int_equal(sqlite3_exec(w.db, "DELETE FROM hour; UPDATE day SET messages = 7", NULL, NULL,
				      NULL),
			 SQLITE_OK);
	assert_int_equal(store_rollup_rebuild(w.db), SQLITE_OK);
	compare_sums(w.db);
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	end_world(&w);
}

static enum store_opened open_text(const char *text, struct buf *error)
{
	sqlite3 *db;
	scratch_write_text(&test_dir, "other.db", text);
	enum store_opened opened = store_database_open(scratch_name(&test_dir, "other.db"), &db, error);
	store_database_close(db);
	return opened;
}

static void run_sql(const char *name, const char *sql)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(scratch_name(&test_dir, name), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void another_file_is_not_taken_for_ours(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	sqlite3 *db;
	assert_int_equal(open_text("this is no database, but long enough to look at", &error), STORE_DAMAGED);
	/* Somebody's other database; ours from the future; ours with a trigger in it. */
	run_sql("theirs.db", "CREATE TABLE message (id INTEGER)");
	assert_int_equal(store_database_open(scratch_name(&test_dir, "theirs.db"), &db, &error),
			 STORE_DAMAGED);
	run_sql("newer.db", "PRAGMA application_id=0x73776174; PRAGMA user_version=99; CREATE TABLE t (a)");
	buf_clear(&error);
	assert_int_equal(store_database_open(scratch_name(&test_dir, "newer.db"), &db, &error), STORE_NEWER);
	assert_non_null(strstr(buf_str(&error), "a newer swatch made it"));
	assert_int_equal(store_database_open(scratch_name(&test_dir, "ours.db"), &db, &error), STORE_OPENED);
	store_database_close(db);
	run_sql("ours.db", "CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM message; END");
	assert_int_equal(store_database_open(scratch_name(&test_dir, "ours.db"), &db, &error), STORE_DAMAGED);
	/* A link, which somebody else may have planted. */
	assert_int_equal(symlink("/etc/passwd", scratch_name(&test_dir, "link.db")), 0);
	buf_clear(&error);
	assert_int_equal(store_database_open(scratch_name(&test_dir, "link.db"), &db, &error), STORE_FAILED);
	assert_non_null(strstr(buf_str(&error), "not a file of yours"));
	buf_release(&error);
}

static void the_file_is_its_users_alone(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	sqlite3 *db;
	mode_t before = umask(0);
	assert_int_equal(store_database_open(scratch_name(&test_dir, "a/b/ledger.db"), &db, &error),
			 STORE_OPENED);
	umask(before);
	assert_int_equal(scratch_mode(&test_dir, "a"), 0700);
	assert_int_equal(scratch_mode(&test_dir, "a/b"), 0700);
	assert_int_equal(scratch_mode(&test_dir, "a/b/ledger.db"), 0600);
	assert_int_equal(scratch_mode(&test_dir, "a/b/ledger.db-wal"), 0600);
	store_database_close(db);
	buf_release(&error);
}

static void a_reader_changes_nothing(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	sqlite3 *db;
	assert_int_equal(store_database_open_read_only(scratch_name(&test_dir, "none.db"), &db, &error),
			 STORE_MISSING);
	assert_int_equal(scratch_count(&test_dir), 0);
	assert_int_equal(store_database_open(scratch_name(&test_dir, "s/ledger.db"), &db, &error),
			 STORE_OPENED);
	store_database_close(db);
	assert_int_equal(chmod(scratch_name(&test_dir, "s"), 0500), 0);
	assert_int_equal(store_database_open_read_only(scratch_name(&test_dir, "s/ledger.db"), &db, &error),
			 STORE_OPENED);
	assert_int_not_equal(sqlite3_exec(db, "DELETE FROM message", NULL, NULL, NULL), SQLITE_OK);
	store_database_close(db);
	assert_int_equal(chmod(scratch_name(&test_dir, "s"), 0700), 0);
	buf_release(&error);
}

/* ---- damage ---- */

/* Breaks the first page of the messages: the tables can be named still, but not read. */
static void damage(const char *path)
{
	char garbage[4096];
	sqlite3 *db;
	sqlite3_stmt *page;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name = 'message'",
					    -1, &page, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(page), SQLITE_ROW);
	off_t at = (off_t)(sqlite3_column_int64(page, 0) - 1) * (off_t)sizeof(garbage);
	sqlite3_finalize(page);
	sqlite3_close(db);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	memset(garbage, 0x5a, sizeof(garbage));
	assert_int_equal(pwrite(fd, garbage, sizeof(garbage), at), sizeof(garbage));
	close(fd);
}

struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned count;
};

static void note_done(void *ctx)
{
	struct waiting *waiting = ctx;
	pthread_mutex_lock(&waiting->lock);
	waiting->count++;
	pthread_cond_signal(&waiting->changed);
	pthread_mutex_unlock(&waiting->lock);
}

static void wait_for(struct waiting *waiting, unsigned count)
{
	pthread_mutex_lock(&waiting->lock);
	while (waiting->count < count)
		pthread_cond_wait(&waiting->changed, &waiting->lock);
	pthread_mutex_unlock(&waiting->lock);
}

static struct store_batch *batch_of_one(const char *id)
{
	struct store_batch *batch = store_batch_new(&roots);
	struct ledger_kept kept = {
		.path = path_of(0), .root_len = root_len(), .session_id = "s0", .cost_usd = 0.5,
		.record = { .time_ms = START_MS, .has_id = true, .model = { "m", 1 },
			    .id_hash = strmap_hash(id, strlen(id)), .tokens = { .output = 1 } },
	};
	store_batch_add(batch, &kept);
	return batch;
}

static int count_messages(const char *path)
{
	struct buf error = BUF_INIT;
	sqlite3 *db;
	sqlite3_stmt *count;
	assert_int_equal(store_database_open_read_only(path, &db, &error), STORE_OPENED);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM message", -1, &count, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(count), SQLITE_ROW);
	int messages = sqlite3_column_int(count, 0);
	sqlite3_finalize(count);
	store_database_close(db);
	buf_release(&error);
	return messages;
}

/* As on a full disk: nothing can be written behind the first byte. */
static void fill_disk(bool full)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = full ? 1 : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void what_a_full_disk_refuses_is_written_later(void **state)
{
	(void)state;
	struct waiting waiting = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
	struct buf notice = BUF_INIT, error = BUF_INIT;
	struct store_status status;
	char path[600];
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "ledger.db"));
	(void)signal(SIGXFSZ, SIG_IGN);
	struct store *store = store_open(path, &notice, &error);
	assert_non_null(store);
	assert_int_equal(store_start(store, note_done, &waiting), 0);
	fill_disk(true);
	store_give(store, batch_of_one("a"));
	/* As the end waits, which must not be for ever. */
	store_wait(store);
	wait_for(&waiting, 1);
	store_retry(store);
	wait_for(&waiting, 2);
	fill_disk(false);
	store_get_status(store, &status);
	assert_true(status.is_failing);
	assert_non_null(strstr(status.why, "cannot write"));
	assert_int_equal(status.messages, 0);
	assert_false(store_is_free(store));
	store_retry(store);
	wait_for(&waiting, 3);
	store_get_status(store, &status);
	assert_false(status.is_failing);
	assert_string_equal(status.why, "");
	assert_true(store_is_free(store));
	/* The message is kept, and what failed is only the backup now. */
	assert_int_equal(remove(scratch_name(&test_dir, "ledger.db.1")), 0);
	assert_int_equal(mkdir(scratch_name(&test_dir, "ledger.db.part"), 0700), 0);
	store_give(store, batch_of_one("b"));
	wait_for(&waiting, 4);
	store_get_status(store, &status);
	assert_false(status.is_failing);
	assert_non_null(strstr(status.why, "cannot copy"));
	store_close(store);
	assert_int_equal(count_messages(path), 2);
	buf_release(&notice);
	buf_release(&error);
}

static void all_entries_can_be_asked_for_again(void **state)
{
	(void)state;
	struct world w;
	struct ledger_kept kept;
	make_world(&w, 3);
	for (int i = 0; i < 5; i++)
		append(&w, 0);
	save(&w);
	assert_false(ledger_next_unsaved(w.ledger, &kept));
	assert_false(ledger_has_missed_unsaved(w.ledger));
	ledger_forget_saved(w.ledger);
	assert_int_equal(ledger_unsaved_count(w.ledger), ledger_count(w.ledger));
	end_world(&w);
}

static void many_that_wait_come_in_order_of_time(void **state)
{
	(void)state;
	struct world w;
	struct ledger_kept kept;
	make_world(&w, 4);
	for (int i = 0; i < 90; i++)
		append(&w, (size_t)i % FILES);
	int64_t before_ms = 0;
	size_t count = 0;
	for (; ledger_next_unsaved(w.ledger, &kept); count++) {
		assert_true(kept.record.time_ms >= before_ms);
		before_ms = kept.record.time_ms;
	}
	assert_int_equal(count, ledger_count(w.ledger));
	end_world(&w);
}

static void a_damaged_file_is_replaced_by_its_backup(void **state)
{
	(void)state;
	struct waiting waiting = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
	struct buf notice = BUF_INIT, error = BUF_INIT;
	struct store_status status;
	char path[600];
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "ledger.db"));
	struct store *store = store_open(path, &notice, &error);
	assert_non_null(store);
	assert_int_equal(store_start(store, note_done, &waiting), 0);
	/* The first commit makes a backup, the second one does not. */
	store_give(store, batch_of_one("a"));
	wait_for(&waiting, 1);
	assert_true(store_is_free(store));
	store_give(store, batch_of_one("b"));
	wait_for(&waiting, 2);
	store_close(store);
	assert_int_equal(count_messages(path), 2);
	assert_int_equal(count_messages(scratch_name(&test_dir, "ledger.db.1")), 1);
	/* Pages are damaged: the thread finds that, and says that all has to come again. */
	damage(path);
	store = store_open(path, &notice, &error);
	if (store) {
		assert_int_equal(store_start(store, note_done, &waiting), 0);
		wait_for(&waiting, 3);
		store_get_status(store, &status);
		assert_int_equal(status.replaced, 1);
		assert_non_null(strstr(status.notice, "took its place"));
		store_close(store);
		assert_int_equal(count_messages(path), 1);
	}
	/* The whole file is: that shows at once. */
	scratch_write_text(&test_dir, "ledger.db", "not a database at all, as every program would say");
	buf_clear(&notice);
	store = store_open(path, &notice, &error);
	assert_non_null(store);
	assert_non_null(strstr(buf_str(&notice), "took its place"));
	store_close(store);
	assert_int_equal(count_messages(path), 1);
	/* Without a sound backup it begins anew. */
	scratch_write_text(&test_dir, "ledger.db", "not a database at all, as every program would say");
	scratch_write_text(&test_dir, "ledger.db.1", "this one is none either, and there is no other backup");
	buf_clear(&notice);
	store = store_open(path, &notice, &error);
	assert_non_null(store);
	assert_non_null(strstr(buf_str(&notice), "no backup"));
	store_close(store);
	assert_int_equal(count_messages(path), 0);
	buf_release(&notice);
	buf_release(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)
		CASE(whatever_happens_nothing_is_lost),
		CASE(nothing_is_lost_when_names_of_projects_are_hidden),
		CASE(a_cost_stays_what_it_was),
		CASE(many_of_one_millisecond_all_have_their_time),
		CASE(sums_follow_their_messages),
		CASE(another_file_is_not_taken_for_ours),
		CASE(the_file_is_its_users_alone),
		CASE(a_reader_changes_nothing),
		CASE(what_a_full_disk_refuses_is_written_later),
		CASE(all_entries_can_be_asked_for_again),
		CASE(many_that_wait_come_in_order_of_time),
		CASE(a_damaged_file_is_replaced_by_its_backup),
	};
	return cmocka_run_group_tests_name("ledger_store", tests, NULL, NULL);
}
