/* swatch daily: what each day cost, by the messages written on it. */
#include "swatch/report/command.h"

static int run_daily(struct invocation *invocation, int argc, char **argv)
{
	return report_command_run(invocation, argc, argv, REPORT_DAILY);
}

const struct command command_daily = {
	.name = "daily",
	.usage = REPORT_USAGE,
	.summary = "what each day cost, by the messages written on it",
	.options = report_command_options,
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_daily,
};
