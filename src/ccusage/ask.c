#include "ccusage/ask.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "program/argv.h"
#include "base/scope.h"
#include "ccusage/answer.h"
#include "ccusage/differences.h"
#include "ccusage/run.h"

static const struct {
	const char *name, *list;
} reports[REPORT_KINDS] = {
	[REPORT_BLOCKS] = { "blocks", "blocks" },
	[REPORT_DAILY] = { "daily", "daily" },
	[REPORT_WEEKLY] = { "weekly", "weekly" },
	[REPORT_MONTHLY] = { "monthly", "monthly" },
	[REPORT_SESSIONS] = { "session", "sessions" },
};

const char *ccusage_list_name(enum report_kind kind)
{
	return reports[kind].list;
}

/* Runs argv. Returns false with a message unless it ended well; run_release() in any case. */
static bool run_to_end(struct ccusage_ask *ask, char *const *argv, struct run *run, struct buf *error)
{
	ccusage_run(ask->config, ask->command->path, argv, ask->config->ccusage_timeout_ms, run);
	ask->duration_ms = run->duration_ms;
	ask->has_failed = !run_is_good(run);
	if (run->outcome == RUN_INTERRUPTED)
		ask->interrupted = run->code;
	if (ask->has_failed)
		ccusage_run_describe(run, argv, error);
	return !ask->has_failed;
}

/* Runs ccusage with these arguments instead of the command's. An error begins with them. */
static bool run_with(struct ccusage_ask *ask, const char *const *arguments, struct run *run,
		     struct buf *error)
{
	size_t kept = ask->command->program_words, count = argv_count((char *const *)(uintptr_t)arguments);
	AUTO_BUF why = BUF_INIT;
	AUTO_FREE char **argv = calloc(kept + count + 1, sizeof(*argv));
	if (!argv) {
		run_fail_start(run, ENOMEM);
		return false;
	}
	memcpy(argv, ask->command->words, kept * sizeof(*argv));
	for (size_t i = 0; i < count; i++)
		argv[kept + i] = (char *)(uintptr_t)arguments[i];
	if (run_to_end(ask, argv, run, &why))
		return true;
	buf_append_str(error, ask->command->path);
	for (size_t i = 0; i < count; i++)
		buf_printf(error, " %s", arguments[i]);
	buf_printf(error, ": %s", buf_message(&why));
	return false;
}

/* Takes "20.0.24" from anywhere in the text. */
static void take_version(const char *text, struct ccusage_version *version)
{
	while (*text && !isdigit((unsigned char)*text))
		text++;
	size_t len = strspn(text, "0123456789.abcdefghijklmnopqrstuvwxyz-+");
	if (len >= sizeof(version->text))
		len = 0;
	memcpy(version->text, text, len);
	version->text[len] = '\0';
	version->is_reference = strcmp(version->text, CCUSAGE_REFERENCE_VERSION) == 0;
	version->is_older = len > 0 && strtol(version->text, NULL, 10) < 20;
}

bool ccusage_ask_version(struct ccusage_ask *ask, struct ccusage_version *version, struct buf *error)
{
	static const char *const arguments[] = { "--version", NULL };
	struct run run;
	bool good = run_with(ask, arguments, &run, error);
	*version = (struct ccusage_version){ .text = "" };
	if (good)
		take_version(buf_str(&run.out), version);
	run_release(&run);
	return good;
}

struct json_object *ccusage_ask_report(struct ccusage_ask *ask, enum report_kind kind, struct buf *error)
{
	const char *arguments[] = { "claude", reports[kind].name, "--json", "--offline",
				    ask->timezone ? "--timezone" : NULL, ask->timezone, NULL };
	struct json_object *answer = NULL;
	struct run run;
	/* The report of blocks has no agent's name before it. */
	if (run_with(ask, kind == REPORT_BLOCKS ? arguments + 1 : arguments, &run, error)) {
		AUTO_BUF why = BUF_INIT;
		answer = ccusage_answer_read(buf_str(&run.out), run.out.len, reports[kind].list, &why);
		if (!answer)
			buf_printf(error, "%s %s: %s", ask->command->path, reports[kind].name,
				   buf_message(&why));
	}
	run_release(&run);
	return answer;
}

bool ccusage_ask_refresh(struct ccusage_ask *ask, struct buf *error)
{
	struct billing_block block;
	struct run run;
	bool good = run_to_end(ask, ask->command->words, &run, error);
	if (good && ccusage_answer_parse(buf_str(&run.out), run.out.len, &block, error) != 0) {
		good = false;
		buf_append_str(error, ccusage_run_hint(&run, ask->command->words));
	}
	run_release(&run);
	return good;
}
