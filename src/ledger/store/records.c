#include "ledger/store/records.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "json/write.h"
#include "ledger/store/schema.h"

/* Models that a file may name; the ledger itself tells fewer apart. */
#define MODELS_MAX 65536

int store_records_open(sqlite3 *db, struct store_records *records)
{
	*records = (struct store_records){ 0 };
	int result = sqlite3_prepare_v2(db, "SELECT name FROM session WHERE id = ?1", -1, &records->session,
					NULL);
	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(db, "SELECT name FROM model WHERE id = ?1", -1, &records->model,
					    NULL);
	return result;
}

static void note_result(struct store_records *records, int result)
{
	if (records->result == SQLITE_OK && result != SQLITE_ROW && result != SQLITE_DONE)
		records->result = result;
}

int store_records_take_result(struct store_records *records)
{
	int result = records->result;
	records->result = SQLITE_OK;
	return result;
}

/* ---- models ---- */

/* The name as JSON writes it, without quotes; NULL when it has none, or memory ran out. */
static char *read_model(struct store_records *records, int64_t number)
{
	AUTO_BUF text = BUF_INIT;
	struct jsonw w;
	char *copy = NULL;
	(void)sqlite3_bind_int64(records->model, 1, number);
	int result = sqlite3_step(records->model);
	const char *name = result == SQLITE_ROW ? (const char *)sqlite3_column_text(records->model, 0) : NULL;
	note_result(records, result);
	if (name && strlen(name) < PRICE_MODEL_MAX) {
		jsonw_init(&w, &text);
		jsonw_string(&w, name);
		copy = text.failed ? NULL : strndup(text.data + 1, text.len - 2);
		if (!copy)
			note_result(records, SQLITE_NOMEM);
	}
	(void)sqlite3_reset(records->model);
	return copy;
}

struct slice store_records_model(struct store_records *records, int64_t number)
{
	struct slice none = { NULL, 0 };
	if (number <= 0 || number >= MODELS_MAX)
		return none;
	if (!array_reserve(&records->models, &records->model_cap, (size_t)number + 1,
			   sizeof(*records->models))) {
		note_result(records, SQLITE_NOMEM);
		return none;
	}
	while (records->model_count <= (size_t)number)
		records->models[records->model_count++] = NULL;
	char **name = &records->models[number];
	if (!*name)
		*name = read_model(records, number);
	return *name ? (struct slice){ *name, strlen(*name) } : none;
}

/* ---- rows ---- */

static void take_payer(struct store_records *records, int64_t payer, struct ledger_record *record)
{
	if (payer <= 0)
		return;
	(void)sqlite3_bind_int64(records->session, 1, payer);
	int result = sqlite3_step(records->session);
	const char *name = NULL;
	if (result == SQLITE_ROW)
		name = (const char *)sqlite3_column_text(records->session, 0);
	note_result(records, result);
	size_t len = name ? strlen(name) : 0;
	if (name && transcript_session_id_is_valid(name, len)) {
		memcpy(records->payer, name, len + 1);
		record->payer = (struct slice){ records->payer, len };
		record->payer_is_told = true;
	}
	/* A question that waits would hold on to the file as it was. */
	(void)sqlite3_reset(records->session);
}

static void take_flags(unsigned flags, struct ledger_record *record)
{
	record->sidechain = flags & STORE_SIDECHAIN;
	record->has_speed = flags & STORE_HAS_SPEED;
	record->fast = flags & STORE_FAST;
	record->has_cost = flags & STORE_HAS_COST;
	record->is_settled = !(flags & (STORE_UNPRICED | STORE_HAS_COST));
	record->lost_by_reference = flags & STORE_LOST_BY_REFERENCE;
	record->has_id = flags & STORE_HAS_ID;
	record->extras.us_only = flags & STORE_US_ONLY;
	record->extras.batch = flags & STORE_BATCH;
	record->in_parts = flags & STORE_IN_PARTS;
}

void store_records_make(struct store_records *records, const struct store_row *row, struct ledger_kept *out)
{
	struct ledger_record *record = &out->record;
	memset(record, 0, sizeof(*record));
	record->time_ms = row->time_ms;
	record->offset = row->offset;
	record->tokens = row->tokens;
	record->large = row->large;
	take_flags(row->flags, record);
	record->id_hash = row->key;
	record->request_hash = row->request;
	record->extras.web_searches = row->web_searches;
	record->model = store_records_model(records, row->model);
	record->cost_usd = (double)row->nano_usd / LEDGER_NANO_IN_USD;
	take_payer(records, row->payer, record);
	out->cost_usd = record->cost_usd;
	out->reference_usd = (double)row->reference / LEDGER_NANO_IN_USD;
	out->hidden = row->flags & STORE_HIDDEN;
	out->unpriced = row->flags & STORE_UNPRICED;
}

void store_records_release(struct store_records *records)
{
	(void)sqlite3_finalize(records->session);
	(void)sqlite3_finalize(records->model);
	for (size_t i = 0; i < records->model_count; i++)
		free(records->models[i]);
	free(records->models);
	*records = (struct store_records){ 0 };
}
