/*
 * find: tells which lines of a transcript are worth a walk, at the speed of memory. Most bytes belong to
 * lines without a usage record, and to lines that hold another line's (agent_progress). This recognises both
 * without reading them whole.
 *
 * For: scan.c, history/gather.c (whole transcripts), ccusage/reference_read.c.
 */
#ifndef SWATCH_TRANSCRIPT_FIND_H
#define SWATCH_TRANSCRIPT_FIND_H

#include <stdbool.h>

/* Every line with a usage record holds these bytes, or a letter of the key as an escape (\u0075). */
#define SCAN_USAGE_KEY "\"usage\""
#define SCAN_USAGE_KEY_LEN (sizeof(SCAN_USAGE_KEY) - 1)

/* Returns the next SCAN_USAGE_KEY in [at, end), or the next escape that stands for a small letter; NULL:
 * neither. */
const char *scan_find_usage(const char *at, const char *end);

/*
 * Returns whether the line [line, end) can hold a record: whether one of its SCAN_USAGE_KEYs, the first of
 * which is `hit`, lies two levels deep, as message.usage does. It reads only strings and brackets, from the
 * hit on: the rest of the line closes as many brackets as the hit's level. Returns true also for a line that
 * is damaged from the hit on, since it may hold a whole record.
 */
bool scan_hit_may_count(const char *line, const char *hit, const char *end);

#endif
