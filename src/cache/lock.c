#include "cache/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "cache/names.h"

/* How often a waiter looks; flock(2) has no timeout of its own, and an alarm would be the whole program's. */
#define WAIT_STEP_MS 50

/* How often to try again when somebody only looks, or when the file was removed meanwhile. */
#define LOOKER_TRIES 2000
#define LOOKER_STEP_MS 1

/* What the file holds: three short lines. */
#define HOLDER_SIZE 256
#define NAMESPACE_SIZE 32

static void sleep_ms(int64_t ms)
{
	const struct timespec step = { .tv_sec = (time_t)(ms / 1000),
				       .tv_nsec = (long)(ms % 1000) * 1000000L };
	(void)nanosleep(&step, NULL);
}

static int flock_now(int fd, int operation)
{
	int locked;
	do
		locked = flock(fd, operation | LOCK_NB);
	while (locked != 0 && errno == EINTR);
	return locked;
}

static int open_lock_file(int dir_fd)
{
	AUTO_CLOSE int fd = openat(dir_fd, CACHE_LOCK_FILE,
				   O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0)
		return -1;
	/* A second name may be a file of ours elsewhere, which we would empty. No name: just removed. */
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink > 1) {
		errno = EPERM;
		return -1;
	}
	return scope_keep_fd(&fd);
}

/* True when the name still leads to the locked file: somebody may have removed it in between. */
static bool is_lock_file(int dir_fd, int fd)
{
	struct stat mine, named;
	return fstat(fd, &mine) == 0 && fstatat(dir_fd, CACHE_LOCK_FILE, &named, AT_SYMLINK_NOFOLLOW) == 0
	       && mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

/* Another program wrote it, and people see it: only printable characters stay. */
static void mask_unprintable(char *text)
{
	for (; *text; text++)
		if (*text < '!' || *text > '~')
			*text = '?';
}

/* "pid:[4026531836]", this process's namespace; "" where /proc does not say. */
static void read_namespace(char out[NAMESPACE_SIZE])
{
	ssize_t len = readlink("/proc/self/ns/pid", out, NAMESPACE_SIZE - 1);
	out[len > 0 ? len : 0] = '\0';
}

/* Takes the lines after the first: the namespace of the pid, and the socket. */
static void read_more(const char *text, struct cache_lock_holder *holder)
{
	char mine[NAMESPACE_SIZE];
	size_t len = strcspn(text, "\n");
	if (text[len] == '\0')
		return;
	read_namespace(mine);
	holder->elsewhere = len > 0 && mine[0] && (strlen(mine) != len || memcmp(mine, text, len) != 0);
	if (holder->elsewhere)
		holder->pid = 0;
	const char *socket_path = text + len + 1;
	len = strcspn(socket_path, "\n");
	if (socket_path[0] != '/' || socket_path[len] == '\0' || len >= sizeof(holder->socket))
		return;
	memcpy(holder->socket, socket_path, len);
	holder->socket[len] = '\0';
}

static void read_holder(int fd, struct cache_lock_holder *holder)
{
	char text[HOLDER_SIZE], *rest;
	memset(holder, 0, sizeof(*holder));
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
	if (got <= 0)
		return;
	text[got] = '\0';
	size_t digits = strspn(text, "0123456789");
	long pid = strtol(text, &rest, 10);
	if (digits == 0 || digits > 9 || pid <= 0)
		return;
	holder->pid = (pid_t)pid;
	(void)sscanf(rest, "%15s %31s", holder->role, holder->version);
	mask_unprintable(holder->role);
	mask_unprintable(holder->version);
	read_more(rest + strcspn(rest, "\n") + (strchr(rest, '\n') != NULL), holder);
}

/* Returns whether it was written: the lock holds without it, so a full disk keeps nobody from his work. */
static bool write_holder(int fd, const char *role, const char *socket_path)
{
	char text[HOLDER_SIZE], namespace[NAMESPACE_SIZE];
	read_namespace(namespace);
	int len = snprintf(text, sizeof(text), "%ld %.15s %.31s\n%s\n%.107s\n", (long)getpid(), role,
			   PACKAGE_VERSION, namespace, socket_path);
	/* Over what is there: that takes no room. */
	if (pwrite(fd, text, (size_t)len, 0) == len && ftruncate(fd, len) == 0)
		return true;
	(void)!ftruncate(fd, 0);
	return false;
}

/* Locks the open file. A process that only looks has a shared lock for a moment, which does not count. */
static enum cache_lock_result lock_open_file(int fd)
{
	for (int tries = 0; tries < LOOKER_TRIES; tries++) {
		if (flock_now(fd, LOCK_EX) == 0)
			return CACHE_LOCK_TAKEN;
		if (errno != EWOULDBLOCK)
			return CACHE_LOCK_FAILED;
		if (flock_now(fd, LOCK_SH) != 0)
			return errno == EWOULDBLOCK ? CACHE_LOCK_HELD : CACHE_LOCK_FAILED;
		(void)flock_now(fd, LOCK_UN);
		sleep_ms(LOOKER_STEP_MS);
	}
	return CACHE_LOCK_HELD;
}

enum cache_lock_result cache_lock_take(int dir_fd, const char *role, int *lock_fd,
				       struct cache_lock_holder *holder)
{
	memset(holder, 0, sizeof(*holder));
	for (int tries = 0; tries < LOOKER_TRIES; tries++) {
		int fd = open_lock_file(dir_fd);
		if (fd < 0)
			return CACHE_LOCK_FAILED;
		enum cache_lock_result result = lock_open_file(fd);
		if (result == CACHE_LOCK_TAKEN && is_lock_file(dir_fd, fd)) {
			(void)write_holder(fd, role, "");
			*lock_fd = fd;
			return CACHE_LOCK_TAKEN;
		}
		if (result == CACHE_LOCK_HELD)
			read_holder(fd, holder);
		close_quietly(fd);
		if (result != CACHE_LOCK_TAKEN)
			return result;
	}
	errno = ESTALE;
	return CACHE_LOCK_FAILED;
}

enum cache_lock_result cache_lock_wait(int dir_fd, const char *role, int64_t timeout_ms, int *lock_fd,
				       struct cache_lock_holder *holder, int64_t *waited_ms)
{
	int64_t start_ms = clock_mono_ms();
	for (;;) {
		enum cache_lock_result result = cache_lock_take(dir_fd, role, lock_fd, holder);
		*waited_ms = clock_mono_ms() - start_ms;
		if (result != CACHE_LOCK_HELD || *waited_ms >= timeout_ms)
			return result;
		int64_t left_ms = timeout_ms - *waited_ms;
		sleep_ms(left_ms < WAIT_STEP_MS ? left_ms : WAIT_STEP_MS);
	}
}

bool cache_lock_name_socket(int lock_fd, const char *role, const char *socket_path)
{
	return write_holder(lock_fd, role, socket_path);
}

/* Returns the open lock file while somebody holds the lock, else -1. */
static int open_held(int dir_fd)
{
	AUTO_CLOSE int fd = openat(dir_fd, CACHE_LOCK_FILE,
				   O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool held = fd >= 0 && flock_now(fd, LOCK_SH) != 0 && errno == EWOULDBLOCK;
	return held ? scope_keep_fd(&fd) : -1;
}

bool cache_lock_is_held(int dir_fd)
{
	AUTO_CLOSE int fd = open_held(dir_fd);
	return fd >= 0;
}

bool cache_lock_find_holder(int dir_fd, struct cache_lock_holder *holder)
{
	AUTO_CLOSE int fd = open_held(dir_fd);
	memset(holder, 0, sizeof(*holder));
	if (fd >= 0)
		read_holder(fd, holder);
	return fd >= 0;
}
