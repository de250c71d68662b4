/*
 * statusline/tick: tells the daemon what only a statusline knows: the limits, the context window, Claude
 * Code's cost.
 *
 * For: statusline.c, after it printed the line. It never waits and reads no answer: a daemon that is gone,
 * busy or has its queue full misses this tick and gets the next.
 */
#ifndef SWATCH_SWATCH_STATUSLINE_TICK_H
#define SWATCH_SWATCH_STATUSLINE_TICK_H

#include "base/buf.h"
#include "swatch/statusline/facts.h"

/* Appends the tick's line, or nothing when the cache files have all of it already: no event, no work. */
void statusline_tick_write(const struct statusline_facts *facts, struct buf *out);

void statusline_tick_send(const struct statusline_facts *facts, const char *cache_dir);

#endif
