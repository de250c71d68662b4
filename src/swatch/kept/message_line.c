#include "swatch/kept/message_line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/strmap.h"
#include "json/get.h"
#include "json/write.h"
#include "ledger/figures.h"
#include "ledger/record.h"
#include "ledger/store/place.h"
#include "ledger/store/schema.h"
#include "limits/names.h"
#include "transcript/path.h"

/* Names of machines, directories and branches are shorter. */
#define NAME_MAX_BYTES 1024
#define PATH_MAX_BYTES 2048
/* The end of the year 9999. */
#define TIME_MAX_MS INT64_C(253402300800000)

static const struct {
	unsigned flag;
	const char *name;
} flags[] = {
	{ STORE_HAS_ID, "id" },
	{ STORE_HIDDEN, "copy" },
	{ STORE_UNPRICED, "unpriced" },
	{ STORE_SIDECHAIN, "sidechain" },
	{ STORE_HAS_SPEED, "speed" },
	{ STORE_FAST, "fast" },
	{ STORE_HAS_COST, "cost" },
	{ STORE_US_ONLY, "us" },
	{ STORE_BATCH, "batch" },
	{ STORE_IN_PARTS, "parts" },
	{ STORE_LOST_BY_REFERENCE, "lost" },
	{ STORE_SUM, "sum" },
};

/* Token counts by name: of the message, and of its large requests. */
static const char *const token_names[] = { "inputTokens", "outputTokens", "cacheCreation5mTokens",
					   "cacheCreation1hTokens", "cacheReadTokens" };

static int64_t *token_at(struct price_tokens *tokens, size_t i)
{
	int64_t *const at[] = { &tokens->input, &tokens->output, &tokens->cache_creation_5m,
				&tokens->cache_creation_1h, &tokens->cache_read };
	return at[i];
}

/* ---- writing ---- */

static void put_tokens(struct jsonw *w, const struct price_tokens *tokens)
{
	struct price_tokens copy = *tokens;
	for (size_t i = 0; i < ARRAY_COUNT(token_names); i++)
		jsonw_put_int(w, token_names[i], *token_at(&copy, i));
}

static void put_flags(struct jsonw *w, unsigned set)
{
	jsonw_key_array(w, "flags");
	for (size_t i = 0; i < ARRAY_COUNT(flags); i++)
		if (set & flags[i].flag)
			jsonw_string(w, flags[i].name);
	jsonw_end_array(w);
}

/* Where it stands, and whose it is. */
static void put_place(struct jsonw *w, const char *type, const struct store_line *line, const char *host)
{
	jsonw_put_string(w, "type", type);
	jsonw_put_int(w, "v", MESSAGE_LINE_VERSION);
	jsonw_put_string(w, "host", line->host[0] ? line->host : host);
	jsonw_put_string(w, "root", line->root);
	jsonw_put_string(w, "transcript", line->path);
	jsonw_put_int(w, "version", line->version);
	jsonw_put_bool(w, "subagent", line->subagent);
	jsonw_put_string(w, "sessionId", line->session);
}

void message_line_write(const struct store_line *line, const char *host, struct buf *out)
{
	const struct store_row *row = &line->row;
	char time[CLOCK_RFC3339_SIZE], key[17];
	struct jsonw w;
	clock_format_rfc3339(row->time_ms, time);
	snprintf(key, sizeof(key), "%016llx", (unsigned long long)row->key);
	jsonw_init(&w, out);
	jsonw_begin_object(&w);
	put_place(&w, MESSAGE_LINE_TYPE, line, host);
	jsonw_put_string(&w, "payer", line->payer);
	jsonw_put_int(&w, "offset", row->offset);
	jsonw_put_string(&w, "time", time);
	jsonw_put_string(&w, "key", key);
	jsonw_put_int(&w, "request", row->request);
	jsonw_put_string(&w, "model", line->model);
	jsonw_put_string(&w, "branch", line->branch);
	put_flags(&w, row->flags);
	put_tokens(&w, &row->tokens);
	jsonw_put_int(&w, "webSearches", row->web_searches);
	jsonw_put_int(&w, "nanoUSD", row->nano_usd);
	jsonw_put_int(&w, "referenceNanoUSD", row->reference);
	if (row->flags & STORE_IN_PARTS) {
		jsonw_key_object(&w, "large");
		put_tokens(&w, &row->large);
		jsonw_end_object(&w);
	}
	jsonw_end_object(&w);
	buf_append_char(out, '\n');
}

void message_line_write_hit(const struct store_hit_line *hit, const char *host, struct buf *out)
{
	char time[CLOCK_RFC3339_SIZE], resets[CLOCK_RFC3339_SIZE];
	struct jsonw w;
	clock_format_rfc3339(hit->at.row.time_ms, time);
	clock_format_rfc3339(hit->resets_ms, resets);
	jsonw_init(&w, out);
	jsonw_begin_object(&w);
	put_place(&w, MESSAGE_LINE_HIT_TYPE, &hit->at, host);
	jsonw_put_int(&w, "offset", hit->at.row.offset);
	jsonw_put_string(&w, "time", time);
	jsonw_put_string(&w, "limit", hit->name);
	jsonw_put_string(&w, "resetsAt", hit->resets_ms > 0 ? resets : NULL);
	jsonw_put_bool(&w, "oldForm", hit->old_form);
	jsonw_put_bool(&w, "inMessage", hit->in_message);
	jsonw_end_object(&w);
	buf_append_char(out, '\n');
}

/* ---- reading ---- */

static bool take_text(struct json_object *object, const char *key, size_t max, const char **out)
{
	*out = json_get_string(object, key);
	return *out && strlen(*out) <= max;
}

static bool take_number(struct json_object *object, const char *key, int64_t max, int64_t *out)
{
	*out = json_get_int(object, key, -1);
	return *out >= 0 && *out <= max;
}

static bool take_tokens(struct json_object *object, struct price_tokens *out)
{
	for (size_t i = 0; i < ARRAY_COUNT(token_names); i++)
		if (!take_number(object, token_names[i], UINT32_MAX, token_at(out, i)))
			return false;
	return true;
}

static bool take_flags(struct json_object *object, unsigned *out)
{
	size_t count;
	struct json_object *array = json_get_array(object, "flags", &count);
	*out = 0;
	for (size_t i = 0; i < count; i++) {
		const char *name = json_item_string(array, i);
		size_t at = 0;
		while (name && at < ARRAY_COUNT(flags) && strcmp(flags[at].name, name) != 0)
			at++;
		if (!name || at == ARRAY_COUNT(flags))
			return false;
		*out |= flags[at].flag;
	}
	return array != NULL;
}

static bool take_key(struct json_object *object, uint64_t *out)
{
	const char *text = json_get_string(object, "key");
	if (!text || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
		return false;
	*out = strtoull(text, NULL, 16);
	return true;
}

static bool is_session(const char *id)
{
	return !id[0] || transcript_session_id_is_valid(id, strlen(id));
}

/* Where it stands, and whose it is. */
static const char *take_place(struct json_object *object, struct store_line *out)
{
	char whole[PATH_MAX_BYTES + NAME_MAX_BYTES + 2];
	int64_t version;
	if (!take_text(object, "host", NAME_MAX_BYTES, &out->host) || !out->host[0])
		return "\"host\" is no name";
	if (!take_text(object, "root", NAME_MAX_BYTES, &out->root)
	    || !take_text(object, "transcript", PATH_MAX_BYTES, &out->path))
		return "\"transcript\" is not a transcript's path";
	snprintf(whole, sizeof(whole), "%s/%s", out->root, out->path);
	if (!store_place_is_valid(whole, (int64_t)strlen(out->root) + 1))
		return "\"transcript\" is not a transcript's path";
	if (!take_text(object, "sessionId", NAME_MAX_BYTES, &out->session) || !is_session(out->session))
		return "\"sessionId\" is not a session's id";
	if (!take_number(object, "version", 1 << 20, &version))
		return "\"version\" is out of range";
	out->version = (unsigned)version;
	out->subagent = json_get_bool(object, "subagent", false);
	return NULL;
}

static const char *take_figures(struct json_object *object, struct store_row *row)
{
	int64_t request, searches;
	if (!take_tokens(object, &row->tokens))
		return "a number of tokens is missing, or out of range";
	if (!take_number(object, "webSearches", UINT32_MAX, &searches)
	    || !take_number(object, "request", UINT32_MAX, &request)
	    || !take_number(object, "offset", INT64_MAX, &row->offset))
		return "\"webSearches\", \"request\" or \"offset\" is out of range";
	row->web_searches = (uint32_t)searches;
	row->request = (uint32_t)request;
	if (!take_number(object, "nanoUSD", STORE_NANO_USD_MAX, &row->nano_usd)
	    || !take_number(object, "referenceNanoUSD", STORE_NANO_USD_MAX, &row->reference))
		return "\"nanoUSD\" or \"referenceNanoUSD\" is out of range";
	if ((row->flags & STORE_IN_PARTS) && !take_tokens(json_get_object(object, "large"), &row->large))
		return "\"large\" has no tokens";
	return NULL;
}

static bool take_time(struct json_object *object, const char *key, int64_t *out)
{
	const char *time = json_get_string(object, key);
	return time && clock_parse_rfc3339(time, strlen(time), out) && *out > 0 && *out < TIME_MAX_MS;
}

/* What lines of both types begin with. */
static const char *take_beginning(struct json_object *object, struct store_line *out)
{
	*out = (struct store_line){ .host = "", .payer = "", .model = "", .branch = "" };
	if (json_get_int(object, "v", 0) != MESSAGE_LINE_VERSION)
		return "a later version of swatch wrote it; update swatch";
	const char *fault = take_place(object, out);
	return fault || take_time(object, "time", &out->row.time_ms) ? fault : "\"time\" is no time";
}

const char *message_line_read_hit(struct json_object *object, struct store_hit_line *out)
{
	char camel[RATE_LIMIT_NAME_SIZE];
	*out = (struct store_hit_line){ .name = "" };
	const char *fault = take_beginning(object, &out->at);
	if (fault)
		return fault;
	if (!take_number(object, "offset", INT64_MAX, &out->at.row.offset))
		return "\"offset\" is out of range";
	if (!take_text(object, "limit", LEDGER_LIMIT_NAME_SIZE - 1, &out->name)
	    || (out->name[0] && !rate_limit_name(out->name, strlen(out->name), camel)))
		return "\"limit\" is not the name of a limit";
	if (json_get_string(object, "resetsAt") && !take_time(object, "resetsAt", &out->resets_ms))
		return "\"resetsAt\" is no time";
	out->old_form = json_get_bool(object, "oldForm", false);
	out->in_message = json_get_bool(object, "inMessage", false);
	return NULL;
}

const char *message_line_read(struct json_object *object, struct store_line *out)
{
	const char *fault = take_beginning(object, out);
	if (fault)
		return fault;
	if (!take_text(object, "payer", NAME_MAX_BYTES, &out->payer) || !is_session(out->payer))
		return "\"payer\" is not a session's id";
	if (!take_key(object, &out->row.key))
		return "\"key\" is no key";
	if (!take_flags(object, &out->row.flags))
		return "\"flags\" has one that this version of swatch does not know";
	if (!take_text(object, "model", PRICE_MODEL_MAX - 1, &out->model)
	    || !take_text(object, "branch", NAME_MAX_BYTES, &out->branch))
		return "\"model\" or \"branch\" is too long, or missing";
	return take_figures(object, &out->row);
}

/* ---- sums of an hour ---- */

/* The same hour, project, session, model and kind of the same machine is the same message. */
static uint64_t key_of_hour(struct json_object *object)
{
	static const char *const keys[] = { "host", "hour", "project", "sessionId", "model", "kind" };
	AUTO_BUF text = BUF_INIT;
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		const char *value = json_get_string(object, keys[i]);
		buf_printf(&text, "%s\n", value ? value : "");
	}
	return strmap_hash(buf_str(&text), text.len);
}

static const char *take_hour_names(struct json_object *object, struct buf *path, struct store_line *out)
{
	const char *project, *kind = json_get_string(object, "kind");
	if (!take_text(object, "host", NAME_MAX_BYTES, &out->host) || !out->host[0])
		return "\"host\" is no name";
	if (!take_text(object, "sessionId", NAME_MAX_BYTES, &out->session) || !out->session[0]
	    || !is_session(out->session))
		return "\"sessionId\" is not a session's id";
	if (!take_text(object, "project", NAME_MAX_BYTES, &project) || strchr(project, '/'))
		return "\"project\" is not a project's folder";
	if (!take_text(object, "model", PRICE_MODEL_MAX - 1, &out->model))
		return "\"model\" is too long, or missing";
	if (!kind
	    || (strcmp(kind, "main") != 0 && strcmp(kind, "agent") != 0 && strcmp(kind, "sidechain") != 0))
		return "\"kind\" is not main, agent or sidechain";
	out->subagent = kind[0] == 'a';
	out->row.flags |= kind[0] == 's' ? STORE_SIDECHAIN : 0;
	buf_printf(path, "%s%s%s%s.jsonl", project, *project ? "/" : "", out->session,
		   out->subagent ? "/subagents/agent-hours" : "");
	out->path = buf_str(path);
	return path->failed ? "out of memory" : NULL;
}

static const char *take_hour_figures(struct json_object *object, struct store_row *row)
{
	int64_t created, searches;
	double usd = json_get_double(object, "costUSD", -1.);
	if (!take_number(object, "inputTokens", UINT32_MAX, &row->tokens.input)
	    || !take_number(object, "outputTokens", UINT32_MAX, &row->tokens.output)
	    || !take_number(object, "cacheReadTokens", UINT32_MAX, &row->tokens.cache_read)
	    || !take_number(object, "cacheCreationTokens", UINT32_MAX, &created)
	    || !take_number(object, "cacheCreation1hTokens", created, &row->tokens.cache_creation_1h)
	    || !take_number(object, "webSearches", UINT32_MAX, &searches))
		return "a number of tokens is missing, or out of range";
	row->tokens.cache_creation_5m = created - row->tokens.cache_creation_1h;
	row->web_searches = (uint32_t)searches;
	if (!(usd >= 0. && usd / LEDGER_NANO_USD <= (double)STORE_NANO_USD_MAX))
		return "\"costUSD\" is out of range";
	row->nano_usd = row->reference = (int64_t)llround(usd / LEDGER_NANO_USD);
	return NULL;
}

const char *message_line_read_hour(struct json_object *object, const char *root, struct buf *path,
				   struct store_line *out)
{
	/* Its cost stays: it is known of the messages, and not of their sum. */
	*out = (struct store_line){ .root = root,
				    .payer = "",
				    .branch = "",
				    .row = { .flags = STORE_HAS_ID | STORE_HAS_COST | STORE_SUM } };
	if (!take_time(object, "hour", &out->row.time_ms) || out->row.time_ms % CLOCK_HOUR_MS != 0)
		return "\"hour\" is no hour";
	out->row.key = key_of_hour(object);
	const char *fault = take_hour_names(object, path, out);
	return fault ? fault : take_hour_figures(object, &out->row);
}
