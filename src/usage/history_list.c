/*
 * The transcripts below some directories: as they are met, or as a list.
 */
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/paths.h"
#include "usage/history.h"
#include "usage/transcript_path.h"

struct walking {
	bool (*found)(void *ctx, const struct history_job *job);
	void *ctx;
	struct buf *error;
};

static void note_failure(struct walking *walking, const char *path, int why)
{
	if (walking->error->len == 0)
		buf_printf(walking->error, "%s: %s", path, strerror(why));
}

static bool pass_file(struct walking *walking, const FTSENT *entry, size_t root_len)
{
	struct transcript_path parts;
	if (!transcript_path_parse(entry->fts_path + root_len, &parts))
		return true;
	const struct timespec *time = &entry->fts_statp->st_mtim;
	struct history_job job = { .path = strdup(entry->fts_path), .root_len = root_len,
				   .modified_ns = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec,
				   .size_bytes = entry->fts_statp->st_size };
	return job.path && walking->found(walking->ctx, &job);
}

/* One directory. Returns false when memory ran out, or found() said so. */
static bool walk_root(struct walking *walking, char *root)
{
	char *const roots[] = { root, NULL };
	/* The root may be a symlink that the person made; what lies below one is not followed. */
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	bool good = walk != NULL;
	size_t root_len = strlen(root) + 1;
	FTSENT *entry;
	while (good && (errno = 0, entry = fts_read(walk))) {
		if (entry->fts_info == FTS_F && S_ISREG(entry->fts_statp->st_mode) && entry->fts_level > 0)
			good = pass_file(walking, entry, root_len);
		else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
			if (entry->fts_errno != ENOENT)
				note_failure(walking, entry->fts_path, entry->fts_errno);
	}
	good = good && errno != ENOMEM;
	if (walk)
		fts_close(walk);
	return good;
}

/* Whether an earlier one of the directories is this one under another name. */
static bool is_listed(const struct data_dirs *dirs, size_t which)
{
	struct stat st, other;
	if (stat(dirs->projects[which], &st) != 0)
		return paths_is_gone(errno);  /* there is none; or the walk will tell what is wrong with it */
	for (size_t i = 0; i < which; i++)
		if (stat(dirs->projects[i], &other) == 0 && other.st_dev == st.st_dev && other.st_ino == st.st_ino)
			return true;
	return false;
}

int history_walk(const struct data_dirs *dirs, bool (*found)(void *ctx, const struct history_job *job), void *ctx,
		 struct buf *error)
{
	struct walking walking = { .found = found, .ctx = ctx, .error = error };
	bool good = true;
	for (size_t i = 0; i < dirs->count && good; i++)
		if (!is_listed(dirs, i))
			good = walk_root(&walking, dirs->projects[i]);
	return good ? 0 : -1;
}

/* ---- as a list ---- */

struct listing {
	struct history_job *jobs;
	size_t count, cap;
};

static bool list_job(void *ctx, const struct history_job *job)
{
	struct listing *listing = ctx;
	if (listing->count == listing->cap) {
		size_t cap = listing->cap ? listing->cap * 2 : 256;
		struct history_job *grown = realloc(listing->jobs, cap * sizeof(*grown));
		if (!grown) {
			free(job->path);
			return false;
		}
		listing->jobs = grown;
		listing->cap = cap;
	}
	listing->jobs[listing->count++] = *job;
	return true;
}

static int compare_newest_first(const void *a, const void *b)
{
	const struct history_job *left = a, *right = b;
	if (left->modified_ns != right->modified_ns)
		return left->modified_ns > right->modified_ns ? -1 : 1;
	return strcmp(left->path, right->path);
}

int history_list(const struct data_dirs *dirs, struct history_job **jobs, size_t *count, struct buf *error)
{
	struct listing listing = { 0 };
	if (history_walk(dirs, list_job, &listing, error) != 0) {
		for (size_t i = 0; i < listing.count; i++)
			free(listing.jobs[i].path);
		free(listing.jobs);
		buf_clear(error);
		buf_printf(error, "cannot list the transcripts: %s", strerror(ENOMEM));
		return -1;
	}
	if (listing.count > 0)
		qsort(listing.jobs, listing.count, sizeof(*listing.jobs), compare_newest_first);
	*jobs = listing.jobs;
	*count = listing.count;
	return 0;
}
