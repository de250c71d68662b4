/*
 * cache_write: a cache file is written whole or not at all.
 *
 * For: swatchd's publish and expire; the caller holds the lock (cache_lock.h).
 *
 * The new content goes to a temp file in the same directory, which is then renamed over the name: a reader
 * opens the old file or the new one, never half of one. There is no fsync: these files are made again from
 * the transcripts, a power cut may at worst leave an empty one on some filesystems, and readers treat what is
 * not JSON as no file.
 */
#ifndef SWATCH_CACHE_WRITE_H
#define SWATCH_CACHE_WRITE_H

#include <stddef.h>

/*
 * Writes `len` bytes as the file `name`, mode 0600. Returns 0, or -1 with errno: the old file is then as it
 * was, and no temp file is left. EINVAL: the name has a slash or is empty.
 */
int cache_write_file(int dir_fd, const char *name, const void *data, size_t len);

/*
 * The file could not be replaced, so what it says is old: marks it, for cache_is_unwritten(), by the time 0
 * as its time of modification. That takes no room on a full disk, and a new file does not have it.
 */
void cache_mark_unwritten(int dir_fd, const char *name);

/* Removes regular files with CACHE_TEMP_PREFIX, which a crash left. Returns how many, or -1 with errno. */
int cache_sweep_temp_files(int dir_fd);

/*
 * Removes `name` when its "writer" says that it is ours. 1: removed; 0: not there, or not ours (what is not a
 * JSON object is not); -1 with errno: it could not be read or removed.
 */
int cache_remove_own_file(int dir_fd, const char *name);

#endif
