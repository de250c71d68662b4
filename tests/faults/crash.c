/*
 * crash: kills swatchd at every system call of a step, and looks what is left.
 *
 * usage: crash BUILD-DIR [--step publish|refresh] [--every N]
 *
 * The daemon is traced (ptrace); from the moment the step begins, its system calls are counted, and it is
 * killed with SIGKILL at the entry of the first, then at the exit of the first, then at the entry of the
 * second, and so on until the step makes fewer. After every one: each cache file is whole and no older than
 * before; the next start is right, with no temp file left. Prints "N crashes, M wrong".
 *
 * It also says what a loss of power could leave behind, at every one of these places: writes that no fsync(2)
 * made durable. swatchd makes none, so any file that the step replaced may be empty or torn afterwards on a
 * filesystem that does not write data before a rename. That state is made (each such file once empty, once
 * cut in the middle), and the next start has to make it whole.
 */
#include "torture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct programs programs;

void broken(const char *what, const char *name)
{
	fprintf(stderr, "crash: cannot %s %s: %s\n", what, name, strerror(errno));
	exit(3);
}

static unsigned long crashes, losses, wrong;

static void note_wrong(const char *step, unsigned long stop, const char *what, struct buf *why)
{
	wrong++;
	printf("WRONG: %s, stop %lu: %s: %s\n", step, stop, what, buf_str(why));
	(void)fflush(stdout);
	buf_clear(why);
}

/* ---- the step ---- */

/* In a process of its own: what makes the daemon work, while this one traces it. */
static pid_t start_step(struct world *world, bool refresh)
{
	/* Written before: the daemon reads it, but the events come with the step. */
	pid_t pid = fork();
	if (pid < 0)
		broken("fork", "the step");
	if (pid == 0) {
		(void)daemon_request(
			world, refresh ? "{\"op\":\"refresh\",\"wait\":true}" : "{\"op\":\"sync\"}", 10000);
		_exit(0);
	}
	return pid;
}

/* Lets the daemon go on for `stops` stops at system calls, then kills it. False: the step was over before. */
static bool kill_at(struct process *daemon, pid_t step, unsigned long stops)
{
	int status;
	unsigned long seen = 0;
	for (;;) {
		if (waitpid(daemon->pid, &status, WNOHANG | __WALL) == daemon->pid) {
			if (WIFEXITED(status) || WIFSIGNALED(status))
				broken("trace", "a daemon that ends by itself");
			int signal_number = WSTOPSIG(status);
			bool at_call = signal_number == (SIGTRAP | 0x80);
			if (at_call && ++seen == stops) {
				kill(daemon->pid, SIGKILL);
				(void)waitpid(daemon->pid, &status, __WALL);
				daemon->pid = 0;
				return true;
			}
			/* A trap is ptrace's own; other signals are the daemon's. */
			int pass_on = at_call || signal_number == SIGTRAP ? 0 : signal_number;
			(void)ptrace(PTRACE_SYSCALL, daemon->pid, NULL, (void *)(uintptr_t)(unsigned)pass_on);
			continue;
		}
		if (step > 0 && waitpid(step, NULL, WNOHANG) == step)
			return false;
	}
}

/* ---- what a loss of power leaves ---- */

static off_t size_of(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? st.st_size : -1;
}

/* Cuts every cache file to `share` of its length. */
static void cut_files(const struct world *world, int share)
{
	DIR *stream = opendir(world->cache);
	const struct dirent *entry;
	if (!stream)
		broken("list", world->cache);
	while ((entry = readdir(stream))) {
		char path[600];
		size_t len = strlen(entry->d_name);
		if (len < 5 || strcmp(entry->d_name + len - 5, ".json") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", world->cache, entry->d_name);
		if (truncate(path, size_of(path) * share / 100) != 0)
			broken("cut", path);
	}
	closedir(stream);
}

/* ---- one crash ---- */

static bool next_start_is_right(struct world *world, struct process *daemon, bool ccusage, struct buf *why)
{
	char *argv[] = { programs.daemon, NULL };
	process_start(daemon, world, argv, false, NULL);
	bool good = daemon_wait_ready(daemon, world);
	if (!good)
		buf_append_str(why, "it does not start");
	if (good && ccusage
	    && daemon_request(world, "{\"op\":\"refresh\",\"wait\":true}", TORTURE_HANG_MS) != 1) {
		buf_append_str(why, "it does not refresh");
		good = false;
	}
	good = good && world_files_hold(world, why) && world_figures_hold(world, ccusage, why);
	return daemon_end(daemon) && good;
}

/* Returns false when the step has no such stop any more. */
static bool crash_at(const char *step, bool refresh, unsigned long stop)
{
	struct world world;
	struct process daemon;
	struct buf why = BUF_INIT;
	world_make(&world, refresh);
	process_init(&daemon, &world, "daemon");
	char *argv[] = { programs.daemon, NULL };
	process_start(&daemon, &world, argv, false, NULL);
	if (!daemon_wait_ready(&daemon, &world))
		broken("start", programs.daemon);
	if (refresh && daemon_request(&world, "{\"op\":\"refresh\",\"wait\":true}", TORTURE_HANG_MS) != 1)
		broken("refresh with", programs.daemon);
	(void)world_files_hold(&world, &why);
	if (ptrace(PTRACE_SEIZE, daemon.pid, NULL, (void *)PTRACE_O_TRACESYSGOOD) != 0
	    || ptrace(PTRACE_INTERRUPT, daemon.pid, NULL, NULL) != 0)
		broken("trace", programs.daemon);
	for (size_t i = 0; i < 3; i++)
		world_append(&world, &world.sessions[i], 2);
	(void)world_add(&world, "-new", "new", 1);
	pid_t requester = start_step(&world, refresh);
	bool more = kill_at(&daemon, requester, stop);
	if (more) {
		crashes++;
		(void)kill(requester, SIGKILL);
		(void)waitpid(requester, NULL, 0);
		if (!world_files_hold(&world, &why))
			note_wrong(step, stop, "after the crash", &why);
		if (!next_start_is_right(&world, &daemon, refresh, &why))
			note_wrong(step, stop, "at the next start", &why);
		for (int share = 0; share <= 50; share += 50) {
			losses++;
			cut_files(&world, share);
			if (!next_start_is_right(&world, &daemon, refresh, &why))
				note_wrong(step, stop, share ? "after cut files" : "after empty files", &why);
		}
	} else {
		(void)ptrace(PTRACE_DETACH, daemon.pid, NULL, NULL);
		kill(daemon.pid, SIGKILL);
		(void)process_wait_end(&daemon, TORTURE_HANG_MS);
	}
	process_release(&daemon);
	world_remove(&world);
	buf_release(&why);
	return more;
}

static void run_step(const char *step, bool refresh, unsigned long every)
{
	unsigned long before = crashes;
	for (unsigned long stop = 1; crash_at(step, refresh, stop); stop += every)
		;
	printf("%-10s %lu crashes\n", step, crashes - before);
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *only = NULL;
	unsigned long every = 1;
	for (int i = 2; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--step") == 0)
			only = argv[i + 1];
		else if (strcmp(argv[i], "--every") == 0)
			every = strtoul(argv[i + 1], NULL, 10);
		else
			argc = 0;
	}
	if (argc < 2 || every == 0) {
		fputs("usage: crash BUILD-DIR [--step publish|refresh] [--every N]\n", stderr);
		return 2;
	}
	snprintf(programs.daemon, sizeof(programs.daemon), "%s/swatchd", argv[1]);
	setenv("TZ", "UTC", 1);
	unsetenv("CLAUDE_CONFIG_DIR");
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("NOTIFY_SOCKET");
	if (!only || strcmp(only, "publish") == 0)
		run_step("publish", false, every);
	if (!only || strcmp(only, "refresh") == 0)
		run_step("refresh", true, every);
	printf("%lu crashes, %lu losses of power, %lu wrong\n", crashes, losses, wrong);
	return wrong > 0 || crashes == 0;
}
