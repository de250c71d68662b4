/*
 * calls: the system calls that filters refuse, whatever their arguments.
 *
 * For: filter.c.
 */
#ifndef SWATCH_SANDBOX_CALLS_H
#define SWATCH_SANDBOX_CALLS_H

#include <stddef.h>

/* Where headers are older than the kernel. */
#define CALLS_CLONE_NEWTIME 0x00000080
#define CALLS_TIOCLINUX 0x541C
/* A delegation of a file or a directory, Linux 6.19 */
#define CALLS_F_SETDELEG 1040
/* Of ioprio_set(), which has no header. */
#define CALLS_IOPRIO_WHO_PROCESS 1
/* The kernel's SOCK_TYPE_MASK: the type, without SOCK_CLOEXEC and SOCK_NONBLOCK. */
#define CALLS_SOCKET_TYPE 0xF

struct refused_call {
	int number, why;
};

extern const struct refused_call calls_of_all[], calls_of_tracers[], calls_of_sharers[], calls_of_clients[],
	calls_of_servers[];
extern const size_t calls_of_all_count, calls_of_tracers_count, calls_of_sharers_count,
	calls_of_clients_count, calls_of_servers_count;

#endif
