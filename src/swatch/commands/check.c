/* swatch check: compares figures with limits: a gate for hooks and cron. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/printable.h"
#include "base/scope.h"
#include "cache/dir.h"
#include "cache/lock.h"
#include "cache/names.h"
#include "cache/read.h"
#include "json/parse.h"
#include "json/pretty.h"
#include "json/write.h"
#include "swatch/check/check.h"
#include "swatch/cli/command.h"
#include "swatch/cli/names.h"
#include "swatch/statusline/input.h"
#include "swatch/ui/terminal.h"

/* A hook's JSON holds a tool's whole input. */
#define STDIN_MAX_BYTES ((size_t)16 << 20)
#define STDIN_MAX_DEPTH 512
#define STDIN_TIMEOUT_MS 5000
/* What Claude Code takes a hook's exit status 2 for. */
#define HOOK_STOPS 2

struct request {
	double limits[CHECK_KINDS];      /* 0: not given */
	char limit_name[RATE_LIMIT_NAME_SIZE];   /* of --limit; "": any */
	const char *session;
	bool from_stdin, stale_ok, json, quiet, hook;
};

/* What it read. */
struct material {
	struct json_object *billing, *session;
	char session_id[CACHE_SESSION_ID_MAX + 1];   /* "": none */
	const char *no_session;
};

/* The limits come first, in the order of `enum check_kind`. */
static const struct command_option options[] = {
	{ "block", 'b', "USD", "above when the 5-hour block has cost this much" },
	{ "today", 't', "USD", "above when today has cost this much" },
	{ "five-hour", '5', "PERCENT", "above when this much of the server's 5-hour limit is used" },
	{ "seven-day", '7', "PERCENT", "above when this much of the server's 7-day limit is used" },
	{ "limit", 'l', "[NAME=]PERCENT", "above when this much of the limit NAME is used, or of any limit" },
	{ "context", 'c', "PERCENT", "above when this much of the context window is used" },
	{ "session", 's', "ID",
	  "check this session's context and model: its ID, the beginning of it, or its project" },
	{ "stdin", 'i', NULL, "take the session from a hook's JSON on stdin" },
	{ "hook", 'k', NULL, "for a hook of Claude Code: above is 2 with the reason on stderr, else 0" },
	{ "stale-ok", 'o', NULL, "treat stale figures as fresh" },
	{ "json", 'j', NULL, "print JSON, for programs" },
	{ "quiet", 'q', NULL, "print nothing, only set the exit status" },
	{ NULL, 0, NULL, NULL }
};

/* ---- the command line ---- */

/* `texts` are the arguments of the first CHECK_KINDS options; NULL: not given. */
static bool parse_limits(const char *const texts[CHECK_KINDS], struct request *request)
{
	for (int i = 0; i < CHECK_KINDS; i++) {
		enum check_kind kind = (enum check_kind)i;
		const char *text = texts[i];
		if (text && kind == CHECK_LIMIT)
			text = check_take_name(text, request->limit_name);
		if (!texts[i] || (text && check_parse_limit(kind, text, &request->limits[i])))
			continue;
		terminal_error("check: --%s '%s' is not %s", options[i].name, texts[i],
			       check_is_usd(kind) ? "an amount of US dollars above 0, such as 40usd"
						  : "a percentage above 0, such as 85");
		return false;
	}
	return true;
}

static bool is_complete(const struct request *request)
{
	bool any = false;
	for (int kind = 0; kind < CHECK_KINDS; kind++)
		any = any || request->limits[kind] > 0;
	bool names_session = request->session || request->from_stdin;
	if (!any)
		terminal_error("check: nothing to check; give a limit, such as --block 40usd; see: swatch "
			       "help check");
	else if (names_session && request->limits[CHECK_CONTEXT] <= 0 && request->limits[CHECK_LIMIT] <= 0)
		terminal_error(
			"check: a session is for --context and --limit only: the other figures are the "
			"account's");
	else if (request->session && request->from_stdin)
		terminal_error("check: --session and --stdin do not go together");
	else if (request->session && !*request->session)
		terminal_error("check: --session needs the ID or the project of a session");
	else
		return true;
	return false;
}

/* To Claude Code, 2 means that the hook objects: a faulty command line must not. */
static int hook_status(int status, bool is_hook)
{
	return is_hook && status == SWATCH_USAGE ? SWATCH_FAILED : status;
}

static bool has_hook(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--hook") == 0)
			return true;
	return false;
}

/* Returns false with the exit status. */
static bool parse_options(const struct invocation *invocation, int argc, char **argv, struct request *request,
			  int *status)
{
	const char *limits[CHECK_KINDS] = { NULL };
	const struct command_target targets[] = { { 'b', NULL, &limits[CHECK_BLOCK] },
						  { 't', NULL, &limits[CHECK_TODAY] },
						  { '5', NULL, &limits[CHECK_FIVE_HOUR] },
						  { '7', NULL, &limits[CHECK_SEVEN_DAY] },
						  { 'l', NULL, &limits[CHECK_LIMIT] },
						  { 'c', NULL, &limits[CHECK_CONTEXT] },
						  { 's', NULL, &request->session },
						  { 'i', &request->from_stdin, NULL },
						  { 'k', &request->hook, NULL },
						  { 'o', &request->stale_ok, NULL },
						  { 'j', &request->json, NULL },
						  { 'q', &request->quiet, NULL },
						  { 0 } };
	if (!command_read_options(invocation, argc, argv, targets, status)) {
		*status = hook_status(*status, has_hook(argc, argv));
		return false;
	}
	*status = hook_status(SWATCH_USAGE, request->hook);
	if (!parse_limits(limits, request) || !is_complete(request))
		return false;
	/* A hook's JSON names its session. */
	bool needs_session = request->limits[CHECK_CONTEXT] > 0 || request->limits[CHECK_LIMIT] > 0;
	request->from_stdin = request->from_stdin || (request->hook && needs_session && !request->session);
	return true;
}

/* ---- the session ---- */

/* Reads more of stdin. Returns the number of bytes; 0 at its end, after the deadline, or on an error. */
static size_t read_some(char *bytes, size_t size, int64_t deadline_ms)
{
	for (;;) {
		int64_t left_ms = deadline_ms - clock_mono_ms();
		struct pollfd wait = { .fd = STDIN_FILENO, .events = POLLIN };
		if (left_ms <= 0)
			return 0;
		int ready = poll(&wait, 1, (int)left_ms);
		ssize_t got = ready > 0 ? read(STDIN_FILENO, bytes, size) : -1;
		if (got >= 0)
			return (size_t)got;
		if (ready == 0 || (errno != EINTR && errno != EAGAIN))
			return 0;
	}
}

/* Reads the first JSON object on stdin. Its writer may keep the pipe open. NULL: no object came. */
static struct json_object *read_stdin(void)
{
	struct input_end end = { 0 };
	AUTO_BUF text = BUF_INIT;
	int64_t deadline_ms = clock_mono_ms() + STDIN_TIMEOUT_MS;
	size_t got;
	char bytes[16384];
	while (!end.found && !end.is_no_object && !text.failed && text.len < STDIN_MAX_BYTES
	       && (got = read_some(bytes, sizeof(bytes), deadline_ms)) > 0)
		buf_append(&text, bytes, input_end_take(&end, bytes, got));
	/* Parse once, when all of it is there: to parse after each piece would take time in its square. */
	bool is_whole = end.found && !text.failed;
	return is_whole ? json_parse(buf_str(&text), text.len, STDIN_MAX_DEPTH, NULL) : NULL;
}

/* A person's short name for it; one that fits nothing is looked up as it is, and is unknown. */
static const char *find_id(int dir_fd, const struct request *request, char id[CACHE_SESSION_ID_MAX + 1])
{
	AUTO_BUF error = BUF_INIT;
	if (names_find_session(dir_fd, request->session, id, &error))
		return id;
	if (!request->quiet && !request->hook)
		terminal_error("check: %s", buf_message(&error));
	return request->session;
}

static void load_session(int dir_fd, const char *id, struct material *material)
{
	char name[CACHE_NAME_SIZE];
	snprintf(material->session_id, sizeof(material->session_id), "%s", id);
	if (cache_session_file_name(id, name))
		material->session = cache_read_json(dir_fd, name);
}

static void load_session_of_stdin(int dir_fd, struct material *material)
{
	AUTO_JSON *hook = read_stdin();
	const char *id = json_get_string(hook, "session_id");
	if (id && cache_session_id_is_valid(id, strlen(id)))
		load_session(dir_fd, id, material);
}

/* Loads the active session that has used most of its context. */
static void load_fullest_session(int dir_fd, struct material *material)
{
	double most = -1;
	DIR *dir = file_open_directory(dir_fd, ".", 0);
	if (!dir)
		return;
	material->no_session = "no session is active";
	for (struct dirent *entry; (entry = readdir(dir));) {
		char id[CACHE_SESSION_ID_MAX + 1];
		if (!cache_session_id_of_file(entry->d_name, id))
			continue;
		AUTO_JSON *session = cache_read_json(dir_fd, entry->d_name);
		const char *state = json_get_string(session, "state");
		double percent = json_get_double(json_get_object(session, "context"), "percentUsed", 0);
		if (!state || strcmp(state, "active") != 0 || percent <= most)
			continue;
		most = percent;
		json_object_put(material->session);
		material->session = SCOPE_KEEP(session);
		snprintf(material->session_id, sizeof(material->session_id), "%s", id);
	}
	closedir(dir);
}

/* ---- the answer ---- */

static const char *state_word(enum check_state state)
{
	return state == CHECK_BELOW ? "below" : state == CHECK_ABOVE ? "above" : "unknown";
}

/* Those in one state only; CHECK_KINDS: in any. */
static void print_lines(FILE *out, const struct check_result *results, size_t count, int state)
{
	for (size_t i = 0; i < count; i++) {
		if (state != CHECK_KINDS && (int)results[i].state != state)
			continue;
		AUTO_BUF clean = BUF_INIT;
		printable_clean(&clean, buf_str(&results[i].why), results[i].why.len);
		fprintf(out, "%s: %s\n", state_word(results[i].state), buf_str(&clean));
	}
}

/* Exit status 2 and stderr stop what the hook is about; stdout would be added to the conversation. */
static int answer_hook(const struct check_result *results, size_t count, bool quiet)
{
	if (check_combine(results, count) != CHECK_ABOVE)
		return SWATCH_OK;
	if (!quiet) {
		fputs("swatch check stopped this:\n", stderr);
		print_lines(stderr, results, count, CHECK_ABOVE);
	}
	return HOOK_STOPS;
}

static void put_result(struct jsonw *w, const struct check_result *result)
{
	jsonw_begin_object(w);
	jsonw_put_string(w, "name", check_name(result->kind));
	jsonw_put_string(w, "state", state_word(result->state));
	jsonw_put_double(w, "value", result->value);
	jsonw_put_bool(w, "exists", !result->is_lacking);
	jsonw_put_double(w, "limit", result->limit);
	jsonw_put_string(w, "unit", check_is_usd(result->kind) ? "USD" : "percent");
	jsonw_put_bool(w, "isFresh", result->is_fresh);
	jsonw_put_int_or_null(w, "asOf", result->as_of_ms);
	jsonw_put_string(w, "why", buf_str(&result->why));
	jsonw_end_object(w);
}

static bool print_json(const struct check_result *results, size_t count, const char *session_id)
{
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	jsonw_put_string(&w, "state", state_word(check_combine(results, count)));
	jsonw_put_string(&w, "sessionId", *session_id ? session_id : NULL);
	jsonw_key(&w, "checks");
	jsonw_begin_array(&w);
	for (size_t i = 0; i < count; i++)
		put_result(&w, &results[i]);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return terminal_print_json(&out);
}

static int judge_all(const struct request *request, const struct check_facts *facts)
{
	struct check_result results[CHECK_KINDS] = { 0 };
	size_t count = 0;
	for (int kind = 0; kind < CHECK_KINDS; kind++) {
		if (request->limits[kind] <= 0)
			continue;
		results[count].kind = (enum check_kind)kind;
		results[count].limit = request->limits[kind];
		check_judge(facts, &results[count++]);
	}
	int status = (int)check_combine(results, count);
	if (request->hook)
		status = answer_hook(results, count, request->quiet);
	else if (request->json && !request->quiet) {
		if (!print_json(results, count, facts->session_id ? facts->session_id : ""))
			status = CHECK_UNKNOWN;
	} else if (!request->quiet) {
		print_lines(stdout, results, count, CHECK_KINDS);
	}
	for (size_t i = 0; i < count; i++)
		check_result_release(&results[i]);
	return status;
}

static int run_check(struct invocation *invocation, int argc, char **argv)
{
	struct request request = { 0 };
	struct material material = { 0 };
	char id[CACHE_SESSION_ID_MAX + 1];
	AUTO_BUF error = BUF_INIT;
	int status;
	if (!parse_options(invocation, argc, argv, &request, &status))
		return status;
	/* The day ends at midnight in this time zone. */
	invocation_use_zone(invocation);
	int dir_fd = cache_dir_open(invocation->cache_dir, false, &error);
	if (dir_fd < 0 && errno != ENOENT && !request.quiet)
		terminal_error("%s", buf_message(&error));
	struct check_facts facts = { .limit_name = request.limit_name,
				     .stale_ok = request.stale_ok,
				     .now_ms = clock_wall_ms() };
	if (dir_fd >= 0) {
		bool is_held = cache_lock_is_held(dir_fd);
		facts.cannot_write = is_held && cache_is_unwritten(dir_fd);
		facts.daemon_lives = is_held && !facts.cannot_write;
		facts.billing = material.billing = cache_read_json(dir_fd, CACHE_BILLING_FILE);
		if (request.session)
			load_session(dir_fd, find_id(dir_fd, &request, id), &material);
		else if (request.from_stdin)
			load_session_of_stdin(dir_fd, &material);
		else if (request.limits[CHECK_CONTEXT] > 0)
			load_fullest_session(dir_fd, &material);
		close(dir_fd);
	}
	facts.session = material.session;
	facts.session_id = *material.session_id ? material.session_id : NULL;
	facts.no_session = material.no_session;
	status = judge_all(&request, &facts);
	json_object_put(material.billing);
	json_object_put(material.session);
	return status;
}

const struct command command_check = {
	.name = "check",
	.usage =
		"[--block USD] [--today USD] [--five-hour PERCENT] [--seven-day PERCENT] [--limit "
		"[NAME=]PERCENT] [--context PERCENT] [--session ID | --stdin] [--hook] [--stale-ok] "
		"[--json] [--quiet]",
	.summary = "check figures against limits: a gate for hooks and cron",
	.options = options,
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_check,
};
