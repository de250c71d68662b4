#include "ledger/store/rolled.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/strmap.h"
#include "ledger/store/folders.h"
#include "ledger/store/place.h"
#include "ledger/store/schema.h"

/* After a loop of steps. */
static int end(sqlite3_stmt *rows, int result)
{
	(void)sqlite3_finalize(rows);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* ---- hours whose messages are read one by one ---- */

struct range {
	int64_t first_ms, last_ms;
};

struct splitting {
	sqlite3 *db;
	const struct store_left_out *left_out;
	const struct store_rolled_reader *reader;
	struct strmap hours;         /* by struct store_hour_key */
	struct range *ranges;        /* the times of these hours' messages */
	size_t count, cap;
};

static bool is_to_split(const struct splitting *splitting, const struct store_rolled *hour,
			const struct store_hour_key *key)
{
	const struct store_rolled_reader *reader = splitting->reader;
	return (!store_left_out_is_empty(splitting->left_out)
		&& store_left_out_is_in(splitting->left_out, key))
	    || (reader->splits && reader->splits(reader->ctx, &hour->sums));
}

static bool note_hour(struct splitting *splitting, const struct store_rolled *hour,
		      const struct store_hour_key *key)
{
	if (!array_reserve(&splitting->ranges, &splitting->cap, splitting->count + 1,
			   sizeof(*splitting->ranges))
	    || !strmap_put_len(&splitting->hours, (const char *)key, sizeof(*key), splitting))
		return false;
	splitting->ranges[splitting->count++] = (struct range){ hour->sums.first_ms, hour->sums.last_ms };
	return true;
}

/* Takes an hour's sums, or notes that its messages come later. Returns SQLITE_OK, or why it cannot go on. */
static int take_hour(struct splitting *splitting, const struct store_rolled *hour)
{
	const struct store_hour_key key = {
		.payer = hour->payer,
		.transcript = hour->transcript,
		.start = hour->sums.first_ms / CLOCK_HOUR_MS,
		.model = hour->model,
		.fast = hour->fast,
	};
	if (is_to_split(splitting, hour, &key))
		return note_hour(splitting, hour, &key) ? SQLITE_OK : SQLITE_NOMEM;
	return splitting->reader->take(splitting->reader->ctx, hour) ? SQLITE_OK : SQLITE_ABORT;
}

/* Takes a message, unless it is in the sums of an hour that was taken, or left out. */
static int take_message(const struct splitting *splitting, int64_t id, const struct store_row *row)
{
	const struct store_hour_key key = {
		.payer = row->payer,
		.transcript = row->transcript,
		.start = row->time_ms / CLOCK_HOUR_MS,
		.model = row->model,
		.fast = (row->flags & STORE_FAST) != 0,
	};
	struct store_rolled one = {
		.payer = row->payer,
		.transcript = row->transcript,
		.model = row->model,
		.fast = key.fast != 0,
		.sums = { .first_offset = row->offset },
	};
	if ((row->flags & STORE_HIDDEN) || !strmap_get_len(&splitting->hours, (const char *)&key, sizeof(key))
	    || store_left_out_has(splitting->left_out, id))
		return SQLITE_OK;
	store_sums_add_row(&one.sums, row);
	return splitting->reader->take(splitting->reader->ctx, &one) ? SQLITE_OK : SQLITE_ABORT;
}

static int read_range(const struct splitting *splitting, const struct range *range)
{
	sqlite3_stmt *rows = NULL;
	int result = store_rows_open(splitting->db, range->first_ms, &rows);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_row row;
		result = SQLITE_OK;
		if (!store_rows_take(rows, &row))
			continue;
		if (row.time_ms > range->last_ms + STORE_LATE_MAX_MS) {
			result = SQLITE_DONE;
			break;
		}
		if (row.time_ms >= range->first_ms && row.time_ms <= range->last_ms)
			result = take_message(splitting, sqlite3_column_int64(rows, 0), &row);
	}
	return end(rows, result);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *left = a, *right = b;
	return (left->first_ms > right->first_ms) - (left->first_ms < right->first_ms);
}

/* Thousands of transcripts may have messages in the same hour, whose rows are read once. */
static int read_ranges(struct splitting *splitting)
{
	int result = SQLITE_OK;
	if (splitting->count > 0)
		qsort(splitting->ranges, splitting->count, sizeof(*splitting->ranges), compare_ranges);
	for (size_t i = 0; i < splitting->count && result == SQLITE_OK;) {
		struct range range = splitting->ranges[i++];
		for (; i < splitting->count
		       && splitting->ranges[i].first_ms <= range.last_ms + STORE_LATE_MAX_MS;
		     i++)
			if (splitting->ranges[i].last_ms > range.last_ms)
				range.last_ms = splitting->ranges[i].last_ms;
		result = read_range(splitting, &range);
	}
	return result;
}

/* ---- sums ---- */

int store_rolled_read(sqlite3 *db, enum store_rolled_by by, const struct store_left_out *left_out,
		      const struct store_rolled_reader *reader)
{
	sqlite3_stmt *rows = NULL;
	struct splitting splitting = {
		.db = db, .left_out = left_out, .reader = reader, .hours = STRMAP_INIT
	};
	int result = sqlite3_prepare_v2(db,
					by == STORE_BY_DAY
						? "SELECT " STORE_SUM_COLUMNS ", first_offset,"
						  " first_transcript, model, fast, -1 FROM day"
						: "SELECT " STORE_SUM_COLUMNS ", first_offset,"
						  " transcript, model, fast, payer FROM hour",
					-1, &rows, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_rolled rolled;
		result = SQLITE_OK;
		if (!store_sums_take(rows, 0, &rolled.sums))
			continue;
		rolled.sums.first_offset = sqlite3_column_int64(rows, STORE_SUM_COUNT);
		rolled.transcript = sqlite3_column_int64(rows, STORE_SUM_COUNT + 1);
		rolled.model = sqlite3_column_int64(rows, STORE_SUM_COUNT + 2);
		rolled.fast = sqlite3_column_int64(rows, STORE_SUM_COUNT + 3) != 0;
		rolled.payer = sqlite3_column_int64(rows, STORE_SUM_COUNT + 4);
		if (by == STORE_BY_HOUR)
			result = take_hour(&splitting, &rolled);
		else if (!reader->take(reader->ctx, &rolled))
			result = SQLITE_ABORT;
	}
	result = end(rows, result);
	if (result == SQLITE_OK)
		result = read_ranges(&splitting);
	strmap_release(&splitting.hours);
	free(splitting.ranges);
	return result;
}

bool store_rolled_has_line(sqlite3 *db, int64_t transcript, int64_t offset, int64_t time_ms)
{
	sqlite3_stmt *rows = NULL;
	struct store_row row = { .time_ms = 0 };
	bool found = false;
	int result = store_rows_open(db, time_ms, &rows);
	while (result == SQLITE_OK && !found && sqlite3_step(rows) == SQLITE_ROW) {
		if (!store_rows_take(rows, &row))
			continue;
		if (row.time_ms > time_ms + STORE_LATE_MAX_MS)
			break;
		found = row.time_ms == time_ms && row.transcript == transcript && row.offset == offset
			&& !(row.flags & STORE_HIDDEN);
	}
	(void)sqlite3_finalize(rows);
	return found;
}

/* Where a transcript lies, by its row: in `path`, which must be cleared. Returns the root's length, or 0. */
static size_t place_transcript(sqlite3_stmt *row, const struct store_roots *roots,
			       struct store_folders *folders, struct buf *path)
{
	const char *real = (const char *)sqlite3_column_text(row, 1);
	int64_t root_len = sqlite3_column_int64(row, 2);
	const char *root = real && store_place_is_valid(real, root_len)
				 ? store_roots_name(roots, real, (size_t)root_len)
				 : NULL;
	if (!root)
		return 0;
	buf_append_str(path, root);
	buf_append_char(path, '/');
	size_t below = path->len;
	const struct store_folders_path place = { real, (size_t)root_len, sqlite3_column_int(row, 5) != 0 };
	store_folders_show_below(folders, &place, path);
	return below;
}

int store_rolled_transcripts(sqlite3 *db, const struct store_roots *roots,
			     bool (*take)(void *ctx, const struct store_rolled_transcript *transcript),
			     void *ctx, size_t *others)
{
	sqlite3_stmt *rows = NULL;
	AUTO_BUF path = BUF_INIT;
	struct store_folders folders;
	*others = 0;
	int result = store_folders_open(db, &folders);
	/* Who wants them in order of their paths sorts them faster than an index of all paths can be read. */
	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(db,
					    "SELECT id, path, root_bytes, session, subagent, gone, size,"
					    " modified_ns, version FROM transcript ORDER BY id",
					    -1, &rows, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW) {
		buf_clear(&path);
		size_t root_len = place_transcript(rows, roots, &folders, &path);
		result = path.failed ? SQLITE_NOMEM : SQLITE_OK;
		if (root_len == 0)
			++*others;
		const struct store_rolled_transcript transcript = {
			.id = sqlite3_column_int64(rows, 0),
			.path = buf_str(&path),
			.root_len = root_len,
			.session = sqlite3_column_int64(rows, 3),
			.subagent = sqlite3_column_int(rows, 4) != 0,
			.gone = sqlite3_column_int(rows, 5) != 0,
			.size_bytes = sqlite3_column_int64(rows, 6),
			.modified_ns = sqlite3_column_int64(rows, 7),
			.version = sqlite3_column_int64(rows, 8),
		};
		if (result == SQLITE_OK && root_len > 0 && !take(ctx, &transcript))
			result = SQLITE_ABORT;
	}
	store_folders_release(&folders);
	return end(rows, result);
}
