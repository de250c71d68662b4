#include "base/file.h"

#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

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

bool file_write_all(int fd, const void *data, size_t len)
{
	const char *at = data;
	while (len > 0) {
		ssize_t written = write(fd, at, len);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			/* A write of nothing says nothing: it would be tried for ever. */
			errno = written < 0 ? errno : EIO;
			return false;
		}
		at += written;
		len -= (size_t)written;
	}
	return true;
}
