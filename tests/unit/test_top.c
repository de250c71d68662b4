/* swatch top, but for the terminal: the model, the order, the burn rate's parts, cells, pages and keys. */
#include "unit.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <time.h>
#include <wchar.h>

#include "base/clock.h"
#include "base/printable.h"
#include "swatch/top/figures.h"
#include "swatch/top/view.h"

/* 2026-11-23T14:05:00Z */
#define NOW_MS INT64_C(1795442700000)

static struct json_object *parse(const char *json)
{
	struct json_object *object = json_tokener_parse(json);
	assert_non_null(object);
	return object;
}

static void take_session(struct top_model *model, const char *id, const char *json)
{
	top_model_take_session(model, id, parse(json));
}

/* The ids in their order, as "a b c". */
static const char *order_of(const struct top_model *model)
{
	static char text[256];
	size_t len = 0;
	text[0] = '\0';
	for (size_t i = 0; i < model->order_count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
					top_model_at(model, i)->id);
	return text;
}

static void take_event(struct top_model *model, const char *json)
{
	struct json_object *event = parse(json);
	top_model_take_event(model, event);
	json_object_put(event);
}

static const char billing_json[] =
	"{\"schema\":1,\"costToday\":12.34,\"isFresh\":true,\"lastFetched\":1795442640000,"
	"\"freshUntil\":1795449900000,"
	"\"source\":\"native\",\"today\":{\"totalTokens\":1234567},"
	"\"block\":{\"startTime\":\"2026-11-23T11:00:00.000Z\",\"endTime\":\"2026-11-23T16:00:00.000Z\","
	"\"costUSD\":10,"
	"\"totalTokens\":1000000,\"burnRate\":{\"costPerHour\":6}},"
	"\"unpricedModels\":[\"claude-next\"],"
	"\"rateLimits\":{\"sevenDayOpus\":{\"usedPercentage\":5,\"resetsAt\":1795500000000},"
	"\"spendLimit\":{\"usedPercentage\":120,\"resetsAt\":1795500000000,\"usedUSD\":12,\"limitUSD\":10},"
	"\"sevenDay\":{\"usedPercentage\":50,\"resetsAt\":1795745100000},"
	"\"old\":{\"usedPercentage\":50,\"resetsAt\":1795442700000},\"bad\":7,"
	"\"fiveHour\":{\"usedPercentage\":42,\"resetsAt\":1795451700000}},\"window\":{\"costUSD\":9.5}}";

/* ---- the model ---- */

static void test_order(void **state)
{
	struct top_model model;
	(void)state;
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
		parse("{\"sessions\":[7,{\"sessionId\":\"a\",\"lastActivity\":9000},{\"sessionId\":\"x\"}]}");
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

static void test_a_session_without_a_price_did_not_cost_nothing(void **state)
{
	struct top_model model;
	(void)state;
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
		top_model_take_session(&model, "a", parse(files[i]));
		double usd = model.sessions[0].cost_usd;
		assert_true(i == 0 ? isnan(usd) : usd == (i == 1 ? 0. : 2.));
	}
	top_model_release(&model);
}

static void test_figures(void **state)
{
	struct top_model model;
	(void)state;
	top_model_init(&model);
	top_model_take_billing(&model, parse(billing_json));
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
	top_model_take_billing(&model, parse("{\"schema\":2,\"costToday\":5}"));
	top_model_judge(&model, NOW_MS);
	assert_true(model.newer_schema && !model.figures.known);
	top_model_release(&model);
}

/* The server's five hours go before ccusage's block, which is an estimate of them, until they are over. */
static void test_the_servers_window_is_the_block(void **state)
{
	static const char window[] =
		"{\"costToday\":9,\"block\":{\"startTime\":\"2026-11-23T11:00:00.000Z\","
		"\"endTime\":\"2026-11-23T16:00:00.000Z\",\"costUSD\":10,\"burnRate\":{\"costPerHour\":6}},"
		"\"window\":{\"startTime\":\"2026-11-23T11:35:00.000Z\",\"resetsAt\":1795451700000,"
		"\"costUSD\":8,\"totalTokens\":7}}";
	struct top_model model;
	struct buf question = BUF_INIT;
	(void)state;
	top_model_init(&model);
	top_model_take_billing(&model, parse(window));
	top_model_judge(&model, NOW_MS);
	assert_true(model.block_runs && model.block_usd == 8. && model.block_tokens == 7.);
	assert_int_equal(model.block_end_ms, NOW_MS + 150 * CLOCK_MINUTE_MS);
	assert_true(fabs(model.projected_usd - 23.) < 1e-9);
	assert_true(top_model_ask_spend(&model, &question));
	assert_string_equal(buf_str(&question),
			    "{\"op\":\"spend\",\"since\":1795433700000,\"step\":60000,\"count\":300}");
	buf_release(&question);
	/* Known, with nothing in ccusage's eyes. */
	top_model_take_billing(&model,
			       parse("{\"costToday\":9,\"block\":null,\"window\":{\"resetsAt\":1795451700000,"
				     "\"startTime\":\"2026-11-23T11:35:00.000Z\",\"costUSD\":0}}"));
	top_model_judge(&model, NOW_MS);
	assert_true(model.block_runs && model.block_usd == 0. && isnan(model.projected_usd));
	/* Over. */
	top_model_take_billing(&model, parse(window));
	top_model_judge(&model, NOW_MS + 151 * CLOCK_MINUTE_MS);
	assert_false(model.block_runs);
	top_model_release(&model);
}

/* An account without a 5-hour limit, and a limit of one model that was hit and does not say when it resets.
 */
static void test_weekly_limits(void **state)
{
	struct top_model model;
	(void)state;
	top_model_init(&model);
	top_model_take_billing(
		&model,
		parse("{\"costToday\":9,\"rateLimits\":{\"fiveHour\":null,"
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

static void test_burn(void **state)
{
	struct top_model model;
	double rates[30], many[600];
	(void)state;
	top_model_init(&model);
	assert_true(isnan(top_model_burn(&model, rates, 30)));
	top_model_take_billing(&model, parse(billing_json));
	top_model_judge(&model, NOW_MS);
	assert_true(isnan(top_model_burn(&model, rates, 30)));
	struct buf question = BUF_INIT;
	assert_true(top_model_ask_spend(&model, &question));
	assert_string_equal(buf_str(&question),
			    "{\"op\":\"spend\",\"since\":1795431600000,\"step\":60000,\"count\":300}");
	buf_release(&question);
	/* A dollar in minute 3, half of one in minute 181; what is no number is nothing. */
	struct buf answer = BUF_INIT;
	buf_append_str(&answer,
		       "{\"ok\":true,\"since\":1795431600000,\"step\":60000,\"usd\":[0,null,\"x\",1,-5,{}");
	for (int minute = 6; minute < 300; minute++)
		buf_append_str(&answer, minute == 181 ? ",0.5" : ",0");
	buf_append_str(&answer, "]}");
	struct json_object *object = parse(buf_str(&answer));
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
	object = parse("{\"ok\":false,\"error\":\"unknown \\\"op\\\"\"}");
	assert_false(top_model_take_spend(&model, object));
	json_object_put(object);
	object = parse("{\"ok\":true,\"since\":1,\"step\":60000,\"usd\":7}");
	assert_false(top_model_take_spend(&model, object));
	json_object_put(object);
	buf_release(&answer);
	top_model_release(&model);
}

static void test_events(void **state)
{
	struct top_model model;
	(void)state;
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

static void test_short_counts(void **state)
{
	(void)state;
	assert_string_equal(top_short_count(NAN, TOP_SHORT_TEXT), "-");
	assert_string_equal(top_short_count(0, TOP_SHORT_TEXT), "0");
	assert_string_equal(top_short_count(999, TOP_SHORT_TEXT), "999");
	assert_string_equal(top_short_count(1234, TOP_SHORT_TEXT), "1.2k");
	assert_string_equal(top_short_count(99960, TOP_SHORT_TEXT), "100k");
	assert_string_equal(top_short_count(999960, TOP_SHORT_TEXT), "1.0M");
	assert_string_equal(top_short_count(12345678, TOP_SHORT_TEXT), "12.3M");
	assert_string_equal(top_short_count(1e15, TOP_SHORT_TEXT), "1000T");
}

/* ---- cells ---- */

/* A row's text in UTF-8, without the blanks at its end. */
static const char *row_text(const struct top_canvas *canvas, size_t row)
{
	static char text[4096];
	size_t len = 0;
	mbstate_t shift;
	memset(&shift, 0, sizeof(shift));
	for (size_t i = 0; i < canvas->columns; i++) {
		const struct top_cell *cell = top_canvas_cell(canvas, row, i);
		if (cell->code != 0)
			len += wcrtomb(text + len, (wchar_t)cell->code, &shift);
		if (cell->accent != 0)
			len += wcrtomb(text + len, (wchar_t)cell->accent, &shift);
	}
	while (len > 0 && text[len - 1] == ' ')
		len--;
	text[len] = '\0';
	return text;
}

static void expect_put(bool utf8, size_t width, const char *text, const char *expected)
{
	struct top_canvas canvas;
	assert_true(top_canvas_init(&canvas, 1, 40, utf8));
	assert_true(top_canvas_put(&canvas, 0, 0, width, TOP_PLAIN, text) <= width);
	assert_string_equal(row_text(&canvas, 0), expected);
	top_canvas_release(&canvas);
}

static void expect_tail(size_t width, const char *text, const char *expected)
{
	struct top_canvas canvas;
	assert_true(top_canvas_init(&canvas, 1, 40, true));
	assert_true(top_canvas_put_tail(&canvas, 0, 0, width, TOP_PLAIN, text) <= width);
	assert_string_equal(row_text(&canvas, 0), expected);
	top_canvas_release(&canvas);
}

static void test_text_is_made_harmless(void **state)
{
	(void)state;
	expect_put(true, 20, "plain", "plain");
	expect_put(true, 5, "plain", "plain");
	expect_put(true, 4, "plain", "pla…");
	expect_put(true, 0, "plain", "");
	expect_put(true, 30, "\033[31mred\a\t\x7F\x9B\xC2\x9B\xE2\x80\xAE" "end", "?[31mred??????end");
	/* Wide ones take two; half of one is never shown. */
	expect_put(true, 6, "日本語", "日本語");
	expect_put(true, 5, "日本語", "日本…");
	expect_put(true, 4, "日本語", "日…");
	/* One accent on a letter; selectors and heaps of accents go, what hides does not. */
	expect_put(true, 20, "e\xCC\x81" "\xCC\x81\xCC\x81x", "e\xCC\x81x");
	expect_put(true, 20, "\xCC\x81x\xE2\x80\x8B\xC2\xAD\xEF\xB8\x8Fy", "x??y");
	/* What no table knows. */
	expect_put(true, 20, "a\xCD\xB8z", "a?z");
	expect_put(false, 20, "a·b…日x ●", "a-b~??x *");
	expect_tail(20, "/home/u/p", "/home/u/p");
	expect_tail(6, "/home/u/p", "…e/u/p");
	expect_tail(4, "x/日本", "…本");
	expect_tail(1, "/home", "…");
}

static void test_bars(void **state)
{
	static const struct {
		double percent;
		const char *bar;
	} cases[] = {
		{ NAN, "----------" }, { -5, "----------" }, { 0, "----------" }, { 0.1, "#---------" },
		{ 50, "#####-----" }, { 99.9, "#########-" }, { 100, "##########" }, { 1e300, "##########" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct top_canvas canvas;
		assert_true(top_canvas_init(&canvas, 1, 10, false));
		top_canvas_bar(&canvas, 0, 0, 10, TOP_PLAIN, cases[i].percent);
		assert_string_equal(row_text(&canvas, 0), cases[i].bar);
		top_canvas_release(&canvas);
	}
}

/* ---- pages ---- */

/* Nothing but what a terminal may get, and every wide character whole. */
static void assert_is_sound(const struct top_canvas *canvas)
{
	for (size_t row = 0; row < canvas->rows; row++) {
		for (size_t column = 0; column < canvas->columns; column++) {
			const struct top_cell *cell = top_canvas_cell(canvas, row, column);
			const struct top_cell *next = top_canvas_cell(canvas, row, column + 1);
			if (cell->code == 0)
				continue;
			assert_false(printable_is_unsafe(cell->code));
			assert_true(canvas->utf8 || cell->code < 0x7F);
			int width = wcwidth((wchar_t)cell->code);
			assert_true(width == 1 || width == 2);
			assert_int_equal(width == 2, next && next->code == 0);
		}
	}
}

static const char *const odd_files[] = {
	"{}",
	"{\"state\":7,\"projectPath\":[],\"model\":null,\"context\":3,\"billing\":\"x\",\"transcript\":[1],"
	"\"subagents\":7,\"tokens\":{\"input\":\"1\"},\"models\":{},\"health\":[],\"claudeCost\":7,"
	"\"git\":\"x\"}",
	"{\"state\":\"active\",\"projectPath\":\"/\",\"context\":{\"updatedAt\":5,\"percentUsed\":1e300},"
	"\"billing\":{\"sessionCost\":-1,\"sessionTokens\":1e300,\"sessionBurnRate\":1e300},\"models\":[7,"
	"null,{},"
	"{\"model\":7,\"costUSD\":\"x\",\"input\":1e300}],\"health\":{\"status\":\"\",\"issues\":[1,null]},"
	"\"transcript\":{\"lastMessageTime\":9223372036854775807,\"messageCount\":-1,\"cacheWarmth\":7},"
	"\"subagents\":{\"count\":1e14,\"costUSD\":null},\"claudeCost\":{\"totalUSD\":1,\"gapUSD\":\"x\","
	"\"reasons\":[7]},"
	"\"firstSeen\":-9223372036854775808}",
	"{\"state\":\"active\",\"projectPath\":\"/x/\\u001b]0;owned\\u0007\\u202e日本語プロジェクトの名前はとても長いです\","
	"\"git\":{\"branch\":\"\\u009b2J\\r\\n\"},\"model\":{\"value\":\"\\u001b[31mOpus\","
	"\"id\":\"x\\u0000y\"},"
	"\"context\":{\"updatedAt\":5,\"percentUsed\":96,\"tokensUsed\":192000,\"windowSize\":200000},"
	"\"billing\":{\"sessionCost\":123456.78,\"sessionTokens\":123456789012,\"sessionBurnRate\":99999.5},"
	"\"health\":{\"status\":\"critical\",\"issues\":[\"\\u001b[2J\"]},"
	"\"transcriptPath\":\"/\\u001b[H/日本語\","
	"\"firstSeen\":1795442000000,"
	"\"transcript\":{\"exists\":true,\"firstMessageTime\":1795435500000,"
	"\"lastMessageTime\":1795442690000,\"messageCount\":5,"
	"\"cacheWarmth\":\"cold\","
	"\"lastMessagePreview\":\"\\u001b[31m日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語\"},"
	"\"subagents\":{\"count\":3,\"costUSD\":1.5},\"claudeCost\":{\"totalUSD\":9,\"gapUSD\":-2,"
	"\"reasons\":[{\"reason\":"
	"\"\\u001b[2J\",\"model\":\"\\u0007\",\"costUSD\":-1}]},\"models\":[{\"model\":\"\\u001b[1mx\","
	"\"costUSD\":1,"
	"\"unpriced\":true,\"input\":1,\"output\":2,\"cacheCreation\":3,\"cacheRead\":4}]}",
};

static const char *const odd_billings[] = {
	"{}",
	"{\"block\":7,\"rateLimits\":[],\"unpricedModels\":{},\"today\":null,\"usageLimit\":\"x\","
	"\"costToday\":\"5\"}",
	"{\"costToday\":1e300,\"block\":{\"startTime\":\"2026-11-23T11:00:00.000Z\","
	"\"endTime\":\"2026-11-23T10:00:00.000Z\","
	"\"costUSD\":1e308},\"rateLimits\":{\"\":{\"usedPercentage\":5,\"resetsAt\":1795500000000},"
	"\"\\u001b[2JaBCDEFGHIJKLMNOPQRSTUVWXYZ"
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ\":{\"usedPercentage\":1e4,\"resetsAt\":1795500000000}},"
	"\"unpricedModels\":[7,\"\\u001b[2J\"],"
	"\"usageLimit\":{\"resetsAt\":1795500000000},\"source\":\"\\u001b[2J\",\"lastFetched\":1}",
	billing_json,
};

/* Every page, of every size, of whatever the files hold. */
static void test_pages_are_sound_at_any_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(odd_billings) / sizeof(odd_billings[0]); i++) {
		struct top_model model;
		struct top_view view = { 0 };
		top_model_init(&model);
		top_model_take_billing(&model, parse(odd_billings[i]));
		for (size_t k = 0; k < sizeof(odd_files) / sizeof(odd_files[0]); k++) {
			char id[8];
			snprintf(id, sizeof(id), "s%zu", k);
			take_session(&model, id, odd_files[k]);
		}
		take_event(
			&model,
			"{\"event\":\"polling\",\"at\":1795442700000,\"path\":\"/\\u001b[2J日本語\","
			"\"why\":\"\\u009b\"}");
		snprintf(view.trouble, sizeof(view.trouble), "%s", "swatchd is not running");
		snprintf(view.remedy, sizeof(view.remedy), "%s", "swatchd --cache \033[2J &");
		/* Each height begins at another width, so that the widths left out of one are in the next. */
		size_t step = (size_t)unit_rounds(3, 1);
		for (size_t rows = 1; rows < 70; rows += rows < 30 ? 1 : 13) {
			for (size_t columns = 1 + rows % (3 * step); columns < 260;
			     columns += step * (columns < 40 ? 3 : columns < 130 ? 9 : 41)) {
				struct top_canvas canvas;
				unsigned keys[] = {
					's',	      'j',	    TOP_KEY_ENTER, TOP_KEY_END,
					'n',	      TOP_KEY_DOWN, '?',	   TOP_KEY_PAGE_DOWN,
					TOP_KEY_BACK, TOP_KEY_BACK, TOP_KEY_END,   'r'
				};
				for (size_t key = 0; key < sizeof(keys) / sizeof(keys[0]); key++) {
					assert_true(top_canvas_init(&canvas, rows, columns, key % 2 == 0));
					assert_true(top_view_key(&view, &model, keys[key]));
					top_model_judge(&model, NOW_MS);
					top_view_draw(&view, &model, &canvas);
					assert_is_sound(&canvas);
					top_canvas_release(&canvas);
				}
			}
		}
		top_model_release(&model);
	}
}

static struct top_canvas draw(struct top_view *view, struct top_model *model, size_t rows, size_t columns)
{
	struct top_canvas canvas;
	assert_true(top_canvas_init(&canvas, rows, columns, true));
	top_model_judge(model, NOW_MS);
	top_view_draw(view, model, &canvas);
	return canvas;
}

static bool shows(const struct top_canvas *canvas, const char *text)
{
	for (size_t row = 0; row < canvas->rows; row++)
		if (strstr(row_text(canvas, row), text))
			return true;
	return false;
}

static void test_a_session_that_waits_comes_first(void **state)
{
	struct top_model model;
	struct top_view view = { 0 };
	char file[256];
	(void)state;
	top_model_init(&model);
	model.is_connected = true;
	take_session(&model, "new",
		     "{\"state\":\"active\",\"projectPath\":\"/p/site\",\"billing\":{\"sessionCost\":50},"
		     "\"transcript\":{\"lastMessageTime\":1795442690000}}");
	snprintf(file, sizeof(file),
		 "{\"state\":\"active\",\"status\":\"waiting\",\"waitingFor\":\"permission prompt\","
		 "\"statusSince\":%lld,\"projectPath\":\"/p/engine\"}",
		 (long long)(NOW_MS - 3 * CLOCK_MINUTE_MS));
	take_session(&model, "waits", file);
	/* Its process has ended, or the file is old. */
	take_session(&model, "gone", "{\"state\":\"idle\",\"status\":\"waiting\",\"waitingFor\":\"x\"}");
	for (int i = 0; i < 4; i++) {
		model.sort = i & 1 ? TOP_BY_COST : TOP_BY_ACTIVITY;
		model.reversed = i & 2;
		top_model_judge(&model, NOW_MS);
		assert_memory_equal(order_of(&model), "waits ", 6);
	}
	assert_int_equal(model.waiting_count, 1);
	model.reversed = false;
	struct top_canvas canvas = draw(&view, &model, 24, 80);
	assert_true(shows(&canvas, "1 waiting, 2 of 3 sessions active"));
	assert_true(shows(&canvas, " ? engine: permission prompt"));
	assert_true(shows(&canvas, "   3m"));
	top_canvas_release(&canvas);
	/* Where there is little room, the name goes before the reason. */
	canvas = draw(&view, &model, 24, 30);
	assert_true(shows(&canvas, " ? engine: "));
	top_canvas_release(&canvas);
	top_view_key(&view, &model, TOP_KEY_ENTER);
	canvas = draw(&view, &model, 24, 80);
	assert_true(shows(&canvas, "waits for you: permission prompt, for 3 m"));
	top_canvas_release(&canvas);
	top_model_release(&model);
}

static void test_main_page(void **state)
{
	struct top_model model;
	struct top_view view = { 0 };
	(void)state;
	top_model_init(&model);
	model.is_connected = true;
	top_model_take_billing(&model, parse(billing_json));
	take_session(&model, "s1", odd_files[3]);
	struct top_canvas canvas = draw(&view, &model, 24, 80);
	assert_string_equal(
		row_text(&canvas, 0),
		" swatch top  today $12.34, 1.2M tokens     native  1 of 1 session active  fresh");
	assert_true(shows(&canvas, "$10.00 · 1 h 55 m left · to 16:00"));
	assert_true(shows(&canvas, "$6.00/h · $21.50 at its end"));
	assert_true(
		shows(&canvas, " 5-hour     ████████████░░░░░░░░░░░░░░░░   42% · resets 16:35 · pace x0.8"));
	assert_true(shows(&canvas, "120% · resets 06:00"));
	assert_true(shows(&canvas, "costs are too low: no price for claude-next"));
	assert_true(shows(&canvas, "none yet"));
	top_canvas_release(&canvas);
	/* Nor is it when the daemon cannot write. */
	model.is_unwritten = true;
	canvas = draw(&view, &model, 24, 80);
	assert_true(shows(&canvas, "stale"));
	assert_true(shows(&canvas, "swatchd cannot write its files"));
	top_canvas_release(&canvas);
	model.is_unwritten = false;
	/* Without a daemon nothing is fresh. */
	model.is_connected = false;
	snprintf(view.trouble, sizeof(view.trouble), "%s", "swatchd is not running");
	canvas = draw(&view, &model, 24, 80);
	assert_true(shows(&canvas, "stale"));
	assert_true(shows(&canvas, "swatchd is not running; the figures are from 14:04"));
	top_canvas_release(&canvas);
	/* A session's page has its own start, not when swatchd first saw it. */
	(void)top_view_key(&view, &model, 'j');
	(void)top_view_key(&view, &model, TOP_KEY_ENTER);
	canvas = draw(&view, &model, 24, 80);
	assert_true(shows(&canvas, "began      12:05, 2h ago"));
	assert_false(shows(&canvas, "first seen"));
	top_canvas_release(&canvas);
	top_model_release(&model);
}

static void test_keys(void **state)
{
	struct top_model model;
	struct top_view view = { 0 };
	(void)state;
	top_model_init(&model);
	/* With nothing there. */
	top_model_judge(&model, NOW_MS);
	for (unsigned key = 1; key < 128; key++)
		if (key != 'q' && key != 'Q' && key != '?')
			assert_true(top_view_key(&view, &model, key));
	assert_int_equal(view.page, TOP_PAGE_MAIN);
	model.sort = TOP_BY_ACTIVITY;
	model.reversed = model.active_only = false;
	for (int i = 0; i < 30; i++) {
		char id[16], json[100];
		snprintf(id, sizeof(id), "s%02d", i);
		snprintf(json, sizeof(json), "{\"transcript\":{\"lastMessageTime\":%d}}", 1000 - i);
		take_session(&model, id, json);
	}
	struct top_canvas canvas = draw(&view, &model, 24, 80);
	top_canvas_release(&canvas);
	assert_string_equal(view.selected, "");
	(void)top_view_key(&view, &model, 'j');
	assert_string_equal(view.selected, "s00");
	(void)top_view_key(&view, &model, TOP_KEY_UP);
	assert_string_equal(view.selected, "s00");
	(void)top_view_key(&view, &model, TOP_KEY_END);
	assert_string_equal(view.selected, "s29");
	canvas = draw(&view, &model, 24, 80);
	assert_true(shows(&canvas, "s29") && !shows(&canvas, "s00"));
	assert_true(view.first > 0);
	top_canvas_release(&canvas);
	/* The selection stays with its session, whatever the order. */
	(void)top_view_key(&view, &model, 'r');
	canvas = draw(&view, &model, 24, 80);
	assert_int_equal(view.first, 0);
	top_canvas_release(&canvas);
	(void)top_view_key(&view, &model, TOP_KEY_ENTER);
	assert_int_equal(view.page, TOP_PAGE_DETAIL);
	(void)top_view_key(&view, &model, 'n');
	assert_string_equal(view.selected, "s28");
	(void)top_view_key(&view, &model, '?');
	(void)top_view_key(&view, &model, '?');
	assert_int_equal(view.page, TOP_PAGE_DETAIL);
	/* It goes while it is looked at. */
	top_model_take_session(&model, "s28", NULL);
	canvas = draw(&view, &model, 24, 80);
	assert_int_equal(view.page, TOP_PAGE_MAIN);
	top_canvas_release(&canvas);
	(void)top_view_key(&view, &model, '>');
	assert_int_equal(model.sort, TOP_BY_COST);
	(void)top_view_key(&view, &model, '<');
	(void)top_view_key(&view, &model, '<');
	assert_int_equal(model.sort, TOP_BY_NAME);
	(void)top_view_key(&view, &model, 'a');
	canvas = draw(&view, &model, 24, 80);
	assert_true(shows(&canvas, "no session is active; a shows all of them"));
	top_canvas_release(&canvas);
	assert_false(top_view_key(&view, &model, 'q'));
	top_model_release(&model);
}

static void test_too_many_sessions_are_said(void **state)
{
	struct top_model model;
	struct top_view view = { 0 };
	(void)state;
	top_model_init(&model);
	for (int i = 0; i <= TOP_SESSIONS_MAX; i++) {
		char id[16];
		snprintf(id, sizeof(id), "s%d", i);
		take_session(&model, id, "{}");
	}
	assert_int_equal(model.session_count, TOP_SESSIONS_MAX);
	struct top_canvas canvas = draw(&view, &model, 24, 80);
	assert_true(shows(&canvas, "there are more sessions than are shown here"));
	top_canvas_release(&canvas);
	top_model_release(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_a_session_without_a_price_did_not_cost_nothing),
		cmocka_unit_test(test_the_servers_window_is_the_block),
		cmocka_unit_test(test_weekly_limits),
		cmocka_unit_test(test_burn),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_short_counts),
		cmocka_unit_test(test_text_is_made_harmless),
		cmocka_unit_test(test_bars),
		cmocka_unit_test(test_pages_are_sound_at_any_size),
		cmocka_unit_test(test_a_session_that_waits_comes_first),
		cmocka_unit_test(test_main_page),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_too_many_sessions_are_said),
	};
	setenv("TZ", "UTC", 1);
	tzset();
	/* Debian's libc has it without any locale being installed. */
	if (!setlocale(LC_CTYPE, "C.UTF-8")) {
		fputs("the locale C.UTF-8 is missing\n", stderr);
		return 1;
	}
	return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
