#include "swatchd/sandbox/sockets.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/array.h"

#include "base/unused.h"

/* Where socket() is a call of its own, and the half of an argument that counts comes first. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
/* The same processor's x32 calls are these numbers and more; elsewhere no number is as high. */
#define FOREIGN_NUMBERS 0x40000000U
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#endif
#ifndef FOREIGN_NUMBERS
#define FOREIGN_NUMBERS 0x7FFFFFFFU
#endif

#ifdef NATIVE_ARCH

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define JUMP_IF_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define JUMP_IF_AT_LEAST(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, yes, no)
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
/* No kernel has so many. */
#define NO_FAMILY 0xFFFFFFFFU
#define REFUSE(why) RETURN(SECCOMP_RET_ERRNO | ((why) & SECCOMP_RET_DATA))

int sandbox_sockets_deny(bool unix_too)
{
	struct sock_filter code[] = {
		LOAD(arch),
		JUMP_IF_EQUAL(NATIVE_ARCH, 1, 0),
		REFUSE(ENOSYS),
		LOAD(nr),
		JUMP_IF_AT_LEAST(FOREIGN_NUMBERS, 0, 1),
		REFUSE(ENOSYS),
		JUMP_IF_EQUAL(SYS_io_uring_setup, 0, 1),
		REFUSE(EPERM),
		JUMP_IF_EQUAL(SYS_socket, 1, 0),
		RETURN(SECCOMP_RET_ALLOW),
		LOAD(args[0]),
		JUMP_IF_EQUAL(unix_too ? NO_FAMILY : AF_UNIX, 0, 1),
		RETURN(SECCOMP_RET_ALLOW),
		REFUSE(EAFNOSUPPORT),
	};
	const struct sock_fprog program = { ARRAY_COUNT(code), code };
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

#else

int sandbox_sockets_deny(bool unix_too UNUSED)
{
	errno = ENOSYS;
	return -1;
}

#endif
