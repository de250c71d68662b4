/* swatch rescan: has the daemon examine all transcripts again. */
#include "base/clock.h"
#include "json/get.h"
#include "swatch/cli/command.h"
#include "swatch/cli/daemon_call.h"

/* Everything may have to be read again, on a slow disk. */
#define ANSWER_TIMEOUT_MS (5 * CLOCK_MINUTE_MS)

static int run_rescan(struct invocation *invocation, int argc, char **argv)
{
	AUTO_JSON *answer = NULL;
	int status;
	if (!command_read_options(invocation, argc, argv, NULL, &status))
		return status;
	return daemon_ask(invocation, "{\"op\":\"rescan\"}", ANSWER_TIMEOUT_MS, &answer);
}

const struct command command_rescan = {
	.name = "rescan",
	.usage = "",
	.summary = "have the daemon examine all transcripts again",
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_rescan,
};
