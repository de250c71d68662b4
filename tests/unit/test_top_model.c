/* swatch top's model: the order of sessions, the account's figures, the burn rate's parts, events. */
#include "unit.h"

#include <math.h>

#include "base/clock.h"
#include "top_made.h"

static void test_order(void **state UNUSED)
{
	struct top_model model;
	top_model_init(&model);
	take_session(
		&model, "a",
		"{\"state\":\"active\",\"projectPath\":\"/p/Zoo\",\"model\":{\"value\":\"Opus\"},"
		"\"billing\":{\"sessionCost\":5,\"sessionTokens\":10},"
		"\"transcript\":{\"lastMessageTime\":1000}}");
	take_session(
		&model, "b",
		"{\"state\":\"idle\",\"projectPath\":\"/p/apes\",\"model\":{\"value\":\"Haiku\"},"
		"\"billing\":{\"sessionCost\":50,\"sessionTokens\":3},"
		"\"transcript\":{\"lastModified\":3000}}");
	take_session(
		&model, "c",
		"{\"state\":\"active\",\"projectPath\":\"/q/apes\","
		"\"transcript\":{\"lastMessageTime\":2000}}");
	top_model_judge(&model, NOW_MS);
	assert_string_equal(order_of(&model), "b c a");
	assert_int_equal(model.active_count, 2);
	assert_true(top_model_find(&model, "b")->shares_name && top_model_find(&model, "c")->shares_name);
	assert_false(top_model_find(&model, "a")->shares_name);
	/* What is not known is last, and first the other way round. */
	model.sort = TOP_BY_COST;
	top_model_judge(&model, NOW_MS);
	assert_string_equal(order_of(&model), "b a c");
	model.reversed = true;
	top_model_judge(&model, NOW_MS);
	assert_string_equal(order_of(&model), "c a b");
	model.reversed = false;
	model.sort = TOP_BY_NAME;
	top_model_judge(&model, NOW_MS);
	assert_string_equal(order_of(&model), "b c a");
	model.sort = TOP_BY_MODEL;
	top_model_judge(&model, NOW_MS);
	assert_string_equal(order_of(&model), "b a c");
	model.active_only = true;
	model.sort = TOP_BY_TOKENS;
	top_model_judge(&model, NOW_MS);
	assert_string_equal(order_of(&model), "a c");
	/* The list knows of subagents' activity. */
	model.sort = TOP_BY_ACTIVITY;
	struct json_object *list =
		parse_json("{\"sessions\":[7,{\"sessionId\":\"a\",\"lastActivity\":9000},"
			   "{\"sessionId\":\"x\"}]}");
	top_model_take_list(&model, list);
	json_object_put(list);
	top_model_judge(&model, NOW_MS);
	assert_string_equal(order_of(&model), "a c");
	/* One goes by its file, one by an event. */
	top_model_take_session(&model, "a", NULL);
	take_event(
		&model,
		"{\"event\":\"session-removed\",\"at\":1795442700000,\"sessionId\":\"c\","
		"\"reason\":\"age\"}");
	top_model_judge(&model, NOW_MS);
	assert_string_equal(order_of(&model), "");
	assert_int_equal(model.session_count, 1);
	top_model_release(&model);
}

static void test_a_session_without_a_price_did_not_cost_nothing(void **state UNUSED)
{
	struct top_model model;
	top_model_init(&model);
	static const char *const files[] = {
		"{\"billing\":{\"sessionCost\":0},\"models\":[{\"model\":\"x\",\"costUSD\":null,"
		"\"unpriced\":true}]}",
		"{\"billing\":{\"sessionCost\":0},\"models\":[{\"model\":\"x\",\"costUSD\":0,"
		"\"unpriced\":false}]}",
		"{\"billing\":{\"sessionCost\":2},\"models\":[7,{\"model\":\"x\",\"costUSD\":null,"
		"\"unpriced\":true}]}",
	};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		top_model_take_session(&model, "a", parse_json(files[i]));
		double usd = model.sessions[0].cost_usd;
		assert_true(i == 0 ? isnan(usd) : usd == (i == 1 ? 0. : 2.));
	}
	top_model_release(&model);
}

static void test_figures(void **state UNUSED)
{
	struct top_model model;
	top_model_init(&model);
	top_model_take_billing(&model, parse_json(top_billing_json));
	model.is_connected = true;
	top_model_judge(&model, NOW_MS);
	assert_true(model.block_runs && model.figures.is_fresh);
	/* 115 minutes are left. */
	assert_true(fabs(model.projected_usd - 21.5) < 1e-9);
	assert_string_equal(model.unpriced, "claude-next");
	/* The one that is hit first comes first; one that was reset, or is null, does not come. */
	assert_int_equal(model.limit_count, 4);
	assert_string_equal(model.limits[0].label, "spend");
	assert_string_equal(model.limits[1].label, "7-day");
	assert_string_equal(model.limits[2].label, "5-hour");
	assert_string_equal(model.limits[3].label, "7d opus");
	assert_true(fabs(model.limits[2].pace - 0.84) < 1e-9);
	assert_true(model.limits[2].spent_usd == 9.5 && isnan(model.limits[1].spent_usd));
	assert_true(isnan(model.limits[0].pace));
	assert_false(model.figures.is_weekly);
	/* The next minute; the block's end when that is nearer; nothing moves by minutes when all is old. */
	assert_int_equal(top_model_next_change_ms(&model), NOW_MS + CLOCK_MINUTE_MS);
	top_model_judge(&model, model.figures.block_end_ms - 10);
	assert_int_equal(top_model_next_change_ms(&model), model.figures.block_end_ms);
	top_model_judge(&model, NOW_MS + 100 * CLOCK_DAY_MS);
	assert_false(model.block_runs);
	assert_int_equal(model.limit_count, 0);
	top_model_take_billing(&model, NULL);
	top_model_judge(&model, NOW_MS + 1000);
	assert_int_equal(top_model_next_change_ms(&model), NOW_MS - NOW_MS % CLOCK_HOUR_MS + CLOCK_HOUR_MS);
	/* A newer swatchd's file tells nothing that can be trusted. */
	top_model_take_billing(&model, parse_json("{\"schema\":2,\"costToday\":5}"));
	top_model_judge(&model, NOW_MS);
	assert_true(model.newer_schema && !model.figures.known);
	top_model_release(&model);
}

/* The server's five hours go before ccusage's block, which is an estimate of them, until they are over. */
static void test_the_servers_window_is_the_block(void **state UNUSED)
{
	static const char window[] =
		"{\"costToday\":9,\"block\":{\"startTime\":\"2026-11-23T11:00:00.000Z\","
		"\"endTime\":\"2026-11-23T16:00:00.000Z\",\"costUSD\":10,\"burnRate\":{\"costPerHour\":6}},"
		"\"window\":{\"startTime\":\"2026-11-23T11:35:00.000Z\",\"resetsAt\":1795451700000,"
		"\"costUSD\":8,\"totalTokens\":7}}";
	struct top_model model;
	AUTO_BUF question = BUF_INIT;
	top_model_init(&model);
	top_model_take_billing(&model, parse_json(window));
	top_model_judge(&model, NOW_MS);
	assert_true(model.block_runs && model.block_usd == 8. && model.block_tokens == 7.);
	assert_int_equal(model.block_end_ms, NOW_MS + 150 * CLOCK_MINUTE_MS);
	assert_true(fabs(model.projected_usd - 23.) < 1e-9);
	assert_true(top_model_ask_spend(&model, &question));
	assert_string_equal(buf_str(&question),
			    "{\"op\":\"spend\",\"since\":1795433700000,\"step\":60000,\"count\":300}");
	/* Known, with nothing in ccusage's eyes. */
	top_model_take_billing(
		&model, parse_json("{\"costToday\":9,\"block\":null,\"window\":{\"resetsAt\":1795451700000,"
				   "\"startTime\":\"2026-11-23T11:35:00.000Z\",\"costUSD\":0}}"));
	top_model_judge(&model, NOW_MS);
	assert_true(model.block_runs && model.block_usd == 0. && isnan(model.projected_usd));
	/* Over. */
	top_model_take_billing(&model, parse_json(window));
	top_model_judge(&model, NOW_MS + 151 * CLOCK_MINUTE_MS);
	assert_false(model.block_runs);
	top_model_release(&model);
}

/* An account without a 5-hour limit, and a limit of one model that was hit and does not say when it resets.
 */
static void test_weekly_limits(void **state UNUSED)
{
	struct top_model model;
	top_model_init(&model);
	top_model_take_billing(
		&model,
		parse_json("{\"costToday\":9,\"rateLimits\":{\"fiveHour\":null,"
		      "\"sevenDay\":{\"usedPercentage\":30,"
		      "\"resetsAt\":1795745100000},\"sevenDayOpus\":{\"usedPercentage\":100,"
		      "\"resetsAt\":null,"
		      "\"source\":\"transcript\"}},\"usageLimit\":{\"kind\":\"seven_day_opus\","
		      "\"resetsAt\":null}}"));
	top_model_judge(&model, NOW_MS);
	assert_true(model.figures.is_weekly && model.figures.is_limited);
	assert_string_equal(model.figures.limit_title, "7-day Opus limit");
	assert_int_equal(model.limit_count, 2);
	assert_string_equal(model.limits[0].label, "7d opus");
	assert_true(model.limits[0].was_hit && model.limits[0].resets_ms == 0);
	assert_string_equal(model.limits[1].label, "7-day");
	top_model_release(&model);
}

static void test_burn(void **state UNUSED)
{
	struct top_model model;
	double rates[30], many[600];
	top_model_init(&model);
	assert_true(isnan(top_model_burn(&model, rates, 30)));
	top_model_take_billing(&model, parse_json(top_billing_json));
	top_model_judge(&model, NOW_MS);
	assert_true(isnan(top_model_burn(&model, rates, 30)));
	AUTO_BUF question = BUF_INIT;
	assert_true(top_model_ask_spend(&model, &question));
	assert_string_equal(buf_str(&question),
			    "{\"op\":\"spend\",\"since\":1795431600000,\"step\":60000,\"count\":300}");
	/* A dollar in minute 3, half of one in minute 181; what is no number is nothing. */
	AUTO_BUF answer = BUF_INIT;
	buf_append_str(&answer,
		       "{\"ok\":true,\"since\":1795431600000,\"step\":60000,\"usd\":[0,null,\"x\",1,-5,{}");
	for (int minute = 6; minute < 300; minute++)
		buf_append_str(&answer, minute == 181 ? ",0.5" : ",0");
	buf_append_str(&answer, "]}");
	struct json_object *object = parse_json(buf_str(&answer));
	assert_true(top_model_take_spend(&model, object));
	/* 185 minutes have passed: the part of minutes 180 to 189 is half over. */
	assert_true(fabs(top_model_burn(&model, rates, 30) - 6.) < 1e-9);
	assert_true(fabs(rates[0] - 6.) < 1e-9 && rates[1] == 0.);
	assert_true(fabs(rates[18] - 6.) < 1e-9 && isnan(rates[19]));
	assert_true(fabs(top_model_burn(&model, many, 600) - 60.) < 1e-9);
	/* Another block's are not this one's. */
	model.spent_since_ms -= CLOCK_HOUR_MS;
	assert_true(isnan(top_model_burn(&model, rates, 30)));
	json_object_put(object);
	object = parse_json("{\"ok\":false,\"error\":\"unknown \\\"op\\\"\"}");
	assert_false(top_model_take_spend(&model, object));
	json_object_put(object);
	object = parse_json("{\"ok\":true,\"since\":1,\"step\":60000,\"usd\":7}");
	assert_false(top_model_take_spend(&model, object));
	json_object_put(object);
	top_model_release(&model);
}

static void test_events(void **state UNUSED)
{
	struct top_model model;
	top_model_init(&model);
	take_session(&model, "3f2a1b2c-aaaa", "{\"projectPath\":\"/home/u/shop\"}");
	take_event(&model, "{\"event\":\"published\",\"at\":1795442700000,\"file\":\"sessions.json\"}");
	take_event(&model, "{\"at\":1}");
	take_event(&model, "{\"event\":7}");
	assert_int_equal(model.event_count, 0);
	take_event(&model,
		   "{\"event\":\"session-active\",\"at\":1795442700000,\"sessionId\":\"3f2a1b2c-aaaa\"}");
	assert_string_equal(model.events[0], "14:05:00 session-active    shop 3f2a1b2c");
	for (int i = 0; i < TOP_EVENTS_MAX; i++)
		take_event(&model, "{\"event\":\"stale\",\"at\":1795442700000}");
	assert_int_equal(model.event_count, TOP_EVENTS_MAX);
	assert_string_equal(model.events[0], "14:05:00 stale");
	top_model_note_event(&model, NOW_MS, "mine");
	assert_string_equal(model.events[TOP_EVENTS_MAX - 1], "14:05:00 mine");
	top_model_release(&model);
}

static void test_short_counts(void **state UNUSED)
{
	assert_string_equal(top_short_count(NAN, TOP_SHORT_TEXT), "-");
	assert_string_equal(top_short_count(0, TOP_SHORT_TEXT), "0");
	assert_string_equal(top_short_count(999, TOP_SHORT_TEXT), "999");
	assert_string_equal(top_short_count(1234, TOP_SHORT_TEXT), "1.2k");
	assert_string_equal(top_short_count(99960, TOP_SHORT_TEXT), "100k");
	assert_string_equal(top_short_count(999960, TOP_SHORT_TEXT), "1.0M");
	assert_string_equal(top_short_count(12345678, TOP_SHORT_TEXT), "12.3M");
	assert_string_equal(top_short_count(1e15, TOP_SHORT_TEXT), "1000T");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_a_session_without_a_price_did_not_cost_nothing),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_the_servers_window_is_the_block),
		cmocka_unit_test(test_weekly_limits),
		cmocka_unit_test(test_burn),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_short_counts),
	};
	top_made_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
