/*
 * statusline/format: the format language of `swatch statusline`.
 *
 * For: statusline.c; format_check.c, for those who check a config, calls statusline_format_check().
 *
 * The language (swatch-statusline(1) explains it to people):
 *
 *     text            is shown as it is; \n ends the line, \\ \{ \} are those characters
 *     {field}         the field's value, or nothing when it is unknown; {field.20}: shortened to 20 columns
 *     {?field:...}    shows the rest when the field is known; {!field:...}: when it is not
 *     {?field>80:...} also >=, <, <= with a number, and = with a word; no comparison holds for an unknown field
 *     {|} {| TEXT}    a separator (" | ", or TEXT): shown between two things on a line, never at an end or twice; of
 *                     several that meet, the first {|} counts, and without one the first
 *     {>}             a separator too: an arrow from the background before it to the one behind it
 *     {#red}          a colour or style from here on; {#} ends them
 *     {#field:green,50:yellow,80:red}   the style that goes with the field's value
 *
 * The field `room` is STATUSLINE_ROOM_MOST where all lines fit; where they do not, it is the largest number down to 0
 * with which they do, and with 0 they are cut: {?room>4:...} is what there is not always room for.
 */
#ifndef SWATCH_SWATCH_STATUSLINE_FORMAT_H
#define SWATCH_SWATCH_STATUSLINE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "swatch/statusline/facts.h"
#include "swatch/statusline/lines.h"

#define STATUSLINE_FORMAT_MAX_BYTES 4096
/* How deep conditions may be nested. */
#define STATUSLINE_FORMAT_MAX_DEPTH 16

/*
 * Appends the lines, without an end of line after the last; empty lines go. Returns true; false with a message for
 * people in `error` ("at byte N: ...") when the format is wrong: `out` is then as it was.
 */
bool statusline_format(const char *format, const struct statusline_facts *facts, const struct statusline_look *look,
		       struct buf *out, struct buf *error);

/* Checks a format in all of its branches, without facts. */
bool statusline_format_check(const char *format, struct buf *error);

#endif
