/*
 * statusline/room: how wide a line Claude Code shows. It gives the terminal's width in COLUMNS, but keeps two
 * columns on each side for itself, and `statusLine.padding` of settings.json more; of a wider line, it cuts
 * the end.
 *
 * For: statusline.c, when Claude Code runs it: as a bar's module, swatch has all of COLUMNS.
 */
#ifndef SWATCH_SWATCH_STATUSLINE_ROOM_H
#define SWATCH_SWATCH_STATUSLINE_ROOM_H

#include <stddef.h>

/* What Claude Code 2.1.332 keeps, as measured in it. */
#define ROOM_MARGIN_COLUMNS ((size_t)4)
/* A larger padding is a mistake. */
#define ROOM_PADDING_MAX 100

/*
 * The columns that a line may have in a terminal of `columns`; at least 1. `project_dir` is the session's,
 * whose settings go before the user's; "" when it is not known.
 */
size_t statusline_room(size_t columns, const char *project_dir);

#endif
