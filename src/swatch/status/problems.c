/* What is wrong, by the daemon's answer, and what to do about it. */
#include "swatch/status/page.h"

#include <string.h>

#include "cache/read.h"
#include "swatch/ui/human.h"

#define SHOWN_MODELS 3

struct problems {
	struct page *page;
	size_t count;
};

/* Adds one problem; `remedy` NULL when there is nothing to be done but to know. */
static void add(struct problems *problems, enum page_style style, const char *what, const char *remedy)
{
	problems->count++;
	page_line(problems->page, style, 2, "! %s", what);
	if (remedy)
		page_line(problems->page, STYLE_PLAIN, 4, "  > %s", remedy);
}

static void check_version(struct problems *problems, struct json_object *answer)
{
	const char *version = json_get_string(answer, "version");
	if (!version || strcmp(version, PACKAGE_VERSION) == 0)
		return;
	struct buf what = BUF_INIT;
	buf_printf(&what, "swatchd %s is running, but swatch %s is installed", version, PACKAGE_VERSION);
	add(problems, STYLE_NOTE, buf_str(&what), "systemctl --user restart swatchd");
	buf_release(&what);
}

static void check_roots(struct problems *problems, struct json_object *answer)
{
	size_t count;
	size_t there = 0;
	struct json_object *roots = status_array(answer, "watch", "roots", &count);
	for (size_t i = 0; i < count; i++) {
		const char *state = json_get_string(json_object_array_get_idx(roots, i), "state");
		there += state && strcmp(state, "missing") != 0;
	}
	if (there > 0)
		return;
	const char *path = count > 0 ? json_get_string(json_object_array_get_idx(roots, 0), "path") : NULL;
	struct buf what = BUF_INIT;
	if (path)
		buf_printf(&what, "there are no transcripts: %s does not exist", path);
	else
		buf_append_str(&what, "there are no transcripts: no projects directory is known");
	add(problems, STYLE_BAD, buf_str(&what),
	    "they appear with the first Claude Code session; kept elsewhere? set CLAUDE_CONFIG_DIR for the daemon, or "
	    "[watch] paths in the config");
	buf_release(&what);
}

static void check_polled(struct problems *problems, struct json_object *answer)
{
	size_t listed;
	int64_t count = status_number(answer, "watch", "polledDirectories");
	struct json_object *polled = status_array(answer, "watch", "polled", &listed);
	struct json_object *first = listed > 0 ? json_object_array_get_idx(polled, 0) : NULL;
	if (count <= 0)
		return;
	const char *why = json_get_string(first, "why");
	const char *path = json_get_string(first, "path");
	struct buf what = BUF_INIT;
	buf_printf(&what, "%s %s polled, not watched, so news come seconds later: %s", human_count(count, HUMAN_TEXT),
		   count == 1 ? "directory is" : "directories are", why ? why : "no reason given");
	if (path)
		buf_printf(&what, " (%s%s)", count == 1 ? "" : "first: ", path);
	bool is_limit = why && (strstr(why, "max_user_watches") || strstr(why, "limit") || strstr(why, "space"));
	add(problems, STYLE_NOTE, buf_str(&what),
	    is_limit ? "raise the limit: sudo sysctl fs.inotify.max_user_watches=524288, then: swatch rescan" : NULL);
	buf_release(&what);
}

static void check_refresh(struct problems *problems, struct json_object *answer, int64_t now_ms)
{
	int64_t failures = status_number(answer, "refresh", "consecutiveFailures");
	if (failures <= 0)
		return;
	const char *error = status_text(answer, "refresh", "lastError");
	const char *command = status_text(answer, "refresh", "command");
	int64_t due_ms = status_number(answer, "refresh", "nextDueAt");
	struct buf what = BUF_INIT;
	struct buf remedy = BUF_INIT;
	if (failures == 1)
		buf_append_str(&what, "the last ccusage run failed");
	else
		buf_printf(&what, "the last %s ccusage runs failed", human_count(failures, HUMAN_TEXT));
	buf_printf(&what, ": %s", error ? error : "no reason known");
	if (due_ms > 0)
		buf_printf(&what, "; next try %s", human_ago(due_ms, now_ms, HUMAN_TEXT));
	if (command)
		buf_printf(&remedy, "see what it says by hand: %s; then: swatch refresh --wait", command);
	add(problems, STYLE_BAD, buf_str(&what), command ? buf_str(&remedy) : NULL);
	buf_release(&what);
	buf_release(&remedy);
}

static void check_models(struct problems *problems, struct json_object *answer)
{
	size_t count;
	struct json_object *models = status_array(answer, "billing", "unpricedModels", &count);
	if (count == 0)
		return;
	struct buf what = BUF_INIT;
	buf_append_str(&what, "no price is known, so $0.00 is counted, for ");
	for (size_t i = 0; i < count && i < SHOWN_MODELS; i++) {
		struct json_object *model = json_object_array_get_idx(models, i);
		buf_printf(&what, "%s%s", i > 0 ? ", " : "",
			   json_object_is_type(model, json_type_string) ? json_object_get_string(model) : "?");
	}
	if (count > SHOWN_MODELS)
		buf_printf(&what, " and %zu more", count - SHOWN_MODELS);
	add(problems, STYLE_NOTE, buf_str(&what), "a pricing.json beside the config file can say what it costs, see "
	    "swatch-pricing(1)");
	buf_release(&what);
}

static void check_pricing(struct problems *problems, struct json_object *answer)
{
	const char *error = status_text(answer, "pricing", "error");
	struct buf what = BUF_INIT;
	if (!error)
		return;
	buf_printf(&what, "pricing.json is not in force: %s", error);
	add(problems, STYLE_BAD, buf_str(&what), "mend or remove it, then: systemctl --user reload swatchd");
	buf_release(&what);
}

static void check_files(struct problems *problems, struct json_object *answer)
{
	const char *error = status_text(answer, "publish", "lastError");
	if (error) {
		struct buf what = BUF_INIT;
		struct buf remedy = BUF_INIT;
		const char *directory = json_get_string(answer, "cacheDirectory");
		buf_printf(&what, "cache files cannot be written: %s", error);
		buf_printf(&remedy, "look at the space and the permissions of %s", directory ? directory : "it");
		add(problems, STYLE_BAD, buf_str(&what), buf_str(&remedy));
		buf_release(&what);
		buf_release(&remedy);
	}
	int64_t unread = status_number(answer, "tail", "failed");
	if (unread > 0) {
		struct buf what = BUF_INIT;
		buf_printf(&what, "reading transcripts failed %s since the start",
			   human_counted(unread, "time", HUMAN_TEXT));
		add(problems, STYLE_NOTE, buf_str(&what), "the daemon's log names them: journalctl --user -u swatchd");
		buf_release(&what);
	}
}

static void check_alerts(struct problems *problems, struct json_object *answer)
{
	const char *error = status_text(answer, "alerts", "lastError");
	const char *command = status_text(answer, "alerts", "command");
	int64_t failed = status_number(answer, "alerts", "failed");
	struct buf what = BUF_INIT, remedy = BUF_INIT;
	if (!error)
		return;
	buf_printf(&what, "the alert command %s: %s", failed > 0 ? "failed" : "cannot be run", error);
	buf_printf(&remedy, "see what it says by hand: %s; then: systemctl --user reload swatchd", command ? command : "?");
	add(problems, STYLE_BAD, buf_str(&what), buf_str(&remedy));
	buf_release(&what);
	buf_release(&remedy);
}

size_t status_page_add_problems(struct page *page, struct json_object *answer, int64_t now_ms)
{
	struct problems problems = { page, 0 };
	check_roots(&problems, answer);
	check_files(&problems, answer);
	check_refresh(&problems, answer, now_ms);
	check_polled(&problems, answer);
	check_models(&problems, answer);
	check_pricing(&problems, answer);
	check_alerts(&problems, answer);
	check_version(&problems, answer);
	return problems.count;
}
