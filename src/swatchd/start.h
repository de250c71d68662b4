/*
 * start: what swatchd does once before it starts the daemon: readies the process, reads the config, finds the
 * cache directory and takes its lock.
 *
 * For: main.c alone. Each step that fails logs why.
 */
#ifndef SWATCH_SWATCHD_START_H
#define SWATCH_SWATCHD_START_H

#include "config/config.h"
#include "swatchd/command_line.h"
#include "swatchd/daemon.h"

/* What the steps found; zero it first, but for the descriptors of `options`, which are -1. */
struct start {
	const struct command_line *line;
	struct config config;            /* config_release() it, unless the daemon has it */
	struct daemon_options options;
	char *config_path, *cache_path, *socket_path;
};

/* Returns false when the process has no standard streams and cannot have any. */
bool start_ready_process(void);

/* These return -1 to go on, or the exit status. */
int start_read_config(struct start *start);
int start_find_cache(struct start *start);
int start_take_lock(struct start *start);

/* Closes what is open, the lock last; everything may be missing. The config has to be released before. */
void start_release(struct start *start);

#endif
