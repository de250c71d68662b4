/*
 * The transcripts below some directories: as they are met, or as a list.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/paths.h"
#include "history/history.h"
#include "transcript/path.h"

/* Not fts(3): glibc's dies in fts_open() when memory runs out there. */
struct walking {
	bool (*found)(void *ctx, const struct history_job *job);
	void *ctx;
	struct buf path;   /* of what is looked at */
	size_t root_len;   /* path + root_len: below projects/ */
	struct buf *error;
};

static void note_failure(struct walking *walking, const char *why)
{
	if (walking->error->len == 0)
		buf_printf(walking->error, "%s: %s", buf_str(&walking->path), why);
}

static bool pass_file(struct walking *walking, int dir_fd, const char *name)
{
	struct transcript_path parts;
	struct stat st;
	if (!transcript_path_parse(buf_str(&walking->path) + walking->root_len, &parts))
		return true;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (!paths_is_gone(errno))
			note_failure(walking, strerror(errno));
		return true;
	}
	if (!S_ISREG(st.st_mode))
		return true;
	struct history_job job = { .path = walking->path.data,
				   .root_len = walking->root_len,
				   .modified_ns =
					   (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
				   .size_bytes = st.st_size };
	return walking->found(walking->ctx, &job);
}

static bool walk_folder(struct walking *walking, int parent_fd, const char *name, unsigned depth);

static bool is_folder(int dir_fd, const struct dirent *entry)
{
	struct stat st;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static bool pass_entry(struct walking *walking, int dir_fd, const struct dirent *entry, unsigned depth)
{
	const char *name = entry->d_name;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return true;
	buf_append_char(&walking->path, '/');
	buf_append_str(&walking->path, name);
	if (walking->path.failed)
		return false;
	if (is_folder(dir_fd, entry))
		return walk_folder(walking, dir_fd, name, depth + 1);
	return (entry->d_type != DT_REG && entry->d_type != DT_UNKNOWN) || pass_file(walking, dir_fd, name);
}

/* The folder at walking->path. Returns false when memory ran out, or found() said so. */
static bool walk_folder(struct walking *walking, int parent_fd, const char *name, unsigned depth)
{
	if (depth > TRANSCRIPT_MAX_DEPTH) {
		note_failure(walking, "too many folders in each other");
		return true;
	}
	/* The root may be a symlink that the person made; what lies below one is not followed. */
	int fd = openat(parent_fd, name,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | (depth > 0 ? O_NOFOLLOW : 0));
	DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
	if (!stream) {
		int why = errno;
		if (fd >= 0)
			close(fd);
		if (!paths_is_gone(why))
			note_failure(walking, strerror(why));
		return why != ENOMEM;
	}
	size_t len = walking->path.len;
	bool good = true;
	const struct dirent *entry;
	while (good && ((errno = 0, entry = readdir(stream)) || errno == EINTR)) {
		if (!entry)
			continue;
		good = pass_entry(walking, dirfd(stream), entry, depth);
		buf_truncate(&walking->path, len);
	}
	if (good && errno != 0) {
		note_failure(walking, strerror(errno));
		good = errno != ENOMEM;
	}
	closedir(stream);
	return good;
}

/* Whether an earlier one of the directories is this one under another name. */
static bool is_listed(const struct data_dirs *dirs, size_t which)
{
	struct stat st, other;
	if (stat(dirs->projects[which], &st) != 0)
		return paths_is_gone(errno);  /* it is missing; or the walk will name what is wrong with it */
	for (size_t i = 0; i < which; i++)
		if (stat(dirs->projects[i], &other) == 0 && other.st_dev == st.st_dev
		    && other.st_ino == st.st_ino)
			return true;
	return false;
}

int history_walk(const struct data_dirs *dirs, bool (*found)(void *ctx, const struct history_job *job),
		 void *ctx, struct buf *error)
{
	struct walking walking = { .found = found, .ctx = ctx, .path = BUF_INIT, .error = error };
	bool good = true;
	for (size_t i = 0; i < dirs->count && good; i++) {
		if (is_listed(dirs, i))
			continue;
		buf_clear(&walking.path);
		buf_append_str(&walking.path, dirs->projects[i]);
		walking.root_len = walking.path.len + 1;
		good = !walking.path.failed && walk_folder(&walking, AT_FDCWD, dirs->projects[i], 0);
	}
	buf_release(&walking.path);
	return good ? 0 : -1;
}

/* ---- as a list ---- */

bool history_jobs_add(struct history_jobs *jobs, const struct history_job *found)
{
	if (!array_reserve(&jobs->all, &jobs->cap, jobs->count + 1, sizeof(*jobs->all)))
		return false;
	struct history_job *job = &jobs->all[jobs->count];
	*job = *found;
	job->path = strdup(found->path);
	jobs->count += job->path != NULL;
	return job->path;
}

void history_jobs_release(struct history_jobs *jobs)
{
	for (size_t i = 0; i < jobs->count; i++)
		free(jobs->all[i].path);
	free(jobs->all);
	*jobs = (struct history_jobs){ .count = 0 };
}

static bool list_job(void *ctx, const struct history_job *found)
{
	return history_jobs_add(ctx, found);
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
	struct history_jobs list = { .count = 0 };
	if (history_walk(dirs, list_job, &list, error) != 0) {
		history_jobs_release(&list);
		buf_clear(error);
		return -1;
	}
	if (list.count > 0)
		qsort(list.all, list.count, sizeof(*list.all), compare_newest_first);
	*jobs = list.all;
	*count = list.count;
	return 0;
}
