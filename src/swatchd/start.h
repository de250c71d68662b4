/*
 * start: the steps before the daemon starts: readies the process, reads the config, finds the
 * cache directory and takes its lock.
 *
 * For: main.c alone. Each step that fails logs why.
 */
#ifndef SWATCH_SWATCHD_START_H
#define SWATCH_SWATCHD_START_H

#include "config/config.h"
#include "swatchd/command_line.h"
#include "swatchd/daemon/daemon.h"

/* The results of the steps. Zero it first, with -1 as the descriptors of `options`. */
struct start {
	bool again;                      /* main.c: the daemon ended to begin anew in another place */
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

/* Closes what is open, the lock last; anything may be missing. Release the config before. */
void start_release(struct start *start);

#endif
