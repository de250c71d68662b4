/* Other processes: their memory, their descriptors, and signals. */
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool trace(const struct attack *attack, const struct target *target)
{
	(void)attack;
	if (ptrace(PTRACE_SEIZE, target->pid, NULL, NULL) != 0)
		return false;
	(void)ptrace(PTRACE_DETACH, target->pid, NULL, NULL);
	return true;
}

/* A wrong address is found out only after the right was given. */
static bool move_memory(const struct attack *attack, const struct target *target, long number)
{
	char bytes[8] = "attack";
	struct iovec here = { bytes, sizeof(bytes) };
	struct iovec there = { (void *)(attack->address ? attack->address : 4096), sizeof(bytes) };
	long got = syscall(number, target->pid, &here, 1UL, &there, 1UL, 0UL);
	return got >= 0 || errno == EFAULT;
}

static bool read_memory(const struct attack *attack, const struct target *target)
{
	return move_memory(attack, target, SYS_process_vm_readv);
}

static bool write_memory(const struct attack *attack, const struct target *target)
{
	return move_memory(attack, target, SYS_process_vm_writev);
}

static bool take_descriptor(const struct attack *attack, const struct target *target)
{
	(void)attack;
	int pidfd = (int)syscall(434 /* pidfd_open */, target->pid, 0U);
	bool could = false;
	for (int fd = 0; pidfd >= 0 && !could && fd < 32; fd++) {
		int got = (int)syscall(438 /* pidfd_getfd */, pidfd, fd, 0U);
		could = got >= 0 || errno == EBADF;
		if (got >= 0)
			close(got);
	}
	if (pidfd >= 0)
		close(pidfd);
	return could;
}

static bool compare(const struct attack *attack, const struct target *target)
{
	(void)attack;
	return syscall(SYS_kcmp, getpid(), target->pid, 1 /* KCMP_VM */, 0UL, 0UL) >= 0;
}

static bool advise(const struct attack *attack, const struct target *target)
{
	struct iovec there = { (void *)(attack->address & ~4095UL), 4096 };
	int pidfd = (int)syscall(434, target->pid, 0U);
	long got = syscall(440 /* process_madvise */, pidfd, &there, 1UL, 20 /* MADV_COLD */, 0U);
	bool could = got >= 0 || (errno != EPERM && errno != ENOSYS && errno != EACCES && errno != EBADF);
	if (pidfd >= 0)
		close(pidfd);
	return could;
}

static bool find_locks(const struct attack *attack, const struct target *target)
{
	void *head;
	size_t size;
	(void)attack;
	return syscall(SYS_get_robust_list, target->pid, &head, &size) == 0;
}

static bool move_pages_of(const struct attack *attack, const struct target *target)
{
	void *page = (void *)(attack->address & ~4095UL);
	int status;
	return syscall(SYS_move_pages, target->pid, 1UL, &page, NULL, &status, 0) == 0;
}

static bool move_to_node(const struct attack *attack, const struct target *target)
{
	unsigned long nodes = 1;
	(void)attack;
	return syscall(SYS_migrate_pages, target->pid, 8UL * sizeof(nodes), &nodes, &nodes) >= 0;
}

/* The namespaces of a process, by its pidfd: their descriptors would open them to setns(). */
static bool open_namespaces(const struct attack *attack, const struct target *target)
{
	int pidfd = (int)syscall(434, target->pid, 0U);
	bool could = false;
	(void)attack;
	for (unsigned long request = 0xFF01; pidfd >= 0 && request <= 0xFF0A; request++) {
		int fd = ioctl(pidfd, request, 0UL);
		could = could || fd >= 0;
		if (fd >= 0)
			close(fd);
	}
	if (pidfd >= 0)
		close(pidfd);
	return could;
}

static bool opens(const struct target *target, const char *name, int flags)
{
	char path[64], byte;
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)target->pid, name);
	int fd = open(path, flags | O_CLOEXEC);
	bool could = fd >= 0 && (flags != O_RDONLY || read(fd, &byte, 1) == 1);
	if (fd >= 0)
		close(fd);
	return could;
}

static bool open_memory(const struct attack *attack, const struct target *target)
{
	(void)attack;
	return opens(target, "mem", O_RDWR);
}

static bool peek_memory(const struct attack *attack, const struct target *target)
{
	char path[64], byte;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)target->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool could = fd >= 0 && (pread(fd, &byte, 1, (off_t)attack->address) == 1 || errno == EIO);
	if (fd >= 0)
		close(fd);
	return could;
}

static bool read_environment(const struct attack *attack, const struct target *target)
{
	(void)attack;
	return opens(target, "environ", O_RDONLY) || opens(target, "maps", O_RDONLY)
	       || opens(target, "auxv", O_RDONLY) || opens(target, "pagemap", O_RDONLY)
	       || opens(target, "syscall", O_RDONLY) || opens(target, "io", O_RDONLY);
}

static bool open_descriptors(const struct attack *attack, const struct target *target)
{
	char path[64], text[64];
	(void)attack;
	bool could = false;
	for (int fd = 0; !could && fd < 32; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)target->pid, fd);
		could = readlink(path, text, sizeof(text)) > 0;
	}
	snprintf(path, sizeof(path), "/proc/%d/cwd", (int)target->pid);
	return could || readlink(path, text, sizeof(text)) > 0;
}

const struct way ways_to_processes[] = {
	{ "processes", "ptrace", NULL, trace },
	{ "processes", "process_vm_readv", NULL, read_memory },
	{ "processes", "process_vm_writev", NULL, write_memory },
	{ "processes", "pidfd_getfd", NULL, take_descriptor },
	{ "processes", "kcmp", NULL, compare },
	{ "processes", "process_madvise", NULL, advise },
	{ "processes", "get_robust_list", NULL, find_locks },
	{ "processes", "move_pages", NULL, move_pages_of },
	{ "processes", "migrate_pages", NULL, move_to_node },
	{ "processes", "namespaces of a pidfd", NULL, open_namespaces },
	{ "processes", "/proc/PID/mem for writing", NULL, open_memory },
	{ "processes", "/proc/PID/mem for reading", NULL, peek_memory },
	{ "processes", "/proc/PID/environ, maps, and the like", NULL, read_environment },
	{ "processes", "/proc/PID/fd, cwd", NULL, open_descriptors },
	{ NULL, NULL, NULL, NULL }
};

/* ---- signals ---- */

static bool send_nothing(const struct attack *attack, const struct target *target)
{
	(void)attack;
	return kill(target->pid, 0) == 0;
}

static bool send_signal(const struct attack *attack, const struct target *target)
{
	(void)attack;
	return kill(target->pid, SIGWINCH) == 0;
}

static bool send_to_thread(const struct attack *attack, const struct target *target)
{
	(void)attack;
	return syscall(SYS_tgkill, target->pid, target->pid, SIGWINCH) == 0;
}

static bool send_to_group(const struct attack *attack, const struct target *target)
{
	(void)attack;
	return kill(-target->pid, SIGWINCH) == 0;
}

static bool queue_signal(const struct attack *attack, const struct target *target)
{
	(void)attack;
	return sigqueue(target->pid, SIGWINCH, (union sigval){ .sival_int = 1 }) == 0;
}

static bool send_by_descriptor(const struct attack *attack, const struct target *target)
{
	(void)attack;
	int pidfd = (int)syscall(434, target->pid, 0U);
	bool could = pidfd >= 0 && syscall(424 /* pidfd_send_signal */, pidfd, SIGWINCH, NULL, 0U) == 0;
	if (pidfd >= 0)
		close(pidfd);
	return could;
}

/* Nobody tells the sender whether such a signal arrives: the victim counts what does. */
static bool send_by_input(const struct attack *attack)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return false;
	(void)fcntl(pair[0], F_SETOWN, attack->targets[0].pid);
	(void)fcntl(pair[0], F_SETSIG, SIGUSR2);
	(void)fcntl(pair[0], F_SETFL, O_ASYNC);
	ssize_t sent = write(pair[1], "x", 1);
	/* The same by ioctl, by its group, and with what makes SIGURG. */
	(void)ioctl(pair[0], FIOSETOWN, &attack->targets[0].pid);
	sent += send(pair[1], "x", 1, MSG_OOB);
	(void)fcntl(pair[0], F_SETOWN, -attack->targets[0].pid);
	sent += send(pair[1], "x", 1, MSG_OOB);
	(void)sent;
	close(pair[0]);
	close(pair[1]);
	return false;
}

/* A timer that signals a thread which is not of this process. */
static bool set_timer(const struct attack *attack, const struct target *target)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGWINCH };
	int timer = 0;
	(void)attack;
	memcpy(&event._sigev_un, &target->pid, sizeof(target->pid));
	return syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0;
}

const struct way ways_to_signals[] = {
	{ "signals", "kill with 0", NULL, send_nothing },
	{ "signals", "kill", NULL, send_signal },
	{ "signals", "tgkill", NULL, send_to_thread },
	{ "signals", "kill of the group", NULL, send_to_group },
	{ "signals", "sigqueue", NULL, queue_signal },
	{ "signals", "pidfd_send_signal", NULL, send_by_descriptor },
	{ "signals", "timer_create", NULL, set_timer },
	{ "signals", "F_SETOWN, FIOSETOWN", send_by_input, NULL },
	{ NULL, NULL, NULL, NULL }
};
