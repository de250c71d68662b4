/*
 * utf8: decodes and encodes one character by RFC 3629: no overlong forms, no surrogates, nothing past
 * U+10FFFF.
 *
 * For: everything that reads or writes text one character at a time: JSON, and text for terminals.
 */
#ifndef SWATCH_BASE_UTF8_H
#define SWATCH_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The longest character. */
#define UTF8_MAX_BYTES 4
/* Replaces bytes that are not a character. */
#define UTF8_REPLACEMENT UINT32_C(0xFFFD)

/*
 * Decodes the first character of `text`, which is not empty. Returns its length in bytes; 0: it is not UTF-8.
 */
size_t utf8_decode(const char *text, size_t len, uint32_t *code);

/* How many bytes from the start are ASCII without control characters: of most texts all. */
size_t utf8_plain_len(const char *text, size_t len);

/* Encodes a code point that UTF-8 has. Returns its length in bytes. */
size_t utf8_encode(uint32_t code, char out[UTF8_MAX_BYTES]);

#endif
