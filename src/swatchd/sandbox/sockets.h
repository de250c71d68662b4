/*
 * sandbox_sockets: a filter of system calls (seccomp) that leaves Unix sockets alone of all kinds, or none.
 *
 * For: sandbox.c, and child.c for a command that needs none. Landlock denies TCP only, and only since Linux 6.7; this denies all, on every kernel that filters.
 */
#ifndef SWATCH_SWATCHD_SANDBOX_SOCKETS_H
#define SWATCH_SWATCHD_SANDBOX_SOCKETS_H

#include <stdbool.h>

/*
 * From now on socket() makes AF_UNIX sockets only, and with `unix_too` none (pairs, by socketpair(), are as before). It
 * says EAFNOSUPPORT to all else, as a service with
 * RestrictAddressFamilies=AF_UNIX gets it; io_uring, which makes sockets without that call, is refused (EPERM), and so
 * are programs for another architecture of the same processor (ENOSYS), whose calls have other numbers. Wants
 * no-new-privileges set. Returns 0, or -1: no filters in this kernel, or none written for this processor (ENOSYS).
 * May be called between fork and exec.
 */
int sandbox_sockets_deny(bool unix_too);

#endif
