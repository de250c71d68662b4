/*
 * watch/ways: the ways to the roots, and to a few other places: every directory and every link that a path
 * leads through, and what is mounted. A link that is pointed elsewhere, a parent that is renamed, a file
 * system that is mounted, unmounted or mounted over make another directory of the same path.
 *
 * For: watch.c alone. It has an inotify instance of its own: the kernel keeps one watch a directory and
 * instance, and these directories may be watched for their content as well. /proc/self/mountinfo tells of
 * mounts by EPOLLPRI; nothing is polled.
 */
#ifndef SWATCH_SWATCHD_WATCH_WAYS_H
#define SWATCH_SWATCHD_WATCH_WAYS_H

#include "swatchd/watch/internal.h"

/* `changed` is called when a way may lead elsewhere; `mounted`: by a mount, which may be anywhere. */
void watch_ways_start(struct watch *watch, void (*changed)(struct watch *watch, bool mounted));

/* Follows the ways to the roots and the guarded places as they are now. */
void watch_ways_renew(struct watch *watch);

/* Reads all events that the kernel holds. */
void watch_ways_drain(struct watch *watch);

/* Whether every way is watched. */
bool watch_ways_are_watched(const struct watch *watch);

void watch_ways_release(struct watch *watch);

#endif
