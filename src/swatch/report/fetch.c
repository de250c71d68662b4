#include "swatch/report/fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/read.h"
#include "json/parse.h"
#include "json/write.h"
#include "swatch/cli/daemon_call.h"
#include "swatch/report/scan.h"
#include "swatch/ui/terminal.h"

/* Publishing what is pending is a moment's work; reading the whole history, on a slow disk, is not. */
#define SYNC_TIMEOUT_MS 60000
#define LINE_TIMEOUT_MS 30000

/* ---- the rows ---- */

static void add_text(struct report_data *data, char ***list, size_t *count, size_t *cap, const char *text, size_t len)
{
	if (*count == *cap) {
		size_t grown_cap = *cap ? *cap * 2 : 32;
		char **grown = reallocarray(*list, grown_cap, sizeof(*grown));
		if (!grown) {
			data->failed = true;
			return;
		}
		*list = grown;
		*cap = grown_cap;
	}
	char *copy = strndup(text, len);
	if (copy)
		(*list)[(*count)++] = copy;
	data->failed = data->failed || !copy;
}

void report_data_add_row(struct report_data *data, const char *json, size_t len)
{
	add_text(data, &data->rows, &data->row_count, &data->row_cap, json, len);
}

void report_data_add_unpriced(struct report_data *data, const char *model)
{
	add_text(data, &data->unpriced, &data->unpriced_count, &data->unpriced_cap, model, strlen(model));
}

void report_data_release(struct report_data *data)
{
	for (size_t i = 0; i < data->row_count; i++)
		free(data->rows[i]);
	for (size_t i = 0; i < data->unpriced_count; i++)
		free(data->unpriced[i]);
	free(data->rows);
	free(data->unpriced);
	free(data->totals);
	memset(data, 0, sizeof(*data));
}

void report_say_unpriced(const struct report_data *data)
{
	struct buf names = BUF_INIT;
	for (size_t i = 0; i < data->unpriced_count; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", data->unpriced[i]);
	if (data->unpriced_count > 0)
		terminal_error("no price for %s; %s tokens count as 0 USD; see swatch-pricing(1)", buf_str(&names),
			       data->unpriced_count == 1 ? "its" : "their");
	buf_release(&names);
}

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

static const char *object_text(struct json_object *object, size_t *len)
{
	return json_text(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, len);
}

/* Takes a line after the answer's first. Returns false when it is neither a row nor the end. */
static bool take_line(struct json_object *line, struct report_data *data, bool *at_end)
{
	struct json_object *row = json_get_object(line, "row"), *totals = json_get_object(line, "totals");
	size_t len = 0;
	if (row) {
		const char *text = object_text(row, &len);
		if (text)
			report_data_add_row(data, text, len);
		data->failed = data->failed || !text;
		return true;
	}
	*at_end = json_get_bool(line, "end", false);
	if (*at_end && totals && json_object_object_length(totals) > 0) {
		const char *text = object_text(totals, &len);
		data->totals = text ? strndup(text, len) : NULL;
		data->failed = data->failed || !data->totals;
	}
	return *at_end;
}

static void take_unpriced(struct json_object *answer, struct report_data *data)
{
	struct json_object *models = NULL;
	if (!json_object_object_get_ex(answer, "unpricedModels", &models) || !json_object_is_type(models, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(models); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(models, i));
		if (name)
			report_data_add_unpriced(data, name);
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
		struct json_object *object = client_parse(line, len);
		if (!object && errno == ENOMEM)
			return CLIENT_BROKEN;
		bool good = object && take_line(object, data, &at_end);
		json_object_put(object);
		if (!good)
			return CLIENT_BAD_ANSWER;
	}
	return CLIENT_OK;
}

/* Asks, and takes the whole answer. Returns false, with the reason in `why`, when it does not come. */
static bool ask_for_report(struct client *client, const struct report_options *options, struct report_data *data,
			   struct buf *why)
{
	struct buf question = BUF_INIT;
	struct json_object *answer = NULL;
	write_question(options, &question);
	if (question.failed) {
		buf_append_str(why, "out of memory");
		buf_release(&question);
		return false;
	}
	enum client_result rows;
	bool good = client_ask(client, buf_str(&question), LINE_TIMEOUT_MS, &answer, why) == CLIENT_OK;
	if (good && !json_get_bool(answer, "ok", false)) {
		const char *error = json_get_string(answer, "error");
		buf_printf(why, "swatchd says: %s", error ? error : "no, and not why");
		good = false;
	} else if (good && (rows = read_rows(client, data)) != CLIENT_OK) {
		const char *broken = rows == CLIENT_BROKEN ? strerror(errno) : NULL;
		buf_printf(why, "the daemon's report broke off%s%s", broken ? ": " : "", broken ? broken : "");
		good = false;
	}
	if (good) {
		take_unpriced(answer, data);
		if (!json_get_bool(answer, "complete", true))
			terminal_error("swatchd is still reading its history: these figures do not hold all of it yet");
	}
	json_object_put(answer);
	buf_release(&question);
	return good;
}

/* The same from the daemon of this invocation; `why` stays empty where none runs. */
static bool fetch_from_daemon(const struct invocation *invocation, const struct report_options *options,
			      struct report_data *data, struct buf *why)
{
	struct client client;
	struct json_object *answer = NULL;
	bool good = false;
	enum client_state state = daemon_connect(invocation, &client, why);
	if (daemon_is_absent(state))
		buf_clear(why);
	else if (state == CLIENT_LISTENING)
		/* After a sync, all that happened so far is in the figures. */
		good = client_ask(&client, "{\"op\":\"sync\"}", SYNC_TIMEOUT_MS, &answer, why) == CLIENT_OK
		       && ask_for_report(&client, options, data, why);
	json_object_put(answer);
	client_close(&client);
	return good;
}

/* ---- either ---- */

/* Where there are no rows, there are no totals: ccusage prints zeros then. */
static void set_no_totals(struct report_data *data)
{
	data->totals = strdup("{\"cacheCreationTokens\":0,\"cacheReadTokens\":0,\"inputTokens\":0,\"outputTokens\":0,"
			      "\"totalCost\":-0.0,\"totalTokens\":0}");
	data->failed = data->failed || !data->totals;
}

int report_fetch(const struct invocation *invocation, const struct report_request *request, struct report_data *data)
{
	struct buf why = BUF_INIT;
	int status = SWATCH_OK;
	memset(data, 0, sizeof(*data));
	/* The daemon's own zone may be another one, and this one has no name to tell it. */
	bool done = !request->zone_is_nameless && fetch_from_daemon(invocation, &request->options, data, &why);
	if (!done) {
		if (why.len > 0)
			terminal_error("%s; the transcripts are read here instead", buf_message(&why));
		report_data_release(data);
		status = report_scan(invocation, request, data);
	}
	if (status == SWATCH_OK && request->options.kind != REPORT_BLOCKS && !data->totals)
		set_no_totals(data);
	if (data->failed && status == SWATCH_OK) {
		terminal_error("out of memory");
		status = SWATCH_FAILED;
	}
	buf_release(&why);
	return status;
}
