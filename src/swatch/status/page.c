#include "swatch/status/page.h"

#include <string.h>

#include "base/paths.h"
#include "json/get.h"
#include "swatch/status/answer.h"
#include "swatch/status/findings.h"
#include "swatch/ui/audit_text.h"
#include "swatch/ui/human.h"

/* What transcripts have that this version does not know. */
static int64_t count_unknown(struct json_object *answer, const char *key)
{
	struct json_object *object = json_get_object(json_get_object(answer, "schema"), key);
	return object ? json_object_object_length(object) : 0;
}

/* "1,503 label" */
static void put_count(struct page *page, enum page_style style, struct json_object *answer,
		      const char *section, const char *key, const char *label)
{
	page_item(page, style, "%s %s", human_count(status_number(answer, section, key), HUMAN_TEXT), label);
}

/* "1,503 nouns", "1 noun" */
static void put_counted(struct page *page, enum page_style style, struct json_object *answer,
			const char *section, const char *key, const char *noun)
{
	page_item(page, style, "%s", human_counted(status_number(answer, section, key), noun, HUMAN_TEXT));
}

/* A count that should be 0. */
static void put_faults(struct page *page, struct json_object *answer, const char *section, const char *key,
		       const char *label)
{
	put_count(page, status_number(answer, section, key) > 0 ? STYLE_NOTE : STYLE_QUIET, answer, section,
		  key, label);
}

/* "next at 14:02 (in 2m)" */
static void put_next(struct page *page, int64_t at_ms, const char *clock, int64_t now_ms)
{
	if (at_ms > 0)
		page_item(page, STYLE_PLAIN, "next at %s (%s)", clock, human_ago(at_ms, now_ms, HUMAN_TEXT));
}

/* ---- rows ---- */

static void show_title(struct page *page, struct json_object *answer, int64_t now_ms)
{
	const char *version = json_get_string(answer, "version");
	int64_t started_ms = json_get_int(answer, "startedAt", 0);
	AUTO_BUF title = BUF_INIT;
	buf_printf(&title, "swatchd %s \xC2\xB7 running", version ? version : "(version unknown)");
	if (started_ms > 0)
		buf_printf(&title, " since %s (%s)", human_clock(started_ms, now_ms, HUMAN_TEXT),
			   human_span(now_ms - started_ms, HUMAN_TEXT));
	buf_printf(&title, ", pid %lld", (long long)json_get_int(answer, "pid", 0));
	page_line(page, STYLE_STRONG, 2, "%s", buf_str(&title));
	if (json_get_bool(answer, "readingHistory", false))
		page_line(page, STYLE_NOTE, 2, "still reading the transcripts that were there at its start: "
					       "figures are not complete yet");
}

static void show_audit(struct page *page, struct json_object *answer)
{
	struct json_object *billing = json_get_object(answer, "billing");
	const char *reason = status_text(answer, "billing", "reason");
	AUTO_BUF text = BUF_INIT;
	enum audit_verdict verdict = audit_text(billing, &text);
	if (verdict != AUDIT_NONE)
		page_item(page, verdict == AUDIT_DRIFT ? STYLE_NOTE : STYLE_PLAIN, "%s", buf_str(&text));
	if (reason) {
		page_break(page);
		page_item(page, STYLE_QUIET, "%s", reason);
	}
}

/* What a state of the refresh means, where the daemon gives no reason of its own. */
static const char *explain_state(const char *state)
{
	static const struct {
		const char *name;
		const char *meaning;
	} states[] = {
		{ "off", "swatchd does not run ccusage" },
		{ "clean", "nothing new since the last run" },
		{ "settling", "waiting for the end of a burst of activity" },
		{ "waiting", "the figures are recent enough" },
		{ "running", "ccusage is at work" },
		{ "backoff", "the last run failed" },
	};
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(states[i].name, state) == 0)
			return states[i].meaning;
	return "a state that this version does not know";
}

static void show_refresh_times(struct page *page, struct json_object *answer, int64_t now_ms)
{
	int64_t started_ms = status_number(answer, "refresh", "lastStartedAt");
	int64_t finished_ms = status_number(answer, "refresh", "lastFinishedAt");
	int64_t due_ms = status_number(answer, "refresh", "nextDueAt");
	const char *state = status_text(answer, "refresh", "state");
	page_break(page);
	if (state && strcmp(state, "running") == 0 && started_ms > 0)
		page_item(page, STYLE_PLAIN, "started %s", human_ago(started_ms, now_ms, HUMAN_TEXT));
	if (finished_ms > 0)
		page_item(page, STYLE_PLAIN, "last at %s (%s), took %s",
			  human_clock(finished_ms, now_ms, HUMAN_TEXT),
			  human_ago(finished_ms, now_ms, HUMAN_TEXT),
			  human_duration(status_number(answer, "refresh", "lastDurationMs"), HUMAN_TEXT));
	put_next(page, due_ms, human_clock_seconds(due_ms, HUMAN_TEXT), now_ms);
}

static void show_refresh(struct page *page, struct json_object *answer, int64_t now_ms)
{
	const char *state = status_text(answer, "refresh", "state");
	const char *reason = status_text(answer, "refresh", "nextDueReason");
	page_row(page, "refresh");
	if (!state)
		state = "unknown";
	if (!reason)
		reason = explain_state(state);
	page_item(page, strcmp(state, "backoff") == 0 ? STYLE_NOTE : STYLE_PLAIN, "%s: %s", state, reason);
	/* Without ccusage, its counters are all 0. */
	if (strcmp(state, "off") == 0 && status_number(answer, "refresh", "runs") == 0)
		return;
	page_break(page);
	page_item(page, STYLE_PLAIN, "%s (%s good, %s failed)",
		  human_counted(status_number(answer, "refresh", "runs"), "run", HUMAN_TEXT),
		  human_count(status_number(answer, "refresh", "good"), HUMAN_TEXT),
		  human_count(status_number(answer, "refresh", "failed"), HUMAN_TEXT));
	page_item(page, STYLE_PLAIN, "%s, %s coalesced",
		  human_counted(status_number(answer, "refresh", "bursts"), "burst", HUMAN_TEXT),
		  human_count(status_number(answer, "refresh", "coalesced"), HUMAN_TEXT));
	put_counted(page, STYLE_PLAIN, answer, "refresh", "followUps", "follow-up");
	show_refresh_times(page, answer, now_ms);
}

/* The sessions that wait for a person: who, for what, for how long. */
static void show_waiting(struct page *page, struct json_object *answer, int64_t now_ms)
{
	size_t count;
	struct json_object *waiting = status_array(answer, "sessions", "waitingSessions", &count);
	for (size_t i = 0; i < count; i++) {
		struct json_object *one = json_object_array_get_idx(waiting, i);
		const char *project = json_get_string(one, "projectPath"),
			   *id = json_get_string(one, "sessionId");
		const char *reason = json_get_string(one, "waitingFor");
		bool is_named = project && *paths_basename(project);
		page_break(page);
		page_item(page, STYLE_NOTE, "%.*s waits for you%s%s, for %s", is_named ? 80 : 8,
			  is_named ? paths_basename(project)
			  : id	   ? id
				   : "?",
			  reason && *reason ? ": " : "", reason ? reason : "",
			  human_span(now_ms - json_get_int(one, "since", now_ms), HUMAN_TEXT));
	}
}

static void show_sessions(struct page *page, struct json_object *answer, int64_t now_ms)
{
	int64_t waiting = status_number(answer, "sessions", "waiting");
	page_row(page, "sessions");
	put_count(page, STYLE_PLAIN, answer, "sessions", "active", "active");
	if (waiting > 0)
		put_count(page, STYLE_NOTE, answer, "sessions", "waiting", "waiting for you");
	put_count(page, STYLE_PLAIN, answer, "sessions", "idle", "idle");
	put_count(page, STYLE_PLAIN, answer, "sessions", "total", "in all");
	put_counted(page, STYLE_PLAIN, answer, "sessions", "files", "cache file");
	int64_t alive = status_number(answer, "sessions", "liveProcesses");
	page_item(page, STYLE_PLAIN, "%s living %s", human_count(alive, HUMAN_TEXT),
		  alive == 1 ? "process" : "processes");
	show_waiting(page, answer, now_ms);
}

static void show_roots(struct page *page, struct json_object *roots, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct json_object *root = json_object_array_get_idx(roots, i);
		const char *path = json_get_string(root, "path");
		const char *state = json_get_string(root, "state");
		enum page_style style = STYLE_QUIET; /* one of the two default places is usually "missing" */
		if (state && strcmp(state, "watching") == 0)
			style = STYLE_GOOD;
		else if (state && strcmp(state, "polling") == 0)
			style = STYLE_NOTE;
		else if (state && strcmp(state, "same") == 0)
			state = "the same directory as another";
		page_break(page);
		page_path(page, STYLE_PLAIN, path ? path : "?");
		page_item(page, style, "%s", state ? state : "?");
	}
}

static void show_watch(struct page *page, struct json_object *answer)
{
	size_t count;
	struct json_object *roots = status_array(answer, "watch", "roots", &count);
	page_row(page, "watching");
	put_counted(page, STYLE_PLAIN, answer, "watch", "directories", "folder");
	put_counted(page, STYLE_PLAIN, answer, "watch", "transcripts", "transcript");
	put_faults(page, answer, "watch", "polledDirectories", "polled");
	show_roots(page, roots, count);
}

static void show_counters(struct page *page, struct json_object *answer)
{
	page_row(page, "events");
	put_count(page, STYLE_PLAIN, answer, "watch", "events", "seen");
	put_faults(page, answer, "watch", "overflows", "overflows");
	put_counted(page, STYLE_QUIET, answer, "watch", "rescans", "rescan");

	page_row(page, "read");
	page_item(page, STYLE_PLAIN, "%s (%s)",
		  human_counted(status_number(answer, "tail", "lines"), "line", HUMAN_TEXT),
		  human_bytes(status_number(answer, "tail", "bytes"), HUMAN_TEXT));
	put_count(page, STYLE_QUIET, answer, "tail", "pending", "pending");
	put_faults(page, answer, "tail", "malformedLines", "malformed");
	put_faults(page, answer, "tail", "skippedLines", "too long");
	page_item(page, STYLE_QUIET, "%s reset",
		  human_counted(status_number(answer, "tail", "resets"), "file", HUMAN_TEXT));

	page_row(page, "published");
	put_counted(page, STYLE_PLAIN, answer, "publish", "written", "file");
	put_count(page, STYLE_QUIET, answer, "publish", "unchanged", "unchanged");
	put_faults(page, answer, "publish", "failed", "failed");
}

static void show_expire(struct page *page, struct json_object *answer, int64_t now_ms)
{
	int64_t next_ms = status_number(answer, "expire", "nextAt");
	page_row(page, "expired");
	page_item(page, STYLE_PLAIN, "%s removed",
		  human_counted(status_number(answer, "expire", "removed"), "session file", HUMAN_TEXT));
	page_item(page, STYLE_QUIET, "%s swept",
		  human_counted(status_number(answer, "expire", "sweptTempFiles"), "temp file", HUMAN_TEXT));
	put_next(page, next_ms, human_clock(next_ms, now_ms, HUMAN_TEXT), now_ms);
}

static void show_alerts(struct page *page, struct json_object *answer, int64_t now_ms)
{
	int64_t fired = status_number(answer, "alerts", "fired");
	int64_t last_ms = status_number(answer, "alerts", "lastAt");
	const char *message = status_text(answer, "alerts", "lastMessage");
	if (fired == 0 || !message)
		return;
	page_row(page, "alerts");
	page_item(page, STYLE_PLAIN, "%s since the start", human_count(fired, HUMAN_TEXT));
	put_faults(page, answer, "alerts", "failed", "failed");
	page_break(page);
	page_item(page, STYLE_PLAIN, "%s: %s", human_ago(last_ms, now_ms, HUMAN_TEXT), message);
}

static void show_pricing(struct page *page, struct json_object *answer)
{
	const char *path = status_text(answer, "pricing", "file");
	int64_t models = status_number(answer, "pricing", "models");
	if (models == 0)
		return;
	page_row(page, "prices");
	page_item(page, STYLE_PLAIN, "%s from", human_counted(models, "model", HUMAN_TEXT));
	page_path(page, STYLE_QUIET, path ? path : "?");
}

/* An older daemon says nothing of it. */
static void show_sandbox(struct page *page, struct json_object *answer)
{
	size_t places, refused;
	const char *state = status_text(answer, "sandbox", "state"),
		   *why = status_text(answer, "sandbox", "why");
	const char *network = status_text(answer, "sandbox", "network");
	int64_t abi = status_number(answer, "sandbox", "landlock");
	(void)status_array(answer, "sandbox", "writable", &places);
	(void)status_array(answer, "sandbox", "refused", &refused);
	if (!state)
		return;
	page_row(page, "sandbox");
	if (strcmp(state, "on") == 0)
		page_item(page, STYLE_GOOD, "on: writes only in %s (Landlock ABI %lld)",
			  human_counted((int64_t)places, "place", HUMAN_TEXT), (long long)abi);
	else
		page_item(page, strcmp(state, "failed") == 0 ? STYLE_NOTE : STYLE_QUIET, "%s: %s", state,
			  why ? why : "[sandbox] mode");
	if (refused > 0)
		page_item(page, STYLE_NOTE, "%s not opened up",
			  human_counted((int64_t)refused, "place", HUMAN_TEXT));
	if (network)
		page_item(page, STYLE_PLAIN, "network %s", network);
}

static void show_machinery(struct page *page, struct json_object *answer)
{
	page_row(page, "lock");
	page_item(page, STYLE_PLAIN, "%s (%s)",
		  human_counted(status_number(answer, "lock", "waits"), "wait", HUMAN_TEXT),
		  human_duration(status_number(answer, "lock", "waitedMs"), HUMAN_TEXT));
	page_item(page, STYLE_PLAIN, "contended %s",
		  human_counted(status_number(answer, "lock", "contended"), "time", HUMAN_TEXT));

	page_row(page, "socket");
	page_item(page, STYLE_PLAIN, "%s now, %s so far",
		  human_counted(status_number(answer, "control", "clients"), "client", HUMAN_TEXT),
		  human_count(status_number(answer, "control", "accepted"), HUMAN_TEXT));
	put_faults(page, answer, "control", "dropped", "dropped");
	put_faults(page, answer, "control", "badRequests", "bad requests");

	int64_t types = count_unknown(answer, "lineTypes"), fields = count_unknown(answer, "fields");
	int64_t versions = count_unknown(answer, "versions");
	if (types + fields + versions > 0) {
		page_row(page, "new to us");
		page_item(page, STYLE_NOTE, "%s", human_counted(types, "line type", HUMAN_TEXT));
		page_item(page, STYLE_NOTE, "%s", human_counted(fields, "field", HUMAN_TEXT));
		page_item(page, STYLE_NOTE, "%s", human_counted(versions, "Claude Code version", HUMAN_TEXT));
		page_item(page, STYLE_QUIET, "see: swatch status --json");
	}
	show_sandbox(page, answer);
	page_row(page, "memory");
	page_item(page, STYLE_PLAIN, "%s",
		  human_bytes(status_number(answer, "memory", "rssBytes"), HUMAN_TEXT));
}

static void show_places(struct page *page, struct json_object *answer)
{
	static const struct {
		const char *label;
		const char *key;
	} places[] = { { "cache", "cacheDirectory" },
		       { "config", "configFile" },
		       { "socket file", "socket" } };
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *path = json_get_string(answer, places[i].key);
		if (!path || !*path)
			continue;
		page_row(page, places[i].label);
		page_path(page, STYLE_QUIET, path);
	}
}

static void show_findings(struct page *page, struct json_object *answer, int64_t now_ms)
{
	struct findings findings;
	size_t count = 0;
	findings_read(&findings, answer, now_ms);
	for (size_t i = 0; i < FINDING_COUNT; i++) {
		const struct finding *finding = &findings.by_reason[i];
		if (!finding->found)
			continue;
		count++;
		page_line(page, finding->is_bad ? STYLE_BAD : STYLE_NOTE, 2, "! %s", buf_str(&finding->what));
		if (finding->remedy.len > 0)
			page_line(page, STYLE_PLAIN, 4, "  > %s", buf_str(&finding->remedy));
		page->out.failed = page->out.failed || finding->what.failed || finding->remedy.failed;
	}
	if (count == 0)
		page_line(page, STYLE_GOOD, 0, "all is well");
	findings_release(&findings);
}

/* The first finding, which is the worst, and the names of the others. */
static void show_first_finding(struct page *page, struct json_object *answer, int64_t now_ms)
{
	struct findings findings;
	const struct finding *first = NULL;
	AUTO_BUF others = BUF_INIT;
	findings_read(&findings, answer, now_ms);
	for (int bad = 1; bad >= 0; bad--)
		for (size_t i = 0; i < FINDING_COUNT; i++) {
			const struct finding *finding = &findings.by_reason[i];
			if (!finding->found || finding->is_bad != (bad == 1))
				continue;
			if (first)
				buf_printf(&others, "%s%s", others.len > 0 ? ", " : "",
					   finding_name((enum finding_reason)i));
			first = first ? first : finding;
		}
	if (!first)
		page_line(page, STYLE_GOOD, 0, "all is well");
	if (first)
		page_line(page, first->is_bad ? STYLE_BAD : STYLE_NOTE, 2, "! %s", buf_str(&first->what));
	if (first && first->remedy.len > 0)
		page_line(page, STYLE_PLAIN, 4, "  > %s", buf_str(&first->remedy));
	if (others.len > 0)
		page_line(page, STYLE_NOTE, 2, "! also: %s", buf_str(&others));
	findings_release(&findings);
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;
	for (; (text = strchr(text, '\n')); text++)
		lines++;
	return lines;
}

void status_page_brief(struct page *page, struct json_object *answer, const struct figures *figures,
		       int64_t now_ms)
{
	struct page rest;
	page_init(&rest, page->colour);
	show_title(page, answer, now_ms);
	show_first_finding(page, answer, now_ms);
	figures_show(figures, &rest, now_ms);
	show_audit(&rest, answer);
	figures_show_limits(figures, &rest, now_ms);
	show_sessions(&rest, answer, now_ms);
	const char *text = page_text(&rest);
	size_t room = STATUS_BRIEF_LINES - 1, lines = count_lines(buf_str(&page->out));
	for (; *text && lines < room; lines++) {
		size_t len = strcspn(text, "\n");
		buf_append(&page->out, text, len + (text[len] == '\n'));
		text += len + (text[len] == '\n');
	}
	if (*text && page->colour)
		buf_append_str(&page->out, PAGE_STYLE_END);
	page_line(page, STYLE_QUIET, 2, "more: swatch status --verbose");
	page->out.failed = page->out.failed || rest.out.failed;
	page_release(&rest);
}

void status_page_compose(struct page *page, struct json_object *answer, const struct figures *figures,
			 int64_t now_ms)
{
	show_title(page, answer, now_ms);
	show_findings(page, answer, now_ms);
	page_blank_line(page);
	figures_show(figures, page, now_ms);
	show_audit(page, answer);
	figures_show_limits(figures, page, now_ms);
	show_refresh(page, answer, now_ms);
	show_sessions(page, answer, now_ms);
	show_watch(page, answer);
	page_blank_line(page);
	show_counters(page, answer);
	show_expire(page, answer, now_ms);
	show_alerts(page, answer, now_ms);
	show_pricing(page, answer);
	show_machinery(page, answer);
	page_blank_line(page);
	show_places(page, answer);
}
