/*
 * streams: descriptors 0 to 2, which the program that started this one may have closed.
 *
 * For: every program's main(), before it opens anything.
 */
#ifndef SWATCH_BASE_STREAMS_H
#define SWATCH_BASE_STREAMS_H

#include <stdbool.h>

/*
 * Opens those of descriptors 0 to 2 that are closed such that using them fails with EBADF: otherwise the next file that the
 * program opens would become its stdout, or get its log. Returns false when that is not possible.
 */
bool streams_make_safe(void);

#endif
