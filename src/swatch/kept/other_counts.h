/*
 * kept/other_counts: what other programs counted: ccusage's `daily --json`, and Claude Code's
 * stats-cache.json.
 *
 * For: swatch import.
 */
#ifndef SWATCH_SWATCH_KEPT_OTHER_COUNTS_H
#define SWATCH_SWATCH_KEPT_OTHER_COUNTS_H

#include <json-c/json.h>

#include "ledger/store/imported.h"

/* A function takes each row, and returns SQLITE_OK, or what went wrong: that ends it. */
typedef int other_counts_take(void *ctx, const struct store_imported *row);

/*
 * Passes on the rows of a document. Returns SQLITE_OK, what `take` returned, or SQLITE_MISMATCH with the
 * reason in `error`: it is another kind of document, or a number in it is impossible.
 */
int other_counts_read_ccusage(struct json_object *document, other_counts_take *take, void *ctx,
			      struct buf *error);
int other_counts_read_stats_cache(struct json_object *document, other_counts_take *take, void *ctx,
				  struct buf *error);

#endif
