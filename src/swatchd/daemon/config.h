/*
 * config: reads the configuration, applies it, and reads it again on SIGHUP.
 *
 * For: start.c, which reads it first; daemon.c; signals.c.
 */
#ifndef SWATCH_SWATCHD_DAEMON_CONFIG_H
#define SWATCH_SWATCHD_DAEMON_CONFIG_H

#include "swatchd/daemon/internal.h"

/* Reads the config file. Returns 0, or -1 with all its errors, a line each (none when memory ran out). */
int daemon_read_config(const struct daemon_options *options, struct config *config, struct buf *errors);

/* Makes [billing] timezone, or the inherited one, the process's. */
void daemon_apply_timezone(const struct config *config);

/* Watches the directories that the config and the environment name. Returns 0, or -1 when memory ran out. */
int daemon_set_roots(struct daemon *daemon);

/* SIGHUP: a good config takes effect, a bad one changes nothing; the log and an event say which. */
void daemon_reload(struct daemon *daemon);

#endif
