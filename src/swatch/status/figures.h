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

#include "limits/limits.h"
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
	struct rate_limits limits;   /* the server's, that are not over */
	bool is_weekly; /* the account has no 5-hour limit: the block says nothing about its limits */
	bool is_limited;         /* a usage limit was hit, and is not over: */
	char limit_title[RATE_LIMIT_LABEL_SIZE];
	int64_t limit_resets_ms; /* 0: not known */
	bool has_burn_rate;
	double burn_rate_usd;    /* per hour */
	int64_t fetched_ms;      /* 0: unknown */
	bool is_unwritten;       /* a daemon lives, and cannot write its files: they are old */
	bool is_fresh;           /* "isFresh" is true, "freshUntil" has not passed, and the daemon runs */
	char source[FIGURES_SOURCE_SIZE];
};

/* Reads `billing` (NULL: the file is missing). `daemon_lives`: a daemon keeps it up to date. */
void figures_read(struct figures *figures, struct json_object *billing, bool daemon_lives, int64_t now_ms);

/* The figures are in a directory in which the living daemon cannot write: they are not fresh. */
void figures_note_unwritten(struct figures *figures);

/* figures_read() from the file in `cache_dir`; asks, too, whether the daemon can write there. */
void figures_load(struct figures *figures, const char *cache_dir, bool daemon_lives, int64_t now_ms);

/* Adds the row "figures". */
void figures_show(const struct figures *figures, struct page *page, int64_t now_ms);

/* Adds the row "limits", with those that the server names, when there are any. */
void figures_show_limits(const struct figures *figures, struct page *page, int64_t now_ms);

#endif
