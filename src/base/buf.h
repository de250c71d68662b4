/*
 * buf: a growable byte buffer with a sticky failure flag.
 *
 * For: composing files, answers and messages; collecting what a child prints. Every room uses it.
 *
 * Calling sequence: `struct buf b = BUF_INIT;`, any number of appends, one look at `b.failed`, buf_release().
 * An append that cannot get memory sets `failed` and leaves the content as it was; later appends then do
 * nothing. So a composer checks once, at its end.
 */
#ifndef SWATCH_BASE_BUF_H
#define SWATCH_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;   /* `len` bytes and a NUL after them; NULL while nothing was appended */
	size_t len;
	size_t cap;
	bool failed;  /* memory ran out; sticky until buf_release() */
};

#define BUF_INIT { NULL, 0, 0, false }

/* A local buffer that is released when its block ends: AUTO_BUF error = BUF_INIT; */
#define AUTO_BUF __attribute__((cleanup(buf_release))) struct buf

/* Makes room for `extra` more bytes (and a NUL). Returns false when memory ran out. */
bool buf_reserve(struct buf *b, size_t extra);

/* Appends `len` bytes, a string, one character, or formatted text. */
void buf_append(struct buf *b, const void *bytes, size_t len);
void buf_append_str(struct buf *b, const char *text);
void buf_append_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Returns the content as a string, "" when empty. It points into the buffer: good until the next append. */
const char *buf_str(const struct buf *b) __attribute__((returns_nonnull));

/*
 * Returns the content as a message for people. A function that can fail for a reason appends to its caller's
 * `struct buf *error` what failed, on which file and why, in lower case, without a full stop; the caller
 * decides where to show that. When memory ran out, it appends nothing: for an empty or failed buffer, this
 * returns "out of memory". It points into the buffer, as buf_str() does.
 */
const char *buf_message(const struct buf *b) __attribute__((returns_nonnull));

/* Drops the first `count` bytes (all of them when there are fewer). */
void buf_consume(struct buf *b, size_t count);

/* Keeps the first `len` bytes (all of them when there are fewer). */
void buf_truncate(struct buf *b, size_t len);

/* Forgets the content and keeps the memory; `failed` stays. */
void buf_clear(struct buf *b);

/*
 * Returns the content, which the caller frees; NULL when memory ran out. The buffer is then empty and good.
 */
char *buf_detach(struct buf *b);

/* Frees the memory. The buffer is then empty and good. */
void buf_release(struct buf *b);

#endif
