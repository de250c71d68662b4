/* swatch export: what is kept, for programs: a line for each hour, project, session, model and kind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/printable.h"
#include "json/write.h"
#include "ledger/record.h"
#include "ledger/store/hours.h"
#include "swatch/cli/command.h"
#include "swatch/kept/file.h"
#include "swatch/report/options.h"
#include "swatch/ui/terminal.h"

/* Lines are handed on when they have as many bytes. */
#define CHUNK_BYTES ((size_t)64 << 10)
#define HOST_SIZE 256

struct export {
	void (*write)(struct export *export, const struct store_hour *hour);
	char host[HOST_SIZE];
	struct buf out;
	bool failed;         /* after an error message, or when stdout is closed */
};

static const char *name_of_kind(enum store_kind kind)
{
	return kind == STORE_KIND_MAIN ? "main" : kind == STORE_KIND_AGENT ? "agent" : "sidechain";
}

/* "2026-11-23T05:00:00Z" */
static void format_hour(int64_t start_ms, char out[CLOCK_RFC3339_SIZE])
{
	clock_format_rfc3339(start_ms, out);
	char *fraction = strchr(out, '.');
	if (fraction)
		memcpy(fraction, "Z", sizeof("Z"));
}

static int64_t cache_creation(const struct price_tokens *tokens)
{
	int64_t sum = tokens->cache_creation_5m;
	store_rows_add(&sum, tokens->cache_creation_1h);
	return sum;
}

/* ---- JSON ---- */

static void write_json(struct export *export, const struct store_hour *hour)
{
	const struct price_tokens *tokens = &hour->tokens;
	char start[CLOCK_RFC3339_SIZE];
	AUTO_BUF line = BUF_INIT;
	struct jsonw w;
	format_hour(hour->start_ms, start);
	jsonw_init(&w, &line);
	jsonw_begin_object(&w);
	jsonw_put_string(&w, "host", export->host);
	jsonw_put_string(&w, "hour", start);
	jsonw_put_string(&w, "project", hour->project);
	jsonw_put_string(&w, "sessionId", hour->session);
	jsonw_put_string(&w, "model", hour->model);
	jsonw_put_string(&w, "kind", name_of_kind(hour->kind));
	jsonw_put_int(&w, "messages", hour->messages);
	jsonw_put_int(&w, "unpricedMessages", hour->unpriced);
	jsonw_put_int(&w, "inputTokens", tokens->input);
	jsonw_put_int(&w, "outputTokens", tokens->output);
	jsonw_put_int(&w, "cacheCreationTokens", cache_creation(tokens));
	jsonw_put_int(&w, "cacheCreation1hTokens", tokens->cache_creation_1h);
	jsonw_put_int(&w, "cacheReadTokens", tokens->cache_read);
	jsonw_put_int(&w, "webSearches", hour->web_searches);
	jsonw_put_amount(&w, "costUSD", (double)hour->nano_usd * LEDGER_NANO_USD);
	jsonw_end_object(&w);
	printable_clean_json(&export->out, buf_str(&line), line.len);
	buf_append_char(&export->out, '\n');
	export->out.failed = export->out.failed || line.failed;
}

/* ---- CSV (RFC 4180, but with single newlines) ---- */

static const char csv_header[] =
	"host,hour,project,sessionId,model,kind,messages,unpricedMessages,inputTokens,outputTokens,"
	"cacheCreationTokens,cacheCreation1hTokens,cacheReadTokens,webSearches,costUSD\n";

static void write_field(struct buf *out, const char *text)
{
	AUTO_BUF clean = BUF_INIT;
	printable_clean(&clean, text, strlen(text));
	bool quoted = strpbrk(buf_str(&clean), ",\"") != NULL;
	if (quoted)
		buf_append_char(out, '"');
	for (const char *at = buf_str(&clean); *at; at++) {
		if (*at == '"')
			buf_append_char(out, '"');
		buf_append_char(out, *at);
	}
	buf_append_str(out, quoted ? "\"," : ",");
	out->failed = out->failed || clean.failed;
}

static void write_csv(struct export *export, const struct store_hour *hour)
{
	const struct price_tokens *tokens = &hour->tokens;
	const int64_t counts[] = { hour->messages,	     hour->unpriced,
				   tokens->input,	     tokens->output,
				   cache_creation(tokens),   tokens->cache_creation_1h,
				   tokens->cache_read,	     hour->web_searches };
	char start[CLOCK_RFC3339_SIZE];
	struct jsonw w;
	format_hour(hour->start_ms, start);
	write_field(&export->out, export->host);
	write_field(&export->out, start);
	write_field(&export->out, hour->project);
	write_field(&export->out, hour->session);
	write_field(&export->out, hour->model);
	write_field(&export->out, name_of_kind(hour->kind));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		buf_printf(&export->out, "%lld,", (long long)counts[i]);
	jsonw_init(&w, &export->out);
	jsonw_amount(&w, (double)hour->nano_usd * LEDGER_NANO_USD);
	buf_append_char(&export->out, '\n');
}

/* ---- the lines ---- */

/* Prints what is ready. Returns false when nobody takes it. */
static bool flush(struct export *export)
{
	export->failed = export->failed || !terminal_print(&export->out) || terminal_output_errno() != 0;
	buf_clear(&export->out);
	return !export->failed;
}

static bool take(void *ctx, const struct store_hour *hour)
{
	struct export *export = ctx;
	export->write(export, hour);
	return (export->out.len < CHUNK_BYTES && !export->out.failed) || flush(export);
}

static int export_all(struct export *export, int64_t since_ms)
{
	struct kept_file file;
	int status = kept_file_need(&file);
	if (status == SWATCH_OK) {
		if (export->write == write_csv)
			buf_append_str(&export->out, csv_header);
		int result = store_hours_read(file.db, since_ms, take, export);
		if (result != SQLITE_OK && result != SQLITE_ABORT) {
			terminal_error("export: cannot read %s: %s; the lines end before it", file.path,
				       sqlite3_errstr(result));
			status = SWATCH_FAILED;
		}
		/* main() reports what went wrong with stdout. */
		(void)flush(export);
	}
	kept_file_release(&file);
	buf_release(&export->out);
	return export->failed ? SWATCH_FAILED : status;
}

/* ---- the command line ---- */

/* The first moment of a day "20261123" in the process's time zone; -1 when it has none. */
static int64_t day_start_ms(const char *digits)
{
	int date = (int)strtol(digits, NULL, 10);
	/* Midnight may be missing on that day. */
	struct tm noon = { .tm_year = date / 10000 - 1900, .tm_mon = date / 100 % 100 - 1,
			   .tm_mday = date % 100, .tm_hour = 12, .tm_isdst = -1 };
	time_t at = mktime(&noon);
	return at < 0 ? -1 : clock_local_day_start_ms((int64_t)at * CLOCK_SECOND_MS);
}

/* Returns false after an error message. */
static bool find_since(const char *text, int64_t *since_ms)
{
	char digits[9];
	*since_ms = 0;
	if (!text)
		return true;
	if (report_parse_day(text, clock_wall_ms(), digits)) {
		*since_ms = day_start_ms(digits);
		return true;
	}
	terminal_error("export: --since '%s' is not a day; give YYYYMMDD, YYYY-MM-DD, today, yesterday, or "
		       "7d for seven days ago", text);
	return false;
}

static bool find_format(const char *text, struct export *export)
{
	export->write = write_json;
	if (text && strcmp(text, "csv") == 0)
		export->write = write_csv;
	else if (text && strcmp(text, "jsonl") != 0) {
		terminal_error("export: --format '%s' is not jsonl or csv", text);
		return false;
	}
	return true;
}

static int run_export(struct invocation *invocation, int argc, char **argv)
{
	struct export export = { .out = BUF_INIT };
	const char *since = NULL, *format = NULL;
	int64_t since_ms;
	int status;
	const struct command_target targets[] = { { 's', NULL, &since }, { 'f', NULL, &format }, { 0 } };
	if (!command_read_options(invocation, argc, argv, targets, &status))
		return status;
	invocation_use_zone(invocation);
	if (!find_since(since, &since_ms) || !find_format(format, &export))
		return SWATCH_USAGE;
	if (gethostname(export.host, sizeof(export.host) - 1) != 0)
		export.host[0] = '\0';
	return export_all(&export, since_ms);
}

static const struct command_option options[] = {
	{ "since", 's', "DATE",
	  "leave out everything before this day: YYYYMMDD, YYYY-MM-DD, today, yesterday, 7d" },
	{ "format", 'f', "FORMAT", "jsonl (a JSON object a line), the default, or csv" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_export = {
	.name = "export",
	.usage = "[--since DATE] [--format jsonl|csv]",
	.summary = "print what is kept, a line for each hour, session and model",
	.options = options,
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_export,
};
