/* swatch expire: has the daemon remove the files of old sessions, or lists them. */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cache/read.h"
#include "swatch/cli/command.h"
#include "swatch/cli/daemon_call.h"
#include "swatch/ui/human.h"
#include "swatch/ui/page.h"
#include "swatch/ui/terminal.h"

#define ANSWER_TIMEOUT_MS (30 * CLOCK_SECOND_MS)

static const char *explain_reason(const char *reason)
{
	if (reason && strcmp(reason, "age") == 0)
		return "idle for long";
	if (reason && strcmp(reason, "count") == 0)
		return "too many files";
	if (reason && strcmp(reason, "vanished") == 0)
		return "transcript gone";
	return reason ? reason : "?";
}

static void print_removed(struct page *page, struct json_object *entry, int64_t now_ms)
{
	const char *id = json_get_string(entry, "sessionId");
	int64_t active_ms = json_get_int(entry, "lastActivity", 0);
	page_line(page, STYLE_PLAIN, 4, "%-38s  %-16s %s", id ? id : "?",
		  explain_reason(json_get_string(entry, "reason")),
		  active_ms > 0 ? human_ago(active_ms, now_ms, HUMAN_TEXT) : "");
}

static bool print_answer(struct json_object *answer, bool dry_run)
{
	struct page page;
	int64_t now_ms = clock_wall_ms();
	size_t count;
	struct json_object *removed = json_get_array(answer, "removed", &count);
	page_init(&page, terminal_wants_colour(STDOUT_FILENO));
	for (size_t i = 0; i < count; i++)
		print_removed(&page, json_object_array_get_idx(removed, i), now_ms);
	if (count == 0)
		page_line(&page, STYLE_PLAIN, 0, "nothing to remove");
	else
		page_line(&page, STYLE_STRONG, 0, "%s %s",
			  human_counted((int64_t)count, "session file", HUMAN_TEXT),
			  dry_run ? "would be removed" : "removed");
	int64_t next_ms = json_get_int(answer, "nextAt", 0);
	if (next_ms > 0)
		page_line(&page, STYLE_QUIET, 0, "the daemon looks again at %s (%s)",
			  human_clock(next_ms, now_ms, HUMAN_TEXT), human_ago(next_ms, now_ms, HUMAN_TEXT));
	return page_print(&page);
}

static int run_expire(struct invocation *invocation, int argc, char **argv)
{
	bool dry_run = false;
	int status;
	const struct command_target targets[] = { { 'n', &dry_run, NULL }, { 0 } };
	if (!command_read_options(invocation, argc, argv, targets, &status))
		return status;
	AUTO_JSON *answer = NULL;
	status = daemon_ask(invocation,
			    dry_run ? "{\"op\":\"expire\",\"dryRun\":true}" : "{\"op\":\"expire\"}",
			    ANSWER_TIMEOUT_MS, &answer);
	return status == SWATCH_OK && !print_answer(answer, dry_run) ? SWATCH_FAILED : status;
}

static const struct command_option options[] = {
	{ "dry-run", 'n', NULL, "only list the files that would be removed" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_expire = {
	.name = "expire",
	.usage = "[--dry-run]",
	.summary = "remove the files of old sessions now",
	.options = options,
	.flags = COMMAND_NEEDS_CACHE | COMMAND_ACTS,
	.run = run_expire,
};
