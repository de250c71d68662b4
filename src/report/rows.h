/*
 * report/rows: a report: its rows, what they sum up to, and the texts in them.
 *
 * For: groups.c, blocks.c and json.c, which fill it; everybody who shows it. It owns all that is in it.
 */
#ifndef SWATCH_REPORT_ROWS_H
#define SWATCH_REPORT_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/strmap.h"
#include "ledger/figures.h"
#include "ledger/projection.h"
#include "report/options.h"

/* What a row has of a model; of a block only its name. */
struct report_model {
	const char *name;
	unsigned place;      /* in the order in which the row's messages have their models: 0, 1, ... */
	bool unpriced;       /* some of it has no price */
	struct price_tokens tokens;
	double cost_usd;
};

/* Of a 5-hour block, or of the time between two of them. */
struct report_block {
	bool is_gap, is_active;
	int64_t start_ms, end_ms;      /* 0: not known, as all times here */
	int64_t messages;
	int64_t limit_resets_ms;       /* 0: no usage limit was hit */
	/* Of the active one; NaN without a rate. */
	double tokens_per_minute, indicator_tokens_per_minute, usd_per_hour;
	struct projection projection;
};

struct report_row {
	char period[CLOCK_DATE_SIZE];  /* a day, a week's Sunday, a month; "" for sessions and blocks */
	const char *session_id;        /* of a session; else NULL */
	const char *project;           /* likewise */
	int64_t first_ms, last_ms;     /* of a session's messages; the last one of a block's */
	struct price_tokens tokens;
	double cost_usd;
	struct report_model *models;   /* the dearest first; those of a block by place */
	size_t model_count;
	struct report_block block;
};

struct report {
	enum report_kind kind;
	struct report_row *rows;
	size_t row_count, row_cap;
	struct price_tokens tokens;    /* what the rows sum up to; not for blocks */
	double cost_usd;
	size_t unpriced_count;         /* models in the rows without a price: their tokens count as 0 USD */
	const char *unpriced[LEDGER_MODELS_MAX];
	/* With since or until: the local day of the first message there is, "2026-11-23"; "" without any. */
	char first_day[CLOCK_DATE_SIZE];
	struct strmap texts;
	bool failed;                   /* memory ran out: something is missing */
};

/* A report without rows. Release it in every case. */
void report_init(struct report *report, enum report_kind kind);

/* Adds an empty row, which is good until the next one. Returns NULL when memory ran out. */
struct report_row *report_add_row(struct report *report);

/* Gives a row this many empty models. Returns false when memory ran out. */
bool report_set_models(struct report *report, struct report_row *row, size_t count);

/* The model of a row at a place of its order of messages; NULL past the last one. */
const struct report_model *report_model_at(const struct report_row *row, size_t place);

/* Returns the report's own copy of a text; "" when memory ran out. */
const char *report_text(struct report *report, const char *text, size_t len);

/* Names a model without a price: each once, in the order of names. */
void report_add_unpriced(struct report *report, const char *model);

/* Drops the blocks that began before `since_ms`, except the active one. */
void report_drop_blocks(struct report *report, int64_t since_ms);

void report_release(struct report *report);

#endif
