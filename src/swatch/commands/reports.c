/* swatch blocks, daily, weekly, monthly, sessions: what was used, summed up by what the name says. */
#include "swatch/report/command.h"

const struct command command_blocks = {
	.name = "blocks",
	.usage = REPORT_BLOCKS_USAGE,
	.summary = "what each 5-hour block cost, and what the active one will cost at its end",
	.options = report_blocks_options,
	.flags = COMMAND_NEEDS_CACHE,
	.run = report_command_run,
};

#define REPORT(NAME, SUMMARY)                                                                                \
	{                                                                                                    \
		.name = (NAME), .usage = REPORT_USAGE, .summary = (SUMMARY),                                 \
		.options = report_command_options, .flags = COMMAND_NEEDS_CACHE, .run = report_command_run   \
	}

const struct command command_daily = REPORT("daily", "what each day cost, by the messages written on it");
const struct command command_weekly = REPORT("weekly", "what each week cost; weeks begin on Sunday");
const struct command command_monthly = REPORT("monthly", "what each month cost");
const struct command command_sessions =
	REPORT("sessions", "what each session cost, the most expensive first");
