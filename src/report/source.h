/*
 * report/source: what days, weeks, months and sessions are made of: messages, or sums of some messages.
 *
 * For: report.h, whose callers may bring a source of their own, and groups.c, which takes from it.
 */
#ifndef SWATCH_REPORT_SOURCE_H
#define SWATCH_REPORT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "price/price.h"

/* One message; or several of one session, project, model and local day. */
struct report_entry {
	int64_t first_ms, last_ms;   /* the same for one message */
	struct price_tokens tokens;
	double cost_usd;
	unsigned model;              /* a number below LEDGER_MODELS_MAX */
	const char *model_name;      /* it lives as long as the report, as all texts here */
	bool model_silent;           /* left out of lists of models */
	bool unpriced;               /* some of it has no price */
	/* The place of the first line: its transcript's number in the order of paths, and the offset. */
	uint32_t rank;
	int64_t offset;
	unsigned session;            /* that paid: a number */
	const char *session_id;
	const char *home;            /* the path of a transcript of the project */
	size_t home_root_len;        /* home + home_root_len: the path below projects/ */
};

struct report_source {
	/* Entry `index`, in any order. Returns false past the last one. */
	bool (*entry_at)(void *ctx, size_t index, struct report_entry *out);
	void *ctx;
};

#endif
