/*
 * statusline_subagents: rows of Claude Code's panel of subagents (`subagentStatusLine` of settings.json).
 *
 * For: statusline.c, with `--subagents`. Claude Code writes one object: `columns`, and `tasks`, an array of objects with
 * `id`, `name`, `type`, `status`, `description`, `label` (what it is doing just now), `model`, `startTime` and
 * `tokenCount`. What is printed is a line {"id":...,"content":...} for each row that is to look otherwise; Claude Code
 * draws the others, and a row's glyph and type, by itself.
 */
#ifndef SWATCH_SWATCH_STATUSLINE_SUBAGENTS_H
#define SWATCH_SWATCH_STATUSLINE_SUBAGENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* More rows, and longer ids, are left as Claude Code has them. */
#define SUBAGENTS_MAX 64
#define SUBAGENT_ID_MAX_BYTES 256

/* Appends the rows for what Claude Code wrote; none where that is not whole, or no agents are in it. */
void statusline_subagents_write(const char *text, size_t len, int64_t now_ms, bool colour, struct buf *out);

#endif
