#include "sandbox/calls.h"

#include <errno.h>
#include <sys/syscall.h>

#include "base/array.h"

/* Numbers that headers may lack; newer calls have the same on every architecture. */
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_move_mount
#define SYS_move_mount 429
#endif
#ifndef SYS_fsopen
#define SYS_fsopen 430
#endif
#ifndef SYS_fsconfig
#define SYS_fsconfig 431
#endif
#ifndef SYS_fsmount
#define SYS_fsmount 432
#endif
#ifndef SYS_fspick
#define SYS_fspick 433
#endif
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif
#ifndef SYS_io_uring_enter
#define SYS_io_uring_enter 426
#endif
#ifndef SYS_io_uring_register
#define SYS_io_uring_register 427
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif
#ifndef SYS_file_setattr
#define SYS_file_setattr 469
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif

/* Calls that reach into other processes. */
const struct refused_call calls_of_tracers[] = {
	{ SYS_ptrace, EPERM },
	{ SYS_process_vm_readv, EPERM },
	{ SYS_process_vm_writev, EPERM },
	{ SYS_kcmp, EPERM },
	{ SYS_pidfd_getfd, EPERM },
	{ SYS_process_madvise, EPERM },
	{ SYS_process_mrelease, EPERM },
};
const size_t calls_of_tracers_count = ARRAY_COUNT(calls_of_tracers);

/* 
 * Calls that lead around the rules, or that only the machine's owner needs. The flags of clone3() are in
 * memory, where no filter sees them; C libraries then call clone().
 */
const struct refused_call calls_of_all[] = {
	{ SYS_io_uring_setup, EPERM },
	{ SYS_io_uring_enter, EPERM },
	{ SYS_io_uring_register, EPERM },
	{ SYS_bpf, EPERM },
	{ SYS_perf_event_open, EPERM },
	{ SYS_userfaultfd, EPERM },
	{ SYS_keyctl, EPERM },
	{ SYS_add_key, EPERM },
	{ SYS_request_key, EPERM },
	{ SYS_setns, EPERM },
	{ SYS_mount, EPERM },
	{ SYS_umount2, EPERM },
	{ SYS_pivot_root, EPERM },
	{ SYS_chroot, EPERM },
	{ SYS_mount_setattr, EPERM },
	{ SYS_open_tree, EPERM },
	{ SYS_open_tree_attr, EPERM },
	{ SYS_move_mount, EPERM },
	{ SYS_fsopen, EPERM },
	{ SYS_fsconfig, EPERM },
	{ SYS_fsmount, EPERM },
	{ SYS_fspick, EPERM },
	{ SYS_open_by_handle_at, EPERM },
	{ SYS_fanotify_init, EPERM },
	{ SYS_quotactl, EPERM },
	{ SYS_acct, EPERM },
	{ SYS_swapon, EPERM },
	{ SYS_swapoff, EPERM },
	{ SYS_quotactl_fd, EPERM },
	{ SYS_file_setattr, EPERM },
	{ SYS_init_module, EPERM },
	{ SYS_finit_module, EPERM },
	{ SYS_delete_module, EPERM },
	{ SYS_kexec_load, EPERM },
	{ SYS_reboot, EPERM },
	{ SYS_syslog, EPERM },
	{ SYS_vhangup, EPERM },
	{ SYS_sethostname, EPERM },
	{ SYS_setdomainname, EPERM },
	{ SYS_settimeofday, EPERM },
	{ SYS_clock_settime, EPERM },
	{ SYS_adjtimex, EPERM },
	{ SYS_clock_adjtime, EPERM },
#ifdef SYS_kexec_file_load
	{ SYS_kexec_file_load, EPERM },
#endif
#ifdef SYS_iopl
	{ SYS_iopl, EPERM },
#endif
#ifdef SYS_ioperm
	{ SYS_ioperm, EPERM },
#endif
#ifdef SYS_modify_ldt
	{ SYS_modify_ldt, EPERM },
#endif
#ifdef SYS_lookup_dcookie
	{ SYS_lookup_dcookie, EPERM },
#endif
#ifdef SYS_uselib
	{ SYS_uselib, EPERM },
#endif
#ifdef SYS_ustat
	{ SYS_ustat, EPERM },
#endif
#ifdef SYS_sysfs
	{ SYS_sysfs, EPERM },
#endif
#ifdef SYS__sysctl
	{ SYS__sysctl, EPERM },
#endif
#ifdef SYS_nfsservctl
	{ SYS_nfsservctl, EPERM },
#endif
#ifdef SYS_create_module
	{ SYS_create_module, EPERM },
#endif
#ifdef SYS_get_kernel_syms
	{ SYS_get_kernel_syms, EPERM },
#endif
#ifdef SYS_query_module
	{ SYS_query_module, EPERM },
#endif
#ifdef SYS_stime
	{ SYS_stime, EPERM },
#endif
#ifdef SYS_clock_settime64
	{ SYS_clock_settime64, EPERM },
#endif
#ifdef SYS_clock_adjtime64
	{ SYS_clock_adjtime64, EPERM },
#endif
#ifdef SYS_umount
	{ SYS_umount, EPERM },
#endif
#ifdef SYS_socketcall
	{ SYS_socketcall, ENOSYS },
#endif
#ifdef SYS_ipc
	{ SYS_ipc, ENOSYS },
#endif
	{ SYS_clone3, ENOSYS },
};
const size_t calls_of_all_count = ARRAY_COUNT(calls_of_all);

/* Memory and messages that are shared by name or number, and memory that limits do not count. */
const struct refused_call calls_of_sharers[] = {
#ifdef SYS_shmget
	{ SYS_shmget, EPERM },
#endif
#ifdef SYS_shmat
	{ SYS_shmat, EPERM },
#endif
#ifdef SYS_shmctl
	{ SYS_shmctl, EPERM },
#endif
#ifdef SYS_semget
	{ SYS_semget, EPERM },
#endif
#ifdef SYS_semctl
	{ SYS_semctl, EPERM },
#endif
#ifdef SYS_msgget
	{ SYS_msgget, EPERM },
#endif
#ifdef SYS_msgsnd
	{ SYS_msgsnd, EPERM },
#endif
#ifdef SYS_msgrcv
	{ SYS_msgrcv, EPERM },
#endif
#ifdef SYS_msgctl
	{ SYS_msgctl, EPERM },
#endif
#ifdef SYS_mq_open
	{ SYS_mq_open, EPERM },
#endif
#ifdef SYS_mq_unlink
	{ SYS_mq_unlink, EPERM },
#endif
#ifdef SYS_mq_timedsend
	{ SYS_mq_timedsend, EPERM },
#endif
#ifdef SYS_mq_timedreceive
	{ SYS_mq_timedreceive, EPERM },
#endif
#ifdef SYS_mq_notify
	{ SYS_mq_notify, EPERM },
#endif
	{ SYS_memfd_create, ENOSYS },
	{ SYS_memfd_secret, ENOSYS },
};
const size_t calls_of_sharers_count = ARRAY_COUNT(calls_of_sharers);

/* A pair of sockets is connected already. */
const struct refused_call calls_of_clients[] = {
	{ SYS_connect, EACCES },
};
const size_t calls_of_clients_count = ARRAY_COUNT(calls_of_clients);

/* Calls that make a socket reachable for others. */
const struct refused_call calls_of_servers[] = {
	{ SYS_bind, EACCES },
	{ SYS_listen, EACCES },
	{ SYS_accept4, EACCES },
#ifdef SYS_accept
	{ SYS_accept, EACCES },
#endif
};
const size_t calls_of_servers_count = ARRAY_COUNT(calls_of_servers);
