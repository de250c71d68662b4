/*
 * usage: attacker victim FILE DIRECTORY
 *        attacker attack FILE REPORT refresh|alert [IGNORED...]
 *        attacker linger|hoard|swarm ARGUMENT
 * See attacker.h. The last form: leaves processes behind; takes much memory; forks without end. Whatever it
 * is asked, it prints an answer as ccusage does, and ends with status 0.
 */
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

bool in_child(const struct attack *attack, bool (*body)(const struct attack *attack))
{
	int status = 1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(body(attack) ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- attack ---- */

static int count_descriptors(void)
{
	int count = 0;
	for (int fd = 3; fd < 4096; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	/* Nor is one of the three more than a pipe, or /dev/null. */
	for (int fd = 0; fd < 3; fd++)
		count += isatty(fd) || lseek(fd, 0, SEEK_END) > 0;
	return count;
}

static pid_t parent_of(pid_t pid)
{
	char path[64], text[512] = "";
	int parent = 0;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	const char *at = file && fgets(text, sizeof(text), file) ? strrchr(text, ')') : NULL;
	if (at && sscanf(at + 1, " %*c %d", &parent) != 1)
		parent = 0;
	if (file)
		(void)fclose(file);
	return parent;
}

static void add_target(struct attack *attack, const char *name, pid_t pid)
{
	struct target *target = &attack->targets[attack->target_count];
	if (pid <= 1)
		return;
	snprintf(target->name, sizeof(target->name), "%s", name);
	target->pid = pid;
	attack->target_count++;
}

static bool read_victim(struct attack *attack, const char *path)
{
	int pid = 0;
	FILE *file = fopen(path, "re");
	bool good = file && fscanf(file, "%d %d %d %lx %63s %511s", &pid, &attack->port, &attack->shm,
				   &attack->address, attack->abstract, attack->directory) == 6;
	if (file)
		(void)fclose(file);
	add_target(attack, "victim", pid);
	add_target(attack, "supervisor", getppid());
	add_target(attack, "swatch", parent_of(getppid()));
	return good;
}

static void report(FILE *out, const struct way *way, const char *of, bool could)
{
	fprintf(out, "%s %s %s%s%s\n", could ? "could" : "refused", way->promise, way->name, of ? " of " : "",
		of ? of : "");
	(void)fflush(out);
}

static void try_ways(FILE *out, const struct attack *attack, const struct way *way)
{
	for (; way->name; way++) {
		if (way->try)
			report(out, way, NULL, way->try(attack));
		for (size_t i = 0; way->try_target && i < attack->target_count; i++)
			report(out, way, attack->targets[i].name,
			       way->try_target(attack, &attack->targets[i]));
	}
}

static int attack_all(const char *victim, const char *report_path, const char *kind)
{
	static struct attack attack;
	attack.is_alert = strcmp(kind, "alert") == 0;
	attack.inherited = count_descriptors();
	FILE *out = fopen(report_path, "we");
	if (!out || !read_victim(&attack, victim)) {
		fprintf(stderr, "attacker: cannot begin: %s\n", strerror(errno));
		return 1;
	}
	(void)signal(SIGSYS, SIG_IGN);
	try_ways(out, &attack, ways_to_files);
	try_ways(out, &attack, ways_to_processes);
	try_ways(out, &attack, ways_through_sockets);
	try_ways(out, &attack, ways_through_calls);
	try_ways(out, &attack, ways_to_memory);
	try_ways(out, &attack, ways_to_signals);
	fprintf(out, "done\n");
	return fclose(out) == 0 ? 0 : 1;
}

/* ---- processes that stay ---- */

static _Noreturn void stay(void)
{
	sigset_t all;
	sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	(void)prctl(PR_SET_NAME, "swatch-lingers", 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	for (;;)
		pause();
}

/* So many, each in a session of its own, and nobody's child. */
static int linger(int count)
{
	for (int i = 0; i < count; i++) {
		/* Every fourth one is not even this process's child. */
		pid_t pid = i % 4 == 3 ? (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0)
				       : fork();
		if (pid == 0) {
			(void)setsid();
			/* Every other one gets rid of its parent; every third keeps no pipe. */
			if (i % 2 == 0 && fork() > 0)
				_exit(0);
			if (i % 3 == 0)
				for (int fd = 0; fd < 3; fd++)
					close(fd);
			stay();
		}
		if (pid > 0 && i % 2 == 0)
			(void)waitpid(pid, NULL, 0);
	}
	return 0;
}

/* Kills its supervisor, if it may, and goes on under a name by which the test finds it. */
static int revolt(void)
{
	pid_t supervisor = getppid();
	(void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	if (fork() == 0)
		stay();
	(void)kill(supervisor, SIGSTOP);
	(void)kill(supervisor, SIGKILL);
	return 0;
}

/* Forks faster than anybody counts: each process makes another and ends. */
static int swarm(int seconds)
{
	(void)alarm((unsigned)seconds);  /* should nothing else end it */
	for (int i = 0; i < 8; i++) {
		if (fork() != 0)
			continue;
		(void)prctl(PR_SET_NAME, "swatch-lingers", 0, 0, 0);
		(void)setsid();
		for (int n = 0; n < 20000 * seconds; n++)
			if (fork() > 0)
				_exit(0);
		_exit(0);
	}
	return 0;
}

/* ---- memory ---- */

/* Over the older number, in one step: whoever is killed on the way must not leave an empty file. */
static void note(const char *report_path, int mebibytes)
{
	int fd = open(report_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	dprintf(fd, "%4d\n", mebibytes);
	close(fd);
}

/* Takes 16 MiB. */
static bool take(int flags)
{
	const size_t step = (size_t)16 << 20;
	char *at = mmap(NULL, step, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return false;
	memset(at, 1, step);
	return true;
}

/* Takes so many MiB, 16 at a time: shared, or each in a process of its own. The report says how many it got.
 */
static int hoard(int mebibytes, const char *how, const char *report_path)
{
	bool shared = strcmp(how, "shared") == 0;
	for (int got = 0; got < mebibytes; got += 16) {
		pid_t pid = shared ? -1 : fork();
		if (pid == 0 || shared) {
			if (!take(shared ? MAP_SHARED : MAP_PRIVATE))
				return 1;
			note(report_path, got + 16);
		}
		if (pid == 0)
			pause();
		(void)poll(NULL, 0, 50);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int status = 2;
	if (strcmp(what, "victim") == 0 && argc == 4)
		return be_victim(argv[2], argv[3]);
	if (strcmp(what, "attack") == 0 && argc >= 5)
		status = attack_all(argv[2], argv[3], argv[4]);
	else if (strcmp(what, "linger") == 0 && argc >= 3)
		status = linger(atoi(argv[2]));
	else if (strcmp(what, "swarm") == 0 && argc >= 3)
		status = swarm(atoi(argv[2]));
	else if (strcmp(what, "revolt") == 0)
		status = revolt();
	else if (strcmp(what, "hoard") == 0 && argc >= 5)
		status = hoard(atoi(argv[2]), argv[3], argv[4]);
	puts("{\"blocks\":[]}");
	return status;
}
