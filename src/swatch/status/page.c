#include "swatch/status/page.h"

#include <math.h>
#include <string.h>

#include "cache/read.h"
#include "swatch/status/answer.h"
#include "swatch/status/findings.h"
#include "swatch/ui/human.h"

static size_t count_members(struct json_object *answer, const char *section, const char *key)
{
	struct json_object *object = json_get_object(json_get_object(answer, section), key);
	return object ? (size_t)json_object_object_length(object) : 0;
}

/* "N noun", shown quietly when N is 0: a counter of faults that has nothing to tell. */
static void add_fault_count(struct page *page, struct json_object *answer, const char *section, const char *key,
			    const char *noun)
{
	int64_t count = status_number(answer, section, key);
	page_item(page, count > 0 ? STYLE_NOTE : STYLE_QUIET, "%s %s", human_count(count, HUMAN_TEXT), noun);
}

/* ---- rows ---- */

static void show_title(struct page *page, struct json_object *answer, int64_t now_ms)
{
	const char *version = json_get_string(answer, "version");
	int64_t started_ms = json_get_int(answer, "startedAt", 0);
	struct buf title = BUF_INIT;
	buf_printf(&title, "swatchd %s \xC2\xB7 running", version ? version : "(version unknown)");
	if (started_ms > 0)
		buf_printf(&title, " since %s (%s)", human_clock(started_ms, now_ms, HUMAN_TEXT),
			   human_span(now_ms - started_ms, HUMAN_TEXT));
	buf_printf(&title, ", pid %lld", (long long)json_get_int(answer, "pid", 0));
	page_line(page, STYLE_STRONG, 2, "%s", buf_str(&title));
	if (json_get_bool(answer, "readingHistory", false))
		page_line(page, STYLE_NOTE, 2, "still reading the transcripts that were there at its start: figures are "
			  "not complete yet");
	buf_release(&title);
}

static void show_limit(struct page *page, struct json_object *answer, int64_t now_ms)
{
	int64_t resets_ms = status_number(answer, "billing", "usageLimitResetsAt");
	if (resets_ms <= now_ms)
		return;
	page_break(page);
	page_item(page, STYLE_NOTE, "a usage limit was hit; it resets at %s (in %s)",
		  human_clock(resets_ms, now_ms, HUMAN_TEXT), human_span(resets_ms - now_ms, HUMAN_TEXT));
}

static void show_audit(struct page *page, struct json_object *answer)
{
	struct json_object *billing = json_get_object(answer, "billing");
	double drift = json_get_double(billing, "driftUSD", NAN);
	const char *reason = status_text(answer, "billing", "reason");
	if (isfinite(drift))
		page_item(page, STYLE_PLAIN, "ccusage differs by %s", human_usd(drift, HUMAN_TEXT));
	if (reason) {
		page_break(page);
		page_item(page, STYLE_QUIET, "%s", reason);
	}
}

/* What a state means for the one who waits; the daemon's own reason says more where it gives one. */
static const char *explain_state(const char *state)
{
	static const struct {
		const char *name;
		const char *meaning;
	} states[] = {
		{ "off", "no ccusage is run" },
		{ "clean", "nothing new since the last run" },
		{ "settling", "a burst of activity has to end first" },
		{ "waiting", "the figures are young enough" },
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
		page_item(page, STYLE_PLAIN, "last at %s (%s), took %s", human_clock(finished_ms, now_ms, HUMAN_TEXT),
			  human_ago(finished_ms, now_ms, HUMAN_TEXT),
			  human_duration(status_number(answer, "refresh", "lastDurationMs"), HUMAN_TEXT));
	if (due_ms > 0)
		page_item(page, STYLE_PLAIN, "next at %s (%s)", human_clock_seconds(due_ms, HUMAN_TEXT),
			  human_ago(due_ms, now_ms, HUMAN_TEXT));
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
	/* Where ccusage is not in use, its counters only cost lines. */
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
	page_item(page, STYLE_PLAIN, "%s", human_counted(status_number(answer, "refresh", "followUps"), "follow-up",
							 HUMAN_TEXT));
	show_refresh_times(page, answer, now_ms);
}

static void show_sessions(struct page *page, struct json_object *answer)
{
	page_row(page, "sessions");
	page_item(page, STYLE_PLAIN, "%s active", human_count(status_number(answer, "sessions", "active"), HUMAN_TEXT));
	page_item(page, STYLE_PLAIN, "%s idle", human_count(status_number(answer, "sessions", "idle"), HUMAN_TEXT));
	page_item(page, STYLE_PLAIN, "%s in all", human_count(status_number(answer, "sessions", "total"), HUMAN_TEXT));
	page_item(page, STYLE_PLAIN, "%s", human_counted(status_number(answer, "sessions", "files"), "cache file",
							 HUMAN_TEXT));
	int64_t alive = status_number(answer, "sessions", "liveProcesses");
	page_item(page, STYLE_PLAIN, "%s living %s", human_count(alive, HUMAN_TEXT), alive == 1 ? "process" : "processes");
}

static void show_roots(struct page *page, struct json_object *roots, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct json_object *root = json_object_array_get_idx(roots, i);
		const char *path = json_get_string(root, "path");
		const char *state = json_get_string(root, "state");
		enum page_style style = STYLE_QUIET; /* "missing" is usual for one of the two default places */
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
	page_item(page, STYLE_PLAIN, "%s", human_counted(status_number(answer, "watch", "directories"), "folder",
							 HUMAN_TEXT));
	page_item(page, STYLE_PLAIN, "%s", human_counted(status_number(answer, "watch", "transcripts"), "transcript",
							 HUMAN_TEXT));
	int64_t polled = status_number(answer, "watch", "polledDirectories");
	page_item(page, polled > 0 ? STYLE_NOTE : STYLE_QUIET, "%s polled", human_count(polled, HUMAN_TEXT));
	show_roots(page, roots, count);
}

static void show_counters(struct page *page, struct json_object *answer)
{
	page_row(page, "events");
	page_item(page, STYLE_PLAIN, "%s seen", human_count(status_number(answer, "watch", "events"), HUMAN_TEXT));
	add_fault_count(page, answer, "watch", "overflows", "overflows");
	page_item(page, STYLE_QUIET, "%s", human_counted(status_number(answer, "watch", "rescans"), "rescan", HUMAN_TEXT));

	page_row(page, "read");
	page_item(page, STYLE_PLAIN, "%s (%s)", human_counted(status_number(answer, "tail", "lines"), "line", HUMAN_TEXT),
		  human_bytes(status_number(answer, "tail", "bytes"), HUMAN_TEXT));
	page_item(page, STYLE_QUIET, "%s pending", human_count(status_number(answer, "tail", "pending"), HUMAN_TEXT));
	add_fault_count(page, answer, "tail", "malformedLines", "malformed");
	add_fault_count(page, answer, "tail", "skippedLines", "too long");
	page_item(page, STYLE_QUIET, "%s reset", human_counted(status_number(answer, "tail", "resets"), "file", HUMAN_TEXT));

	page_row(page, "published");
	page_item(page, STYLE_PLAIN, "%s", human_counted(status_number(answer, "publish", "written"), "file", HUMAN_TEXT));
	page_item(page, STYLE_QUIET, "%s unchanged",
		  human_count(status_number(answer, "publish", "unchanged"), HUMAN_TEXT));
	add_fault_count(page, answer, "publish", "failed", "failed");
}

static void show_expire(struct page *page, struct json_object *answer, int64_t now_ms)
{
	int64_t next_ms = status_number(answer, "expire", "nextAt");
	page_row(page, "expired");
	page_item(page, STYLE_PLAIN, "%s removed",
		  human_counted(status_number(answer, "expire", "removed"), "session file", HUMAN_TEXT));
	page_item(page, STYLE_QUIET, "%s swept",
		  human_counted(status_number(answer, "expire", "sweptTempFiles"), "temp file", HUMAN_TEXT));
	if (next_ms > 0)
		page_item(page, STYLE_PLAIN, "next at %s (%s)", human_clock(next_ms, now_ms, HUMAN_TEXT),
			  human_ago(next_ms, now_ms, HUMAN_TEXT));
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
	add_fault_count(page, answer, "alerts", "failed", "failed");
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

/* What the daemon denies itself; one of an older version does not tell. */
static void show_sandbox(struct page *page, struct json_object *answer)
{
	size_t places, refused;
	const char *state = status_text(answer, "sandbox", "state"), *why = status_text(answer, "sandbox", "why");
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
		page_item(page, STYLE_NOTE, "%s not opened up", human_counted((int64_t)refused, "place", HUMAN_TEXT));
	if (network)
		page_item(page, STYLE_PLAIN, "network %s", network);
}

static void show_machinery(struct page *page, struct json_object *answer)
{
	page_row(page, "lock");
	page_item(page, STYLE_PLAIN, "%s (%s)", human_counted(status_number(answer, "lock", "waits"), "wait", HUMAN_TEXT),
		  human_duration(status_number(answer, "lock", "waitedMs"), HUMAN_TEXT));
	page_item(page, STYLE_PLAIN, "contended %s",
		  human_counted(status_number(answer, "lock", "contended"), "time", HUMAN_TEXT));

	page_row(page, "socket");
	page_item(page, STYLE_PLAIN, "%s now, %s so far",
		  human_counted(status_number(answer, "control", "clients"), "client", HUMAN_TEXT),
		  human_count(status_number(answer, "control", "accepted"), HUMAN_TEXT));
	add_fault_count(page, answer, "control", "dropped", "dropped");
	add_fault_count(page, answer, "control", "badRequests", "bad requests");

	size_t types = count_members(answer, "schema", "lineTypes");
	size_t fields = count_members(answer, "schema", "fields");
	size_t versions = count_members(answer, "schema", "versions");
	if (types + fields + versions > 0) {
		page_row(page, "new to us");
		page_item(page, STYLE_NOTE, "%s", human_counted((int64_t)types, "line type", HUMAN_TEXT));
		page_item(page, STYLE_NOTE, "%s", human_counted((int64_t)fields, "field", HUMAN_TEXT));
		page_item(page, STYLE_NOTE, "%s", human_counted((int64_t)versions, "Claude Code version", HUMAN_TEXT));
		page_item(page, STYLE_QUIET, "see: swatch status --json");
	}
	show_sandbox(page, answer);
	page_row(page, "memory");
	page_item(page, STYLE_PLAIN, "%s", human_bytes(status_number(answer, "memory", "rssBytes"), HUMAN_TEXT));
}

static void show_places(struct page *page, struct json_object *answer)
{
	static const struct {
		const char *label;
		const char *key;
	} places[] = { { "cache", "cacheDirectory" }, { "config", "configFile" }, { "socket file", "socket" } };
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *path = json_get_string(answer, places[i].key);
		if (!path || !*path)
			continue;
		page_row(page, places[i].label);
		page_path(page, STYLE_QUIET, path);
	}
}

/* Shows what is wrong and what to do, each a paragraph of its own. */
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

void status_page_compose(struct page *page, struct json_object *answer, const struct figures *figures, int64_t now_ms)
{
	show_title(page, answer, now_ms);
	show_findings(page, answer, now_ms);
	page_blank_line(page);
	figures_show(figures, page, now_ms);
	show_audit(page, answer);
	show_limit(page, answer, now_ms);
	show_refresh(page, answer, now_ms);
	show_sessions(page, answer);
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
