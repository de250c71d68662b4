/*
 * top/files: reads the cache files into the model: all of them at first, then those that were marked.
 *
 * For: main.c and link.c. A file that was marked several times is read once.
 */
#ifndef SWATCH_SWATCH_TOP_FILES_H
#define SWATCH_SWATCH_TOP_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "cache/names.h"
#include "swatch/top/model.h"

#define TOP_FILES_PENDING_MAX 64

struct top_files {
	const char *cache_dir;
	int dir_fd;              /* -1: it does not exist yet */
	char pending[TOP_FILES_PENDING_MAX][CACHE_NAME_SIZE];
	size_t pending_count;
	bool all_pending;
};

/* Marks everything. `cache_dir` must outlive it. */
void top_files_init(struct top_files *files, const char *cache_dir);
void top_files_release(struct top_files *files);

/* Marks a file that has changed; ignores a name that is not a cache file's. */
void top_files_mark(struct top_files *files, const char *name);
void top_files_mark_all(struct top_files *files);

/* Reads what was marked. Returns true when billing-shared.json was among it. */
bool top_files_read(struct top_files *files, struct top_model *model);

#endif
