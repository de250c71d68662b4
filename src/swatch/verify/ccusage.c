/*
 * Running ccusage.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/capture.h"
#include "json/parse.h"
#include "swatch/verify/verify.h"

/* Of words before the report's, and of the report's own. */
#define WORDS_MAX 64

/* Runs it with more words. Returns true when it ended well; its output is in `capture` in any case. */
static bool run(struct verify_command *command, const char *const *more, struct run *capture, struct buf *error)
{
	char *argv[WORDS_MAX + 1];
	size_t count = 0;
	for (size_t i = 0; command->words[i] && count < WORDS_MAX; i++)
		argv[count++] = command->words[i];
	for (size_t i = 0; more[i] && count < WORDS_MAX; i++)
		argv[count++] = (char *)(uintptr_t)more[i];
	argv[count] = NULL;
	capture_run(command->path, argv, command->timeout_ms, capture);
	if (capture->outcome == RUN_INTERRUPTED)
		command->interrupted = capture->code;
	if (capture->outcome == RUN_EXITED && capture->code == 0)
		return true;
	buf_append_str(error, command->path);
	for (size_t i = 0; more[i]; i++)
		buf_printf(error, " %s", more[i]);
	buf_append_str(error, ": ");
	run_describe(capture, error);
	return false;
}

/* "20.0.24", wherever it stands in the text. */
static void take_version(const char *text, struct verify *verify)
{
	while (*text && !isdigit((unsigned char)*text))
		text++;
	size_t len = strspn(text, "0123456789.abcdefghijklmnopqrstuvwxyz-+");
	if (len >= sizeof(verify->version))
		len = 0;
	memcpy(verify->version, text, len);
	verify->version[len] = '\0';
	verify->is_reference = strcmp(verify->version, CCUSAGE_REFERENCE_VERSION) == 0;
	verify->is_older = len > 0 && strtol(verify->version, NULL, 10) < 20;
}

bool verify_ask_version(struct verify_command *command, struct verify *verify, struct buf *error)
{
	static const char *const words[] = { "--version", NULL };
	struct run capture;
	bool good = run(command, words, &capture, error);
	if (good)
		take_version(buf_str(&capture.out), verify);
	run_release(&capture);
	return good;
}

/* The one JSON object in the output; older ones print notices around it. */
static struct json_object *parse(const struct buf *out)
{
	const char *text = buf_str(out), *brace = strchr(text, '{');
	size_t len = brace ? out->len - (size_t)(brace - text) : 0, end;
	struct json_object *object = brace ? json_parse(brace, len, JSON_PARSE_MAX_DEPTH, &end) : NULL;
	if (object && json_object_is_type(object, json_type_object))
		return object;
	json_object_put(object);
	return NULL;
}

struct json_object *verify_ask_report(struct verify_command *command, enum report_kind kind, struct buf *error)
{
	static const char *const names[] = { [REPORT_BLOCKS] = "blocks", [REPORT_DAILY] = "daily",
					     [REPORT_WEEKLY] = "weekly", [REPORT_MONTHLY] = "monthly",
					     [REPORT_SESSIONS] = "session" };
	const char *words[8];
	size_t count = 0;
	struct run capture;
	if (kind != REPORT_BLOCKS)
		words[count++] = "claude";
	words[count++] = names[kind];
	words[count++] = "--json";
	words[count++] = "--offline";
	if (command->timezone) {
		words[count++] = "--timezone";
		words[count++] = command->timezone;
	}
	words[count] = NULL;
	struct json_object *answer = NULL;
	if (run(command, words, &capture, error)) {
		answer = parse(&capture.out);
		if (!answer)
			buf_printf(error, "%s %s: what it printed is not a JSON object", command->path, names[kind]);
	}
	run_release(&capture);
	return answer;
}
