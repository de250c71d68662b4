/*
 * fault_vfs: SQLite's files, for tests in which calls fail, or the power goes.
 *
 * It stands before the system's VFS as the default one. Nothing is flushed to the disk and nobody sleeps, so
 * that tests are fast. One of two modes is on at a time; without one everything works as usual.
 */
#ifndef SWATCH_TESTS_FAULT_VFS_H
#define SWATCH_TESTS_FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

enum fault_call {
	FAULT_OPEN,
	FAULT_READ,
	FAULT_WRITE,
	FAULT_SYNC,
	FAULT_TRUNCATE,
	FAULT_DELETE,
	FAULT_LOCK,
	FAULT_SHM_MAP,
	FAULT_SHM_LOCK,
	FAULT_FILE_SIZE,
	FAULT_CALLS
};

enum fault_way {
	FAULT_ERROR,     /* SQLITE_IOERR_..., SQLITE_CANTOPEN, SQLITE_BUSY */
	FAULT_HALF,      /* a read that gets half of what is there; a write that leaves its first half */
	FAULT_FULL       /* of writes: no space left */
};

/* Registers it. Call it before the first database is opened. */
void fault_vfs_install(void);

/* Everything works again. Counts begin at 0. */
void fault_vfs_calm(void);

/* Call `number` of a kind, counted from 1, fails; `for_good`: all later ones too. */
void fault_vfs_arm(enum fault_call call, enum fault_way way, unsigned number, bool for_good);

/* How many calls of a kind there were since the last fault_vfs_calm(); whether one failed. */
unsigned fault_vfs_count(enum fault_call call);
bool fault_vfs_has_failed(void);

/*
 * From now on, what is written and not flushed is kept apart, too, and the power goes at change `number` of a
 * file, counted from 1 (0: it stays): that call and all later ones fail.
 */
void fault_vfs_hold(unsigned number);

/* How many changes of files there were since fault_vfs_hold(); whether the power went. */
unsigned fault_vfs_changes(void);
bool fault_vfs_is_dark(void);

/*
 * Leaves the files as the disk has them after that: what was flushed, and any part of the rest, some of it
 * torn. All databases have to be closed. Then everything works again.
 */
void fault_vfs_lose_power(uint64_t *random);

#endif
