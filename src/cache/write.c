#include "cache/write.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cache/names.h"
#include "cache/read.h"

/* The name of the next temp file; with the lock held no other process uses ours. */
static void next_temp_name(char out[64])
{
	static unsigned long counter;
	snprintf(out, 64, CACHE_TEMP_PREFIX "%ld.%lu", (long)getpid(), ++counter);
}

int cache_write_file(int dir_fd, const char *name, const void *data, size_t len)
{
	char temp[64];
	int fd;
	if (*name == '\0' || strchr(name, '/')) {
		errno = EINVAL;
		return -1;
	}
	do {
		next_temp_name(temp);
		fd = openat(dir_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	} while (fd < 0 && (errno == EEXIST || errno == EINTR));
	if (fd < 0)
		return -1;
	int why = file_write_all(fd, data, len) ? 0 : errno;
	/* close() reports a write that failed late (NFS, quota); the descriptor is gone either way. */
	if (close(fd) != 0 && why == 0 && errno != EINTR)
		why = errno;
	if (why == 0 && renameat(dir_fd, temp, dir_fd, name) == 0)
		return 0;
	if (why == 0)
		why = errno;
	(void)unlinkat(dir_fd, temp, 0);
	errno = why;
	return -1;
}

static bool is_temp_file(int dir_fd, const char *name)
{
	struct stat st;
	return strncmp(name, CACHE_TEMP_PREFIX, strlen(CACHE_TEMP_PREFIX)) == 0
	       && fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

void cache_mark_unwritten(int dir_fd, const char *name)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 0 } };
	(void)utimensat(dir_fd, name, times, AT_SYMLINK_NOFOLLOW);
}

int cache_sweep_temp_files(int dir_fd)
{
	DIR *stream = file_open_directory(dir_fd, ".", 0);
	int swept = 0;
	if (!stream)
		return -1;
	const struct dirent *entry;
	while ((errno = 0, entry = readdir(stream)))
		if (is_temp_file(dir_fd, entry->d_name) && unlinkat(dir_fd, entry->d_name, 0) == 0)
			swept++;
	int why = errno;
	closedir(stream);
	errno = why;
	return why == 0 ? swept : -1;
}

int cache_remove_own_file(int dir_fd, const char *name)
{
	AUTO_JSON *content = cache_read_json(dir_fd, name);
	if (!content)
		return cache_read_is_none(errno) ? 0 : -1;
	const char *writer = json_get_string(content, "writer");
	if (!writer || strncmp(writer, CACHE_WRITER_PREFIX, strlen(CACHE_WRITER_PREFIX)) != 0)
		return 0;
	if (unlinkat(dir_fd, name, 0) != 0)
		return errno == ENOENT ? 0 : -1;
	return 1;
}
