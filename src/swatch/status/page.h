/*
 * status/page: the page of `swatch status`, from the daemon's answer. Pure: no socket, no file, no clock.
 *
 * For: commands/status.c. The page begins with what a person looks for at three in the morning: whether the
 * daemon runs, what is wrong, and what to do about it. Then come the figures, what the daemon waits for, and
 * the counters.
 */
#ifndef SWATCH_SWATCH_STATUS_PAGE_H
#define SWATCH_SWATCH_STATUS_PAGE_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "swatch/status/figures.h"
#include "swatch/ui/page.h"

/*
 * What is needed most, in at most STATUS_BRIEF_LINES lines of 80 columns, unless one finding alone is longer:
 * the daemon, the worst finding and the names of the others, figures, limits, sessions.
 */
#define STATUS_BRIEF_LINES 10
void status_page_brief(struct page *page, struct json_object *answer, const struct figures *figures,
		       int64_t now_ms);

/* Composes the whole page. `answer` may lack any field. */
void status_page_compose(struct page *page, struct json_object *answer, const struct figures *figures,
			 int64_t now_ms);

#endif
