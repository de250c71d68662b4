/*
 * usage: without landlock|filters|both PROGRAM [ARGUMENT...]
 *
 * Runs the program as on a kernel that lacks Landlock, filters of system calls, or both.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(value, skipped) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped)
#define REFUSE(why) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (why))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int lack_landlock(void)
{
	struct sock_filter code[] = { LOAD(nr),	   SKIP_UNLESS(444, 1), REFUSE(ENOSYS), SKIP_UNLESS(445, 1),
				      REFUSE(ENOSYS), SKIP_UNLESS(446, 1), REFUSE(ENOSYS), ALLOW };
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int lack_filters(void)
{
	struct sock_filter code[] = { LOAD(nr),	      SKIP_UNLESS(SYS_seccomp, 1),
				      REFUSE(ENOSYS), SKIP_UNLESS(SYS_prctl, 3),
				      LOAD(args[0]),  SKIP_UNLESS(PR_SET_SECCOMP, 1),
				      REFUSE(EINVAL), ALLOW };
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	int failed = strcmp(what, "landlock") != 0 && strcmp(what, "filters") != 0
		  && strcmp(what, "both") != 0;
	if (failed) {
		fputs("usage: without landlock|filters|both PROGRAM [ARGUMENT...]\n", stderr);
		return 2;
	}
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (strcmp(what, "filters") != 0)
		failed |= lack_landlock();
	if (strcmp(what, "landlock") != 0)
		failed |= lack_filters();
	if (failed == 0)
		execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
