/*
 * top_screen: the terminal: the only part of `swatch top` that knows ncurses.
 *
 * For: main.c.
 *
 * Calling sequence: top_screen_open(); top_screen_show() and top_screen_key() as need be; top_screen_close() in every
 * case that ends the program: it leaves the terminal as it was.
 */
#ifndef SWATCH_SWATCH_TOP_SCREEN_H
#define SWATCH_SWATCH_TOP_SCREEN_H

#include <stdbool.h>

#include "base/buf.h"
#include "swatch/top/canvas.h"

/* Takes the terminal over. Returns false with why, for people. */
bool top_screen_open(struct buf *why);

/* Gives it back. Returns false, with errno, when not all could be written. */
bool top_screen_close(void);

/* How many rows and columns there are; a terminal that does not tell has 24 by 80. */
void top_screen_size(size_t *rows, size_t *columns);

/* True when it shows UTF-8. */
bool top_screen_has_utf8(void);

void top_screen_show(const struct top_canvas *canvas);

/* The next key (top_view.h); TOP_KEY_NONE when there is none now, or none can be read. */
unsigned top_screen_key(void);

/* False, with errno's value in `why`, when the last call of top_screen_key() failed. */
bool top_screen_is_readable(int *why);

/* The terminal has another size. */
void top_screen_resize(void);

/* Everything is drawn anew with the next top_screen_show(), whatever stands there. */
void top_screen_redraw(void);

/* Gives the terminal back for a while, and takes it again. */
void top_screen_pause(void);
void top_screen_resume(void);

#endif
