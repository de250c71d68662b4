/*
 * top_figures: reading numbers that may be anything.
 *
 * For: top_model.c, top_judge.c and top_detail.c.
 */
#ifndef SWATCH_SWATCH_TOP_FIGURES_H
#define SWATCH_SWATCH_TOP_FIGURES_H

#include <json-c/json.h>
#include <stdint.h>

#define TOP_USD_MAX 1e9
#define TOP_TOKENS_MAX 1e15

/* A number from 0 to `most`; NaN when the member is none. `object` may be NULL. */
double top_number(struct json_object *object, const char *key, double most);

/* A time in Unix milliseconds; 0 when the member is none that a page can show. */
int64_t top_time(struct json_object *object, const char *key);

/* "12.3M", "950k", "87": tokens in six columns; "-" when they are not known. */
#define TOP_SHORT_SIZE 16
const char *top_short_count(double count, char out[TOP_SHORT_SIZE]);
#define TOP_SHORT_TEXT ((char[TOP_SHORT_SIZE]){ 0 })

#endif
