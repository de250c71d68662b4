/* What the commands are made of: the table and its completions, suggestions, numbers, pages, cleaning. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/width.h"
#include "base/printable.h"
#include "swatch/cli/command.h"
#include "swatch/ui/event_text.h"
#include "swatch/status/figures.h"
#include "swatch/ui/human.h"
#include "swatch/ui/page.h"
#include "swatch/cli/program.h"
#include "swatch/status/page.h"
#include "swatch/ui/suggest.h"
#include "swatch/ui/terminal.h"

/* 2026-11-23T14:05:00Z; the tests run in UTC. */
#define NOW_MS INT64_C(1795442700000)

/* ---- the table ---- */

/* Finds the text of a command (option "-") or of an option in `table`, the lines of commands.tsv. */
static bool find_completion(const char *table, const char *command, const char *option, char text[256])
{
	char begins[128];
	int len = snprintf(begins, sizeof(begins), "swatch\t%s\t%s\t", command, option);
	for (const char *line = table; *line; line += strcspn(line, "\n") + 1) {
		if (strncmp(line, begins, (size_t)len) != 0)
			continue;
		const char *begin = line + len + strcspn(line + len, "\t") + 1;
		snprintf(text, 256, "%.*s", (int)strcspn(begin, "\n"), begin);
		return true;
	}
	return false;
}

static void expect_completion(const char *table, const char *command, const char *option, const char *help)
{
	char text[256] = "";
	if (!find_completion(table, command, option, text))
		fail_msg("%s %s is not in commands.tsv", command, option);
	/* Help may say more, but begins with the same words. */
	if (*text == '\0' || strncmp(help, text, strlen(text)) != 0)
		fail_msg("%s %s: '%s' in commands.tsv, '%s' in the help", command, option, text, help);
}

static void test_completions_know_every_command_and_option(void **state)
{
	AUTO_BUF table = BUF_INIT;
	size_t expected = 0, listed = 0;
	(void)state;
	assert_true(file_read_regular(AT_FDCWD, SWATCH_SOURCE_DIR "/contrib/completions/commands.tsv", 0,
				      1 << 20, &table));
	for (size_t i = 0; command_table[i]; i++) {
		const struct command *command = command_table[i];
		expect_completion(buf_str(&table), command->name, "-", command->summary);
		expected++;
		for (const struct command_option *option = command->options; option && option->name;
		     option++) {
			char dashed[64];
			snprintf(dashed, sizeof(dashed), "--%s", option->name);
			expect_completion(buf_str(&table), command->name, dashed, option->text);
			expected++;
		}
	}
	/* And nothing else. */
	for (const char *line = buf_str(&table); *line; line += strcspn(line, "\n") + 1)
		listed += strncmp(line, "swatch\t", 7) == 0 && strncmp(line, "swatch\t-\t", 9) != 0;
	assert_int_equal(listed, expected);
}

static void test_table_is_sound(void **state)
{
	(void)state;
	for (size_t i = 0; command_table[i]; i++) {
		const struct command *command = command_table[i];
		assert_non_null(command->run);
		assert_ptr_equal(command_find(command->name), command);
		for (const struct command_option *option = command->options; option && option->name;
		     option++) {
			assert_int_not_equal(option->letter, 'h');
			/* The usage line, which the manual repeats, names every option. */
			assert_non_null(strstr(command->usage, option->name));
		}
	}
	assert_null(command_find("stat"));
}

static int run(const char *const *words)
{
	char *argv[8] = { NULL };
	for (size_t i = 0; words[i]; i++) {
		argv[i] = strdup(words[i]);
		assert_non_null(argv[i]);
	}
	int status = program_run(argv[0],
				 argv); /* NOLINT(clang-analyzer-unix.Malloc): the words are freed below */
	int why = errno;
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
	errno = why;
	return status;
}

static void test_completions_are_what_the_table_gives(void **state)
{
	static const char *const words[] = { "/bin/sh", SWATCH_SOURCE_DIR "/contrib/completions/generate.sh",
					     "--check", NULL };
	(void)state;
	assert_int_equal(run(words), 0);
}

/* ---- other programs ---- */

static void test_running_a_program(void **state)
{
	static const char *const exits[] = { "/bin/sh", "-c", "exit 4", NULL };
	static const char *const dies[] = { "/bin/sh", "-c", "kill -KILL $$", NULL };
	static const char *const missing[] = { "/nonexistent/program", NULL };
	(void)state;
	assert_int_equal(run(exits), 4);
	assert_int_equal(run(dies), 128 + SIGKILL);
	assert_int_equal(run(missing), -1);
	assert_int_equal(errno, ENOENT);
}

static void test_finding_external_commands(void **state)
{
	char dir[] = "/tmp/swatch-test-program.XXXXXX";
	char path[64];
	char search[128];
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/swatch-mine", dir);
	snprintf(search, sizeof(search), ":relative:%s", dir);
	const char *search_now = getenv("PATH");
	char *old_search = strdup(search_now ? search_now : "");
	assert_non_null(old_search);
	setenv("PATH", search, 1);
	assert_null(program_find_external("mine"));
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_null(program_find_external("mine"));     /* not to be run */
	assert_int_equal(chmod(path, 0700), 0);
	char *found = program_find_external("mine");
	assert_non_null(found);
	assert_string_equal(found, path);
	free(found);
	assert_null(program_find_external("../swatch-mine"));
	assert_null(program_find_external("mi/ne"));
	assert_null(program_find_external("-mine"));
	assert_null(program_find_external(""));
	setenv("PATH", old_search, 1);
	free(old_search);
	unlink(path);
	rmdir(dir);
}

/* ---- suggestions ---- */

static void test_distance(void **state)
{
	(void)state;
	assert_int_equal(suggest_distance("", ""), 0);
	assert_int_equal(suggest_distance("", "sync"), 4);
	assert_int_equal(suggest_distance("status", "status"), 0);
	assert_int_equal(suggest_distance("stauts", "status"), 1);
	assert_int_equal(suggest_distance("satus", "status"), 1);
	assert_int_equal(suggest_distance("statuss", "status"), 1);
	assert_int_equal(suggest_distance("statis", "status"), 1);
	assert_int_equal(suggest_distance("kitten", "sitting"), 3);
	assert_int_equal(suggest_distance("abcdefghijklmnopqrstuvwxyz0123456789", "a"),
			 SUGGEST_MAX_LENGTH + 1);
}

static void test_suggestion(void **state)
{
	(void)state;
	assert_string_equal(command_suggest("stauts"), "status");
	assert_string_equal(command_suggest("stat"), "status");
	assert_string_equal(command_suggest("refersh"), "refresh");
	assert_string_equal(command_suggest("event"), "events");
	assert_string_equal(command_suggest("re-scan"), "rescan");
	assert_null(command_suggest("s"));
	assert_null(command_suggest(""));
	assert_null(command_suggest("dashboard"));
	assert_null(command_suggest("frobnicate"));
}

/* ---- numbers and times ---- */

static void test_numbers(void **state)
{
	(void)state;
	assert_string_equal(human_count(0, HUMAN_TEXT), "0");
	assert_string_equal(human_count(999, HUMAN_TEXT), "999");
	assert_string_equal(human_count(1503, HUMAN_TEXT), "1,503");
	assert_string_equal(human_count(-1234567, HUMAN_TEXT), "-1,234,567");
	assert_string_equal(human_count(-123, HUMAN_TEXT), "-123");
	assert_string_equal(human_amount(1503.9, HUMAN_TEXT), "1,503");
	assert_string_equal(human_amount(7.7e21, HUMAN_TEXT), "?");
	assert_string_equal(human_amount(-INFINITY, HUMAN_TEXT), "?");
	assert_string_equal(human_amount(NAN, HUMAN_TEXT), "?");
	assert_string_equal(human_count(INT64_MIN, HUMAN_TEXT), "-9,223,372,036,854,775,808");
	assert_string_equal(human_counted(1, "folder", HUMAN_TEXT), "1 folder");
	assert_string_equal(human_counted(0, "folder", HUMAN_TEXT), "0 folders");
	assert_string_equal(human_bytes(-1, HUMAN_TEXT), "0 B");
	assert_string_equal(human_bytes(1023, HUMAN_TEXT), "1023 B");
	assert_string_equal(human_bytes(1024, HUMAN_TEXT), "1.0 KB");
	assert_string_equal(human_bytes(1024 * 1024 - 1, HUMAN_TEXT), "1.0 MB");
	assert_string_equal(human_bytes(11745000, HUMAN_TEXT), "11.2 MB");
	assert_string_equal(human_bytes(INT64_MAX, HUMAN_TEXT), "8.0 EB");
}

static void test_money(void **state)
{
	(void)state;
	assert_string_equal(human_usd(0, HUMAN_TEXT), "$0.00");
	assert_string_equal(human_usd(12.344, HUMAN_TEXT), "$12.34");
	assert_string_equal(human_usd(0.999, HUMAN_TEXT), "$1.00");
	assert_string_equal(human_usd(1234.5, HUMAN_TEXT), "$1,234.50");
	assert_string_equal(human_usd(0.0042, HUMAN_TEXT), "$0.0042");
	assert_string_equal(human_usd(0.00001, HUMAN_TEXT), "$0.00");
	assert_string_equal(human_usd(-1.5, HUMAN_TEXT), "-$1.50");
	assert_string_equal(human_usd(-0.00001, HUMAN_TEXT), "$0.00");
	assert_string_equal(human_usd(1e300, HUMAN_TEXT), "$1,000,000,000,000.00");
	assert_string_equal(human_usd(NAN, HUMAN_TEXT), "?");
	assert_string_equal(human_usd(-INFINITY, HUMAN_TEXT), "?");
}

static void test_spans(void **state)
{
	(void)state;
	assert_string_equal(human_span(-5, HUMAN_TEXT), "0 s");
	assert_string_equal(human_span(45 * CLOCK_SECOND_MS, HUMAN_TEXT), "45 s");
	assert_string_equal(human_span(12 * CLOCK_MINUTE_MS, HUMAN_TEXT), "12 m");
	assert_string_equal(human_span(3 * CLOCK_HOUR_MS, HUMAN_TEXT), "3 h");
	assert_string_equal(human_span(133 * CLOCK_MINUTE_MS, HUMAN_TEXT), "2 h 13 m");
	assert_string_equal(human_span(76 * CLOCK_HOUR_MS, HUMAN_TEXT), "3 d 4 h");
	assert_string_equal(human_span(48 * CLOCK_HOUR_MS, HUMAN_TEXT), "2 d");
	assert_string_equal(human_duration(80, HUMAN_TEXT), "80 ms");
	assert_string_equal(human_duration(1234, HUMAN_TEXT), "1.2 s");
	assert_string_equal(human_duration(9949, HUMAN_TEXT), "9.9 s");
	assert_string_equal(human_duration(9951, HUMAN_TEXT), "9 s");
	assert_string_equal(human_duration(125000, HUMAN_TEXT), "2 m 5 s");
}

static void test_times(void **state)
{
	(void)state;
	assert_string_equal(human_clock(NOW_MS, NOW_MS, HUMAN_TEXT), "14:05");
	assert_string_equal(human_clock(NOW_MS - CLOCK_DAY_MS, NOW_MS, HUMAN_TEXT), "Nov 22 14:05");
	assert_string_equal(human_clock(NOW_MS - 365 * CLOCK_DAY_MS, NOW_MS, HUMAN_TEXT), "2025-11-23 14:05");
	assert_string_equal(human_clock(NOW_MS + CLOCK_DAY_MS - 1, NOW_MS, HUMAN_TEXT), "14:04");
	assert_string_equal(human_clock(NOW_MS + CLOCK_DAY_MS, NOW_MS, HUMAN_TEXT), "Nov 24 14:05");
	assert_string_equal(human_clock(-1, NOW_MS, HUMAN_TEXT), "?");
	assert_string_equal(human_clock(INT64_MAX, NOW_MS, HUMAN_TEXT), "?");
	assert_string_equal(human_clock_seconds(NOW_MS + 7000, HUMAN_TEXT), "14:05:07");
	assert_string_equal(human_clock_seconds(-1, HUMAN_TEXT), "--:--:--");
	assert_string_equal(human_ago(NOW_MS - 180000, NOW_MS, HUMAN_TEXT), "3m ago");
	assert_string_equal(human_ago(NOW_MS + 125000, NOW_MS, HUMAN_TEXT), "in 2m");
	assert_string_equal(human_ago(NOW_MS - 999, NOW_MS, HUMAN_TEXT), "just now");
	assert_string_equal(human_ago(INT64_MIN, NOW_MS, HUMAN_TEXT), "?");
}

/* ---- cleaning ---- */

static void expect_clean(const char *text, size_t len, const char *expected)
{
	struct buf out = BUF_INIT;
	printable_clean(&out, text, len);
	assert_string_equal(buf_str(&out), expected);
	buf_release(&out);
}

#define EXPECT_CLEAN(literal, expected) expect_clean("" literal, sizeof(literal) - 1, expected)

static void test_cleaning(void **state)
{
	(void)state;
	EXPECT_CLEAN("plain, \xC3\xA4, \xE2\x82\xAC, \xF0\x9F\x98\x80",
		     "plain, \xC3\xA4, \xE2\x82\xAC, \xF0\x9F\x98\x80");
	EXPECT_CLEAN("\033[31mred\a\n\t\0end", "?[31mred????end");
	EXPECT_CLEAN("\x7F", "?");
	EXPECT_CLEAN("\xC2\x9B" "31m", "?31m");                         /* C1: CSI */
	EXPECT_CLEAN("a\xE2\x80\xAE" "b\xE2\x81\xA6" "c", "a?b?c");       /* override, isolate */
	EXPECT_CLEAN("\x9B" "31m", "?31m");                             /* no UTF-8 */
	EXPECT_CLEAN("\xC0\x9B", "??");                                 /* overlong */
	EXPECT_CLEAN("\xE0\x82\x9B", "???");                            /* overlong */
	EXPECT_CLEAN("\xED\xA0\x80", "???");                            /* surrogate */
	EXPECT_CLEAN("\xF4\x90\x80\x80", "????");                       /* past the end */
	EXPECT_CLEAN("\xE2\x82", "??");                                 /* cut off */
	/* What nobody sees: soft hyphen, zero-width blank, word joiner, byte order mark, a tag, a Hangul
	 * filler. */
	EXPECT_CLEAN("a\xC2\xAD"
		     "b\xE2\x80\x8B"
		     "c\xE2\x81\xA0"
		     "d\xEF\xBB\xBF"
		     "e\xF3\xA0\x81\xA1"
		     "f\xE3\x85\xA4",
		     "a?b?c?d?e?f?");
	/* A joiner joins emoji, and Persian letters; anywhere else it hides. */
	EXPECT_CLEAN("\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
		     "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB");
	EXPECT_CLEAN("\xE2\x9D\xA4\xEF\xB8\x8F\xE2\x80\x8D\xF0\x9F\x94\xA5",
		     "\xE2\x9D\xA4\xEF\xB8\x8F\xE2\x80\x8D\xF0\x9F\x94\xA5");
	EXPECT_CLEAN("\xF0\x9F\x91\xA9\xE2\x80\x8D", "\xF0\x9F\x91\xA9?");
	EXPECT_CLEAN("a\xE2\x80\x8D" "b", "a?b");
	EXPECT_CLEAN("\xDB\x8C\xE2\x80\x8C\xDA\xA9", "\xDB\x8C\xE2\x80\x8C\xDA\xA9");
	EXPECT_CLEAN("a\xE2\x80\x8C" "b", "a?b");
}

static void test_cleaning_json(void **state)
{
	static const char text[] = "{\n\t\"a\": \"\x7F\xC2\x9B\xC3\xA4\xFF\xF3\xA0\x81\xA1\"}";
	struct buf out = BUF_INIT;
	(void)state;
	printable_clean_json(&out, text, sizeof(text) - 1);
	assert_string_equal(buf_str(&out), "{\n\t\"a\": \"\\u007f\\u009b\xC3\xA4\\ufffd\\udb40\\udc61\"}");
	buf_release(&out);
}

/* ---- pages ---- */

static void assert_fits(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		assert_true(width_of(text, len) <= PAGE_COLUMNS);
		text += len + (text[len] == '\n');
	}
}

static void test_page_wraps(void **state)
{
	struct page page;
	(void)state;
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

static void test_page_keeps_long_words_whole(void **state)
{
	char word[200];
	struct page page;
	(void)state;
	memset(word, 'w', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	page_init(&page, false);
	page_line(&page, STYLE_PLAIN, 2, "a %s b", word);
	assert_non_null(strstr(page_text(&page), word));
	assert_non_null(strstr(page_text(&page), "\n  b\n"));
	page_release(&page);
}

static void test_page_cleans_and_colours(void **state)
{
	struct page page;
	(void)state;
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

static void test_figures(void **state)
{
	struct figures figures;
	struct page page;
	(void)state;
	read_figures(&figures, billing_json, true);
	assert_true(figures.is_fresh);
	page_init(&page, false);
	figures_show(&figures, &page, NOW_MS);
	assert_string_equal(page_text(&page),
			    "figures     today $12.34 \xC2\xB7 block $5.67 (2 h 13 m left) \xC2\xB7 $3.20/h\n"
			    "            source native \xC2\xB7 fresh \xC2\xB7 from 14:04 (1m ago)\n");
	page_release(&page);
}

static void test_figures_that_swatchd_cannot_write(void **state)
{
	struct figures figures;
	struct page page;
	(void)state;
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
static void test_figures_of_the_servers_window(void **state)
{
	static const struct {
		const char *window, *shown;
	} cases[] = {
		{ "{\"costUSD\":4.5,\"resetsAt\":1795446300000}", "block $4.50 (1 h left)" },
		{ "{\"costUSD\":4.5,\"resetsAt\":1795442699999}", "block $5.67 (2 h 13 m left)" },
		{ "{\"costUSD\":null,\"resetsAt\":1795446300000}", "block $5.67 (2 h 13 m left)" },
		{ "null", "block $5.67 (2 h 13 m left)" },
	};
	(void)state;
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

static void test_figures_are_fresh_only_while_all_says_so(void **state)
{
	struct figures figures;
	(void)state;
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
static void test_figures_of_yesterday_are_not_todays(void **state)
{
	struct figures figures;
	struct page page;
	(void)state;
	read_figures(&figures, "{\"costToday\":1,\"lastFetched\":1795300000000}", false);
	page_init(&page, false);
	figures_show(&figures, &page, NOW_MS);
	assert_non_null(strstr(page_text(&page), "2026-11-21 $1.00"));
	assert_null(strstr(page_text(&page), "today"));
	page_release(&page);
}

static void test_figures_of_strange_files(void **state)
{
	static const char *const files[] = {
		"{}",
		"{\"costToday\":null}",
		"{\"costToday\":\"12\"}",
		"{\"costToday\":[]}",
		"{\"block\":{\"costUSD\":1}}",
	};
	struct figures figures;
	(void)state;
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

static void test_page_of_a_well_daemon(void **state)
{
	struct page page;
	(void)state;
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
static void test_page_names_each_problem(void **state)
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
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf json = BUF_INIT;
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
		buf_release(&json);
	}
}

static void test_page_survives_any_answer(void **state)
{
	static const char *const answers[] = {
		"{}", "{\"ok\":true,\"watch\":[],\"refresh\":5,\"billing\":null,\"schema\":\"x\"}",
		"{\"startedAt\":9e99,\"pid\":-1,\"watch\":{\"roots\":[null,3,{\"path\":7}],\"polled\":{},"
		"\"polledDirectories\":5},\"billing\":{\"unpricedModels\":[null,1,{}],\"driftUSD\":\"x\"},"
		"\"refresh\":{\"state\":\"\",\"nextDueAt\":9223372036854775807,\"consecutiveFailures\":1}}",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct page page;
		compose(&page, answers[i]);
		assert_non_null(strstr(page_text(&page), "figures"));
		page_release(&page);
	}
}

/* ---- events ---- */

static void expect_event(const char *json, const char *expected)
{
	struct buf out = BUF_INIT;
	struct json_object *event = json_tokener_parse(json);
	assert_int_equal(event_text_append(&out, event), expected != NULL);
	if (expected)
		assert_string_equal(buf_str(&out), expected);
	json_object_put(event);
	buf_release(&out);
}

static void test_event_lines(void **state)
{
	(void)state;
	expect_event("{\"event\":\"stale\",\"at\":1795442700000}", "14:05:00 stale");
	expect_event(
		"{\"event\":\"session-removed\",\"at\":1795442700000,\"sessionId\":\"abc\","
		"\"reason\":\"age\"}",
		"14:05:00 session-removed   abc, age");
	expect_event(
		"{\"event\":\"refresh-finished\",\"at\":1795442700000,\"ok\":true,\"durationMs\":1234,"
		"\"costUSD\":3.5}",
		"14:05:00 refresh-finished  good, took 1.2 s, $3.50");
	expect_event(
		"{\"event\":\"refresh-finished\",\"at\":1795442700000,\"ok\":false,"
		"\"error\":\"x\\u001b[2J\"}",
		"14:05:00 refresh-finished  failed, error: x?[2J");
	expect_event("{\"event\":\"config-reloaded\",\"at\":1795442700000,\"ok\":true,\"error\":null}",
		     "14:05:00 config-reloaded   good");
	expect_event("{\"event\":\"new\",\"at\":1795442700000,\"n\":3,\"o\":{\"a\":1}}",
		     "14:05:00 new               n 3, o {\"a\":1}");
	expect_event("{\"event\":\"x\"}", "--:--:-- x");
	expect_event("{\"at\":1}", NULL);
	expect_event("{\"event\":5}", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_completions_know_every_command_and_option),
		cmocka_unit_test(test_table_is_sound),
		cmocka_unit_test(test_completions_are_what_the_table_gives),
		cmocka_unit_test(test_running_a_program),
		cmocka_unit_test(test_finding_external_commands),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_suggestion),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_money),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_cleaning),
		cmocka_unit_test(test_cleaning_json),
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
		cmocka_unit_test(test_event_lines),
	};
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
