/* swatch sessions: what each session cost, the dearest first. */
#include "swatch/report/command.h"

static int run_sessions(struct invocation *invocation, int argc, char **argv)
{
	return report_command_run(invocation, argc, argv, REPORT_SESSIONS);
}

const struct command command_sessions = {
	.name = "sessions",
	.usage = REPORT_USAGE,
	.summary = "what each session cost, the most expensive first",
	.options = report_command_options,
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_sessions,
};
