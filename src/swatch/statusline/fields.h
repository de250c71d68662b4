/*
 * statusline/fields: the names that a format can use (fact_table.h), and their values as text.
 *
 * For: format.c.
 */
#ifndef SWATCH_SWATCH_STATUSLINE_FIELDS_H
#define SWATCH_SWATCH_STATUSLINE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "swatch/statusline/facts.h"

/* The longest value and a NUL: a path. */
#define FIELD_VALUE_SIZE FACT_PATH_SIZE

enum field_kind {
	FIELD_TEXT,
	FIELD_USD,       /* "$4.27" */
	FIELD_COUNT,     /* "124,300" */
	FIELD_PERCENT,   /* "62": without the sign */
	FIELD_PACE,      /* "1.2" */
	FIELD_SPAN,      /* "2h 26m"; compared in minutes */
	FIELD_CLOCK      /* "14:30", "Thu 14:30"; no comparisons */
};

struct statusline_field {
	const char *name;
	enum field_kind kind;
	size_t at;           /* a number: its enum fact; a text: its offset in struct statusline_facts */
};

/* "45s", "26m", "2h 26m", "3d 4h". Returns the length. */
int statusline_span_text(double span_ms, char out[FIELD_VALUE_SIZE]);

/* Sorted by name. */
extern const struct statusline_field statusline_fields[];
extern const size_t statusline_field_count;

/* Returns NULL when there is no such field. */
const struct statusline_field *statusline_field_find(const char *name, size_t len);

/* Writes the value as text, "" when it is unknown. Returns its length. */
size_t statusline_field_text(const struct statusline_field *field, const struct statusline_facts *facts,
			     char out[FIELD_VALUE_SIZE]);

/* Whether the field has a value; faster than making its text. */
bool statusline_field_is_known(const struct statusline_field *field, const struct statusline_facts *facts);

/* Whether people must not miss it: a line that is too wide loses it last. */
bool statusline_field_is_warning(const struct statusline_field *field);

/* Returns the number for comparisons; NaN for unknown fields and texts. */
double statusline_field_number(const struct statusline_field *field, const struct statusline_facts *facts);

#endif
