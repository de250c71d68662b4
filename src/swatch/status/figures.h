/*
 * figures: what billing-shared.json says, judged by now: costs, the block, and whether that is still true.
 *
 * For: status (with a daemon and without) and refresh.
 */
#ifndef SWATCH_SWATCH_STATUS_FIGURES_H
#define SWATCH_SWATCH_STATUS_FIGURES_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "swatch/ui/page.h"

#define FIGURES_SOURCE_SIZE 16

struct figures {
	bool known;              /* there is such a file, and it is one */
	double today_usd;
	bool is_of_today;        /* else `today_usd` is the cost of the day of `fetched_ms` */
	bool has_block;
	double block_usd;
	int64_t block_end_ms;    /* may be past */
	bool has_window;         /* the server's five hours are known, and not over: the block is an estimate of them */
	double window_usd;
	int64_t window_end_ms;
	bool has_burn_rate;
	double burn_rate_usd;    /* per hour */
	int64_t fetched_ms;      /* 0: not known */
	bool is_fresh;           /* FORMATS section 6: the file says so, its time has not come, and the daemon lives */
	char source[FIGURES_SOURCE_SIZE];
};

/* Reads `billing` (NULL: nothing is known). `daemon_lives` says whether someone keeps the file up to date. */
void figures_read(struct figures *figures, struct json_object *billing, bool daemon_lives, int64_t now_ms);

/* The same from the file in `cache_dir`. */
void figures_load(struct figures *figures, const char *cache_dir, bool daemon_lives, int64_t now_ms);

/* Adds the row "figures". */
void figures_show(const struct figures *figures, struct page *page, int64_t now_ms);

#endif
