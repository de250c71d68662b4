#include "swatch/report/fetch.h"

#include <errno.h>
#include <string.h>

#include "cache/read.h"
#include "json/parse.h"
#include "json/write.h"
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
static bool take_line(struct json_object *line, struct report_data *data, bool *at_end)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct json_object *row = json_get_object(line, "row"), *totals = json_get_object(line, "totals");
	size_t len = 0;
	*at_end = !row && json_get_bool(line, "end", false);
	struct json_object *object = row ? row : *at_end ? totals : NULL;
	if (!row && object && json_object_object_length(object) == 0)
		object = NULL;
	const char *text = object ? json_text(object, flags, &len) : NULL;
	if (text && row)
		text_list_add(&data->rows, text, len);
	else if (text)
		report_data_set_totals(data, text, len);
	data->failed = data->failed || (object && !text);
	return row || *at_end;
}

static void take_unpriced(struct json_object *answer, struct report_data *data)
{
	struct json_object *models = NULL;
	if (!json_object_object_get_ex(answer, "unpricedModels", &models)
	    || !json_object_is_type(models, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(models); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(models, i));
		if (name)
			text_list_add(&data->unpriced, name, strlen(name));
	}
}

static enum client_result read_rows(struct client *client, struct report_data *data)
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
		if (!object || !take_line(object, data, &at_end))
			return CLIENT_BAD_ANSWER;
	}
	return CLIENT_OK;
}

/* Asks, and takes the whole answer. Returns false with a message in `why` when it does not arrive. */
static bool ask_for_report(struct client *client, const struct report_options *options,
			   struct report_data *data, struct buf *why)
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
	enum client_result rows = read_rows(client, data);
	if (rows != CLIENT_OK) {
		const char *broken = rows == CLIENT_BROKEN ? strerror(errno) : "";
		buf_printf(why, "the daemon's report broke off%s%s", *broken ? ": " : "", broken);
		return false;
	}
	take_unpriced(answer, data);
	report_data_set_first_day(data, json_get_string(answer, "firstDay"));
	if (!json_get_bool(answer, "complete", true))
		terminal_error(
			"swatchd is still reading its history: some of it is missing in these figures");
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
			       struct report_data *data, struct buf *why)
{
	struct client client;
	AUTO_JSON *answer = NULL;
	bool good = false;
	enum client_state state = daemon_connect(invocation, &client, why);
	if (daemon_is_absent(state)) {
		buf_clear(why);
		good = report_from_sums(invocation, request, false, data);
	} else if (state == CLIENT_LISTENING
		   /* After a sync, all that happened so far is in the figures. */
		   && client_ask(&client, "{\"op\":\"sync\"}", SYNC_TIMEOUT_MS, &answer, why) == CLIENT_OK) {
		bool in_file, in_memory;
		ask_where(&client, &in_file, &in_memory);
		in_memory = in_memory && !request->zone_is_nameless;
		good = (in_file || !in_memory) && report_from_sums(invocation, request, in_file, data);
		if (!good && in_memory)
			good = ask_for_report(&client, &request->options, data, why);
	}
	client_close(&client);
	return good;
}

/* ---- either ---- */

/* What ccusage prints as the totals of no rows. */
static const char no_totals[] =
	"{\"cacheCreationTokens\":0,\"cacheReadTokens\":0,\"inputTokens\":0,\"outputTokens\":0,"
	"\"totalCost\":-0.0,\"totalTokens\":0}";

int report_fetch(const struct invocation *invocation, const struct report_request *request,
		 struct report_data *data)
{
	AUTO_BUF why = BUF_INIT;
	int status = SWATCH_OK;
	memset(data, 0, sizeof(*data));
	if (request->live_only || !fetch_what_is_kept(invocation, request, data, &why)) {
		if (why.len > 0)
			terminal_error("%s; reading the transcripts here instead", buf_message(&why));
		report_data_release(data);
		status = report_scan(invocation, request, data);
	}
	if (status == SWATCH_OK && request->options.kind != REPORT_BLOCKS && !data->totals)
		report_data_set_totals(data, no_totals, strlen(no_totals));
	if (status == SWATCH_OK && !report_data_is_whole(data)) {
		terminal_error("out of memory");
		status = SWATCH_FAILED;
	}
	return status;
}
