/* Each test enters a sandbox for good, so it does that in a child, which tells by its exit status how it
 * went. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "cache/write.h"
#include "sandbox/filter.h"
#include "sandbox/sandbox.h"
#include "scratch.h"

#define SKIPPED 77

static int abi;

/* cmocka's own would go on with the next test, in the child. */
#define CHECK(what)                                                              \
	do {                                                                     \
		if (!(what)) {                                                   \
			fprintf(stderr, "%s:%d: %s (errno %d)\n", __func__, __LINE__, #what, errno); \
			_exit(1);                                                \
		}                                                                \
	} while (0)

#define CHECK_FAILS(call, why) CHECK((call) == -1 && errno == (why))

static int set_up(void **state)
{
	(void)state;
	scratch_make(&test_dir);
	if (mkdirat(test_dir.dir_fd, "cache", 0700) != 0 || mkdirat(test_dir.dir_fd, "more", 0700) != 0
	    || mkdirat(test_dir.dir_fd, "home", 0700) != 0)
		return -1;
	scratch_write_text(&test_dir, "home/transcript.jsonl", "{}\n");
	abi = sandbox_landlock_abi();
	return 0;
}

static void need_landlock(void)
{
	if (abi == 0) {
		print_message("skipped: no Landlock in this kernel: %s\n", strerror(errno));
		skip();
	}
}

static void in_child(void (*body)(void))
{
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == SKIPPED) {
		print_message("skipped: no filter of system calls here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static const char *name(const char *of) { return scratch_name(&test_dir, of); }

/* Enters with "cache" and "more" to be written to, as an ABI says. Returns what sandbox_enter() does. */
static int enter(int mode, int as_abi, bool network, const char *also, struct buf *error)
{
	char list[1200];
	snprintf(list, sizeof(list), "%s%s", name("more"), also);
	const struct sandbox_rules rules = { .mode = mode,
					     .network = network,
					     .write = list,
					     .cache_path = name("cache"),
					     .cache_fd =
						     open(name("cache"), O_RDONLY | O_DIRECTORY | O_CLOEXEC),
					     .socket_path = name("cache/.swatch.sock") };
	sandbox_forbid_privileges();
	return sandbox_enter(&rules, as_abi, error);
}

static void enter_usual(bool network)
{
	struct buf error = BUF_INIT;
	CHECK(enter(SANDBOX_AUTO, abi, network, "", &error) == 0);
	buf_release(&error);
}

/* What the status answer has; good until the next call. */
static const char *told(void)
{
	static struct buf out;
	struct jsonw w;
	buf_clear(&out);
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	sandbox_write_status(&w);
	jsonw_end_object(&w);
	return buf_str(&out);
}

static int make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? -1 : close(fd);
}

/* ---- files ---- */

static void write_outside(void)
{
	enter_usual(false);
	CHECK_FAILS(make_file(name("home/evil")), EACCES);
	CHECK_FAILS(open(name("home/transcript.jsonl"), O_WRONLY | O_CLOEXEC), EACCES);
	CHECK_FAILS(open(name("home/transcript.jsonl"), O_RDWR | O_APPEND | O_CLOEXEC), EACCES);
	CHECK_FAILS(unlink(name("home/transcript.jsonl")), EACCES);
	CHECK_FAILS(mkdir(name("home/d"), 0700), EACCES);
	CHECK_FAILS(symlink("x", name("home/l")), EACCES);
	CHECK_FAILS(mkfifo(name("home/f"), 0600), EACCES);
	CHECK_FAILS(rename(name("home/transcript.jsonl"), name("home/t")), EACCES);
	CHECK(rename(name("home/transcript.jsonl"), name("more/t")) == -1);
	CHECK(link(name("home/transcript.jsonl"), name("more/t")) == -1);
	CHECK(rmdir(name("home")) == -1 && errno == EACCES);
	if (abi >= 3)
		CHECK_FAILS(truncate(name("home/transcript.jsonl"), 0), EACCES);
}

static void denies_writing_elsewhere(void **state)
{
	(void)state;
	need_landlock();
	in_child(write_outside);
	char *text = scratch_read(&test_dir, "home/transcript.jsonl");
	assert_string_equal(text, "{}\n");
	free(text);
}

static void write_own(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int dir_fd = open(name("cache"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enter_usual(false);
	for (int i = 0; i < 2; i++)
		CHECK(cache_write_file(dir_fd, "s1.json", "{}", 2) == 0);
	CHECK(unlinkat(dir_fd, "s1.json", 0) == 0);
	CHECK(cache_sweep_temp_files(dir_fd) == 0);
	/* Relative, because a socket's path is short, and the scratch directory's may not be. */
	CHECK(fchdir(dir_fd) == 0);
	memcpy(address.sun_path, ".swatch.sock", sizeof(".swatch.sock"));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
	CHECK(unlinkat(dir_fd, ".swatch.sock", 0) == 0);
	CHECK_FAILS(mkdirat(dir_fd, "d", 0700), EACCES);
	int null_fd = open("/dev/null", O_WRONLY | O_TRUNC | O_CLOEXEC);
	CHECK(null_fd >= 0 && write(null_fd, "x", 1) == 1);
}

static void lets_the_cache_be_kept(void **state)
{
	(void)state;
	need_landlock();
	in_child(write_own);
}

static void write_more(void)
{
	enter_usual(false);
	CHECK(mkdir(name("more/d"), 0700) == 0 && make_file(name("more/f")) == 0
	      && symlink("f", name("more/l")) == 0);
	CHECK(rename(name("more/f"), name("more/g")) == 0 && truncate(name("more/g"), 0) == 0);
	if (abi >= 2)
		CHECK(rename(name("more/g"), name("more/d/g")) == 0 && unlink(name("more/d/g")) == 0
		      && rmdir(name("more/d")) == 0);
}

static void lets_programs_write_where_the_config_says(void **state)
{
	(void)state;
	need_landlock();
	in_child(write_more);
}

static void read_and_run(void)
{
	char byte;
	int status;
	char *const argv[] = { (char[]){ "true" }, NULL };
	enter_usual(false);
	int fd = open(name("home/transcript.jsonl"), O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && read(fd, &byte, 1) == 1);
	fd = open(name("home"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
}

static void lets_transcripts_be_read_and_programs_run(void **state)
{
	(void)state;
	need_landlock();
	in_child(read_and_run);
}

static const char *hint(const char *text) { return sandbox_hint(SANDBOX_ALERT, NULL, text); }

static void tell_of_places(void)
{
	struct buf error = BUF_INIT;
	char *const npx[] = { (char[]){ "/usr/bin/npx" }, (char[]){ "ccusage" }, NULL };
	char also[800] = ", relative/path, /no/such/place";
	for (int i = 0; i < 20; i++)
		snprintf(also + strlen(also), sizeof(also) - strlen(also), ", /no/%d", i);
	CHECK(enter(SANDBOX_REQUIRED, abi, false, also, &error) == 0);
	CHECK(strstr(told(), "\"mode\":\"required\",\"state\":\"on\",\"why\":null"));
	CHECK(strstr(told(), "\"noNewPrivileges\":true"));
	CHECK(strstr(told(), "/cache\","));
	CHECK(strstr(told(), "/more\"],\"refused\":[{\"path\":\"relative/path\""));
	CHECK(strstr(told(), "{\"path\":\"/no/such/place\",\"why\":\"No such file or directory\"}"));
	/* sixteen count: "more", two, and thirteen of these */
	CHECK(strstr(told(), "\"/no/12\"") && !strstr(told(), "\"/no/13\""));
	CHECK(strstr(hint("sh: cannot create /x: Permission denied\n"), "[sandbox] write"));
	CHECK(strstr(hint("Error: EACCES: permission denied, open '/x'"), "[sandbox] write"));
	CHECK(strstr(hint("connect: Permission denied"), "[sandbox] network")
	      || strstr(told(), "\"network\":\"open\""));
	CHECK(strstr(hint("no such option"), "it ran in swatchd's sandbox"));
	CHECK(strstr(sandbox_hint(SANDBOX_REFRESH, npx, "killed"), "[sandbox] package_runner = yes"));
	CHECK(!strstr(sandbox_hint(SANDBOX_ALERT, npx, "killed"), "package_runner"));
	buf_release(&error);
}

static void tells_what_may_be_written(void **state)
{
	(void)state;
	need_landlock();
	in_child(tell_of_places);
}

/* ---- the network ---- */

static int make_socket(int family) { return socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0); }

static void have_no_network(void)
{
	int pair[2];
	enter_usual(false);
	if (!strstr(told(), "\"network\":\"denied\""))
		_exit(SKIPPED);
	CHECK_FAILS(make_socket(AF_INET), EAFNOSUPPORT);
	CHECK_FAILS(make_socket(AF_INET6), EAFNOSUPPORT);
	CHECK_FAILS(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), EAFNOSUPPORT);
	CHECK_FAILS(make_socket(AF_NETLINK), EAFNOSUPPORT);
	CHECK_FAILS(syscall(SYS_io_uring_setup, 1, NULL), EPERM);
	CHECK(make_socket(AF_UNIX) >= 0);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
}

static void denies_all_sockets_but_unix_ones(void **state)
{
	(void)state;
	in_child(have_no_network);
}

static void enter_filter(enum filter_sockets sockets)
{
	static struct filter filter;
	sandbox_forbid_privileges();
	filter_make(&filter, sockets, true);
	if (!filter_is_available())
		_exit(SKIPPED);
	CHECK(filter.count < FILTER_CODE_MAX);
	CHECK(filter_enter(&filter) == 0);
}

static void have_no_socket(void)
{
	int pair[2];
	enter_filter(FILTER_NO_SOCKETS);
	CHECK_FAILS(make_socket(AF_UNIX), EAFNOSUPPORT);
	CHECK_FAILS(make_socket(AF_INET), EAFNOSUPPORT);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	/* Other pairs can be sent to other sockets, or connected. */
	CHECK_FAILS(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), EAFNOSUPPORT);
	CHECK_FAILS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), EAFNOSUPPORT);
	CHECK_FAILS(socketpair(AF_TIPC, SOCK_STREAM, 0, pair), EAFNOSUPPORT);
}

static void denies_all_sockets(void **state)
{
	(void)state;
	in_child(have_no_socket);
}

static void be_client(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/nowhere/at/all" };
	enter_filter(FILTER_UNIX_CLIENTS);
	int fd = make_socket(AF_UNIX);
	CHECK(fd >= 0);
	CHECK_FAILS(connect(fd, (const struct sockaddr *)&address, sizeof(address)), ENOENT);
	CHECK_FAILS(bind(fd, (const struct sockaddr *)&address, sizeof(sa_family_t)), EACCES);
	CHECK_FAILS(listen(fd, 1), EACCES);
	CHECK_FAILS(make_socket(AF_INET), EAFNOSUPPORT);
}

static void lets_alerts_connect_and_nothing_else(void **state)
{
	(void)state;
	in_child(be_client);
}

static void be_package_runner(void)
{
	enter_filter(FILTER_INET_SOCKETS);
	CHECK(make_socket(AF_INET) >= 0 || errno == EAFNOSUPPORT);
	CHECK(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0) >= 0);
	CHECK(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
	CHECK_FAILS(socket(AF_NETLINK, SOCK_RAW, 15), EAFNOSUPPORT);
	CHECK_FAILS(socket(AF_INET, SOCK_RAW, 1), EAFNOSUPPORT);
	CHECK_FAILS(socket(AF_PACKET, SOCK_DGRAM, 0), EAFNOSUPPORT);
	CHECK_FAILS(make_socket(AF_UNIX), EAFNOSUPPORT);
}

static void lets_package_runners_reach_the_internet_and_no_service(void **state)
{
	(void)state;
	in_child(be_package_runner);
}

/* ---- programs ---- */

static void be_program(void)
{
	struct spawn_confinement confinement;
	struct buf refusal = BUF_INIT;
	int status;
	enter_usual(false);
	CHECK(prctl(PR_GET_DUMPABLE) == 0);
	CHECK(sandbox_confine(SANDBOX_REFRESH, &confinement, &refusal));
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		CHECK(confinement.confine(confinement.ctx) == 0);
		CHECK(ptrace(PTRACE_SEIZE, parent, NULL, NULL) == -1);
		CHECK(abi < 6 || (kill(parent, 0) == -1 && errno == EPERM));
		CHECK_FAILS(make_file(name("cache/evil.json")), EACCES);
		CHECK(make_file(name("more/good")) == 0);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	/* The process between: it reaches only its own. */
	pid = fork();
	if (pid == 0) {
		CHECK(confinement.enclose(confinement.ctx) == (abi >= 6));
		CHECK(abi < 6 || (kill(parent, 0) == -1 && errno == EPERM));
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void programs_have_a_domain_of_their_own(void **state)
{
	(void)state;
	need_landlock();
	in_child(be_program);
}

static void be_too_old(void)
{
	struct spawn_confinement confinement;
	struct buf error = BUF_INIT;
	CHECK(enter(SANDBOX_REQUIRED, 5, false, "", &error) == 0);
	CHECK(!sandbox_confine(SANDBOX_ALERT, &confinement, &error));
	CHECK(strstr(buf_str(&error), "abstract Unix sockets")
	      && strstr(buf_str(&error), "signals to other processes"));
	CHECK(strstr(told(), "\"runsPrograms\":false"));
	buf_release(&error);
}

static void runs_nothing_when_a_promise_is_required_and_not_kept(void **state)
{
	(void)state;
	need_landlock();
	if (abi < 5)
		skip();
	in_child(be_too_old);
}

/* Landlock alone: a socket that was there before. */
static void use_old_socket(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons(9) };
	int fd = make_socket(AF_INET);
	if (fd < 0)
		_exit(SKIPPED);
	enter_usual(false);
	CHECK_FAILS(connect(fd, (const struct sockaddr *)&address, sizeof(address)), EACCES);
	address.sin_port = 0;
	CHECK_FAILS(bind(fd, (const struct sockaddr *)&address, sizeof(address)), EACCES);
}

static void denies_tcp(void **state)
{
	(void)state;
	need_landlock();
	if (abi < 4) {
		print_message("skipped: Landlock ABI %d knows no network\n", abi);
		skip();
	}
	in_child(use_old_socket);
}

static void use_network(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons(9) };
	enter_usual(true);
	CHECK(strstr(told(), "\"network\":\"open\""));
	int fd = make_socket(AF_INET);
	if (fd < 0)
		_exit(SKIPPED);
	/* Whatever listens there or not: it is not denied. */
	CHECK(connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 || errno != EACCES);
	CHECK_FAILS(make_file(name("home/evil")), EACCES);
}

static void leaves_the_network_when_told_to(void **state)
{
	(void)state;
	need_landlock();
	in_child(use_network);
}

/* ---- kernels that know less ---- */

/* Lets a call fail, as an older kernel does that has no such call, or a container's filter. */
static void let_fail(uint32_t number, int why)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)why),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	sandbox_forbid_privileges();
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(SKIPPED);
}

static void be_first_version(void)
{
	struct buf error = BUF_INIT;
	CHECK(enter(SANDBOX_AUTO, 1, true, "", &error) == 0);
	CHECK(strstr(told(), "\"landlock\":1"));
	CHECK(strstr(
		told(),
		"\"notDenied\":[\"truncating files\",\"control of devices\","
		"\"signals to other processes\"]"));
	CHECK_FAILS(make_file(name("home/evil")), EACCES);
	CHECK(make_file(name("more/f")) == 0 && rename(name("more/f"), name("more/g")) == 0);
	/* Told as not denied, and it is not. */
	CHECK(truncate(name("home/transcript.jsonl"), 1) == 0);
	buf_release(&error);
}

static void goes_by_the_version(void **state)
{
	(void)state;
	need_landlock();
	in_child(be_first_version);
}

static void be_without(void)
{
	struct buf error = BUF_INIT;
	errno = ENOSYS;
	CHECK(enter(SANDBOX_AUTO, 0, true, "", &error) == 0 && error.len == 0);
	CHECK(strstr(told(), "\"state\":\"unavailable\",\"why\":\"this kernel has no Landlock\""));
	CHECK(strstr(told(), "\"writable\":[],\"refused\":[]")
	      && strstr(told(), "\"notDenied\":[\"writing files elsewhere\","));
	CHECK(make_file(name("home/good")) == 0);
	CHECK(!filter_is_available() || !strstr(hint("Permission denied"), "[sandbox] write"));
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	buf_release(&error);
}

static void goes_on_without(void **state)
{
	(void)state;
	in_child(be_without);
}

static void be_failing(void)
{
	struct buf error = BUF_INIT;
	let_fail(SYS_landlock_add_rule, ENOMEM);
	CHECK(enter(SANDBOX_AUTO, abi, true, "", &error) == 0);
	CHECK(strstr(told(), "\"state\":\"failed\",\"why\":\"Cannot allocate memory\""));
	CHECK(make_file(name("home/good")) == 0);
	CHECK(enter(SANDBOX_REQUIRED, abi, true, "", &error) == -1 && error.len > 0);
	buf_release(&error);
}

static void goes_on_when_it_fails(void **state)
{
	(void)state;
	need_landlock();
	in_child(be_failing);
}

static void require_it(void)
{
	struct buf error = BUF_INIT;
	errno = EOPNOTSUPP;
	CHECK(enter(SANDBOX_REQUIRED, 0, false, "", &error) == -1);
	CHECK(strcmp(buf_str(&error),
		     "cannot start without a sandbox ([sandbox] mode = required): Landlock is not switched "
		     "on "
		     "in this kernel")
	      == 0);
	buf_release(&error);
}

static void refuses_to_go_on_when_it_is_required(void **state)
{
	(void)state;
	in_child(require_it);
}

static void be_old(void)
{
	struct buf error = BUF_INIT;
	let_fail(SYS_landlock_create_ruleset, ENOSYS);
	int none = sandbox_landlock_abi();
	CHECK(none == 0 && errno == ENOSYS);
	CHECK(enter(SANDBOX_AUTO, none, true, "", &error) == 0);
	CHECK(strstr(told(), "this kernel has no Landlock"));
	CHECK(make_file(name("home/good")) == 0);
	buf_release(&error);
}

static void asks_the_kernel(void **state)
{
	(void)state;
	in_child(be_old);
}

/* A container's filter that lets rules be made, and not be put in force. */
static void be_forbidden(void)
{
	struct buf error = BUF_INIT;
	let_fail(SYS_landlock_restrict_self, EPERM);
	CHECK(enter(SANDBOX_AUTO, abi, true, "", &error) == 0);
	CHECK(strstr(told(), "\"state\":\"unavailable\",\"why\":\"Landlock is forbidden here"));
	CHECK(strstr(told(), "\"landlock\":0") && strstr(told(), "\"writable\":[]"));
	CHECK(make_file(name("home/good")) == 0);
	buf_release(&error);
}

static void goes_on_where_it_is_forbidden(void **state)
{
	(void)state;
	need_landlock();
	in_child(be_forbidden);
}

static void be_off(void)
{
	struct buf error = BUF_INIT;
	CHECK(enter(SANDBOX_OFF, abi, false, "", &error) == 0);
	CHECK(strstr(told(), "\"mode\":\"off\",\"state\":\"off\"") && strstr(told(), "\"network\":\"open\""));
	CHECK(make_file(name("home/good")) == 0 && unlink(name("home/good")) == 0);
	CHECK(make_socket(AF_INET) >= 0 || errno == EAFNOSUPPORT);
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	buf_release(&error);
}

static void is_off_when_told_so(void **state)
{
	(void)state;
	in_child(be_off);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, scratch_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(denies_writing_elsewhere),
		TEST(lets_the_cache_be_kept),
		TEST(lets_alerts_connect_and_nothing_else),
		TEST(lets_package_runners_reach_the_internet_and_no_service),
		TEST(programs_have_a_domain_of_their_own),
		TEST(runs_nothing_when_a_promise_is_required_and_not_kept),
		TEST(lets_programs_write_where_the_config_says),
		TEST(lets_transcripts_be_read_and_programs_run),
		TEST(tells_what_may_be_written),
		TEST(denies_all_sockets_but_unix_ones),
		TEST(denies_all_sockets),
		TEST(denies_tcp),
		TEST(leaves_the_network_when_told_to),
		TEST(goes_by_the_version),
		TEST(goes_on_without),
		TEST(refuses_to_go_on_when_it_is_required),
		TEST(asks_the_kernel),
		TEST(goes_on_where_it_is_forbidden),
		TEST(goes_on_when_it_fails),
		TEST(is_off_when_told_so),
	};
	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
