/*
 * The daemon, and what happens to it: it is stopped, killed, loses its directory and its room, its
 * configuration and its ccusage go wrong.
 */
#include "night.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../bench/mkhome_text.h"
#include "cache/read.h"
#include "ipc/client.h"

static struct rng rng;

/* ---- what it runs with ---- */

static const char *in_home(const char *name)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/%s", night.home, name);
	return path;
}

static void set_ccusage(const char *mode)
{
	write_file(in_home("ccusage.mode"), mode);
}

void faults_write_ccusage(void)
{
	struct buf text = BUF_INIT;
	const char *ccusage = night.ccusage ? night.ccusage : "false";
	/* That there is only one is promised of refreshes; what swatch doctor tries is a person's. */
	buf_printf(
		&text,
		"#!/bin/sh\nhere=%s\n[ -z \"$NIGHT_PERSON\" ] || exec %s \"$@\"\nexec "
		"9>>$here/ccusage.lock\nflock -n 9 || date +%%T >>$here/overlaps\n"
		"mode=$(cat $here/ccusage.mode)\necho \"$mode\" >>$here/runs\ncase $mode in\n"
		"fail) echo 'Error: cannot find module' >&2; exit 7 ;;\nhang) exec sleep 600 ;;\n"
		"garbage) printf '{\"blocks\": [{\"costUSD\": 1e'; exit 0 ;;\nflood) exec yes '{' ;;\n"
		"*) exec %s \"$@\" ;;\nesac\n",
		night.home, ccusage, ccusage);
	write_file(in_home("ccusage"), buf_str(&text));
	if (chmod(in_home("ccusage"), 0700) != 0)
		broken("make", "ccusage");
	set_ccusage("good");
	buf_release(&text);
}

/* The spans of the default configuration, by NIGHT_SPEED where they can be. */
void faults_write_config(const char *more)
{
	struct buf text = BUF_INIT;
	buf_printf(
		&text,
		"[billing]\nsource = %s\n[ccusage]\ncommand = %s/ccusage blocks --active --json --offline\n"
		"settle = 200ms\nmax_delay = 1s\nttl_low = 5s\nttl_mid = 5s\nttl_high = 5s\ntimeout = 10s\n"
		"[sessions]\nidle_after = 20s\nexpire_after = 6m\n%s",
		night.ccusage ? "auto" : "native", night.home, more);
	write_file(night.config, buf_str(&text));
	buf_release(&text);
}

/* ---- the daemon ---- */

struct json_object *daemon_ask(const char *request, int64_t timeout_ms)
{
	struct client client;
	struct buf why = BUF_INIT;
	struct json_object *answer = NULL;
	if (client_connect(&client, night.socket, &why) == CLIENT_LISTENING)
		(void)client_ask(&client, request, timeout_ms, &answer, &why);
	client_close(&client);
	buf_release(&why);
	if (answer && json_get_bool(answer, "ok", false))
		return answer;
	json_object_put(answer);
	return NULL;
}

bool daemon_sync(void)
{
	struct json_object *answer = daemon_ask("{\"op\":\"sync\"}", NIGHT_ANSWER_MS);
	json_object_put(answer);
	return answer != NULL;
}

static void wait_ready(void)
{
	double until_ms = now_ms() + (double)NIGHT_ANSWER_MS;
	while (!daemon_sync()) {
		if (now_ms() > until_ms || waitpid(night.daemon, NULL, WNOHANG) != 0)
			broken("start", night.daemon_path);
		nap_ms(10.);
	}
}

void daemon_start(void)
{
	char cache_option[] = "--cache";
	char *argv[] = { night.daemon_path, cache_option, night.cache, NULL };
	pid_t parent = getpid();
	(void)fflush(NULL);
	night.daemon = fork();
	if (night.daemon < 0)
		broken("fork for", night.daemon_path);
	if (night.daemon == 0) {
		int log_fd = open(night.log, O_WRONLY | O_CREAT | O_APPEND, 0600);
		int null_fd = open("/dev/null", O_RDWR);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || dup2(null_fd, 0) < 0 || dup2(log_fd, 1) < 0 || dup2(log_fd, 2) < 0)
			_exit(126);
		close(log_fd);
		close(null_fd);
		execv(argv[0], argv);
		_exit(126);
	}
	wait_ready();
}

void daemon_end(void)
{
	int status = 0;
	double until_ms = now_ms() + (double)NIGHT_ANSWER_MS;
	kill(night.daemon, SIGTERM);
	pid_t got;
	while ((got = waitpid(night.daemon, &status, WNOHANG)) == 0 && now_ms() < until_ms)
		nap_ms(5.);
	if (got != night.daemon) {
		kill(night.daemon, SIGKILL);
		(void)waitpid(night.daemon, &status, 0);
		problem("the daemon did not end at SIGTERM");
	} else if (status != 0) {
		problem("the daemon ended with status %d at SIGTERM",
			WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	}
	night.daemon = 0;
}

void daemon_look(void)
{
	int status;
	if (waitpid(night.daemon, &status, WNOHANG) != night.daemon)
		return;
	problem("the daemon ended by itself, with status %d",
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	daemon_start();
}

void hush_begin(void)
{
	double until_ms = now_ms() + 2. * (double)NIGHT_ANSWER_MS;
	night.shared->hush = 1;
	while (!night.shared->sessions_quiet || !night.shared->people_quiet) {
		if (now_ms() > until_ms)
			broken("quieten", "the sessions");
		nap_ms(10.);
	}
	set_ccusage("good");
	if (!daemon_sync())
		problem("no answer to sync when all is quiet");
	/* No refresh shall be under way. The first one may be a bad one's end. */
	for (int tries = 0; night.ccusage && tries < 3; tries++) {
		struct json_object *answer =
			daemon_ask("{\"op\":\"refresh\",\"wait\":true}", NIGHT_ANSWER_MS);
		json_object_put(answer);
		if (answer)
			break;
		if (tries == 2)
			problem("refreshes fail when all is quiet");
	}
	if (!daemon_sync())
		problem("no answer to sync after a refresh");
}

void hush_end(void)
{
	night.shared->hush = 0;
}

/* ---- the faults ---- */

static void disturb(void)
{
	pthread_mutex_lock(&night.shared->faults);
	night.shared->epoch++;
}

/* It must answer again, at once. */
static void calm(const char *what)
{
	if (night.daemon > 0 && !daemon_sync())
		problem("no answer to sync after: %s", what);
	night.shared->epoch++;
	pthread_mutex_unlock(&night.shared->faults);
}

static void fault_stop(void)
{
	disturb();
	kill(night.daemon, SIGSTOP);
	nap_ms((double)rng_between(&rng, 300, 3000));
	kill(night.daemon, SIGCONT);
	calm("SIGSTOP");
}

static void fault_kill(void)
{
	char command[400];
	disturb();
	kill(night.daemon, SIGKILL);
	(void)waitpid(night.daemon, NULL, 0);
	/* The next one never sees what is gone. */
	snprintf(command, sizeof(command), "rm -rf %s %s", night.attic, night.lost);
	if (run_shell(command) != 0)
		broken("remove", night.attic);
	daemon_start();
	calm("SIGKILL");
}

static void fault_remove_cache(void)
{
	char command[200];
	disturb();
	/* It may come back in the middle of this. */
	snprintf(command, sizeof(command), "rm -rf %s 2>/dev/null; true", night.cache);
	(void)run_shell(command);
	nap_ms(500.);
	calm("removed cache directory");
	if (access(night.cache, F_OK) != 0)
		problem("the cache directory did not come back");
}

static void fault_fill_disk(void)
{
	char path[160], command[300];
	disturb();
	snprintf(path, sizeof(path), "%s/disk/filler", night.home);
	snprintf(command, sizeof(command), "cat /dev/zero >%s 2>/dev/null", path);
	(void)run_shell(command);
	nap_ms((double)rng_between(&rng, 1000, 3000));
	if (unlink(path) != 0)
		broken("remove", path);
	calm("full filesystem");
}

static void fault_reload(void)
{
	char more[64];
	disturb();
	snprintf(more, sizeof(more), "max_files = %lld\n[log]\nlevel = info\n",
		 (long long)rng_between(&rng, 60, 120));
	faults_write_config(more);
	kill(night.daemon, SIGHUP);
	calm("SIGHUP");
}

static void fault_reload_bad(void)
{
	disturb();
	faults_write_config("[watch]\ntail_delay = never\n");
	kill(night.daemon, SIGHUP);
	nap_ms(200.);
	calm("SIGHUP with a bad configuration");
	faults_write_config("");
	kill(night.daemon, SIGHUP);
}

static void fault_ccusage_fails(void)
{
	set_ccusage("fail");
}

static void fault_ccusage_hangs(void)
{
	set_ccusage("hang");
}

static void fault_ccusage_garbage(void)
{
	set_ccusage("garbage");
}

static void fault_ccusage_floods(void)
{
	set_ccusage("flood");
}

static struct fault {
	const char *name;
	void (*inject)(void);
	bool kills, fills, refresh;
	unsigned left, done;
} faults[] = {
	{ "kill -9", fault_kill, true, false, false, 0, 0 },
	{ "stopped", fault_stop, false, false, false, 0, 0 },
	{ "cache removed", fault_remove_cache, false, false, false, 0, 0 },
	{ "disk full", fault_fill_disk, false, true, false, 0, 0 },
	{ "reload", fault_reload, false, false, false, 0, 0 },
	{ "bad reload", fault_reload_bad, false, false, false, 0, 0 },
	{ "ccusage fails", fault_ccusage_fails, false, false, true, 0, 0 },
	{ "ccusage hangs", fault_ccusage_hangs, false, false, true, 0, 0 },
	{ "ccusage garbage", fault_ccusage_garbage, false, false, true, 0, 0 },
	{ "ccusage floods", fault_ccusage_floods, false, false, true, 0, 0 },
};
#define FAULTS (sizeof(faults) / sizeof(faults[0]))

static bool is_possible(const struct fault *fault, bool may_kill)
{
	return (!fault->kills || may_kill) && (!fault->fills || night.has_small_disk)
	    && (!fault->refresh || night.ccusage);
}

/* Each once, in any order, before any comes again; where it may be, every fourth one is a kill. */
const char *fault_next(bool may_kill)
{
	static unsigned number;
	size_t count = 0, pick;
	struct fault *possible[FAULTS];
	if (number == 0)
		rng.state = night.seed * 31 + 7;
	for (int round = 0; round < 2 && count == 0; round++) {
		for (size_t i = 0; i < FAULTS; i++) {
			faults[i].left |= (unsigned)round;
			if (faults[i].left > 0 && is_possible(&faults[i], may_kill))
				possible[count++] = &faults[i];
		}
	}
	pick = (size_t)rng_below(&rng, count);
	if (may_kill && number % 4 == 0)
		possible[pick = 0] = &faults[0];
	number++;
	possible[pick]->left = 0;
	possible[pick]->done++;
	if (!possible[pick]->refresh)
		set_ccusage("good");
	possible[pick]->inject();
	return possible[pick]->name;
}

void faults_print(void)
{
	printf("done to the daemon:");
	for (size_t i = 0; i < FAULTS; i++)
		printf("%s %u %s", i ? "," : "", faults[i].done, faults[i].name);
	printf("\n");
}
