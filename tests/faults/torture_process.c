/*
 * The program under test: started with the shim, armed, waited for.
 */
#include "torture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cache/read.h"
#include "ipc/client.h"

int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void nap_ms(int64_t ms)
{
	const struct timespec span = { .tv_sec = (time_t)(ms / 1000),
				       .tv_nsec = (long)(ms % 1000) * 1000000L };
	(void)nanosleep(&span, NULL);
}

void process_init(struct process *process, const struct world *world, const char *name)
{
	memset(process, 0, sizeof(*process));
	snprintf(process->faults_path, sizeof(process->faults_path), "%s/%s.faults", world->home, name);
	snprintf(process->log_path, sizeof(process->log_path), "%s/%s.log", world->home, name);
	snprintf(process->out_path, sizeof(process->out_path), "%s/%s.out", world->home, name);
	int fd = open(process->faults_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*process->faults)) != 0)
		broken("make", process->faults_path);
	process->faults = mmap(NULL, sizeof(*process->faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (process->faults == MAP_FAILED)
		broken("map", process->faults_path);
	process->terminal = -1;
}

void process_release(struct process *process)
{
	munmap(process->faults, sizeof(*process->faults));
}

static int open_or_break(const char *path, int flags)
{
	int fd = open(path, flags, 0600);
	if (fd < 0)
		broken("open", path);
	return fd;
}

/* ---- a terminal ---- */

/* The program has so long to draw. */
#define TYPE_AFTER_MS 40

void process_give_terminal(struct process *process)
{
	const struct winsize size = { .ws_row = 40, .ws_col = 120 };
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 || ioctl(fd, TIOCSWINSZ, &size) != 0)
		broken("make", "a terminal");
	process->terminal = fd;
}

/* In the child: the program's input and output are the terminal's. */
static void enter_terminal(const struct process *process)
{
	char path[64];
	if (process->terminal < 0)
		return;
	(void)setsid();
	if (ptsname_r(process->terminal, path, sizeof(path)) != 0)
		broken("name", "a terminal");
	(void)dup2(open_or_break(path, O_RDWR), 0);
	(void)dup2(0, 1);
	setenv("TERM", "xterm", 1);
}

/* What was drawn goes to the output's file; `type`: and a q comes back. */
static void serve_terminal(const struct process *process, bool type)
{
	char drawn[8192];
	ssize_t len;
	int out = open_or_break(process->out_path, O_WRONLY | O_CREAT | O_APPEND);
	while ((len = read(process->terminal, drawn, sizeof(drawn))) > 0)
		if (write(out, drawn, (size_t)len) != len)
			broken("write", process->out_path);
	close(out);
	if (type && write(process->terminal, "q", 1) < 0 && errno != EAGAIN && errno != EIO)
		broken("type on", "a terminal");
}

/* ---- its life ---- */

void process_start(struct process *process, const struct world *world, char *const argv[], bool shim,
		   const char *in)
{
	(void)world;
	struct faults *faults = process->faults;
	faults->pid = 0;
	faults->activity = faults->hits = faults->calls = 0;
	faults->waiting = 0;
	faults->blocks = faults->blocks_at_exit = 0;
	pid_t parent = getpid();
	(void)fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		broken("fork for", argv[0]);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(126);
		(void)dup2(open_or_break(in ? in : "/dev/null", O_RDONLY), 0);
		(void)dup2(open_or_break(process->out_path, O_WRONLY | O_CREAT | O_TRUNC), 1);
		(void)dup2(open_or_break(process->log_path, O_WRONLY | O_CREAT | O_APPEND), 2);
		enter_terminal(process);
		if (shim) {
			setenv("LD_PRELOAD", programs.shim, 1);
			setenv("FAULTS_FILE", process->faults_path, 1);
		}
		execv(argv[0], argv);
		_exit(126);
	}
	process->pid = pid;
	process->status = 0;
}

void process_arm(struct process *process, enum fault_kind kind, int error, uint64_t first, uint64_t last)
{
	struct faults *faults = process->faults;
	faults->kinds = UINT32_C(1) << kind;
	faults->error = error;
	faults->first = first;
	faults->last = last;
	faults->calls = faults->hits = 0;
	faults->what[0] = '\0';
	faults->armed = 1;
}

void process_disarm(struct process *process)
{
	process->faults->armed = 0;
}

bool process_has_ended(struct process *process)
{
	if (process->pid == 0)
		return true;
	if (waitpid(process->pid, &process->status, WNOHANG) != process->pid)
		return false;
	process->pid = 0;
	return true;
}

bool process_wait_end(struct process *process, int64_t timeout_ms)
{
	int64_t start_ms = now_ms(), until_ms = start_ms + timeout_ms;
	while (!process_has_ended(process)) {
		if (process->terminal >= 0)
			serve_terminal(process, now_ms() - start_ms > TYPE_AFTER_MS);
		if (now_ms() > until_ms) {
			kill(process->pid, SIGKILL);
			(void)waitpid(process->pid, &process->status, 0);
			process->pid = 0;
			return false;
		}
		nap_ms(1);
	}
	if (process->terminal >= 0) {
		serve_terminal(process, false);
		close(process->terminal);
		process->terminal = -1;
	}
	return true;
}

bool process_wait_quiet(struct process *process, int64_t timeout_ms)
{
	int64_t until_ms = now_ms() + timeout_ms;
	int64_t quiet_since_ms = now_ms();
	uint64_t seen = process->faults->activity;
	while (now_ms() - quiet_since_ms < 10) {
		nap_ms(2);
		if (process_has_ended(process))
			return true;
		if (process->faults->activity != seen || !process->faults->waiting) {
			seen = process->faults->activity;
			quiet_since_ms = now_ms();
		}
		if (now_ms() > until_ms)
			return false;
	}
	return true;
}

static int64_t size_of(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? st.st_size : 0;
}

void process_mark_log(struct process *process)
{
	process->log_seen = size_of(process->log_path);
}

/* What a daemon says of itself when all goes well. */
static bool is_routine(const char *line)
{
	static const char *const routine[] = { "sandbox (Landlock",  " keeps /",       " read, ",
					       "config reloaded",    "ending: signal", "can be written again",
					       "gives figures again", " of the last days out of /",
					       " more than swatch in this block" };
	for (size_t i = 0; i < sizeof(routine) / sizeof(routine[0]); i++)
		if (strstr(line, routine[i]))
			return true;
	return false;
}

static FILE *open_log(const struct process *process)
{
	FILE *log = fopen(process->log_path, "re");
	if (!log)
		broken("read", process->log_path);
	if (fseek(log, (long)process->log_seen, SEEK_SET) != 0)
		broken("seek in", process->log_path);
	return log;
}

bool process_said(const struct process *process)
{
	char line[4096];
	bool said = false;
	FILE *log = open_log(process);
	while (!said && fgets(line, sizeof(line), log))
		said = !is_routine(line);
	(void)fclose(log);
	return said;
}

bool process_named(const struct process *process, int error, struct buf *why)
{
	char line[4096];
	bool named = false;
	FILE *log = open_log(process);
	buf_append_str(why, "the message does not name the error");
	while (!named && fgets(line, sizeof(line), log)) {
		named = strstr(line, strerror(error)) || (error == ENOMEM && strstr(line, "out of memory"))
			|| (error == ENOSPC && strstr(line, "watch limit reached"))
			/* pthread_create(3) has no other word for a stack that there is no memory for. */
			|| (error == ENOMEM && strstr(line, strerror(EAGAIN)))
			|| (error == EPIPE && strstr(line, "ended the connection"))
			/* libev keeps the errno of epoll_ctl(2) to itself. */
			|| strstr(line, "fs.epoll.max_user_watches");
		line[strcspn(line, "\n")] = '\0';
		if (!is_routine(line))
			buf_printf(why, "\n    %s", line);
	}
	(void)fclose(log);
	if (named)
		buf_clear(why);
	return named;
}

int process_count_fds(const struct process *process)
{
	char path[64];
	int count = 0;
	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)process->pid);
	DIR *stream = opendir(path);
	while (stream && readdir(stream))
		count++;
	if (stream)
		closedir(stream);
	return count;
}

int daemon_request(const struct world *world, const char *request, int64_t timeout_ms)
{
	struct client client;
	struct buf why = BUF_INIT;
	struct json_object *answer = NULL;
	int result = 0;
	if (client_connect(&client, world->socket, &why) == CLIENT_LISTENING) {
		enum client_result asked = client_ask(&client, request, timeout_ms, &answer, &why);
		result = asked == CLIENT_TIMEOUT ? -1
						 : asked == CLIENT_OK && json_get_bool(answer, "ok", false);
	}
	json_object_put(answer);
	client_close(&client);
	buf_release(&why);
	return result;
}

bool daemon_wait_ready(struct process *process, const struct world *world)
{
	int64_t until_ms = now_ms() + TORTURE_HANG_MS;
	while (!process_has_ended(process) && now_ms() < until_ms) {
		if (daemon_request(world, "{\"op\":\"sync\"}", TORTURE_HANG_MS) == 1)
			return true;
		nap_ms(2);
	}
	return false;
}

bool daemon_end(struct process *process)
{
	if (process->pid == 0)
		return true;
	kill(process->pid, SIGTERM);
	return process_wait_end(process, TORTURE_HANG_MS) && WIFEXITED(process->status)
	    && WEXITSTATUS(process->status) == 0;
}
