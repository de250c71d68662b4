#include "swatch/setup/swap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/scope.h"

/* Whoever has the old file open writes it within this time, or is taken for one who changes it. */
#define WRITER_WAIT_MS 1000
#define STEP_MS 10
/* Each further exchange is one more newer file that somebody put there within microseconds. */
#define EXCHANGES_MAX 16
#define NEWER_MAX_BYTES ((size_t)64 << 20)

static enum swap_result fail(struct buf *error)
{
	if (errno != ENOMEM)
		buf_append_str(error, strerror(errno));
	return SWAP_FAILED;
}

static bool cannot_exchange(int why)
{
	return why == EINVAL || why == ENOSYS || why == EOPNOTSUPP;
}

static bool exchange(const char *a, const char *b)
{
	return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0;
}

/*
 * Renames a file unless the new name is taken (EEXIST). Where the file system cannot do that, a second name
 * does not replace a file, either; where it has no second names (FUSE), a last look has to do.
 */
static bool put_if_free(const char *from, const char *to)
{
	struct stat st;
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	if (!cannot_exchange(errno))
		return false;
	if (link(from, to) == 0) {
		(void)unlink(from);
		return true;
	}
	if (errno == EEXIST)
		return false;
	if (lstat(to, &st) == 0)
		errno = EEXIST;
	return errno == ENOENT && rename(from, to) == 0;
}

/* Waits until nobody has the file open for writing. Returns false when somebody still has. */
static bool await_no_writer(int fd)
{
	/* Whoever opens it while we have the lease makes the kernel send this signal, which is ignored. */
	(void)fcntl(fd, F_SETSIG, SIGURG);
	for (int waited = 0; waited <= WRITER_WAIT_MS; waited += STEP_MS) {
		/* The kernel grants it only while no process has the file open for writing. */
		if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0)
			return fcntl(fd, F_SETLEASE, F_UNLCK) == 0;
		/* This file system has no leases, or it is not our file. */
		if (errno != EAGAIN)
			return true;
		(void)poll(NULL, 0, STEP_MS);
	}
	return false;
}

/* Whether the file has this text, and nobody is about to change that. */
static bool holds(const char *path, const struct buf *expected)
{
	AUTO_BUF text = BUF_INIT;
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	return fd >= 0 && await_no_writer(fd) && file_read_all(fd, expected->len, &text)
	       && text.len == expected->len && memcmp(buf_str(&text), buf_str(expected), text.len) == 0;
}

/* ---- putting one in ---- */

/*
 * Gives the place back to the newest file of somebody else's. `temp` is a newer one than expected, `last` the
 * text that we put into the target.
 */
static enum swap_result give_back(const char *temp, const struct buf *last, const char *target,
				  struct buf *error)
{
	AUTO_BUF placed = BUF_INIT;
	for (int i = 0; i < EXCHANGES_MAX; i++) {
		AUTO_BUF newer = BUF_INIT;
		bool read = file_read_regular(AT_FDCWD, temp, O_NOFOLLOW, NEWER_MAX_BYTES, &newer);
		if (!exchange(temp, target)) {
			/* Somebody removed the target: then the older file of theirs is the newest. */
			bool is_back = errno == ENOENT && put_if_free(temp, target);
			if (is_back)
				return SWAP_CHANGED;
			break;
		}
		if (holds(temp, last)) {
			(void)unlink(temp);
			return SWAP_CHANGED;
		}
		/* Somebody replaced what we had put there: that is newer still. */
		if (!read)
			break;
		buf_clear(&placed);
		buf_append(&placed, buf_str(&newer), newer.len);
		last = &placed;
	}
	buf_printf(error, "somebody changes it all the time; a text that was in it is now in %s", temp);
	return SWAP_FAILED;
}

/* For a target that does not exist. */
static enum swap_result put_new(const char *temp, const char *target, struct buf *error)
{
	if (put_if_free(temp, target))
		return SWAP_DONE;
	enum swap_result result = errno == EEXIST ? SWAP_CHANGED : fail(error);
	(void)unlink(temp);
	return result;
}

/* For a file system that cannot exchange files. */
static enum swap_result put_over(const char *temp, const char *target, const struct buf *expected,
				 struct buf *error)
{
	enum swap_result result = SWAP_CHANGED;
	if (holds(target, expected))
		result = rename(temp, target) == 0 ? SWAP_DONE : fail(error);
	if (result != SWAP_DONE)
		(void)unlink(temp);
	return result;
}

enum swap_result swap_in(const char *temp, const struct buf *ours, const char *target,
			 const struct buf *expected, struct buf *error)
{
	if (!expected)
		return put_new(temp, target, error);
	if (!exchange(temp, target)) {
		int why = errno;
		if (cannot_exchange(why))
			return put_over(temp, target, expected, error);
		(void)unlink(temp);
		errno = why;
		return why == ENOENT ? SWAP_CHANGED : fail(error);
	}
	if (!holds(temp, expected))
		return give_back(temp, ours, target, error);
	(void)unlink(temp);
	return SWAP_DONE;
}

/* ---- taking one away ---- */

enum swap_result swap_out(const char *target, const struct buf *expected, const char *temp,
			  struct buf *error)
{
	if (rename(target, temp) != 0)
		return errno == ENOENT ? SWAP_DONE : fail(error);
	if (holds(temp, expected)) {
		(void)unlink(temp);
		return SWAP_DONE;
	}
	if (put_if_free(temp, target))
		return SWAP_CHANGED;
	buf_printf(error, "somebody changes it all the time; a text that was in it is now in %s", temp);
	return SWAP_FAILED;
}
