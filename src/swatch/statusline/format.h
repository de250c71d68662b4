/*
 * statusline/format: the format language of `swatch statusline`.
 *
 * For: statusline.c; format_check.c, for those who check a config, calls statusline_format_check().
 *
 * The language (swatch-statusline(1) explains it to people):
 *
 *     text            appears as it is; \n ends the line, \\ \{ \} are those characters
 *     {field}         the field's value, or nothing when it is unknown; {field.20}: shortened to 20 columns
 *     {?field:...}    shows the rest when the field is known; {!field:...}: when it is not
 *     {?field>80:...} also >=, <, <= with a number, and = with a word; false for an unknown field
 *     {|} {| TEXT}    a separator (" | ", or TEXT) between two things on a line, never at an end or twice;
 *                     of several that meet, the first {|} counts, or else the first
 *     {>}             a separator, too: an arrow from the background before it to the one after it
 *     {#red}          a colour or style from here on; {#} ends them
 *     {#field:green,50:yellow,80:red}   the style that goes with the field's value
 *
 * The field `room` is the largest number from STATUSLINE_ROOM_MOST down to 0 with which all lines fit; with
 * 0, lines that are too long lose what lines.h says. So {?room>4:...} is for text that a narrow terminal can
 * do without.
 */
#ifndef SWATCH_SWATCH_STATUSLINE_FORMAT_H
#define SWATCH_SWATCH_STATUSLINE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "swatch/statusline/facts.h"
#include "swatch/statusline/lines.h"

#define STATUSLINE_FORMAT_MAX_BYTES 4096
/* Conditions may nest so deep. */
#define STATUSLINE_FORMAT_MAX_DEPTH 16

/*
 * Appends the lines without empty ones, and without a newline after the last. Returns false with a message
 * ("at byte N: ...") when the format is wrong, and appends nothing then.
 */
bool statusline_format(const char *format, const struct statusline_facts *facts,
		       const struct statusline_look *look, struct buf *out, struct buf *error);

/* Checks a format in all of its branches, without facts. */
bool statusline_format_check(const char *format, struct buf *error);

#endif
