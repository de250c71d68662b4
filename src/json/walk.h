/*
 * walk: goes through JSON text in place, value by value, without a tree or allocation. All reading of JSON
 * uses it.
 *
 * For: transcript/scan.c, whose hot path it is, and the readers in this room: parse.c (json-c's trees),
 * edit.c (the place of a member), leaves.c, pretty.c. It refuses what RFC 8259 refuses: comments, surplus
 * commas, control characters in strings. It does not check that strings are UTF-8: slice_is_text() does.
 *
 * Calling sequence for an object: walk_enter(&w, '{'), then while walk_next_key(&w, &first, &key) { walk the
 * value, with walk_value() or an enter of its own }; in the end w.bad tells whether it was JSON.
 */
#ifndef SWATCH_JSON_WALK_H
#define SWATCH_JSON_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* The walk refuses deeper nesting. A multiple of 8. */
#define WALK_MAX_DEPTH 4096
/* The walk resolves escapes in keys up to this length. */
#define WALK_KEY_SIZE 64

enum walk_kind {
	WALK_NONE, WALK_STRING, WALK_NUMBER, WALK_TRUE, WALK_FALSE, WALK_NULL, WALK_OBJECT, WALK_ARRAY
};

struct walk {
	const char *at;
	const char *end;
	bool bad;
	const char *bad_at;      /* when bad: the fault's place; `end` when the text ends within a value */
	/* Called for every key whose value is null, at any depth; may be NULL. */
	void (*null_seen)(void *ctx, struct slice key);
	void *ctx;
	char key[WALK_KEY_SIZE]; /* the last key that had escapes */
};

struct walk_item {
	enum walk_kind kind;
	struct slice text;      /* a string's content, a number, an object or array with its brackets */
};

void walk_init(struct walk *w, const char *text, size_t len);

/* Returns the kind of the next value, without passing it. WALK_NONE: no value begins here. */
enum walk_kind walk_peek(struct walk *w);

/* Passes one whole value. Returns false, and sets w->bad, when it is not JSON. */
bool walk_value(struct walk *w, struct walk_item *out);

/* Enters an object ('{') or array ('['). Returns false, and stays, when the next value is another. */
bool walk_enter(struct walk *w, char bracket);

/* The same, but passes the next value when it is another. */
bool walk_enter_or_pass(struct walk *w, char bracket);

/*
 * Takes the next key of the object. Returns false at its end, and passes that. `first` must be true before
 * the first call. A key that has escapes in the text is good until the next key.
 */
bool walk_next_key(struct walk *w, bool *first, struct slice *key);

/*
 * The same, and takes the key's whole value. A key that has escapes is good after it only if the value is
 * neither an object nor an array.
 */
bool walk_next_member(struct walk *w, bool *first, struct slice *key, struct walk_item *out);

/* As walk_next_key(), but leaves a key's escapes as they are. */
bool walk_next_written_key(struct walk *w, bool *first, struct slice *key);

/* Whether the array has one more value. Returns false at its end, and passes that. */
bool walk_next_item(struct walk *w, bool *first);

/* Whether only blanks are left. */
bool walk_at_end(struct walk *w);

/* Reads a whole number of 0 to 2^53 in digits alone, as ccusage does: no sign, fraction or exponent. */
bool slice_to_count(struct slice s, int64_t *out);
bool slice_to_double(struct slice s, double *out);

/*
 * Writes a string with its escapes resolved, without a NUL (for people: scan_unescape()). Returns false when
 * it is not text (bad UTF-8, half a surrogate pair) or does not fit into `size` bytes.
 */
bool slice_to_text(struct slice s, char *out, size_t size, size_t *len);

/* Whether a string is text: valid UTF-8 without half surrogate pairs. */
bool slice_is_text(struct slice s);

/*
 * Takes the character at *at of a string that was walked, and moves *at on. WALK_NO_CHAR: half a surrogate
 * pair, or a byte that is not UTF-8.
 */
#define WALK_NO_CHAR 0xFFFFFFFFU
uint32_t slice_take_char(struct slice s, size_t *at);

/*
 * Appends a string with its escapes resolved; half a surrogate pair becomes U+FFFD. Other bytes stay as they
 * are.
 */
void slice_append_text(struct slice s, struct buf *out);

#endif
