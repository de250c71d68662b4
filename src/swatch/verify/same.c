#include "swatch/verify/same.h"

#include <math.h>
#include <string.h>

#include "base/array.h"
#include "cache/read.h"

#define TOLERANCE 1e-9
/* The page shows one line of differences. */
#define DIFFERENCE_MAX_BYTES 400

static bool same(const char *name, struct json_object *a, struct json_object *b, bool is_block,
		 struct buf *difference);

static void say(const char *name, struct json_object *a, struct json_object *b, struct buf *difference)
{
	if (difference->len > DIFFERENCE_MAX_BYTES)
		return;
	buf_printf(difference, "%s%s %s, expected %s", difference->len > 0 ? "; " : "", name,
		   a ? json_object_to_json_string_ext(a, JSON_C_TO_STRING_PLAIN) : "nothing",
		   b ? json_object_to_json_string_ext(b, JSON_C_TO_STRING_PLAIN) : "nothing");
}

static bool is_number(struct json_object *value)
{
	return json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double);
}

static bool same_numbers(struct json_object *a, struct json_object *b)
{
	if (json_object_is_type(a, json_type_int) && json_object_is_type(b, json_type_int))
		return json_object_get_int64(a) == json_object_get_int64(b);
	double left = json_object_get_double(a), right = json_object_get_double(b);
	return fabs(left - right) <= TOLERANCE * fmax(1., fmax(fabs(left), fabs(right)));
}

/* An item's name in a list whose order does not matter. */
static const char *name_of(struct json_object *item)
{
	if (json_object_is_type(item, json_type_object))
		return json_get_string(item, "modelName");
	return json_object_is_type(item, json_type_string) ? json_object_get_string(item) : NULL;
}

static struct json_object *find_item(struct json_object *list, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		const char *other = name_of(item);
		if (other && strcmp(other, name) == 0)
			return item;
	}
	return NULL;
}

static bool same_lists(const char *name, struct json_object *a, struct json_object *b, struct buf *difference)
{
	bool good = json_object_array_length(a) == json_object_array_length(b);
	if (!good)
		say(name, a, b, difference);
	for (size_t i = 0; good && i < json_object_array_length(a); i++) {
		struct json_object *item = json_object_array_get_idx(a, i);
		const char *item_name = name_of(item);
		struct json_object *other = item_name ? find_item(b, item_name)
						      : json_object_array_get_idx(b, i);
		good = same(item_name ? item_name : name, item, other, false, difference);
	}
	return good;
}

/* A mark that follows from the costs, and the members that depend on the moment. */
static bool is_left_out(const char *name, bool is_block)
{
	static const char *const of_block[] = { "isActive", "burnRate", "projection" };
	for (size_t i = 0; is_block && i < ARRAY_COUNT(of_block); i++)
		if (strcmp(name, of_block[i]) == 0)
			return true;
	return strcmp(name, "missingPricing") == 0;
}

static bool same_objects(struct json_object *a, struct json_object *b, bool is_block, struct buf *difference)
{
	bool good = true;
	json_object_object_foreach(a, name, value) {
		struct json_object *other = NULL;
		json_object_object_get_ex(b, name, &other);
		if (!is_left_out(name, is_block))
			good = same(name, value, other, false, difference) && good;
	}
	json_object_object_foreach(b, other_name, other_value) {
		/* The first loop has compared the members that both have. */
		if (!other_value || json_object_object_get_ex(a, other_name, NULL)
		    || is_left_out(other_name, is_block))
			continue;
		say(other_name, NULL, other_value, difference);
		good = false;
	}
	return good;
}

static bool same(const char *name, struct json_object *a, struct json_object *b, bool is_block,
		 struct buf *difference)
{
	bool good;
	if (!a || !b)
		good = a == b;
	else if (is_number(a) && is_number(b))
		good = same_numbers(a, b);
	else if (json_object_is_type(a, json_type_object) && json_object_is_type(b, json_type_object))
		return same_objects(a, b, is_block, difference);
	else if (json_object_is_type(a, json_type_array) && json_object_is_type(b, json_type_array))
		return same_lists(name, a, b, difference);
	else
		good = json_object_equal(a, b);
	if (!good)
		say(name, a, b, difference);
	return good;
}

bool verify_same_rows(struct json_object *row, struct json_object *expected, bool is_block,
		      struct buf *difference)
{
	if (row && expected)
		return same_objects(row, expected, is_block, difference);
	if (row || expected)
		buf_append_str(difference, row ? "this row was not expected" : "a row is missing");
	return !row && !expected;
}
