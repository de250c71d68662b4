/* swatch blocks: the 5-hour blocks, the gaps between them, and what the active one comes to. */
#include "swatch/report/command.h"

static int run_blocks(struct invocation *invocation, int argc, char **argv)
{
	return report_command_run(invocation, argc, argv, REPORT_BLOCKS);
}

const struct command command_blocks = {
	.name = "blocks",
	.usage = REPORT_BLOCKS_USAGE,
	.summary = "what each 5-hour block cost, and what the active one will cost at its end",
	.options = report_blocks_options,
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_blocks,
};
