/*
 * What is done with the daemon while calls of its fail: it starts, lines come, ccusage runs, clients ask,
 * sessions expire, the config is read again, it stops.
 */
#include "torture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void arm(struct trial *trial)
{
	process_mark_log(trial->process);
	process_arm(trial->process, trial->kind, trial->error, trial->first, trial->last);
}

/* Everything that the step set going is done. */
static bool end_step(struct trial *trial)
{
	/* While everything fails it may go on trying; once that is over, it has to come to rest. */
	bool quiet = process_wait_quiet(trial->process, trial->last == trial->first ? TORTURE_HANG_MS : 300);
	process_disarm(trial->process);
	if (!quiet && trial->last != trial->first)
		quiet = process_wait_quiet(trial->process, TORTURE_HANG_MS);
	if (!quiet)
		buf_append_str(&trial->why, "it hangs: neither ended nor waiting");
	return quiet;
}

static bool ask(struct trial *trial, const char *request)
{
	/* Where no call can be taken up, none is answered; but one fault keeps nobody waiting. */
	bool for_ever = trial->last != trial->first;
	int got = daemon_request(trial->world, request, for_ever ? 300 : TORTURE_ANSWER_MS);
	if (got < 0 && for_ever)
		got = 0;
	if (got < 0)
		buf_printf(&trial->why, "%s got neither an answer nor an end", request);
	if (got == 0)
		trial->answered_no = true;
	return got >= 0;
}

/* ---- the steps ---- */

/* Growing transcripts, one in a new folder, one that goes. */
static bool step_burst(struct trial *trial)
{
	struct world *world = trial->world;
	char id[32], folder[32], path[512];
	arm(trial);
	world_append(world, &world->sessions[0], 2);
	world_append(world, &world->sessions[1], 1);
	snprintf(folder, sizeof(folder), "-new%u", trial->number);
	snprintf(id, sizeof(id), "new%u", trial->number % 2);
	for (size_t i = 0; i < world->count; i++)
		if (strcmp(world->sessions[i].id, id) == 0 && world->sessions[i].exists)
			world_delete(world, &world->sessions[i]);
	(void)world_add(world, folder, id, 1);
	/* A subagent's, two folders down. */
	snprintf(path, sizeof(path), "%s/-p/s3", world->projects);
	if (mkdir(path, 0700) == 0) {
		snprintf(path, sizeof(path), "%s/-p/s3/subagents", world->projects);
		(void)mkdir(path, 0700);
	}
	return end_step(trial);
}

static bool step_refresh(struct trial *trial)
{
	arm(trial);
	bool good = ask(trial, "{\"op\":\"refresh\",\"wait\":true}");
	return end_step(trial) && good;
}

static bool recover_refresh(struct trial *trial)
{
	if (daemon_request(trial->world, "{\"op\":\"refresh\",\"wait\":true}", TORTURE_HANG_MS) == 1)
		return true;
	buf_append_str(&trial->why, "the next refresh fails too");
	return false;
}

/* What clients want, and what statuslines tell: each makes files, or lines of JSON. */
static bool step_publish(struct trial *trial)
{
	char tick[128];
	arm(trial);
	world_append(trial->world, &trial->world->sessions[2], 1);
	bool good = ask(trial, "{\"op\":\"sync\"}") && ask(trial, "{\"op\":\"status\"}");
	snprintf(tick, sizeof(tick), "{\"op\":\"tick\",\"sessionId\":\"s1\",\"contextWindowSize\":%u}",
		 200000 + trial->number % 1000);
	/* A tick has no answer: the question after it has. */
	(void)daemon_request(trial->world, tick, 0);
	good = good && ask(trial, "{\"op\":\"report\",\"kind\":\"blocks\"}")
	    && ask(trial, "{\"op\":\"rescan\"}");
	return end_step(trial) && good;
}

static bool step_expire(struct trial *trial)
{
	struct world *world = trial->world;
	arm(trial);
	struct world_session *idle = &world->sessions[3];
	if (idle->exists)
		world_delete(world, idle);
	bool good = ask(trial, "{\"op\":\"expire\"}");
	return end_step(trial) && good;
}

static bool recover_expire(struct trial *trial)
{
	char path[600];
	if (daemon_request(trial->world, "{\"op\":\"expire\"}", TORTURE_HANG_MS) != 1)
		buf_append_str(&trial->why, "the next expire fails too; ");
	struct world_session *idle = &trial->world->sessions[3];
	int len = snprintf(path, sizeof(path), "%s/%s.json", trial->world->cache, idle->id);
	if (len > 0 && (size_t)len < sizeof(path) && access(path, F_OK) == 0)
		buf_append_str(&trial->why, "the file of a session that is gone stays; ");
	/* For the next time: old enough to be idle, so that its file goes when it does. */
	world_add_idle(trial->world);
	if (daemon_request(trial->world, "{\"op\":\"rescan\"}", TORTURE_HANG_MS) != 1)
		buf_append_str(&trial->why, "the next rescan fails too; ");
	return trial->why.len == 0;
}

/* The config changes in something that can be seen: what is shown of the last message. */
static bool step_reload(struct trial *trial)
{
	char more[64];
	snprintf(more, sizeof(more), "[sessions]\npreview = %u\n", 10 + trial->number % 10);
	world_configure(trial->world, trial->ccusage, more);
	arm(trial);
	kill(trial->process->pid, SIGHUP);
	nap_ms(2);
	return end_step(trial);
}

static bool recover_reload(struct trial *trial)
{
	FILE *log = fopen(trial->process->log_path, "re");
	char line[4096];
	bool good = false;
	kill(trial->process->pid, SIGHUP);
	int64_t until_ms = now_ms() + TORTURE_HANG_MS;
	process_mark_log(trial->process);
	if (!log)
		broken("read", trial->process->log_path);
	if (fseek(log, (long)trial->process->log_seen, SEEK_SET) != 0)
		broken("seek in", trial->process->log_path);
	while (!good && now_ms() < until_ms) {
		while (fgets(line, sizeof(line), log))
			good = good || strstr(line, "config reloaded") != NULL;
		clearerr(log);
		nap_ms(1);
	}
	(void)fclose(log);
	if (!good)
		buf_append_str(&trial->why, "the next SIGHUP is not obeyed; ");
	return good;
}

static bool judge_end(struct trial *trial, int highest)
{
	struct process *process = trial->process;
	if (!WIFEXITED(process->status)) {
		buf_printf(&trial->why, "it died of signal %d", WTERMSIG(process->status));
		return false;
	}
	int status = WEXITSTATUS(process->status);
	if (status > highest)
		buf_printf(&trial->why, "it ended with status %d", status);
	else if (status != 0 && !process_said(process))
		buf_printf(&trial->why, "it ended with status %d and no word", status);
	return trial->why.len == 0;
}

static void start_armed(struct trial *trial, bool once)
{
	char name[] = "--once";
	char *argv[] = { programs.daemon, once ? name : NULL, NULL };
	arm(trial);
	process_start(trial->process, trial->world, argv, true, NULL);
}

static bool step_start(struct trial *trial)
{
	start_armed(trial, false);
	nap_ms(3);
	if (!end_step(trial))
		return false;
	return trial->process->pid != 0 || judge_end(trial, 2);
}

static bool step_once(struct trial *trial)
{
	start_armed(trial, true);
	if (!process_wait_end(trial->process, TORTURE_HANG_MS)) {
		buf_append_str(&trial->why, "it hangs");
		return false;
	}
	process_disarm(trial->process);
	if (!judge_end(trial, 4))
		return false;
	/* What it says is published has to be. */
	if (trial->process->status == 0 && !process_said(trial->process)
	    && !world_figures_hold(trial->world, trial->ccusage, &trial->why)) {
		buf_append_str(&trial->why, "though it ended well and said nothing");
		return false;
	}
	return true;
}

static bool step_stop(struct trial *trial)
{
	arm(trial);
	kill(trial->process->pid, SIGTERM);
	if (!process_wait_end(trial->process, TORTURE_HANG_MS)) {
		buf_append_str(&trial->why, "it does not end");
		return false;
	}
	process_disarm(trial->process);
	return judge_end(trial, 1);
}

static const struct scenario scenarios[] = {
	{ .name = "start", .step = step_start },
	{ .name = "once", .step = step_once, .ccusage = true },
	{ .name = "burst", .step = step_burst, .lasts = true },
	{ .name = "publish", .step = step_publish, .lasts = true },
	{ .name = "refresh",
	  .step = step_refresh,
	  .recover = recover_refresh,
	  .ccusage = true,
	  .lasts = true },
	{ .name = "expire", .step = step_expire, .recover = recover_expire, .lasts = true },
	{ .name = "reload", .step = step_reload, .recover = recover_reload, .lasts = true },
	{ .name = "stop", .step = step_stop },
};

const struct scenario *steps_scenario(size_t n)
{
	return n < sizeof(scenarios) / sizeof(scenarios[0]) ? &scenarios[n] : NULL;
}
