#include "store_world.h"

#include "unit.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/store/database.h"
#include "ledger/store/projects.h"
#include "ledger/store/read.h"

#define LINE_BYTES 100

struct store_roots roots;

static const char *const models[] = { "claude-opus-4-6", "claude-haiku-4-5", "nobody-knows-1",
				      "odd \"name\\" };

const char *path_of(size_t file)
{
	static char name[64];
	snprintf(name, sizeof(name), "projects/-p/s%zu.jsonl", file);
	return scratch_name(&test_dir, name);
}

size_t root_len(void)
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
	AUTO_BUF text = BUF_INIT;
	for (size_t i = 0; i < t->count; i++)
		buf_printf(&text, "%-*u%*zu\n", 20, t->version, LINE_BYTES - 21, i);
	snprintf(name, sizeof(name), "projects/-p/s%zu.jsonl", file);
	scratch_write(&test_dir, name, buf_str(&text), text.len);
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
	AUTO_BUF error = BUF_INIT;
	assert_int_equal(store_database_open(scratch_name(&test_dir, "state/ledger.db"), &w->db, &error),
			 STORE_OPENED);
	if (w->hides)
		change_names(w);
	w->writer = store_writer_new(w->db);
	assert_non_null(w->writer);
}

static void close_world(struct world *w)
{
	store_writer_free(w->writer);
	store_database_close(w->db);
}

void start_daemon(struct world *w)
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

void kill_daemon(struct world *w)
{
	ledger_free(w->ledger);
	close_world(w);
	open_world(w);
	start_daemon(w);
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

void save(struct world *w)
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

void append(struct world *w, size_t file)
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

void lose(struct world *w, size_t file)
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

void rewrite(struct world *w, size_t file)
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

/* ---- what holds then ---- */

void compare(struct world *w)
{
	struct ledger_sums ours, all;
	ledger_sum_span(w->ledger, 0, INT64_MAX, &ours);
	ledger_sum_span(w->all, 0, INT64_MAX, &all);
	assert_int_equal(ours.entries, all.entries);
	assert_int_equal(price_tokens_total(&ours.tokens), price_tokens_total(&all.tokens));
	assert_int_equal(ours.unpriced, all.unpriced);
	assert_true(fabs(ours.cost_usd - all.cost_usd) < LEDGER_NANO_USD);
}

void compare_file(struct world *w)
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

void compare_sums(sqlite3 *db)
{
	same_answers(db,
		     "SELECT payer, transcript, start, model, fast, " SUM_COLUMNS ", first_offset"
		     " FROM hour ORDER BY 1, 2, 3, 4, 5",
		     "SELECT payer, transcript, time / 3600000, model, is_fast, " SUMS
		     ", min(m.offset) FROM " COUNTED " m"
		     " GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5");
	same_answers(
		db,
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
	same_answers(
		db, "SELECT id, messages, unpriced, last_ms FROM model ORDER BY id",
		"SELECT model.id, count(m.id), coalesce(sum((flags & 32) <> 0), 0), coalesce(max(time), 0)"
		" FROM model LEFT JOIN " COUNTED " m ON m.model = model.id GROUP BY 1 ORDER BY 1");
}

void make_world(struct world *w, uint64_t seed)
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

void end_world(struct world *w)
{
	ledger_free(w->ledger);
	ledger_free(w->all);
	close_world(w);
}
