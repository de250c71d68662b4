/*
 * top/figures: reads numbers from JSON that may hold anything.
 *
 * For: model.c, judge.c and detail.c.
 */
#ifndef SWATCH_SWATCH_TOP_FIGURES_H
#define SWATCH_SWATCH_TOP_FIGURES_H

#include <json-c/json.h>
#include <stdint.h>

#define TOP_USD_MAX 1e9
#define TOP_TOKENS_MAX 1e15

/* The member, a number from 0 to `most`; else NaN. `object` may be NULL. */
double top_number(struct json_object *object, const char *key, double most);

/* The member, a time in Unix milliseconds up to the year 9999; else 0. */
int64_t top_time(struct json_object *object, const char *key);

/* "12.3M", "950k", "87": a count in six columns; "-" for NaN. */
#define TOP_SHORT_SIZE 16
const char *top_short_count(double count, char out[TOP_SHORT_SIZE]);
#define TOP_SHORT_TEXT ((char[TOP_SHORT_SIZE]){ 0 })

#endif
