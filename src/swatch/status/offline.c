#include "swatch/status/offline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/printable.h"
#include "base/scope.h"
#include "cache/dir.h"
#include "cache/names.h"
#include "cache/read.h"
#include "json/write.h"
#include "swatch/cli/daemon_call.h"
#include "swatch/status/figures.h"
#include "swatch/cli/user_service.h"
#include "swatch/ui/human.h"
#include "swatch/ui/page.h"
#include "swatch/ui/terminal.h"

/* What the cache directory says. */
struct remains {
	struct buf cannot_open;          /* why the directory cannot be read; empty when it can */
	bool has_lock_holder;
	struct cache_lock_holder holder;
	struct figures figures;
	bool has_sessions;
	int64_t sessions_updated_ms;
	int64_t sessions_total;
	int64_t sessions_active;
};

static void look(const struct invocation *invocation, struct remains *found, int64_t now_ms)
{
	memset(found, 0, sizeof(*found));
	AUTO_CLOSE int dir_fd = cache_dir_open(invocation->cache_dir, false, &found->cannot_open);
	if (dir_fd < 0)
		return;
	found->has_lock_holder = daemon_find_lock_holder(invocation, &found->holder);
	AUTO_JSON *billing = cache_read_json(dir_fd, CACHE_BILLING_FILE);
	/* No daemon answers, so no figure is fresh, even while somebody holds the lock. */
	figures_read(&found->figures, billing, false, now_ms);
	if (found->has_lock_holder && cache_is_unwritten(dir_fd))
		figures_note_unwritten(&found->figures);
	AUTO_JSON *sessions = cache_read_json(dir_fd, CACHE_SESSIONS_FILE);
	found->has_sessions = sessions != NULL;
	found->sessions_updated_ms = json_get_int(sessions, "lastUpdated", 0);
	found->sessions_total = json_get_int(sessions, "totalSessions", 0);
	found->sessions_active = json_get_int(sessions, "activeSessions", 0);
}

static void show_title(struct page *page, const struct invocation *invocation, const struct remains *found,
		       enum client_state state, const char *why)
{
	AUTO_BUF hint = BUF_INIT;
	char killing[32] = "";
	/* 0: the disk was full when it started, so it could not write its pid. */
	if (found->holder.pid > 0)
		snprintf(killing, sizeof(killing), "kill %ld, or ", (long)found->holder.pid);
	if (daemon_is_absent(state) && !found->has_lock_holder) {
		page_line(page, STYLE_BAD, 2, "swatchd is not running");
		page_line(page, STYLE_PLAIN, 2, "%s", why);
		daemon_start_hint(invocation, &hint);
		page_line(page, STYLE_PLAIN, 4, "  > start it: %s", buf_str(&hint));
	} else if (daemon_is_absent(state)) {
		AUTO_BUF who = BUF_INIT;
		daemon_name_holder(&found->holder, &who);
		page_line(page, STYLE_BAD, 2, "swatchd holds the lock (%s), but does not listen",
			  buf_str(&who));
		page_line(page, STYLE_PLAIN, 2, "%s", why);
		page_line(page, STYLE_PLAIN, 4, "  > 'once' is one refresh and ends by itself, and a daemon "
						"that starts listens soon; if this stays: %s%s", killing,
			  user_service_hint(HINT_RESTART));
	} else {
		page_line(page, STYLE_BAD, 2, "swatchd cannot be reached");
		page_line(page, STYLE_PLAIN, 2, "%s", why);
		if (state != CLIENT_BAD_PATH)
			page_line(page, STYLE_PLAIN, 4, "  > if it hangs: %s; its log: %s",
				  user_service_hint(HINT_RESTART), user_service_hint(HINT_LOG));
	}
}

static void show_page(const struct invocation *invocation, const struct remains *found,
		      enum client_state state, const char *why, int64_t now_ms)
{
	struct page page;
	page_init(&page, terminal_wants_colour(STDOUT_FILENO));
	show_title(&page, invocation, found, state, why);
	page_blank_line(&page);
	if (found->cannot_open.len > 0) {
		page_line(&page, STYLE_PLAIN, 2, "no cache files: %s", buf_str(&found->cannot_open));
	} else {
		figures_show(&found->figures, &page, now_ms);
		figures_show_limits(&found->figures, &page, now_ms);
		page_row(&page, "sessions");
		if (found->has_sessions)
			page_item(&page, STYLE_PLAIN, "%s, %s active",
				  human_counted(found->sessions_total, "session", HUMAN_TEXT),
				  human_count(found->sessions_active, HUMAN_TEXT));
		else
			page_item(&page, STYLE_NOTE, "none yet: %s is missing", CACHE_SESSIONS_FILE);
		if (found->sessions_updated_ms > 0)
			page_item(&page, STYLE_NOTE, "as of %s (%s)",
				  human_clock(found->sessions_updated_ms, now_ms, HUMAN_TEXT),
				  human_ago(found->sessions_updated_ms, now_ms, HUMAN_TEXT));
	}
	page_row(&page, "cache");
	page_path(&page, STYLE_QUIET, invocation->cache_dir);
	if (invocation->socket_path) {
		page_row(&page, "socket file");
		page_path(&page, STYLE_QUIET, invocation->socket_path);
	}
	(void)page_print(&page);
}

static void put_age(struct jsonw *w, int64_t at_ms, int64_t now_ms)
{
	jsonw_key(w, "ageMs");
	if (at_ms > 0)
		jsonw_int(w, now_ms > at_ms ? now_ms - at_ms : 0);
	else
		jsonw_null(w);
}

static void write_billing(struct jsonw *w, const struct remains *found, int64_t now_ms)
{
	jsonw_key(w, "billing");
	if (!found->figures.known) {
		jsonw_null(w);
		return;
	}
	jsonw_begin_object(w);
	jsonw_put_double(w, "costToday", found->figures.today_usd);
	jsonw_put_string(w, "source", found->figures.source);
	jsonw_put_bool(w, "isFresh", found->figures.is_fresh);
	jsonw_put_int(w, "lastFetched", found->figures.fetched_ms);
	put_age(w, found->figures.fetched_ms, now_ms);
	jsonw_end_object(w);
}

static void write_sessions(struct jsonw *w, const struct remains *found, int64_t now_ms)
{
	jsonw_key(w, "sessions");
	if (!found->has_sessions) {
		jsonw_null(w);
		return;
	}
	jsonw_begin_object(w);
	jsonw_put_int(w, "total", found->sessions_total);
	jsonw_put_int(w, "active", found->sessions_active);
	jsonw_put_int(w, "lastUpdated", found->sessions_updated_ms);
	put_age(w, found->sessions_updated_ms, now_ms);
	jsonw_end_object(w);
}

static const char *state_name(enum client_state state)
{
	switch (state) {
	case CLIENT_NOT_RUNNING: return "not running";
	case CLIENT_LEFT_BEHIND: return "left behind";
	case CLIENT_BAD_PATH:    return "bad path";
	case CLIENT_LISTENING:   return "no answer";
	case CLIENT_REFUSED:     break;
	}
	return "refused";
}

static void show_json(const struct invocation *invocation, const struct remains *found,
		      enum client_state state, const char *why, int64_t now_ms)
{
	AUTO_BUF out = BUF_INIT, clean = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	jsonw_put_bool(&w, "ok", false);
	jsonw_put_bool(&w, "running", !daemon_is_absent(state));
	jsonw_put_string(&w, "state", state_name(state));
	jsonw_put_string(&w, "error", why);
	jsonw_put_string(&w, "cacheDirectory", invocation->cache_dir);
	jsonw_put_string(&w, "socket", invocation->socket_path);
	jsonw_put_bool(&w, "lockHeld", found->has_lock_holder);
	jsonw_put_bool(&w, "cannotWrite", found->figures.is_unwritten);
	jsonw_put_int(&w, "lockHolderPid", found->holder.pid);
	write_billing(&w, found, now_ms);
	write_sessions(&w, found, now_ms);
	jsonw_end_object(&w);
	buf_append_char(&out, '\n');
	printable_clean_json(&clean, buf_str(&out), out.len);
	clean.failed = clean.failed || out.failed;
	(void)terminal_print(&clean);
}

int status_offline_show(const struct invocation *invocation, enum client_state state, const char *why,
			bool as_json)
{
	struct remains found;
	int64_t now_ms = clock_wall_ms();
	look(invocation, &found, now_ms);
	if (as_json)
		show_json(invocation, &found, state, why, now_ms);
	else
		show_page(invocation, &found, state, why, now_ms);
	buf_release(&found.cannot_open);
	return daemon_is_absent(state) ? SWATCH_NO_DAEMON : SWATCH_FAILED;
}
