/*
 * digits: whole numbers as people read them, with a comma before every three digits.
 *
 * For: the commands' pages (swatch/ui/human.c) and the statusline.
 */
#ifndef SWATCH_BASE_DIGITS_H
#define SWATCH_BASE_DIGITS_H

#include <stddef.h>

/* Turns a whole number, "-1234567", into "-1,234,567". Returns its length; `size` must suffice. */
size_t digits_group(const char *number, char *out, size_t size);

#endif
