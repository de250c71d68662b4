#include "scan_oracle.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "transcript/scan.h"

/* ---- the rules once more ---- */

struct oracle {
	bool present;
	int64_t timestamp_ms;
	struct slice id, request, model;
	int64_t input, output, creation_5m, creation_1h, cache_read;
	bool sidechain, has_speed, fast, has_cost;
	double cost_usd;
};

static bool is_utf8(const unsigned char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t more = s[i] < 0x80		   ? 0
			    : s[i] >= 0xC2 && s[i] <= 0xDF ? 1
			    : s[i] >= 0xE0 && s[i] <= 0xEF ? 2
			    : s[i] >= 0xF0 && s[i] <= 0xF4 ? 3
							   : 9;
		if (more == 9 || i + more >= len + (more == 0))
			return false;
		if ((s[i] == 0xE0 && s[i + 1] < 0xA0) || (s[i] == 0xED && s[i + 1] > 0x9F)
		    || (s[i] == 0xF0 && s[i + 1] < 0x90) || (s[i] == 0xF4 && s[i + 1] > 0x8F))
			return false;
		for (; more > 0; more--)
			if ((s[++i] & 0xC0) != 0x80)
				return false;
	}
	return true;
}

/* A string or none. False spoils the record: another type, empty, no text (json-c turns half surrogates into
 * U+FFFD). */
static bool get_string(struct json_object *object, const char *key, struct slice *out)
{
	struct json_object *value;
	*out = (struct slice){ NULL, 0 };
	if (!json_object_object_get_ex(object, key, &value) || !value)
		return true;
	if (!json_object_is_type(value, json_type_string))
		return false;
	*out = (struct slice){ json_object_get_string(value), (size_t)json_object_get_string_len(value) };
	return out->len > 0 && is_utf8((const unsigned char *)out->data, out->len)
	       && !memmem(out->data, out->len, "\xef\xbf\xbd", 3);
}

static bool get_bool(struct json_object *object, const char *key, bool *out)
{
	struct json_object *value;
	*out = false;
	if (!json_object_object_get_ex(object, key, &value) || !value)
		return true;
	*out = json_object_get_boolean(value);
	return json_object_is_type(value, json_type_boolean);
}

enum presence { MAY_BE_NULL, NOT_NULL };

static bool get_count(struct json_object *object, const char *key, enum presence presence, int64_t *out,
		      bool *found)
{
	struct json_object *value;
	*found = json_object_object_get_ex(object, key, &value);
	*out = 0;
	if (!*found || (!value && presence == MAY_BE_NULL))
		return true;
	/* 100.0 and 1e2 are counts, too. */
	if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
		return false;
	double count = json_object_get_double(value);
	if (!(count >= 0. && count <= 4000000000.) || count != floor(count))
		return false;
	*out = (int64_t)count;
	return true;
}

static bool get_time(struct json_object *root, int64_t *out_ms)
{
	struct json_object *value;
	struct tm tm = { 0 };
	int ms = 0, hours = 0, minutes = 0, used = 0;
	if (!json_object_object_get_ex(root, "timestamp", &value)
	    || !json_object_is_type(value, json_type_string))
		return false;
	const char *text = json_object_get_string(value);
	if (strlen(text) != (size_t)json_object_get_string_len(value) || strlen(text) < 20)
		return false;
	char plain[20];
	memcpy(plain, text, 19);
	plain[19] = '\0';
	/* A small t and z, and a blank for the t, are as good. */
	if (plain[10] == 't' || plain[10] == ' ')
		plain[10] = 'T';
	for (int i = 0; i < 19; i++)
		if ((strchr("0123456789", "0000-00-00T00:00:00"[i]) ? !strchr("0123456789", plain[i])
								     : plain[i] != "0000-00-00T00:00:00"[i]))
			return false;
	const char *end = strptime(plain, "%Y-%m-%dT%H:%M:%S", &tm), *rest = text + 19;
	struct tm want = tm;
	if (!end || end != plain + 19 || tm.tm_sec > 60)
		return false;
	time_t seconds = timegm(&tm);
	if (want.tm_sec < 60 && (tm.tm_mday != want.tm_mday || tm.tm_mon != want.tm_mon))
		return false;
	if (*rest == '.') {
		size_t digits = strspn(rest + 1, "0123456789");
		if (digits == 0)
			return false;
		/* Milliseconds: what is finer is cut off. */
		for (size_t i = 0; i < 3; i++)
			ms = ms * 10 + (i < digits ? rest[1 + i] - '0' : 0);
		rest += 1 + digits;
	}
	int sign = *rest == '-' ? -1 : 1;
	if (strcmp(rest, "Z") != 0 && strcmp(rest, "z") != 0) {
		if ((*rest != '+' && *rest != '-') || strlen(rest) != 6 || strspn(rest + 1, "0123456789") != 2
		    || sscanf(rest + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 || used != 5
		    || strspn(rest + 4, "0123456789") != 2 || hours > 23 || minutes > 59)
			return false;
	}
	*out_ms = ((int64_t)seconds - sign * (hours * 3600 + minutes * 60)) * 1000 + ms;
	return true;
}

/* The counts of a "usage" object or of an iteration. The flat count of cache writes counts, and the breakdown
 * splits it. */
static bool get_counts(struct json_object *usage, struct oracle *o)
{
	struct json_object *breakdown;
	int64_t flat;
	bool has_input, has_output, has_flat, found;
	if (!get_count(usage, "input_tokens", NOT_NULL, &o->input, &has_input) || !has_input
	    || !get_count(usage, "output_tokens", NOT_NULL, &o->output, &has_output) || !has_output
	    || !get_count(usage, "cache_read_input_tokens", MAY_BE_NULL, &o->cache_read, &found)
	    || !get_count(usage, "cache_creation_input_tokens", MAY_BE_NULL, &flat, &has_flat))
		return false;
	has_flat = has_flat && json_object_object_get(usage, "cache_creation_input_tokens");
	o->creation_5m = o->creation_1h = 0;
	if (json_object_object_get_ex(usage, "cache_creation", &breakdown) && breakdown
	    && (!json_object_is_type(breakdown, json_type_object)
		|| !get_count(breakdown, "ephemeral_5m_input_tokens", MAY_BE_NULL, &o->creation_5m, &found)
		|| !get_count(breakdown, "ephemeral_1h_input_tokens", MAY_BE_NULL, &o->creation_1h, &found)))
		return false;
	if (has_flat) {
		o->creation_1h = o->creation_1h < flat ? o->creation_1h : flat;
		o->creation_5m = flat - o->creation_1h;
	}
	return true;
}

static void add_counts(struct oracle *o, struct json_object *usage)
{
	struct oracle more = { 0 };
	if (!json_object_is_type(usage, json_type_object) || !get_counts(usage, &more))
		return;
	o->input += more.input;
	o->output += more.output;
	o->cache_read += more.cache_read;
	o->creation_5m += more.creation_5m;
	o->creation_1h += more.creation_1h;
}

/* Compactions of the server, and responses that paused, are not in the top level's counts. */
static void add_requests(struct json_object *message, struct json_object *usage, struct oracle *o)
{
	struct json_object *list, *type;
	if (json_object_object_get_ex(usage, "iterations", &list)
	    && json_object_is_type(list, json_type_array))
		for (size_t i = 0; i < json_object_array_length(list); i++) {
			struct json_object *one = json_object_array_get_idx(list, i);
			if (json_object_is_type(one, json_type_object)
			    && json_object_object_get_ex(one, "type", &type)
			    && json_object_is_type(type, json_type_string)
			    && strcmp(json_object_get_string(type), "compaction") == 0)
				add_counts(o, one);
		}
	if (json_object_object_get_ex(message, "pausedResponses", &list)
	    && json_object_is_type(list, json_type_array))
		for (size_t i = 0; i < json_object_array_length(list); i++) {
			struct json_object *one = json_object_array_get_idx(list, i);
			if (json_object_is_type(one, json_type_object))
				add_counts(o, json_object_object_get(one, "usage"));
		}
}

static bool get_usage(struct json_object *message, struct oracle *o)
{
	struct json_object *usage, *speed;
	if (!json_object_object_get_ex(message, "usage", &usage)
	    || !json_object_is_type(usage, json_type_object))
		return false;
	if (json_object_object_get_ex(usage, "speed", &speed) && speed) {
		const char *text =
			json_object_is_type(speed, json_type_string) ? json_object_get_string(speed) : "";
		o->has_speed = true;
		o->fast = strcmp(text, "fast") == 0;
		if (!o->fast && strcmp(text, "standard") != 0)
			return false;
	}
	if (!get_counts(usage, o))
		return false;
	add_requests(message, usage, o);
	return true;
}

static bool get_cost(struct json_object *root, struct oracle *o)
{
	struct json_object *cost;
	if (!json_object_object_get_ex(root, "costUSD", &cost) || !cost)
		return true;
	if (!json_object_is_type(cost, json_type_double) && !json_object_is_type(cost, json_type_int))
		return false;
	o->cost_usd = json_object_get_double(cost);
	/* A cost of nothing is not believed. */
	o->has_cost = o->cost_usd > 0. && o->cost_usd <= 1e6;
	return isfinite(o->cost_usd);
}

static void ask_oracle(struct json_object *root, struct oracle *o)
{
	struct json_object *message;
	struct slice session;
	bool api_error;
	memset(o, 0, sizeof(*o));
	o->present = json_object_object_get_ex(root, "message", &message)
		  && json_object_is_type(message, json_type_object) && get_string(root, "sessionId", &session)
		  && get_string(root, "requestId", &o->request) && get_string(message, "id", &o->id)
		  && get_string(message, "model", &o->model) && get_bool(root, "isSidechain", &o->sidechain)
		  && get_bool(root, "isApiErrorMessage", &api_error) && get_cost(root, o)
		  && get_usage(message, o) && get_time(root, &o->timestamp_ms);
}

/* ---- one line ---- */

static struct json_object *parse(const char *text, size_t len)
{
	/* One for all lines: a sanitizer takes longer to make it than a line takes to read. */
	static struct json_tokener *tokener;
	if (!tokener)
		tokener = json_tokener_new_ex(WALK_MAX_DEPTH + 2);
	if (!tokener)
		abort();
	json_tokener_reset(tokener);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	struct json_object *root = json_tokener_parse_ex(tokener, text, (int)len);
	bool good = json_tokener_get_error(tokener) == json_tokener_success
		 && json_tokener_get_parse_end(tokener) == len && json_object_is_type(root, json_type_object);
	if (good)
		return root;
	json_object_put(root);
	return NULL;
}

static bool same_text(struct slice got, struct slice want)
{
	char text[SCAN_ORACLE_LINE_MAX_BYTES];
	size_t len;
	if (!want.data || !got.data)
		return !want.data && !got.data;
	return slice_to_text(got, text, sizeof(text), &len) && len == want.len
	    && memcmp(text, want.data, len) == 0;
}

static bool same_record(const struct scan_usage *got, const struct oracle *want)
{
	if (got->present != want->present)
		return false;
	if (!got->present)
		return true;
	return got->timestamp_ms == want->timestamp_ms && got->tokens.input == want->input
	    && got->tokens.output == want->output && got->tokens.cache_creation_5m == want->creation_5m
	    && got->tokens.cache_creation_1h == want->creation_1h
	    && got->tokens.cache_read == want->cache_read && got->sidechain == want->sidechain
	    && got->has_speed == want->has_speed && got->fast == want->fast && got->has_cost == want->has_cost
	    && (!got->has_cost || fabs(got->cost_usd - want->cost_usd) < 1e-12)
	    && same_text(got->message_id, want->id) && same_text(got->request_id, want->request)
	    && same_text(got->model, want->model);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * What json-c 0.16 takes though RFC 8259 does not, even when it is strict: comments, "5.", "-.5" and "05" for
 * numbers, NaN, control characters. And "-0" is a count to json-c, none to ccusage. Where scan alone refuses
 * such damage it is passed by: the hand-made lines of test_scan hold scan to the RFC there.
 */
static bool is_beyond_json_c(const char *text, size_t len)
{
	for (size_t i = 1; i + 1 < len; i++) {
		bool starts_number = text[i - 1] == '[' || text[i - 1] == ','
				  || (i > 1 && !memcmp(text + i - 2, "\":", 2));
		if ((unsigned char)text[i] < 0x20
		    || (starts_number && text[i] == '0' && is_digit(text[i + 1])))
			return true;
		if (text[i] == '.'
		    && (text[i - 1] == '-' || (is_digit(text[i - 1]) && !is_digit(text[i + 1]))))
			return true;
	}
	return memmem(text, len, "-0", 2) || memmem(text, len, "NaN", 3) || memmem(text, len, "/*", 2)
	       || memmem(text, len, "//", 2);
}

/* A field that is there twice: json-c keeps the last of two members whole, and scan some of what the first
 * one said. */
static bool may_repeat_a_key(const char *text, size_t len)
{
	static const char *const keys[] = {
		"type",
		"timestamp",
		"sessionId",
		"requestId",
		"version",
		"isSidechain",
		"isApiErrorMessage",
		"costUSD",
		"cwd",
		"message",
		"id",
		"model",
		"usage",
		"input_tokens",
		"output_tokens",
		"cache_creation_input_tokens",
		"cache_read_input_tokens",
		"cache_creation",
		"iterations",
		"pausedResponses",
		"ephemeral_5m_input_tokens",
		"ephemeral_1h_input_tokens",
		"speed",
	};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char quoted[64];
		size_t quoted_len = (size_t)snprintf(quoted, sizeof(quoted), "\"%s\"", keys[i]);
		const char *first = memmem(text, len, quoted, quoted_len);
		if (first && memmem(first + 1, len - (size_t)(first + 1 - text), quoted, quoted_len))
			return true;
	}
	return memmem(text, len, "\\u", 2) != NULL;  /* or it is written with escapes */
}

enum scan_oracle_says scan_oracle_compare(const char *line, size_t len)
{
	struct json_object *root = parse(line, len);
	/* An allocation of exactly the line, so that a byte read beyond it is found by the sanitizer. */
	char *exact = malloc(len > 0 ? len : 1);
	struct scan_facts facts;
	struct oracle want;
	enum scan_oracle_says says = SCAN_ORACLE_NO_JSON;
	if (!exact)
		abort();
	if (len > 0)
		memcpy(exact, line, len);
	bool taken = scan_line(exact, len, &facts, NULL, NULL);
	if (taken != (root != NULL)) {
		if (taken || !is_beyond_json_c(line, len))
			says = taken ? SCAN_ORACLE_ONLY_SCAN_TAKES : SCAN_ORACLE_ONLY_SCAN_REFUSES;
	} else if (taken) {
		ask_oracle(root, &want);
		says = facts.usage.present ? SCAN_ORACLE_RECORD : SCAN_ORACLE_NO_RECORD;
		if (!same_record(&facts.usage, &want) && !is_beyond_json_c(line, len)
		    && !may_repeat_a_key(line, len))
			says = facts.usage.present ? SCAN_ORACLE_ANOTHER_RECORD : SCAN_ORACLE_RECORD_MISSED;
	}
	json_object_put(root);
	free(exact);
	return says;
}

const char *scan_oracle_text(enum scan_oracle_says says)
{
	switch (says) {
	case SCAN_ORACLE_ONLY_SCAN_TAKES:   return "scan takes it, json-c does not";
	case SCAN_ORACLE_ONLY_SCAN_REFUSES: return "scan refuses it, json-c does not";
	case SCAN_ORACLE_RECORD_MISSED:     return "scan finds no record, the rules do";
	case SCAN_ORACLE_ANOTHER_RECORD:    return "scan finds a record, the rules none or another one";
	default:                            return "they agree";
	}
}
