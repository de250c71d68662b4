/*
 * json_walk: goes through JSON text in place, value by value: no tree, no allocation.
 *
 * For: scan. It refuses what RFC 8259 refuses; strings are checked for escapes and control characters, not for UTF-8.
 *
 * Calling sequence for an object: walk_enter(&w, '{'), then while walk_next_key(&w, &key) { walk the value, with
 * walk_value() or an enter of its own }, and in the end w.bad says whether it was JSON.
 */
#ifndef SWATCH_USAGE_JSON_WALK_H
#define SWATCH_USAGE_JSON_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Deeper nesting is refused. */
#define WALK_MAX_DEPTH 128

/* A piece of the text; data NULL: there is none. A string's slice is without its quotes, escapes as written. */
struct slice {
	const char *data;
	size_t len;
};

enum walk_kind { WALK_NONE, WALK_STRING, WALK_NUMBER, WALK_TRUE, WALK_FALSE, WALK_NULL, WALK_OBJECT, WALK_ARRAY };

struct walk {
	const char *at;
	const char *end;
	bool bad;
	/* Is told every key whose value is null, at any depth; NULL: nobody asks. */
	void (*null_seen)(void *ctx, struct slice key);
	void *ctx;
};

struct walk_item {
	enum walk_kind kind;
	struct slice text;      /* a string's content, a number as written, an object or array with its brackets */
};

void walk_init(struct walk *w, const char *text, size_t len);

/* What the next value is, without going past it. */
enum walk_kind walk_peek(struct walk *w);

/* Goes past one whole value. Returns false (and w->bad) when it is none. */
bool walk_value(struct walk *w, struct walk_item *out);

/* Goes into an object ('{') or array ('['). False when the next value is not one: it is not passed then. */
bool walk_enter(struct walk *w, char bracket);

/* The next key of the object entered; false at its end, which is passed. `first` starts true, and is kept by it. */
bool walk_next_key(struct walk *w, bool *first, struct slice *key);

/* Whether the array entered has one more value; false at its end, which is passed. */
bool walk_next_item(struct walk *w, bool *first);

/* True when nothing but blanks is left. */
bool walk_at_end(struct walk *w);

bool slice_equals(struct slice s, const char *text);

/* A whole number of 0 to 2^53, "3", "3.0" and "3e2" alike. False for everything else. */
bool slice_to_count(struct slice s, int64_t *out);
bool slice_to_double(struct slice s, double *out);

#endif
