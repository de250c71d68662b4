/*
 * ccusage/run: the one way in which a command runs ccusage: in the sandbox of a refresh, with its limit of
 * memory.
 *
 * For: ask.c, and setup, which tries a command out. (The daemon does not wait: swatchd/refresh.)
 */
#ifndef SWATCH_CCUSAGE_RUN_H
#define SWATCH_CCUSAGE_RUN_H

#include <stdint.h>

#include "program/run.h"
#include "config/config.h"

/* Runs `path` with `argv` to its end, as capture_run() does. Call run_release() in every case. */
void ccusage_run(const struct config *config, const char *path, char *const *argv, int64_t timeout_ms,
		 struct run *run);

/* A hint about the sandbox for people, when it failed, or its answer is bad; "" without one. */
const char *ccusage_run_hint(const struct run *run, char *const *argv);

/* Tells people how it ended, with a hint about the sandbox. */
void ccusage_run_describe(const struct run *run, char *const *argv, struct buf *out);

#endif
