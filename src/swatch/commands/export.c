/* swatch export: what is kept, for programs: a line for each hour, project, session, model and kind. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/printable.h"
#include "json/write.h"
#include "ledger/record.h"
#include "ledger/store/hours.h"
#include "swatch/cli/command.h"
#include "swatch/kept/fact_line.h"
#include "swatch/kept/file.h"
#include "swatch/kept/message_line.h"
#include "swatch/kept/which.h"
#include "swatch/ui/terminal.h"

/* Lines are handed on when they have as many bytes. */
#define CHUNK_BYTES ((size_t)64 << 10)
#define HOST_SIZE 256

struct export {
	void (*write)(struct export *export, const struct store_hour *hour);
	char host[HOST_SIZE];
	struct buf out;
	bool messages;       /* a line for each */
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

static bool hand_on(struct export *export, const struct buf *line)
{
	printable_clean_json(&export->out, buf_str(line), line->len > 0 ? line->len - 1 : 0);
	buf_append_char(&export->out, '\n');
	export->out.failed = export->out.failed || line->failed;
	return (export->out.len < CHUNK_BYTES && !export->out.failed) || flush(export);
}

static bool take_message(void *ctx, const struct store_line *message)
{
	struct export *export = ctx;
	AUTO_BUF line = BUF_INIT;
	message_line_write(message, export->host, &line);
	return hand_on(export, &line);
}

static bool take_hit(void *ctx, const struct store_hit_line *hit)
{
	struct export *export = ctx;
	AUTO_BUF line = BUF_INIT;
	message_line_write_hit(hit, export->host, &line);
	return hand_on(export, &line);
}

static bool take_reading(void *ctx, const struct store_reading_line *reading)
{
	struct export *export = ctx;
	AUTO_BUF line = BUF_INIT;
	fact_line_write_reading(reading, export->host, &line);
	return hand_on(export, &line);
}

/* With --messages: then what is known of limits, and a cursor for the next time. */
static int read_messages(struct export *export, const struct kept_file *file, int64_t since_ms)
{
	int64_t last_ms;
	int result = store_lines_read(file->db, since_ms, take_message, export, &last_ms);
	if (result == SQLITE_OK)
		result = store_lines_read_hits(file->db, since_ms, take_hit, export);
	if (result == SQLITE_OK)
		result = store_readings_read(file->db, since_ms, take_reading, export);
	if (result == SQLITE_OK)
		buf_printf(&export->out, "{\"type\":\"cursor\",\"cursor\":\"%lld\"}\n",
			   (long long)(last_ms > since_ms ? last_ms : since_ms));
	return result;
}

static int export_all(struct export *export, int64_t since_ms)
{
	struct kept_file file;
	int status = kept_file_need(&file);
	if (status == SWATCH_OK) {
		if (export->write == write_csv)
			buf_append_str(&export->out, csv_header);
		int result = export->messages ? read_messages(export, &file, since_ms)
					      : store_hours_read(file.db, since_ms, take, export);
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

/* Where the last export ended, less a day: messages come late, and one that comes twice does no harm. */
static bool find_cursor(const char *text, int64_t *since_ms)
{
	char *end;
	errno = 0;
	int64_t at_ms = strtoll(text, &end, 10);
	if (errno != 0 || *end || end == text || at_ms < 0) {
		terminal_error("export: --cursor '%s' is not what the last line of an export says", text);
		return false;
	}
	*since_ms = at_ms > CLOCK_DAY_MS ? at_ms - CLOCK_DAY_MS : 0;
	return true;
}

/* Whether the options go together. */
static bool check(const struct export *export, const char *since, const char *cursor)
{
	if (export->messages && export->write == write_csv)
		terminal_error("export: --messages writes JSON lines only");
	else if (cursor && (since || !export->messages))
		terminal_error("export: --cursor goes with --messages, and without --since");
	else
		return true;
	return false;
}

static int run_export(struct invocation *invocation, int argc, char **argv)
{
	struct export export = { .out = BUF_INIT };
	const char *since = NULL, *format = NULL, *cursor = NULL;
	int64_t since_ms = 0;
	int status;
	const struct command_target targets[] = { { 's', NULL, &since },
						  { 'f', NULL, &format },
						  { 'm', &export.messages, NULL },
						  { 'c', NULL, &cursor },
						  { 0 } };
	if (!command_read_options(invocation, argc, argv, targets, &status))
		return status;
	invocation_use_zone(invocation);
	if ((since && !kept_parse_day("export", "--since", since, &since_ms)) || !find_format(format, &export)
	    || (cursor && !find_cursor(cursor, &since_ms)) || !check(&export, since, cursor))
		return SWATCH_USAGE;
	if (gethostname(export.host, sizeof(export.host) - 1) != 0)
		export.host[0] = '\0';
	return export_all(&export, since_ms);
}

static const struct command_option options[] = {
	{ "since", 's', "DATE",
	  "leave out everything before this day: YYYYMMDD, YYYY-MM-DD, today, yesterday, 7d" },
	{ "format", 'f', "FORMAT", "jsonl (a JSON object a line), the default, or csv" },
	{ "messages", 'm', NULL,
	  "a line for each message, and for what is known of limits, for swatch import" },
	{ "cursor", 'c', "CURSOR", "with --messages: go on where an export ended, as its last line says" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_export = {
	.name = "export",
	.usage = "[--since DATE] [--format jsonl|csv] [--messages] [--cursor CURSOR]",
	.summary = "print what is kept, a line for each hour, session and model",
	.options = options,
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_export,
};
