/* Takes in sessions, figures and events; judge.c works out what to show of them. */
#include "swatch/top/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/paths.h"
#include "cache/read.h"
#include "swatch/top/figures.h"
#include "swatch/ui/event_text.h"
#include "swatch/ui/human.h"

void top_model_init(struct top_model *model)
{
	memset(model, 0, sizeof(*model));
	model->projected_usd = model->today_tokens = model->block_tokens = NAN;
}

void top_model_clear_sessions(struct top_model *model)
{
	for (size_t i = 0; i < model->session_count; i++)
		json_object_put(model->sessions[i].file);
	model->session_count = model->order_count = 0;
	model->too_many = false;
}

void top_model_release(struct top_model *model)
{
	top_model_clear_sessions(model);
	free(model->sessions);
	free(model->order);
	json_object_put(model->billing);
	top_model_init(model);
}

void top_model_take_billing(struct top_model *model, struct json_object *billing)
{
	json_object_put(model->billing);
	model->billing = billing;
}

/* ---- sessions ---- */

struct top_session *top_model_find(const struct top_model *model, const char *id)
{
	for (size_t i = 0; i < model->session_count; i++)
		if (strcmp(model->sessions[i].id, id) == 0)
			return &model->sessions[i];
	return NULL;
}

const char *top_session_name(const struct top_session *session)
{
	return session->project ? session->project : session->id;
}

static void remove_session(struct top_model *model, struct top_session *session)
{
	json_object_put(session->file);
	model->session_count--;
	if (session != &model->sessions[model->session_count])
		*session = model->sessions[model->session_count];
	model->order_count = 0;
}

/* Adds an empty session. NULL, and the model says why, when there is no room. */
static struct top_session *add_session(struct top_model *model, const char *id)
{
	if (model->session_count == TOP_SESSIONS_MAX) {
		model->too_many = true;
		return NULL;
	}
	size_t needed = model->session_count + 1;
	if (!array_reserve(&model->sessions, &model->session_cap, needed, sizeof(*model->sessions))
	    || !array_reserve(&model->order, &model->order_cap, needed, sizeof(*model->order))) {
		model->failed = true;
		return NULL;
	}
	struct top_session *session = &model->sessions[model->session_count++];
	memset(session, 0, sizeof(*session));
	snprintf(session->id, sizeof(session->id), "%s", id);
	return session;
}

static const char *text_of(struct json_object *object, const char *key)
{
	const char *text = json_get_string(object, key);
	return text && *text ? text : NULL;
}

static double sum_tokens(struct json_object *tokens)
{
	static const char *const kinds[] = { "input", "output", "cacheCreation", "cacheRead" };
	double sum = 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		sum += top_number(tokens, kinds[i], TOP_TOKENS_MAX);
	return sum;
}

/* True when a model that was used has no price: then a cost of 0 means nothing. */
static bool has_no_price(struct json_object *file)
{
	size_t count;
	struct json_object *models = json_get_array(file, "models", &count);
	for (size_t i = 0; i < count; i++)
		if (json_get_bool(json_object_array_get_idx(models, i), "unpriced", false))
			return true;
	return false;
}

static void read_wait(struct top_session *session)
{
	const char *status = json_get_string(session->file, "status");
	const char *reason = json_get_string(session->file, "waitingFor");
	bool waits = session->is_active && status && strcmp(status, "waiting") == 0;
	session->waiting_for = !waits ? NULL : reason ? reason : "";
	session->waiting_since_ms = waits ? top_time(session->file, "statusSince") : 0;
}

static void read_session(struct top_session *session)
{
	struct json_object *file = session->file;
	struct json_object *transcript = json_get_object(file, "transcript");
	struct json_object *context = json_get_object(file, "context");
	struct json_object *billing = json_get_object(file, "billing");
	const char *state = json_get_string(file, "state"), *project = text_of(file, "projectPath");
	session->is_active = state && strcmp(state, "active") == 0;
	read_wait(session);
	session->project = project ? paths_basename(project) : NULL;
	if (project && !*session->project)
		session->project = project;
	session->branch = text_of(json_get_object(file, "git"), "branch");
	session->model = text_of(json_get_object(file, "model"), "value");
	session->context_percent =
		top_time(context, "updatedAt") > 0 ? top_number(context, "percentUsed", 1000) : NAN;
	session->cost_usd = top_number(billing, "sessionCost", TOP_USD_MAX);
	session->rate_usd = top_number(billing, "sessionBurnRate", TOP_USD_MAX);
	if (session->cost_usd <= 0. && has_no_price(file))
		session->cost_usd = session->rate_usd = NAN;
	session->tokens = top_number(billing, "sessionTokens", TOP_TOKENS_MAX);
	if (isnan(session->tokens))
		session->tokens = sum_tokens(json_get_object(file, "tokens"));
	session->subagents = top_number(json_get_object(file, "subagents"), "count", TOP_TOKENS_MAX);
	session->last_ms = top_time(transcript, "lastMessageTime");
	int64_t modified_ms = top_time(transcript, "lastModified");
	if (session->last_ms < modified_ms)
		session->last_ms = modified_ms;
	if (session->last_ms < session->listed_ms)
		session->last_ms = session->listed_ms;
}

void top_model_take_session(struct top_model *model, const char *id, struct json_object *file)
{
	struct top_session *session = top_model_find(model, id);
	if (!file || json_get_int(file, "schema", CACHE_SCHEMA) > CACHE_SCHEMA) {
		json_object_put(file);
		if (session)
			remove_session(model, session);
		return;
	}
	if (!session)
		session = add_session(model, id);
	if (!session) {
		json_object_put(file);
		return;
	}
	json_object_put(session->file);
	session->file = file;
	read_session(session);
}

void top_model_take_list(struct top_model *model, struct json_object *list)
{
	size_t count;
	struct json_object *sessions = json_get_array(list, "sessions", &count);
	for (size_t i = 0; i < count; i++) {
		struct json_object *listed = json_object_array_get_idx(sessions, i);
		const char *id = json_get_string(listed, "sessionId");
		struct top_session *session = id ? top_model_find(model, id) : NULL;
		if (!session)
			continue;
		/* sessions.json counts the activity of subagents, too. */
		session->listed_ms = top_time(listed, "lastActivity");
		read_session(session);
	}
}

/* ---- events ---- */

static void append_event(struct top_model *model, const char *text)
{
	if (model->event_count == TOP_EVENTS_MAX) {
		memmove(model->events[0], model->events[1], sizeof(model->events) - sizeof(model->events[0]));
		model->event_count--;
	}
	snprintf(model->events[model->event_count++], TOP_EVENT_SIZE, "%s", text);
}

/* Puts the session's name before its id, and shortens the id. */
static void name_session(struct top_model *model, struct json_object *event, const char *id)
{
	struct top_session *session = top_model_find(model, id);
	char text[TOP_EVENT_SIZE];
	if (!session)
		return;
	snprintf(text, sizeof(text), "%.80s %.8s", top_session_name(session), id);
	struct json_object *named = json_object_new_string(text);
	if (!named || json_object_object_add(event, "sessionId", named) != 0)
		json_object_put(named);
}

void top_model_take_event(struct top_model *model, struct json_object *event)
{
	const char *name = json_get_string(event, "event"), *id = json_get_string(event, "sessionId");
	if (!name || strcmp(name, "published") == 0)
		return;
	struct top_session *removed =
		id && strcmp(name, "session-removed") == 0 ? top_model_find(model, id) : NULL;
	AUTO_BUF text = BUF_INIT;
	if (id)
		name_session(model, event, id);
	if (event_text_append(&text, event))
		append_event(model, buf_str(&text));
	if (removed)
		remove_session(model, removed);
}

void top_model_note_event(struct top_model *model, int64_t at_ms, const char *text)
{
	char line[TOP_EVENT_SIZE];
	snprintf(line, sizeof(line), "%s %s", human_clock_seconds(at_ms, HUMAN_TEXT), text);
	append_event(model, line);
}

/* ---- what each minute cost ---- */

bool top_model_ask_spend(const struct top_model *model, struct buf *question)
{
	if (model->block_start_ms <= 0)
		return false;
	buf_printf(question, "{\"op\":\"spend\",\"since\":%lld,\"step\":%lld,\"count\":%d}",
		   (long long)model->block_start_ms, (long long)CLOCK_MINUTE_MS, TOP_MINUTES);
	return !question->failed;
}

bool top_model_take_spend(struct top_model *model, struct json_object *answer)
{
	size_t count;
	struct json_object *usd = json_get_array(answer, "usd", &count);
	int64_t since_ms = top_time(answer, "since");
	if (!usd || !json_get_bool(answer, "ok", false) || since_ms <= 0
	    || json_get_int(answer, "step", 0) != CLOCK_MINUTE_MS)
		return false;
	for (size_t i = 0; i < TOP_MINUTES; i++) {
		struct json_object *one = i < count ? json_object_array_get_idx(usd, i) : NULL;
		double value = one ? json_object_get_double(one) : 0;
		model->spent_usd[i] = value >= 0 && value <= TOP_USD_MAX ? value : 0;
	}
	model->spent_since_ms = since_ms;
	return true;
}
