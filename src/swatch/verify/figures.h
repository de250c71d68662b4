/*
 * verify/figures: the token counts and the cost of a row, which a difference between two tools moves.
 *
 * For: rows.c, and the page and the JSON of swatch verify.
 */
#ifndef SWATCH_SWATCH_VERIFY_FIGURES_H
#define SWATCH_SWATCH_VERIFY_FIGURES_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "price/price.h"
#include "swatch/verify/verify.h"

struct row_figures {
	int64_t input, output, creation, read;
	double usd;
	double size_usd;             /* the largest sum that `usd` was on the way: its rounding stays */
};

/* A row's cost and tokens; 0 for NULL. */
double verify_row_usd(const struct verify_report *report, struct json_object *row);
int64_t verify_row_tokens(struct json_object *row);

/* The figures of a row of the report; zeros when the row is missing (NULL). */
struct row_figures row_figures_of(const struct verify_report *report, struct json_object *row);

/* Adds the tokens and the cost of an entry (sign 1), or takes them away (-1). */
void row_figures_add(struct row_figures *figures, const struct price_tokens *t, int sign, double usd);

/* Whether the tokens are the same, and the costs but for 1e-9 of the largest sum. */
bool row_figures_equal(const struct row_figures *a, const struct row_figures *b);

#endif
