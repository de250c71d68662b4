/* swatch refresh: fetches fresh figures now, by the daemon, or by one run of swatchd when no daemon runs. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "cache/read.h"
#include "swatch/cli/command.h"
#include "swatch/cli/daemon_call.h"
#include "swatch/cli/program.h"
#include "swatch/status/figures.h"
#include "swatch/ui/human.h"
#include "swatch/ui/page.h"
#include "swatch/ui/terminal.h"

#define ANSWER_TIMEOUT_MS 5000
/* A run may take this much longer than ccusage's timeout: to kill it, and to read what changed. */
#define RUN_MARGIN_MS (30 * CLOCK_SECOND_MS)

/* Shows the figures that a refresh has just published. `answer` is the daemon's; NULL: no daemon runs. */
static bool print_figures(const struct invocation *invocation, struct json_object *answer)
{
	struct page page;
	struct figures figures;
	int64_t now_ms = clock_wall_ms();
	/* Even without a daemon they are as fresh as the file says: it was written a moment ago. */
	figures_load(&figures, invocation->cache_dir, true, now_ms);
	page_init(&page, terminal_wants_colour(STDOUT_FILENO));
	if (answer)
		page_line(&page, STYLE_GOOD, 2, "refreshed in %s",
			  human_duration(json_get_int(answer, "durationMs", 0), HUMAN_TEXT));
	figures_show(&figures, &page, now_ms);
	return page_print(&page);
}

static int refresh_by_daemon(struct invocation *invocation, struct client *client, bool wait)
{
	AUTO_JSON *answer = NULL;
	/* The refresh may join a run that has just started, and ours then follows. */
	int64_t timeout_ms =
		wait ? 2 * invocation->config.ccusage_timeout_ms + RUN_MARGIN_MS : ANSWER_TIMEOUT_MS;
	int status = daemon_ask_connected(
		client, wait ? "{\"op\":\"refresh\",\"wait\":true}" : "{\"op\":\"refresh\"}", timeout_ms,
		&answer);
	if (status == SWATCH_OK && wait)
		status = print_figures(invocation, answer) ? SWATCH_OK : SWATCH_FAILED;
	else if (status == SWATCH_OK)
		puts(json_get_bool(answer, "joined", false) ? "a refresh was running already: joined it"
							       : "refresh started");
	return status;
}

/* Runs `swatchd --once --wait`: it holds the lock from before ccusage starts until the files are written. */
static int refresh_alone(struct invocation *invocation)
{
	AUTO_FREE char *path = program_find_daemon();
	if (!path) {
		if (errno != ENOENT)
			terminal_error("no daemon is running, and cannot look for swatchd beside swatch: %s",
				       strerror(errno));
		else
			terminal_error("no daemon is running, and swatchd was not found beside swatch, in %s "
				       "or on PATH",
				       SWATCH_BINDIR);
		return SWATCH_FAILED;
	}
	char name[] = "swatchd", once[] = "--once", wait[] = "--wait";
	char *argv[] = { name, once, wait };
	AUTO_FREE char **words = program_words(invocation, 3, argv);
	if (!words) {
		terminal_error("out of memory");
		return SWATCH_FAILED;
	}
	(void)terminal_flush();
	int ended = program_run(path, words);
	if (ended < 0)
		terminal_error("cannot run %s: %s", path, strerror(errno));
	if (ended == SWATCH_OK && !print_figures(invocation, NULL))
		ended = SWATCH_FAILED;
	/* swatchd's other statuses are not among ours; it has said what went wrong. */
	return ended == SWATCH_OK || ended == SWATCH_USAGE ? ended : SWATCH_FAILED;
}

/* A daemon that nobody can call: a run of our own would wait for its lock in vain. */
static bool is_held_by_daemon(const struct invocation *invocation)
{
	struct cache_lock_holder holder;
	return daemon_find_lock_holder(invocation, &holder) && strcmp(holder.role, "daemon") == 0;
}

static int run_refresh(struct invocation *invocation, int argc, char **argv)
{
	bool wait = false;
	int status;
	const struct command_target targets[] = { { 'w', &wait, NULL }, { 0 } };
	if (!command_read_options(invocation, argc, argv, targets, &status))
		return status;
	struct client client;
	AUTO_BUF why = BUF_INIT;
	enum client_state state = daemon_connect_patiently(invocation, &client, &why);
	if (state == CLIENT_LISTENING)
		status = refresh_by_daemon(invocation, &client, wait);
	else if (daemon_is_absent(state) && !is_held_by_daemon(invocation))
		status = refresh_alone(invocation);
	else
		status = daemon_explain_absence(invocation, state, buf_str(&why));
	client_close(&client);
	return status;
}

static const struct command_option options[] = {
	{ "wait", 'w', NULL, "wait until the run has ended, and show the figures" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_refresh = {
	.name = "refresh",
	.usage = "[--wait]",
	.summary = "run ccusage now, or join a run that is under way",
	.options = options,
	.flags = COMMAND_NEEDS_CACHE | COMMAND_ACTS,
	.run = run_refresh,
};
