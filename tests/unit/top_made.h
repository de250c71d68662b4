/*
 * top_made: what swatch top knows, made up from files and events, and the text of the cells that it draws.
 * For the tests of src/swatch/top.
 */
#ifndef SWATCH_TESTS_TOP_MADE_H
#define SWATCH_TESTS_TOP_MADE_H

#include "swatch/top/figures.h"
#include "swatch/top/view.h"

/* 2026-11-23T14:05:00Z */
#define NOW_MS INT64_C(1795442700000)

/* A billing-shared.json in which much is known. */
extern const char top_billing_json[];

/* main() calls it first: UTC, and characters of more than a byte. */
void top_made_begin(void);

struct json_object *parse_json(const char *json);
void take_session(struct top_model *model, const char *id, const char *json);
void take_event(struct top_model *model, const char *json);

/* The ids of the sessions in their order, as "a b c". */
const char *order_of(const struct top_model *model);

/* A row's text in UTF-8, without the blanks at its end. */
const char *row_text(const struct top_canvas *canvas, size_t row);

#endif
