/*
 * store/known: the transcripts that the ledger's file knows, and which of them are still on disk as they
 * were.
 *
 * For: read.c, and the daemon, which need not save again what is saved.
 */
#ifndef SWATCH_LEDGER_STORE_KNOWN_H
#define SWATCH_LEDGER_STORE_KNOWN_H

#include <sqlite3.h>
#include <stdbool.h>

#include "ledger/store/batch.h"
#include "ledger/store/roots.h"
#include "transcript/data_dirs.h"

enum store_state {
	STORE_AS_BEFORE,     /* what was read of it is still there, or may be */
	STORE_LOST,          /* it is gone, or begins otherwise now */
	STORE_UNSEEN         /* nobody has looked yet */
};

struct store_known {
	int64_t id;                  /* in the file */
	const char *path;            /* as on disk, when its folder is there; the key in by_path */
	char *session_id;            /* "": not known */
	size_t root_len;
	unsigned version;            /* how many of the same path were lost before it */
	bool subagent;
	enum store_state state;
	bool is_there; /* the file takes it for one that is there */
	/* For the daemon: it was opened, and what comes later there is another one. For reports: it was met.
	 */
	bool is_taken;
	struct store_progress progress; /* what stands before its offset is saved */
	int ledger_file;             /* for read.c */
};

/* What a look at a transcript showed. */
struct store_look {
	uint64_t dev, ino;
	int64_t size_bytes, modified_ns;
};

struct store_known_list {
	struct store_known *all;
	size_t count, cap;
	struct strmap by_path;       /* -> index + 1 of the last version */
};

/*
 * Reads the list and looks at each transcript below `dirs`; others are left out. Returns SQLITE_OK, or
 * SQLite's result. Lines of the file that we cannot have written are passed over.
 */
int store_known_read(sqlite3 *db, const struct data_dirs *dirs, struct store_known_list *out);

/*
 * The same for the directories of `roots`, without looking at any: they are STORE_UNSEEN until somebody asks
 * store_known_state(), or met them and says how they look with store_known_take_look().
 */
int store_known_read_unseen(sqlite3 *db, const struct store_roots *roots, struct store_known_list *out);

/* Its state; looks at it on disk, unless somebody did. */
enum store_state store_known_state(struct store_known *known);

/* A regular file is there, and looks like this: what that makes of one that is STORE_UNSEEN. */
void store_known_take_look(struct store_known *known, const struct store_look *now);

/*
 * The same in order of the file's path, for who walks through them anyway: only those that the file takes for
 * transcripts that are there, which are STORE_AS_BEFORE, or whose lines say that a limit was hit. Ask
 * store_known_has_grown() of those that are met.
 */
int store_known_read_there(sqlite3 *db, const struct store_roots *roots, struct store_known_list *out);

/*
 * Whether a transcript of this size and time of its last change says anything that the file does not know:
 * from known->progress.offset on, or, when it is STORE_LOST now, anywhere. Opens one that is not as before.
 */
bool store_known_has_grown(struct store_known *known, int64_t size_bytes, int64_t modified_ns);

/* The last version of a transcript; NULL when it is not known. */
struct store_known *store_known_find(const struct store_known_list *list, const char *path);

void store_known_release(struct store_known_list *list);

#endif
