#include "ledger/store/reprice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ledger/record.h"
#include "ledger/store/rollup.h"
#include "ledger/store/rows.h"
#include "ledger/store/schema.h"
#include "ledger/store/statement.h"

/* Models that a file may name. */
#define MODELS_MAX 4096

struct work {
	const struct store_repricing *repricing;
	struct store_repriced *out;
	struct store_names names;
	sqlite3_stmt *change; /* NULL: only look */
	size_t last;	      /* most messages have the model of the one before */
};

/* ---- models ---- */

static bool is_of(const struct store_repriced_model *model, const struct store_row *row)
{
	return model->model == row->model && model->fast == ((row->flags & STORE_FAST) != 0);
}

/* The model of a row, with its price. Returns NULL when memory ran out, or there are too many. */
static struct store_repriced_model *model_of(struct work *work, const struct store_row *row)
{
	struct store_repriced *out = work->out;
	if (work->last < out->count && is_of(&out->models[work->last], row))
		return &out->models[work->last];
	for (size_t i = 0; i < out->count; i++)
		if (is_of(&out->models[i], row)) {
			work->last = i;
			return &out->models[i];
		}
	if (out->count == MODELS_MAX
	    || !array_reserve(&out->models, &out->cap, out->count + 1, sizeof(*out->models)))
		return NULL;
	struct store_repriced_model *model = &out->models[out->count];
	const char *name = store_names_model(&work->names, row->model);
	size_t len = strlen(name);
	if (store_names_take_result(&work->names) != SQLITE_OK)
		return NULL;
	*model = (struct store_repriced_model){ .model = row->model, .fast = row->flags & STORE_FAST };
	memcpy(model->name, name, len + 1);
	model->price = len > 0 ? price_book_find(work->repricing->book, name, len, &model->factor, NULL)
			       : NULL;
	work->last = out->count++;
	return model;
}

/* ---- messages ---- */

static int64_t cost_of(const struct store_repricing *repricing, const struct store_repriced_model *model,
		       const struct store_row *row)
{
	const struct price_extras extras = {
		.web_searches = row->web_searches,
		.us_only = row->flags & STORE_US_ONLY,
		.batch = row->flags & STORE_BATCH,
	};
	const struct price_request request = {
		.tokens = &row->tokens,
		.large = row->flags & STORE_IN_PARTS ? &row->large : NULL,
		.extras = repricing->extras ? &extras : NULL,
		.time_ms = row->time_ms,
		.fast = row->flags & STORE_FAST,
	};
	double nano = price_request_usd(model->price, model->factor, &request) / LEDGER_NANO_USD;
	return nano >= 0. && nano <= (double)STORE_NANO_USD_MAX ? (int64_t)llround(nano) : row->nano_usd;
}

static int change(struct work *work, int64_t id, int64_t nano_usd, unsigned flags)
{
	if (!work->change)
		return SQLITE_OK;
	(void)sqlite3_bind_int64(work->change, 1, id);
	(void)sqlite3_bind_int64(work->change, 2, nano_usd);
	(void)sqlite3_bind_int64(work->change, 3, flags);
	int result = sqlite3_step(work->change);
	(void)sqlite3_reset(work->change);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* A copy that does not count is priced, too: it may count one day. */
static void count(struct store_repriced *out, struct store_repriced_model *model, const struct store_row *row,
		  int64_t nano_usd, bool changed)
{
	if (row->flags & STORE_HIDDEN)
		return;
	model->messages++;
	out->messages++;
	model->changed += changed;
	out->changed += changed;
	store_rows_add(&model->before_nano_usd, row->nano_usd);
	store_rows_add(&out->before_nano_usd, row->nano_usd);
	store_rows_add(&model->after_nano_usd, nano_usd);
	store_rows_add(&out->after_nano_usd, nano_usd);
}

static int take_row(struct work *work, sqlite3_stmt *rows)
{
	struct store_row row;
	const struct store_repricing *repricing = work->repricing;
	if (!store_rows_take(rows, &row) || row.time_ms < repricing->since_ms
	    || (repricing->only_unpriced && !(row.flags & STORE_UNPRICED)))
		return SQLITE_OK;
	struct store_repriced_model *model = model_of(work, &row);
	if (!model)
		return SQLITE_NOMEM;
	bool is_priced = model->price && !(row.flags & STORE_HAS_COST);
	int64_t nano_usd = is_priced ? cost_of(repricing, model, &row) : row.nano_usd;
	unsigned flags = is_priced ? row.flags & ~(unsigned)STORE_UNPRICED : row.flags;
	bool changed = nano_usd != row.nano_usd || flags != row.flags;
	count(work->out, model, &row, nano_usd, changed);
	return changed ? change(work, sqlite3_column_int64(rows, 0), nano_usd, flags) : SQLITE_OK;
}

static int take_all(sqlite3 *db, struct work *work)
{
	sqlite3_stmt *rows = NULL;
	int result = store_names_open(db, &work->names);
	if (result == SQLITE_OK)
		result = store_rows_open(db, work->repricing->since_ms, &rows);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW)
		result = take_row(work, rows);
	(void)sqlite3_finalize(rows);
	store_names_release(&work->names);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* ---- the file ---- */

int store_reprice_look(sqlite3 *db, const struct store_repricing *repricing, struct store_repriced *out)
{
	struct work work = { .repricing = repricing, .out = out };
	*out = (struct store_repriced){ 0 };
	return take_all(db, &work);
}

static int change_all(sqlite3 *db, struct work *work)
{
	int result = sqlite3_prepare_v2(db, "UPDATE message SET nano_usd = ?2, flags = ?3 WHERE id = ?1", -1,
					&work->change, NULL);
	if (result == SQLITE_OK)
		result = take_all(db, work);
	(void)sqlite3_finalize(work->change);
	return result == SQLITE_OK && work->out->changed > 0 ? store_rollup_rebuild(db) : result;
}

int store_reprice_do(sqlite3 *db, const struct store_repricing *repricing, struct store_repriced *out)
{
	struct work work = { .repricing = repricing, .out = out };
	*out = (struct store_repriced){ 0 };
	int result = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = change_all(db, &work);
	return store_transaction_end(db, result);
}

bool store_reprice_is_due(sqlite3 *db, const struct price_book *book)
{
	sqlite3_stmt *row = NULL;
	bool is_due = false;
	int result = sqlite3_prepare_v2(db, "SELECT name FROM model WHERE unpriced > 0", -1, &row, NULL);
	while (result == SQLITE_OK && !is_due && sqlite3_step(row) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(row, 0);
		double factor;
		is_due = name && strlen(name) < PRICE_MODEL_MAX
		      && price_book_find(book, name, strlen(name), &factor, NULL);
	}
	(void)sqlite3_finalize(row);
	return is_due;
}

bool store_reprice_has_unpriced(sqlite3 *db)
{
	sqlite3_stmt *row = NULL;
	bool found = sqlite3_prepare_v2(db, "SELECT 1 FROM model WHERE unpriced > 0 LIMIT 1", -1, &row, NULL)
			     == SQLITE_OK
		     && sqlite3_step(row) == SQLITE_ROW;
	(void)sqlite3_finalize(row);
	return found;
}

void store_reprice_release(struct store_repriced *out)
{
	free(out->models);
	*out = (struct store_repriced){ 0 };
}
