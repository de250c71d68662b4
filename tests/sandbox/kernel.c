/* Calls that lead around the rules, and memory that others share. */
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* The filter refuses with these; a kernel that looks at the arguments has others. */
static bool was_let_through(long result)
{
	return result >= 0 || (errno != EPERM && errno != ENOSYS);
}

static bool use_io_uring(const struct attack *attack)
{
	char parameters[256] = { 0 };
	(void)attack;
	return was_let_through(syscall(425, 4U, parameters))
	    || was_let_through(syscall(426, -1, 0, 0, 0, NULL, 0))
	    || was_let_through(syscall(427, -1, 0, NULL, 0));
}

static bool use_bpf(const struct attack *attack)
{
	char attributes[128] = { 0 };
	(void)attack;
	return was_let_through(syscall(SYS_bpf, 0, NULL, 0)) || syscall(SYS_bpf, 5, attributes, 128) >= 0;
}

static bool use_perf(const struct attack *attack)
{
	struct perf_event_attr event = { .type = PERF_TYPE_SOFTWARE,
					 .size = sizeof(event),
					 .exclude_kernel = 1 };
	(void)attack;
	return was_let_through(syscall(SYS_perf_event_open, &event, 0, -1, -1, 0UL))
	       || was_let_through(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0UL));
}

static bool use_userfaultfd(const struct attack *attack)
{
	(void)attack;
	return was_let_through(syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */ | O_CLOEXEC));
}

static bool use_keys(const struct attack *attack)
{
	(void)attack;
	return was_let_through(syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -4 /* of the user */, 0))
	       || was_let_through(syscall(SYS_add_key, "user", "swatch-attack", "x", 1UL, -4))
	       || was_let_through(syscall(SYS_request_key, "user", "swatch-none", NULL, -4));
}

static bool make_namespace_here(const struct attack *attack)
{
	(void)attack;
	return unshare(CLONE_NEWUSER) == 0 || unshare(CLONE_NEWNET) == 0;
}

static bool clone_namespace_here(const struct attack *attack)
{
	(void)attack;
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		_exit(0);
	uint64_t arguments[8] = { CLONE_NEWUSER, 0, 0, 0, SIGCHLD, 0, 0, 0 };
	long newer = syscall(435 /* clone3 */, arguments, sizeof(arguments));
	if (newer == 0)
		_exit(0);
	return pid > 0 || newer > 0;
}

static bool make_namespace(const struct attack *attack)
{
	return in_child(attack, make_namespace_here);
}

static bool clone_namespace(const struct attack *attack)
{
	return in_child(attack, clone_namespace_here);
}

static bool mount_something(const struct attack *attack)
{
	return mount("none", attack->directory, "tmpfs", 0, NULL) == 0
	       || was_let_through(syscall(428 /* open_tree */, AT_FDCWD, "/", 1U))
	       || was_let_through(syscall(430 /* fsopen */, "tmpfs", 0U)) || umount2("/nowhere", 0) == 0
	       || errno == EINVAL || errno == ENOENT;
}

static bool change_root_here(const struct attack *attack)
{
	(void)attack;
	return was_let_through(chroot("/proc")) || was_let_through(syscall(SYS_pivot_root, "/", "/"));
}

static bool change_root(const struct attack *attack)
{
	return in_child(attack, change_root_here);
}

static bool open_by_handle(const struct attack *attack)
{
	(void)attack;
	return was_let_through(syscall(SYS_open_by_handle_at, -1, NULL, 0));
}

static bool limit_victim(const struct attack *attack, const struct target *target)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	(void)attack;
	return syscall(SYS_prlimit64, target->pid, RLIMIT_CORE, NULL, &limit) == 0;
}

static bool slow_victim(const struct attack *attack, const struct target *target)
{
	struct sched_param parameters = { 0 };
	cpu_set_t all;
	(void)attack;
	memset(&all, 0xff, sizeof(all));
	return setpriority(PRIO_PROCESS, (id_t)target->pid, 19) == 0
	       || sched_setscheduler(target->pid, SCHED_BATCH, &parameters) == 0
	       || sched_setaffinity(target->pid, sizeof(all), &all) == 0
	       || syscall(SYS_ioprio_set, 1, target->pid, 3 << 13) == 0;
}

static bool slow_user(const struct attack *attack)
{
	(void)attack;
	return setpriority(PRIO_USER, 0, getpriority(PRIO_PROCESS, 0)) == 0 || was_let_through(-1)
	    || syscall(SYS_ioprio_set, 3, 0, 2 << 13) == 0;
}

static bool type_into_terminal(const struct attack *attack)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC),
	    null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char byte = 'x';
	(void)attack;
	if (fd >= 0)
		close(fd);
	bool could = fd >= 0 || (ioctl(null, TIOCSTI, &byte) != 0 && errno == ENOTTY)
		     || (ioctl(null, 0x541C /* TIOCLINUX */, &byte) != 0 && errno == ENOTTY)
		     /* the upper half of the number does not count */
		     || (syscall(SYS_ioctl, null, (1UL << 32) | TIOCSTI, &byte) != 0 && errno == ENOTTY);
	close(null);
	return could;
}

static bool hold_lease(const struct attack *attack)
{
	static const struct {
		unsigned flags;
		unsigned short type, padding;
	} delegation = { .type = F_RDLCK };
	char path[600];
	snprintf(path, sizeof(path), "%.500s/file", attack->directory);
	int file = open(path, O_RDONLY | O_CLOEXEC),
	    directory = open(attack->directory, O_RDONLY | O_CLOEXEC);
	bool could = was_let_through(fcntl(file, F_SETLEASE, F_RDLCK))
		     || was_let_through(fcntl(directory, 1040 /* F_SETDELEG */, &delegation));
	(void)fcntl(file, F_SETLEASE, F_UNLCK);
	close(file);
	close(directory);
	return could;
}

/* What needs no right to write: a file that is open for reading is changed, or made unchangeable. */
static bool change_attributes(const struct attack *attack)
{
	static const unsigned long requests[] = { FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR, 0x40806685 /* verity */,
						  0x800C6613 /* encryption */, 0x5000940F /* subvolume */,
						  FIFREEZE };
	char path[600], argument[4096] = { 0 };
	snprintf(path, sizeof(path), "%.500s/file", attack->directory);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool could = was_let_through(syscall(469 /* file_setattr */, AT_FDCWD, path, argument, 24UL, 0U));
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		could = could || was_let_through(ioctl(fd, requests[i], argument));
	close(fd);
	return could;
}

static bool watch_everything(const struct attack *attack)
{
	(void)attack;
	return was_let_through(syscall(SYS_fanotify_init, 0x200U /* FAN_REPORT_FID */, O_RDONLY));
}

static bool rise_here(const struct attack *attack)
{
	const struct sched_param first = { .sched_priority = 1 };
	(void)attack;
	return sched_setscheduler(0, SCHED_FIFO, &first) == 0
	       || setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) - 1) == 0;
}

static bool rise(const struct attack *attack)
{
	return in_child(attack, rise_here);
}

/* getpid(), as other instruction sets of this processor number it. */
static bool be_foreign(const struct attack *attack)
{
	long result = -ENOSYS;
	(void)attack;
#if defined(__x86_64__)
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
#endif
	return result > 0;
}

static bool call_foreign(const struct attack *attack)
{
	return in_child(attack, be_foreign);
}

static bool call_x32(const struct attack *attack)
{
	(void)attack;
	return syscall(0x40000000L | SYS_getpid) > 0 || syscall(0x40000000L | SYS_socket, 1, 1, 0) >= 0;
}

const struct way ways_through_calls[] = {
	{ "calls", "io_uring", use_io_uring, NULL },
	{ "calls", "bpf", use_bpf, NULL },
	{ "calls", "perf_event_open", use_perf, NULL },
	{ "calls", "userfaultfd", use_userfaultfd, NULL },
	{ "calls", "keyctl, add_key, request_key", use_keys, NULL },
	{ "calls", "unshare", make_namespace, NULL },
	{ "calls", "clone, clone3 with namespaces", clone_namespace, NULL },
	{ "calls", "mount", mount_something, NULL },
	{ "calls", "chroot", change_root, NULL },
	{ "calls", "open_by_handle_at", open_by_handle, NULL },
	{ "calls", "prlimit", NULL, limit_victim },
	{ "calls", "setpriority and the like", NULL, slow_victim },
	{ "calls", "setpriority of the user", slow_user, NULL },
	{ "calls", "TIOCSTI, /dev/tty", type_into_terminal, NULL },
	{ "calls", "leases", hold_lease, NULL },
	{ "calls", "attributes of files", change_attributes, NULL },
	{ "calls", "fanotify", watch_everything, NULL },
	{ "calls", "real time, a better priority", rise, NULL },
	{ "calls", "int 0x80", call_foreign, NULL },
	{ "calls", "x32", call_x32, NULL },
	{ NULL, NULL, NULL, NULL }
};

/* ---- memory ---- */

static bool map_shared(const struct attack *attack)
{
	(void)attack;
	void *at = mmap(NULL, (size_t)1 << 30, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at != MAP_FAILED)
		munmap(at, (size_t)1 << 30);
	return at != MAP_FAILED;
}

static bool make_memory_file(const struct attack *attack)
{
	(void)attack;
	long fd = syscall(SYS_memfd_create, "attack", 0U), secret = syscall(447 /* memfd_secret */, 0U);
	return fd >= 0 || secret >= 0;
}

static bool make_segment(const struct attack *attack)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	if (id >= 0)
		(void)shmctl(id, IPC_RMID, NULL);
	return id >= 0 || shmat(attack->shm, NULL, 0) != (void *)-1;
}

static bool make_queue(const struct attack *attack)
{
	(void)attack;
	long id = syscall(SYS_msgget, IPC_PRIVATE, IPC_CREAT | 0600);
	if (id >= 0)
		(void)syscall(SYS_msgctl, id, IPC_RMID, NULL);
	long semaphores = syscall(SYS_semget, IPC_PRIVATE, 1, IPC_CREAT | 0600);
	if (semaphores >= 0)
		(void)syscall(SYS_semctl, semaphores, 0, IPC_RMID, 0);
	long queue = syscall(SYS_mq_open, "swatch-attack", O_CREAT | O_RDWR, 0600, NULL);
	if (queue >= 0)
		(void)syscall(SYS_mq_unlink, "swatch-attack");
	return id >= 0 || semaphores >= 0 || queue >= 0;
}

const struct way ways_to_memory[] = {
	{ "memory", "shared mapping", map_shared, NULL },
	{ "memory", "memfd_create, memfd_secret", make_memory_file, NULL },
	{ "memory", "System V shared memory", make_segment, NULL },
	{ "memory", "message queues, semaphores", make_queue, NULL },
	{ NULL, NULL, NULL, NULL }
};
