/* swatch rescan: examine everything again. */
#include "base/clock.h"
#include "swatch/cli/command.h"
#include "swatch/cli/daemon_call.h"

/* Everything may have to be read again, on a slow disk. */
#define ANSWER_TIMEOUT_MS (5 * CLOCK_MINUTE_MS)

static int run_rescan(struct invocation *invocation, int argc, char **argv)
{
	struct json_object *answer = NULL;
	int option = command_next_option(invocation, argc, argv);
	if (option != COMMAND_OPTIONS_END)
		return command_options_status(option);
	int status = daemon_ask(invocation, "{\"op\":\"rescan\"}", ANSWER_TIMEOUT_MS, &answer);
	json_object_put(answer);
	return status;
}

const struct command command_rescan = {
	.name = "rescan",
	.usage = "",
	.summary = "have the daemon examine all transcripts again",
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_rescan,
};
