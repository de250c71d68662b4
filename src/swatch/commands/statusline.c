/* swatch statusline: a line for Claude Code. The bare run is front/main.c's, which calls the same statusline_run(). */
#include <getopt.h>

#include "swatch/cli/command.h"
#include "swatch/statusline/presets.h"
#include "swatch/statusline/statusline.h"
#include "swatch/ui/terminal.h"

static const struct command_option options[] = {
	{ "format", 'f', "FORMAT", "what to show; see swatch-statusline(1)" },
	{ "preset", 'p', "NAME", "a built-in format: ccusage, compact, full, powerline, plain" },
	{ "subagents", 's', NULL, "serve Claude Code's subagentStatusLine instead" },
	{ "preview", 'v', NULL, "show the presets, or the given format, with made-up figures" },
	{ "check-format", 'c', NULL, "check the given format, or the configured one" },
	{ NULL, 0, NULL, NULL }
};

static int preview(const struct statusline_options *wanted)
{
	struct buf out = BUF_INIT;
	statusline_preview(wanted, &out);
	bool good = !out.failed;
	if (good)
		fputs(buf_str(&out), stdout);
	else
		terminal_error("out of memory");
	buf_release(&out);
	return good ? SWATCH_OK : SWATCH_FAILED;
}

static int check(const struct statusline_options *wanted)
{
	struct buf error = BUF_INIT;
	bool good = statusline_check(wanted, &error);
	if (good)
		puts("the format is right");
	else
		terminal_error("%s", buf_message(&error));
	buf_release(&error);
	return good ? SWATCH_OK : SWATCH_USAGE;
}

static int run_statusline(struct invocation *invocation, int argc, char **argv)
{
	struct statusline_options wanted = { .config_path = invocation->config_option,
					     .cache_path = invocation->cache_option };
	bool show_preview = false, only_check = false;
	int option;
	while ((option = command_next_option(invocation, argc, argv)) >= 0) {
		switch (option) {
		case 'f':
			wanted.format = optarg;
			break;
		case 'p':
			wanted.preset = optarg;
			break;
		case 's':
			wanted.subagents = true;
			break;
		case 'v':
			show_preview = true;
			break;
		default:
			only_check = true;
			break;
		}
	}
	if (option != COMMAND_OPTIONS_END)
		return command_options_status(option);
	if (show_preview && wanted.preset && !statusline_preset_find(wanted.preset)) {
		terminal_error("statusline: there is no preset '%s'; there are: ccusage, compact, full, powerline, plain",
			       wanted.preset);
		return SWATCH_USAGE;
	}
	if (only_check)
		return check(&wanted);
	return show_preview ? preview(&wanted) : statusline_run(&wanted);
}

const struct command command_statusline = {
	.name = "statusline",
	.usage = "[--format FORMAT] [--preset NAME] [--subagents] [--preview] [--check-format]",
	.summary = "a line for Claude Code's statusLine, from its JSON on stdin and the cache files",
	.options = options,
	.run = run_statusline,
};
