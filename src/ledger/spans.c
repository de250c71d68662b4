#include "ledger/spans.h"

#include <string.h>

static void account(struct ledger_span *span, const struct ledger_entry *entry, int sign)
{
	if (entry->time_ms < span->start_ms || entry->time_ms >= span->end_ms)
		return;
	ledger_sums_add_entry(&span->sums, entry, sign);
	span->by_model[entry->model] += (uint32_t)sign;
}

void ledger_spans_account(struct ledger_spans *spans, const struct ledger_entry *entry, int sign)
{
	for (size_t i = 0; i < LEDGER_SPANS_KEPT; i++)
		account(&spans->kept[i], entry, sign);
}

const struct ledger_span *ledger_spans_find(struct ledger_spans *spans, const struct ledger_order *order,
					    int64_t start_ms, int64_t end_ms)
{
	struct ledger_span *span = &spans->kept[0];
	spans->questions++;
	for (size_t i = 0; i < LEDGER_SPANS_KEPT; i++) {
		struct ledger_span *kept = &spans->kept[i];
		if (kept->start_ms == start_ms && kept->end_ms == end_ms) {
			kept->asked = spans->questions;
			return kept;
		}
		if (kept->asked < span->asked)
			span = kept;
	}
	*span = (struct ledger_span){ .start_ms = start_ms, .end_ms = end_ms, .asked = spans->questions };
	for (size_t i = ledger_order_find(order, start_ms);
	     i < order->len && ledger_order_time(order, i) < end_ms; i++)
		account(span, ledger_order_at(order, i), +1);
	return span;
}

void ledger_spans_forget_sums(struct ledger_spans *spans)
{
	memset(spans->kept, 0, sizeof(spans->kept));
}
