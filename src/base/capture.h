/*
 * capture: runs a program to its end and takes its output.
 *
 * For: the commands, which run ccusage and systemctl. The daemon has child.h, which does not block.
 *
 * The run ends as run.h describes; it also ends when this process gets SIGINT, SIGTERM or SIGHUP.
 */
#ifndef SWATCH_BASE_CAPTURE_H
#define SWATCH_BASE_CAPTURE_H

#include <stdint.h>

#include "base/run.h"

/* Enough for thousands of sessions with all their models. */
#define CAPTURE_MAX_OUTPUT_BYTES ((size_t)256 << 20)

/* Runs `path` with `argv`, without FORCE_COLOR. Call run_release() in every case. */
void capture_run(const char *path, char *const argv[], int64_t timeout_ms, struct run *run);

#endif
