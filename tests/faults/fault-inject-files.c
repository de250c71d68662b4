/* The calls on files that fail: opening, reading, writing, closing, naming, asking and locking. */
#include "fault-inject.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

static mode_t mode_of(int flags, va_list args)
{
	return (flags & (O_CREAT | O_TMPFILE)) ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	REAL(int, open, (const char *, int, ...))
	va_list args;
	va_start(args, flags);
	mode_t mode = mode_of(flags, args);
	va_end(args);
	return fails(FAULT_OPEN, "open", path) ? -1 : real(path, flags, mode);
}

int openat(int dir_fd, const char *path, int flags, ...)
{
	REAL(int, openat, (int, const char *, int, ...))
	va_list args;
	va_start(args, flags);
	mode_t mode = mode_of(flags, args);
	va_end(args);
	return fails(FAULT_OPEN, "openat", path) ? -1 : real(dir_fd, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
	REAL(FILE *, fopen, (const char *, const char *))
	return fails(FAULT_OPEN, "fopen", path) ? NULL : real(path, mode);
}

FILE *fdopen(int fd, const char *mode)
{
	REAL(FILE *, fdopen, (int, const char *))
	return fails(FAULT_OPEN, "fdopen", NULL) ? NULL : real(fd, mode);
}

DIR *opendir(const char *path)
{
	REAL(DIR *, opendir, (const char *))
	return fails(FAULT_OPEN, "opendir", path) ? NULL : real(path);
}

DIR *fdopendir(int fd)
{
	REAL(DIR *, fdopendir, (int))
	return fails(FAULT_OPEN, "fdopendir", NULL) ? NULL : real(fd);
}

ssize_t read(int fd, void *into, size_t len)
{
	REAL(ssize_t, read, (int, void *, size_t))
	if (fd == own_eventfd)
		return real(fd, into, len);
	return fails_or_is_short(FAULT_READ, "read", &len) ? -1 : real(fd, into, len);
}

ssize_t pread(int fd, void *into, size_t len, off_t at)
{
	REAL(ssize_t, pread, (int, void *, size_t, off_t))
	return fails_or_is_short(FAULT_READ, "pread", &len) ? -1 : real(fd, into, len, at);
}

char *fgets(char *restrict into, int size, FILE *restrict stream)
{
	REAL(char *, fgets, (char *restrict, int, FILE *restrict))
	if (!fails(FAULT_READ, "fgets", NULL))
		return real(into, size, stream);
	/* glibc's error mark: without it, no ferror() would tell this from the end. */
	stream->_flags |= 0x20;
	return NULL;
}

struct dirent *readdir(DIR *stream)
{
	REAL(struct dirent *, readdir, (DIR *))
	return fails(FAULT_READ, "readdir", NULL) ? NULL : real(stream);
}

ssize_t readlink(const char *path, char *into, size_t len)
{
	REAL(ssize_t, readlink, (const char *, char *, size_t))
	return fails(FAULT_READ, "readlink", path) ? -1 : real(path, into, len);
}

ssize_t readlinkat(int dir_fd, const char *path, char *into, size_t len)
{
	REAL(ssize_t, readlinkat, (int, const char *, char *, size_t))
	return fails(FAULT_READ, "readlinkat", path) ? -1 : real(dir_fd, path, into, len);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	REAL(ssize_t, write, (int, const void *, size_t))
	/* What tells of the failure is not failed too. */
	if (fd != STDERR_FILENO && fd != own_eventfd && fails_or_is_short(FAULT_WRITE, "write", &len))
		return -1;
	return real(fd, bytes, len);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	REAL(ssize_t, pwrite, (int, const void *, size_t, off_t))
	return fails_or_is_short(FAULT_WRITE, "pwrite", &len) ? -1 : real(fd, bytes, len, at);
}

int ftruncate(int fd, off_t len)
{
	REAL(int, ftruncate, (int, off_t))
	return fails(FAULT_WRITE, "ftruncate", NULL) ? -1 : real(fd, len);
}

int fflush(FILE *stream)
{
	REAL(int, fflush, (FILE *))
	if (stream == stderr || !fails(FAULT_WRITE, "fflush", NULL))
		return real(stream);
	/* As the real one leaves it, for ferror(). */
	if (stream)
		stream->_flags |= _IO_ERR_SEEN;
	return EOF;
}

int fclose(FILE *stream)
{
	REAL(int, fclose, (FILE *))
	int failed = fails(FAULT_CLOSE, "fclose", NULL);
	int why = errno;
	int result = real(stream);
	errno = failed ? why : errno;
	return failed ? EOF : result;
}

int close(int fd)
{
	REAL(int, close, (int))
	int failed = fails(FAULT_CLOSE, "close", NULL);
	int why = errno;
	int result = real(fd);
	errno = failed ? why : errno;
	return failed ? -1 : result;
}

int rename(const char *from, const char *to)
{
	REAL(int, rename, (const char *, const char *))
	return fails(FAULT_RENAME, "rename", to) ? -1 : real(from, to);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	REAL(int, renameat, (int, const char *, int, const char *))
	return fails(FAULT_RENAME, "renameat", to) ? -1 : real(from_fd, from, to_fd, to);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	REAL(int, renameat2, (int, const char *, int, const char *, unsigned))
	return fails(FAULT_RENAME, "renameat2", to) ? -1 : real(from_fd, from, to_fd, to, flags);
}

int unlink(const char *path)
{
	REAL(int, unlink, (const char *))
	return fails(FAULT_UNLINK, "unlink", path) ? -1 : real(path);
}

int unlinkat(int dir_fd, const char *path, int flags)
{
	REAL(int, unlinkat, (int, const char *, int))
	return fails(FAULT_UNLINK, "unlinkat", path) ? -1 : real(dir_fd, path, flags);
}

int stat(const char *restrict path, struct stat *restrict st)
{
	REAL(int, stat, (const char *restrict, struct stat *restrict))
	return fails(FAULT_STAT, "stat", path) ? -1 : real(path, st);
}

int lstat(const char *restrict path, struct stat *restrict st)
{
	REAL(int, lstat, (const char *restrict, struct stat *restrict))
	return fails(FAULT_STAT, "lstat", path) ? -1 : real(path, st);
}

int fstat(int fd, struct stat *st)
{
	REAL(int, fstat, (int, struct stat *))
	return fails(FAULT_STAT, "fstat", NULL) ? -1 : real(fd, st);
}

int fstatat(int dir_fd, const char *restrict path, struct stat *restrict st, int flags)
{
	REAL(int, fstatat, (int, const char *restrict, struct stat *restrict, int))
	return fails(FAULT_STAT, "fstatat", path) ? -1 : real(dir_fd, path, st, flags);
}

int statfs(const char *path, struct statfs *fs)
{
	REAL(int, statfs, (const char *, struct statfs *))
	return fails(FAULT_STAT, "statfs", path) ? -1 : real(path, fs);
}

int access(const char *path, int mode)
{
	REAL(int, access, (const char *, int))
	return fails(FAULT_STAT, "access", path) ? -1 : real(path, mode);
}

char *realpath(const char *restrict path, char *restrict out)
{
	REAL(char *, realpath, (const char *restrict, char *restrict))
	return fails(FAULT_STAT, "realpath", path) ? NULL : real(path, out);
}

int mkdir(const char *path, mode_t mode)
{
	REAL(int, mkdir, (const char *, mode_t))
	return fails(FAULT_MKDIR, "mkdir", path) ? -1 : real(path, mode);
}

int fchmod(int fd, mode_t mode)
{
	REAL(int, fchmod, (int, mode_t))
	return fails(FAULT_MKDIR, "fchmod", NULL) ? -1 : real(fd, mode);
}

int fsync(int fd)
{
	REAL(int, fsync, (int))
	return fails(FAULT_FSYNC, "fsync", NULL) ? -1 : real(fd);
}

int flock(int fd, int operation)
{
	REAL(int, flock, (int, int))
	return fails(FAULT_LOCK, "flock", NULL) ? -1 : real(fd, operation);
}
