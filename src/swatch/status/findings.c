#include "swatch/status/findings.h"

#include <string.h>

#include "base/array.h"
#include "base/paths.h"
#include "base/scope.h"
#include "json/get.h"
#include "swatch/status/answer.h"
#include "swatch/cli/user_service.h"
#include "swatch/ui/human.h"

#define SHOWN_MODELS 3

static struct finding *add(struct findings *findings, enum finding_reason reason, bool is_bad)
{
	struct finding *finding = &findings->by_reason[reason];
	finding->found = true;
	finding->is_bad = is_bad;
	return finding;
}

static void check_roots(struct findings *findings, struct json_object *answer)
{
	size_t count, there = 0;
	struct json_object *roots = status_array(answer, "watch", "roots", &count);
	for (size_t i = 0; i < count; i++) {
		const char *state = json_get_string(json_object_array_get_idx(roots, i), "state");
		there += state && strcmp(state, "missing") != 0;
	}
	if (there > 0)
		return;
	/* The last one: of the two places that are usual, that is where Claude Code writes. */
	struct json_object *last = count > 0 ? json_object_array_get_idx(roots, count - 1) : NULL;
	const char *path = json_get_string(last, "path");
	struct finding *finding = add(findings, FINDING_NO_TRANSCRIPTS, true);
	buf_printf(&finding->what, "no transcripts: %s", path ? path : "no projects directory is known");
	if (path)
		buf_append_str(&finding->what, " does not exist");
	buf_append_str(&finding->remedy, "they appear with the first Claude Code session; kept elsewhere? "
					 "set CLAUDE_CONFIG_DIR for the daemon, or [watch] paths in the "
					 "config");
}

static void check_files(struct findings *findings, struct json_object *answer)
{
	const char *error = status_text(answer, "publish", "lastError");
	const char *ledger = status_text(answer, "ledger", "error");
	const char *directory = json_get_string(answer, "cacheDirectory");
	int64_t unread = status_number(answer, "tail", "failed");
	if (error) {
		struct finding *finding = add(findings, FINDING_CACHE_UNWRITABLE, true);
		buf_printf(&finding->what, "cache files cannot be written: %s", error);
		buf_printf(&finding->remedy, "look at the space and the permissions of %s",
			   directory ? directory : "it");
	}
	if (ledger) {
		struct finding *finding = add(findings, FINDING_LEDGER_UNWRITABLE, true);
		bool kept = json_get_bool(json_get_object(answer, "ledger"), "kept", false);
		buf_printf(&finding->what, "%s: %s",
			   kept ? "the ledger has no new backup" : "what transcripts say is not kept",
			   ledger);
		if (json_get_bool(json_get_object(answer, "ledger"), "readOnly", false))
			buf_append_str(&finding->remedy, "run swatch setup: it adds the folder to those that "
							 "the service may write to; or ");
		buf_append_str(&finding->remedy, "look at the space and the permissions there; the daemon "
						 "tries again by itself, or, where it could not open the "
						 "file, at its next start");
	}
	if (unread > 0) {
		struct finding *finding = add(findings, FINDING_TRANSCRIPTS_UNREADABLE, false);
		buf_printf(&finding->what, "reading transcripts failed %s since the daemon started",
			   human_counted(unread, "time", HUMAN_TEXT));
		buf_printf(&finding->remedy, "the daemon's log names them: %s", user_service_hint(HINT_LOG));
	}
}

static void check_refresh(struct findings *findings, struct json_object *answer, int64_t now_ms)
{
	int64_t failures = status_number(answer, "refresh", "consecutiveFailures");
	const char *error = status_text(answer, "refresh", "lastError");
	const char *command = status_text(answer, "refresh", "command");
	int64_t due_ms = status_number(answer, "refresh", "nextDueAt");
	if (failures <= 0)
		return;
	struct finding *finding = add(findings, FINDING_REFRESH_FAILS, true);
	if (failures == 1)
		buf_append_str(&finding->what, "the last ccusage run failed");
	else
		buf_printf(&finding->what, "the last %s ccusage runs failed",
			   human_count(failures, HUMAN_TEXT));
	buf_printf(&finding->what, ": %s", error ? error : "no reason known");
	if (due_ms > 0)
		buf_printf(&finding->what, "; next try %s", human_ago(due_ms, now_ms, HUMAN_TEXT));
	if (command)
		buf_printf(&finding->remedy, "see what it says by hand: %s; then: swatch refresh --wait",
			   command);
}

static void check_polled(struct findings *findings, struct json_object *answer)
{
	size_t listed;
	int64_t count = status_number(answer, "watch", "polledDirectories");
	struct json_object *polled = status_array(answer, "watch", "polled", &listed), *shown = NULL;
	if (count <= 0)
		return;
	/* Show a folder that a person can do something about, if there is one. */
	const char *reason = NULL;
	for (size_t i = 0; i < listed && (!reason || strcmp(reason, "limit") != 0); i++) {
		struct json_object *one = json_object_array_get_idx(polled, i);
		const char *its_reason = json_get_string(one, "reason");
		if (!shown || (its_reason && strcmp(its_reason, "limit") == 0)) {
			shown = one;
			reason = its_reason;
		}
	}
	bool is_limit = reason && strcmp(reason, "limit") == 0;
	const char *why = json_get_string(shown, "why"), *path = json_get_string(shown, "path");
	const char *sysctl = json_get_string(shown, "sysctl");
	struct finding *finding = add(findings, is_limit ? FINDING_WATCH_LIMIT : FINDING_POLLED, is_limit);
	finding->sysctl = is_limit ? sysctl : NULL;
	buf_printf(&finding->what, "%s %s polled, not watched, so changes show up a few seconds late: %s",
		   human_counted(count, "folder", HUMAN_TEXT), count == 1 ? "is" : "are",
		   why ? why : "no reason given");
	if (path)
		buf_printf(&finding->what, " (%s%s)", count == 1 ? "" : "first: ", path);
	if (is_limit && sysctl)
		buf_printf(&finding->remedy, "raise the limit: sudo sysctl %s=%lld, then: swatch rescan",
			   sysctl, (long long)json_get_int(shown, "advised", 0));
	else if (reason && strcmp(reason, "filesystem") == 0)
		buf_append_str(&finding->remedy, "nothing needs to be done; on a local filesystem changes "
						 "show up at once");
}

/* The kinds of the daemon's answer for which a line's tokens are missing. Damaged lines lost no count. */
static const struct {
	const char *key, *text;
} count_faults[] = {
	{ "negative", "below 0" },
	{ "noNumber", "no whole number" },
	{ "tooLarge", "too large" },
};

static int64_t bad_counts(struct json_object *lines)
{
	int64_t sum = 0;
	for (size_t i = 0; i < ARRAY_COUNT(count_faults); i++)
		sum += json_get_int(lines, count_faults[i].key, 0);
	return sum;
}

/* The file with the most of them: the list is sorted by all malformed lines. */
static struct json_object *worst_file(struct json_object *answer)
{
	size_t count;
	struct json_object *files = status_array(answer, "tail", "malformedFiles", &count), *worst = NULL;
	for (size_t i = 0; i < count; i++) {
		struct json_object *one = json_object_array_get_idx(files, i);
		if (bad_counts(one) > bad_counts(worst))
			worst = one;
	}
	return worst;
}

static void check_counts(struct findings *findings, struct json_object *answer)
{
	struct json_object *lines = json_get_object(json_get_object(answer, "tail"), "malformed");
	int64_t sum = bad_counts(lines);
	const char *separator = "";
	if (sum <= 0)
		return;
	struct json_object *worst = worst_file(answer);
	const char *path = json_get_string(worst, "path");
	struct finding *finding = add(findings, FINDING_MALFORMED_COUNTS, false);
	buf_printf(&finding->what, "%s with a count that cannot be (",
		   human_counted(sum, "line", HUMAN_TEXT));
	for (size_t i = 0; i < ARRAY_COUNT(count_faults); i++) {
		int64_t count = json_get_int(lines, count_faults[i].key, 0);
		if (count <= 0)
			continue;
		buf_printf(&finding->what, "%s%s %s", separator, human_count(count, HUMAN_TEXT),
			   count_faults[i].text);
		separator = ", ";
	}
	buf_append_str(&finding->what, "), so their tokens are not counted");
	if (path)
		buf_printf(&finding->what, ": %s%s", bad_counts(worst) < sum ? "most in " : "", path);
	buf_append_str(&finding->remedy, "Claude Code does not write such counts: look at what else writes "
					 "there; all files: swatch status --json");
}

static void check_models(struct findings *findings, struct json_object *answer)
{
	size_t count;
	struct json_object *models = status_array(answer, "billing", "unpricedModels", &count);
	if (count == 0)
		return;
	struct finding *finding = add(findings, FINDING_UNPRICED_MODELS, false);
	buf_append_str(&finding->what, "no price is known, so $0.00 is counted, for ");
	for (size_t i = 0; i < count && i < SHOWN_MODELS; i++) {
		const char *name = json_item_string(models, i);
		buf_printf(&finding->what, "%s%s", i > 0 ? ", " : "", name ? name : "?");
	}
	if (count > SHOWN_MODELS)
		buf_printf(&finding->what, " and %zu more", count - SHOWN_MODELS);
	buf_append_str(&finding->remedy,
		       "a pricing.json beside the config file can say what it costs, see swatch-pricing(1)");
}

static void check_pricing(struct findings *findings, struct json_object *answer)
{
	const char *error = status_text(answer, "pricing", "error");
	if (!error)
		return;
	struct finding *finding = add(findings, FINDING_BAD_PRICING, true);
	buf_printf(&finding->what, "pricing.json is not in force: %s", error);
	buf_printf(&finding->remedy, "mend or remove it, then: %s", user_service_hint(HINT_RELOAD));
}

static void check_alerts(struct findings *findings, struct json_object *answer)
{
	const char *error = status_text(answer, "alerts", "lastError");
	const char *command = status_text(answer, "alerts", "command");
	if (!error)
		return;
	struct finding *finding = add(findings, FINDING_ALERT_FAILS, true);
	buf_printf(&finding->what, "the alert command %s: %s",
		   status_number(answer, "alerts", "failed") > 0 ? "failed" : "cannot be run", error);
	buf_printf(&finding->remedy, "see what it says by hand: %s; then: %s", command ? command : "?",
		   user_service_hint(HINT_RELOAD));
}

/* The kind and the place of a session's first secret; how many sessions have some. */
static void check_secrets(struct findings *findings, struct json_object *answer)
{
	size_t count, places;
	struct json_object *sessions = status_array(answer, "secrets", "sessions", &count);
	struct json_object *session = count > 0 ? json_object_array_get_idx(sessions, 0) : NULL;
	struct json_object *list = json_get_array(session, "secrets", &places);
	struct json_object *first = places > 0 ? json_object_array_get_idx(list, 0) : NULL;
	const char *type = json_get_string(first, "type"), *path = json_get_string(first, "transcriptPath");
	const char *id = json_get_string(session, "sessionId");
	const char *project = json_get_string(session, "projectPath");
	if (!type || !path || !id)
		return;
	struct finding *finding = add(findings, FINDING_SECRETS, false);
	buf_printf(&finding->what, "%s %s in the transcript of %s, session %.8s (%s, byte %lld)",
		   strchr("AEIOU", type[0]) ? "an" : "a", type,
		   project ? paths_basename(project) : "a project", id, path,
		   (long long)json_get_int(first, "offset", 0));
	if (places > 1)
		buf_printf(&finding->what, ", and %s more there",
			   human_counted((int64_t)places - 1, "place", HUMAN_TEXT));
	if (count > 1)
		buf_printf(&finding->what, "; %s more have some",
			   human_counted((int64_t)count - 1, "session", HUMAN_TEXT));
	buf_append_str(&finding->remedy,
		       "replace it where it was issued: whatever reads the transcript has it; "
		       "all places: swatch status --json; not to look: [sessions] "
		       "secrets = no");
}

static void check_sandbox(struct findings *findings, struct json_object *answer)
{
	size_t count;
	struct json_object *sandbox = json_get_object(answer, "sandbox");
	struct json_object *missing = status_array(answer, "sandbox", "notDenied", &count);
	const char *why = status_text(answer, "sandbox", "why");
	if (count == 0)
		return;
	bool runs = json_get_bool(sandbox, "runsPrograms", true);
	struct finding *finding = add(findings, FINDING_SANDBOX, !runs);
	buf_append_str(&finding->what, runs ? "this kernel does not deny the programs that swatchd runs: "
					    : "swatchd runs no program, because this kernel does not deny: ");
	for (size_t i = 0; i < count; i++) {
		const char *name = json_item_string(missing, i);
		buf_printf(&finding->what, "%s%s", i ? ", " : "", name ? name : "?");
	}
	if (why)
		buf_printf(&finding->what, " (%s)", why);
	buf_append_str(&finding->remedy,
		       runs ? "figures are right all the same; SECURITY.md has what each of it needs"
			    : "[sandbox] mode = auto runs them with what the kernel can do");
}

static void check_version(struct findings *findings, struct json_object *answer)
{
	const char *version = json_get_string(answer, "version");
	if (version && strcmp(version, PACKAGE_VERSION) == 0)
		return;
	struct finding *finding = add(findings, FINDING_OTHER_VERSION, true);
	buf_printf(&finding->what, "swatchd %s is running, but swatch %s is installed",
		   version ? version : "(of an unknown version)", PACKAGE_VERSION);
	buf_append_str(&finding->remedy, user_service_hint(HINT_RESTART));
}

void findings_read(struct findings *findings, struct json_object *answer, int64_t now_ms)
{
	memset(findings, 0, sizeof(*findings));
	check_roots(findings, answer);
	check_files(findings, answer);
	check_refresh(findings, answer, now_ms);
	check_polled(findings, answer);
	check_counts(findings, answer);
	check_models(findings, answer);
	check_pricing(findings, answer);
	check_alerts(findings, answer);
	check_secrets(findings, answer);
	check_sandbox(findings, answer);
	check_version(findings, answer);
}

void findings_release(struct findings *findings)
{
	for (size_t i = 0; i < FINDING_COUNT; i++) {
		buf_release(&findings->by_reason[i].what);
		buf_release(&findings->by_reason[i].remedy);
	}
}

const char *finding_name(enum finding_reason reason)
{
	static const char *const names[FINDING_COUNT] = {
		[FINDING_NO_TRANSCRIPTS] = "no-transcripts",
		[FINDING_CACHE_UNWRITABLE] = "cache-unwritable",
		[FINDING_LEDGER_UNWRITABLE] = "ledger-unwritable",
		[FINDING_TRANSCRIPTS_UNREADABLE] = "transcripts-unreadable",
		[FINDING_REFRESH_FAILS] = "refresh-fails",
		[FINDING_WATCH_LIMIT] = "watch-limit",
		[FINDING_POLLED] = "polled",
		[FINDING_MALFORMED_COUNTS] = "malformed-counts",
		[FINDING_UNPRICED_MODELS] = "unpriced-models",
		[FINDING_BAD_PRICING] = "bad-pricing",
		[FINDING_ALERT_FAILS] = "alert-fails",
		[FINDING_SECRETS] = "secrets",
		[FINDING_SANDBOX] = "sandbox",
		[FINDING_OTHER_VERSION] = "other-version",
	};
	return names[reason];
}

/* Owns `value`, which is NULL when memory ran out. */
static bool put(struct json_object *object, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(object, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static struct json_object *make_json(enum finding_reason reason, const struct finding *finding)
{
	AUTO_JSON *object = json_object_new_object();
	bool good = object && !finding->what.failed && !finding->remedy.failed
		    && put(object, "reason", json_object_new_string(finding_name(reason)))
		    && put(object, "severity", json_object_new_string(finding->is_bad ? "bad" : "note"))
		    && put(object, "what", json_object_new_string(buf_str(&finding->what)))
		    && (finding->remedy.len == 0
			|| put(object, "remedy", json_object_new_string(buf_str(&finding->remedy))))
		    && (!finding->sysctl || put(object, "sysctl", json_object_new_string(finding->sysctl)));
	return good ? SCOPE_KEEP(object) : NULL;
}

bool findings_add_to_json(const struct findings *findings, struct json_object *answer)
{
	struct json_object *array = json_object_new_array();
	bool good = array != NULL;
	for (size_t i = 0; good && i < FINDING_COUNT; i++) {
		const struct finding *finding = &findings->by_reason[i];
		struct json_object *one = finding->found ? make_json((enum finding_reason)i, finding) : NULL;
		good = !finding->found || (one && json_object_array_add(array, one) == 0);
		if (!good)
			json_object_put(one);
	}
	if (!good)
		json_object_put(array);
	return good && put(answer, "problems", array);
}
