/* swatch events: prints each event of the daemon as a line, until interrupted. */
#include <errno.h>
#include <string.h>

#include "base/printable.h"
#include "cache/read.h"
#include "swatch/cli/command.h"
#include "swatch/cli/daemon_call.h"
#include "swatch/ui/event_text.h"
#include "swatch/ui/terminal.h"

#define ANSWER_TIMEOUT_MS 5000

/* Prints one event. Returns false when stdout takes no more. */
static bool print_event(const char *line, size_t len, bool as_json)
{
	AUTO_BUF text = BUF_INIT;
	AUTO_JSON *event = as_json ? NULL : client_parse(line, len);
	bool has_text = as_json || (event && event_text_append(&text, event));
	if (as_json)
		printable_clean_json(&text, line, len);
	buf_append_char(&text, '\n');
	if (has_text && !text.failed)
		(void)fwrite(text.data, 1, text.len, stdout);
	return terminal_flush();
}

static int follow(struct client *client, bool as_json)
{
	const char *line;
	size_t len;
	for (;;) {
		switch (client_read_line(client, CLIENT_WAIT_FOREVER, true, &line, &len)) {
		case CLIENT_OK:
			/* main() says what is wrong with stdout. */
			if (!print_event(line, len, as_json))
				return SWATCH_FAILED;
			break;
		case CLIENT_NO_READER:
			return SWATCH_FAILED;
		case CLIENT_CLOSED:
			terminal_error("the daemon (pid %ld) ended, or dropped this reader as too slow",
				       (long)client->daemon_pid);
			return SWATCH_FAILED;
		case CLIENT_BAD_ANSWER:
			terminal_error("the daemon sent a line without an end");
			return SWATCH_FAILED;
		default:
			terminal_error("cannot read from the daemon: %s", strerror(errno));
			return SWATCH_FAILED;
		}
	}
}

static int run_events(struct invocation *invocation, int argc, char **argv)
{
	bool as_json = false;
	int status;
	const struct command_target targets[] = { { 'j', &as_json, NULL }, { 0 } };
	if (!command_read_options(invocation, argc, argv, targets, &status))
		return status;
	struct client client;
	AUTO_BUF why = BUF_INIT;
	AUTO_JSON *answer = NULL;
	enum client_state state = daemon_connect_patiently(invocation, &client, &why);
	if (state != CLIENT_LISTENING)
		status = daemon_explain_absence(invocation, state, buf_str(&why));
	else
		status = daemon_ask_connected(&client, "{\"op\":\"subscribe\"}", ANSWER_TIMEOUT_MS, &answer);
	if (status == SWATCH_OK)
		status = follow(&client, as_json);
	client_close(&client);
	return status;
}

static const struct command_option options[] = {
	{ "json", 'j', NULL, "print each event as a line of JSON, for programs" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_events = {
	.name = "events",
	.usage = "[--json]",
	.summary = "follow what the daemon does, until interrupted",
	.options = options,
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_events,
};
