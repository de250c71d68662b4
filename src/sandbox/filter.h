/*
 * filter: a filter of system calls (seccomp), which refuses sockets and the calls that lead around the other
 * rules.
 *
 * For: sandbox.c, for the daemon, and program.c, for what swatch runs. Landlock denies TCP only, and knows
 * nothing of most of these calls; this filter works on every kernel that has filters, on x86-64, i386, arm64,
 * arm, riscv64, ppc64 and s390x.
 *
 * Every filter refuses:
 *   other processes   ptrace, process_vm_readv and _writev, pidfd_getfd, kcmp, process_madvise, and limits,
 *                     priorities and schedulers of anything but the caller
 *   the kernel        io_uring, bpf, perf_event_open, userfaultfd, keyrings, new namespaces, mounts, opening
 *                     by handle, leases, modules, clocks, TIOCSTI and TIOCLINUX
 *   other calls       of the processor's other architectures, x32 included, which have other numbers
 * and one for programs also what changes files that are open for reading alone (attributes, verity,
 * subvolumes), and shared memory and message queues (System V's, POSIX's, memfd, anonymous shared mappings):
 * they reach other processes, and limits do not count them.
 */
#ifndef SWATCH_SANDBOX_FILTER_H
#define SWATCH_SANDBOX_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>

enum filter_sockets {
	FILTER_NO_SOCKETS,       /* none; socketpair() makes Unix streams, which lead nowhere */
	/* Internet ones that connect (and the kernel's own list of addresses, which resolvers read) */
	FILTER_INET_SOCKETS,
	FILTER_UNIX_CLIENTS,     /* Unix ones, which can connect, but not be bound */
	FILTER_UNIX_SOCKETS,
	FILTER_ALL_SOCKETS       /* Unix and Internet ones; other families stay refused */
};

#define FILTER_CODE_MAX 400

struct filter {
	struct sock_filter code[FILTER_CODE_MAX];
	unsigned short count;
};

/* Makes one. `is_program`: for a program that swatch runs, not for swatchd itself. */
void filter_make(struct filter *filter, enum filter_sockets sockets, bool is_program);

/* Whether this kernel takes filters, and swatch has one for this processor; else false with errno. */
bool filter_is_available(void);

/*
 * Puts it in force for this thread, for good, and for all that it starts. Sockets that it refuses fail with
 * EAFNOSUPPORT, as in a service with RestrictAddressFamilies=, other calls with EPERM, and calls that
 * programs can do without (memfd_create, clone3) and foreign ones with ENOSYS. Needs no-new-privileges.
 * Returns 0, or -1 with errno. May be called between fork and exec.
 */
int filter_enter(const struct filter *filter);

#endif
