/*
 * price: names as providers write them, tiers, and the price book. The figures were seen with
 * ccusage 20.0.24.
 */
#include <errno.h>
#include <math.h>

#include "scratch.h"
#include "unit.h"
#include "price/price.h"

#define assert_usd(got, want) assert_true(fabs((got) - (want)) < 1e-9)

static const struct price_tokens some = { 1000, 100, 3000, 7000, 10000 };
static const struct price_tokens many = { 300000, 250000, 300000, 260000, 400000 };

static double cost_of(const char *model, const struct price_tokens *tokens, bool fast)
{
	double factor;
	const struct price *price = price_find(model, strlen(model), &factor);
	if (!price)
		fail_msg("no price for %s", model);
	return price_cost_usd(price, factor, tokens, PRICE_NOW, fast);
}

static void the_table_is_sorted_and_sane(void **state)
{
	(void)state;
	assert_true(price_table_len > 30);
	for (size_t i = 0; i < price_table_len; i++) {
		const struct price *p = &price_table[i];
		assert_true(i == 0 || strcmp(price_table[i - 1].model, p->model) < 0);
		assert_true(p->base.input > 0. && p->base.output > p->base.input
			    && p->base.cache_read < p->base.input);
		assert_true(p->fast_factor >= 1.);
		assert_true((p->threshold_tokens > 0) == (p->above.input > 0.));
	}
}

static void every_kind_of_token_has_its_price(void **state)
{
	(void)state;
	assert_usd(cost_of("claude-opus-4-6", &some, false), .10125);
	assert_usd(cost_of("claude-haiku-4-5", &some, false), .02025);
	assert_usd(cost_of("claude-fable-5-1", &some, false), .195);
	assert_usd(cost_of("claude-opus-4-6", &some, true), .10125 * 6);
	assert_usd(cost_of("claude-opus-4-8", &some, true), .10125 * 2);
	assert_usd(cost_of("claude-haiku-4-5", &some, true), .02025);
}

static void beyond_200k_each_kind_is_charged_by_itself(void **state)
{
	(void)state;
	assert_usd(cost_of("claude-sonnet-4-5", &many, false), 8.925);
	assert_usd(cost_of("claude-opus-4-6", &many, false), 12.425);
	const struct price_tokens split = { .cache_creation_5m = 150000, .cache_creation_1h = 150000 };
	assert_usd(cost_of("claude-sonnet-4-5", &split, false), 150000 * 3.75e-6 + 150000 * 6e-6);
	const struct price_tokens edge = { .input = 200000, .cache_read = 200001 };
	assert_usd(cost_of("claude-sonnet-4-5", &edge, false), 200000 * 3e-6 + 200000 * 3e-7 + 6e-7);
}

static void haiku_5_5_charges_the_whole_request_by_its_size(void **state)
{
	(void)state;
	const struct price_tokens small = { 60000, 200000, 0, 0, 40000 },
				  large = { 60000, 1000, 0, 0, 40001 };
	assert_usd(cost_of("claude-haiku-5-5", &small, false), 60000 * 1e-7 + 200000 * 5e-7 + 40000 * 1e-8);
	assert_usd(cost_of("claude-haiku-5-5", &large, false), 60000 * 5e-7 + 1000 * 2.5e-6 + 40001 * 5e-8);
}

static void the_newest_models_have_their_prices(void **state)
{
	(void)state;
	const struct price_tokens t = { .input = 2000,
					.output = 3000,
					.cache_creation_5m = 400,
					.cache_creation_1h = 500,
					.cache_read = 60000 };
	double fable = 2000 * 8e-6 + 3000 * 4e-5 + 400 * 1e-5 + 500 * 1.6e-5 + 60000 * 2e-7;
	assert_usd(cost_of("claude-fable-5-2", &t, false), fable);
	assert_usd(cost_of("claude-mythos-5-2", &t, false), fable);
	assert_usd(cost_of("claude-fable-5-2", &t, true), fable * 2);
	assert_usd(cost_of("claude-opus-5-5", &t, true), 2 * cost_of("claude-opus-5-5", &t, false));
	assert_usd(cost_of("claude-opus-4-0", &t, false), cost_of("claude-opus-4-20250514", &t, false));
	assert_usd(cost_of("claude-sonnet-4-0", &many, false),
		   cost_of("claude-sonnet-4-20250514", &many, false));
}

static void a_price_holds_from_its_time(void **state)
{
	(void)state;
	double factor;
	const struct price *price = price_find("claude-sonnet-5-5", 17, &factor);
	const struct price_tokens read = { .cache_read = 1000000 };
	const int64_t change_ms = INT64_C(1791331200000);      /* 2026-10-07T00:00:00Z */
	assert_usd(price_cost_usd(price, 1., &read, change_ms - 1, false), .2);
	assert_usd(price_cost_usd(price, 1., &read, change_ms, false), .1);
	assert_usd(price_cost_usd(price, 1., &read, PRICE_NOW, false), .1);
}

static void windows_are_known_by_model(void **state)
{
	(void)state;
	assert_int_equal(price_max_input_tokens(NULL, "claude-opus-4-6", 15), 200000);
	assert_int_equal(price_max_input_tokens(NULL, "us.anthropic.claude-sonnet-5-5-v1:0", 35), 1000000);
	assert_int_equal(price_max_input_tokens(NULL, "claude-mythos-preview", 21), 0);
	assert_int_equal(price_max_input_tokens(NULL, "nonesuch", 8), 0);
}

static double reference_cost_of(const char *model)
{
	double factor;
	const struct price *price = price_find_reference(model, strlen(model), &factor);
	return price ? price_cost_usd(price, factor, &some, PRICE_NOW, false) : 0.;
}

static void ccusage_has_rules_of_its_own(void **state)
{
	(void)state;
	assert_usd(reference_cost_of("claude-opus-4-6"), .10125);
	assert_usd(reference_cost_of("claude-opus-5-5"), 0.);
	assert_usd(reference_cost_of("claude-opus-4-0"), 0.);
	assert_usd(reference_cost_of("CLAUDE-OPUS-4-6"), 0.);
	assert_usd(reference_cost_of("bedrock/us.anthropic.claude-opus-4-6"), .10125);
	assert_usd(reference_cost_of("jp.anthropic.claude-opus-4-6-v1"), .10125);
	assert_usd(reference_cost_of("eu.anthropic.claude-opus-4-6-v1"), .111375);
}

static void names_do_not_hide_a_model(void **state)
{
	(void)state;
	static const char *const names[][2] = {
		{ "claude-opus-4-6[1m]", "claude-opus-4-6" },
		{ "anthropic/claude-opus-4-6", "claude-opus-4-6" },
		{ "anthropic.claude-opus-4-6-v1", "claude-opus-4-6" },
		{ "vertex_ai/claude-opus-4-6@20260205", "claude-opus-4-6-20260205" },
		{ "openrouter/anthropic/claude-opus-4.6", "claude-opus-4-6" },
		{ "claude-opus-4.6", "claude-opus-4-6" },
		{ "claude-opus-4-6-20991231", "claude-opus-4-6" },
		{ "claude-sonnet-4", "claude-sonnet-4-20250514" },
		{ "claude-4-sonnet", "claude-4-sonnet-20250514" },
		{ "claude-3-haiku", "claude-3-haiku-20240307" },
		{ "claude-opus-4-20250101", "claude-opus-4-20250514" },
		{ "claude-opus-4-6-thinking", "claude-opus-4-6" },
		{ "my/claude-opus-4-6", "claude-opus-4-6" },
		{ "[pi] claude-opus-4-6", "claude-opus-4-6" },
		{ "claude-opus-5-5-20261001", "claude-opus-5-5" },
		{ "claude-opus-4-6:thinking", "claude-opus-4-6" },
		{ "poe/Claude-Opus-4.6[1M]", "claude-opus-4-6" },
		{ "global.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929" },
		{ "bedrock/us-east-1/anthropic.claude-opus-4-6", "claude-opus-4-6" },
		{ "anthropic/claude-4.5-haiku-20251001", "claude-haiku-4-5-20251001" },
		{ "claude-4.7-opus", "claude-opus-4-7" },
		{ "openrouter/anthropic/claude-5.5-sonnet", "claude-sonnet-5-5" },
		{ "claude-5-opus[1m]", "claude-opus-5" },
		{ "my/claude-4.6-opus-thinking", "claude-opus-4-6" },
		{ "claude-sonnet-4-0", "claude-sonnet-4-0" },
		{ "claude-opus-4.0", "claude-opus-4-0" },
		{ "claude-5.2-fable", "claude-fable-5-2" },
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		double factor;
		const struct price *price = price_find(names[i][0], strlen(names[i][0]), &factor);
		if (!price || strcmp(price->model, names[i][1]) != 0 || factor != 1.)
			fail_msg("%s is %s x %g", names[i][0], price ? price->model : "unknown", factor);
	}
}

static void other_models_are_not_taken_for_known_ones(void **state)
{
	(void)state;
	static const char *const names[] = { "",
					     "[",
					     "[]",
					     "opus",
					     "claude",
					     "claude-opus-4-9",
					     "claude-opus-4-60",
					     "claude-opus-4-6x",
					     "xclaude-opus-4-6",
					     "claude-opus-6",
					     "claude-opus-5-7",
					     "nonesuch",
					     "<synthetic>",
					     "us.",
					     "claude-2.1",
					     "claude-4.9-opus",
					     "claude--opus",
					     "claude-4.5-",
					     "xclaude-4.6-opus" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		double factor;
		const struct price *price = price_find(names[i], strlen(names[i]), &factor);
		if (price)
			fail_msg("%s was taken for %s", names[i], price->model);
	}
	char longest[PRICE_MODEL_MAX + 2];
	double factor;
	memset(longest, 'x', sizeof(longest));
	assert_null(price_find(longest, PRICE_MODEL_MAX, &factor));
	assert_null(price_find(longest, PRICE_MODEL_MAX + 1, &factor));
}

static void some_regions_cost_more(void **state)
{
	(void)state;
	assert_usd(cost_of("us.anthropic.claude-sonnet-4-5-20250929-v1:0", &some, false), .066825);
	assert_usd(cost_of("eu.anthropic.claude-opus-4-6-v1", &some, false), .111375);
	assert_usd(cost_of("jp.anthropic.claude-sonnet-4-6", &some, false), .066825);
	assert_usd(cost_of("apac.anthropic.claude-sonnet-4-5-20250929-v1:0", &some, false), .06075);
	assert_usd(cost_of("us.anthropic.claude-opus-4-1-20250805-v1:0", &some, false), .30375);
	assert_usd(cost_of("bedrock/us.anthropic.claude-opus-4-6", &some, false), .111375);
	assert_usd(cost_of("bedrock/us.anthropic.claude-opus-4-6-v1:0", &some, false), .111375);
	assert_usd(cost_of("jp.anthropic.claude-opus-4-6-v1", &some, false), .111375);
	assert_usd(cost_of("eu.anthropic.claude-opus-4-5-20251101-v1:0", &some, false), .111375);
	assert_usd(cost_of("au.anthropic.claude-opus-5-5-v1:0", &some, false),
		   cost_of("claude-opus-5-5", &some, false) * 1.1);
	assert_usd(cost_of("jp.anthropic.claude-fable-5-2", &some, false),
		   cost_of("claude-fable-5-2", &some, false) * 1.1);
	assert_usd(cost_of("us.anthropic.claude-sonnet-4-20250514-v1:0", &some, false), .06075);
	assert_usd(cost_of("us.anthropic.claude-3-5-haiku-20241022-v1:0", &some, false), .0162);
	assert_usd(cost_of("global.anthropic.claude-opus-5-5-v1:0", &some, false),
		   cost_of("claude-opus-5-5", &some, false));
	assert_usd(cost_of("us.anthropic.claude-opus-4-5-20251101-v1:0", &some, false), .111375);
	assert_usd(cost_of("bedrock/us.anthropic.claude-sonnet-4-5", &some, false), .066825);
	assert_usd(cost_of("bedrock/converse/us.anthropic.claude-sonnet-4-5-20250929-v1:0", &some, false),
		   .066825);
	assert_usd(cost_of("arn:aws:bedrock:us-east-1:123456789012:inference-profile/"
			   "us.anthropic.claude-sonnet-4-5-20250929-v1:0", &some, false), .066825);
}

/* ---- the book ---- */

static void a_book_goes_before_the_table(void **state)
{
	struct scratch *scratch = *state;
	struct buf error = BUF_INIT;
	double factor;
	bool from_book;
	scratch_write_text(
		scratch, "pricing.json",
		"{\"sample_spec\":{\"input_cost_per_token\":\"text\"},\"an-image\":{\"mode\":\"image\"},"
		"\"n\":5,"
		"\"claude-opus-4-6\":{\"input_cost_per_token\":1e-06,\"output_cost_per_token\":2e-06,"
		"\"input_cost_per_token_above_200k_tokens\":3e-06,\"provider_specific_entry\":{\"fast\":4}},"
		"\"new-model\":{\"input_cost_per_token\":1e-06,\"output_cost_per_token\":1e-06,"
		"\"cache_read_input_token_cost\":null,\"cache_creation_input_token_cost\":5e-07}}");
	struct price_book *book = price_book_load(scratch_name(scratch, "pricing.json"), &error);
	assert_non_null(book);
	assert_int_equal(price_book_count(book), 2);
	const struct price *price =
		price_book_find(book, "anthropic/claude-opus-4-6", 25, &factor, &from_book);
	assert_true(price && from_book);
	const struct price_tokens tokens = { 300000, 10, 0, 0, 5 };
	assert_usd(price_cost_usd(price, factor, &tokens, PRICE_NOW, false),
		   200000 * 1e-6 + 100000 * 3e-6 + 10 * 2e-6);
	assert_usd(price_cost_usd(price, factor, &tokens, PRICE_NOW, true),
		   4 * (200000 * 1e-6 + 100000 * 3e-6 + 10 * 2e-6));
	assert_true(price_book_find(book, "new-model", 9, &factor, &from_book) && from_book);
	price = price_book_find(book, "claude-haiku-4-5", 16, &factor, &from_book);
	assert_true(price && !from_book);
	assert_true(price_book_find(NULL, "claude-haiku-4-5", 16, &factor, NULL) == price);
	price_book_free(book);
	buf_release(&error);
}

static void a_book_has_windows_and_prices_of_the_past(void **state)
{
	struct scratch *scratch = *state;
	struct buf error = BUF_INIT;
	double factor;
	scratch_write_text(
		scratch, "pricing.json",
		"{\"m\":{\"input_cost_per_token\":1e-06,\"output_cost_per_token\":2e-06,"
		"\"max_input_tokens\":300000,"
		"\"until\":{\"2026-05-31\":{\"input_cost_per_token\":4e-06},"
		"\"2026-02-28\":{\"input_cost_per_token\":8e-06,\"output_cost_per_token\":9e-06}}},"
		"\"claude-opus-4-6\":{\"input_cost_per_token\":1e-06},"
		"\"sized\":{\"input_cost_per_token\":1e-06,\"input_cost_per_token_above_100k_tokens\":5e-06}"
		"}");
	struct price_book *book = price_book_load(scratch_name(scratch, "pricing.json"), &error);
	assert_non_null(book);
	const struct price *m = price_book_find(book, "m", 1, &factor, NULL);
	const struct price_tokens t = { .input = 100, .output = 10 };
	assert_usd(price_cost_usd(m, 1., &t, INT64_C(1772323199999), false),
		   890e-6); /* the end of February */
	assert_usd(price_cost_usd(m, 1., &t, INT64_C(1772323200000), false), 420e-6);
	assert_usd(price_cost_usd(m, 1., &t, INT64_C(1780271999999), false), 420e-6);   /* the end of May */
	assert_usd(price_cost_usd(m, 1., &t, INT64_C(1780272000000), false), 120e-6);
	assert_int_equal(price_max_input_tokens(book, "m", 1), 300000);
	assert_int_equal(price_max_input_tokens(book, "claude-opus-4-6", 15), 200000);
	const struct price *sized = price_book_find(book, "sized", 5, &factor, NULL);
	assert_true(sized->whole_request && sized->threshold_tokens == 100000);
	price_book_free(book);
	buf_release(&error);
}

static void a_bad_book_is_refused_with_a_reason(void **state)
{
	struct scratch *scratch = *state;
	static const char *const texts[] = {
		"",
		"[]",
		"{",
		"{} x",
		"{\"m\":{\"input_cost_per_token\":-1}}",
		"{\"m\":{\"input_cost_per_token\":2}}",
		"{\"m\":{\"input_cost_per_token\":\"1e-6\"}}",
		"{\"m\":{\"input_cost_per_token\":1e-6,\"cache_read_input_token_cost_above_200k_tokens\":tru"
		"e}}",
		"{\"m\":{\"input_cost_per_token\":1e-6,\"provider_specific_entry\":{\"fast\":-2}}}",
		"{\"m\":{\"input_cost_per_token\":NaN}}",
		"{\"m\":{\"input_cost_per_token\":1,\"until\":{\"2026-02-30\":{}}}}",
		"{\"m\":{\"input_cost_per_token\":1,\"until\":{\"2026-02-20\":5}}}",
		"{\"m\":{\"input_cost_per_token\":1,\"until\":{\"2026-02-20\":{\"input_cost_per_token\":-1}}"
		"}}",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buf error = BUF_INIT;
		scratch_write_text(scratch, "pricing.json", texts[i]);
		struct price_book *book = price_book_load(scratch_name(scratch, "pricing.json"), &error);
		if (book || !strstr(buf_str(&error), "pricing.json"))
			fail_msg("%s: \"%s\"", texts[i], buf_str(&error));
		buf_release(&error);
	}
	struct buf error = BUF_INIT;
	assert_null(price_book_load(scratch->path, &error));
	assert_non_null(strstr(buf_str(&error), "not a regular file"));
	buf_clear(&error);
	errno = 0;
	assert_null(price_book_load(scratch_name(scratch, "none.json"), &error));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(error.len, 0);
	buf_release(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sorted_and_sane),
		cmocka_unit_test(every_kind_of_token_has_its_price),
		cmocka_unit_test(beyond_200k_each_kind_is_charged_by_itself),
		cmocka_unit_test(haiku_5_5_charges_the_whole_request_by_its_size),
		cmocka_unit_test(the_newest_models_have_their_prices),
		cmocka_unit_test(a_price_holds_from_its_time),
		cmocka_unit_test(windows_are_known_by_model),
		cmocka_unit_test(ccusage_has_rules_of_its_own),
		cmocka_unit_test(names_do_not_hide_a_model),
		cmocka_unit_test(other_models_are_not_taken_for_known_ones),
		cmocka_unit_test(some_regions_cost_more),
		cmocka_unit_test_setup_teardown(a_book_goes_before_the_table, scratch_set_up,
						scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_book_has_windows_and_prices_of_the_past, scratch_set_up,
						scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_bad_book_is_refused_with_a_reason, scratch_set_up,
						scratch_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
