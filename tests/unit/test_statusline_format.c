/*
 * The format language of the statusline: values, conditions, separators, colours, widths, faults; its
 * fields.
 */
#include "unit.h"

#include <math.h>

#include "base/width.h"
#include "statusline_given.h"
#include "swatch/statusline/fields.h"
#include "swatch/statusline/format.h"

static int set_up(void **state UNUSED)
{
	facts_init(&facts, NOW_MS);
	snprintf(facts.model, sizeof(facts.model), "Opus 4.6");
	snprintf(facts.branch, sizeof(facts.branch), "日本語-feature");
	snprintf(facts.cache, sizeof(facts.cache), "warm");
	facts.number[FACT_SESSION_USD] = 1.25;
	facts.number[FACT_TODAY_USD] = 0.;
	facts.number[FACT_CONTEXT_PERCENT] = 81.;
	facts.number[FACT_CONTEXT_TOKENS] = 1234567.;
	facts.number[FACT_BLOCK_LEFT_MS] = 9360000.;
	facts.number[FACT_RATE_5H] = 42.4;
	facts.number[FACT_RATE_5H_PACE] = 1.26;
	return 0;
}

static void expect_fault(const char *format, const char *expected)
{
	const struct statusline_look look = { .colour = true, .columns = 10 };
	AUTO_BUF out = BUF_INIT, error = BUF_INIT;
	assert_false(statusline_format(format, &facts, &look, &out, &error));
	assert_string_equal(buf_str(&error), expected);
	assert_int_equal(out.len, 0);
	buf_clear(&error);
	assert_false(statusline_format_check(format, &error));
	assert_string_equal(buf_str(&error), expected);
}

static void test_values(void **state UNUSED)
{
	expect_line("", "");
	expect_line("text", "text");
	expect_line("{model} {session_cost} {today_cost}", "Opus 4.6 $1.25 $0.00");
	expect_line("{context_tokens} ({context_percent}%) {block_left} {rate_5h} {rate_5h_pace}",
	       "1,234,567 (81%) 2h 36m 42 1.3");
	expect_line("[{block_cost}{agent}{rate_7d_reset}]", "[]");
	expect_line("\\{a\\}\\\\", "{a}\\");
	expect_line("a\\nb\\n\\n{agent}\\nc", "a\nb\nc");
	facts.number[FACT_BLOCK_LEFT_MS] = 59999.;
	expect_line("{block_left}", "59s");
	facts.number[FACT_BLOCK_LEFT_MS] = 60000. * 60 * 49;
	expect_line("{block_left}", "2d 1h");
	facts.number[FACT_BLOCK_LEFT_MS] = -5.;
	expect_line("{block_left}", "0s");
	facts.number[FACT_TODAY_USD] = INFINITY;
	expect_line("[{today_cost}]", "[]");
}

static void test_conditions(void **state UNUSED)
{
	/* As in the issue that asked for it: a bar is text. */
	expect_line("x{?rate_5h: | 5h {rate_5h}%}", "x | 5h 42%");
	expect_line("x{?rate_7d: | 7d {rate_7d}%}", "x");
	expect_line("{!rate_7d:none}{!rate_5h:none}", "none");
	expect_line("{?context_percent>80:a}{?context_percent>81:b}{?context_percent>=81:c}{"
	       "?context_percent<81.5:d}"
	       "{?context_percent<=80:e}{!context_percent>90:f}",
	       "acdf");
	expect_line("{?rate_7d>0:a}{?rate_7d<1:b}{!rate_7d<1:c}", "c");
	expect_line("{?block_left>156:a}{?block_left>=156:b}", "b");
	expect_line("{?cache=warm:w}{?cache=cold:c}{!cache=cold:n}{?cache=:x}", "wn");
	expect_line("{?model:{?branch:{!agent:deep}}}", "deep");
	expect_line("{?agent:{?model:no}no}yes", "yes");
}

static void test_separators(void **state UNUSED)
{
	expect_line("{|}{model}{|}{agent}{|}{cache}{|}", "Opus 4.6 | warm");
	expect_line("{model}{| / }{agent}{| / }{cache}", "Opus 4.6 / warm");
	expect_line("{model}{| / }{agent}{|}{cache}", "Opus 4.6 | warm");
	expect_line("{model}{|, }{agent}{| / }{cache}", "Opus 4.6, warm");
	expect_line("{model}{|}\\n{|}{cache}", "Opus 4.6\nwarm");
	expect_line("{model}{|}{?agent:{|}x{|}}{cache}", "Opus 4.6 | warm");
	expect_line("{agent}{|}{vim}", "");
}

static void test_colours(void **state UNUSED)
{
	expect_line("{#red}a{#}", "a");
	expect_line_in("{#red}a{#}b", true, 0, "\033[0;31ma\033[0mb");
	expect_line_in("{#bold+bright-cyan}a{#bg-208}b{#none}c", true, 0,
		    "\033[0;1;96ma\033[0;1;96;48;5;208mb\033[0mc");
	expect_line_in("{#ff8001}a", true, 0, "\033[0;38;2;255;128;1ma\033[0m");
	/* Codes that change nothing, or colour nothing, are not written. */
	expect_line_in("{#red}{agent}{#}a{#}{#}b{#blue}", true, 0, "ab");
	expect_line_in("{#red}a{#red}b{#}", true, 0, "\033[0;31mab\033[0m");
	/* A separator has the colour of its place. */
	expect_line_in("{#red}a{#}{|}{#blue}b", true, 0, "\033[0;31ma\033[0m | \033[0;34mb\033[0m");
	expect_line_in("{#red}a\\nb", true, 0, "\033[0;31ma\033[0m\n\033[0;31mb\033[0m");
	expect_line_in("{?agent:{#red}}a", true, 0, "a");
	expect_line_in("{#bg-blue}a{>}{#none+bg-red}b{>}{agent}", true, 0,
		    "\033[0;44ma\033[0;34;41m\xEE\x82\xB0\033[0;41mb\033[0;31m\xEE\x82\xB0\033[0m");
}

static void test_thresholds(void **state UNUSED)
{
	static const char format[] = "{#context_percent:green,50:yellow,80:bold+red}x";
	expect_line_in(format, true, 0, "\033[0;1;31mx\033[0m");
	facts.number[FACT_CONTEXT_PERCENT] = 50.;
	expect_line_in(format, true, 0, "\033[0;33mx\033[0m");
	facts.number[FACT_CONTEXT_PERCENT] = 49.9;
	expect_line_in(format, true, 0, "\033[0;32mx\033[0m");
	facts.number[FACT_CONTEXT_PERCENT] = NAN;
	expect_line_in(format, true, 0, "x");
}

/* As Bun.stringWidth() measures them, with which Claude Code cuts the line. */
static void test_widths_of_emoji(void **state UNUSED)
{
	static const struct {
		const char *text;
		size_t columns;
	} cases[] = {
		{ "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466", 2 },  /* a family */
		{ "\U0001F469\U0001F3FD\u200D\U0001F4BB", 2 },  /* a woman, her skin, her computer */
		{ "\U0001F44D\U0001F3FD", 2 },
		{ "\u261D\U0001F3FD", 2 },
		{ "\u261D", 1 },
		{ "a\U0001F3FD", 3 },                  /* letters and fire have no skin */
		{ "\U0001F525\U0001F3FD", 4 },
		{ "\u2764\uFE0F\u200D\U0001F525", 2 },
		{ "\u2764", 1 },
		{ "\u231A\uFE0E", 2 },
		{ "\u2714\u200D\u2714", 2 },
		{ "\u2191\u200D\U0001F525", 3 },      /* an arrow of no picture */
		{ "\U0001F469\u200Dx", 3 },
		{ "\U0001F1E9\U0001F1EA", 2 },        /* flags: letters by twos */
		{ "\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7\U0001F1E9", 5 },
		{ "\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F", 2 },
		{ "\U0001F3F3\uFE0F\u200D\U0001F308", 2 },
		{ "\U0001F3F4\u200D\u2620\uFE0F", 2 },
		{ "\U0001F441\uFE0F\u200D\U0001F5E8\uFE0F", 2 },
		{ "\U0001FAE8\U0001FAE9", 4 },        /* of Unicode 15 and 16 */
		{ "#\uFE0F\u20E3\u00BD\u20E3", 4 },
		{ "a\uFE0F", 1 },
		{ "\u200D\uFE0F", 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO_BUF cut = BUF_INIT;
		size_t columns, len = strlen(cases[i].text);
		if (width_of(cases[i].text, len) != cases[i].columns)
			fail_msg("%s: %zu columns", cases[i].text, width_of(cases[i].text, len));
		/* One that takes two columns is cut as a whole, and its ellipsis fits. */
		assert_true(width_of_next(cases[i].text, len, &columns) <= len);
		for (size_t room = 0; room < 5; room++) {
			buf_clear(&cut);
			width_clip(&cut, cases[i].text, len, room);
			assert_true(width_of(buf_str(&cut), cut.len) <= room);
		}
	}
}

static void test_widths(void **state UNUSED)
{
	assert_int_equal(width_of("abc", 3), 3);
	assert_int_equal(width_of("日本語", strlen("日本語")), 6);
	assert_int_equal(width_of("e\xCC\x81", 3), 1);
	assert_int_equal(width_of("\033[0;31mab\033[0m", 13), 2);
	assert_int_equal(width_of("\\n\\", 3), 3);
	assert_int_equal(width_of("\xFF\xFE", 2), 2);
	/* An emoji by its selector, keycaps; what neither makes one of stays as it is. */
	assert_int_equal(width_of("\u26a0\ufe0f\u00a9\ufe0f!", strlen("\u26a0\ufe0f\u00a9\ufe0f!")), 5);
	assert_int_equal(width_of("\u26a0\u2600", 6), 2);
	assert_int_equal(width_of("1\ufe0f\u20e3#\u20e3", strlen("1\ufe0f\u20e3#\u20e3")), 4);
	assert_int_equal(width_of("1\ufe0f2x\ufe0f", strlen("1\ufe0f2x\ufe0f")), 3);
	AUTO_BUF cut = BUF_INIT;
	width_clip(&cut, "\u26a0\ufe0f\u26a0\ufe0f\u26a0\ufe0f", 18, 4);
	assert_string_equal(buf_str(&cut), "\u26a0\ufe0f\u2026");
	expect_line("{branch.20}", "日本語-feature");
	expect_line("{branch.14}", "日本語-feature");
	expect_line("{branch.13}", "日本語-featu…");
	expect_line("{branch.6}", "日本…");
	expect_line("{branch.5}", "日本…");
	expect_line("{branch.2}", "…");
	expect_line("{branch.1}", "…");
	expect_line_in("{branch} and more", false, 10, "日本語-fe…");
	expect_line_in("{#red}abcdef{#}ghi", true, 4, "\033[0;31mabc…\033[0m");
	expect_line_in("abcdef\\nabc", false, 4, "abc…\nabc");
}

static void test_room(void **state UNUSED)
{
	static const char format[] =
		"{model}{?room>6: long words} {session_cost}{?room>2: and}{!room>2:+}{today_cost}";
	expect_line(format, "Opus 4.6 long words $1.25 and$0.00");
	expect_line_in(format, false, 34, "Opus 4.6 long words $1.25 and$0.00");
	expect_line_in(format, false, 33, "Opus 4.6 $1.25 and$0.00");
	expect_line_in(format, false, 22, "Opus 4.6 $1.25+$0.00");
	/* With no room at all it is cut. */
	expect_line_in(format, false, 10, "Opus 4.6 …");
	/* Of several lines all have to fit; what has no room may hold what would end or close something. */
	expect_line_in("ab{?room>0:\\}\\{\\\\{?model:\\n}}\\nabcdef", false, 6, "ab}{\\\nabcdef");
	expect_line_in("ab{?room>0:\\}\\{\\\\{?model:\\n}}\\nabcdef", false, 5, "ab\nabcd…");
	expect_line_in("{?room>8:{room}}{?room<9:{room}}", false, 1, "9");
	expect_fault("{?room>0:{nothing}}", "at byte 11: there is no field 'nothing'");
}

static void test_faults(void **state UNUSED)
{
	expect_fault("{modle}", "at byte 2: there is no field 'modle'");
	expect_fault("{mode}", "at byte 2: there is no field 'mode'");
	expect_fault("a{}", "at byte 3: there is no field ''");
	expect_fault("{", "at byte 1: this { is not closed");
	expect_fault("{model", "at byte 7: a } is missing here");
	expect_fault("{model.0}", "at byte 8: a field is shortened to 1 to 1000 columns");
	expect_fault("{model.x}", "at byte 8: a number is missing here");
	expect_fault("a}", "at byte 2: this } closes nothing; a } that is text is \\}");
	expect_fault("\\x", "at byte 1: after a \\ comes n, \\, { or }");
	expect_fault("x\\", "at byte 2: after a \\ comes n, \\, { or }");
	expect_fault("{?model}", "at byte 8: a : is missing here, as in {?field:text}");
	expect_fault("{?model:abc",
		     "at byte 9: the condition that begins here is not closed: a } is missing");
	expect_fault("{?model>1:x}", "at byte 3: this field is not a number: it can only be compared with =");
	expect_fault("{?rate_5h>:x}", "at byte 11: a number is missing here");
	expect_fault("{?rate_5h>1.2.3:x}", "at byte 11: this is not a number");
	expect_fault("{?agent:{nothing}}", "at byte 10: there is no field 'nothing'");
	expect_fault("{#rde}", "at byte 3: no such colour or style");
	expect_fault("{#256}", "at byte 3: no such colour or style");
	expect_fault("{#rate_5h:green,80:red,70:blue}",
		     "at byte 11: numbers must grow from one colour to the next");
	expect_fault("{#model:green}", "at byte 9: a colour by value needs a field that is a number");
	expect_fault("{#rate_5h:green,x:red}", "at byte 17: a number is missing here");
	expect_fault("{>x}", "at byte 3: {>} takes nothing");
	expect_fault("a\033[31m", "at byte 2: a control character; a new line is \\n");
	expect_fault("a\xC2\x9B", "at byte 2: an invisible character that controls a terminal");
	expect_fault("\xE2\x80\xAEx", "at byte 1: an invisible character that controls a terminal");
	expect_fault("a\x9BJ", "at byte 2: this is not UTF-8");
	char deep[200];
	for (size_t i = 0; i < STATUSLINE_FORMAT_MAX_DEPTH + 1; i++)
		snprintf(deep + 8 * i, sizeof(deep) - 8 * i, "{?model:");
	expect_fault(deep, "at byte 137: conditions are nested too deeply");
	char *longest = malloc(STATUSLINE_FORMAT_MAX_BYTES + 2);
	assert_non_null(longest);
	memset(longest, 'a', STATUSLINE_FORMAT_MAX_BYTES + 1);
	longest[STATUSLINE_FORMAT_MAX_BYTES + 1] = '\0';
	expect_fault(longest, "at byte 1: longer than 4096 bytes");
	free(longest);
}

/* Any bytes at all: no crash, no control character but our own codes, and a check that agrees. */
static void test_hostile_formats(void **state UNUSED)
{
	static const char alphabet[] = "{}{}?!|>#:.,\\n01model_cost5hrate_red<=>+- ";
	uint64_t seed = 4;
	const struct statusline_look look = { .colour = true, .columns = 7 };
	for (int i = 0, rounds = unit_rounds(5000, 20000); i < rounds; i++) {
		char format[64];
		size_t len = unit_random(&seed) % (sizeof(format) - 1);
		for (size_t j = 0; j < len; j++)
			format[j] = alphabet[unit_random(&seed) % (sizeof(alphabet) - 1)];
		format[len] = '\0';
		AUTO_BUF out = BUF_INIT, error = BUF_INIT, also = BUF_INIT;
		bool good = statusline_format(format, &facts, &look, &out, &error);
		assert_true(good == (error.len == 0));
		assert_true(good == statusline_format_check(format, &also));
		assert_string_equal(buf_str(&error), buf_str(&also));
	}
}

/* ---- fields ---- */

static void test_fields_are_found(void **state UNUSED)
{
	for (size_t i = 0; i < statusline_field_count; i++) {
		const char *name = statusline_fields[i].name;
		if (i > 0)
			assert_true(strcmp(statusline_fields[i - 1].name, name) < 0);
		assert_ptr_equal(statusline_field_find(name, strlen(name)), &statusline_fields[i]);
		assert_ptr_not_equal(statusline_field_find(name, strlen(name) - 1), &statusline_fields[i]);
	}
}

/* swatch-statusline(1) lists every field after ".It Cm". */
static void test_manual_lists_every_field(void **state UNUSED)
{
	char line[256], listed[8192] = " ";
	size_t len = 1;
	FILE *page = fopen(SWATCH_SOURCE_DIR "/man/swatch-statusline.1", "re");
	assert_non_null(page);
	while (fgets(line, sizeof(line), page))
		if (strncmp(line, ".It Cm ", 7) == 0 && len + strlen(line) < sizeof(listed))
			len += (size_t)snprintf(listed + len, sizeof(listed) - len, "%s", line + 6);
	(void)fclose(page);
	for (char *c = listed; *c; c++)
		if (*c == '\n' || *c == ',')
			*c = ' ';
	for (size_t i = 0; i < statusline_field_count; i++) {
		char name[64];
		snprintf(name, sizeof(name), " %s ", statusline_fields[i].name);
		if (!strstr(listed, name))
			fail_msg("swatch-statusline(1) does not list%s", name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_values, set_up),
		cmocka_unit_test_setup(test_conditions, set_up),
		cmocka_unit_test_setup(test_separators, set_up),
		cmocka_unit_test_setup(test_colours, set_up),
		cmocka_unit_test_setup(test_thresholds, set_up),
		cmocka_unit_test_setup(test_widths_of_emoji, set_up),
		cmocka_unit_test_setup(test_widths, set_up),
		cmocka_unit_test_setup(test_room, set_up),
		cmocka_unit_test_setup(test_faults, set_up),
		cmocka_unit_test_setup(test_hostile_formats, set_up),
		cmocka_unit_test(test_fields_are_found),
		cmocka_unit_test(test_manual_lists_every_field),
	};
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
