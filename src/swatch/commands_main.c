/*
 * swatch-commands: the commands, which the program swatch (front/main.c) becomes, but for a statusline that just runs.
 *
 * The map:
 *   main.c               this file: global options, dispatch, and the check that stdout took everything
 *   command.h            what a command is; how to add one
 *   command_table.c      the table of them all
 *   command_needs.c      the config and the cache directory, which most commands need
 *   command_options.c    their options and usage texts, by the table's data
 *   cmd-NAME.c           one command each
 *   program.c            other programs: swatchd, and external commands swatch-NAME
 *
 *   statusline.c         what cmd-statusline.c and front/main.c do; its own map is in statusline.h
 *
 *   daemon_call.c        asking the daemon of this cache directory, and what to say when there is none
 *   client.c             the socket: one line out, lines in, with limits and timeouts
 *
 *   status_page.c        the page of `swatch status`; status_problems.c: what is wrong; status_offline.c: no daemon
 *   report_command.c     what blocks, daily, weekly, monthly and sessions do: report_options.c, report_fetch.c (from
 *                        the daemon, or report_scan.c in this process), report_table.c and report_table_blocks.c
 *   check.c              what `check` judges; doctor.h: what doctor looks at, part by part
 *   setup.h              what setup does, part by part; user_service.c: the user's systemd, for doctor and setup
 *   table.c              columns fitted to the terminal; json_pretty.c: JSON set out in lines
 *   verify.h             what verify does, part by part; capture.c: running a program to its end
 *   prices.c             the prices in force; pricing_page.c: the page of `swatch pricing`
 *   cmd-top.c            becomes the program swatch-top (top/main.c), whose options are in top_options.c
 *
 *   figures.c            what billing-shared.json says, judged by now
 *   event_text.c         one event as a line for people
 *   page.c               lines and wrapped rows; human.c: numbers and times as people read them
 *   terminal.c           cleaning what goes to a terminal, colours, error messages
 *   suggest.c            what a mistyped word was meant to be
 *
 * Exit status: 0 good, 1 failed, 2 usage or a bad config, 3 no daemon is running,
 * 4 no ccusage to verify with.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/streams.h"
#include "swatch/cli/command.h"
#include "swatch/cli/program.h"
#include "swatch/ui/terminal.h"

/* ---- running ---- */

static int run_command(struct invocation *invocation, int argc, char **argv)
{
	int status = SWATCH_OK;
	bool needs_cache = (invocation->command->flags & COMMAND_NEEDS_CACHE) != 0;
	/* Help must not fail over a config. */
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			needs_cache = false;
	if (needs_cache)
		status = invocation_find_cache(invocation);
	if (status == SWATCH_OK) {
		optind = 0; /* glibc: start anew, with another argv */
		status = invocation->command->run(invocation, argc, argv);
	}
	if (needs_cache)
		invocation_release(invocation);
	return status;
}

static int dispatch(struct invocation *invocation, int argc, char **argv)
{
	const char *name = argv[0];
	invocation->command = command_find(name);
	if (invocation->command)
		return run_command(invocation, argc, argv);
	char *path = program_find_external(name);
	if (path) {
		program_become(path, invocation->config_option, invocation->cache_option, argc, argv);
		free(path);
		return SWATCH_FAILED;
	}
	return command_say_unknown(name);
}

/* ---- the program ---- */

static int run_help_command(struct invocation *invocation)
{
	char name[] = "help";
	char *argv[] = { name, NULL };
	return dispatch(invocation, 1, argv);
}

/* `fault` and `option` NULL: no command was given. */
static int say_usage(const char *fault, const char *option)
{
	if (fault)
		terminal_error("%s '%s'", fault, option);
	fputs("usage: swatch [--config FILE] [--cache DIR] COMMAND [ARGUMENT...]; see: swatch help\n", stderr);
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
	/* '+': what follows the command's name is the command's. */
	while ((option = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
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
		return say_usage(NULL, NULL);
	return dispatch(&invocation, argc - optind, argv + optind);
}

int main(int argc, char **argv)
{
	if (!streams_make_safe())
		return SWATCH_FAILED;
	/* `swatch events | head` ends without a word, also where the caller ignores SIGPIPE. */
	(void)signal(SIGPIPE, SIG_DFL);
	tzset();
	int status = argc > 0 ? run_swatch(argc, argv) : SWATCH_USAGE;
	if (terminal_flush())
		return status;
	int why = terminal_output_errno();
	terminal_error("cannot write the output: %s", why ? strerror(why) : "an earlier write failed");
	return SWATCH_FAILED;
}
