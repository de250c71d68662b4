/*
 * slice: a piece of somebody else's text, without a NUL behind it.
 *
 * For: the readers that go through a text in place (base/ini.h, json/walk.h) and their callers. A slice is good as long
 * as the text is.
 */
#ifndef SWATCH_BASE_SLICE_H
#define SWATCH_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* data NULL: there is no such piece. */
struct slice {
	const char *data;
	size_t len;
};

static inline bool slice_equals(struct slice s, const char *text)
{
	size_t len = strlen(text);
	return s.data && s.len == len && memcmp(s.data, text, len) == 0;
}

#endif
