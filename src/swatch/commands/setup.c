/* swatch setup: connects swatch with ccusage, the service and the statusline; --undo takes it back. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/whose_home.h"
#include "config/config.h"
#include "swatch/cli/command.h"
#include "swatch/setup/setup.h"
#include "swatch/statusline/presets.h"
#include "swatch/statusline/statusline.h"
#include "swatch/ui/terminal.h"

static void say_who(struct setup *setup)
{
	const char *other = getenv("SUDO_USER");
	if (geteuid() != 0)
		return;
	setup_row(setup, "root");
	if (other && *other && strcmp(other, "root") != 0)
		setup_item(setup, STYLE_NOTE, "you are root by sudo: this sets up root's own Claude Code; "
					      "for %s, run it without sudo", other);
	else
		setup_item(setup, STYLE_NOTE, "you are root: this sets up root's own Claude Code, not "
					      "another user's");
	setup_flush(setup);
}

/* ---- the result ---- */

/* Shows that the daemon answers, and what a statusline will look like. */
static void verify(struct setup *setup)
{
	struct statusline_options shown = { 0 };
	AUTO_BUF line = BUF_INIT;
	const struct config *config = &setup->invocation->config;
	pid_t pid = setup->expects_daemon ? setup_await_daemon(setup) : setup_find_daemon(setup, NULL);
	setup_row(setup, "daemon");
	if (pid > 0)
		setup_item(setup, STYLE_GOOD, "swatchd answers (pid %ld)", (long)pid);
	else if (setup->expects_daemon)
		setup_fail(setup,
			   "swatchd does not answer on its socket; for the reason, run: swatch doctor");
	else
		setup_item(setup, STYLE_NOTE, "swatchd does not run: the statusline has no figures until it "
					      "does");
	setup_flush(setup);
	shown.format = *config->statusline_format ? config->statusline_format
						  : statusline_presets[config->statusline_preset].format;
	statusline_preview(&shown, &line);
	printf("\nWhat a session will show, with made-up figures:\n%s\n", buf_str(&line));
}

static int conclude(struct setup *setup, bool undo)
{
	if (setup->interrupted)
		return SWATCH_FAILED;
	if (setup->dry_run) {
		puts(setup->changes > 0 ? "\nnothing was done (--dry-run)" : "\nnothing to do");
		return setup->failed ? SWATCH_FAILED : SWATCH_OK;
	}
	if (setup->changes > 0 && !setup->assume_yes && !setup->can_ask) {
		(void)terminal_flush();
		terminal_error("setup: nothing was done: there is no terminal to ask; --yes does all of "
			       "this, --dry-run only shows it");
		return SWATCH_USAGE;
	}
	if (!undo) {
		verify(setup);
		puts(setup->failed ? "next: swatch doctor, which says what to do about what failed"
				   : "next: swatch doctor checks all of it; swatch setup --undo takes it "
				     "back");
	}
	return setup->failed ? SWATCH_FAILED : SWATCH_OK;
}

/* ---- the command ---- */

static bool prepare(struct setup *setup)
{
	AUTO_BUF error = BUF_INIT;
	page_init(&setup->page, terminal_wants_colour(STDOUT_FILENO));
	setup->can_ask = isatty(STDIN_FILENO) == 1;
	setup->config_path = config_default_path();
	/* systemctl --user would talk to that user's systemd. */
	bool good = whose_home_has("XDG_RUNTIME_DIR", &error) && setup_record_load(&setup->record, &error);
	if (!good)
		terminal_error("setup: %s", buf_message(&error));
	else if (!setup->config_path)
		terminal_error("setup: cannot tell where swatch.conf is: %s", paths_why_none());
	return good && setup->config_path;
}

static void release(struct setup *setup)
{
	for (size_t i = 0; i < setup->claude_count; i++)
		free(setup->claude[i]);
	free(setup->config_path);
	setup_record_release(&setup->record);
	page_release(&setup->page);
}

static void run_steps(struct setup *setup)
{
	/*
	 * The service's conditions want Claude Code's directory, which the statusline's step makes if need
	 * be.
	 */
	static void (*const steps[])(struct setup *) = { setup_claude, setup_ccusage, setup_statusline,
							 setup_service };
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !setup->interrupted; i++)
		steps[i](setup);
}

static int run_setup(struct invocation *invocation, int argc, char **argv)
{
	struct setup setup = { .invocation = invocation };
	bool undo = false;
	int status;
	const struct command_target targets[] = {
		{ 'y', &setup.assume_yes, NULL }, { 'n', &setup.dry_run, NULL }, { 'u', &undo, NULL }, { 0 }
	};
	if (!command_read_options(invocation, argc, argv, targets, &status))
		return status;
	if (invocation->config_option || invocation->cache_option) {
		terminal_error("setup: a service and a statusline are not started with --config or --cache; "
			       "put [cache] directory into swatch.conf");
		return SWATCH_USAGE;
	}
	status = SWATCH_FAILED;
	if (prepare(&setup)) {
		say_who(&setup);
		if (undo)
			setup_undo(&setup);
		else
			run_steps(&setup);
		status = conclude(&setup, undo);
	}
	int interrupted = setup.interrupted;
	release(&setup);
	command_end_by(interrupted);
	return status;
}

static const struct command_option options[] = {
	{ "yes", 'y', NULL, "take all steps without asking" },
	{ "dry-run", 'n', NULL, "show the steps, and change nothing" },
	{ "undo", 'u', NULL, "undo what setup has done" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_setup = {
	.name = "setup",
	.usage = "[--yes] [--dry-run] [--undo]",
	.summary = "connect ccusage, the service and the statusline, showing each step first",
	.options = options,
	.flags = COMMAND_NEEDS_CACHE | COMMAND_ACTS,
	.run = run_setup,
};
