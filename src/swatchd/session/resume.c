/*
 * The facts of a main transcript, from one run to the next, in the session's file.
 */
#include "swatchd/session/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "cache/read.h"
#include "json/get.h"

#define HASH_DIGITS 16

/* What an earlier run knew of a transcript. */
struct session_resume {
	char *path;
	int64_t offset;                  /* the facts are those of the lines before it */
	uint64_t mark;
	size_t mark_len;
	int64_t size_bytes, modified_ms; /* of the transcript then */
	bool looked_for_secrets;
	struct session_secrets secrets;  /* in this transcript */
	struct session_transcript facts; /* these alone are filled in */
};

/* ---- writing ---- */

static void put_hash(struct jsonw *w, const char *key, uint64_t hash)
{
	char text[HASH_DIGITS + 1];
	snprintf(text, sizeof(text), "%016llx", (unsigned long long)hash);
	jsonw_put_string(w, key, text);
}

static void put_malformed(struct jsonw *w, const struct malformed_lines *lines)
{
	if (!jsonw_key_object_or_null(w, "malformed", malformed_count(lines) > 0))
		return;
	malformed_write(lines, w);
	jsonw_end_object(w);
}

static void put_cost_state(struct jsonw *w, const struct session_transcript *part)
{
	const struct cost_state *state = part->cost_state;
	if (!state) {
		jsonw_put_null(w, "costState");
		return;
	}
	jsonw_key_object(w, "costState");
	jsonw_put_double(w, "totalUSD", state->total_usd);
	jsonw_put_bool(w, "isBehind", part->cost_state_is_behind);
	jsonw_key_array(w, "models");
	for (size_t i = 0; i < state->model_count; i++) {
		const struct cost_state_model *model = &state->models[i];
		jsonw_begin_object(w);
		jsonw_put_string(w, "model", model->name);
		jsonw_put_int(w, "input", model->input);
		jsonw_put_int(w, "output", model->output);
		jsonw_put_int(w, "cacheCreation", model->cache_creation);
		jsonw_put_int(w, "cacheRead", model->cache_read);
		jsonw_put_int(w, "webSearches", model->web_searches);
		jsonw_put_double(w, "costUSD", model->cost_usd);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_end_object(w);
}

void session_resume_write(const struct session_transcript *part, struct jsonw *w)
{
	struct tail_place place;
	if (!part || !part->wanted || !tail_get_place(part->file, &place)) {
		jsonw_put_null(w, "resume");
		return;
	}
	jsonw_key_object(w, "resume");
	jsonw_put_int(w, "offset", place.offset);
	put_hash(w, "mark", place.mark);
	jsonw_put_int(w, "markBytes", (int64_t)place.mark_len);
	put_hash(w, "lastMessage", part->last_message_hash);
	jsonw_put_int(w, "previewCharacters", part->preview_chars);
	jsonw_put_bool(w, "cacheIs1h", part->cache_is_1h);
	jsonw_put_int_or_null(w, "compactedAt", part->compacted_ms);
	put_malformed(w, &part->malformed);
	put_cost_state(w, part);
	jsonw_end_object(w);
}

/* ---- reading ---- */

static bool read_hash(struct json_object *object, const char *key, uint64_t *out)
{
	const char *text = json_get_string(object, key);
	if (!text || strlen(text) != HASH_DIGITS || strspn(text, "0123456789abcdef") != HASH_DIGITS)
		return false;
	*out = strtoull(text, NULL, HASH_DIGITS);
	return true;
}

/* A copy of a text of less than `size` bytes; NULL is one, too. Returns false for any other. */
static bool read_text(struct json_object *object, const char *key, size_t size, char **out)
{
	const char *text = json_get_string(object, key);
	*out = NULL;
	if (!text)
		return true;
	*out = strlen(text) < size ? strdup(text) : NULL;
	return *out != NULL;
}

static int64_t read_count(struct json_object *object, const char *key)
{
	int64_t count = json_get_int(object, key, 0);
	return count > 0 ? count : 0;
}

static double read_usd(struct json_object *object, const char *key)
{
	double usd = json_get_double(object, key, 0.);
	return usd >= 0. && usd <= 1e9 ? usd : 0.;
}

static bool read_cost_state(struct json_object *written, struct session_transcript *facts)
{
	size_t count;
	struct json_object *models = json_get_array(written, "models", &count);
	if (!written)
		return true;
	if (count > COST_STATE_MODELS_MAX)
		return false;
	struct cost_state *state = facts->cost_state = calloc(1, sizeof(*state));
	if (!state)
		return false;
	state->total_usd = read_usd(written, "totalUSD");
	facts->cost_state_is_behind = json_get_bool(written, "isBehind", true);
	for (size_t i = 0; i < count; i++) {
		struct json_object *from = json_object_array_get_idx(models, i);
		struct cost_state_model *model = &state->models[state->model_count++];
		const char *name = json_get_string(from, "model");
		if (!name || strlen(name) >= sizeof(model->name))
			return false;
		memcpy(model->name, name, strlen(name) + 1);
		model->input = read_count(from, "input");
		model->output = read_count(from, "output");
		model->cache_creation = read_count(from, "cacheCreation");
		model->cache_read = read_count(from, "cacheRead");
		model->web_searches = read_count(from, "webSearches");
		model->cost_usd = read_usd(from, "costUSD");
	}
	return true;
}

/* Where the earlier run stood. Returns false when that is not known, or cannot be. */
static bool read_place(struct json_object *before, struct json_object *resume, struct session_resume *out)
{
	struct json_object *transcript = json_get_object(before, "transcript");
	int64_t mark_len = json_get_int(resume, "markBytes", 0);
	out->offset = json_get_int(resume, "offset", 0);
	out->size_bytes = json_get_int(transcript, "sizeBytes", -1);
	out->modified_ms = json_get_int(transcript, "lastModified", 0);
	if (mark_len <= 0 || mark_len > TAIL_MARK_BYTES || mark_len > out->offset
	    || !read_hash(resume, "mark", &out->mark))
		return false;
	out->mark_len = (size_t)mark_len;
	return true;
}

/* The facts that readers see, too. */
static bool read_shown(struct json_object *before, struct session_transcript *facts)
{
	struct json_object *transcript = json_get_object(before, "transcript");
	struct json_object *context = json_get_object(before, "context");
	struct json_object *model = json_get_object(before, "model");
	struct json_object *cache = json_get_object(before, "promptCache");
	facts->messages = (uint64_t)read_count(transcript, "messageCount");
	facts->last_message_ms = read_count(transcript, "lastMessageTime");
	facts->context_tokens = json_get_int(context, "tokensUsed", -1);
	facts->context_at_ms = read_count(context, "updatedAt");
	facts->model_at_ms = read_count(model, "updatedAt");
	if (cache) {
		int64_t life_ms = facts->cache_is_1h ? CLOCK_HOUR_MS : 5 * CLOCK_MINUTE_MS;
		facts->cache_written_ms = read_count(cache, "expiresAt") - life_ms;
	}
	return facts->context_tokens >= -1 && facts->cache_written_ms >= 0
	       && read_text(before, "projectPath", SESSION_PATH_MAX, &facts->cwd)
	       && read_text(json_get_object(before, "git"), "branch", SESSION_NAME_MAX, &facts->branch)
	       && read_text(model, "id", SESSION_NAME_MAX, &facts->model)
	       && read_text(transcript, "lastMessagePreview", SESSION_PREVIEW_MAX, &facts->preview);
}

static bool read_all(struct json_object *before, struct json_object *resume, struct session_resume *out,
		     int64_t now_ms)
{
	struct session_transcript *facts = &out->facts;
	struct json_object *alerts = json_get_object(before, "alerts");
	facts->cache_is_1h = json_get_bool(resume, "cacheIs1h", false);
	facts->compacted_ms = read_count(resume, "compactedAt");
	facts->preview_chars = read_count(resume, "previewCharacters");
	malformed_read(json_get_object(resume, "malformed"), &facts->malformed);
	/* Null when nobody looked. */
	out->looked_for_secrets = json_get_bool(alerts, "secretsDetected", false)
				  || !json_get_bool(alerts, "secretsDetected", true);
	session_secrets_restore(&out->secrets, alerts, false, now_ms);
	return read_text(before, "transcriptPath", SESSION_PATH_MAX, &out->path) && out->path
	       && read_place(before, resume, out)
	       && read_hash(resume, "lastMessage", &facts->last_message_hash) && read_shown(before, facts)
	       && read_cost_state(json_get_object(resume, "costState"), facts);
}

static void release(struct session_resume *resume)
{
	if (!resume)
		return;
	session_secrets_release(&resume->secrets);
	free(resume->path);
	sessions_free_facts(&resume->facts);
	free(resume);
}

void session_resume_read(struct session *session, struct json_object *before, int64_t now_ms)
{
	struct json_object *written = json_get_object(before, "resume");
	const char *writer = json_get_string(before, "writer");
	/* Another version may gather other facts. */
	if (!written || !writer || strcmp(writer, CACHE_WRITER) != 0)
		return;
	struct session_resume *resume = calloc(1, sizeof(*resume));
	if (!resume)
		return;  /* the lines are read again */
	session_resume_forget(session);
	if (read_all(before, written, resume, now_ms))
		session->resume = resume;
	else
		release(resume);
}

void session_resume_forget(struct session *session)
{
	release(session->resume);
	session->resume = NULL;
}

/* ---- taking ---- */

/* Whether the facts are as of where tail goes on, or as of all that is there now. */
static bool is_in_step(const struct session_resume *resume, const struct transcript *t)
{
	if (!t->known || t->restart || t->failing)
		return false;
	if (resume->offset == t->offset)
		return resume->mark == t->mark && resume->mark_len == t->mark_len;
	/* The run was killed after it had written the session's file, and before the ledger's. */
	return resume->offset > t->offset && resume->size_bytes == t->size_bytes
	       && resume->modified_ms == t->modified_ms;
}

/* Moves the facts to a transcript that has none yet. */
static void move_facts(struct session_transcript *from, struct session_transcript *to)
{
	to->malformed = from->malformed;
	to->messages = from->messages;
	to->last_message_hash = from->last_message_hash;
	to->last_message_ms = from->last_message_ms;
	to->context_tokens = from->context_tokens;
	to->context_at_ms = from->context_at_ms;
	to->cache_written_ms = from->cache_written_ms;
	to->cache_is_1h = from->cache_is_1h;
	to->compacted_ms = from->compacted_ms;
	to->model_at_ms = from->model_at_ms;
	to->preview_chars = from->preview_chars;
	to->cwd = SCOPE_KEEP(from->cwd);
	to->branch = SCOPE_KEEP(from->branch);
	to->model = SCOPE_KEEP(from->model);
	to->preview = SCOPE_KEEP(from->preview);
	to->cost_state = SCOPE_KEEP(from->cost_state);
	to->cost_state_is_behind = from->cost_state_is_behind;
}

bool sessions_resume_facts(const struct sessions *sessions, struct session_transcript *part)
{
	struct session *session = part->session;
	const struct session_resume *resume = session->resume;
	if (!resume || part->wanted || part->subagent || strcmp(resume->path, part->file->path) != 0
	    || !is_in_step(resume, part->file)
	    || (resume->facts.messages > 0 && resume->facts.preview_chars != sessions->preview_chars)
	    || (sessions->look_for_secrets && !resume->looked_for_secrets))
		return false;
	sessions_reset_transcript(part);
	move_facts(&session->resume->facts, part);
	part->facts_to = resume->offset;
	if (session->looks_for_secrets)
		session_secrets_move(&session->resume->secrets, &session->secrets, part->file->path);
	part->wanted = true;
	session_resume_forget(session);
	(void)sessions_note_read(part);
	return true;
}
