/*
 * streams: descriptors 0 to 2, which whoever starts a program may have closed.
 *
 * For: every program's main(), before it opens anything.
 */
#ifndef SWATCH_BASE_STREAMS_H
#define SWATCH_BASE_STREAMS_H

#include <stdbool.h>

/*
 * Opens what is missing of descriptors 0 to 2 such that using it fails with EBADF: otherwise the next file opened
 * would become "stdout", or get the log. Returns false when that is not possible.
 */
bool streams_make_safe(void);

#endif
