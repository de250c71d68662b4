#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"

#define CHUNK_BYTES 16384

bool file_read_all(int fd, size_t max_bytes, struct buf *out)
{
	char chunk[CHUNK_BYTES];
	size_t len = 0;
	for (;;) {
		ssize_t got = read(fd, chunk, sizeof(chunk));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0;
		buf_append(out, chunk, (size_t)got);
		len += (size_t)got;
		if (out->failed || len > max_bytes) {
			errno = out->failed ? ENOMEM : EFBIG;
			return false;
		}
	}
}

bool file_read_regular(int dir_fd, const char *name, int flags, size_t max_bytes, struct buf *out)
{
	struct stat st;
	AUTO_CLOSE int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
	if (fd < 0 || fstat(fd, &st) != 0)
		return false;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return false;
	}
	return file_read_all(fd, max_bytes, out);
}

DIR *file_open_directory(int dir_fd, const char *name, int flags)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	if (!directory)
		close_quietly(fd);
	return directory;
}

bool file_write_all(int fd, const void *data, size_t len)
{
	const char *at = data;
	while (len > 0) {
		ssize_t written = write(fd, at, len);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			/* write(2) returning 0 is not an error, but retrying would never end. */
			errno = written < 0 ? errno : EIO;
			return false;
		}
		at += written;
		len -= (size_t)written;
	}
	return true;
}
