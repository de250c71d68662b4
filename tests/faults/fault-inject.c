/*
 * Preloaded (LD_PRELOAD), it lets chosen calls of a program fail, as struct faults in the file FAULTS_FILE
 * says (faults.h). A call that fails is not made, but for close(2), which closes and then says that it did
 * not go well.
 *
 * Calls that libc makes inside itself do not come by here: opendir() is failed as a whole, not its openat().
 * It is longer than other files: one wrapper for each call that can fail, and they share how a fault is
 * chosen.
 */
#include "faults.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#ifdef HAVE_SYS_PIDFD_H
#include <sys/pidfd.h>
#endif
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* glibc's own names, for what runs before dlsym() can be asked. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

static struct faults *faults;
/* libev wakes itself up by an eventfd; no errno of write(2) fits that one, because its counter never fills
 * up. */
static int own_eventfd = -1;
static bool is_forked_child;
static _Thread_local bool inside;  /* the shim's own calls are nobody's */
/*
 * Where ncurses lies in memory. Without memory it dies by itself (6.4, in the cache of tiparm(), and when it
 * frees that): what it allocates for itself is given to it.
 */
static struct { char *start, *end; } ncurses[2];
static size_t ncurses_count;

static int find_ncurses(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size, (void)ctx;
	if (!strstr(info->dlpi_name, "/libncurses") && !strstr(info->dlpi_name, "/libtinfo"))
		return 0;
	char *base = (char *)info->dlpi_addr, *end = base;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		if (part->p_type == PT_LOAD && base + part->p_vaddr + part->p_memsz > end)
			end = base + part->p_vaddr + part->p_memsz;
	}
	ncurses[ncurses_count].start = base;
	ncurses[ncurses_count++].end = end;
	return ncurses_count == sizeof(ncurses) / sizeof(ncurses[0]);
}

static bool is_of_ncurses(void)
{
	void *frames[12];
	if (ncurses_count == 0)
		return false;
	inside = true;
	int count = backtrace(frames, sizeof(frames) / sizeof(frames[0]));
	inside = false;
	for (int i = 0; i < count; i++)
		for (size_t j = 0; j < ncurses_count; j++)
			if ((char *)frames[i] >= ncurses[j].start && (char *)frames[i] < ncurses[j].end)
				return true;
	return false;
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULTS_FILE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	void *at = mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		return;
	/* It loads a library at its first call; not later, inside somebody's malloc(). */
	void *frames[2];
	(void)backtrace(frames, 2);
	(void)dl_iterate_phdr(find_ncurses, NULL);
	int none = 0;
	/* The first program that starts with the file is the one under test. */
	if (atomic_compare_exchange_strong(&((struct faults *)at)->pid, &none, (int)getpid())
	    || ((struct faults *)at)->pid == (int)getpid())
		faults = at;
}

__attribute__((destructor)) static void end(void)
{
	if (faults && !is_forked_child)
		faults->blocks_at_exit = faults->blocks;
}

/* Writes who called: symbols where the library exports them, otherwise offsets for addr2line. */
static void describe(const char *call, const char *path)
{
	void *frames[FAULT_FRAMES + 3];
	int count = backtrace(frames, FAULT_FRAMES + 3);
	size_t len = (size_t)snprintf(faults->what, FAULT_WHAT_SIZE, "%s(%.200s)", call, path ? path : "");
	for (int i = 3; i < count && len < FAULT_WHAT_SIZE; i++) {
		Dl_info info;
		if (!dladdr(frames[i], &info) || !info.dli_fname)
			continue;
		const char *name = strrchr(info.dli_fname, '/');
		len += (size_t)snprintf(faults->what + len, FAULT_WHAT_SIZE - len, " %s+0x%lx",
					name ? name + 1 : info.dli_fname,
					(unsigned long)((char *)frames[i] - (char *)info.dli_fbase));
	}
}

/* Whether this call is to fail; errno is set then, but for a short one. */
static bool fails_with(enum fault_kind kind, const char *call, const char *path, int *error)
{
	if (!faults || inside)
		return false;
	if (is_forked_child)
		kind = FAULT_CHILD;
	else
		faults->activity++;
	if (!faults->armed || !(faults->kinds & (UINT32_C(1) << kind))
	    || (kind == FAULT_MALLOC && is_of_ncurses()))
		return false;
	uint64_t call_number = ++faults->calls;
	if (call_number < faults->first || call_number > faults->last)
		return false;
	inside = true;
	if (faults->hits++ == 0)
		describe(call, path);
	inside = false;
	*error = faults->error;
	if (*error != FAULT_SHORT)
		errno = *error;
	return true;
}

static bool fails(enum fault_kind kind, const char *call, const char *path)
{
	int error;
	return fails_with(kind, call, path, &error) && error != FAULT_SHORT;
}

/* The same for what moves bytes: a short one gets *len halved, and is made. */
static bool fails_or_is_short(enum fault_kind kind, const char *call, size_t *len)
{
	int error;
	if (!fails_with(kind, call, NULL, &error))
		return false;
	if (error != FAULT_SHORT)
		return true;
	*len = *len > 1 ? *len / 2 : *len;
	return false;
}

/* The next library's function of that name. */
#define REAL(result, name, parameters) \
	static result(*real) parameters; /* NOLINT(bugprone-macro-parentheses): a type */ \
	if (!real) { \
		bool was_inside = inside; \
		inside = true; \
		*(void **)&real = dlsym(RTLD_NEXT, #name); \
		inside = was_inside; \
	}

/* ---- memory ---- */

static void *count_block(void *block)
{
	if (block && faults && !is_forked_child)
		faults->blocks++;
	return block;
}

void *malloc(size_t size)
{
	return fails(FAULT_MALLOC, "malloc", NULL) ? NULL : count_block(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return fails(FAULT_MALLOC, "calloc", NULL) ? NULL : count_block(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size)
{
	if (fails(FAULT_MALLOC, "realloc", NULL))
		return NULL;
	void *moved = __libc_realloc(block, size);
	return block ? moved : count_block(moved);
}

void *reallocarray(void *block, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(block, bytes);
}

void free(void *block)
{
	if (block && faults && !is_forked_child)
		faults->blocks--;
	__libc_free(block);
}

void *mmap(void *address, size_t len, int protection, int flags, int fd, off_t offset)
{
	REAL(void *, mmap, (void *, size_t, int, int, int, off_t))
	return fails(FAULT_MMAP, "mmap", NULL) ? MAP_FAILED
					       : real(address, len, protection, flags, fd, offset);
}

/* ---- files ---- */

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

/* ---- events ---- */

int inotify_init1(int flags)
{
	REAL(int, inotify_init1, (int))
	return fails(FAULT_WATCH, "inotify_init1", NULL) ? -1 : real(flags);
}

int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	REAL(int, inotify_add_watch, (int, const char *, uint32_t))
	return fails(FAULT_WATCH, "inotify_add_watch", path) ? -1 : real(fd, path, mask);
}

int epoll_create1(int flags)
{
	REAL(int, epoll_create1, (int))
	return fails(FAULT_EPOLL, "epoll_create1", NULL) ? -1 : real(flags);
}

int epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
	REAL(int, epoll_ctl, (int, int, int, struct epoll_event *))
	return fails(FAULT_EPOLL, "epoll_ctl", NULL) ? -1 : real(epoll_fd, operation, fd, event);
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
	REAL(int, epoll_wait, (int, struct epoll_event *, int, int))
	if (fails(FAULT_WAIT, "epoll_wait", NULL))
		return -1;
	if (!faults || is_forked_child || timeout == 0)
		return real(fd, events, max, timeout);
	faults->waiting = 1;
	int ready = real(fd, events, max, timeout);
	int why = errno;
	faults->waiting = 0;
	errno = why;
	return ready;
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	REAL(int, poll, (struct pollfd *, nfds_t, int))
	return fails(FAULT_WAIT, "poll", NULL) ? -1 : real(fds, count, timeout);
}

int pipe2(int fds[2], int flags)
{
	REAL(int, pipe2, (int[2], int))
	return fails(FAULT_PIPE, "pipe2", NULL) ? -1 : real(fds, flags);
}

int pipe(int fds[2])
{
	REAL(int, pipe, (int[2]))
	return fails(FAULT_PIPE, "pipe", NULL) ? -1 : real(fds);
}

int eventfd(unsigned value, int flags)
{
	REAL(int, eventfd, (unsigned, int))
	if (fails(FAULT_PIPE, "eventfd", NULL))
		return -1;
	own_eventfd = real(value, flags);
	return own_eventfd;
}

int timerfd_create(int clock, int flags)
{
	REAL(int, timerfd_create, (int, int))
	return fails(FAULT_PIPE, "timerfd_create", NULL) ? -1 : real(clock, flags);
}

int signalfd(int fd, const sigset_t *mask, int flags)
{
	REAL(int, signalfd, (int, const sigset_t *, int))
	return fails(FAULT_PIPE, "signalfd", NULL) ? -1 : real(fd, mask, flags);
}

#ifdef HAVE_SYS_PIDFD_H
int pidfd_open(pid_t pid, unsigned flags)
{
	REAL(int, pidfd_open, (pid_t, unsigned))
	return fails(FAULT_PIPE, "pidfd_open", NULL) ? -1 : real(pid, flags);
}
#endif

/* These calls have no function in the C library, or not in an older one, and may fail. */
static const char *name_of_call(long number)
{
	return number == SYS_pidfd_open ? "pidfd_open"
	       : number == SYS_landlock_create_ruleset ? "landlock_create_ruleset"
	       : number == SYS_landlock_add_rule ? "landlock_add_rule"
	       : number == SYS_landlock_restrict_self ? "landlock_restrict_self" : NULL;
}

long syscall(long number, ...)
{
	REAL(long, syscall, (long, ...))
	va_list args;
	va_start(args, number);
	long a = va_arg(args, long), b = va_arg(args, long), c = va_arg(args, long), d = va_arg(args, long);
	va_end(args);
	const char *name = name_of_call(number);
	return name && fails(FAULT_PIPE, name, NULL) ? -1 : real(number, a, b, c, d);
}

/* ---- sockets ---- */

int socket(int domain, int type, int protocol)
{
	REAL(int, socket, (int, int, int))
	return fails(FAULT_SOCKET, "socket", NULL) ? -1 : real(domain, type, protocol);
}

int bind(int fd, const struct sockaddr *address, socklen_t len)
{
	REAL(int, bind, (int, const struct sockaddr *, socklen_t))
	return fails(FAULT_SOCKET, "bind", NULL) ? -1 : real(fd, address, len);
}

int listen(int fd, int backlog)
{
	REAL(int, listen, (int, int))
	return fails(FAULT_SOCKET, "listen", NULL) ? -1 : real(fd, backlog);
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
	REAL(int, connect, (int, const struct sockaddr *, socklen_t))
	return fails(FAULT_SOCKET, "connect", NULL) ? -1 : real(fd, address, len);
}

int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict len)
{
	REAL(int, getsockopt, (int, int, int, void *restrict, socklen_t *restrict))
	return fails(FAULT_SOCKET, "getsockopt", NULL) ? -1 : real(fd, level, name, value, len);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	REAL(int, setsockopt, (int, int, int, const void *, socklen_t))
	return fails(FAULT_SOCKET, "setsockopt", NULL) ? -1 : real(fd, level, name, value, len);
}

int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict len, int flags)
{
	REAL(int, accept4, (int, struct sockaddr *restrict, socklen_t *restrict, int))
	return fails(FAULT_ACCEPT, "accept4", NULL) ? -1 : real(fd, address, len, flags);
}

ssize_t recv(int fd, void *into, size_t len, int flags)
{
	REAL(ssize_t, recv, (int, void *, size_t, int))
	return fails_or_is_short(FAULT_RECV, "recv", &len) ? -1 : real(fd, into, len, flags);
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
	REAL(ssize_t, send, (int, const void *, size_t, int))
	return fails_or_is_short(FAULT_SEND, "send", &len) ? -1 : real(fd, bytes, len, flags);
}

ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *address,
	       socklen_t address_len)
{
	REAL(ssize_t, sendto, (int, const void *, size_t, int, const struct sockaddr *, socklen_t))
	return fails_or_is_short(FAULT_SEND, "sendto", &len)
		     ? -1
		     : real(fd, bytes, len, flags, address, address_len);
}

/* ---- processes and threads ---- */

pid_t fork(void)
{
	REAL(pid_t, fork, (void))
	if (fails(FAULT_FORK, "fork", NULL))
		return -1;
	pid_t pid = real();
	if (pid == 0)
		is_forked_child = true;
	return pid;
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
		   void *(*start)(void *), void *restrict arg)
{
	REAL(int, pthread_create,
	     (pthread_t *restrict, const pthread_attr_t *restrict, void *(*)(void *), void *restrict))
	return fails(FAULT_FORK, "pthread_create", NULL) ? errno : real(thread, attributes, start, arg);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	REAL(pid_t, waitpid, (pid_t, int *, int))
	/* What does not wait cannot be interrupted. */
	return !(options & WNOHANG) && fails(FAULT_WAITPID, "waitpid", NULL) ? -1
									     : real(pid, status, options);
}

int dup2(int from, int to)
{
	REAL(int, dup2, (int, int))
	return is_forked_child && fails(FAULT_CHILD, "dup2", NULL) ? -1 : real(from, to);
}

int execve(const char *path, char *const argv[], char *const environment[])
{
	REAL(int, execve, (const char *, char *const[], char *const[]))
	return fails(FAULT_CHILD, "execve", path) ? -1 : real(path, argv, environment);
}

int execv(const char *path, char *const argv[])
{
	REAL(int, execv, (const char *, char *const[]))
	return fails(FAULT_CHILD, "execv", path) ? -1 : real(path, argv);
}
