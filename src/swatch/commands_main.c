/*
 * swatch-commands: the commands. The program swatch (main.c) becomes this one for everything but a statusline
 * that only runs. Here are the global options, the dispatch, and the check that stdout took everything.
 *
 * commands/ has a file for each command, cli/ what all of them share, ui/ what a person sees. A subject that
 * needs several files has a folder of its own; CONTRIBUTING.md lists them, and says how to add a command.
 *
 * Exit status: 0 good, 1 failed, 2 usage or a bad config, 3 no daemon is running, 4 no ccusage to verify
 * with.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/scope.h"
#include "program/streams.h"
#include "base/whose_home.h"
#include "swatch/cli/command.h"
#include "swatch/cli/program.h"
#include "swatch/ui/terminal.h"

static int run_command(struct invocation *invocation, int argc, char **argv)
{
	AUTO_BUF error = BUF_INIT;
	unsigned flags = invocation->command->flags;
	int status = SWATCH_OK;
	/* --help works even with a faulty config. */
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			flags = 0;
	if ((flags & COMMAND_ACTS) != 0 && !whose_home_is_ours(&error)) {
		terminal_error("%s", buf_message(&error));
		return SWATCH_USAGE;
	}
	if ((flags & COMMAND_NEEDS_CACHE) != 0)
		status = invocation_find_cache(invocation);
	/* To Claude Code, a hook's exit status 2 means that it objects: a faulty config must not. */
	for (int i = 1; status == SWATCH_USAGE && i < argc; i++)
		if (invocation->command == &command_check && strcmp(argv[i], "--hook") == 0)
			status = SWATCH_FAILED;
	if (status == SWATCH_OK) {
		optind = 0; /* glibc: start again, with another argv */
		status = invocation->command->run(invocation, argc, argv);
	}
	if ((flags & COMMAND_NEEDS_CACHE) != 0)
		invocation_release(invocation);
	return status;
}

static int dispatch(struct invocation *invocation, int argc, char **argv)
{
	const char *name = argv[0];
	invocation->command = command_find(name);
	if (invocation->command)
		return run_command(invocation, argc, argv);
	AUTO_FREE char *path = program_find_external(name);
	if (!path)
		return command_say_unknown(name);
	program_become(path, invocation, argc, argv);
	return SWATCH_FAILED;
}

static int run_help_command(struct invocation *invocation)
{
	char name[] = "help";
	char *argv[] = { name, NULL };
	return dispatch(invocation, 1, argv);
}

/* Without a command: today at a glance. */
static int run_bare(struct invocation *invocation)
{
	char name[] = "swatch";
	char *argv[] = { name, NULL };
	invocation->command = &command_glance;
	return run_command(invocation, 1, argv);
}

static int say_usage(const char *fault, const char *option)
{
	terminal_error("%s '%s'", fault, option);
	fputs("usage: swatch [--config FILE] [--cache DIR] COMMAND [ARGUMENT...]; see: swatch help\n",
	      stderr);
	return SWATCH_USAGE;
}

static int run_swatch(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "cache", required_argument, NULL, 'C' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct invocation invocation = { 0 };
	int option;
	opterr = 0;
	/* '+': the arguments after the command's name are for the command. */
	while ((option = getopt_long(argc, argv, "+:hV", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			invocation.config_option = optarg;
			break;
		case 'C':
			invocation.cache_option = optarg;
			break;
		case 'V':
			puts("swatch " PACKAGE_VERSION);
			return SWATCH_OK;
		case 'h':
			return run_help_command(&invocation);
		case ':':
			return say_usage("an argument is missing after", argv[optind - 1]);
		default:
			return say_usage("unknown option", argv[optind - 1]);
		}
	}
	if (optind >= argc)
		return run_bare(&invocation);
	return dispatch(&invocation, argc - optind, argv + optind);
}

int main(int argc, char **argv)
{
	if (!streams_make_safe())
		return SWATCH_FAILED;
	/* `swatch events | head` ends silently, even if the caller ignores SIGPIPE. */
	(void)signal(SIGPIPE, SIG_DFL);
	tzset();
	int status = argc > 0 ? run_swatch(argc, argv) : SWATCH_USAGE;
	if (terminal_flush())
		return status;
	int why = terminal_output_errno();
	terminal_error("cannot write the output: %s", why ? strerror(why) : "an earlier write failed");
	return SWATCH_FAILED;
}
