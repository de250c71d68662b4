#include "sandbox/filter.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/array.h"
#include "sandbox/calls.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define NATIVE_ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__) && BYTE_ORDER == LITTLE_ENDIAN
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__) && BYTE_ORDER == LITTLE_ENDIAN
#define NATIVE_ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && BYTE_ORDER == LITTLE_ENDIAN
#define NATIVE_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__powerpc64__)
#define NATIVE_ARCH AUDIT_ARCH_PPC64
#elif defined(__s390x__)
#define NATIVE_ARCH AUDIT_ARCH_S390X
#else
#define NATIVE_ARCH 0  /* no filter for this processor */
#endif

/* x32's calls are x86-64's numbers and this; on no architecture is a number as high. */
#define FOREIGN_NUMBERS 0x40000000U

/* The half of an argument that has all of an int. */
#if BYTE_ORDER == LITTLE_ENDIAN
#define LOW_HALF 0
#else
#define LOW_HALF 4
#endif

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

#define NAMESPACES                                                                                     \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET       \
	 | CLONE_NEWCGROUP | CALLS_CLONE_NEWTIME)

/* ---- writing the program ---- */

static void add(struct filter *filter, uint16_t code, uint8_t yes, uint8_t no, uint32_t value)
{
	/* filter_make() checks that all of it had room. */
	if (filter->count < FILTER_CODE_MAX)
		filter->code[filter->count] = (struct sock_filter){ code, yes, no, value };
	filter->count++;
}

static void load(struct filter *filter, size_t offset)
{
	add(filter, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void load_argument(struct filter *filter, unsigned argument)
{
	load(filter, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t) + LOW_HALF);
}

static void skip_unless_equal(struct filter *filter, uint32_t value, uint8_t skipped)
{
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, skipped, value);
}

static void skip_if_equal(struct filter *filter, uint32_t value, uint8_t skipped)
{
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, skipped, 0, value);
}

static void end(struct filter *filter, uint32_t action)
{
	add(filter, BPF_RET | BPF_K, 0, 0, action);
}

static void refuse(struct filter *filter, int why)
{
	end(filter, SECCOMP_RET_ERRNO | ((uint32_t)why & SECCOMP_RET_DATA));
}

/* The rules of one call: they are skipped for other calls, and end with an action. */
static size_t begin_call(struct filter *filter, int number)
{
	skip_unless_equal(filter, (uint32_t)number, 0);
	return filter->count;
}

static void end_call(struct filter *filter, size_t begin)
{
	end(filter, SECCOMP_RET_ALLOW);
	if (filter->count <= FILTER_CODE_MAX)
		filter->code[begin - 1].jf = (uint8_t)(filter->count - begin);
}

static void refuse_calls(struct filter *filter, const struct refused_call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		skip_unless_equal(filter, (uint32_t)calls[i].number, 1);
		refuse(filter, calls[i].why);
	}
}

static void refuse_unless(struct filter *filter, unsigned argument, uint32_t value)
{
	load_argument(filter, argument);
	skip_if_equal(filter, value, 1);
	refuse(filter, EPERM);
}

/* A call about a process, which may only be the caller: argument `n`, its pid, has to be 0. */
static void allow_own_only(struct filter *filter, int number, unsigned n)
{
	size_t begin = begin_call(filter, number);
	refuse_unless(filter, n, 0);
	end_call(filter, begin);
}

/* The same, where the first argument says of what a number is: a process, a group, or a user. */
static void allow_own_process_only(struct filter *filter, int number, uint32_t process)
{
	size_t begin = begin_call(filter, number);
	refuse_unless(filter, 0, process);
	refuse_unless(filter, 1, 0);
	end_call(filter, begin);
}

/* ---- arguments ---- */

static void restrict_other_processes(struct filter *filter)
{
	allow_own_only(filter, SYS_prlimit64, 0);
	allow_own_process_only(filter, SYS_setpriority, PRIO_PROCESS);
	allow_own_process_only(filter, SYS_ioprio_set, CALLS_IOPRIO_WHO_PROCESS);
	allow_own_only(filter, SYS_sched_setscheduler, 0);
	allow_own_only(filter, SYS_sched_setparam, 0);
	allow_own_only(filter, SYS_sched_setattr, 0);
	allow_own_only(filter, SYS_sched_setaffinity, 0);
}

static void restrict_namespaces(struct filter *filter)
{
	/* s390x has the flags of clone() second. */
#if defined(__s390x__)
	const unsigned flags = 1;
#else
	const unsigned flags = 0;
#endif
	size_t begin = begin_call(filter, SYS_clone);
	load_argument(filter, flags);
	add(filter, BPF_JMP | BPF_JSET | BPF_K, 0, 1, NAMESPACES);
	refuse(filter, EPERM);
	end_call(filter, begin);
	begin = begin_call(filter, SYS_unshare);
	load_argument(filter, 0);
	add(filter, BPF_JMP | BPF_JSET | BPF_K, 0, 1, NAMESPACES);
	refuse(filter, EPERM);
	end_call(filter, begin);
}

static void allow_value(struct filter *filter, uint32_t value)
{
	skip_unless_equal(filter, value, 1);
	end(filter, SECCOMP_RET_ALLOW);
}

/*
 * What changes a file that is open for reading alone, which Landlock does not see: its attributes, verity,
 * encryption, the subvolumes of btrfs. Copies of extents need a file that is open for writing.
 */
static void restrict_file_ioctls(struct filter *filter)
{
	static const uint8_t types[] = { 'f', 'X', 'r', 'v', 0x94 };
	allow_value(filter, FICLONE);
	allow_value(filter, FICLONERANGE);
	add(filter, BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xFF00);
	for (size_t i = 0; i < ARRAY_COUNT(types); i++) {
		skip_unless_equal(filter, (uint32_t)types[i] << 8, 1);
		refuse(filter, EPERM);
	}
}

/* Typing into a terminal, and pasting into a console; for programs, what changes files. */
static void restrict_ioctls(struct filter *filter, bool is_program)
{
	size_t begin = begin_call(filter, SYS_ioctl);
	load_argument(filter, 1);
	skip_if_equal(filter, TIOCSTI, 1);
	skip_unless_equal(filter, CALLS_TIOCLINUX, 1);
	refuse(filter, EPERM);
	if (is_program)
		restrict_file_ioctls(filter);
	end_call(filter, begin);
}

/* Whoever holds a lease makes others wait who open the file, or change the directory, for up to 45 s. */
static void restrict_leases(struct filter *filter)
{
#ifdef SYS_fcntl64
	const int numbers[] = { SYS_fcntl, SYS_fcntl64 };
#else
	const int numbers[] = { SYS_fcntl };
#endif
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
		size_t begin = begin_call(filter, numbers[i]);
		load_argument(filter, 1);
		skip_if_equal(filter, F_SETLEASE, 1);
		skip_unless_equal(filter, CALLS_F_SETDELEG, 1);
		refuse(filter, EPERM);
		end_call(filter, begin);
	}
}

/* A mapping that is shared, and of no file. */
static void restrict_mappings(struct filter *filter)
{
#ifdef SYS_mmap2
	const int number = SYS_mmap2;
#elif !defined(__s390x__)
	const int number = SYS_mmap;
#endif
	/* s390x's old mmap() has its arguments in memory, where no filter sees them. */
#if !defined(__s390x__)
	size_t begin = begin_call(filter, number);
	load_argument(filter, 3);
	add(filter, BPF_ALU | BPF_AND | BPF_K, 0, 0, MAP_ANONYMOUS | MAP_TYPE);
	skip_if_equal(filter, MAP_ANONYMOUS | MAP_SHARED, 1);
	skip_unless_equal(filter, MAP_ANONYMOUS | MAP_SHARED_VALIDATE, 1);
	refuse(filter, EPERM);
	end_call(filter, begin);
#else
	(void)filter;
#endif
}

/* ---- sockets ---- */

static void restrict_socket(struct filter *filter, enum filter_sockets sockets)
{
	bool has_unix = sockets != FILTER_NO_SOCKETS && sockets != FILTER_INET_SOCKETS;
	bool has_inet = sockets == FILTER_INET_SOCKETS || sockets == FILTER_ALL_SOCKETS;
	size_t begin = begin_call(filter, SYS_socket);
	if (has_inet) {
		/* Netlink, but only the part with the addresses. */
		load_argument(filter, 2);
		skip_unless_equal(filter, 0, 3);
		load_argument(filter, 0);
		allow_value(filter, AF_NETLINK);
	}
	load_argument(filter, 0);
	if (has_unix)
		allow_value(filter, AF_UNIX);
	if (has_inet) {
		/* Streams and datagrams: nobody needs raw sockets here. */
		load_argument(filter, 1);
		add(filter, BPF_ALU | BPF_AND | BPF_K, 0, 0, CALLS_SOCKET_TYPE);
		skip_if_equal(filter, SOCK_STREAM, 2);
		skip_if_equal(filter, SOCK_DGRAM, 1);
		refuse(filter, EAFNOSUPPORT);
		load_argument(filter, 0);
		allow_value(filter, AF_INET);
		allow_value(filter, AF_INET6);
	}
	refuse(filter, EAFNOSUPPORT);
	end_call(filter, begin);
}

/* A pair of streams stays a pair. One of datagrams could be sent to other sockets. */
static void restrict_pairs(struct filter *filter, bool any_type)
{
	size_t begin = begin_call(filter, SYS_socketpair);
	load_argument(filter, 0);
	skip_if_equal(filter, AF_UNIX, 1);
	refuse(filter, EAFNOSUPPORT);
	if (!any_type) {
		load_argument(filter, 1);
		add(filter, BPF_ALU | BPF_AND | BPF_K, 0, 0, CALLS_SOCKET_TYPE);
		skip_if_equal(filter, SOCK_STREAM, 1);
		refuse(filter, EAFNOSUPPORT);
	}
	end_call(filter, begin);
}

static void restrict_sockets(struct filter *filter, enum filter_sockets sockets)
{
	bool has_unix = sockets != FILTER_NO_SOCKETS && sockets != FILTER_INET_SOCKETS;
	restrict_socket(filter, sockets);
	restrict_pairs(filter, has_unix);
	if (sockets == FILTER_NO_SOCKETS)
		refuse_calls(filter, calls_of_clients, calls_of_clients_count);
	if (sockets != FILTER_UNIX_SOCKETS && sockets != FILTER_ALL_SOCKETS)
		refuse_calls(filter, calls_of_servers, calls_of_servers_count);
}

/* ---- all of it ---- */

void filter_make(struct filter *filter, enum filter_sockets sockets, bool is_program)
{
	filter->count = 0;
	load(filter, offsetof(struct seccomp_data, arch));
	skip_if_equal(filter, NATIVE_ARCH, 1);
	refuse(filter, ENOSYS);
	load(filter, offsetof(struct seccomp_data, nr));
	add(filter, BPF_JMP | BPF_JGE | BPF_K, 0, 1, FOREIGN_NUMBERS);
	refuse(filter, ENOSYS);
	refuse_calls(filter, calls_of_all, calls_of_all_count);
	/* A sanitizer looks for leaks with ptrace, at the end of the process. */
	if (is_program || !SANITIZED)
		refuse_calls(filter, calls_of_tracers, calls_of_tracers_count);
	if (is_program)
		refuse_calls(filter, calls_of_sharers, calls_of_sharers_count);
	restrict_other_processes(filter);
	restrict_namespaces(filter);
	restrict_ioctls(filter, is_program);
	restrict_leases(filter);
	if (is_program)
		restrict_mappings(filter);
	restrict_sockets(filter, sockets);
	end(filter, SECCOMP_RET_ALLOW);
}

bool filter_is_available(void)
{
	if (NATIVE_ARCH == 0) {
		errno = ENOSYS;
		return false;
	}
	/* A kernel with filters looks for the program, at no address; one without does not come so far. */
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) != 0 && errno == EFAULT;
}

int filter_enter(const struct filter *filter)
{
	const struct sock_fprog program = { filter->count, (struct sock_filter *)(uintptr_t)filter->code };
	if (NATIVE_ARCH == 0 || filter->count > FILTER_CODE_MAX) {
		errno = ENOSYS;
		return -1;
	}
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
