/*
 * digits: whole numbers as people read them, with a comma before every three digits.
 *
 * For: the commands' pages (swatch/ui/human.c) and the statusline.
 */
#ifndef SWATCH_BASE_DIGITS_H
#define SWATCH_BASE_DIGITS_H

#include <stddef.h>

/* "-1234567", which must be a whole number in decimal, gives "-1,234,567". Returns its length; `size` must be enough. */
size_t digits_group(const char *number, char *out, size_t size);

#endif
