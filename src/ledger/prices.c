/*
 * The ledger's prices: each model's are looked up once, and again when another price book comes.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger/internal.h"

bool ledger_priced_as(struct slice model, char **out)
{
	char name[PRICE_MODEL_MAX];
	size_t len;
	*out = NULL;
	if (!model.data || !slice_to_text(model, name, sizeof(name), &len))
		return true;
	*out = strndup(name, len);
	return *out != NULL;
}

void ledger_find_prices(const struct ledger *ledger, struct ledger_model_row *row)
{
	row->price = row->reference = NULL;
	row->factor = row->reference_factor = 1.;
	if (!row->priced_as)
		return;
	size_t len = strlen(row->priced_as);
	row->price = price_book_find(ledger->book, row->priced_as, len, &row->factor, NULL);
	row->reference = price_find(row->priced_as, len, &row->reference_factor);
	if (row->reference && row->reference->after_reference)
		row->reference = NULL;
}

const struct price *ledger_price(const struct ledger *ledger, const char *model, double *factor)
{
	return price_book_find(ledger->book, model, strlen(model), factor, NULL);
}

const struct ledger_model_row *ledger_other_model(const struct ledger *ledger, const char *name)
{
	return strmap_get(&ledger->others_by_name, name);
}

const struct ledger_model_row *ledger_add_other_model(struct ledger *ledger, const char *name,
						      const struct ledger_model_row *found)
{
	if (ledger->other_count == LEDGER_OTHERS_MAX
	    || !ledger_grow(&ledger->others, ledger->other_count, &ledger->other_cap, sizeof(struct ledger_model_row *)))
		return NULL;
	struct ledger_model_row *row = malloc(sizeof(*row));
	if (!row || !strmap_put(&ledger->others_by_name, name, row)) {
		free(row);
		return NULL;
	}
	*row = *found;
	row->other = (uint16_t)ledger->other_count;
	ledger->others[ledger->other_count++] = row;
	return row;
}

void ledger_price_entry(struct ledger_entry *e, const struct ledger_model_row *row)
{
	const struct price_tokens tokens = { e->input, e->output, e->creation_5m, e->creation_1h, e->cache_read };
	bool has_tokens = e->input || e->output || e->creation_5m || e->creation_1h || e->cache_read;
	if (e->has_cost)
		return;
	e->cost_usd = row->price ? price_cost_usd(row->price, row->factor, &tokens, e->fast) : 0.;
	e->unpriced = !row->price && !row->silent && has_tokens;
}

/* Whose prices an entry has; NULL: they were not kept, and it stays as it is. */
static const struct ledger_model_row *row_of(const struct ledger *ledger, const struct ledger_entry *e)
{
	if (e->model != LEDGER_MODELS_MAX - 1)
		return &ledger->models[e->model];
	return e->other < ledger->other_count ? ledger->others[e->other] : NULL;
}

/* All sums again from nothing: money that is taken out and put in again would leave its rounding behind. */
static void sum_again(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->model_count; i++)
		ledger->models[i].sums = (struct ledger_sums){ 0 };
	for (size_t i = 0; i < ledger->session_count; i++) {
		struct ledger_session_row *row = &ledger->sessions[i];
		if (row->by_model_len > 0)
			memset(row->by_model, 0, row->by_model_len * sizeof(*row->by_model));
		row->subagents_usd = 0.;
		row->subagents = 0;
		row->block_of_ms = 0;
	}
	for (size_t i = 0; i < ledger->file_count; i++)
		ledger->files[i].entries = 0;
	memset(ledger->kept, 0, sizeof(ledger->kept));
	for (size_t i = 0; i < ledger->entry_count; i++)
		if (!ledger->entries[i].hidden)
			ledger_account(ledger, &ledger->entries[i], 1, false);
}

void ledger_reprice(struct ledger *ledger, const struct price_book *book)
{
	ledger->book = book;
	for (size_t i = 0; i < ledger->model_count; i++)
		ledger_find_prices(ledger, &ledger->models[i]);
	for (size_t i = 0; i < ledger->other_count; i++)
		ledger_find_prices(ledger, ledger->others[i]);
	for (size_t i = 0; i < ledger->entry_count; i++) {
		const struct ledger_model_row *row = row_of(ledger, &ledger->entries[i]);
		if (row)
			ledger_price_entry(&ledger->entries[i], row);
	}
	sum_again(ledger);
}
