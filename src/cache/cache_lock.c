#include "cache/cache_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cache/cache_names.h"

/* How often a waiter looks; flock(2) has no timeout of its own, and an alarm would be the whole program's. */
#define WAIT_STEP_MS 50

static int open_lock_file(int dir_fd)
{
	int fd = openat(dir_fd, CACHE_LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		return -1;
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid()) {
		close(fd);
		errno = EPERM;
		return -1;
	}
	return fd;
}

static void read_holder(int fd, struct cache_lock_holder *holder)
{
	char text[96];
	long pid = 0;
	memset(holder, 0, sizeof(*holder));
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
	if (got <= 0)
		return;
	text[got] = '\0';
	if (sscanf(text, "%ld %15s %31s", &pid, holder->role, holder->version) >= 1 && pid > 0)
		holder->pid = (pid_t)pid;
}

static int write_holder(int fd, const char *role)
{
	char text[96];
	int len = snprintf(text, sizeof(text), "%ld %s %s\n", (long)getpid(), role, SWATCH_VERSION);
	/* Only told to people: a full disk must not keep the daemon from its work. */
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len)
		return -1;
	return 0;
}

enum cache_lock_result cache_lock_take(int dir_fd, const char *role, int *lock_fd, struct cache_lock_holder *holder)
{
	int fd = open_lock_file(dir_fd);
	if (fd < 0)
		return CACHE_LOCK_FAILED;
	int locked;
	do
		locked = flock(fd, LOCK_EX | LOCK_NB);
	while (locked != 0 && errno == EINTR);
	if (locked != 0) {
		int why = errno;
		if (why == EWOULDBLOCK)
			read_holder(fd, holder);
		close(fd);
		errno = why;
		return why == EWOULDBLOCK ? CACHE_LOCK_HELD : CACHE_LOCK_FAILED;
	}
	(void)write_holder(fd, role);
	*lock_fd = fd;
	return CACHE_LOCK_TAKEN;
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
		const struct timespec step = { .tv_nsec = WAIT_STEP_MS * 1000000L };
		(void)nanosleep(&step, NULL);
	}
}

bool cache_lock_is_held(int dir_fd)
{
	int fd = openat(dir_fd, CACHE_LOCK_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	int locked;
	do
		locked = flock(fd, LOCK_SH | LOCK_NB);
	while (locked != 0 && errno == EINTR);
	bool held = locked != 0 && errno == EWOULDBLOCK;
	close(fd);
	return held;
}
