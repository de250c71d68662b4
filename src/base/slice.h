/*
 * slice: a piece of a longer text, without a NUL at its end. It is good as long as the text is.
 *
 * For: the readers that go through a text in place (base/ini.h, json/walk.h) and their callers.
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
