/*
 * write: writes JSON text into a buf, one value after the other, and takes care of commas and escapes.
 *
 * For: the cache files, the socket's answers, `--json` output.
 *
 * Calling sequence: struct jsonw w; jsonw_init(&w, &buf); jsonw_begin_object(&w); jsonw_key(&w, "cost");
 * jsonw_double(&w, 1.5); jsonw_end_object(&w). The jsonw_put_* functions write a key and its value. Text may
 * hold any bytes. The program must stay in the "C" locale for numbers (no setlocale() of LC_NUMERIC). When
 * memory ran out, or nesting is deeper than JSONW_MAX_DEPTH, the buf's `failed` is set.
 */
#ifndef SWATCH_JSON_WRITE_H
#define SWATCH_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define JSONW_MAX_DEPTH 32

struct jsonw {
	struct buf *out;
	unsigned depth;
	bool in_lines;
	bool after_key;
	bool has_items[JSONW_MAX_DEPTH];
};

void jsonw_init(struct jsonw *w, struct buf *out);

/* The same, with each value on a line of its own, as ccusage prints JSON for people. */
void jsonw_init_lines(struct jsonw *w, struct buf *out);

void jsonw_begin_object(struct jsonw *w);
void jsonw_end_object(struct jsonw *w);
void jsonw_begin_array(struct jsonw *w);
void jsonw_end_array(struct jsonw *w);
void jsonw_key(struct jsonw *w, const char *key);

/*
 * Bytes that are not UTF-8 become U+FFFD, so that the text is always valid JSON. A NULL string becomes null.
 */
void jsonw_string(struct jsonw *w, const char *text);
void jsonw_string_len(struct jsonw *w, const char *text, size_t len);
void jsonw_int(struct jsonw *w, int64_t value);
/*
 * Writes digits that read back as the same number: up to 12 decimals if these suffice, else 17 digits; null
 * for NaN.
 */
void jsonw_double(struct jsonw *w, double value);
/*
 * Writes an amount of money, a rate, a percentage: 0.3 and not 0.30000000000000004. Rounds to 12 decimals,
 * from 9007 on to 9, and from 9 million on to 6; writes larger ones as jsonw_double() does.
 */
void jsonw_amount(struct jsonw *w, double value);
void jsonw_bool(struct jsonw *w, bool value);
void jsonw_null(struct jsonw *w);

/* A key, and the beginning of its object or array. */
void jsonw_key_object(struct jsonw *w, const char *key);
void jsonw_key_array(struct jsonw *w, const char *key);
/* A key, and the beginning of its object when it is `present`; else null. Returns `present`. */
bool jsonw_key_object_or_null(struct jsonw *w, const char *key, bool present);

void jsonw_put_string(struct jsonw *w, const char *key, const char *text);
void jsonw_put_int(struct jsonw *w, const char *key, int64_t value);
void jsonw_put_double(struct jsonw *w, const char *key, double value);
void jsonw_put_amount(struct jsonw *w, const char *key, double value);
void jsonw_put_bool(struct jsonw *w, const char *key, bool value);
void jsonw_put_null(struct jsonw *w, const char *key);
/* Writes null for 0 or less, which means an unknown time. */
void jsonw_put_int_or_null(struct jsonw *w, const char *key, int64_t value);

#endif
