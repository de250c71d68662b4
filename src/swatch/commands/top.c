/* swatch top: becomes swatch-top, the live screen. Only that program needs ncurses. */
#include <getopt.h>

#include "base/scope.h"
#include "swatch/cli/command.h"
#include "swatch/cli/program.h"
#include "swatch/top/options.h"
#include "swatch/ui/terminal.h"

static const struct command_option options[] = {
	{ "sort", 's', "KEY", "sort the sessions by this: activity, cost, rate, context, tokens, agents, "
			      "model or name" },
	{ "reverse", 'r', NULL, "reverse the order" },
	{ "active", 'a', NULL, "show only active sessions" },
	{ NULL, 0, NULL, NULL }
};

static int run_top(struct invocation *invocation, int argc, char **argv)
{
	struct top_options given = { 0 };
	int option;
	/* swatch-top reads them again; they are checked here so that --help and errors work without it. */
	while ((option = command_next_option(invocation, argc, argv)) != COMMAND_OPTIONS_END) {
		if (option == COMMAND_OPTIONS_HELP || option == COMMAND_OPTIONS_BAD)
			return command_options_status(option);
		if (!top_options_take(&given, option, optarg))
			return SWATCH_USAGE;
	}
	AUTO_FREE char *path = program_find_part("swatch-top");
	if (!path) {
		terminal_error("the program swatch-top is not installed: this swatch was built without "
			       "ncurses (libncurses-dev on Debian); see instead: swatch status, swatch "
			       "events");
		return SWATCH_FAILED;
	}
	program_become(path, invocation, argc, argv);
	return SWATCH_FAILED;
}

const struct command command_top = {
	.name = "top",
	.usage = "[--sort KEY] [--reverse] [--active]",
	.summary = "the live screen: block, limits, sessions, events",
	.options = options,
	.run = run_top,
};
