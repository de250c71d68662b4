#include "swatch/report/fetch.h"

#include <errno.h>
#include <string.h>

#include "cache/read.h"
#include "json/get.h"
#include "json/write.h"
#include "report/json.h"
#include "swatch/cli/daemon_call.h"
#include "swatch/report/scan.h"
#include "swatch/report/summed.h"
#include "swatch/ui/terminal.h"

/* Publishing what is pending takes a moment; reading the whole history on a slow disk takes longer. */
#define SYNC_TIMEOUT_MS 60000
#define LINE_TIMEOUT_MS 30000

/* ---- from the daemon ---- */

static void write_question(const struct report_options *options, struct buf *out)
{
	struct jsonw w;
	jsonw_init(&w, out);
	jsonw_begin_object(&w);
	jsonw_put_string(&w, "op", "report");
	jsonw_put_string(&w, "kind", report_kind_name(options->kind));
	jsonw_put_string(&w, "since", options->since);
	jsonw_put_string(&w, "until", options->until);
	jsonw_put_string(&w, "timezone", options->timezone);
	jsonw_put_string(&w, "project", options->project);
	jsonw_put_bool(&w, "active", options->active);
	jsonw_end_object(&w);
}

/* Takes a line that follows the answer's first one. Returns false when it is neither a row nor the end. */
static bool take_line(struct json_object *line, struct report *report, bool *at_end)
{
	struct json_object *row = json_get_object(line, "row"), *totals = json_get_object(line, "totals");
	*at_end = !row && json_get_bool(line, "end", false);
	if (row)
		report_read_row(report, row);
	else if (*at_end && totals)
		report_read_totals(report, totals);
	return row || *at_end;
}

static void take_head(struct json_object *answer, struct report *report)
{
	size_t count;
	struct json_object *models = json_get_array(answer, "unpricedModels", &count);
	const char *day = json_get_string(answer, "firstDay");
	for (size_t i = 0; i < count; i++) {
		const char *name = json_item_string(models, i);
		if (name)
			report_add_unpriced(report, name);
	}
	if (day && strlen(day) == sizeof("2026-11-23") - 1 && strspn(day, "0123456789-") == strlen(day))
		memcpy(report->first_day, day, strlen(day) + 1);
	if (!json_get_bool(answer, "complete", true))
		terminal_error(
			"swatchd is still reading its history: some of it is missing in these figures");
}

static enum client_result read_rows(struct client *client, struct report *report)
{
	bool at_end = false;
	while (!at_end) {
		const char *line;
		size_t len;
		enum client_result result = client_read_line(client, LINE_TIMEOUT_MS, false, &line, &len);
		if (result != CLIENT_OK)
			return result;
		AUTO_JSON *object = client_parse(line, len);
		if (!object && errno == ENOMEM)
			return CLIENT_BROKEN;
		if (!object || !take_line(object, report, &at_end))
			return CLIENT_BAD_ANSWER;
	}
	return CLIENT_OK;
}

/* Asks, and takes the whole answer. Returns false with a message in `why` when it does not arrive. */
static bool ask_for_report(struct client *client, const struct report_options *options,
			   struct report *report, struct buf *why)
{
	AUTO_BUF question = BUF_INIT;
	AUTO_JSON *answer = NULL;
	write_question(options, &question);
	if (question.failed) {
		buf_append_str(why, buf_message(&question));
		return false;
	}
	if (client_ask(client, buf_str(&question), LINE_TIMEOUT_MS, &answer, why) != CLIENT_OK)
		return false;
	if (!json_get_bool(answer, "ok", false)) {
		const char *error = json_get_string(answer, "error");
		if (error)
			buf_printf(why, "swatchd says: %s", error);
		else
			buf_append_str(why, "swatchd refused the report without giving a reason");
		return false;
	}
	enum client_result rows = read_rows(client, report);
	if (rows != CLIENT_OK) {
		const char *broken = rows == CLIENT_BROKEN ? strerror(errno) : "";
		buf_printf(why, "the daemon's report broke off%s%s", *broken ? ": " : "", broken);
		return false;
	}
	take_head(answer, report);
	return true;
}

/* Whether all that the daemon knows is in the ledger's file, or else in its memory. */
static void ask_where(struct client *client, bool *in_file, bool *in_memory)
{
	AUTO_BUF why = BUF_INIT;
	AUTO_JSON *answer = NULL;
	bool good = client_ask(client, "{\"op\":\"kept\"}", LINE_TIMEOUT_MS, &answer, &why) == CLIENT_OK;
	*in_file = good && json_get_bool(answer, "kept", false);
	*in_memory = good && json_get_bool(answer, "whole", false);
}

/*
 * The same from the daemon of this invocation when it has everything in memory, and the file has not; else
 * out of the ledger's file and what is beyond it. `why` stays empty when none runs. It may have another zone,
 * and we cannot send it a zone without a name.
 */
static bool fetch_what_is_kept(const struct invocation *invocation, const struct report_request *request,
			       struct report *report, struct report_imported *imported, struct buf *why)
{
	struct client client;
	AUTO_JSON *answer = NULL;
	bool good = false;
	enum client_state state = daemon_connect(invocation, &client, why);
	if (daemon_is_absent(state)) {
		buf_clear(why);
		good = report_from_sums(invocation, request, false, report, imported);
	} else if (state == CLIENT_LISTENING
		   /* After a sync, all that happened so far is in the figures. */
		   && client_ask(&client, "{\"op\":\"sync\"}", SYNC_TIMEOUT_MS, &answer, why) == CLIENT_OK) {
		bool in_file, in_memory;
		ask_where(&client, &in_file, &in_memory);
		in_memory = in_memory && !request->zone_is_nameless;
		good = (in_file || !in_memory)
		    && report_from_sums(invocation, request, in_file, report, imported);
		if (!good && in_memory)
			good = ask_for_report(&client, &request->options, report, why);
	}
	client_close(&client);
	return good;
}

/* ---- either ---- */

int report_fetch(const struct invocation *invocation, const struct report_request *request,
		 struct report *report, struct report_imported *imported)
{
	AUTO_BUF why = BUF_INIT;
	int status = SWATCH_OK;
	report_init(report, request->options.kind);
	if (request->live_only || !fetch_what_is_kept(invocation, request, report, imported, &why)) {
		if (why.len > 0)
			terminal_error("%s; reading the transcripts here instead", buf_message(&why));
		report_release(report);
		status = report_scan(invocation, request, report);
	}
	if (status == SWATCH_OK && report->failed) {
		terminal_error("out of memory");
		status = SWATCH_FAILED;
	}
	return status;
}
