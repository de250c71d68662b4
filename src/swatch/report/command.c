#include "swatch/report/command.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/printable.h"
#include "report/json.h"
#include "swatch/report/imported.h"
#include "swatch/report/table.h"
#include "swatch/ui/terminal.h"
#include "transcript/data_dirs.h"

#define RECENT_MS (3 * CLOCK_DAY_MS)
/* Enough for some years; what a longer history takes beyond it comes as usual. */
#define HEAP_BYTES ((size_t)6 << 20)

static void put_totals(struct jsonw *w, const struct report *report)
{
	jsonw_key(w, "totals");
	report_write_totals(w, report);
}

void report_write_members(struct jsonw *w, const struct report *report)
{
	/* ccusage sorts its keys. */
	const char *key = report_kind_name(report->kind);
	bool has_totals = report->kind != REPORT_BLOCKS, totals_first = strcmp("totals", key) < 0;
	if (has_totals && totals_first)
		put_totals(w, report);
	jsonw_key_array(w, key);
	for (size_t i = 0; i < report->row_count; i++)
		report_write_row(w, report->kind, &report->rows[i]);
	jsonw_end_array(w);
	if (has_totals && !totals_first)
		put_totals(w, report);
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

/* Says since when there is data when somebody asked for days before that. */
static void say_beginning(const struct report_options *options, const struct report *report, struct buf *out)
{
	const char *day = report->first_day, *since = options->since, *until = options->until;
	char digits[sizeof(report->first_day)];
	snprintf(digits, sizeof(digits), "%.4s%.2s%.2s", day, *day ? day + 5 : "", *day ? day + 8 : "");
	if (*day && ((*since && strcmp(since, digits) < 0) || (*until && strcmp(until, digits) < 0)))
		buf_printf(out, "there is no data from before %s\n", day);
}

static void compose_json(const struct report *report, const struct report_imported *imported, struct buf *out)
{
	AUTO_BUF text = BUF_INIT;
	struct jsonw w;
	jsonw_init_lines(&w, &text);
	jsonw_begin_object(&w);
	report_write_members(&w, report);
	report_imported_add_json(imported, &w);
	jsonw_end_object(&w);
	buf_append_char(&text, '\n');
	printable_clean_json(out, buf_str(&text), text.len);
	out->failed = out->failed || text.failed;
}

static bool compose_table(const struct report_request *request, const struct report *report, struct buf *out)
{
	struct table_device device;
	const char *zone = request->options.timezone;
	AUTO_BUF line = BUF_INIT;
	table_device_find(&device);
	if (!report_table_compose(request, report, &device, out))
		return false;
	buf_printf(&line, "%s in %s", request->options.kind == REPORT_BLOCKS ? "times" : "days and times",
		   *zone ? zone : "the time zone of this machine");
	/* A zone's name is ASCII. */
	bool is_long = device.width > 0 && line.len > device.width;
	buf_printf(out, "%.*s\n", (int)(is_long ? device.width : line.len), buf_str(&line));
	return true;
}

/* Returns false when memory ran out. */
static bool compose(const struct invocation *invocation, const struct report_request *request,
		    const struct report *report, const struct report_imported *imported, struct buf *out)
{
	if (request->json) {
		compose_json(report, imported, out);
		return !out->failed;
	}
	if (report->row_count == 0)
		say_empty(invocation, request, out);
	else if (!compose_table(request, report, out))
		return false;
	say_beginning(&request->options, report, out);
	report_imported_add_lines(imported, out);
	return !out->failed;
}

/* Names the unpriced models on stderr, in one line, when there are any. */
static void say_unpriced(const struct report *report)
{
	AUTO_BUF names = BUF_INIT;
	for (size_t i = 0; i < report->unpriced_count; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", report->unpriced[i]);
	if (names.len > 0)
		terminal_error("no price for %s; %s tokens count as 0 USD; see swatch-pricing(1)",
			       buf_str(&names), report->unpriced_count == 1 ? "its" : "their");
}

int report_command_run(struct invocation *invocation, int argc, char **argv)
{
	struct report_request request;
	struct report report;
	struct report_imported imported = { .is_read = false };
	AUTO_BUF out = BUF_INIT;
	enum report_kind kind = REPORT_BLOCKS;
	int status;
	heap_expect(HEAP_BYTES);
	(void)report_kind_find(invocation->command->name, &kind);
	if (!report_request_parse(invocation, argc, argv, kind, &request, &status))
		return status;
	status = report_fetch(invocation, &request, &report, &imported);
	if (status == SWATCH_OK && request.recent)
		report_drop_blocks(&report, request.options.now_ms - RECENT_MS);
	if (status == SWATCH_OK) {
		report_imported_find(&imported, invocation, &request);
		if (!compose(invocation, &request, &report, &imported, &out)) {
			terminal_error("out of memory");
			status = SWATCH_FAILED;
		}
	}
	if (status == SWATCH_OK) {
		(void)fwrite(buf_str(&out), 1, out.len, stdout);
		say_unpriced(&report);
	}
	report_imported_release(&imported);
	report_release(&report);
	return status;
}
