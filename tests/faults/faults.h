/*
 * faults: what fault-inject.so (preloaded into the program under test) and the programs that drive it share.
 *
 * A driver makes a file of one struct faults, maps it shared, names it in FAULTS_FILE, and arms it for as
 * long as one step of the program takes. The shim counts the calls of the armed kinds, and lets the chosen
 * ones fail.
 */
#ifndef SWATCH_FAULTS_FAULTS_H
#define SWATCH_FAULTS_FAULTS_H

#include <stdatomic.h>
#include <stdint.h>

enum fault_kind {
	FAULT_OPEN,      /* open, openat, fopen, opendir, fdopendir */
	FAULT_READ,      /* read, pread, readdir, readlink */
	FAULT_RECV,
	FAULT_WRITE,     /* write, pwrite, ftruncate, and what stdio writes */
	FAULT_SEND,
	FAULT_RENAME,
	FAULT_UNLINK,
	FAULT_STAT,      /* stat, lstat, fstat, fstatat, statfs, access, realpath */
	FAULT_CLOSE,
	FAULT_MKDIR,     /* mkdir, fchmod */
	FAULT_FSYNC,
	FAULT_LOCK,      /* flock */
	FAULT_MMAP,
	FAULT_MALLOC,    /* malloc, calloc, realloc, and what libc allocates by them */
	FAULT_WATCH,     /* inotify_init1, inotify_add_watch */
	FAULT_EPOLL,     /* epoll_create1, epoll_ctl */
	FAULT_WAIT,      /* epoll_wait, poll */
	FAULT_SOCKET,    /* socket, bind, listen, connect, setsockopt, getsockopt */
	FAULT_ACCEPT,
	FAULT_PIPE,      /* pipe, eventfd, timerfd_create, signalfd, pidfd_open, landlock_... */
	FAULT_FORK,      /* fork, pthread_create */
	FAULT_WAITPID,
	FAULT_CHILD,     /* what a forked child calls before it execs, and the exec */
	FAULT_KINDS
};

/* In place of an errno: a read or write of half of what was asked for. */
#define FAULT_SHORT (-1)

#define FAULT_FRAMES 8
#define FAULT_WHAT_SIZE 1024

struct faults {
	_Atomic int pid;               /* the program under test; others that load the shim are left alone */
	_Atomic int armed;
	_Atomic uint32_t kinds;        /* 1 << enum fault_kind */
	_Atomic int error;             /* the errno, or FAULT_SHORT */
	_Atomic uint64_t first, last;  /* calls from this to that one fail, counted from 1 */
	_Atomic uint64_t calls;        /* of the armed kinds, since armed */
	_Atomic uint64_t hits;         /* that failed */
	_Atomic uint64_t activity;     /* calls of any kind, armed or not */
	_Atomic int waiting;           /* it waits in epoll_wait(2), with nothing to do */
	_Atomic int64_t blocks;        /* pieces of memory that it holds */
	_Atomic int64_t blocks_at_exit;
	char what[FAULT_WHAT_SIZE];    /* the first call that failed, and who called it */
};

#endif
