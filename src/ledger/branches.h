/*
 * ledger/branches: on which Git branch the lines of a transcript were written.
 *
 * For: the ledger, which notes the branch of each record, and kept.c, which hands it on to the ledger's file.
 * A transcript changes its branch rarely: what is kept is where it changed.
 */
#ifndef SWATCH_LEDGER_BRANCHES_H
#define SWATCH_LEDGER_BRANCHES_H

#include "base/slice.h"
#include "base/strmap.h"

/* Longer names are not kept; Git's own limit is that of a file's name. */
#define LEDGER_BRANCH_MAX 255

/* A line from which on a transcript is on another branch. */
struct ledger_branch {
	int64_t offset;
	uint32_t name;           /* its number; 0: not known */
	uint32_t before;         /* the change before it in the same transcript, + 1; 0: it is the first */
	uint32_t number;         /* of the transcript's changes */
};

struct ledger_branches {
	struct strmap by_name;   /* -> number */
	const char **names;      /* by number; names[0] is "" */
	size_t name_count, name_cap;
	struct ledger_branch *list;
	size_t count, cap;
	uint32_t *last;          /* by transcript: its last change + 1; 0: none */
	size_t file_count, file_cap;
};

/*
 * The line at `offset` of a file was written on a branch; `name` as JSON has it, data NULL when the line does
 * not say. Without memory the branch is not known.
 */
void ledger_branches_note(struct ledger_branches *branches, uint32_t file, int64_t offset, struct slice name);

/* The branch of a line; "" when it is not known. It lives as long as the ledger. */
const char *ledger_branches_find(const struct ledger_branches *branches, uint32_t file, int64_t offset);

void ledger_branches_release(struct ledger_branches *branches);

#endif
