#include "ledger/models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* ---- prices ---- */

static void find_prices(const struct ledger_models *models, struct ledger_model_row *row)
{
	row->price = row->reference = NULL;
	row->factor = row->reference_factor = 1.;
	if (!row->priced_as)
		return;
	size_t len = strlen(row->priced_as);
	row->price = price_book_find(models->book, row->priced_as, len, &row->factor, NULL);
	row->reference = price_find_reference(row->priced_as, len, &row->reference_factor);
	/* The price of a name that ccusage may know by likeness is the best guess. */
	if (!row->reference) {
		row->reference = price_find(row->priced_as, len, &row->reference_factor);
		row->reference = row->reference && row->reference->after_reference ? NULL : row->reference;
	}
}

void ledger_models_set_book(struct ledger_models *models, const struct price_book *book)
{
	models->book = book;
	for (size_t i = 0; i < models->count; i++)
		find_prices(models, &models->list[i]);
	for (size_t i = 0; i < models->other_count; i++)
		find_prices(models, models->others[i]);
}

void ledger_models_price(const struct ledger_models *models, struct ledger_entry *entry,
			 const struct ledger_model_row *row, const struct price_tokens *large,
			 const struct price_extras *extras)
{
	const struct price_tokens tokens = { entry->input, entry->output, entry->creation_5m,
					     entry->creation_1h, entry->cache_read };
	const struct price_request request = { &tokens, large, models->extras ? extras : NULL,
					       entry->time_ms, entry->fast };
	if (entry->has_cost)
		return;
	entry->cost_usd = price_request_usd(row->price, row->factor, &request);
	entry->unpriced = !row->price && !row->silent && price_tokens_total(&tokens) > 0;
}

const struct ledger_model_row *ledger_models_row_of(const struct ledger_models *models,
						    const struct ledger_entry *entry)
{
	if (entry->model != LEDGER_MODELS_MAX - 1)
		return &models->list[entry->model];
	return entry->other < models->other_count ? models->others[entry->other] : NULL;
}

/* ---- names ---- */

/* The model's name as lists show it. An advisor's speed does not show in ccusage's, though it is charged. */
static bool shows_fast(const struct ledger_record *record)
{
	return record->fast && record->advisor == 0;
}

static void show_name(const struct ledger_record *record, char *out, size_t size)
{
	size_t len = scan_unescape(record->model, out, size - sizeof("-fast"), PRICE_MODEL_MAX);
	if (!record->model.data)
		len = (size_t)snprintf(out, size, "unknown");
	snprintf(out + len, size - len, "%s", shows_fast(record) ? "-fast" : "");
}

/* Whether lists treat the row as the record's model wants it. */
static bool has_silence(const struct ledger_model_row *row, const struct ledger_record *record)
{
	return row->silent == ledger_model_is_silent(record->model, record->advisor);
}

static bool is_last(const struct ledger_models *models, const struct ledger_last_model *last,
		    const struct ledger_record *record)
{
	return last->len > 0 && record->model.len == last->len && shows_fast(record) == last->fast
	       && has_silence(&models->list[last->number], record)
	       && memcmp(record->model.data, last->name, record->model.len) == 0;
}

static void keep_last(struct ledger_models *models, const struct ledger_record *record, size_t number)
{
	struct ledger_last_model *last = &models->last[models->next_last];
	if (!record->model.data || record->model.len > sizeof(last->name))
		return;
	memcpy(last->name, record->model.data, record->model.len);
	last->len = record->model.len;
	last->fast = shows_fast(record);
	last->number = number;
	models->next_last = (models->next_last + 1) % LEDGER_LAST_MODELS;
}

/* ---- rows ---- */

/* Returns false when memory ran out: a row without its name would have no price for good. */
static bool fill_row(const struct ledger_models *models, const struct ledger_record *record,
		     struct ledger_model_row *row)
{
	char name[PRICE_MODEL_MAX];
	size_t len;
	*row = (struct ledger_model_row){ .other = LEDGER_OTHERS_MAX,
					  .silent = ledger_model_is_silent(record->model,
									   record->advisor) };
	if (record->model.data && slice_to_text(record->model, name, sizeof(name), &len)) {
		row->priced_as = strndup(name, len);
		if (!row->priced_as)
			return false;
	}
	find_prices(models, row);
	return true;
}

static int add_row(struct ledger_models *models, const struct ledger_model_row *found, const char *name)
{
	struct ledger_model_row *row = &models->list[models->count];
	*row = *found;
	row->name = strdup(name);
	return row->name ? (int)models->count++ : -1;
}

/* Keeps the prices of a model beyond the table. Returns NULL when there are too many, or memory ran out. */
static const struct ledger_model_row *add_other(struct ledger_models *models, const char *name,
						const struct ledger_model_row *found)
{
	if (models->other_count == LEDGER_OTHERS_MAX
	    || !array_reserve(&models->others, &models->other_cap, models->other_count + 1,
			      sizeof(struct ledger_model_row *)))
		return NULL;
	struct ledger_model_row *row = malloc(sizeof(*row));
	if (!row || !strmap_put(&models->others_by_name, name, row)) {
		free(row);
		return NULL;
	}
	*row = *found;
	row->other = (uint16_t)models->other_count;
	models->others[models->other_count++] = row;
	return row;
}

/* A model without a row of its own: it counts in the last one, at its own prices. */
static int take_other(struct ledger_models *models, const char *name, const struct ledger_record *record,
		      const struct ledger_model_row **priced, struct ledger_model_row *scratch)
{
	const struct ledger_model_row last = { .other = LEDGER_OTHERS_MAX };
	if (models->count < LEDGER_MODELS_MAX && add_row(models, &last, "(other models)") < 0)
		return -1;
	*priced = strmap_get(&models->others_by_name, name);
	if (*priced)
		return LEDGER_MODELS_MAX - 1;
	if (!fill_row(models, record, scratch))
		return -1;
	*priced = add_other(models, name, scratch);
	if (!*priced) {
		/* Too many to keep them all: its prices as they are now. */
		free(scratch->priced_as);
		scratch->priced_as = NULL;
		*priced = scratch;
	}
	return LEDGER_MODELS_MAX - 1;
}

int ledger_models_number(struct ledger_models *models, const struct ledger_record *record,
			 const struct ledger_model_row **priced, struct ledger_model_row *scratch)
{
	char name[PRICE_MODEL_MAX * 4 + 16];
	for (size_t i = 0; i < LEDGER_LAST_MODELS; i++)
		if (is_last(models, &models->last[i], record)) {
			*priced = &models->list[models->last[i].number];
			return (int)models->last[i].number;
		}
	show_name(record, name, sizeof(name));
	for (size_t i = 0; i < models->count; i++) {
		const struct ledger_model_row *row = &models->list[i];
		if (strcmp(row->name, name) != 0 || i == LEDGER_MODELS_MAX - 1 || !has_silence(row, record))
			continue;
		keep_last(models, record, i);
		*priced = row;
		return (int)i;
	}
	if (models->count >= LEDGER_MODELS_MAX - 1)
		return take_other(models, name, record, priced, scratch);
	if (!fill_row(models, record, scratch))
		return -1;
	int number = add_row(models, scratch, name);
	if (number < 0)
		free(scratch->priced_as);
	else
		*priced = &models->list[number];
	return number;
}

/* ---- sums ---- */

void ledger_models_account(struct ledger_models *models, const struct ledger_entry *entry, int sign)
{
	ledger_sums_add_entry(&models->list[entry->model].sums, entry, sign);
}

void ledger_models_note_answer(struct ledger_models *models, const struct ledger_entry *entry)
{
	int64_t *last_ms = &models->list[entry->model].last_ms;
	*last_ms = entry->time_ms > *last_ms ? entry->time_ms : *last_ms;
}

void ledger_models_forget_sums(struct ledger_models *models)
{
	for (size_t i = 0; i < models->count; i++)
		models->list[i].sums = (struct ledger_sums){ 0 };
}

uint64_t ledger_models_shown(const struct ledger_models *models, const uint32_t entries[LEDGER_MODELS_MAX])
{
	uint64_t shown = 0;
	for (size_t i = 0; i < models->count; i++)
		if (entries[i] > 0 && !models->list[i].silent)
			shown |= UINT64_C(1) << i;
	return shown;
}

void ledger_models_release(struct ledger_models *models)
{
	for (size_t i = 0; i < models->count; i++) {
		free(models->list[i].name);
		free(models->list[i].priced_as);
	}
	for (size_t i = 0; i < models->other_count; i++) {
		free(models->others[i]->priced_as);
		free(models->others[i]);
	}
	strmap_release(&models->others_by_name);
	free(models->others);
}
