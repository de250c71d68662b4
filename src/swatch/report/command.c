#include "swatch/report/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/printable.h"
#include "cache/read.h"
#include "ipc/client.h"
#include "json/pretty.h"
#include "swatch/report/imported.h"
#include "swatch/report/table.h"
#include "swatch/ui/terminal.h"
#include "transcript/data_dirs.h"

#define RECENT_MS (3 * CLOCK_DAY_MS)

/* ---- JSON ---- */

static void write_rows(const char *key, const struct report_data *data, struct buf *out)
{
	buf_printf(out, "  \"%s\": [", key);
	for (size_t i = 0; i < data->rows.count; i++) {
		if (i > 0)
			buf_append_char(out, ',');
		json_pretty_newline(out, 2);
		json_pretty(out, data->rows.texts[i], strlen(data->rows.texts[i]), 2);
	}
	if (data->rows.count > 0)
		json_pretty_newline(out, 1);
	buf_append_char(out, ']');
}

static void write_totals(const struct report_data *data, struct buf *out)
{
	buf_append_str(out, "  \"totals\": ");
	json_pretty(out, data->totals, strlen(data->totals), 1);
}

void report_write_json(enum report_kind kind, const struct report_data *data, struct buf *out)
{
	const char *key = report_kind_name(kind);
	/* ccusage sorts its keys. */
	AUTO_BUF text = BUF_INIT;
	bool totals_first = data->totals && strcmp("totals", key) < 0;
	buf_append_str(&text, "{\n");
	if (totals_first) {
		write_totals(data, &text);
		buf_append_str(&text, ",\n");
	}
	write_rows(key, data, &text);
	if (data->totals && !totals_first) {
		buf_append_str(&text, ",\n");
		write_totals(data, &text);
	}
	buf_append_str(&text, "\n}\n");
	printable_clean_json(out, buf_str(&text), text.len);
	out->failed = out->failed || text.failed;
}

/* ---- blocks ---- */

static bool is_recent(const char *json, int64_t now_ms)
{
	AUTO_JSON *block = client_parse(json, strlen(json));
	const char *start = json_get_string(block, "startTime");
	int64_t start_ms = 0;
	if (json_get_bool(block, "isActive", false))
		return true;
	return start && clock_parse_rfc3339(start, strlen(start), &start_ms)
		&& start_ms >= now_ms - RECENT_MS;
}

void report_keep_recent(struct report_data *data, int64_t now_ms)
{
	size_t kept = 0;
	for (size_t i = 0; i < data->rows.count; i++) {
		if (is_recent(data->rows.texts[i], now_ms))
			data->rows.texts[kept++] = data->rows.texts[i];
		else
			free(data->rows.texts[i]);
	}
	data->rows.count = kept;
}

/* ---- the command ---- */

/* Says that there is nothing to show, and why that may be. */
static void say_empty(const struct invocation *invocation, const struct report_request *request,
		      struct buf *out)
{
	const struct report_options *options = &request->options;
	struct data_dirs dirs;
	if (options->active || request->recent || *options->since || *options->until || *options->project) {
		buf_append_str(out, options->active ? "no block is active\n"
						    : "no usage found for these options\n");
		return;
	}
	buf_append_str(out, "no usage found\n");
	if (data_dirs_find(&dirs, invocation->config.watch_paths) != 0)
		return;
	buf_append_str(out, "swatch looks for transcripts in:\n");
	for (size_t i = 0; i < dirs.count; i++) {
		buf_append_str(out, "  ");
		printable_clean(out, dirs.projects[i], strlen(dirs.projects[i]));
		buf_append_char(out, '\n');
	}
	data_dirs_release(&dirs);
}

static void say_beginning(const struct report_request *request, const struct report_data *data,
			  struct buf *out)
{
	report_data_say_beginning(data, request->options.since, request->options.until, out);
}

static bool compose(const struct invocation *invocation, const struct report_request *request,
		    const struct report_data *data, struct buf *out)
{
	struct table_device device;
	table_device_find(&device);
	if (!request->json && data->rows.count > 0) {
		if (!report_table_compose(request, data, &device, out))
			return false;
		const char *zone = request->options.timezone;
		AUTO_BUF line = BUF_INIT;
		buf_printf(&line, "%s in %s",
			   request->options.kind == REPORT_BLOCKS ? "times" : "days and times",
			   *zone ? zone : "the time zone of this machine");
		/* A zone's name is ASCII. */
		bool is_long = device.width > 0 && line.len > device.width;
		buf_printf(out, "%.*s\n", (int)(is_long ? device.width : line.len), buf_str(&line));
		say_beginning(request, data, out);
		report_imported_add_lines(invocation, request, out);
		return !out->failed;
	}
	if (request->json) {
		report_write_json(request->options.kind, data, out);
		report_imported_add_json(invocation, request, out);
	} else {
		say_empty(invocation, request, out);
		say_beginning(request, data, out);
		report_imported_add_lines(invocation, request, out);
	}
	return !out->failed;
}

int report_command_run(struct invocation *invocation, int argc, char **argv)
{
	struct report_request request;
	struct report_data data = { 0 };
	AUTO_BUF out = BUF_INIT;
	enum report_kind kind = REPORT_BLOCKS;
	int status;
	(void)report_kind_find(invocation->command->name, &kind);
	if (!report_request_parse(invocation, argc, argv, kind, &request, &status))
		return status;
	status = report_fetch(invocation, &request, &data);
	if (status == SWATCH_OK && request.recent)
		report_keep_recent(&data, request.options.now_ms);
	if (status == SWATCH_OK && !compose(invocation, &request, &data, &out)) {
		terminal_error("out of memory");
		status = SWATCH_FAILED;
	}
	if (status == SWATCH_OK) {
		(void)fwrite(buf_str(&out), 1, out.len, stdout);
		report_say_unpriced(&data);
	}
	report_data_release(&data);
	return status;
}
