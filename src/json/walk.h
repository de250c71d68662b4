/*
 * walk: goes through JSON text in place, value by value: no tree, no allocation. It is the one reader of JSON.
 *
 * For: transcript/scan.c, whose hot path it is, and the readers that are built on it: json/parse.c (json-c's trees),
 * json/edit.c (where a member stands), json/leaves.c, json/pretty.c. It refuses what RFC 8259 refuses: comments, a comma
 * too many, control characters in strings. It does not check that strings are UTF-8: slice_is_text() does.
 *
 * Calling sequence for an object: walk_enter(&w, '{'), then while walk_next_key(&w, &first, &key) { walk the value, with
 * walk_value() or an enter of its own }; in the end w.bad says whether it was JSON.
 */
#ifndef SWATCH_JSON_WALK_H
#define SWATCH_JSON_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* Deeper nesting is refused; a multiple of 8. */
#define WALK_MAX_DEPTH 4096
/* Keys up to this length are known by what they say, also when they are written with escapes. */
#define WALK_KEY_SIZE 64

enum walk_kind { WALK_NONE, WALK_STRING, WALK_NUMBER, WALK_TRUE, WALK_FALSE, WALK_NULL, WALK_OBJECT, WALK_ARRAY };

struct walk {
	const char *at;
	const char *end;
	bool bad;
	const char *bad_at;      /* when bad: what could not be read; `end` when the text ended within a value */
	/* Called for every key whose value is null, at any depth; may be NULL. */
	void (*null_seen)(void *ctx, struct slice key);
	void *ctx;
	char key[WALK_KEY_SIZE]; /* the last key that had escapes */
};

struct walk_item {
	enum walk_kind kind;
	struct slice text;      /* a string's content, a number as written, an object or array with its brackets */
};

void walk_init(struct walk *w, const char *text, size_t len);

/* What the next value is, without going past it. WALK_NONE: no value begins here. */
enum walk_kind walk_peek(struct walk *w);

/* Goes past one whole value. Returns false, and sets w->bad, when it is not JSON. */
bool walk_value(struct walk *w, struct walk_item *out);

/* Goes into an object ('{') or array ('['). False when the next value is not one: it is not passed then. */
bool walk_enter(struct walk *w, char bracket);

/*
 * The next key of the object entered; false at its end, which is passed. `first` starts true, and is kept by it.
 * A key that was written with escapes is good until the next key.
 */
bool walk_next_key(struct walk *w, bool *first, struct slice *key);

/* The same; the key is given as it is written, with its escapes. */
bool walk_next_written_key(struct walk *w, bool *first, struct slice *key);

/* Whether the array entered has one more value; false at its end, which is passed. */
bool walk_next_item(struct walk *w, bool *first);

/* True when nothing but blanks is left. */
bool walk_at_end(struct walk *w);

/* A whole number of 0 to 2^53 in digits alone, as ccusage wants it: no sign, no fraction, no exponent. */
bool slice_to_count(struct slice s, int64_t *out);
bool slice_to_double(struct slice s, double *out);

/*
 * What a string says, its escapes resolved, byte for byte (for people: scan_unescape()). False when it is no text
 * (bad UTF-8, half a surrogate pair) or does not fit into `size` bytes; there is no NUL behind it.
 */
bool slice_to_text(struct slice s, char *out, size_t size, size_t *len);

/* Whether a string is text at all: valid UTF-8 without half surrogate pairs. */
bool slice_is_text(struct slice s);

/*
 * Takes one character of a string at *at, moving it on; `s` was walked, so its escapes are well-formed. WALK_NO_CHAR:
 * bytes that are no UTF-8 (one of them is passed), or half a surrogate pair.
 */
#define WALK_NO_CHAR 0xFFFFFFFFU
uint32_t slice_take_char(struct slice s, size_t *at);

/*
 * Appends what a string says, its escapes resolved; half a surrogate pair becomes U+FFFD, and bytes that are not UTF-8
 * stay as they are.
 */
void slice_append_text(struct slice s, struct buf *out);

#endif
