/*
 * file: reads and writes whole files, however many calls it takes.
 *
 * For: every room.
 */
#ifndef SWATCH_BASE_FILE_H
#define SWATCH_BASE_FILE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Appends the content of a regular file to `out`. `dir_fd` and `name` as for openat(2), with AT_FDCWD for a
 * path; `flags` are more flags for it, such as O_NOFOLLOW. Does not wait for a FIFO. Returns false with
 * errno: EINVAL (not a regular file), EFBIG (more than `max_bytes`), ENOMEM, or that of open(2) or read(2);
 * `out` may then have a part.
 */
bool file_read_regular(int dir_fd, const char *name, int flags, size_t max_bytes, struct buf *out);

/*
 * Appends the rest of `fd` to `out`. Returns false with errno: EFBIG (more than `max_bytes`), ENOMEM, or that
 * of read(2); `out` may then have a part.
 */
bool file_read_all(int fd, size_t max_bytes, struct buf *out);

/* Opens a directory for readdir(3), as openat(2) with `flags`. The caller closes it; NULL with errno. */
DIR *file_open_directory(int dir_fd, const char *name, int flags);

/* Writes all of it. Returns false with errno, perhaps after a part. */
bool file_write_all(int fd, const void *data, size_t len);

#endif
