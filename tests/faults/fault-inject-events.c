/* The calls that fail of events, sockets, processes and threads. */
#include "fault-inject.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#ifdef HAVE_SYS_PIDFD_H
#include <sys/pidfd.h>
#endif
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

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
