/* swatch help: the list of commands, or one command's usage. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "swatch/cli/command.h"
#include "swatch/cli/program.h"
#include "swatch/ui/terminal.h"

static void print_list(void)
{
	puts("usage: swatch [--config FILE] [--cache DIR] COMMAND [ARGUMENT...]\n"
	     "   or: swatch --version | --help\n\ncommands:");
	for (size_t i = 0; command_table[i]; i++)
		printf("  %-10s %s\n", command_table[i]->name, command_table[i]->summary);
	puts("\nswatch help COMMAND tells more; manuals: swatch(1), swatchd(8), swatch.conf(5)");
}

/* An external command explains itself. Returns only when that fails, or when there is none of that name. */
static int explain_external(char *name)
{
	char *path = program_find_external(name);
	if (!path)
		return command_say_unknown(name);
	char help[] = "--help";
	char *argv[] = { path, help, NULL };
	(void)terminal_flush();
	program_exec(path, argv);
	terminal_error("cannot run %s: %s", path, strerror(errno));
	free(path);
	return SWATCH_FAILED;
}

static int run_help(struct invocation *invocation, int argc, char **argv)
{
	int option = command_next_option(invocation, argc, argv);
	if (option != COMMAND_OPTIONS_END)
		return command_options_status(option);
	if (optind >= argc) {
		print_list();
		return SWATCH_OK;
	}
	const struct command *command = command_find(argv[optind]);
	if (!command)
		return explain_external(argv[optind]);
	command_print_usage(stdout, command, true);
	return SWATCH_OK;
}

const struct command command_help = {
	.name = "help",
	.usage = "[COMMAND]",
	.summary = "list the commands, or explain one",
	.max_arguments = 1,
	.run = run_help,
};
