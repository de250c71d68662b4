/*
 * kept/writer: a command changes the ledger's file, which otherwise only swatchd writes.
 *
 * For: swatch purge, reprice and import.
 *
 * A running swatchd lends the file: it writes what waits, closes it, and begins anew when the command has
 * ended, in whatever way. Without one the command holds the lock of the cache directory, so that none starts
 * meanwhile.
 */
#ifndef SWATCH_SWATCH_KEPT_WRITER_H
#define SWATCH_SWATCH_KEPT_WRITER_H

#include <sqlite3.h>

#include "ipc/client.h"
#include "swatch/cli/command.h"

struct kept_writer {
	sqlite3 *db;
	char *path;
	struct client client; /* of the daemon that lent it */
	bool is_lent;
	int dir_fd, lock_fd;
};

/*
 * Gets the file and opens it; makes it with `make`. Returns SWATCH_OK, or the exit status after an error
 * message. Release it in every case.
 */
int kept_writer_take(const struct invocation *invocation, struct kept_writer *writer, bool make);

/* Closes the file and gives it back. */
void kept_writer_release(struct kept_writer *writer);

/*
 * Asks a yes-or-no question on a terminal. Returns false unless the answer is yes, also when nobody can be
 * asked: an error message says then that --yes stands for the answer, `to` what ("to delete it").
 */
bool kept_writer_agree(const char *command, const char *question, const char *to);

#endif
