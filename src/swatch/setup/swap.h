/*
 * swap: puts a file in the place of another one, and loses nothing that somebody else writes meanwhile.
 *
 * For: setup's person_file. Between a look at a file and a rename over it, Claude Code can put a newer one
 * there. So the two change places in one step (RENAME_EXCHANGE), the old one is looked at afterwards, and it
 * goes back if it is not the one that was read. Where a file system cannot exchange files, a last look before
 * the rename has to do.
 */
#ifndef SWATCH_SWATCH_SETUP_SWAP_H
#define SWATCH_SWATCH_SETUP_SWAP_H

#include "base/buf.h"

enum swap_result {
	SWAP_DONE,
	SWAP_CHANGED,   /* the target is not the expected one: it is as whoever changed it left it */
	SWAP_FAILED     /* with a message; the target is as it was */
};

/*
 * Puts the file `temp`, whose text is `ours`, in the target's place. `expected` is the target's text; NULL:
 * it does not exist. Both paths are in one directory, and the target is no symbolic link. `temp` is gone
 * afterwards, whatever the result.
 */
enum swap_result swap_in(const char *temp, const struct buf *ours, const char *target,
			 const struct buf *expected, struct buf *error);

/* Removes the target if its text is `expected`; `temp` is a free name beside it. */
enum swap_result swap_out(const char *target, const struct buf *expected, const char *temp,
			  struct buf *error);

#endif
