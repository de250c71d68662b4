/*
 * sandbox_sockets: a filter of system calls (seccomp) that allows no sockets, or only Unix ones.
 *
 * For: sandbox.c, and child.c for a command that needs none. Landlock denies only TCP, and only since Linux
 * 6.7; this filter denies all of them, on every kernel that has filters.
 */
#ifndef SWATCH_SWATCHD_SANDBOX_SOCKETS_H
#define SWATCH_SWATCHD_SANDBOX_SOCKETS_H

#include <stdbool.h>

/*
 * From now on socket() makes AF_UNIX sockets only, and with `unix_too` none at all; socketpair() still makes
 * pairs. It fails with EAFNOSUPPORT otherwise, as in a service with RestrictAddressFamilies=AF_UNIX.
 * io_uring, which can make sockets without that call, fails with EPERM; programs for another architecture of
 * the same processor, whose calls have other numbers, fail with ENOSYS. Needs no-new-privileges. Returns 0,
 * or -1: this kernel has no filters, or swatch has none for this processor (ENOSYS). May be called between
 * fork and exec.
 */
int sandbox_sockets_deny(bool unix_too);

#endif
