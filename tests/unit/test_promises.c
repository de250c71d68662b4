/* What the filters answer to each call, of any of the processor's tables; and what each kernel leaves open.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/array.h"
#include "sandbox/filter.h"
#include "sandbox/promises.h"

/* ---- filters ---- */

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#else
#define NATIVE 0
#endif

/* What the kernel does with the filter's code, of which this has as much as filters use. */
static uint32_t run(const struct filter *filter, const struct seccomp_data *data)
{
	uint32_t a = 0;
	for (size_t at = 0; at < filter->count; at++) {
		const struct sock_filter *line = &filter->code[at];
		bool jumps = false;
		switch (line->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(line->k % 4 == 0 && line->k + 4 <= sizeof(*data));
			memcpy(&a, (const char *)data + line->k, sizeof(a));
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= line->k;
			continue;
		case BPF_RET | BPF_K:
			return line->k;
		case BPF_JMP | BPF_JEQ | BPF_K:
			jumps = a == line->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			jumps = a >= line->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			jumps = (a & line->k) != 0;
			break;
		default:
			fail_msg("line %zu: code %#x", at, line->code);
		}
		at += jumps ? line->jt : line->jf;
	}
	fail_msg("the code has no end");
	return 0;
}

/* Returns the errno that the filter gives the call; 0: it lets it through. */
static int answer(const struct filter *filter, uint32_t arch, int number, uint64_t first, uint64_t second)
{
	const struct seccomp_data data = { .nr = number, .arch = arch, .args = { first, second, 0, second } };
	uint32_t action = run(filter, &data);
	assert_true(action == SECCOMP_RET_ALLOW || (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO);
	return action == SECCOMP_RET_ALLOW ? 0 : (int)(action & SECCOMP_RET_DATA);
}

static struct filter filters[2 * (FILTER_ALL_SOCKETS + 1)];

static int make_filters(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(filters); i++) {
		filter_make(&filters[i], (enum filter_sockets)(i / 2), i % 2 == 1);
		assert_in_range(filters[i].count, 1, FILTER_CODE_MAX);
	}
	return 0;
}

static const struct filter *program(enum filter_sockets sockets) { return &filters[2 * sockets + 1]; }
static const struct filter *daemon_of(enum filter_sockets sockets) { return &filters[2 * sockets]; }

static void calls_of_other_tables_do_not_exist(void **state)
{
	(void)state;
	static const uint32_t tables[] = { AUDIT_ARCH_I386, AUDIT_ARCH_ARM, AUDIT_ARCH_X86_64,
					   AUDIT_ARCH_AARCH64, AUDIT_ARCH_RISCV64, 0, ~0U };
	if (NATIVE == 0)
		skip();
	for (size_t i = 0; i < ARRAY_COUNT(filters); i++) {
		for (size_t t = 0; t < ARRAY_COUNT(tables); t++)
			for (int number = 0; number < 600; number++)
				if (tables[t] != NATIVE)
					assert_int_equal(answer(&filters[i], tables[t], number, 0, 0),
							 ENOSYS);
		/* x32, and what is beyond all tables */
		for (int number = 0; number < 600; number++)
			assert_int_equal(answer(&filters[i], NATIVE, 0x40000000 | number, 0, 0), ENOSYS);
		assert_int_equal(answer(&filters[i], NATIVE, -1, 0, 0), ENOSYS);
	}
}

static void arguments_decide(void **state)
{
	(void)state;
	static const uint64_t high = UINT64_C(1) << 32;
	static const struct {
		int number;
		uint64_t first, second;
		int program, daemon;   /* the answers */
	} calls[] = {
		{ SYS_read, 0, 0, 0, 0 },
		{ SYS_ioctl, 0, TIOCSTI, EPERM, EPERM },
		{ SYS_ioctl, 0, high | TIOCSTI, EPERM, EPERM },
		{ SYS_ioctl, 0, TIOCGWINSZ, 0, 0 },
		{ SYS_ioctl, 0, FIONREAD, 0, 0 },
		{ SYS_ioctl, 0, FS_IOC_SETFLAGS, EPERM, 0 },
		{ SYS_ioctl, 0, high | FS_IOC_SETFLAGS, EPERM, 0 },
		{ SYS_ioctl, 0, FS_IOC_FSSETXATTR, EPERM, 0 },
		{ SYS_ioctl, 0, FIFREEZE, EPERM, 0 },
		{ SYS_ioctl, 0, 0x5000940F /* a subvolume of btrfs goes */, EPERM, 0 },
		{ SYS_ioctl, 0, FICLONE, 0, 0 },
		{ SYS_ioctl, 0, FICLONERANGE, 0, 0 },
		{ SYS_fcntl, 0, F_SETLEASE, EPERM, EPERM },
		{ SYS_fcntl, 0, high | F_SETLEASE, EPERM, EPERM },
		{ SYS_fcntl, 0, 1040 /* F_SETDELEG */, EPERM, EPERM },
		{ SYS_fcntl, 0, F_SETFD, 0, 0 },
		{ SYS_fcntl, 0, F_SETLK, 0, 0 },
		{ SYS_prlimit64, 0, 0, 0, 0 },
		{ SYS_prlimit64, 1, 0, EPERM, EPERM },
		{ SYS_setpriority, 0, 0, 0, 0 },
		{ SYS_setpriority, 0, 1, EPERM, EPERM },
		{ SYS_setpriority, 2, 0, EPERM, EPERM },
		{ SYS_sched_setaffinity, 1, 0, EPERM, EPERM },
		{ SYS_unshare, CLONE_FILES, 0, 0, 0 },
		{ SYS_unshare, CLONE_NEWUSER, 0, EPERM, EPERM },
		{ SYS_unshare, CLONE_NEWUSER | CLONE_FILES, 0, EPERM, EPERM },
		{ SYS_mmap, 0, MAP_PRIVATE | MAP_ANONYMOUS, 0, 0 },
		{ SYS_mmap, 0, MAP_SHARED | MAP_ANONYMOUS, EPERM, 0 },
		{ SYS_mmap, 0, MAP_SHARED, 0, 0 },
		{ SYS_socket, AF_INET, SOCK_STREAM, EAFNOSUPPORT, EAFNOSUPPORT },
		{ SYS_socket, AF_UNIX, SOCK_STREAM, EAFNOSUPPORT, 0 },
		{ SYS_socket, high | AF_INET, SOCK_STREAM, EAFNOSUPPORT, EAFNOSUPPORT },
		{ SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, 0 },
		{ SYS_socketpair, AF_UNIX, SOCK_DGRAM, EAFNOSUPPORT, 0 },
		{ SYS_socketpair, AF_INET, SOCK_STREAM, EAFNOSUPPORT, EAFNOSUPPORT },
		{ SYS_connect, 0, 0, EACCES, 0 },
		{ SYS_bind, 0, 0, EACCES, 0 },
		{ 425 /* io_uring_setup */, 0, 0, EPERM, EPERM },
		{ 469 /* file_setattr */, 0, 0, EPERM, EPERM },
		{ 435 /* clone3 */, 0, 0, ENOSYS, ENOSYS },
		{ 447 /* memfd_secret */, 0, 0, ENOSYS, 0 },
	};
	if (NATIVE == 0)
		skip();
	for (size_t i = 0; i < ARRAY_COUNT(calls); i++) {
		int of_program = answer(program(FILTER_NO_SOCKETS), NATIVE, calls[i].number, calls[i].first,
					calls[i].second);
		int of_daemon = answer(daemon_of(FILTER_UNIX_SOCKETS), NATIVE, calls[i].number,
				       calls[i].first, calls[i].second);
		if (of_program != calls[i].program || of_daemon != calls[i].daemon)
			fail_msg("call %d (%#llx, %#llx): %d for a program, %d for swatchd", calls[i].number,
				 (unsigned long long)calls[i].first, (unsigned long long)calls[i].second,
				 of_program, of_daemon);
	}
}

/* ---- promises ---- */

static void assert_missing(const struct promise_facts *facts, const char *wanted)
{
	AUTO_BUF missing = BUF_INIT;
	promise_list_missing(facts, &missing);
	assert_string_equal(buf_str(&missing), wanted);
}

static void each_kernel_says_what_it_leaves_open(void **state)
{
	(void)state;
#define SIGNALS "abstract Unix sockets, signals to other processes"
	static const char *const by_version[] = {
		"writing files elsewhere, truncating files, control of devices, abstract Unix sockets,"
		" memory "
		"of other processes, signals to other processes",
		"truncating files, control of devices, " SIGNALS,
		"truncating files, control of devices, " SIGNALS,
		"control of devices, " SIGNALS,
		"control of devices, " SIGNALS,
		SIGNALS,
		"",
		"",
	};
	struct promise_facts facts = { .no_new_privileges = true, .filter = true };
	for (facts.landlock = 0; facts.landlock < (int)ARRAY_COUNT(by_version); facts.landlock++)
		assert_missing(&facts, by_version[facts.landlock]);
	facts.filter = false;
	assert_missing(&facts,
		       "the network, services behind Unix sockets, dangerous system calls, shared memory");
	/* What the config gives up is not promised. */
	facts.network = true;
	assert_missing(&facts, "dangerous system calls, shared memory");
	facts = (struct promise_facts){ .no_new_privileges = true, .filter = true, .landlock = 5,
					.network = true };
	assert_missing(&facts, "signals to other processes");
	facts = (struct promise_facts){ .is_off = true };
	assert_missing(&facts, "new privileges");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_of_other_tables_do_not_exist),
		cmocka_unit_test(arguments_decide),
		cmocka_unit_test(each_kernel_says_what_it_leaves_open),
	};
	return cmocka_run_group_tests(tests, make_filters, NULL);
}
