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
 * path; `flags` are added to the open, such as O_NOFOLLOW. A FIFO in its place holds nobody up. Returns false
 * with errno: EINVAL (not a regular file), EFBIG (more than `max_bytes`), ENOMEM, or why it cannot be opened
 * or read.
 */
bool file_read_regular(int dir_fd, const char *name, int flags, size_t max_bytes, struct buf *out);

/*
 * Appends all that `fd` has from where it stands to `out`. Returns false with errno: EFBIG (more than
 * `max_bytes`), ENOMEM, or what read(2) said; `out` then holds what came before that.
 */
bool file_read_all(int fd, size_t max_bytes, struct buf *out);

/* Opens a directory for readdir(3), as openat(2) with `flags`. The caller closes it; NULL with errno. */
DIR *file_open_directory(int dir_fd, const char *name, int flags);

/* Writes all of it. Returns false with errno; a part may then have been written. */
bool file_write_all(int fd, const void *data, size_t len);

#endif
