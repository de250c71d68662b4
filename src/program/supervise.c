#include "program/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* On a machine with more processes, those with the highest numbers do not count. */
#define PROCESSES_MAX 32768
#define KILL_ROUND_MS 20
/* By then the kernel cannot end them, for example because a device hangs. */
#define GIVE_UP_MS 10000
/* A wait that something always ends earlier. */
#define IDLE_MS INT64_C(3600000)

/* ---- processes, without memory from malloc() ---- */

struct process {
	pid_t pid, parent;
};

/* Where the kernel has an entry's size and name (getdents64(2)), behind two numbers of 8 bytes. */
#define ENTRY_SIZE_AT 16
#define ENTRY_NAME_AT 19

/* Returns the number that a text begins with; 0 without one. */
static int64_t number(const char *text)
{
	int64_t value = 0;
	for (; *text >= '0' && *text <= '9' && value < INT64_C(1) << 50; text++)
		value = value * 10 + (*text - '0');
	return value;
}

/* Reads /proc/NAME/FILE from an open /proc. Returns false without an end of the string. */
static bool read_file(int proc_fd, const char *name, const char *file, char *text, size_t size)
{
	char path[64] = "";
	if (strlen(name) + strlen(file) + 2 > sizeof(path))
		return false;
	strncat(path, name, 24);
	strncat(path, "/", 2);
	strncat(path, file, 16);
	int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, text, size - 1) : -1;
	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = '\0';
	return got > 0;
}

/*
 * The third and the fourth field of /proc/PID/stat: the second one may have anything in it, and ends with the
 * last ")". 0 of a process that has ended.
 */
static pid_t parent_of(int proc_fd, const char *name)
{
	char text[512];
	if (!read_file(proc_fd, name, "stat", text, sizeof(text)))
		return 0;
	const char *at = strrchr(text, ')');
	return at && strlen(at) > 4 && at[2] != 'Z' ? (pid_t)number(at + 4) : 0;
}

/* Calls `each` for every process until it returns false. */
static void walk_processes(bool (*each)(void *ctx, int proc_fd, const char *name, pid_t pid), void *ctx)
{
	char bytes[4096];
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long got = 0;
	bool more = proc_fd >= 0;
	while (more && (got = syscall(SYS_getdents64, proc_fd, bytes, sizeof(bytes))) > 0) {
		unsigned short size;
		for (long at = 0; more && at < got; at += size) {
			const char *name = bytes + at + ENTRY_NAME_AT;
			memcpy(&size, bytes + at + ENTRY_SIZE_AT, sizeof(size));
			pid_t pid = (pid_t)number(name);
			if (pid > 0)
				more = each(ctx, proc_fd, name, pid);
		}
	}
	if (proc_fd >= 0)
		close(proc_fd);
}

/* ---- ending them ---- */

struct orphans {
	const pid_t *kept;
	size_t kept_count, killed;
	pid_t self;
};

static bool kill_child(void *ctx, int proc_fd, const char *name, pid_t pid)
{
	struct orphans *orphans = ctx;
	for (size_t i = 0; i < orphans->kept_count; i++)
		if (orphans->kept[i] == pid)
			return true;
	/* A child's pid is nobody else's before it has been reaped. */
	if (parent_of(proc_fd, name) == orphans->self && kill(pid, SIGKILL) == 0)
		orphans->killed++;
	return true;
}

static bool note_child(void *ctx, int proc_fd, const char *name, pid_t pid)
{
	struct supervise_children *children = ctx;
	if (parent_of(proc_fd, name) != getpid())
		return true;
	children->are_more = children->count == SUPERVISE_CHILDREN_MAX;
	if (!children->are_more)
		children->at[children->count++] = pid;
	return !children->are_more;
}

void supervise_list_children(struct supervise_children *children)
{
	children->count = 0;
	children->are_more = false;
	walk_processes(note_child, children);
}

size_t supervise_end_orphans(const pid_t *kept, size_t count)
{
	struct orphans orphans = { kept, count, 0, getpid() };
	walk_processes(kill_child, &orphans);
	return orphans.killed;
}

/* Reaps whatever has ended. Takes the program's status. Returns false when no child is left. */
static bool reap(const struct supervision *supervision, int *status, bool *has_ended)
{
	for (;;) {
		int ended;
		pid_t pid = waitpid(-1, &ended, WNOHANG);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid <= 0)
			return pid == 0;
		if (pid != supervision->program)
			continue;
		*status = ended;
		*has_ended = true;
	}
}

static void sleep_ms(int64_t wait_ms, const sigset_t *signals, siginfo_t *info)
{
	const struct timespec wait = { wait_ms / 1000, wait_ms % 1000 * 1000000 };
	info->si_signo = 0;
	if (sigtimedwait(signals, info, &wait) < 0)
		info->si_signo = 0;
}

/*
 * Kills round after round, because what is killed may just have started something, and its children become
 * ours only then. (kill(-1) needs one round: the kernel lets nothing fork meanwhile.)
 */
static void end_all(const struct supervision *supervision, const sigset_t *signals, int *status)
{
	siginfo_t info;
	bool has_ended = false;
	int64_t give_up_ms = clock_mono_ms() + GIVE_UP_MS;
	while (reap(supervision, status, &has_ended) && clock_mono_ms() < give_up_ms) {
		if (supervision->reaches_own_only)
			(void)kill(-1, SIGKILL);
		else
			supervise_end_orphans(NULL, 0);
		int64_t next_ms = clock_mono_ms() + KILL_ROUND_MS;
		do {
			if (!reap(supervision, status, &has_ended))
				return;
			sleep_ms(KILL_ROUND_MS / 4, signals, &info);
		} while (clock_mono_ms() < next_ms);
	}
}

/* ---- memory ---- */

struct family {
	struct process at[PROCESSES_MAX];
	size_t count;
};

/* Of this process, which is a copy of swatch for as long as the program runs. */
static struct family family;

static bool note_process(void *ctx, int proc_fd, const char *name, pid_t pid)
{
	struct family *all = ctx;
	all->at[all->count++] = (struct process){ pid, parent_of(proc_fd, name) };
	return all->count < PROCESSES_MAX;
}

/* Adds the kilobytes of the line that begins with `label`. */
static int64_t kilobytes(const char *text, const char *label)
{
	const char *at = strstr(text, label);
	if (!at)
		return 0;
	at += strlen(label);
	return number(at + strspn(at, " \t"));
}

static int64_t memory_of(pid_t pid)
{
	char text[4096], name[24] = "", digits[24];
	size_t len = 0;
	for (pid_t rest = pid; rest > 0 && len < sizeof(digits); rest /= 10)
		digits[len++] = (char)('0' + rest % 10);
	for (size_t i = 0; i < len; i++)
		name[i] = digits[len - 1 - i];
	int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool good = proc_fd >= 0 && read_file(proc_fd, name, "status", text, sizeof(text));
	if (proc_fd >= 0)
		close(proc_fd);
	return good ? (kilobytes(text, "RssAnon:") + kilobytes(text, "RssShmem:")) * 1024 : 0;
}

/* What this process's descendants use together. They come to the front of the list, parents first. */
static int64_t memory_of_all(void)
{
	int64_t bytes = 0;
	size_t found = 0;
	pid_t parent = getpid();
	family.count = 0;
	walk_processes(note_process, &family);
	for (size_t done = 0;; parent = family.at[done++].pid) {
		for (size_t i = found; i < family.count; i++) {
			struct process child = family.at[i];
			if (child.parent != parent)
				continue;
			family.at[i] = family.at[found];
			family.at[found++] = child;
			bytes += memory_of(child.pid);
		}
		if (done == found)
			return bytes;
	}
}

static void say_too_much(void)
{
	static const char line[] = "\nit and what it started used more memory than memory_limit\n";
	struct pollfd fd = { 2, POLLOUT, 0 };
	/* Nobody may be reading; where nobody can, SIGPIPE would come instead of the end below. */
	if (poll(&fd, 1, 0) == 1 && fd.revents == POLLOUT) {
		ssize_t told = write(2, line, sizeof(line) - 1);
		(void)told;
	}
}

/* ---- waiting ---- */

static void list_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGCHLD);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SUPERVISE_END_SIGNAL);
}

void supervise_block_signals(void)
{
	sigset_t all;
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	/* If it were ignored, the kernel would keep no status of the program. */
	(void)signal(SIGCHLD, SIG_DFL);
}

static _Noreturn void end_like(int status)
{
	static const struct rlimit none = { 0, 0 };
	sigset_t signals;
	if (!WIFSIGNALED(status))
		_exit(WEXITSTATUS(status));
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal(WTERMSIG(status), SIG_DFL);
	sigfillset(&signals);
	(void)sigprocmask(SIG_UNBLOCK, &signals, NULL);
	(void)kill(getpid(), WTERMSIG(status));
	_exit(128 + WTERMSIG(status));
}

/* Waits until the program has ended, or has to. Returns true when it ended by itself. */
static bool follow(const struct supervision *supervision, const sigset_t *signals, int *status)
{
	bool has_limit = supervision->memory_limit_bytes > 0, has_ended = false;
	int64_t kill_ms = INT64_MAX, look_ms = has_limit ? clock_mono_ms() + SUPERVISE_TICK_MS : INT64_MAX;
	siginfo_t info;
	for (;;) {
		if (!reap(supervision, status, &has_ended) || has_ended)
			return kill_ms == INT64_MAX;
		int64_t now_ms = clock_mono_ms(), wake_ms = kill_ms < look_ms ? kill_ms : look_ms;
		if (kill_ms <= now_ms || getppid() != supervision->parent)
			return false;
		wake_ms = wake_ms - now_ms < IDLE_MS ? wake_ms - now_ms : IDLE_MS;
		sleep_ms(wake_ms > 0 ? wake_ms : 0, signals, &info);
		if (info.si_signo == SUPERVISE_END_SIGNAL)
			return false;
		if (info.si_signo == SIGTERM && kill_ms == INT64_MAX) {
			(void)kill(-supervision->program, SIGTERM);
			kill_ms = clock_mono_ms() + SUPERVISE_GRACE_MS;
		}
		if (clock_mono_ms() < look_ms)
			continue;
		if (memory_of_all() > supervision->memory_limit_bytes) {
			say_too_much();
			return false;
		}
		look_ms = clock_mono_ms() + SUPERVISE_TICK_MS;
	}
}

void supervise(const struct supervision *supervision)
{
	sigset_t signals;
	siginfo_t info;
	int status = SIGKILL;  /* as waitpid() has it of a program that was killed */
	bool has_ended = false;
	list_signals(&signals);
	bool by_itself = follow(supervision, &signals, &status);
	int64_t until_ms = clock_mono_ms() + SUPERVISE_LEFTOVER_MS;
	while (by_itself && reap(supervision, &status, &has_ended) && clock_mono_ms() < until_ms) {
		sleep_ms(SUPERVISE_LEFTOVER_MS / 10, &signals, &info);
		by_itself = info.si_signo == 0 || info.si_signo == SIGCHLD;
	}
	end_all(supervision, &signals, &status);
	end_like(status);
}
