/*
 * daemon/cache: users remove, empty or move away the cache directory, since it is only a cache. Then the
 * daemon makes it again and writes everything again; and it takes the lock again, because the locked file is
 * gone and would keep no second daemon out. Where the directory above it is another one (a link was pointed
 * to another profile), the daemon begins anew: what this profile's sessions cost has no place there.
 *
 * For: daemon.c, which hands this to publish; `ctx` is the daemon.
 */
#ifndef SWATCH_SWATCHD_DAEMON_CACHE_H
#define SWATCH_SWATCHD_DAEMON_CACHE_H

#include "swatchd/daemon/internal.h"

/* Notes where the directory is. Before any other call. */
void daemon_start_cache(struct daemon *daemon);

/* After the last call. */
void daemon_stop_cache(struct daemon *daemon);

/* A publish_keeper: returns false when there is no directory to write in. */
bool daemon_keep_cache(void *ctx);

#endif
