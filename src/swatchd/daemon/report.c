/*
 * The answers from the ledger in memory. To {"op":"report"}: a line that says what follows, a line for each
 * row, and a line with the totals. To {"op":"spend"}: one line with the cost of each of some equal spans of
 * time.
 */
#include "swatchd/daemon/answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/unused.h"
#include "json/get.h"
#include "ledger/archive.h"
#include "ledger/store/archive.h"
#include "report/json.h"
#include "report/report.h"
#include "swatchd/daemon/keep.h"
#include "swatchd/daemon/recall.h"

/* Copies a request's text. Returns false when it is too long. */
static bool take_text(struct json_object *request, const char *key, char *out, size_t size)
{
	const char *text = json_get_string(request, key);
	size_t len = text ? strlen(text) : 0;
	if (len >= size)
		return false;
	memcpy(out, text ? text : "", len + 1);
	return true;
}

/* Returns NULL, or what is wrong with the request. */
static const char *take_options(const struct daemon *daemon, struct json_object *request,
				struct report_options *options)
{
	const char *kind = json_get_string(request, "kind");
	memset(options, 0, sizeof(*options));
	if (!kind || !report_kind_find(kind, &options->kind))
		return "unknown \"kind\" of report";
	if (!take_text(request, "since", options->since, sizeof(options->since))
	    || !take_text(request, "until", options->until, sizeof(options->until)))
		return "\"since\" and \"until\" take YYYYMMDD";
	if (!take_text(request, "timezone", options->timezone, sizeof(options->timezone)))
		return "\"timezone\" is too long";
	if (!take_text(request, "project", options->project, sizeof(options->project)))
		return "\"project\" is too long";
	options->active = json_get_bool(request, "active", false);
	options->no_projects =
		daemon->keep.store && daemon->config.ledger_projects == LEDGER_PROJECTS_OFF;
	options->now_ms = clock_wall_ms();
	return NULL;
}

static void write_head(const struct daemon *daemon, const struct report_options *options,
		       const struct report *report, struct buf *out)
{
	struct jsonw w;
	jsonw_init(&w, out);
	jsonw_begin_object(&w);
	jsonw_put_bool(&w, "ok", true);
	jsonw_put_string(&w, "kind", report_kind_name(options->kind));
	jsonw_put_int(&w, "rows", (int64_t)report->row_count);
	jsonw_put_bool(&w, "complete", daemon->history.read);
	jsonw_put_string(&w, "firstDay", report->first_day[0] ? report->first_day : NULL);
	jsonw_key_array(&w, "unpricedModels");
	for (size_t i = 0; i < report->unpriced_count; i++)
		jsonw_string(&w, report->unpriced[i]);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	buf_append_char(out, '\n');
}

static void write_rows(const struct report *report, struct buf *out)
{
	struct jsonw w;
	for (size_t i = 0; i < report->row_count; i++) {
		jsonw_init(&w, out);
		jsonw_begin_object(&w);
		jsonw_key(&w, "row");
		report_write_row(&w, report->kind, &report->rows[i]);
		jsonw_end_object(&w);
		buf_append_char(out, '\n');
	}
	jsonw_init(&w, out);
	jsonw_begin_object(&w);
	jsonw_put_bool(&w, "end", true);
	jsonw_key(&w, "totals");
	if (report->row_count > 0 && report->kind != REPORT_BLOCKS)
		report_write_totals(&w, report);
	else
		jsonw_null(&w);
	jsonw_end_object(&w);
}

/* All messages are in memory: without a file, and while the file has only what is alive. */
static bool is_whole(const struct daemon *daemon)
{
	return ledger_is_whole(daemon->ledger)
	       || (daemon->keep.archive && store_archive_is_whole(daemon->keep.archive));
}

void daemon_answer_report(void *ctx, struct control_client *client, struct json_object *request)
{
	struct daemon *daemon = ctx;
	struct report_options options;
	struct report report;
	AUTO_BUF error = BUF_INIT;
	AUTO_BUF out = BUF_INIT;
	const char *fault = take_options(daemon, request, &options);
	daemon_recall_rest(daemon);
	if (!fault && !is_whole(daemon))
		fault = "the past is in the ledger's file, out of which 'swatch daily', 'blocks' and their"
			" like read it; swatchd has only the last days in memory";
	if (!fault && control_is_sending_report(daemon->control))
		fault = "another report is on its way; try again in a moment";
	if (fault) {
		control_answer_error(client, fault);
		return;
	}
	if (report_make(daemon->ledger, &options, &report, &error) == 0) {
		write_head(daemon, &options, &report, &out);
		write_rows(&report, &out);
	}
	if (error.len > 0 || out.failed)
		control_answer_error(client, buf_message(&error));
	else
		control_answer_report(client, out.data, out.len);
	report_release(&report);
}

/* Whether a report may be read out of the ledger's file, or be asked for here: {"op":"kept"}. */
void daemon_answer_kept(void *ctx, struct control_client *client, struct json_object *request UNUSED)
{
	const struct daemon *daemon = ctx;
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	jsonw_put_bool(&w, "ok", true);
	jsonw_put_bool(&w, "kept", daemon->history.read && daemon_keep_is_complete(daemon));
	jsonw_put_bool(&w, "whole", is_whole(daemon));
	jsonw_end_object(&w);
	control_answer_composed(client, &out);
}

/* ---- spend ---- */

#define SPEND_MAX_COUNT 1440
#define SPEND_MIN_STEP_MS CLOCK_SECOND_MS
#define SPEND_MAX_STEP_MS CLOCK_DAY_MS

static void write_spend(struct ledger *ledger, int64_t since_ms, int64_t step_ms, size_t count, double *usd,
			struct buf *out)
{
	struct ledger_entry_view entry;
	struct jsonw w;
	int64_t until_ms = since_ms + step_ms * (int64_t)count;
	size_t at = ledger_entries_before(ledger, since_ms);
	for (; ledger_entry_at(ledger, at, &entry) && entry.time_ms < until_ms; at++)
		usd[(entry.time_ms - since_ms) / step_ms] += entry.cost_usd;
	jsonw_init(&w, out);
	jsonw_begin_object(&w);
	jsonw_put_bool(&w, "ok", true);
	jsonw_put_int(&w, "since", since_ms);
	jsonw_put_int(&w, "step", step_ms);
	jsonw_key_array(&w, "usd");
	for (size_t i = 0; i < count; i++)
		jsonw_double(&w, usd[i]);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
}

void daemon_answer_spend(void *ctx, struct control_client *client, struct json_object *request)
{
	struct daemon *daemon = ctx;
	int64_t since_ms = json_get_int(request, "since", -1), step_ms = json_get_int(request, "step", 0);
	int64_t count = json_get_int(request, "count", 0);
	AUTO_BUF out = BUF_INIT;
	if (since_ms < 0 || since_ms > clock_wall_ms() || step_ms < SPEND_MIN_STEP_MS
	    || step_ms > SPEND_MAX_STEP_MS || count < 1 || count > SPEND_MAX_COUNT) {
		control_answer_error(client, "\"since\", \"step\" and \"count\" take a time that is past, "
				     "1000 to 86400000 and 1 to 1440");
		return;
	}
	daemon_recall_rest(daemon);
	if (!is_whole(daemon) && since_ms < clock_wall_ms() - LEDGER_HELD_MS) {
		control_answer_error(client,
				     "\"since\" is too long ago: swatchd has the last 8 days in memory;"
				     " 'swatch daily' reads further back");
		return;
	}
	AUTO_FREE double *usd = calloc((size_t)count, sizeof(*usd));
	if (usd)
		write_spend(daemon->ledger, since_ms, step_ms, (size_t)count, usd, &out);
	else
		out.failed = true;
	control_answer_composed(client, &out);
}
