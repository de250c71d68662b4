#include "ledger/store/rolled.h"

#include "base/buf.h"
#include "base/clock.h"
#include "ledger/store/folders.h"
#include "ledger/store/place.h"
#include "ledger/store/schema.h"

/* After a loop of steps. */
static int end(sqlite3_stmt *rows, int result)
{
	(void)sqlite3_finalize(rows);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static bool lacks_some(const struct store_left_out *left_out, const struct store_rolled *rolled)
{
	const struct store_hour_key hour = {
		.payer = rolled->payer,
		.transcript = rolled->transcript,
		.start = rolled->sums.first_ms / CLOCK_HOUR_MS,
		.model = rolled->model,
		.fast = rolled->fast,
	};
	return !store_left_out_is_empty(left_out) && store_left_out_is_in(left_out, &hour);
}

int store_rolled_read(sqlite3 *db, enum store_rolled_by by, const struct store_left_out *left_out,
		      bool (*take)(void *ctx, const struct store_rolled *rolled), void *ctx)
{
	sqlite3_stmt *rows = NULL;
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
		if (by == STORE_BY_HOUR && lacks_some(left_out, &rolled))
			result = store_rolled_split(db, &rolled, left_out, take, ctx);
		else if (!take(ctx, &rolled))
			result = SQLITE_ABORT;
	}
	return end(rows, result);
}

/* Whether a message is one of the hour's. */
static bool is_of(const struct store_row *row, const struct store_rolled *hour)
{
	return row->time_ms >= hour->sums.first_ms && row->time_ms <= hour->sums.last_ms
	    && row->transcript == hour->transcript && row->model == hour->model && row->payer == hour->payer
	    && ((row->flags & STORE_FAST) != 0) == hour->fast && !(row->flags & STORE_HIDDEN);
}

int store_rolled_split(sqlite3 *db, const struct store_rolled *hour, const struct store_left_out *left_out,
		       bool (*take)(void *ctx, const struct store_rolled *rolled), void *ctx)
{
	sqlite3_stmt *rows = NULL;
	int result = store_rows_open(db, hour->sums.first_ms, &rows);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_row row;
		struct store_rolled one = *hour;
		result = SQLITE_OK;
		if (!store_rows_take(rows, &row))
			continue;
		if (row.time_ms > hour->sums.last_ms + STORE_LATE_MAX_MS) {
			result = SQLITE_DONE;
			break;
		}
		if (!is_of(&row, hour) || store_left_out_has(left_out, sqlite3_column_int64(rows, 0)))
			continue;
		one.sums = (struct store_sums){ .first_offset = row.offset };
		store_sums_add_row(&one.sums, &row);
		if (!take(ctx, &one))
			result = SQLITE_ABORT;
	}
	return end(rows, result);
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
