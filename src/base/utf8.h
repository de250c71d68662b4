/*
 * utf8: one character of UTF-8 in and out, as RFC 3629 has it: no overlong forms, no surrogates, nothing past U+10FFFF.
 *
 * For: everything that reads or writes text one character at a time: JSON, and what is shown on terminals.
 */
#ifndef SWATCH_BASE_UTF8_H
#define SWATCH_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The longest character. */
#define UTF8_MAX_BYTES 4
/* What stands for bytes that are no character. */
#define UTF8_REPLACEMENT UINT32_C(0xFFFD)

/* Decodes the character that `text` begins with. Returns how many bytes it takes; 0: these are none. `len` is 1 at least. */
size_t utf8_decode(const char *text, size_t len, uint32_t *code);

/* Encodes a code point, which is one of UTF-8's. Returns how many bytes it took. */
size_t utf8_encode(uint32_t code, char out[UTF8_MAX_BYTES]);

#endif
