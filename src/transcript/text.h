/*
 * text: strings of transcripts for people's eyes.
 *
 * For: names of models, previews, titles.
 */
#ifndef SWATCH_TRANSCRIPT_TEXT_H
#define SWATCH_TRANSCRIPT_TEXT_H

#include <stddef.h>

#include "json/walk.h"

/*
 * Writes a JSON string's content as text for people: escapes resolved, blanks and what printable.h calls
 * unsafe as one blank, at most `max_chars` characters and `size - 1` bytes, always valid UTF-8. Returns the
 * length.
 */
size_t scan_unescape(struct slice s, char *out, size_t size, size_t max_chars);

#endif
