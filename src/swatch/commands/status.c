/* swatch status: is it running, is it right, what is it waiting for, what is wrong and what to do. */
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

#define ANSWER_TIMEOUT_MS 5000

static bool print_json(struct json_object *answer)
{
	AUTO_BUF clean = BUF_INIT;
	struct findings findings;
	size_t len = 0;
	findings_read(&findings, answer, clock_wall_ms());
	bool added = findings_add_to_json(&findings, answer);
	findings_release(&findings);
	const char *text = !added ? NULL : json_text(
		answer, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	if (text)
		printable_clean_json(&clean, text, len);
	buf_append_char(&clean, '\n');
	clean.failed = clean.failed || !text;
	return terminal_print(&clean);
}

static bool print_page(const struct invocation *invocation, struct json_object *answer)
{
	struct page page;
	struct figures figures;
	int64_t now_ms = clock_wall_ms();
	figures_load(&figures, invocation->cache_dir, true, now_ms);
	/* The daemon is the first to know that they went stale. */
	if (!json_get_bool(json_get_object(answer, "billing"), "isFresh", true))
		figures.is_fresh = false;
	page_init(&page, terminal_wants_colour(STDOUT_FILENO));
	status_page_compose(&page, answer, &figures, now_ms);
	bool good = page_print(&page);
	page_release(&page);
	return good;
}

static int run_status(struct invocation *invocation, int argc, char **argv)
{
	bool as_json = false;
	int option;
	while ((option = command_next_option(invocation, argc, argv)) != COMMAND_OPTIONS_END) {
		if (option != 'j')
			return command_options_status(option);
		as_json = true;
	}
	struct client client;
	struct buf why = BUF_INIT;
	struct json_object *answer = NULL;
	enum client_state state = daemon_connect(invocation, &client, &why);
	int status;
	if (state != CLIENT_LISTENING
	    || client_ask(&client, "{\"op\":\"status\"}", ANSWER_TIMEOUT_MS, &answer, &why) != CLIENT_OK) {
		if (client.daemon_pid > 0)
			buf_printf(&why, " (pid %ld)", (long)client.daemon_pid);
		status = status_offline_show(invocation, state, buf_str(&why), as_json);
	} else if (as_json) {
		status = print_json(answer) && json_get_bool(answer, "ok", false) ? SWATCH_OK : SWATCH_FAILED;
	} else if (json_get_bool(answer, "ok", false)) {
		status = print_page(invocation, answer) ? SWATCH_OK : SWATCH_FAILED;
	} else {
		const char *error = json_get_string(answer, "error");
		terminal_error("%s", error ? error : "swatchd refused the request without giving a reason");
		status = SWATCH_FAILED;
	}
	json_object_put(answer);
	client_close(&client);
	buf_release(&why);
	return status;
}

static const struct command_option options[] = {
	{ "json", 'j', NULL, "the daemon's answer as JSON, for programs" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_status = {
	.name = "status",
	.usage = "[--json]",
	.summary = "show whether the daemon runs, its figures, and what is wrong",
	.options = options,
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_status,
};
