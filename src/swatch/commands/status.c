/* swatch status: whether the daemon runs, its figures, and what is wrong. */
#include <unistd.h>

#include "base/clock.h"
#include "base/printable.h"
#include "cache/read.h"
#include "json/parse.h"
#include "swatch/cli/command.h"
#include "swatch/cli/daemon_call.h"
#include "swatch/status/findings.h"
#include "swatch/status/offline.h"
#include "swatch/status/page.h"
#include "swatch/ui/page.h"
#include "swatch/ui/terminal.h"

#define ANSWER_TIMEOUT_MS 2000

static bool print_json(struct json_object *answer)
{
	AUTO_BUF clean = BUF_INIT;
	struct findings findings;
	size_t len = 0;
	findings_read(&findings, answer, clock_wall_ms());
	bool added = findings_add_to_json(&findings, answer);
	findings_release(&findings);
	const int form = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text = added ? json_text(answer, form, &len) : NULL;
	if (text)
		printable_clean_json(&clean, text, len);
	buf_append_char(&clean, '\n');
	clean.failed = clean.failed || !text;
	return terminal_print(&clean);
}

static bool print_page(const struct invocation *invocation, struct json_object *answer, bool verbose)
{
	struct page page;
	struct figures figures;
	int64_t now_ms = clock_wall_ms();
	invocation_warn_of_zone();
	figures_load(&figures, invocation->cache_dir, true, now_ms);
	/* The daemon knows first when they go stale. */
	if (!json_get_bool(json_get_object(answer, "billing"), "isFresh", true))
		figures.is_fresh = false;
	page_init(&page, terminal_wants_colour(STDOUT_FILENO));
	if (verbose)
		status_page_compose(&page, answer, &figures, now_ms);
	else
		status_page_brief(&page, answer, &figures, now_ms);
	return page_print(&page);
}

static int run_status(struct invocation *invocation, int argc, char **argv)
{
	bool as_json = false, verbose = false;
	int status;
	const struct command_target targets[] = { { 'j', &as_json, NULL }, { 'v', &verbose, NULL }, { 0 } };
	if (!command_read_options(invocation, argc, argv, targets, &status))
		return status;
	struct client client;
	AUTO_BUF why = BUF_INIT;
	AUTO_JSON *answer = NULL;
	enum client_state state = daemon_connect(invocation, &client, &why);
	if (state != CLIENT_LISTENING
	    || client_ask(&client, "{\"op\":\"status\"}", ANSWER_TIMEOUT_MS, &answer, &why) != CLIENT_OK) {
		if (client.daemon_pid > 0)
			buf_printf(&why, " (pid %ld)", (long)client.daemon_pid);
		status = status_offline_show(invocation, state, buf_str(&why), as_json);
	} else if (as_json) {
		status = print_json(answer) && json_get_bool(answer, "ok", false) ? SWATCH_OK : SWATCH_FAILED;
	} else if (json_get_bool(answer, "ok", false)) {
		status = print_page(invocation, answer, verbose) ? SWATCH_OK : SWATCH_FAILED;
	} else {
		terminal_error("%s", daemon_error_of(answer));
		status = SWATCH_FAILED;
	}
	client_close(&client);
	return status;
}

static const struct command_option options[] = {
	{ "json", 'j', NULL, "print the daemon's answer as JSON, for programs" },
	{ "verbose", 'v', NULL, "show all that the daemon counts, too" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_status = {
	.name = "status",
	.usage = "[--verbose | --json]",
	.summary = "show whether the daemon runs, its figures, and what is wrong",
	.options = options,
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_status,
};
