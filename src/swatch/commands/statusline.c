/* swatch statusline: a line for Claude Code. main.c of this room runs most statuslines itself. */
#include "swatch/cli/command.h"
#include "swatch/statusline/presets.h"
#include "swatch/statusline/statusline.h"
#include "swatch/ui/terminal.h"

static const struct command_option options[] = {
	{ "format", 'f', "FORMAT", "the format to use; see swatch-statusline(1)" },
	{ "preset", 'p', "NAME", "a built-in format: ccusage, compact, full, powerline, plain" },
	{ "subagents", 's', NULL, "serve Claude Code's subagentStatusLine (deprecated) instead" },
	{ "preview", 'v', NULL, "show the presets, or the given format, with made-up figures" },
	{ "check-format", 'c', NULL, "check the given format, or the configured one" },
	{ NULL, 0, NULL, NULL }
};

static int preview(const struct statusline_options *wanted)
{
	AUTO_BUF out = BUF_INIT;
	statusline_preview(wanted, &out);
	return terminal_print(&out) ? SWATCH_OK : SWATCH_FAILED;
}

static int check(const struct statusline_options *wanted)
{
	AUTO_BUF error = BUF_INIT;
	if (!statusline_check(wanted, &error)) {
		terminal_error("%s", buf_message(&error));
		return SWATCH_USAGE;
	}
	puts("the format is right");
	return SWATCH_OK;
}

static int run_statusline(struct invocation *invocation, int argc, char **argv)
{
	struct statusline_options wanted = { .config_path = invocation->config_option,
					     .cache_path = invocation->cache_option };
	bool show_preview = false, only_check = false;
	int status;
	const struct command_target targets[] = {
		{ 'f', NULL, &wanted.format }, { 'p', NULL, &wanted.preset },
		{ 's', &wanted.subagents, NULL }, { 'v', &show_preview, NULL },
		{ 'c', &only_check, NULL }, { 0 }
	};
	if (!command_read_options(invocation, argc, argv, targets, &status))
		return status;
	if (show_preview && wanted.preset && !statusline_preset_find(wanted.preset)) {
		terminal_error("statusline: there is no preset '%s'; there are: ccusage, compact, full, "
			       "powerline, plain",
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
