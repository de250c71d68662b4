/*
 * price/names: what people call a model, in two lengths.
 *
 * For: the session files, the reports' tables, the statusline's rows of subagents.
 */
#ifndef SWATCH_PRICE_NAMES_H
#define SWATCH_PRICE_NAMES_H

#include <stddef.h>

/*
 * "claude-haiku-4-5-20251001-fast" as "haiku-4-5-fast": without "claude-", a date and the "[1m]" of a large
 * window. Writes at most `size - 1` bytes and a NUL.
 */
void model_name_shorten(const char *model, char *out, size_t size);

/* The same as a title, "Haiku 4.5"; a model of a family that is not known keeps its name. */
void model_name_title(const char *model, char *out, size_t size);

#endif
