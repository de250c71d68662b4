/*
 * malformed: what is wrong with a line that is no JSON object, or that has an impossible count; and how many
 * such lines there were.
 *
 * For: scan, which finds the kind; gather and swatchd's sessions, which count; the answer to "status", which
 * names the files.
 */
#ifndef SWATCH_TRANSCRIPT_MALFORMED_H
#define SWATCH_TRANSCRIPT_MALFORMED_H

#include <json-c/json.h>
#include <stdint.h>

#include "json/write.h"

enum malformed {
	MALFORMED_NOT,               /* the line is as it should be */
	MALFORMED_DAMAGED,           /* it is not one JSON object and nothing else */
	MALFORMED_NEGATIVE,          /* a count below 0 */
	MALFORMED_NO_NUMBER,         /* a count that is no whole number: text, null, 3.5 */
	MALFORMED_TOO_LARGE,         /* a count that no message can reach */
	MALFORMED_KINDS
};

/* How many lines of each kind. A line counts once. Zero it first. */
struct malformed_lines {
	uint32_t of[MALFORMED_KINDS];
};

/* Counts a line; MALFORMED_NOT counts nothing. */
void malformed_note(struct malformed_lines *lines, enum malformed kind);

void malformed_add(struct malformed_lines *sum, const struct malformed_lines *more);

/* All kinds together. */
uint64_t malformed_count(const struct malformed_lines *lines);

/* The kind's name for programs, such as "noNumber". */
const char *malformed_name(enum malformed kind);

/* Writes each kind's count into an open object, and takes them back: a wrong one counts as 0. */
void malformed_write(const struct malformed_lines *lines, struct jsonw *w);
void malformed_read(struct json_object *counts, struct malformed_lines *out);

#endif
