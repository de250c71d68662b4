/*
 * What entries cost: by which prices, and what becomes of them when these change.
 */
#include <string.h>

#include "ledger/internal.h"

void ledger_set_prices(struct ledger *ledger, const struct price_book *book)
{
	ledger_models_set_book(&ledger->models, book);
	memset(ledger->windows, 0, LEDGER_WINDOWS_MAX * sizeof(*ledger->windows));
}

void ledger_set_extras(struct ledger *ledger, bool extras)
{
	ledger->models.extras = extras;
}

/* Prices what had no price. Other costs stay what they were when they came: the file says so, too. */
static void price_unpriced(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->entries.count; i++) {
		struct ledger_entry *e = &ledger->entries.list[i];
		struct ledger_entry priced = *e;
		const struct ledger_model_row *row = ledger_models_row_of(&ledger->models, e);
		const struct price_extras extras = ledger_entries_extras(&ledger->entries, e);
		if (!e->unpriced || !row)
			continue;
		ledger_models_price(&ledger->models, &priced, row, ledger_entries_large(&ledger->entries, e),
				    &extras);
		if (priced.unpriced)
			continue;
		if (!e->hidden)
			ledger_account(ledger, (uint32_t)i, -1, true);
		e->cost_usd = priced.cost_usd;
		e->unpriced = false;
		if (!e->hidden)
			ledger_account(ledger, (uint32_t)i, 1, true);
		ledger->unsaved.noting = ledger->unsaved.wanted;
		ledger_note_unsaved(ledger, (uint32_t)i);
	}
}

void ledger_reprice(struct ledger *ledger, const struct price_book *book)
{
	ledger_models_set_book(&ledger->models, book);
	memset(ledger->windows, 0, LEDGER_WINDOWS_MAX * sizeof(*ledger->windows));
	if (ledger->archive.calls) {
		price_unpriced(ledger);
		return;
	}
	/*
	 * All sums again from nothing: taking money out and putting other money in would leave rounding
	 * behind.
	 */
	ledger_forget_sums(ledger);
	for (size_t i = 0; i < ledger->entries.count; i++) {
		struct ledger_entry *entry = &ledger->entries.list[i];
		const struct ledger_model_row *row = ledger_models_row_of(&ledger->models, entry);
		const struct price_extras extras = ledger_entries_extras(&ledger->entries, entry);
		bool was_unpriced = entry->unpriced;
		if (row && !entry->settled)
			ledger_models_price(&ledger->models, entry, row,
					    ledger_entries_large(&ledger->entries, entry), &extras);
		/* What had no price gets one for good; other costs stay in the file as they were. */
		ledger->unsaved.noting = ledger->unsaved.wanted;
		if (was_unpriced && !entry->unpriced)
			ledger_note_unsaved(ledger, (uint32_t)i);
		if (!entry->hidden)
			ledger_account(ledger, (uint32_t)i, 1, false);
	}
}
