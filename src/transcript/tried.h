/*
 * tried: up to which release of Claude Code swatch was tried: its transcripts read, and its own totals found
 * equal.
 *
 * For: `swatch doctor`. tests/claude/run takes the version from here, so it cannot name one that was not
 * tried.
 */
#ifndef SWATCH_TRANSCRIPT_TRIED_H
#define SWATCH_TRANSCRIPT_TRIED_H

#define CLAUDE_CODE_TRIED "2.1.332"

#endif
