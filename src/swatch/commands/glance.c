/* swatch alone: today at a glance. swatch version. */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "cache/dir.h"
#include "cache/lock.h"
#include "cache/names.h"
#include "cache/read.h"
#include "swatch/cli/command.h"
#include "swatch/cli/daemon_call.h"
#include "swatch/status/figures.h"
#include "swatch/ui/human.h"
#include "swatch/ui/page.h"
#include "swatch/ui/terminal.h"

#define SHOWN_SESSIONS 4

static bool is_in_state(struct json_object *session, const char *key, const char *wanted)
{
	const char *text = json_get_string(session, key);
	return text && strcmp(text, wanted) == 0;
}

static void show_session(struct page *page, struct json_object *session, int64_t now_ms)
{
	const char *name = json_get_string(session, "shortName"), *id = json_get_string(session, "sessionId");
	const char *model = json_get_string(session, "model");
	const char *waiting_for = json_get_string(session, "waitingFor");
	bool waits = is_in_state(session, "status", "waiting");
	AUTO_BUF text = BUF_INIT;
	if (name)
		buf_append_str(&text, name);
	else
		buf_printf(&text, "%.8s", id ? id : "?");
	if (model)
		buf_printf(&text, " (%s)", model);
	if (waits)
		buf_printf(&text, " waits for you%s%s", waiting_for ? ": " : "",
			   waiting_for ? waiting_for : "");
	else
		buf_printf(&text, " %s",
			   human_ago(json_get_int(session, "lastActivity", 0), now_ms, HUMAN_TEXT));
	page_item(page, waits ? STYLE_NOTE : STYLE_PLAIN, "%s", buf_str(&text));
}

/* Those that wait for a person first; sessions.json has them by their last activity. */
static void show_sessions(struct page *page, struct json_object *list, int64_t now_ms)
{
	size_t count, shown = 0, active = 0;
	struct json_object *sessions = json_get_array(list, "sessions", &count);
	for (int waiting = 1; waiting >= 0; waiting--)
		for (size_t i = 0; i < count; i++) {
			struct json_object *session = json_object_array_get_idx(sessions, i);
			if (!is_in_state(session, "state", "active")
			    || is_in_state(session, "status", "waiting") != (waiting == 1))
				continue;
			if (active++ == 0)
				page_row(page, "sessions");
			if (shown < SHOWN_SESSIONS) {
				show_session(page, session, now_ms);
				shown++;
			}
		}
	if (active > shown)
		page_item(page, STYLE_QUIET, "%zu more", active - shown);
}

static int run_glance(struct invocation *invocation, int argc, char **argv)
{
	struct page page;
	struct figures figures;
	int64_t now_ms = clock_wall_ms();
	AUTO_BUF error = BUF_INIT;
	AUTO_BUF hint = BUF_INIT;
	(void)argc;
	(void)argv;
	AUTO_CLOSE int dir_fd = cache_dir_open(invocation->cache_dir, false, &error);
	bool daemon_lives = dir_fd >= 0 && cache_lock_is_held(dir_fd);
	AUTO_JSON *list = dir_fd >= 0 ? cache_read_json(dir_fd, CACHE_SESSIONS_FILE) : NULL;
	figures_load(&figures, invocation->cache_dir, daemon_lives, now_ms);
	page_init(&page, terminal_wants_colour(STDOUT_FILENO));
	figures_show(&figures, &page, now_ms);
	figures_show_limits(&figures, &page, now_ms);
	if (daemon_lives)
		show_sessions(&page, list, now_ms);
	if (!daemon_lives) {
		daemon_start_hint(invocation, &hint);
		page_line(&page, STYLE_NOTE, 2,
			  "swatchd is not running, so these figures do not change; start it: %s",
			  buf_str(&hint));
	}
	page_line(&page, STYLE_QUIET, 2,
		  "more: swatch status, swatch top, swatch daily; all commands: swatch help");
	return page_print(&page) ? SWATCH_OK : SWATCH_FAILED;
}

const struct command command_glance = {
	.name = "",
	.usage = "",
	.summary = "today at a glance",
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_glance,
};

static int run_version(struct invocation *invocation, int argc, char **argv)
{
	int status;
	if (!command_read_options(invocation, argc, argv, NULL, &status))
		return status;
	puts("swatch " PACKAGE_VERSION);
	return SWATCH_OK;
}

const struct command command_version = {
	.name = "version",
	.usage = "",
	.summary = "show the version",
	.run = run_version,
};
