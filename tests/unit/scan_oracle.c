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
		size_t more = s[i] < 0x80 ? 0 : s[i] >= 0xC2 && s[i] <= 0xDF ? 1 : s[i] >= 0xE0 && s[i] <= 0xEF ? 2
			      : s[i] >= 0xF0 && s[i] <= 0xF4 ? 3 : 9;
		if (more == 9 || i + more >= len + (more == 0))
			return false;
		if ((s[i] == 0xE0 && s[i + 1] < 0xA0) || (s[i] == 0xED && s[i + 1] > 0x9F) || (s[i] == 0xF0 && s[i + 1] < 0x90)
		    || (s[i] == 0xF4 && s[i + 1] > 0x8F))
			return false;
		for (; more > 0; more--)
			if ((s[++i] & 0xC0) != 0x80)
				return false;
	}
	return true;
}

/* A string or none. False spoils the record: another type, empty, no text (json-c turns half surrogates into U+FFFD). */
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

static bool get_count(struct json_object *object, const char *key, enum presence presence, int64_t *out, bool *found)
{
	struct json_object *value;
	*found = json_object_object_get_ex(object, key, &value);
	*out = 0;
	if (!*found || (!value && presence == MAY_BE_NULL))
		return true;
	if (!json_object_is_type(value, json_type_int))
		return false;
	*out = json_object_get_int64(value);
	return *out >= 0 && *out <= INT64_C(4000000000);
}

static bool get_time(struct json_object *root, int64_t *out_ms)
{
	struct json_object *value;
	struct tm tm = { 0 };
	int ms = 0, hours = 0, minutes = 0, used = 0;
	if (!json_object_object_get_ex(root, "timestamp", &value) || !json_object_is_type(value, json_type_string))
		return false;
	const char *text = json_object_get_string(value);
	if (strlen(text) != (size_t)json_object_get_string_len(value) || strlen(text) < 20)
		return false;
	for (int i = 0; i < 19; i++)
		if ((strchr("0123456789", "0000-00-00T00:00:00"[i]) ? !strchr("0123456789", text[i])
								     : text[i] != "0000-00-00T00:00:00"[i]))
			return false;
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	struct tm want = tm;
	if (!rest || rest != text + 19 || tm.tm_sec > 59)
		return false;
	time_t seconds = timegm(&tm);
	if (tm.tm_mday != want.tm_mday || tm.tm_mon != want.tm_mon)
		return false;
	if (*rest == '.') {
		if (strspn(rest + 1, "0123456789") != 3 || sscanf(rest + 1, "%3d", &ms) != 1)
			return false;
		rest += 4;
	}
	int sign = *rest == '-' ? -1 : 1;
	if (strcmp(rest, "Z") != 0) {
		if ((*rest != '+' && *rest != '-') || strlen(rest) != 6 || strspn(rest + 1, "0123456789") != 2
		    || sscanf(rest + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 || used != 5
		    || strspn(rest + 4, "0123456789") != 2 || hours > 23 || minutes > 59)
			return false;
	}
	*out_ms = ((int64_t)seconds - sign * (hours * 3600 + minutes * 60)) * 1000 + ms;
	return true;
}

static bool get_creation(struct json_object *usage, struct oracle *o)
{
	struct json_object *breakdown;
	bool found;
	if (!get_count(usage, "cache_creation_input_tokens", MAY_BE_NULL, &o->creation_5m, &found))
		return false;
	if (!json_object_object_get_ex(usage, "cache_creation", &breakdown) || !breakdown)
		return true;
	return json_object_is_type(breakdown, json_type_object)
	       && get_count(breakdown, "ephemeral_5m_input_tokens", NOT_NULL, &o->creation_5m, &found)
	       && get_count(breakdown, "ephemeral_1h_input_tokens", NOT_NULL, &o->creation_1h, &found);
}

static bool get_usage(struct json_object *message, struct oracle *o)
{
	struct json_object *usage, *speed;
	bool has_input, has_output, found;
	if (!json_object_object_get_ex(message, "usage", &usage) || !json_object_is_type(usage, json_type_object))
		return false;
	if (json_object_object_get_ex(usage, "speed", &speed) && speed) {
		const char *text = json_object_is_type(speed, json_type_string) ? json_object_get_string(speed) : "";
		o->has_speed = true;
		o->fast = strcmp(text, "fast") == 0;
		if (!o->fast && strcmp(text, "standard") != 0)
			return false;
	}
	return get_count(usage, "input_tokens", NOT_NULL, &o->input, &has_input) && has_input
	       && get_count(usage, "output_tokens", NOT_NULL, &o->output, &has_output) && has_output
	       && get_count(usage, "cache_read_input_tokens", MAY_BE_NULL, &o->cache_read, &found) && get_creation(usage, o);
}

static bool get_cost(struct json_object *root, struct oracle *o)
{
	struct json_object *cost;
	if (!json_object_object_get_ex(root, "costUSD", &cost) || !cost)
		return true;
	if (!json_object_is_type(cost, json_type_double) && !json_object_is_type(cost, json_type_int))
		return false;
	o->cost_usd = json_object_get_double(cost);
	o->has_cost = o->cost_usd >= 0. && o->cost_usd <= 1e6;
	return isfinite(o->cost_usd);
}

/* "1.2.3", and anything behind that. */
static bool is_version(const char *text, size_t len)
{
	size_t at = 0;
	for (int part = 0; part < 3; part++) {
		size_t digits = strspn(text + at, "0123456789");
		at += digits;
		if (digits == 0 || at > len || (part < 2 && text[at++] != '.'))
			return false;
	}
	return true;
}

static void ask_oracle(struct json_object *root, struct oracle *o)
{
	struct json_object *message;
	struct slice session, version;
	bool api_error;
	memset(o, 0, sizeof(*o));
	o->present = json_object_object_get_ex(root, "message", &message) && json_object_is_type(message, json_type_object)
		     && get_string(root, "sessionId", &session) && get_string(root, "requestId", &o->request)
		     && get_string(root, "version", &version) && get_string(message, "id", &o->id)
		     && get_string(message, "model", &o->model) && get_bool(root, "isSidechain", &o->sidechain)
		     && get_bool(root, "isApiErrorMessage", &api_error) && get_cost(root, o) && get_usage(message, o)
		     && get_time(root, &o->timestamp_ms);
	if (o->present && version.data)
		o->present = is_version(version.data, version.len);
}

/* ---- one line ---- */

static struct json_object *parse(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new_ex(WALK_MAX_DEPTH + 2);
	if (!tokener)
		abort();
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	struct json_object *root = json_tokener_parse_ex(tokener, text, (int)len);
	bool good = json_tokener_get_error(tokener) == json_tokener_success
		    && json_tokener_get_parse_end(tokener) == len && json_object_is_type(root, json_type_object);
	json_tokener_free(tokener);
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
	return slice_to_text(got, text, sizeof(text), &len) && len == want.len && memcmp(text, want.data, len) == 0;
}

static bool same_record(const struct scan_usage *got, const struct oracle *want)
{
	if (got->present != want->present)
		return false;
	if (!got->present)
		return true;
	return got->timestamp_ms == want->timestamp_ms && got->tokens.input == want->input
	       && got->tokens.output == want->output && got->tokens.cache_creation_5m == want->creation_5m
	       && got->tokens.cache_creation_1h == want->creation_1h && got->tokens.cache_read == want->cache_read
	       && got->sidechain == want->sidechain && got->has_speed == want->has_speed && got->fast == want->fast
	       && got->has_cost == want->has_cost && (!got->has_cost || fabs(got->cost_usd - want->cost_usd) < 1e-12)
	       && same_text(got->message_id, want->id) && same_text(got->request_id, want->request)
	       && same_text(got->model, want->model);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * What json-c 0.16 takes though RFC 8259 does not, even when it is strict: comments, "5.", "-.5" and "05" for numbers,
 * NaN, control characters. And "-0" is a count to json-c, none to ccusage. Where scan alone refuses such damage it is
 * passed by: the hand-made lines of test_scan hold scan to the RFC there.
 */
static bool is_beyond_json_c(const char *text, size_t len)
{
	for (size_t i = 1; i + 1 < len; i++) {
		bool starts_number = text[i - 1] == '[' || text[i - 1] == ',' || (i > 1 && !memcmp(text + i - 2, "\":", 2));
		if ((unsigned char)text[i] < 0x20 || (starts_number && text[i] == '0' && is_digit(text[i + 1])))
			return true;
		if (text[i] == '.' && (text[i - 1] == '-' || (is_digit(text[i - 1]) && !is_digit(text[i + 1]))))
			return true;
	}
	return memmem(text, len, "-0", 2) || memmem(text, len, "NaN", 3) || memmem(text, len, "/*", 2)
	       || memmem(text, len, "//", 2);
}

/*
 * A field that is there twice, or a key written with escapes, which json-c shows as one: it keeps the last of two
 * members, ccusage and scan take no record from such a line.
 */
static bool may_repeat_a_key(const char *text, size_t len)
{
	static const char *const keys[] = {
		"type", "timestamp", "sessionId", "requestId", "version", "isSidechain", "isApiErrorMessage", "costUSD", "cwd",
		"message", "id", "model", "usage", "input_tokens", "output_tokens", "cache_creation_input_tokens",
		"cache_read_input_tokens", "cache_creation", "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens", "speed",
	};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char quoted[64];
		size_t quoted_len = (size_t)snprintf(quoted, sizeof(quoted), "\"%s\"", keys[i]);
		const char *first = memmem(text, len, quoted, quoted_len);
		if (first && memmem(first + 1, len - (size_t)(first + 1 - text), quoted, quoted_len))
			return true;
	}
	return memmem(text, len, "\\u", 2) != NULL;
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
		    && (facts.usage.present || !may_repeat_a_key(line, len)))
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
