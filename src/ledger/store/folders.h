/*
 * store/folders: what the ledger's file says in place of the names of projects and branches, as
 * [ledger] projects has it. A project's name is its folder, the first part of a transcript's path below
 * projects/:
 *
 *   path    the folder as it is
 *   hash    '#' and 16 hex digits, a keyed hash of it: the transcripts of a project still belong together
 *   off     '~' and 16 hex digits, a keyed hash of the transcript's path: each one is alone
 *
 * Claude Code makes folders of letters, digits and '-' only. A folder that has such a form already stays as
 * it is: it comes from a file that had no name for it.
 *
 * The key lies in the file itself (table meta), so that copies and backups still fit the transcripts. It is
 * of use against somebody who sees what is printed or exported, and not against one who has the file and
 * tries names that come to mind.
 *
 * For: all that reads paths out of the file or writes them: show and hide. A folder that is on disk is found
 * again by hashing all that are there; of others the hash is all that is left.
 */
#ifndef SWATCH_LEDGER_STORE_FOLDERS_H
#define SWATCH_LEDGER_STORE_FOLDERS_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/siphash.h"
#include "base/slice.h"
#include "base/strmap.h"
#include "config/settings.h"

/* In table meta: the mode, "hash" or "off" ("path" without the row), and the key. */
#define STORE_FOLDERS_MODE "projects"
#define STORE_FOLDERS_KEY "projects_key"

/* '#' or '~', the digits, and the NUL. */
#define STORE_FOLDERS_SIZE 18

struct store_folder {
	char *name;
	uint64_t hash;
};

/* A projects/ directory whose folders are in the list. */
struct store_folders_root {
	char *path;
	int64_t modified_ns; /* as it was then */
};

struct store_folders {
	enum ledger_projects mode;
	bool has_key;
	uint8_t key[SIPHASH_KEY_BYTES];
	struct store_folder *all;
	size_t count, cap;
	struct store_folders_root *roots;
	size_t root_count, root_cap;
	struct strmap by_hidden; /* what the file says -> index in `all` + 1 */
};

/* Reads mode and key. Returns SQLITE_OK, or SQLite's result; release it in every case. */
int store_folders_open(sqlite3 *db, struct store_folders *folders);

/*
 * Appends a transcript's path as the file is to have it; `root_len` is the length of its projects/
 * directory, slash included.
 */
void store_folders_hide(struct store_folders *folders, const char *path, size_t root_len, struct buf *out);

struct store_folders_path {
	const char *text;
	size_t root_len;
	bool is_gone;        /* the transcript is: with `off` its folder is not looked for */
};

/*
 * Appends a path of the file as it is on disk, when its folder is there; else as it is. Lists the
 * directory when it meets a folder that it has not seen.
 */
void store_folders_show(struct store_folders *folders, const struct store_folders_path *path,
			struct buf *out);

/* The same without the root. */
void store_folders_show_below(struct store_folders *folders, const struct store_folders_path *path,
			      struct buf *out);

/* What stands for a project of that name with `hash`; false without a key. */
bool store_folders_hash(const struct store_folders *folders, const char *name, char out[STORE_FOLDERS_SIZE]);

/* Appends a branch's name as the file is to have it; nothing with `off`. */
void store_folders_hide_branch(const struct store_folders *folders, const char *name, struct buf *out);

/* Whether a folder, or a branch, is a hash; `kind` '#' or '~'. */
bool store_folders_is_hidden(struct slice folder, char kind);

/* The first part of a path below a projects/ directory; empty without a folder. */
struct slice store_folders_of(const char *below);

void store_folders_release(struct store_folders *folders);

#endif
