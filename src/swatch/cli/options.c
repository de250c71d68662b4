/* Reads the options of commands, and prints their usage. */
#include "swatch/cli/command.h"

#include <getopt.h>
#include <string.h>

#include "swatch/ui/terminal.h"

#define MAX_OPTIONS 16
#define HELP_COLUMN 22
#define HELP_COLUMNS 80
#define USAGE_INDENT 14

/*
 * Prints a text from column `at` on, in lines of HELP_COLUMNS columns; all but the first are indented. A
 * usage breaks before a bracket only: its options stay with their arguments.
 */
static void print_wrapped(FILE *out, const char *text, int at, int indent, bool is_usage)
{
	for (bool first = true; *text; first = false) {
		size_t len = strcspn(text, " ");
		while (is_usage && text[len] == ' ' && text[len + 1] != '[')
			len += 1 + strcspn(text + len + 1, " ");
		bool fits = at + !first + (int)len <= HELP_COLUMNS;
		if (!fits && at > indent) {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
		} else if (!first) {
			at += fprintf(out, " ");
		}
		at += fprintf(out, "%.*s", (int)len, text);
		text += len + (text[len] == ' ');
	}
	fprintf(out, "\n");
}

static void print_option(FILE *out, const char *name, const char *argument, const char *text)
{
	int width = fprintf(out, "  --%s%s%s", name, argument ? " " : "", argument ? argument : "");
	if (width >= HELP_COLUMN)
		width = fprintf(out, "\n") - 1;
	fprintf(out, "%*s", HELP_COLUMN - width, "");
	print_wrapped(out, text, HELP_COLUMN, HELP_COLUMN, false);
}

void command_print_usage(FILE *out, const struct command *command, bool whole)
{
	int width = fprintf(out, "usage: swatch %s%s", command->name, *command->usage ? " " : "");
	print_wrapped(out, command->usage, width, USAGE_INDENT, true);
	if (!whole)
		return;
	fprintf(out, "\n%s\n\n", command->summary);
	for (const struct command_option *option = command->options; option && option->name; option++)
		print_option(out, option->name, option->argument, option->text);
	print_option(out, "help", NULL, "this text");
	fprintf(out, "\nmanual: man swatch-%s\n", command->name);
}

/* getopt_long() left the faulty option in argv[optind - 1], or its letter in optopt. */
static void say_bad_option(const struct command *command, int verdict, char **argv, int known_letter)
{
	const char *given = argv[optind - 1];
	if (verdict == ':')
		terminal_error("%s: option '%s' needs an argument", command->name, given);
	else if (optopt != 0 && known_letter == 0)
		terminal_error("%s: unknown option '-%c'", command->name, optopt);
	else if (known_letter != 0)
		terminal_error("%s: option '%s' takes no argument", command->name, given);
	else
		terminal_error("%s: unknown option '%s'", command->name, given);
	command_print_usage(stderr, command, false);
}

int command_next_option(const struct invocation *invocation, int argc, char **argv)
{
	const struct command *command = invocation->command;
	struct option options[MAX_OPTIONS + 2] = { { "help", no_argument, NULL, 'h' } };
	size_t count = 1;
	for (const struct command_option *option = command->options;
	     option && option->name && count <= MAX_OPTIONS; option++)
		options[count++] =
			(struct option){ option->name, option->argument != NULL, NULL, option->letter };
	opterr = 0;
	optopt = 0;
	int found = getopt_long(argc, argv, ":h", options, NULL);
	if (found == -1 && argc - optind > command->max_arguments) {
		terminal_error("%s: unexpected argument '%s'", command->name,
			       argv[optind + command->max_arguments]);
		command_print_usage(stderr, command, false);
		return COMMAND_OPTIONS_BAD;
	}
	if (found == -1)
		return COMMAND_OPTIONS_END;
	if (found == 'h') {
		command_print_usage(stdout, command, true);
		return COMMAND_OPTIONS_HELP;
	}
	if (found == '?' || found == ':') {
		/* After --flag=value, optopt has the letter of a known option. */
		int known = 0;
		for (size_t i = 0; i < count; i++)
			if (optopt != 0 && options[i].val == optopt
			    && strncmp(argv[optind - 1], "--", 2) == 0)
				known = optopt;
		say_bad_option(command, found, argv, known);
		return COMMAND_OPTIONS_BAD;
	}
	return found;
}

bool command_read_options(const struct invocation *invocation, int argc, char **argv,
			  const struct command_target *targets, int *status)
{
	int option;
	while ((option = command_next_option(invocation, argc, argv)) >= 0) {
		for (const struct command_target *target = targets; target && target->letter != 0; target++) {
			if (target->letter == option && target->flag)
				*target->flag = true;
			else if (target->letter == option)
				*target->argument = optarg;
		}
	}
	*status = command_options_status(option);
	return option == COMMAND_OPTIONS_END;
}

int command_options_status(int option)
{
	return option == COMMAND_OPTIONS_HELP ? SWATCH_OK : SWATCH_USAGE;
}
