/*
 * session/malformed: which transcripts have malformed lines, for the answer to "status".
 *
 * For: daemon/status.c. The counts are in struct session_transcript; a transcript that is gone, or is read
 * again, no longer counts with what it had.
 */
#ifndef SWATCH_SWATCHD_SESSION_MALFORMED_H
#define SWATCH_SWATCHD_SESSION_MALFORMED_H

#include "json/write.h"
#include "swatchd/session/session.h"

/* So many files are named, those with the most malformed lines first. */
#define MALFORMED_FILES_MAX 10

/*
 * Writes into an open object: malformedLines, the sum; malformed, how many of each kind; malformedFiles, the
 * files with the most, each with its path and kinds; malformedFilesTotal.
 */
void sessions_write_malformed(const struct sessions *sessions, struct jsonw *w);

#endif
