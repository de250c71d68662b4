/*
 * ledger/files: the transcripts by number, and the order of places in them.
 *
 * For: the parts of the ledger.
 */
#ifndef SWATCH_LEDGER_FILES_H
#define SWATCH_LEDGER_FILES_H

#include "base/strmap.h"
#include "ledger/entry.h"

struct ledger_file {
	const char *path;        /* the key in by_path */
	uint32_t root_len;       /* path + root_len: the path below projects/ */
	uint32_t session;        /* its number */
	uint32_t entries;        /* that count */
	int64_t saved_to;        /* the ledger's file has what stands before this offset */
	uint32_t version;        /* how many transcripts of this path there were before it */
	uint32_t earlier;        /* the number + 1 of the one before it; 0: it is not in memory */
	uint64_t path_hash;      /* the same for all versions: see ledger_files_hash_line() */
	bool subagent;
	bool by_lines;           /* its session is not known yet: its first record will tell */
	bool is_counted;         /* `entries` has the archived ones in it */
	bool gone;               /* it was deleted or rewritten: ccusage does not see what is known of it */
};

struct ledger_files {
	struct strmap by_path;   /* -> number + 1 */
	struct ledger_file *list;
	size_t count, cap;
};

/* The number of a path; -1 when it has none yet. */
int ledger_files_find(const struct ledger_files *files, const char *path);

/*
 * Gives a path a number. One that has a number gets another one: its transcript was rewritten, or is another
 * one now. Returns -1 when memory ran out, or there are too many.
 */
int ledger_files_add(struct ledger_files *files, const char *path, size_t root_len, uint32_t session,
		     bool subagent);

/* The number of one version of a path; -1 when it has none yet. */
int ledger_files_find_version(const struct ledger_files *files, const char *path, unsigned version);

/*
 * Gives one version of a path, which has none, a number. `facts`: all but its path and counts. Returns -1 as
 * ledger_files_add() does.
 */
int ledger_files_add_version(struct ledger_files *files, const char *path, const struct ledger_file *facts);

/* Orders two places: by path, then by position, then by version. Returns less than 0, 0, or more than 0. */
int ledger_files_compare(const struct ledger_files *files, uint64_t left, uint64_t right);

/*
 * The hash that stands for the id of a line without one: the same place of the same path with the same
 * figures is the same line again, also when the transcript was lost meanwhile.
 */
uint64_t ledger_files_hash_line(const struct ledger_files *files, const struct ledger_entry *entry);

/* The file of an entry. */
static inline const struct ledger_file *ledger_files_of(const struct ledger_files *files,
							const struct ledger_entry *entry)
{
	return &files->list[ledger_file_of(entry)];
}

/*
 * Counts an entry of a file that counts from now on (`sign` 1), or no longer (-1). Returns 1 when it is the
 * file's first one, -1 when it was the last one, otherwise 0.
 */
int ledger_files_account(struct ledger_files *files, size_t file, int sign);

/* Sets the counts of entries to 0. */
void ledger_files_forget_sums(struct ledger_files *files);

void ledger_files_release(struct ledger_files *files);

#endif
