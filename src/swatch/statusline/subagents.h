/*
 * statusline/subagents: rows of Claude Code's panel of subagents (`subagentStatusLine` of settings.json).
 *
 * For: statusline.c, with `--subagents`. Claude Code writes one object: `columns`, and `tasks`, an array of
 * objects with `id`, `name`, `type`, `status`, `description`, `label` (the agent's present activity),
 * `model`, `startTime` and `tokenCount`. We print a line {"id":...,"content":...} for each row that we
 * change; Claude Code draws the other rows itself, and the glyph and type of every row.
 */
#ifndef SWATCH_SWATCH_STATUSLINE_SUBAGENTS_H
#define SWATCH_SWATCH_STATUSLINE_SUBAGENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Claude Code draws further rows, and rows with longer ids. */
#define SUBAGENTS_MAX 64
#define SUBAGENT_ID_MAX_BYTES 256

/* Appends the rows for what Claude Code wrote, or nothing when its object is cut off or has no agents. */
void statusline_subagents_write(const char *text, size_t len, int64_t now_ms, bool colour, struct buf *out);

#endif
