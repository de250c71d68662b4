/*
 * watch_roots: the projects/ directories that are watched, which may not be there yet, go, or be replaced.
 *
 * For: watch.c alone. A root that is missing has an anchor: the nearest directory above it that exists, in which the
 * way to it will appear. A root that leads to the same directory as an earlier one is not watched twice. What could not
 * be looked at sets watch->lost: the next poll tries again.
 */
#ifndef SWATCH_SWATCHD_WATCH_ROOTS_H
#define SWATCH_SWATCHD_WATCH_ROOTS_H

#include <stddef.h>

#include "swatchd/watch/watch.h"

/*
 * Takes these directories for the roots, and looks at them; of earlier ones that are not among them, all is dropped.
 * Returns 0; -1 when memory ran out: the roots are then as before.
 */
int watch_roots_set(struct watch *watch, const char *const *paths, size_t count);

/* Looks which roots are there: watches those that are, and anchors for those that are not. */
void watch_roots_resolve(struct watch *watch);

/* Drops a root or anchor whose directory is another one by now, so that resolving starts it anew. */
void watch_roots_drop_moved(struct watch *watch);

/* Drops a directory with all below it, and tells the daemon that its transcripts are gone. */
void watch_roots_drop_tree(struct watch *watch, const char *path);

void watch_roots_release(struct watch *watch);

#endif
