/*
 * JSON: the parser of small files (json_parse), the one of transcripts (json_walk) and json-c's own, on one
 * text: they take the same as JSON, but for what json-c lets pass against RFC 8259, and read the same in it.
 */
#include <errno.h>
#include <math.h>

#include "json/parse.h"
#include "json/write.h"
#include "fuzz.h"
#include "json/walk.h"

#define TEXT_MAX_BYTES 4096

static const char *plain_text(struct json_object *object)
{
	return json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
}

/* A whole number that is no int64: json-c cuts it to the nearest that it has. */
static bool is_cut(struct json_object *theirs)
{
	return json_object_is_type(theirs, json_type_int)
	       && (json_object_get_uint64(theirs) > INT64_MAX || json_object_get_int64(theirs) == INT64_MIN);
}

/* Two trees are the same when json-c writes them alike. */
static bool is_same(struct json_object *ours, struct json_object *theirs)
{
	if (json_object_get_type(ours) != json_object_get_type(theirs))
		return json_object_is_type(ours, json_type_double) && is_cut(theirs);
	bool same = true;
	if (json_object_is_type(ours, json_type_object)) {
		same = json_object_object_length(ours) == json_object_object_length(theirs);
		json_object_object_foreach(ours, key, value)
		{
			struct json_object *other = NULL;
			same = same && json_object_object_get_ex(theirs, key, &other)
			    && is_same(value, other);
		}
	} else if (json_object_is_type(ours, json_type_array)) {
		same = json_object_array_length(ours) == json_object_array_length(theirs);
		for (size_t i = 0; same && i < json_object_array_length(ours); i++)
			same = is_same(json_object_array_get_idx(ours, i),
				       json_object_array_get_idx(theirs, i));
	} else {
		same = strcmp(plain_text(ours), plain_text(theirs)) == 0;
	}
	return same;
}

static struct json_object *parse_json_c(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_PARSE_MAX_DEPTH + 1);
	FUZZ_CHECK(tokener, "no memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	struct json_object *object = json_tokener_parse_ex(tokener, text, (int)len);
	if (json_tokener_get_error(tokener) != json_tokener_success
	    || json_tokener_get_parse_end(tokener) != len) {
		json_object_put(object);
		object = NULL;
	}
	json_tokener_free(tokener);
	return object;
}

static size_t walk_into(struct walk *w);

/* Goes into every object and array, value by value. Returns how many values there are. */
static size_t walk_one(struct walk *w)
{
	struct walk_item item;
	enum walk_kind kind = walk_peek(w);
	if (kind == WALK_OBJECT || kind == WALK_ARRAY)
		return walk_into(w);
	const char *from = w->at;
	if (!walk_value(w, &item))
		return 0;
	FUZZ_CHECK(w->at > from, "no progress at a value");
	if (kind == WALK_STRING) {
		static char text[TEXT_MAX_BYTES];
		size_t len = 0;
		bool is_text = slice_to_text(item.text, text, sizeof(text), &len);
		FUZZ_CHECK(is_text == slice_is_text(item.text), "text or no text: %.*s", (int)item.text.len,
			   item.text.data);
		FUZZ_CHECK(!is_text || len <= item.text.len, "%zu bytes out of %zu", len, item.text.len);
	}
	double number;
	int64_t count;
	if (kind == WALK_NUMBER && slice_to_double(item.text, &number) && slice_to_count(item.text, &count))
		FUZZ_CHECK((double)count == number, "%lld and %g", (long long)count, number);
	return 1;
}

static size_t walk_into(struct walk *w)
{
	struct slice key;
	bool first = true, is_object = walk_peek(w) == WALK_OBJECT;
	size_t count = 1;
	if (!walk_enter(w, is_object ? '{' : '['))
		return 0;
	while (!w->bad && (is_object ? walk_next_key(w, &first, &key) : walk_next_item(w, &first)))
		count += walk_one(w);
	return count;
}

/* Whole, and value by value: the same verdict. */
static bool walk_takes(const char *text, size_t len)
{
	struct walk whole, steps;
	struct walk_item item;
	walk_init(&whole, text, len);
	bool taken = walk_value(&whole, &item) && walk_at_end(&whole);
	/* As deep as the recursion here may go. */
	walk_init(&steps, text, len);
	(void)walk_one(&steps);
	FUZZ_CHECK((!steps.bad && walk_at_end(&steps)) == taken, "walked whole %s: %.*s",
		   taken ? "it is JSON" : "it is none", (int)len, text);
	return taken && (item.kind == WALK_OBJECT || item.kind == WALK_ARRAY);
}

/* What the parser read, written and read again, is the same. */
static void check_round_trip(struct json_object *object)
{
	size_t len, again_len;
	const char *text = json_text(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	FUZZ_CHECK(text, "no text of it");
	struct json_object *again = json_parse(text, len, JSON_PARSE_MAX_DEPTH, NULL);
	FUZZ_CHECK(again, "written as what is no JSON: %s", text);
	const char *again_text =
		json_text(again, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &again_len);
	FUZZ_CHECK(again_len == len && memcmp(text, again_text, len) == 0, "%s became %s", text, again_text);
	json_object_put(again);
}

/* Any bytes are written as valid JSON. */
static void check_writer(const char *text, size_t len)
{
	struct buf out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	jsonw_key(&w, "text");
	jsonw_string_len(&w, text, len);
	jsonw_end_object(&w);
	json_object_put(fuzz_check_json("jsonw", buf_str(&out), out.len));
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t end = 0;
	fuzz_begin();
	if (size > TEXT_MAX_BYTES)
		return -1;
	errno = 0;
	struct json_object *ours = json_parse(text, size, JSON_PARSE_MAX_DEPTH, NULL);
	int why = errno;
	struct json_object *theirs = parse_json_c(text, size);
	bool walked = walk_takes(text, size);
	if (ours) {
		FUZZ_CHECK(walked, "json_parse takes it, json_walk does not: %.*s", (int)size, text);
		FUZZ_CHECK(theirs, "json_parse takes it, json-c does not: %.*s", (int)size, text);
		FUZZ_CHECK(is_same(ours, theirs), "%s, and to json-c %s", plain_text(ours),
			   plain_text(theirs));
		check_round_trip(ours);
	} else {
		FUZZ_CHECK(why == EBADMSG || why == EAGAIN, "errno %d", why);
	}
	struct json_object *prefix = json_parse(text, size, JSON_PARSE_MAX_DEPTH, &end);
	FUZZ_CHECK(!ours || prefix, "whole, but no beginning");
	FUZZ_CHECK(!prefix || (end <= size && end > 0), "ends at %zu of %zu", end, size);
	check_writer(text, size);
	json_object_put(prefix);
	json_object_put(ours);
	json_object_put(theirs);
	return 0;
}
