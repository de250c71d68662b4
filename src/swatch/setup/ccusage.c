/* Finds ccusage and the program that runs it, and writes paths that a service finds. */
#include "swatch/setup/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "program/argv.h"
#include "base/scope.h"
#include "ccusage/command.h"
#include "ccusage/find.h"
#include "ccusage/run.h"

#define TRY_TIMEOUT_MS 20000

/*
 * Writes a word as [ccusage] command has it: paths in quotes, and with \; since " ;" begins a comment even
 * there.
 */
static char *quote_for_config(const char *word)
{
	struct buf out = BUF_INIT;
	if (word[0] != '/')
		return strdup(word);
	buf_append_char(&out, '"');
	for (const char *c = word; *c; c++) {
		if (strchr("\\\";", *c))
			buf_append_char(&out, '\\');
		buf_append_char(&out, *c);
	}
	buf_append_char(&out, '"');
	return buf_detach(&out);
}

/* Runs it with a service's PATH, asking for its version instead of the report. */
static void run_as_service(const struct config *config, char *const *words, struct run *run)
{
	char version[] = "--version";
	size_t count = 0;
	AUTO_FREE char **argv = calloc(argv_count(words) + 2, sizeof(*argv));
	const char *path = getenv("PATH");
	AUTO_FREE char *kept = path ? strdup(path) : NULL;
	if (!argv || (path && !kept)) {
		run_fail_start(run, ENOMEM);
		return;
	}
	for (; words[count] && strcmp(words[count], ccusage_refresh_arguments[0]) != 0; count++)
		argv[count] = words[count];
	argv[count] = version;
	(void)setenv("PATH", CCUSAGE_SERVICE_PATH, 1);
	ccusage_run(config, argv[0], argv, TRY_TIMEOUT_MS, run);
	if (kept)
		(void)setenv("PATH", kept, 1);
	else
		(void)unsetenv("PATH");
}

/* Returns false after setup_fail(), or when this process was interrupted. */
static bool try_out(struct setup *setup, char *const *words)
{
	struct run run;
	AUTO_BUF why = BUF_INIT;
	run_as_service(&setup->invocation->config, words, &run);
	bool good = run_is_good(&run);
	if (run.outcome == RUN_INTERRUPTED)
		setup->interrupted = run.code;
	else if (good)
		setup_item(setup, STYLE_PLAIN, "tried with a service's PATH: it says %.*s",
			   (int)strcspn(buf_str(&run.out), "\r\n"), buf_str(&run.out));
	ccusage_run_describe(&run, words, &why);
	if (!good && !setup->interrupted)
		setup_fail(setup, "left as it is, because this command does not run: %s", buf_message(&why));
	run_release(&run);
	return good;
}

static void write_command(struct setup *setup, char *const *words)
{
	struct argv_list quoted = { 0 };
	bool good = true;
	for (; good && *words; words++)
		good = argv_list_add(&quoted, quote_for_config(*words));
	if (!good)
		setup_fail(setup, "out of memory");
	else if (setup_set_config(setup, "ccusage", "command", (const char *const *)quoted.words))
		setup_done(setup, "done");
	argv_free(quoted.words);
}

/* Whether the config has this command already. */
static bool is_configured(const struct config *config, char *const *words)
{
	AUTO_BUF error = BUF_INIT;
	char **present = argv_split(config->ccusage_command, &error);
	size_t same = 0;
	while (present && present[same] && words[same] && strcmp(present[same], words[same]) == 0)
		same++;
	bool is_same = present && !present[same] && !words[same];
	argv_free(present);
	return is_same;
}

static void use(struct setup *setup, const struct ccusage_found *found, bool is_set)
{
	AUTO_BUF command = BUF_INIT;
	for (size_t i = 0; found->words[i]; i++)
		buf_printf(&command, "%s%s", i > 0 ? " " : "", found->words[i]);
	if (is_configured(&setup->invocation->config, found->words)) {
		setup_item(setup, STYLE_GOOD, "already so: %s", buf_str(&command));
	} else if (found->service_finds_it && !is_set) {
		setup_item(setup, STYLE_GOOD, "%s is where a service finds it", setup_path(found->script));
	} else {
		setup_item(setup, STYLE_PLAIN,
			   "set [ccusage] command in %s, since a service has a short PATH:",
			   setup_path(setup->config_path));
		setup_item(setup, STYLE_STRONG, "%s", buf_str(&command));
		if (setup_agree(setup, true) && try_out(setup, found->words))
			write_command(setup, found->words);
	}
}

static void find_and_use(struct setup *setup, bool is_set)
{
	struct ccusage_found found;
	if (!ccusage_find(&found))
		setup_fail(setup, "out of memory");
	else if (!found.script)
		setup_item(setup, STYLE_PLAIN,
			   "not found; swatch works without it, but nothing checks its figures");
	else if (found.missing)
		setup_item(setup, STYLE_NOTE,
			   "found %s, but not %s, which it needs; swatch works without ccusage",
			   setup_path(found.script), found.missing);
	else
		use(setup, &found, is_set);
	ccusage_found_release(&found);
}

void setup_ccusage(struct setup *setup)
{
	const struct config *config = &setup->invocation->config;
	bool ours, is_set;
	setup_row(setup, "ccusage");
	if (!setup_look_config(setup, "ccusage", "command", &is_set, &ours)) {
		setup_flush(setup);
		return;
	}
	if (config->billing_source == BILLING_NATIVE)
		setup_item(setup, STYLE_PLAIN, "not wanted: [billing] source = native");
	else if (!*config->ccusage_command)
		setup_item(setup, STYLE_PLAIN, "not wanted: [ccusage] command is empty");
	else if (is_set && !ours)
		setup_item(setup, STYLE_GOOD, "[ccusage] command is your own: %s", config->ccusage_command);
	else
		find_and_use(setup, is_set);
	setup_flush(setup);
}
