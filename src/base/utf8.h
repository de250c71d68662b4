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
/* Shown for bytes that are not a character. */
#define UTF8_REPLACEMENT UINT32_C(0xFFFD)

/* Decodes the character that `text` begins with. Returns its length in bytes; 0: it is not UTF-8. `len` is 1 at least. */
size_t utf8_decode(const char *text, size_t len, uint32_t *code);

/* Encodes a code point that UTF-8 has. Returns its length in bytes. */
size_t utf8_encode(uint32_t code, char out[UTF8_MAX_BYTES]);

#endif
