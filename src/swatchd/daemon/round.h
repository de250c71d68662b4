/*
 * daemon/round: everything that waits, at once: the way of a line from inotify to the file.
 *
 * For: the answers that must be of now, and main.c for --once. Otherwise the loop takes these steps one by
 * one, as events and timers come.
 */
#ifndef SWATCH_SWATCHD_DAEMON_ROUND_H
#define SWATCH_SWATCHD_DAEMON_ROUND_H

#include "swatchd/daemon/internal.h"

void daemon_do_round(struct daemon *daemon);

#endif
