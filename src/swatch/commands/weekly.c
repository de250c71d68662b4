/* swatch weekly: what each week cost; weeks begin on Sunday. */
#include "swatch/report/command.h"

static int run_weekly(struct invocation *invocation, int argc, char **argv)
{
	return report_command_run(invocation, argc, argv, REPORT_WEEKLY);
}

const struct command command_weekly = {
	.name = "weekly",
	.usage = REPORT_USAGE,
	.summary = "what each week cost; weeks begin on Sunday",
	.options = report_command_options,
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_weekly,
};
