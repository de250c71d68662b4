/*
 * The people: statuslines as Claude Code runs them, clients of the socket, some of which leave half way.
 */
#include "night.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../bench/bench.h"
#include "../bench/mkhome_text.h"
#include "ipc/client.h"

static struct rng rng;
static int out_fd = -1, null_fd = -1;

static void count(enum night_count what)
{
	night.shared->counts[what]++;
}

static bool pick_session(struct night_session *session)
{
	size_t number = (size_t)rng_below(&rng, (uint64_t)night.session_count);
	pthread_mutex_lock(&night.shared->table);
	*session = night.shared->sessions[number];
	pthread_mutex_unlock(&night.shared->table);
	return session->id[0] != '\0';
}

/* The limits fill up as the night goes on; every terminal has its own last reading of them. */
static void put_input(struct buf *out, const struct night_session *session)
{
	int64_t now_s = (int64_t)time(NULL);
	double used = (double)(now_s % 1000) / 10.;
	buf_printf(
		out,
		"{\"session_id\":\"%s\",\"transcript_path\":\"%s\",\"cwd\":\"%s\",\"version\":\"2.1.251\","
		"\"model\":"
		"{\"id\":\"claude-opus-4-6\",\"display_name\":\"Opus 4.6\"},"
		"\"workspace\":{\"current_dir\":\"%s\","
		"\"project_dir\":\"%s\"},\"output_style\":{\"name\":\"default\"},"
		"\"cost\":{\"total_cost_usd\":%.4f,"
		"\"total_duration_ms\":60000,\"total_api_duration_ms\":30000,\"total_lines_added\":1,"
		"\"total_lines_removed\":0},\"context_window\":{\"context_window_size\":200000,"
		"\"used_percentage\":%.1f,"
		"\"total_input_tokens\":%lld,\"total_output_tokens\":900},\"exceeds_200k_tokens\":false",
		session->id, session->path, session->cwd, session->cwd, session->cwd, session->cost_usd,
		(double)session->context_tokens / 2000., (long long)session->context_tokens);
	if (rng_chance(&rng, 80))
		buf_printf(
			out,
			",\"rate_limits\":{\"five_hour\":{\"used_percentage\":%.1f,\"resets_at\":%lld},"
			"\"seven_day\":"
			"{\"used_percentage\":%.1f,\"resets_at\":%lld}}",
			used, (long long)now_s / 600 * 600 + 7200, used / 3.,
			(long long)now_s / 86400 * 86400 + 300000);
	buf_append_str(out, "}\n");
}

static void run_statusline(void)
{
	char cache_option[] = "--cache", command[] = "statusline";
	char *argv[] = { night.swatch_path, cache_option, night.cache, command, NULL };
	struct night_session session;
	struct buf input = BUF_INIT;
	struct bench_run run;
	struct stat said;
	int in[2];
	if (!pick_session(&session) || ftruncate(out_fd, 0) != 0 || lseek(out_fd, 0, SEEK_SET) != 0
	    || pipe2(in, O_CLOEXEC) != 0)
		return;
	put_input(&input, &session);
	bool good = write(in[1], input.data, input.len) == (ssize_t)input.len;
	close(in[1]);
	good = good && bench_run(argv, in[0], out_fd, null_fd, &run) == 0;
	close(in[0]);
	buf_release(&input);
	if (!good)
		broken("run", night.swatch_path);
	count(COUNT_STATUSLINES);
	if (run.status != 0 || fstat(out_fd, &said) != 0 || said.st_size == 0)
		count(COUNT_STATUSLINE_FAILURES);
	size_t number = night.shared->run_count;
	if (number < NIGHT_RUNS_MAX) {
		night.shared->runs_ms[number] = (float)run.wall_ms;
		night.shared->run_count = number + 1;
	}
}

/* Any of the commands that a person may run at any time; without a daemon they may say no. */
static void run_command(void)
{
	static const char *const commands[] = { "status", "sessions", "daily", "blocks", "doctor" };
	char cache_option[] = "--cache", command[32];
	char *argv[] = { night.swatch_path, cache_option, night.cache, command, NULL };
	struct bench_run run;
	snprintf(command, sizeof(command), "%s",
		 commands[rng_below(&rng, sizeof(commands) / sizeof(commands[0]))]);
	if (bench_run(argv, null_fd, null_fd, null_fd, &run) != 0)
		broken("run", night.swatch_path);
	if (run.status >= 126)
		fprintf(stderr, "night: swatch %s ended with status %d\n", command, run.status);
	count(COUNT_COMMANDS);
}

static void subscribe(struct client *client)
{
	const char *line;
	size_t len;
	(void)client_send(client, "{\"op\":\"subscribe\"}", 1000);
	for (uint64_t left = rng_below(&rng, 30); left > 0; left--)
		if (client_read_line(client, 100, false, &line, &len) != CLIENT_OK)
			break;
	count(COUNT_SUBSCRIBERS);
}

static void ask_and_read(struct client *client, const char *request, enum night_count what)
{
	const char *line;
	size_t len;
	if (client_send(client, request, 1000) == CLIENT_OK)
		(void)client_read_line(client, 3000, false, &line, &len);
	count(what);
}

static void visit(void)
{
	static const char *const garbage[] = {
		"{\"op\":{}}",
		"{\"op\":\"report\",\"kind\":\"\\u0000\"}",
		"]]]]",
		"\xff\xfe",
		"{\"op\":\"tick\",\"sessionId\":\"../../x\",\"contextWindowSize\":1e300}",
		"{\"op\":\"spend\",\"count\":9e99}"
	};
	static const char half[] = "{\"op\":\"sta";
	struct client client;
	struct buf why = BUF_INIT;
	if (client_connect(&client, night.socket, &why) == CLIENT_LISTENING) {
		uint64_t kind = rng_below(&rng, 100);
		if (kind < 30) {
			subscribe(&client);
		} else if (kind < 45) {
			(void)send(client.fd, half, sizeof(half) - 1, MSG_NOSIGNAL);
			count(COUNT_LEAVERS);
		} else if (kind < 60) {
			(void)client_send(&client,
					  kind < 52 ? "{\"op\":\"report\",\"kind\":\"session\"}"
						    : "{\"op\":\"status\"}",
					  1000);
			count(COUNT_LEAVERS);
		} else if (kind < 70) {
			ask_and_read(&client, garbage[rng_below(&rng, sizeof(garbage) / sizeof(garbage[0]))],
				     COUNT_GARBAGE);
		} else if (kind < 82) {
			ask_and_read(&client, "{\"op\":\"report\",\"kind\":\"daily\"}", COUNT_REPORTS);
		} else if (kind < 88) {
			ask_and_read(&client, "{\"op\":\"rescan\"}", COUNT_RESCANS);
		} else if (kind < 96) {
			ask_and_read(&client, "{\"op\":\"refresh\"}", COUNT_REFRESHES);
		} else {
			ask_and_read(&client, "{\"op\":\"expire\"}", COUNT_REPORTS);
		}
	}
	client_close(&client);
	buf_release(&why);
}

void people_live(void)
{
	rng.state = night.seed * 77 + 5;
	setenv("NIGHT_PERSON", "1", 1);
	out_fd = memfd_create("night", MFD_CLOEXEC);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (out_fd < 0 || null_fd < 0)
		broken("open", "/dev/null");
	for (;;) {
		if (night.shared->hush) {
			night.shared->people_quiet = 1;
			nap_ms(20.);
			continue;
		}
		night.shared->people_quiet = 0;
		uint64_t what = rng_below(&rng, 100);
		if (what < 70)
			run_statusline();
		else if (what < 98)
			visit();
		else
			run_command();
		nap_ms((double)rng_between(&rng, 20, 160));
	}
}
