/* swatch top, but for the terminal: cells, pages and keys. */
#include "unit.h"

#include <math.h>
#include <wchar.h>

#include "base/clock.h"
#include "base/printable.h"
#include "top_made.h"

/* ---- cells ---- */

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

static void test_text_is_made_harmless(void **state UNUSED)
{
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

static void test_bars(void **state UNUSED)
{
	static const struct {
		double percent;
		const char *bar;
	} cases[] = {
		{ NAN, "----------" }, { -5, "----------" }, { 0, "----------" }, { 0.1, "#---------" },
		{ 50, "#####-----" }, { 99.9, "#########-" }, { 100, "##########" }, { 1e300, "##########" },
	};
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
	top_billing_json,
};

/* Every page, of every size, of whatever the files hold. */
static void test_pages_are_sound_at_any_size(void **state UNUSED)
{
	for (size_t i = 0; i < sizeof(odd_billings) / sizeof(odd_billings[0]); i++) {
		struct top_model model;
		struct top_view view = { 0 };
		top_model_init(&model);
		top_model_take_billing(&model, parse_json(odd_billings[i]));
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

static void test_a_session_that_waits_comes_first(void **state UNUSED)
{
	struct top_model model;
	struct top_view view = { 0 };
	char file[256];
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

static void test_main_page(void **state UNUSED)
{
	struct top_model model;
	struct top_view view = { 0 };
	top_model_init(&model);
	model.is_connected = true;
	top_model_take_billing(&model, parse_json(top_billing_json));
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

static void test_keys(void **state UNUSED)
{
	struct top_model model;
	struct top_view view = { 0 };
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

static void test_too_many_sessions_are_said(void **state UNUSED)
{
	struct top_model model;
	struct top_view view = { 0 };
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
		cmocka_unit_test(test_text_is_made_harmless),
		cmocka_unit_test(test_bars),
		cmocka_unit_test(test_pages_are_sound_at_any_size),
		cmocka_unit_test(test_a_session_that_waits_comes_first),
		cmocka_unit_test(test_main_page),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_too_many_sessions_are_said),
	};
	top_made_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
