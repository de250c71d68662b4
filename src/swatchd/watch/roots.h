/*
 * watch/roots: the projects/ directories that are watched; they may not exist yet, go away, or be replaced.
 *
 * For: watch.c alone. A missing root has an anchor: the nearest directory above it that exists, in which the
 * way to the root will appear. A root that leads to the same directory as an earlier one is not watched
 * twice. When a place cannot be looked at, this sets watch->lost, and the next poll tries again.
 */
#ifndef SWATCH_SWATCHD_WATCH_ROOTS_H
#define SWATCH_SWATCHD_WATCH_ROOTS_H

#include <stddef.h>

#include "swatchd/watch/internal.h"

/*
 * Makes these directories the roots, looks at them, and drops earlier ones that are not among them with all
 * below them. Returns 0, or -1 when memory ran out; the roots are then as before.
 */
int watch_roots_set(struct watch *watch, const char *const *paths, size_t count);

/* Looks which roots exist: watches them, and anchors for the others. */
void watch_roots_resolve(struct watch *watch);

/* Drops each root and anchor whose path now leads to another directory; the next look starts it again. */
void watch_roots_drop_moved(struct watch *watch);

/* Whether the path of a root leads elsewhere than when it was resolved; of one that was missing: anywhere. */
bool watch_roots_have_moved(const struct watch *watch);

/* Drops the folders below the roots on which something was mounted, or no longer is; lists them anew. */
void watch_roots_drop_covered(struct watch *watch);

/* A root that was watched, and is not there now; NULL: there is no such root. */
const struct watch_root *watch_roots_missed(const struct watch *watch);

/* Drops a directory with all below it, and tells the daemon that its transcripts are gone. */
void watch_roots_drop_tree(struct watch *watch, const char *path);

void watch_roots_release(struct watch *watch);

#endif
