/*
 * store/roots: where the projects/ directories really are. The ledger's file names transcripts by that, since
 * people point ~/.claude to one profile or another: each has its own transcripts below the same name.
 *
 * For: batch.c and known.c. A directory is looked up once: when a link is pointed elsewhere, what was read
 * before still belongs where it was read.
 */
#ifndef SWATCH_LEDGER_STORE_ROOTS_H
#define SWATCH_LEDGER_STORE_ROOTS_H

#include <stddef.h>

#include "transcript/data_dirs.h"

struct store_root {
	char *name;          /* as data_dirs_find() spells it */
	char *real;          /* without links; the same as `name` when it does not exist */
};

struct store_roots {
	struct store_root all[DATA_DIRS_MAX];
	size_t count;
};

/* Looks all of them up. Those for which there is no memory are missing. */
void store_roots_find(struct store_roots *roots, const struct data_dirs *dirs);

/*
 * Where the directory really is that `root_len` bytes of a path lead to, its slash included; looked up now if
 * it is new. Returns NULL when it cannot be kept: the path stays as it is then.
 */
const char *store_roots_real(struct store_roots *roots, const char *path, size_t root_len);

/* The other way round: NULL when no root is really there. */
const char *store_roots_name(const struct store_roots *roots, const char *path, size_t root_len);

void store_roots_release(struct store_roots *roots);

#endif
