#include "unit.h"

#include <float.h>
#include <json-c/json.h>
#include <math.h>

#include "json/write.h"
#include "fail_alloc.h"

/* Parses with json-c, strictly and with its UTF-8 check; the whole text must be one value. */
static struct json_object *parse_strictly(const struct buf *text)
{
	struct json_tokener *tokener = json_tokener_new_ex(64);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	struct json_object *value = json_tokener_parse_ex(tokener, buf_str(text), (int)text->len + 1);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		fail_msg("%s: %s", json_tokener_error_desc(json_tokener_get_error(tokener)), buf_str(text));
	json_tokener_free(tokener);
	return value;
}

static void write_sample(struct jsonw *w)
{
	jsonw_begin_object(w);
	jsonw_put_string(w, "name", "a\"b\\c\n");
	jsonw_put_int(w, "low", INT64_MIN);
	jsonw_put_double(w, "cost", 1.5);
	jsonw_put_bool(w, "yes", true);
	jsonw_put_null(w, "none");
	jsonw_put_string(w, "null", NULL);
	jsonw_key(w, "list");
	jsonw_begin_array(w);
	jsonw_int(w, 1);
	jsonw_begin_object(w);
	jsonw_end_object(w);
	jsonw_begin_array(w);
	jsonw_end_array(w);
	jsonw_bool(w, false);
	jsonw_end_array(w);
	jsonw_put_int(w, "last", 2);
	jsonw_end_object(w);
}

static const char sample[] =
	"{\"name\":\"a\\\"b\\\\c\\n\",\"low\":-9223372036854775808,\"cost\":1.5,\"yes\":true,"
	"\"none\":null,\"null\":null,\"list\":[1,{},[],false],\"last\":2}";

static void places_commas_and_keys(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &b);
	write_sample(&w);
	assert_string_equal(buf_str(&b), sample);
	buf_release(&b);
}

static void bad_bytes_become_replacement_characters(void **state)
{
	(void)state;
	static const struct { const char *in; size_t len; const char *out; } cases[] = {
		{ "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", 9, "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"" },
		{ "a\x80z", 3, "\"a\xEF\xBF\xBDz\"" },
		{ "\xC0\xAF", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\"" },              /* overlong */
		{ "\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" }, /* a surrogate */
		{ "\xF4\x90\x80\x80", 4, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
		{ "\xE2\x82", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\"" },              /* cut off */
		{ "\xE2\"", 2, "\"\xEF\xBF\xBD\\\"\"" },
		{ "\0\x1b\x7f\t\r", 5, "\"\\u0000\\u001b\\u007f\\t\\r\"" },
		{ "", 0, "\"\"" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = BUF_INIT;
		struct jsonw w;
		jsonw_init(&w, &b);
		jsonw_string_len(&w, cases[i].in, cases[i].len);
		assert_string_equal(buf_str(&b), cases[i].out);
		buf_release(&b);
	}
}

static void any_bytes_give_valid_json(void **state)
{
	(void)state;
	uint64_t seed = 20261123;
	for (int round = 0; round < 3000; round++) {
		unsigned char bytes[64];
		size_t len = unit_random(&seed) % sizeof(bytes);
		/* Half of the rounds: only lead and continuation bytes, where the borders of UTF-8 are. */
		for (size_t i = 0; i < len; i++)
			bytes[i] = (unsigned char)(unit_random(&seed) >> 32 | (round % 2 ? 0x80 : 0));
		struct buf b = BUF_INIT;
		struct jsonw w;
		jsonw_init(&w, &b);
		jsonw_begin_array(&w);
		jsonw_string_len(&w, (const char *)bytes, len);
		jsonw_end_array(&w);
		struct json_object *array = parse_strictly(&b);
		assert_int_equal(json_object_array_length(array), 1);
		json_object_put(array);
		buf_release(&b);
	}
}

static void doubles_read_back_the_same(void **state)
{
	(void)state;
	static const double fixed[] = { 0,
					0.1,
					1.0 / 3,
					2.3641915,
					1e300,
					DBL_MIN,
					DBL_MAX,
					DBL_EPSILON,
					5e-324,
					-17.25,
					123456789012345678.,
					51.7426,
					9007.199254740991,
					9007.199254740992,
					-0.,
					1e-12 };
	uint64_t seed = 7;
	for (size_t i = 0; i < 5000; i++) {
		double value;
		uint64_t bits = unit_random(&seed);
		memcpy(&value, &bits, sizeof(value));
		/* Any bits are mostly very large or very small ones: half of them are amounts, some of them
		 * sums. */
		if (i % 2)
			value = (double)((int64_t)bits >> (20 + i % 40)) / (i % 4 == 1 ? 1e12 : 1e7);
		if (i % 8 == 1)
			value += .1;
		if (i < sizeof(fixed) / sizeof(fixed[0]))
			value = fixed[i];
		struct buf b = BUF_INIT;
		struct jsonw w;
		jsonw_init(&w, &b);
		jsonw_double(&w, value);
		if (isfinite(value))
			assert_true(strtod(buf_str(&b), NULL) == value);
		else
			assert_string_equal(buf_str(&b), "null");
		buf_release(&b);
	}
}

static void writes_short_doubles(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &b);
	jsonw_begin_array(&w);
	jsonw_double(&w, 0.1);
	jsonw_double(&w, 3);
	jsonw_double(&w, -0.000000000025);
	jsonw_double(&w, 9000.125);
	jsonw_double(&w, 1.0 / 3);
	jsonw_double(&w, -0.);
	jsonw_double(&w, NAN);
	jsonw_double(&w, -INFINITY);
	jsonw_end_array(&w);
	assert_string_equal(buf_str(&b),
			    "[0.1,3,-0.000000000025,9000.125,0.33333333333333331,-0.0,null,null]");
	buf_release(&b);
}

static void amounts_are_rounded(void **state)
{
	(void)state;
	static const struct { double value; const char *text;
	} cases[] = {
		{ .1 + .2, "0.3" },
		{ 0.018967500000000001, "0.0189675" },
		{ 1. / 3, "0.333333333333" },
		{ -2. / 3, "-0.666666666667" },
		{ 536819.7, "536819.7" },
		{ 1e5 / 3, "33333.333333333" },
		{ 1e8 / 3, "33333333.333333" },
		{ -1e-13, "0" },
		{ 1e300, "1.0000000000000001e+300" },
		{ NAN, "null" },
		{ 9007.5, "9007.5" },
		{ 999.9999999999999, "1000" },
		{ 42, "42" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = BUF_INIT;
		struct jsonw w;
		jsonw_init(&w, &b);
		jsonw_amount(&w, cases[i].value);
		assert_string_equal(buf_str(&b), cases[i].text);
		buf_release(&b);
	}
}

static void too_deep_is_a_failure(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &b);
	for (int i = 0; i < JSONW_MAX_DEPTH - 1; i++)
		jsonw_begin_array(&w);
	assert_false(b.failed);
	for (int i = 0; i < 10; i++)
		jsonw_begin_object(&w);
	assert_true(b.failed);
	for (int i = 0; i < 100; i++)
		jsonw_end_array(&w);
	buf_release(&b);
}

static void survives_every_failed_allocation(void **state)
{
	(void)state;
	int failures = 0;
	for (int count = 0;; count++) {
		struct buf b = BUF_INIT;
		struct jsonw w;
		fail_alloc_after(count);
		jsonw_init(&w, &b);
		write_sample(&w);
		bool had_failed = fail_alloc_stop();
		assert_int_equal(b.failed, had_failed);
		if (!had_failed)
			assert_string_equal(buf_str(&b), sample);
		buf_release(&b);
		if (!had_failed)
			break;
		failures++;
	}
	assert_true(failures > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_commas_and_keys),
		cmocka_unit_test(bad_bytes_become_replacement_characters),
		cmocka_unit_test(any_bytes_give_valid_json),
		cmocka_unit_test(doubles_read_back_the_same),
		cmocka_unit_test(writes_short_doubles),
		cmocka_unit_test(amounts_are_rounded),
		cmocka_unit_test(too_deep_is_a_failure),
		cmocka_unit_test(survives_every_failed_allocation),
	};
	return cmocka_run_group_tests_name("jsonw", tests, NULL, NULL);
}
