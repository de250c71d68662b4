/*
 * report/data: a report's rows on their way from the daemon, or from the scan, to the page.
 *
 * For: fetch.c and scan.c, which fill it; command.c, table.c and swatch pricing, which show it.
 */
#ifndef SWATCH_SWATCH_REPORT_DATA_H
#define SWATCH_SWATCH_REPORT_DATA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Texts in the order in which they came. Zero it first. */
struct text_list {
	char **texts;
	size_t count, cap;
	bool failed;             /* memory ran out: texts are missing */
};

/* Adds a copy of `len` bytes. */
void text_list_add(struct text_list *list, const char *text, size_t len);

void text_list_release(struct text_list *list);

struct report_data {
	struct text_list rows;       /* each one a JSON object */
	struct text_list unpriced;   /* models without a price */
	char *totals;                /* a JSON object; NULL when the report has none */
	char first_day[16];          /* as in struct report; "" when nobody asked, or nothing is known */
	bool failed;                 /* memory ran out for the totals, or for a row on its way */
};

/* Sets the totals. */
void report_data_set_totals(struct report_data *data, const char *json, size_t len);

/* Sets the first day that has data. NULL, or what is no date: nothing changes. */
void report_data_set_first_day(struct report_data *data, const char *day);

/*
 * Appends a line that says since when there is data, when `since` or `until` (YYYYMMDD; "": not asked for)
 * lies before that.
 */
void report_data_say_beginning(const struct report_data *data, const char *since, const char *until,
			       struct buf *out);

/* Whether everything is there: memory sufficed. */
bool report_data_is_whole(const struct report_data *data);

/* Names the unpriced models on stderr, in one line, when there are any. */
void report_say_unpriced(const struct report_data *data);

void report_data_release(struct report_data *data);

#endif
