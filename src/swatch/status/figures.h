/*
 * status/figures: what billing-shared.json says: costs, the block, and whether they are still fresh.
 *
 * For: status, refresh, check and top.
 */
#ifndef SWATCH_SWATCH_STATUS_FIGURES_H
#define SWATCH_SWATCH_STATUS_FIGURES_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "swatch/ui/page.h"

#define FIGURES_SOURCE_SIZE 16

struct figures {
	bool known;              /* false: the file is missing or has no figures; then nothing below is set */
	double today_usd;
	bool is_of_today;        /* else `today_usd` is of the day of `fetched_ms` */
	bool has_block;
	double block_usd;
	int64_t block_end_ms;    /* may have passed */
	bool has_window; /* the server's five hours are known, and go on: the block only estimates them */
	double window_usd;
	int64_t window_end_ms;
	bool has_burn_rate;
	double burn_rate_usd;    /* per hour */
	int64_t fetched_ms;      /* 0: unknown */
	bool is_fresh;           /* "isFresh" is true, "freshUntil" has not passed, and the daemon runs */
	char source[FIGURES_SOURCE_SIZE];
};

/* Reads `billing` (NULL: the file is missing). `daemon_lives`: a daemon keeps it up to date. */
void figures_read(struct figures *figures, struct json_object *billing, bool daemon_lives, int64_t now_ms);

/* The same from the file in `cache_dir`. */
void figures_load(struct figures *figures, const char *cache_dir, bool daemon_lives, int64_t now_ms);

/* Adds the row "figures". */
void figures_show(const struct figures *figures, struct page *page, int64_t now_ms);

#endif
