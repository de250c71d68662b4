/*
 * ledger/spans: sums over spans of time that were asked for, kept up to date from then on.
 *
 * For: ledger.c. Every message that is published asks for the same few spans: the day, the last block, the
 * server's window.
 */
#ifndef SWATCH_LEDGER_SPANS_H
#define SWATCH_LEDGER_SPANS_H

#include "ledger/order.h"
#include "ledger/sums.h"

#define LEDGER_SPANS_KEPT 4

struct ledger_span {
	int64_t start_ms, end_ms;       /* equal when it is not in use */
	uint64_t asked;                 /* when last, in questions */
	struct ledger_sums sums;
	uint32_t by_model[LEDGER_MODELS_MAX];   /* entries of each model */
};

struct ledger_spans {
	struct ledger_span kept[LEDGER_SPANS_KEPT];
	uint64_t questions;
};

/* Adds an entry to the spans that it lies in (`sign` 1), or takes it out again (-1). */
void ledger_spans_account(struct ledger_spans *spans, const struct ledger_entry *entry, int sign);

/*
 * The sums over [start_ms, end_ms) of the order, which is sorted. A new span takes the place of the one that
 * was not asked for longest. O(1) when it is kept, else O(entries in it). The answer holds until the next
 * call.
 */
const struct ledger_span *ledger_spans_find(struct ledger_spans *spans, const struct ledger_order *order,
					    int64_t start_ms, int64_t end_ms);

/* Keeps none any more. */
void ledger_spans_forget_sums(struct ledger_spans *spans);

#endif
