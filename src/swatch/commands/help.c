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
	puts("\nFor more, run: swatch help COMMAND; manuals: swatch(1), swatchd(8), swatch.conf(5)");
}

/* Becomes the external command `name` with --help. Returns only when that fails. */
static int explain_external(char *name)
{
	char *path = program_find_external(name);
	if (!path)
		return command_say_unknown(name);
	char help[] = "--help";
	char *argv[] = { path, help, NULL };
	(void)terminal_flush();
	execv(path, argv);
	terminal_error("cannot run %s: %s", path, strerror(errno));
	free(path);
	return SWATCH_FAILED;
}

static int run_help(struct invocation *invocation, int argc, char **argv)
{
	int status;
	if (!command_read_options(invocation, argc, argv, NULL, &status))
		return status;
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
