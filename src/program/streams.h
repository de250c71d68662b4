/*
 * streams: makes sure that descriptors 0 to 2 are open; the program that started this one may have closed
 * them.
 *
 * For: every program's main(), before it opens anything.
 */
#ifndef SWATCH_PROGRAM_STREAMS_H
#define SWATCH_PROGRAM_STREAMS_H

#include <stdbool.h>

/*
 * Opens closed ones in such a way that their use still fails with EBADF. Otherwise the next file that the
 * program opens would become its stdout, or get its log. Returns false when that is not possible.
 */
bool streams_make_safe(void);

#endif
