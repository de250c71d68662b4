/*
 * ui/human: numbers and times as people read them.
 *
 * For: the commands' pages. Each function writes into `out` and returns it, for use as an argument:
 * page_item(page, STYLE_PLAIN, "%s", human_usd(cost, HUMAN_TEXT)). A value out of range gives the nearest in
 * range, and NaN gives "?".
 */
#ifndef SWATCH_SWATCH_UI_HUMAN_H
#define SWATCH_SWATCH_UI_HUMAN_H

#include <stdint.h>

#define HUMAN_SIZE 64
/* Memory for one text, until the end of the block. */
#define HUMAN_TEXT ((char[HUMAN_SIZE]){ 0 })

/* "1,503" */
const char *human_count(int64_t count, char out[HUMAN_SIZE]);

/* A count from a file, without its fraction: "?" for an impossible one. */
const char *human_amount(double amount, char out[HUMAN_SIZE]);

/* "1 folder", "113 folders", "0 folders": the plural gets an s. Nouns of up to 32 characters. */
const char *human_counted(int64_t count, const char *noun, char out[HUMAN_SIZE]);

/* "512 B", "11.2 MB" (1024 to the next). */
const char *human_bytes(int64_t bytes, char out[HUMAN_SIZE]);

/* "$12.34", "$1,234.56"; "$0.0042" under a cent. */
const char *human_usd(double usd, char out[HUMAN_SIZE]);

/* A span of time: "45 s", "12 m", "2 h 13 m", "3 d 4 h". */
const char *human_span(int64_t span_ms, char out[HUMAN_SIZE]);

/* How long a program took: "80 ms", "1.2 s", "25 s", "2 m 5 s". */
const char *human_duration(int64_t span_ms, char out[HUMAN_SIZE]);

/*
 * The local time: "14:02" today and in the next 24 hours, "Nov 22 14:02" this year, else "2025-11-22 14:02".
 */
const char *human_clock(int64_t at_ms, int64_t now_ms, char out[HUMAN_SIZE]);

/* The local date and time, "2026-11-22 14:02". */
const char *human_stamp(int64_t at_ms, char out[HUMAN_SIZE]);

/* The local time to the second, "14:02:07". */
const char *human_clock_seconds(int64_t at_ms, char out[HUMAN_SIZE]);

/* "3m ago", "in 2m", "just now" */
const char *human_ago(int64_t at_ms, int64_t now_ms, char out[HUMAN_SIZE]);

#endif
