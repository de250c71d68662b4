/*
 * capture: runs a program to its end and takes its output.
 *
 * For: the commands, which run ccusage (ccusage/run.h) and systemctl. The daemon has child.h, which does not
 * block.
 *
 * The run ends as run.h describes; it also ends when this process gets SIGINT, SIGTERM or SIGHUP.
 */
#ifndef SWATCH_PROGRAM_CAPTURE_H
#define SWATCH_PROGRAM_CAPTURE_H

#include <stdint.h>

#include "program/run.h"

/* Enough for thousands of sessions with all their models. */
#define CAPTURE_MAX_OUTPUT_BYTES ((size_t)256 << 20)

struct capture {
	const char *path;
	char *const *argv;
	int64_t timeout_ms;
	int64_t memory_limit_bytes;                   /* 0: none */
	const struct spawn_confinement *confinement;  /* NULL: none */
};

/* Runs it, without FORCE_COLOR. Call run_release() in every case. */
void capture_confined(const struct capture *capture, struct run *run);

/* The same without a limit of memory, and unconfined: for programs of the system, such as systemctl. */
void capture_run(const char *path, char *const argv[], int64_t timeout_ms, struct run *run);

#endif
