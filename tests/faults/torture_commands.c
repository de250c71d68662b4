/*
 * Every command of swatch, with calls of its failing: what it prints is right, or it says that it is not.
 *
 * `swatch statusline` is run from a build of the front program that is linked with the shared libc, because
 * the shim cannot reach into one that is linked statically; the other commands by swatch-commands, which the
 * front becomes.
 */
#include "torture.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 8
#define OUTPUT_MAX 65536
/* What a run that takes another way may hold in the end: setup's paths for messages, a key that json-c 0.16
 * forgets. */
#define KEPT_BLOCKS 5

struct tested {
	bool alone;                     /* no daemon runs */
	bool front;
	bool changes;                   /* what it prints differs from run to run in more than its numbers */
	bool exact;                     /* not even its numbers do */
	bool top;                       /* the live screen, which needs a terminal */
	bool follows;                   /* until it is interrupted */
	const char *in;                 /* stdin */
	void (*before)(const struct world *world);
	bool (*after)(struct trial *trial);
	const char *words[WORDS_MAX];
};

static const char statusline_input[] =
	"{\"session_id\":\"s1\",\"model\":{\"id\":\"claude-opus-4-6\",\"display_name\":\"Opus\"},"
	"\"cwd\":\"/home/u/p\","
	"\"cost\":{\"total_cost_usd\":0.5},\"context_window\":{\"context_window_size\":200000,"
	"\"used_percentage\":12}}";

static const char panel_input[] =
	"{\"session_id\":\"s1\",\"columns\":80,\"tasks\":[{\"id\":\"a\",\"type\":\"local_agent\","
	"\"status\":\"running\","
	"\"description\":\"look\",\"startTime\":1700000000000,\"tokenCount\":12345}]}";

/* Something to follow, and the end of it. Where it has not begun yet, it has nothing to lose either. */
static bool interrupt(struct process *process, struct world *world)
{
	nap_ms(20);
	world_append(world, &world->sessions[0], 1);
	(void)daemon_request(world, "{\"op\":\"sync\"}", TORTURE_ANSWER_MS);
	nap_ms(2);
	if (!process_has_ended(process))
		kill(process->pid, SIGTERM);
	bool ended = process_wait_end(process, TORTURE_HANG_MS);
	if (ended && WIFSIGNALED(process->status) && WTERMSIG(process->status) == SIGTERM)
		process->status = 0;
	return ended;
}

static bool run(struct process *process, struct trial *trial, const struct tested *now)
{
	char *argv[WORDS_MAX + 2] = { now->front ? programs.front
				      : now->top ? programs.top
						 : programs.commands };
	char in[300];
	for (size_t i = 0; i < WORDS_MAX && now->words[i]; i++)
		argv[i + 1] = (char *)(uintptr_t)now->words[i];
	snprintf(in, sizeof(in), "%s/stdin", trial->world->home);
	world_write(in, now->in ? now->in : "");
	if (now->before)
		now->before(trial->world);
	if (now->top)
		process_give_terminal(process);
	process_start(process, trial->world, argv, true, in);
	return now->follows ? interrupt(process, trial->world) : process_wait_end(process, TORTURE_HANG_MS);
}

/* Takes every `name` out of a text. */
static void take_out(char *text, const char *name)
{
	size_t len = strlen(name);
	for (char *at; (at = strstr(text, name));)
		memmove(at, at + len, strlen(at + len) + 1);
}

/* What was printed, but for the name of the home, which is another each time, and, where it is not exact, for
 * numbers and the width of what they stand in. */
static void read_output(const struct process *process, const struct trial *trial, char out[OUTPUT_MAX])
{
	const struct tested *now = trial->what;
	FILE *file = fopen(process->out_path, "re");
	if (!file)
		broken("read", process->out_path);
	size_t len = fread(out, 1, OUTPUT_MAX - 1, file), kept = 0;
	(void)fclose(file);
	out[len] = '\0';
	take_out(out, trial->world->home);
	for (const char *c = out; *c; c++)
		if (now->exact || (!isdigit((unsigned char)*c) && !strchr(" .-+eE\n", *c)))
			out[kept++] = *c;
	out[kept] = '\0';
}

static bool judge(struct trial *trial, const struct process *process, const struct tested *now,
		  const char *right, int right_status)
{
	static char got[OUTPUT_MAX];
	if (!WIFEXITED(process->status)) {
		buf_printf(&trial->why, "it died of signal %d", WTERMSIG(process->status));
		return false;
	}
	int status = WEXITSTATUS(process->status);
	bool said = process_said(process);
	read_output(process, trial, got);
	/* What doctor, check and setup find is on stdout. */
	if (status > 5 && status != right_status)
		buf_printf(&trial->why, "it ended with status %d", status);
	else if (status != right_status && !said && strcmp(got, right) == 0)
		buf_printf(&trial->why, "it ended with status %d and no word", status);
	else if (!now->follows && status == right_status && !said && strcmp(got, right) != 0
		 && got[0] == '\0')
		buf_append_str(&trial->why, "it ended well, printed nothing, and said nothing");
	else if (status == 0 && !said && !now->changes && strcmp(got, right) != 0)
		buf_append_str(&trial->why, "it ended well and said nothing, but printed something else");
	if (trial->why.len > 0 && getenv("TORTURE_KEEP"))
		fprintf(stderr, "--- right\n%s\n--- got\n%s\n", right, got);
	trial->answered_no = status != right_status || strcmp(got, right) != 0;
	return trial->why.len == 0;
}

static bool step_command(struct trial *trial)
{
	static char right[OUTPUT_MAX];
	static int right_status;
	static int64_t right_blocks;
	static bool right_said;
	static const void *right_of;
	static char right_home[sizeof(trial->world->home)];
	const struct tested *now = trial->what;
	struct process process;
	if (!now)
		broken("find", "the command to run");
	/* Another home's times are other ones. */
	bool is_elsewhere = now->exact && strcmp(right_home, trial->world->home) != 0;
	if ((trial->first == 1 && right_of != now) || is_elsewhere) {
		snprintf(right_home, sizeof(right_home), "%s", trial->world->home);
		process_init(&process, trial->world, "right");
		right_of = now;
		process_mark_log(&process);
		(void)run(&process, trial, now);
		right_said = process_said(&process);
		read_output(&process, trial, right);
		right_status = WEXITSTATUS(process.status);
		right_blocks = process.faults->blocks_at_exit;
		process_release(&process);
	}
	struct process *command = trial->process;
	/* ncurses keeps why it knows nothing of a terminal to itself. */
	trial->is_nameless = right_said || now->top;
	process_mark_log(command);
	process_arm(command, trial->kind, trial->error, trial->first, trial->last);
	bool ended = run(command, trial, now);
	process_disarm(command);
	if (!ended) {
		buf_append_str(&trial->why, "it hangs");
		return false;
	}
	int64_t lost = command->faults->blocks_at_exit - right_blocks;
	if (lost > KEPT_BLOCKS && !now->follows)
		buf_printf(&trial->why, "%lld pieces of memory lost", (long long)lost);
	return judge(trial, command, now, right, right_status) && (!now->after || now->after(trial));
}

/* ---- setup, which changes what is a person's ---- */

#define SETTINGS "{\n  \"model\": \"opus\",\n  \"env\": {\"A\": \"1\"}\n}\n"

static void settings_path(const struct world *world, char path[300])
{
	snprintf(path, 300, "%s/.claude/settings.json", world->home);
}

static void write_settings(const struct world *world)
{
	char path[300];
	settings_path(world, path);
	world_write(path, SETTINGS);
}

/* Without faults; returns its status. */
static int run_setup(const struct world *world, const char *option)
{
	struct process setup;
	char *argv[] = { programs.commands, (char *)(uintptr_t)"setup", (char *)(uintptr_t)"--yes",
			 (char *)(uintptr_t)option, NULL };
	process_init(&setup, world, "setup");
	process_start(&setup, world, argv, false, NULL);
	int status = process_wait_end(&setup, TORTURE_HANG_MS) ? setup.status : -1;
	process_release(&setup);
	return status;
}

static void set_up(const struct world *world)
{
	write_settings(world);
	if (run_setup(world, NULL) != 0)
		broken("run", "setup --yes");
}

/* Taken back by the program without faults, there is nothing left of it. */
static bool undoes(struct trial *trial)
{
	char path[300], text[2 * sizeof(SETTINGS)];
	int status = run_setup(trial->world, "--undo");
	if (status != 0)
		buf_printf(&trial->why, "setup --undo ends with status 0x%x", (unsigned)status);
	settings_path(trial->world, path);
	FILE *file = fopen(path, "re");
	if (!file)
		broken("read", path);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	(void)fclose(file);
	if (strcmp(text, SETTINGS) != 0)
		buf_printf(&trial->why, "settings.json is not what it was: %s", text);
	return trial->why.len == 0;
}

/* Relative, because a home has another name each time. */
#define CHECKED "checked.conf"

static void write_checked(const struct world *world)
{
	if (chdir(world->home) != 0)
		broken("enter", world->home);
	world_write(CHECKED, "[watch]\ntail_delay = 1ms\n[billing]\nsource = native\n");
}

/*
 * The ledger's file remembers a transcript that is gone; of the others one has grown since, one is new, and
 * one was rewritten: a report without a daemon reads all of that.
 */
static void remember(const struct world *world)
{
	char path[300];
	struct process once;
	char *argv[] = { programs.daemon, (char *)(uintptr_t)"--once", (char *)(uintptr_t)"--no-refresh",
			 NULL };
	struct world *changed = (struct world *)(uintptr_t)world;
	snprintf(path, sizeof(path), "%s/.local/state/swatch/ledger.db", world->home);
	if (access(path, F_OK) == 0)
		return;
	process_init(&once, world, "once");
	process_start(&once, world, argv, false, NULL);
	if (!process_wait_end(&once, TORTURE_HANG_MS) || once.status != 0 || access(path, F_OK) != 0)
		broken("run", "swatchd --once");
	process_release(&once);
	world_delete(changed, &changed->sessions[0]);
	world_append(changed, &changed->sessions[1], 2);
	world_delete(changed, &changed->sessions[2]);
	world_add(changed, NULL, changed->sessions[2].id, 3);
	world_add(changed, NULL, "new", 2);
}

static const struct tested tested[] = {
	{ .changes = true, .words = { "status" } },
	{ .changes = true, .words = { "status", "--json" } },
	{ .words = { "sync" } },
	{ .words = { "rescan" } },
	{ .changes = true, .words = { "refresh" } },
	{ .changes = true, .words = { "refresh", "--wait" } },
	{ .words = { "expire", "--dry-run" } },
	{ .changes = true, .words = { "expire" } },
	{ .words = { "blocks" } },
	{ .words = { "blocks", "--json" } },
	{ .words = { "daily" } },
	{ .words = { "daily", "--json" } },
	{ .words = { "weekly" } },
	{ .words = { "monthly", "--json" } },
	{ .words = { "sessions", "--json" } },
	{ .words = { "pricing" } },
	{ .changes = true, .words = { "check", "--block", "100" } },
	{ .changes = true, .words = { "doctor" } },
	{ .changes = true, .words = { "config" } },
	{ .words = { "config", "--check", CHECKED }, .before = write_checked },
	{ .changes = true, .words = { "verify" } },
	{ .words = { "help" } },
	{ .words = { "help", "status" } },
	{ .changes = true, .follows = true, .words = { "events" } },
	{ .changes = true, .follows = true, .words = { "events", "--json" } },
	{ .changes = true, .top = true, .words = { NULL } },
	{ .words = { "config", "--defaults" } },
	{ .changes = true, .words = { "setup", "--dry-run" }, .before = write_settings },
	{ .changes = true, .words = { "setup", "--yes" }, .before = write_settings, .after = undoes },
	{ .changes = true, .words = { "setup", "--undo", "--yes" }, .before = set_up, .after = undoes },
	{ .words = { "statusline", "--preview" } },
	{ .words = { "statusline", "--check-format" } },
	{ .changes = true, .words = { "statusline" }, .front = true, .in = statusline_input },
	{ .changes = true, .words = { "statusline", "--subagents" }, .front = true, .in = panel_input },
	{ .changes = true, .words = { "status" }, .alone = true },
	{ .words = { "daily", "--json" }, .alone = true },
	{ .words = { "blocks", "--json" }, .alone = true },
	{ .words = { "daily", "--json", "--breakdown" }, .alone = true, .exact = true, .before = remember },
	{ .words = { "sessions", "--json" }, .alone = true, .exact = true, .before = remember },
	{ .changes = true, .words = { "refresh", "--wait" }, .alone = true },
	{ .words = { "events" }, .alone = true },
	{ .changes = true, .top = true, .words = { NULL }, .alone = true },
	{ .changes = true, .words = { "statusline" }, .front = true, .alone = true, .in = statusline_input },
};

#define TESTED_COUNT (sizeof(tested) / sizeof(tested[0]))

const struct scenario *commands_scenario(size_t n)
{
	static struct scenario scenarios[TESTED_COUNT];
	static char names[TESTED_COUNT][64];
	if (n >= TESTED_COUNT)
		return NULL;
	size_t len = (size_t)snprintf(names[n], sizeof(names[n]), tested[n].top ? "swatch top" : "swatch");
	for (size_t i = 0; i < WORDS_MAX && tested[n].words[i]; i++)
		len += (size_t)snprintf(names[n] + len, sizeof(names[n]) - len, " %s", tested[n].words[i]);
	if (tested[n].alone)
		snprintf(names[n] + len, sizeof(names[n]) - len, " (no daemon)");
	scenarios[n] = (struct scenario){ .name = names[n],
					  .step = step_command,
					  .what = &tested[n],
					  .command = true,
					  .alone = tested[n].alone,
					  .ccusage = true,
					  .lasts = true };
	return &scenarios[n];
}
