/*
 * daemon/places: the places that the daemon depends on may come to lead elsewhere: the cache directory and
 * the socket are removed, a link on their way is pointed to another directory, the transcripts are unmounted.
 *
 * For: daemon.c, which hands daemon_place_changed to watch, and daemon/clock.c.
 */
#ifndef SWATCH_SWATCHD_DAEMON_PLACES_H
#define SWATCH_SWATCHD_DAEMON_PLACES_H

#include "swatchd/daemon/internal.h"

void daemon_start_places(struct daemon *daemon);

/* Has watch guard the cache directory and the socket. */
void daemon_guard_places(struct daemon *daemon);

/*
 * A watch callback. Makes the cache directory and the socket again if they are gone, but only a moment later:
 * whoever removes a folder file by file is not done yet, or is about to put a link in its place.
 */
void daemon_place_changed(void *ctx);

/* Makes the figures stale while transcripts cannot be seen, and says so. Every turn of the loop calls it. */
void daemon_check_sight(struct daemon *daemon);

void daemon_stop_places(struct daemon *daemon);

#endif
