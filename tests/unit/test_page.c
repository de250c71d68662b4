/* page: the lines of a page; the figures and the status page that are made of them. */
#include "unit.h"

#include <time.h>

#include "base/width.h"
#include "swatch/status/figures.h"
#include "swatch/status/page.h"
#include "swatch/ui/page.h"

/* 2026-11-23T14:05:00Z; the tests run in UTC. */
#define NOW_MS INT64_C(1795442700000)

static void assert_fits(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		assert_true(width_of(text, len) <= PAGE_COLUMNS);
		text += len + (text[len] == '\n');
	}
}

static void test_page_wraps(void **state UNUSED)
{
	struct page page;
	page_init(&page, false);
	page_row(&page, "label");
	for (int i = 0; i < 12; i++)
		page_item(&page, STYLE_GOOD, "item number %d", i);
	page_break(&page);
	page_break(&page);
	page_item(&page, STYLE_PLAIN, "last");
	page_break(&page);
	page_line(&page, STYLE_BAD, 2, "%s",
		  "words words words words words words words words words words words words "
		  "words words end");
	const char *text = page_text(&page);
	assert_fits(text);
	assert_non_null(strstr(text, "label       item number 0 \xC2\xB7 item number 1"));
	assert_non_null(strstr(text, "\n            last\nwords "));
	assert_non_null(strstr(text, "\n  words "));
	assert_null(strstr(text, " \n"));
	assert_null(strstr(text, "\033"));
	page_release(&page);
}

static void test_page_keeps_long_words_whole(void **state UNUSED)
{
	char word[200];
	struct page page;
	memset(word, 'w', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	page_init(&page, false);
	page_line(&page, STYLE_PLAIN, 2, "a %s b", word);
	assert_non_null(strstr(page_text(&page), word));
	assert_non_null(strstr(page_text(&page), "\n  b\n"));
	page_release(&page);
}

static void test_page_cleans_and_colours(void **state UNUSED)
{
	struct page page;
	page_init(&page, true);
	page_row(&page, "x");
	page_item(&page, STYLE_GOOD, "a\033[2Jb");
	assert_non_null(strstr(page_text(&page), "\033[32ma?[2Jb\033[0m"));
	page_release(&page);
}

/* ---- figures ---- */

static void read_figures(struct figures *figures, const char *json, bool daemon_lives)
{
	struct json_object *billing = json_tokener_parse(json);
	assert_non_null(billing);
	figures_read(figures, billing, daemon_lives, NOW_MS);
	json_object_put(billing);
}

static const char billing_json[] =
	"{\"costToday\":12.34,\"burnRatePerHour\":3.2,\"isFresh\":true,\"lastFetched\":1795442640000,"
	"\"freshUntil\":1795442760000,\"source\":\"native\",\"block\":{\"costUSD\":5.67,"
	"\"endTime\":\"2026-11-23T16:18:00.000Z\"}}";

static void test_figures(void **state UNUSED)
{
	struct figures figures;
	struct page page;
	read_figures(&figures, billing_json, true);
	assert_true(figures.is_fresh);
	page_init(&page, false);
	figures_show(&figures, &page, NOW_MS);
	assert_string_equal(page_text(&page),
			    "figures     today $12.34 \xC2\xB7 block $5.67 (2 h 13 m left) \xC2\xB7 $3.20/h\n"
			    "            source native \xC2\xB7 fresh \xC2\xB7 from 14:04 (1m ago)\n");
	page_release(&page);
}

static void test_figures_that_swatchd_cannot_write(void **state UNUSED)
{
	struct figures figures;
	struct page page;
	read_figures(&figures, billing_json, true);
	figures_note_unwritten(&figures);
	assert_false(figures.is_fresh);
	page_init(&page, false);
	figures_show(&figures, &page, NOW_MS);
	assert_non_null(strstr(page_text(&page), "stale"));
	assert_non_null(strstr(page_text(&page), "swatchd cannot write its files"));
	page_release(&page);
}

/* The block is an estimate: the server's own window goes before it, until it is over. */
static void test_figures_of_the_servers_window(void **state UNUSED)
{
	static const struct {
		const char *window, *shown;
	} cases[] = {
		{ "{\"costUSD\":4.5,\"resetsAt\":1795446300000}", "block $4.50 (1 h left)" },
		{ "{\"costUSD\":4.5,\"resetsAt\":1795442699999}", "block $5.67 (2 h 13 m left)" },
		{ "{\"costUSD\":null,\"resetsAt\":1795446300000}", "block $5.67 (2 h 13 m left)" },
		{ "null", "block $5.67 (2 h 13 m left)" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct figures figures;
		struct page page;
		char json[512];
		snprintf(json, sizeof(json), "%.*s,\"window\":%s}", (int)(strlen(billing_json) - 1),
			 billing_json, cases[i].window);
		read_figures(&figures, json, true);
		page_init(&page, false);
		figures_show(&figures, &page, NOW_MS);
		assert_non_null(strstr(page_text(&page), cases[i].shown));
		page_release(&page);
	}
}

static void test_figures_are_fresh_only_while_all_says_so(void **state UNUSED)
{
	struct figures figures;
	read_figures(&figures, billing_json, false);
	assert_false(figures.is_fresh);
	read_figures(&figures, "{\"costToday\":1,\"isFresh\":true,\"freshUntil\":1795442699999}", true);
	assert_false(figures.is_fresh);
	read_figures(&figures, "{\"costToday\":1,\"isFresh\":false,\"freshUntil\":1795442760000}", true);
	assert_false(figures.is_fresh);
	read_figures(&figures, "{\"costToday\":1}", true);
	assert_false(figures.is_fresh);
}

/* Nobody wrote the file anew at midnight: its day's cost is not today's. */
static void test_figures_of_yesterday_are_not_todays(void **state UNUSED)
{
	struct figures figures;
	struct page page;
	read_figures(&figures, "{\"costToday\":1,\"lastFetched\":1795300000000}", false);
	page_init(&page, false);
	figures_show(&figures, &page, NOW_MS);
	assert_non_null(strstr(page_text(&page), "2026-11-21 $1.00"));
	assert_null(strstr(page_text(&page), "today"));
	page_release(&page);
}

static void test_figures_of_strange_files(void **state UNUSED)
{
	static const char *const files[] = {
		"{}",
		"{\"costToday\":null}",
		"{\"costToday\":\"12\"}",
		"{\"costToday\":[]}",
		"{\"block\":{\"costUSD\":1}}",
	};
	struct figures figures;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		read_figures(&figures, files[i], true);
		assert_false(figures.known);
	}
	figures_read(&figures, NULL, true, NOW_MS);
	assert_false(figures.known);
	read_figures(&figures,
		     "{\"costToday\":1,\"block\":{\"costUSD\":2,\"endTime\":\"soon\"},\"lastFetched\":-5}",
		     true);
	assert_true(figures.known);
	assert_false(figures.has_block);
	assert_int_equal(figures.fetched_ms, 0);
}

/* ---- the status page ---- */

static const char good_answer[] =
	"{\"ok\":true,\"version\":\"" PACKAGE_VERSION "\",\"pid\":4711,\"startedAt\":1795431900000,"
	"\"cacheDirectory\":\"/c\",\"watch\":{\"roots\":[{\"path\":\"/p\",\"state\":\"watching\"},"
	"{\"path\":\"/q\",\"state\":\"missing\"}],\"directories\":113,\"transcripts\":1503,"
	"\"polledDirectories\":0},"
	"\"refresh\":{\"state\":\"waiting\",\"runs\":14,\"good\":14,\"bursts\":211,\"coalesced\":197,"
	"\"lastFinishedAt\":1795442580000,\"lastDurationMs\":1234,\"lastError\":null,"
	"\"nextDueAt\":1795442825000},"
	"\"publish\":{\"lastError\":null},\"billing\":{\"unpricedModels\":[]},"
	"\"memory\":{\"rssBytes\":11745000}}";

static void compose(struct page *page, const char *json)
{
	struct figures figures = { 0 };
	struct json_object *answer = json_tokener_parse(json);
	assert_non_null(answer);
	page_init(page, false);
	status_page_compose(page, answer, &figures, NOW_MS);
	json_object_put(answer);
	assert_fits(page_text(page));
}

static void test_page_of_a_well_daemon(void **state UNUSED)
{
	struct page page;
	compose(&page, good_answer);
	const char *text = page_text(&page);
	assert_non_null(strstr(text, "running since 11:05 (3 h), pid 4711\nall is well\n"));
	assert_non_null(strstr(text, "113 folders \xC2\xB7 1,503 transcripts \xC2\xB7 0 polled"));
	assert_non_null(strstr(text, "14 runs (14 good, 0 failed) \xC2\xB7 211 bursts, 197 coalesced"));
	assert_non_null(strstr(text, "last at 14:03 (2m ago), took 1.2 s"));
	assert_non_null(strstr(text, "next at 14:07:05 (in 2m)"));
	assert_non_null(strstr(text, "11.2 MB"));
	assert_null(strstr(text, "! "));
	page_release(&page);
}

/* Each fault alone: it is named, with what to do, and all is no longer well. */
static void test_page_names_each_problem(void **state UNUSED)
{
	static const struct {
		const char *members;
		const char *said;
		const char *remedy;
	} cases[] = {
		{ "\"watch\":{\"roots\":[{\"path\":\"/q\",\"state\":\"missing\"}]}", "/q does not exist",
		  "[watch] paths" },
		{ "\"publish\":{\"lastError\":\"No space left on device\"}", "No space left on device",
		  "permissions of /c" },
		{ "\"ledger\":{\"kept\":false,\"error\":\"no space\",\"readOnly\":false}", "no space",
		  "look at the space" },
		{ "\"ledger\":{\"kept\":false,\"error\":\"read-only\",\"readOnly\":true}", "read-only",
		  "run swatch setup" },
		{ "\"tail\":{\"failed\":3}", "failed 3 times", "journalctl" },
		{ "\"refresh\":{\"consecutiveFailures\":3,\"lastError\":\"exit status 1\","
		  "\"command\":\"cc x\"}",
		  "the last 3 ccusage runs failed: exit status 1", "by hand: cc x" },
		{ "\"watch\":{\"roots\":[{\"state\":\"polling\"}],\"polledDirectories\":2,"
		  "\"polled\":[{\"path\":\"/n\","
		  "\"why\":\"full\",\"reason\":\"limit\",\"sysctl\":\"user.max_inotify_watches\","
		  "\"advised\":9}]}",
		  "(first: /n)", "user.max_inotify_watches=9" },
		{ "\"billing\":{\"unpricedModels\":[\"claude-x\"]}", "claude-x", "pricing.json" },
		{ "\"version\":\"0.0.1\"", "swatchd 0.0.1 is running", "restart swatchd" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO_BUF json = BUF_INIT;
		struct page page;
		/* json-c lets a later member replace an earlier one. */
		buf_printf(&json, "%.*s,%s}", (int)strlen(good_answer) - 1, good_answer, cases[i].members);
		compose(&page, buf_str(&json));
		const char *text = page_text(&page);
		assert_null(strstr(text, "all is well"));
		assert_non_null(strstr(text, "\n! "));
		assert_non_null(strstr(text, cases[i].said));
		assert_non_null(strstr(text, cases[i].remedy));
		page_release(&page);
	}
}

static void test_page_survives_any_answer(void **state UNUSED)
{
	static const char *const answers[] = {
		"{}", "{\"ok\":true,\"watch\":[],\"refresh\":5,\"billing\":null,\"schema\":\"x\"}",
		"{\"startedAt\":9e99,\"pid\":-1,\"watch\":{\"roots\":[null,3,{\"path\":7}],\"polled\":{},"
		"\"polledDirectories\":5},\"billing\":{\"unpricedModels\":[null,1,{}],\"driftUSD\":\"x\"},"
		"\"refresh\":{\"state\":\"\",\"nextDueAt\":9223372036854775807,\"consecutiveFailures\":1}}",
	};
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct page page;
		compose(&page, answers[i]);
		assert_non_null(strstr(page_text(&page), "figures"));
		page_release(&page);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page_wraps),
		cmocka_unit_test(test_page_keeps_long_words_whole),
		cmocka_unit_test(test_page_cleans_and_colours),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_figures_that_swatchd_cannot_write),
		cmocka_unit_test(test_figures_of_the_servers_window),
		cmocka_unit_test(test_figures_are_fresh_only_while_all_says_so),
		cmocka_unit_test(test_figures_of_yesterday_are_not_todays),
		cmocka_unit_test(test_figures_of_strange_files),
		cmocka_unit_test(test_page_of_a_well_daemon),
		cmocka_unit_test(test_page_names_each_problem),
		cmocka_unit_test(test_page_survives_any_answer),
	};
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
