/*
 * top/screen: the terminal; the only part of `swatch top` that knows ncurses.
 *
 * For: main.c.
 *
 * Calling sequence: top_screen_open(); top_screen_show() and top_screen_key() as often as needed;
 * top_screen_close() before the program ends, which leaves the terminal as it was.
 */
#ifndef SWATCH_SWATCH_TOP_SCREEN_H
#define SWATCH_SWATCH_TOP_SCREEN_H

#include <stdbool.h>

#include "base/buf.h"
#include "swatch/top/canvas.h"

/* Takes over the terminal. Returns false, and says why. */
bool top_screen_open(struct buf *why);

/* Gives it back. Returns false with errno when some output was lost. */
bool top_screen_close(void);

/* The size of the terminal; 24 by 80 when it does not say. */
void top_screen_size(size_t *rows, size_t *columns);

/* True when it shows UTF-8. */
bool top_screen_has_utf8(void);

void top_screen_show(const struct top_canvas *canvas);

/* The next key (view.h); TOP_KEY_NONE when no key waits, or it cannot be read. */
unsigned top_screen_key(void);

/* False, with the errno in `why`, when the last call of top_screen_key() failed. */
bool top_screen_is_readable(int *why);

/* The size of the terminal has changed. */
void top_screen_resize(void);

/* The next top_screen_show() draws everything again. */
void top_screen_redraw(void);

/* Gives the terminal back for a while, and takes it again. */
void top_screen_pause(void);
void top_screen_resume(void);

#endif
