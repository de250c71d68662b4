/* swatch monthly: what each month cost. */
#include "swatch/report/command.h"

static int run_monthly(struct invocation *invocation, int argc, char **argv)
{
	return report_command_run(invocation, argc, argv, REPORT_MONTHLY);
}

const struct command command_monthly = {
	.name = "monthly",
	.usage = REPORT_USAGE,
	.summary = "what each month cost",
	.options = report_command_options,
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_monthly,
};
