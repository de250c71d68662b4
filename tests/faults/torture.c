/*
 * torture: lets every call that can fail do so, one after the other, and looks whether all is well after
 * each.
 *
 * usage: torture BUILD-DIR [--quick] [--each] [--commands] [--scenario NAME] [--kind KIND] [--call N]
 *                [--list]
 *
 * For each scenario, kind of call and errno: the first call of the step fails, then the second, and so on
 * until the step makes fewer calls than that; then all of them from the first on. After every one: the
 * program lives or ended with a word, what it says names the error, no cache file is torn or older than
 * before, no descriptor was lost, and the next event, without a restart, makes every figure right again. When
 * a program ends, it holds no more memory than one without faults.
 *
 * --quick tries the kinds' first errno, every seventh allocation, and some of what comes after a step's first
 * hundred calls of a kind. --each starts a new daemon after each fault, which tells which one lost memory.
 * --commands leaves the daemon out. Prints "N faults tried, M wrong"; exit status 1 when any was wrong, or
 * when a kind of call that every scenario makes was never tried.
 */
#include "torture.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct programs programs;

struct kind {
	const char *name;
	int errors[12];
};

static const struct kind kinds[FAULT_KINDS] = {
	[FAULT_OPEN] = { "open",
			 { EMFILE, ENOMEM, EACCES, EIO, ENOSPC, ENFILE, EDQUOT, EROFS, ESTALE, EINTR } },
	[FAULT_READ] = { "read", { EIO, FAULT_SHORT, EINTR, EAGAIN, ESTALE, ENOMEM } },
	[FAULT_RECV] = { "recv", { FAULT_SHORT, EINTR, EAGAIN, EIO, ENOMEM } },
	[FAULT_WRITE] = { "write", { ENOSPC, FAULT_SHORT, EINTR, EIO, EDQUOT, EAGAIN, ESTALE } },
	[FAULT_SEND] = { "send", { FAULT_SHORT, EAGAIN, EINTR, ENOMEM, EPIPE } },
	[FAULT_RENAME] = { "rename", { EIO, ENOSPC, EACCES, EDQUOT, EROFS, ESTALE } },
	[FAULT_UNLINK] = { "unlink", { EIO, EACCES, EROFS, ESTALE } },
	[FAULT_STAT] = { "stat", { EIO, ENOMEM, EACCES, ESTALE } },
	[FAULT_CLOSE] = { "close", { EIO, EINTR, ENOSPC } },
	[FAULT_MKDIR] = { "mkdir", { EACCES, ENOSPC, EROFS } },
	[FAULT_FSYNC] = { "fsync", { EIO, ENOSPC } },
	[FAULT_LOCK] = { "flock", { EINTR, ENOLCK, EIO } },
	[FAULT_MMAP] = { "mmap", { ENOMEM, EACCES } },
	[FAULT_MALLOC] = { "malloc", { ENOMEM } },
	[FAULT_WATCH] = { "inotify", { ENOSPC, EACCES, ENOMEM, EMFILE, ENFILE, EIO } },
	[FAULT_EPOLL] = { "epoll", { ENOSPC, ENOMEM, EMFILE, ENFILE } },
	[FAULT_WAIT] = { "wait", { EINTR, ENOMEM, EIO } },
	[FAULT_SOCKET] = { "socket", { EMFILE, ENOMEM, EACCES, ENFILE } },
	[FAULT_ACCEPT] = { "accept", { EMFILE, EINTR, EAGAIN, ENFILE, ENOMEM, ECONNABORTED } },
	[FAULT_PIPE] = { "pipe", { EMFILE, ENFILE, ENOMEM } },
	[FAULT_FORK] = { "fork", { EAGAIN, ENOMEM } },
	[FAULT_WAITPID] = { "waitpid", { EINTR } },
	[FAULT_CHILD] = { "child", { EACCES, ENOMEM, EIO } },
};

/* --quick: the calls of a kind that fail one by one. */
#define QUICK_EACH 100

static struct {
	bool quick, list, commands, each;
	const char *scenario, *kind;
	uint64_t call;             /* only this one, and all from this one on; 0: all */
	unsigned long tried, wrong, silent;
	unsigned long of_kind[FAULT_KINDS];
} torture;

void broken(const char *what, const char *name)
{
	fprintf(stderr, "torture: cannot %s %s: %s\n", what, name, strerror(errno));
	exit(3);
}

static const char *error_name(int error)
{
	return error == FAULT_SHORT ? "short" : strerrorname_np(error);
}

/* Such a fault need not be noticed by anybody: the call is made again. */
static bool is_transient(int error)
{
	return error == FAULT_SHORT || error == EINTR || error == EAGAIN || error == ECONNABORTED;
}

static void note(const struct scenario *scenario, const struct trial *trial, const char *what)
{
	printf("%s: %s: %s fails with %s, %s %llu: %s\n    %s\n", what, scenario->name,
	       kinds[trial->kind].name, error_name(trial->error),
	       trial->last == trial->first ? "call" : "all calls from", (unsigned long long)trial->first,
	       buf_str(&trial->why), trial->process->faults->what);
	(void)fflush(stdout);
}

/* ---- a daemon, or a command, and its home ---- */

struct stage {
	const struct scenario *scenario;
	struct world world;
	struct process process, daemon;  /* for a command the daemon is another process, and without faults */
	int fds;
	unsigned trials;
};

/* What a daemon without faults has open: where the step is the start, that of the scenario's first stage. */
static int fds_without_faults;

static struct process *daemon_of(struct stage *stage)
{
	return stage->scenario->command ? &stage->daemon : &stage->process;
}

static bool start_daemon(struct stage *stage)
{
	char *argv[] = { programs.daemon, NULL };
	if (stage->scenario->alone)
		return true;
	process_start(daemon_of(stage), &stage->world, argv, !stage->scenario->command, NULL);
	if (!daemon_wait_ready(daemon_of(stage), &stage->world))
		return false;
	(void)process_wait_quiet(daemon_of(stage), stage->scenario->command ? 0 : TORTURE_HANG_MS);
	stage->fds = fds_without_faults = process_count_fds(daemon_of(stage));
	return true;
}

/*
 * libc keeps the stacks of threads that ended, and pieces of memory with each; how many overlap is chance.
 * Scenarios of a daemon that lasts have one processor, so that it starts one thread at a time, and nothing is
 * left to chance.
 */
static void choose_processors(bool one)
{
	static cpu_set_t all, first;
	if (CPU_COUNT(&all) == 0) {
		if (sched_getaffinity(0, sizeof(all), &all) != 0)
			broken("ask for", "the processors");
		for (size_t i = 0; CPU_COUNT(&first) == 0; i++)
			if (CPU_ISSET(i, &all))
				CPU_SET(i, &first);
	}
	if (sched_setaffinity(0, sizeof(all), one ? &first : &all) != 0)
		broken("choose", "the processors");
}

static void open_stage(struct stage *stage, const struct scenario *scenario, bool with_daemon)
{
	choose_processors(scenario->lasts);
	stage->scenario = scenario;
	stage->fds = fds_without_faults;
	stage->trials = 0;
	world_make(&stage->world, scenario->ccusage);
	process_init(&stage->process, &stage->world, "process");
	process_init(&stage->daemon, &stage->world, "daemon");
	if (with_daemon && !start_daemon(stage))
		broken("start a daemon without faults for", scenario->name);
}

/* json-c 0.16 forgets a key where the table that it goes into cannot grow. */
#define KEYS_OF_JSON_C 6
/* What other scenarios' threads may keep. */
#define BLOCKS_OF_THREADS 64
/* What a daemon without faults has not freed when it ends. */
static int64_t blocks_without_faults;

/* Returns false after a word. */
static bool close_stage(struct stage *stage, bool is_first)
{
	bool ran = daemon_of(stage)->pid != 0;
	bool good = daemon_end(daemon_of(stage));
	int64_t blocks = stage->process.faults->blocks_at_exit;
	if (!good)
		printf("WRONG: %s: the daemon does not end well\n", stage->scenario->name);
	if (is_first) {
		blocks_without_faults = blocks;
	} else if (good && ran && !stage->scenario->command
		   && blocks > blocks_without_faults
				       + (stage->scenario->lasts ? KEYS_OF_JSON_C : BLOCKS_OF_THREADS)) {
		printf("WRONG: %s: %lld pieces of memory lost, the last fault was\n    %s\n",
		       stage->scenario->name, (long long)(blocks - blocks_without_faults),
		       stage->process.faults->what);
		good = false;
	}
	if (stage->process.pid != 0)
		good = process_wait_end(&stage->process, 0) && good;
	process_release(&stage->process);
	process_release(&stage->daemon);
	world_remove(&stage->world);
	return good;
}

/* ---- after a fault ---- */

static bool judge_descriptors(struct stage *stage, struct trial *trial)
{
	/* A client that went away is noticed in the daemon's own time. */
	int64_t until_ms = now_ms() + TORTURE_HANG_MS;
	int fds;
	/* Where there is no eventfd, libev makes a pipe, which is two. */
	int allowed = stage->fds + (trial->kind == FAULT_PIPE);
	while ((fds = process_count_fds(daemon_of(stage))) > allowed && now_ms() < until_ms)
		nap_ms(5);
	if (fds > allowed)
		buf_printf(&trial->why, "%d descriptors are open, %d were", fds, stage->fds);
	return fds <= allowed;
}

/* The next event: without a restart all is right again. */
static bool recovers(struct stage *stage, struct trial *trial)
{
	const struct scenario *scenario = stage->scenario;
	if (scenario->command)
		return true;
	for (size_t i = 0; i < stage->world.count; i++)
		if (stage->world.sessions[i].exists && strcmp(stage->world.sessions[i].id, "idle") != 0)
			world_append(&stage->world, &stage->world.sessions[i], 1);
	if (scenario->recover && !scenario->recover(trial))
		return false;
	if (daemon_request(&stage->world, "{\"op\":\"sync\"}", TORTURE_HANG_MS) != 1) {
		buf_append_str(&trial->why, "the next sync fails too");
		return false;
	}
	if (scenario->ccusage
	    && daemon_request(&stage->world, "{\"op\":\"refresh\",\"wait\":true}", TORTURE_HANG_MS) != 1) {
		buf_append_str(&trial->why, "the next refresh fails too");
		return false;
	}
	return world_files_hold(&stage->world, &trial->why)
	    && world_figures_hold(&stage->world, scenario->ccusage, &trial->why)
	    && judge_descriptors(stage, trial);
}

static bool judge_step(struct stage *stage, struct trial *trial)
{
	struct process *daemon = daemon_of(stage);
	if (!stage->scenario->alone && stage->scenario->lasts && process_has_ended(daemon)) {
		buf_printf(&trial->why, "the daemon died (status 0x%x)", (unsigned)daemon->status);
		return false;
	}
	if (!world_files_hold(&stage->world, &trial->why))
		return false;
	if (process_has_ended(daemon) && !stage->scenario->alone && !start_daemon(stage)) {
		buf_append_str(&trial->why, "the next start fails");
		return false;
	}
	return recovers(stage, trial);
}

/* A message says what went wrong, unless it had no effect: every figure is right without a further event. */
static bool silence_is_right(struct stage *stage, struct trial *trial)
{
	if (stage->scenario->command || is_transient(trial->error) || process_has_ended(daemon_of(stage)))
		return true;
	/* On a busy machine it may not have come to them yet. */
	for (int64_t until_ms = now_ms() + TORTURE_HANG_MS; now_ms() < until_ms; nap_ms(20)) {
		buf_clear(&trial->why);
		if (world_figures_hold(&stage->world, stage->scenario->ccusage, &trial->why))
			return true;
	}
	buf_append_str(&trial->why, "and nothing was said");
	return false;
}

/* The message tells a person what is wrong. */
static bool word_is_right(struct trial *trial)
{
	/* A child none of whose calls succeed cannot tell either. */
	bool is_mute = trial->kind == FAULT_CHILD && trial->last != trial->first;
	return is_mute || trial->is_nameless || is_transient(trial->error) || !process_said(trial->process)
	       || process_named(trial->process, trial->error, &trial->why);
}

/* One fault. Returns false when the step makes no such call any more. */
static bool try_one(struct stage *stage, struct trial *trial)
{
	buf_clear(&trial->why);
	trial->answered_no = trial->is_nameless = false;
	trial->number = ++stage->trials;
	bool good = stage->scenario->step(trial);
	uint64_t hits = trial->process->faults->hits;
	bool said = process_said(trial->process) || trial->answered_no;
	good = good && (said || hits == 0 || silence_is_right(stage, trial))
	    && (hits == 0 || word_is_right(trial)) && judge_step(stage, trial);
	if (hits == 0 && good)
		return false;
	torture.tried++;
	torture.of_kind[trial->kind]++;
	if (!good) {
		torture.wrong++;
		note(stage->scenario, trial, "WRONG");
	} else if (!said && !is_transient(trial->error)) {
		torture.silent++;
		if (torture.list)
			note(stage->scenario, trial, "silent");
	}
	return good && hits > 0;
}

/* ---- the loop ---- */

/* After a wrong one the daemon may be anything: the next gets a new one. */
static void restart(struct stage *stage)
{
	const struct scenario *scenario = stage->scenario;
	torture.wrong += !close_stage(stage, false);
	open_stage(stage, scenario, scenario->lasts || scenario->step == steps_scenario(7)->step);
}

/* How far the next fault is from this one. `all`: all calls from one on fail, from the first, and from some
 * later ones. */
static uint64_t stride_at(const struct trial *trial, bool all)
{
	/* A program from which everything is taken may wait 15 seconds for better times. */
	if ((all && (torture.quick || trial->first > 40)) || (torture.quick && trial->first > QUICK_EACH))
		return 29;
	if (all)
		return 5;
	return torture.quick && trial->kind == FAULT_MALLOC ? 7 : 1;
}

static void run_kind(const struct scenario *scenario, enum fault_kind kind, int error)
{
	struct stage stage;
	struct trial trial = { .world = &stage.world, .process = &stage.process, .kind = kind, .error = error,
			       .ccusage = scenario->ccusage, .what = scenario->what, .why = BUF_INIT };
	bool starts_itself = !scenario->lasts && scenario->step != steps_scenario(7)->step;
	unsigned long wrong_before = torture.wrong;
	open_stage(&stage, scenario, !starts_itself);
	/* A call that is interrupted for ever is no fault that there is. */
	bool for_ever = error == FAULT_SHORT || (!is_transient(error) && kind != FAULT_WAIT);
	for (int all = 0; all < 1 + for_ever; all++) {
		trial.first = torture.call > 0 ? torture.call : 1;
		for (;; trial.first += stride_at(&trial, all)) {
			trial.last = all ? UINT64_MAX : trial.first;
			unsigned long wrong = torture.wrong;
			bool more = try_one(&stage, &trial);
			if (torture.wrong > wrong || !scenario->lasts || torture.each)
				restart(&stage);
			if ((!more && torture.wrong == wrong) || torture.wrong > wrong_before + 5
			    || torture.call > 0)
				break;
		}
	}
	if (!close_stage(&stage, false)) {
		torture.wrong++;
		printf("    that was after %s with %s\n", kinds[kind].name, error_name(error));
	}
	buf_release(&trial.why);
}

static bool is_wanted(const char *wanted, const char *name)
{
	return !wanted || strcmp(wanted, name) == 0;
}

static void run_scenario(const struct scenario *scenario)
{
	unsigned long before = torture.tried, wrong = torture.wrong;
	int64_t start_ms = now_ms();
	if (!is_wanted(torture.scenario, scenario->name))
		return;
	struct stage first;
	open_stage(&first, scenario, true);
	torture.wrong += !close_stage(&first, true);
	for (int kind = 0; kind < FAULT_KINDS; kind++)
		for (size_t i = 0; kinds[kind].errors[i] && is_wanted(torture.kind, kinds[kind].name); i++)
			if (!torture.quick || i == 0)
				run_kind(scenario, (enum fault_kind)kind, kinds[kind].errors[i]);
	printf("%-32s %6lu faults, %lu wrong, %.1f s\n", scenario->name, torture.tried - before,
	       torture.wrong - wrong, (double)(now_ms() - start_ms) / 1000.);
	(void)fflush(stdout);
}

static void take_options(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--quick") == 0)
			torture.quick = true;
		else if (strcmp(argv[i], "--each") == 0)
			torture.each = true;
		else if (strcmp(argv[i], "--commands") == 0)
			torture.commands = true;
		else if (strcmp(argv[i], "--list") == 0)
			torture.list = true;
		else if (strcmp(argv[i], "--scenario") == 0 && i + 1 < argc)
			torture.scenario = argv[++i];
		else if (strcmp(argv[i], "--kind") == 0 && i + 1 < argc)
			torture.kind = argv[++i];
		else if (strcmp(argv[i], "--call") == 0 && i + 1 < argc)
			torture.call = strtoull(argv[++i], NULL, 10);
		else
			argc = 0;
	}
	if (argc < 2) {
		fputs("usage: torture BUILD-DIR [--quick] [--each] [--commands] [--scenario NAME] [--kind "
		      "KIND] [--call N] [--list]\n",
		      stderr);
		exit(2);
	}
	/* A step may enter another directory. */
	char *build = realpath(argv[1], NULL);
	if (!build)
		broken("find", argv[1]);
	snprintf(programs.daemon, sizeof(programs.daemon), "%s/swatchd", build);
	snprintf(programs.commands, sizeof(programs.commands), "%s/swatch-commands", build);
	snprintf(programs.front, sizeof(programs.front), "%s/tests/faults/swatch-shared", build);
	snprintf(programs.top, sizeof(programs.top), "%s/swatch-top", build);
	snprintf(programs.shim, sizeof(programs.shim), "%s/tests/faults/fault-inject.so", build);
	free(build);
}

int main(int argc, char **argv)
{
	take_options(argc, argv);
	(void)signal(SIGPIPE, SIG_IGN);
	setenv("TZ", "UTC", 1);
	unsetenv("CLAUDE_CONFIG_DIR");
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("NOTIFY_SOCKET");
	const struct scenario *scenario;
	for (size_t i = 0; !torture.commands && (scenario = steps_scenario(i)); i++)
		run_scenario(scenario);
	for (size_t i = 0; (scenario = commands_scenario(i)); i++)
		run_scenario(scenario);
	/* A shim that did not reach the program would find everything well. */
	static const enum fault_kind always[] = { FAULT_OPEN,	FAULT_READ, FAULT_WRITE,
						  FAULT_RENAME, FAULT_STAT, FAULT_MALLOC };
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		if (!torture.scenario && !torture.kind && !torture.commands
		    && torture.of_kind[always[i]] == 0) {
			printf("WRONG: no call of the kind %s was ever reached\n", kinds[always[i]].name);
			torture.wrong++;
		}
	}
	printf("%lu faults tried, %lu wrong\n", torture.tried, torture.wrong);
	return torture.wrong > 0 || torture.tried == 0;
}
