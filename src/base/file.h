/*
 * file: reads and writes a whole open file, however many calls it takes.
 *
 * For: every room; the caller has opened the file in its own way (O_NOFOLLOW, relative to a directory) and closes it.
 */
#ifndef SWATCH_BASE_FILE_H
#define SWATCH_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Appends all that `fd` has from where it stands to `out`. Returns false with errno: EFBIG (more than `max_bytes`),
 * ENOMEM, or what read(2) said; `out` then holds what came before that.
 */
bool file_read_all(int fd, size_t max_bytes, struct buf *out);

/* Writes all of it. Returns false with errno; a part may then have been written. */
bool file_write_all(int fd, const void *data, size_t len);

#endif
