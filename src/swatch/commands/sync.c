/* swatch sync: wait until all that happened so far is published. */
#include "base/clock.h"
#include "swatch/cli/command.h"
#include "swatch/cli/daemon_call.h"

/* Everything may have to be read again, on a slow disk. */
#define ANSWER_TIMEOUT_MS (5 * CLOCK_MINUTE_MS)

static int run_sync(struct invocation *invocation, int argc, char **argv)
{
	struct json_object *answer = NULL;
	int option = command_next_option(invocation, argc, argv);
	if (option != COMMAND_OPTIONS_END)
		return command_options_status(option);
	int status = daemon_ask(invocation, "{\"op\":\"sync\"}", ANSWER_TIMEOUT_MS, &answer);
	json_object_put(answer);
	return status;
}

const struct command command_sync = {
	.name = "sync",
	.usage = "",
	.summary = "wait until everything written so far is published",
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_sync,
};
