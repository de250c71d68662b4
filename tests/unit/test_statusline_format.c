/* The format language of the statusline: values, conditions, separators, colours, widths, faults. */
#include "unit.h"

#include <math.h>

#include "swatch/statusline/fields.h"
#include "swatch/statusline/format.h"
#include "swatch/statusline/presets.h"
#include "base/width.h"

#define NOW_MS INT64_C(1795442700000)

static struct statusline_facts facts;

static int set_up(void **state)
{
	(void)state;
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

static void expect_with(const char *format, bool colour, size_t columns, const char *expected)
{
	const struct statusline_look look = { .colour = colour, .columns = columns };
	struct buf out = BUF_INIT, error = BUF_INIT;
	bool good = statusline_format(format, &facts, &look, &out, &error);
	if (!good)
		fail_msg("%s: %s", format, buf_str(&error));
	assert_string_equal(buf_str(&out), expected);
	buf_release(&out);
	buf_release(&error);
}

static void expect(const char *format, const char *expected)
{
	expect_with(format, false, 0, expected);
}

static void expect_fault(const char *format, const char *expected)
{
	const struct statusline_look look = { .colour = true, .columns = 10 };
	struct buf out = BUF_INIT, error = BUF_INIT;
	assert_false(statusline_format(format, &facts, &look, &out, &error));
	assert_string_equal(buf_str(&error), expected);
	assert_int_equal(out.len, 0);
	buf_clear(&error);
	assert_false(statusline_format_check(format, &error));
	assert_string_equal(buf_str(&error), expected);
	buf_release(&out);
	buf_release(&error);
}

static void test_values(void **state)
{
	(void)state;
	expect("", "");
	expect("text", "text");
	expect("{model} {session_cost} {today_cost}", "Opus 4.6 $1.25 $0.00");
	expect("{context_tokens} ({context_percent}%) {block_left} {rate_5h} {rate_5h_pace}",
	       "1,234,567 (81%) 2h 36m 42 1.3");
	expect("[{block_cost}{agent}{rate_7d_reset}]", "[]");
	expect("\\{a\\}\\\\", "{a}\\");
	expect("a\\nb\\n\\n{agent}\\nc", "a\nb\nc");
	facts.number[FACT_BLOCK_LEFT_MS] = 59999.;
	expect("{block_left}", "59s");
	facts.number[FACT_BLOCK_LEFT_MS] = 60000. * 60 * 49;
	expect("{block_left}", "2d 1h");
	facts.number[FACT_BLOCK_LEFT_MS] = -5.;
	expect("{block_left}", "0s");
	facts.number[FACT_TODAY_USD] = INFINITY;
	expect("[{today_cost}]", "[]");
}

static void test_conditions(void **state)
{
	(void)state;
	/* As in the issue that asked for it: a bar is text. */
	expect("x{?rate_5h: | 5h {rate_5h}%}", "x | 5h 42%");
	expect("x{?rate_7d: | 7d {rate_7d}%}", "x");
	expect("{!rate_7d:none}{!rate_5h:none}", "none");
	expect("{?context_percent>80:a}{?context_percent>81:b}{?context_percent>=81:c}{"
	       "?context_percent<81.5:d}"
	       "{?context_percent<=80:e}{!context_percent>90:f}",
	       "acdf");
	expect("{?rate_7d>0:a}{?rate_7d<1:b}{!rate_7d<1:c}", "c");
	expect("{?block_left>156:a}{?block_left>=156:b}", "b");
	expect("{?cache=warm:w}{?cache=cold:c}{!cache=cold:n}{?cache=:x}", "wn");
	expect("{?model:{?branch:{!agent:deep}}}", "deep");
	expect("{?agent:{?model:no}no}yes", "yes");
}

static void test_separators(void **state)
{
	(void)state;
	expect("{|}{model}{|}{agent}{|}{cache}{|}", "Opus 4.6 | warm");
	expect("{model}{| / }{agent}{| / }{cache}", "Opus 4.6 / warm");
	expect("{model}{| / }{agent}{|}{cache}", "Opus 4.6 | warm");
	expect("{model}{|, }{agent}{| / }{cache}", "Opus 4.6, warm");
	expect("{model}{|}\\n{|}{cache}", "Opus 4.6\nwarm");
	expect("{model}{|}{?agent:{|}x{|}}{cache}", "Opus 4.6 | warm");
	expect("{agent}{|}{vim}", "");
}

static void test_colours(void **state)
{
	(void)state;
	expect("{#red}a{#}", "a");
	expect_with("{#red}a{#}b", true, 0, "\033[0;31ma\033[0mb");
	expect_with("{#bold+bright-cyan}a{#bg-208}b{#none}c", true, 0,
		    "\033[0;1;96ma\033[0;1;96;48;5;208mb\033[0mc");
	expect_with("{#ff8001}a", true, 0, "\033[0;38;2;255;128;1ma\033[0m");
	/* Codes that change nothing, or colour nothing, are not written. */
	expect_with("{#red}{agent}{#}a{#}{#}b{#blue}", true, 0, "ab");
	expect_with("{#red}a{#red}b{#}", true, 0, "\033[0;31mab\033[0m");
	/* A separator has the colour of its place. */
	expect_with("{#red}a{#}{|}{#blue}b", true, 0, "\033[0;31ma\033[0m | \033[0;34mb\033[0m");
	expect_with("{#red}a\\nb", true, 0, "\033[0;31ma\033[0m\n\033[0;31mb\033[0m");
	expect_with("{?agent:{#red}}a", true, 0, "a");
	expect_with("{#bg-blue}a{>}{#none+bg-red}b{>}{agent}", true, 0,
		    "\033[0;44ma\033[0;34;41m\xEE\x82\xB0\033[0;41mb\033[0;31m\xEE\x82\xB0\033[0m");
}

static void test_thresholds(void **state)
{
	(void)state;
	static const char format[] = "{#context_percent:green,50:yellow,80:bold+red}x";
	expect_with(format, true, 0, "\033[0;1;31mx\033[0m");
	facts.number[FACT_CONTEXT_PERCENT] = 50.;
	expect_with(format, true, 0, "\033[0;33mx\033[0m");
	facts.number[FACT_CONTEXT_PERCENT] = 49.9;
	expect_with(format, true, 0, "\033[0;32mx\033[0m");
	facts.number[FACT_CONTEXT_PERCENT] = NAN;
	expect_with(format, true, 0, "x");
}

/* As Bun.stringWidth() measures them, with which Claude Code cuts the line. */
static void test_widths_of_emoji(void **state)
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
	(void)state;
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

static void test_widths(void **state)
{
	(void)state;
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
	struct buf cut = BUF_INIT;
	width_clip(&cut, "\u26a0\ufe0f\u26a0\ufe0f\u26a0\ufe0f", 18, 4);
	assert_string_equal(buf_str(&cut), "\u26a0\ufe0f\u2026");
	buf_release(&cut);
	expect("{branch.20}", "日本語-feature");
	expect("{branch.14}", "日本語-feature");
	expect("{branch.13}", "日本語-featu…");
	expect("{branch.6}", "日本…");
	expect("{branch.5}", "日本…");
	expect("{branch.2}", "…");
	expect("{branch.1}", "…");
	expect_with("{branch} and more", false, 10, "日本語-fe…");
	expect_with("{#red}abcdef{#}ghi", true, 4, "\033[0;31mabc…\033[0m");
	expect_with("abcdef\\nabc", false, 4, "abc…\nabc");
}

static void test_room(void **state)
{
	(void)state;
	static const char format[] =
		"{model}{?room>6: long words} {session_cost}{?room>2: and}{!room>2:+}{today_cost}";
	expect(format, "Opus 4.6 long words $1.25 and$0.00");
	expect_with(format, false, 34, "Opus 4.6 long words $1.25 and$0.00");
	expect_with(format, false, 33, "Opus 4.6 $1.25 and$0.00");
	expect_with(format, false, 22, "Opus 4.6 $1.25+$0.00");
	/* With no room at all it is cut. */
	expect_with(format, false, 10, "Opus 4.6 …");
	/* Of several lines all have to fit; what has no room may hold what would end or close something. */
	expect_with("ab{?room>0:\\}\\{\\\\{?model:\\n}}\\nabcdef", false, 6, "ab}{\\\nabcdef");
	expect_with("ab{?room>0:\\}\\{\\\\{?model:\\n}}\\nabcdef", false, 5, "ab\nabcd…");
	expect_with("{?room>8:{room}}{?room<9:{room}}", false, 1, "9");
	expect_fault("{?room>0:{nothing}}", "at byte 11: there is no field 'nothing'");
}

static void expect_preset(const char *name, size_t columns, const char *expected)
{
	facts_fill_sample(&facts, NOW_MS);
	expect_with(statusline_preset_find(name)->format, false, columns, expected);
}

/* What matters most is seen at any width, and is not cut where it fits without the rest. */
static void test_presets_on_narrow_terminals(void **state)
{
	(void)state;
	expect_preset(
		"full", 0,
		"Opus 4.6 | $4.27 session / $18.60 today / $11.05 block (2h 26m left) | $4.30/hr | context "
		"124,300 (62%)"
		" | 5h 62% x1.2 to 16:31, 7d 31% x0.7 to Fri 14:05 | cache 42m ($1.18 cold) | agents 22% | "
		"main");
	expect_preset(
		"full", 157,
		"Opus 4.6 | $4.27 session / $18.60 today / $11.05 block (2h 26m left) | $4.30/hr | context "
		"124,300 (62%)"
		" | 5h 62%, 7d 31% | cache 42m ($1.18 cold) | main");
	expect_preset("full", 125,
		      "Opus 4.6 | $4.27 session / $18.60 today / block 2h 26m left | $4.30/hr | context 62%"
		      " | 5h 62%, 7d 31% | cache 42m | main");
	/* Whole figures go, and not the words of those that stay. */
	expect_preset("full", 90,
		      "Opus 4.6 | $4.27 session / $18.60 today | context 62% | 5h 62%, 7d 31% | main");
	expect_preset("full", 60, "Opus 4.6 | $4.27 | ctx 62% | 5h 62%, 7d 31%");
	expect_preset("full", 40, "Opus 4.6 | $4.27 | ctx 62% | 5h 62%");
	expect_preset("full", 20, "ctx 62% | 5h 62%");
	expect_preset("compact", 60, "Opus 4.6 $4.27 $18.60 today ctx 62% 5h 62% 7d 31%");
	expect_preset("compact", 35, "Opus 4.6 $4.27 ctx 62% 5h 62%");
	expect_preset("compact", 20, "ctx 62% 5h 62%");
	expect_preset("ccusage", 80,
		      "🤖 Opus 4.6 | 💰 $4.27 session / $18.60 today | ⏳ 5h 62%, 7d 31% | 🧠 62%");
	expect_preset("plain", 60, "Opus 4.6 | $4.27 | ctx 62% | 5h 62%, 7d 31%");
	const struct statusline_look look = { .colour = true, .columns = 0 };
	for (const struct statusline_preset *preset = statusline_presets; preset->name; preset++) {
		int room = (int)STATUSLINE_ROOM_MOST;
		for (size_t columns = 200; columns >= 1; columns--) {
			struct statusline_look narrow = look;
			struct buf out = BUF_INIT, error = BUF_INIT, same = BUF_INIT;
			bool found = false;
			narrow.columns = columns;
			facts_fill_sample(&facts, NOW_MS);
			assert_true(statusline_format(preset->format, &facts, &narrow, &out, &error));
			assert_in_range(width_of(buf_str(&out), out.len), 1, columns);
			/*
			 * It is the line of some room, whole, and in fewer columns of no larger one; only the
			 * shortest one is cut.
			 */
			for (;; room--) {
				facts.number[FACT_ROOM] = room;
				buf_clear(&same);
				assert_true(statusline_format(preset->format, &facts, &look, &same, &error));
				found = strcmp(buf_str(&same), buf_str(&out)) == 0;
				if (found || room == 0)
					break;
			}
			assert_true(found || width_of(buf_str(&same), same.len) > columns);
			buf_release(&out);
			buf_release(&same);
			buf_release(&error);
		}
	}
}

static void add_limit(const char *name, double percent, int64_t resets_ms)
{
	struct rate_limit limit;
	rate_limit_init(&limit, name);
	limit.used_percent = percent;
	limit.resets_ms = resets_ms;
	assert_true(rate_limits_merge(&facts.limits, &limit, NOW_MS));
}

/* Whatever the preset: every limit that the server names; the week where there is no 5-hour limit. */
static void test_presets_show_every_limit(void **state)
{
	(void)state;
	for (const struct statusline_preset *preset = statusline_presets; preset->name; preset++) {
		const struct statusline_look look = { .columns = 0 };
		struct buf out = BUF_INIT, error = BUF_INIT;
		facts_init(&facts, NOW_MS);
		snprintf(facts.model_id, sizeof(facts.model_id), "claude-opus-5-5");
		facts.number[FACT_CLAUDE_USD] = 4.27;
		facts.number[FACT_BLOCK_USD] = 11.05;
		facts.number[FACT_BLOCK_START_MS] = NOW_MS - 3600000.;
		facts.number[FACT_BLOCK_END_MS] = NOW_MS + 4 * 3600000.;
		facts.number[FACT_BLOCK_LAST_MS] = NOW_MS;
		add_limit("sevenDay", 27., NOW_MS + 50 * INT64_C(3600000));
		add_limit("sevenDayOpus", 81., NOW_MS + 50 * INT64_C(3600000));
		add_limit("sevenDayHaiku", 99., NOW_MS + 50 * INT64_C(3600000));
		facts.limits.lacks_five_hour = true;
		facts_finish(&facts);
		assert_true(statusline_format(preset->format, &facts, &look, &out, &error));
		const char *text = buf_str(&out), *opus = strstr(text, "7d opus 81%"),
			   *week = strstr(text, "7d 27%");
		assert_true(opus && week && opus < week);
		assert_null(strstr(text, "haiku"));
		assert_null(strstr(text, "$11.05"));
		assert_null(strstr(text, "block"));
		buf_release(&out);
		buf_release(&error);
	}
}

/* ---- a label goes with its value ---- */

/* What can be wrong at once: a bit for each. */
enum { LIMITED = 1, RESET_KNOWN = 2, STALE = 4, UNPRICED = 8, NOTE = 16, TROUBLES = 32 };

static void fill_trouble(unsigned trouble)
{
	facts_fill_sample(&facts, NOW_MS);
	if (trouble & LIMITED)
		snprintf(facts.limit_reached, sizeof(facts.limit_reached), "7d opus");
	if (trouble & RESET_KNOWN)
		facts.number[FACT_LIMIT_RESETS_MS] = NOW_MS + 3 * 86400000.;
	if (trouble & STALE)
		snprintf(facts.stale, sizeof(facts.stale), "stale 37m");
	if (trouble & UNPRICED)
		snprintf(facts.unpriced, sizeof(facts.unpriced), "claude-next-9-9-preview");
	if (trouble & NOTE)
		snprintf(facts.note, sizeof(facts.note), "swatchd is not running");
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static const char *end_of_digits(const char *at)
{
	while (*at >= '0' && *at <= '9')
		at++;
	return at;
}

/* A single text that lost its end; such a one tells something without it. */
static bool is_beginning(const char *piece)
{
	static const char *const whole[] = { "swatchd is not running", "for claude-next-9-9-preview",
					     "Opus 4.6", "limit reached" };
	size_t len = strlen(piece), mark = strlen("\xE2\x80\xA6");
	if (len < mark || strcmp(piece + len - mark, "\xE2\x80\xA6") != 0)
		return false;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (strncmp(piece, whole[i], len - mark) == 0)
			return true;
	return false;
}

/* Fails when something in the line begins like a label, and its value does not follow. */
static void expect_values(const char *preset, size_t columns, const char *line)
{
	static const char *const labels[] = { "ctx ", "context ", "5h ", "7d ", "until ", "stale ", "block ",
					      "today " };
	static const char *const separators[] = { " | ", " / ", ", ", "\xEE\x82\xB0", "  " };
	char piece[512];
	for (const char *at = line; *at;) {
		size_t len = strlen(at), next = len;
		for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++) {
			const char *found = strstr(at, separators[i]);
			if (found && (size_t)(found - at) < len) {
				len = (size_t)(found - at);
				next = len + strlen(separators[i]);
			}
		}
		while (len > 0 && *at == ' ') {
			at++;
			len--;
			next--;
		}
		snprintf(piece, sizeof(piece), "%.*s", (int)len, at);
		while (len > 0 && piece[len - 1] == ' ')
			piece[--len] = '\0';
		at += next;
		for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
			const char *value = piece + strlen(labels[i]);
			if (strncmp(piece, labels[i], strlen(labels[i]) - 1) != 0)
				continue;
			if (!begins(piece, labels[i]) || !*value || strstr(value, "\xE2\x80\xA6"))
				fail_msg("%s in %zu columns: '%s' in '%s'", preset, columns, piece, line);
		}
		/* Every percentage has its sign, every time left its words. */
		if (begins(piece, "ctx ") && *end_of_digits(piece + 4) != '%')
			fail_msg("%s in %zu columns: '%s' in '%s'", preset, columns, piece, line);
		if (strstr(piece, " left") && !strstr(piece, "block") && !strstr(piece, "5h"))
			fail_msg("%s in %zu columns: '%s' in '%s'", preset, columns, piece, line);
		if (strstr(piece, "\xE2\x80\xA6") && !is_beginning(piece))
			fail_msg("%s in %zu columns: '%s' in '%s'", preset, columns, piece, line);
	}
}

/* Whatever is wrong, and however narrow the terminal: what matters most is told, and told whole. */
static void test_presets_are_whole_in_any_width(void **state)
{
	(void)state;
	size_t step = (size_t)unit_rounds(3, 1);
	for (const struct statusline_preset *preset = statusline_presets; preset->name; preset++) {
		for (unsigned trouble = 0; trouble < TROUBLES; trouble++) {
			fill_trouble(trouble);
			/* What Claude Code shows of 20 to 250 columns. */
			for (size_t columns = 16; columns <= 246; columns += step) {
				const struct statusline_look look = { .columns = columns };
				struct buf out = BUF_INIT, error = BUF_INIT;
				assert_true(statusline_format(preset->format, &facts, &look, &out, &error));
				const char *line = buf_str(&out);
				assert_in_range(width_of(line, out.len), 1, columns);
				expect_values(preset->name, columns, line);
				const char *first = (trouble & LIMITED)	   ? "limit reached"
						    : (trouble & STALE)	   ? "stale 37m"
						    : (trouble & UNPRICED) ? "no price"
						    : (trouble & NOTE)	   ? "swatchd is"
									   : "62%";
				/* Two presets show the note only where nothing else says it. */
				bool is_shown = strcmp(preset->name, "compact") != 0 || first[0] != 's'
						|| (trouble & STALE);
				if (is_shown && !strstr(line, first))
					fail_msg("%s in %zu columns: no '%s' in '%s'", preset->name, columns,
						 first, line);
				buf_release(&out);
				buf_release(&error);
			}
		}
	}
}

/* A remaining time stands beside the name of what ends then, also where there is no 5-hour limit. */
static void test_presets_name_what_ends(void **state)
{
	(void)state;
	static const char *const expected[] = { "7d 31% (3d 23h left)", NULL, "7d 31% (3d 23h left)",
						"7d 31% (3d 23h left)", "7d 31% (3d 23h left)" };
	const struct statusline_look look = { .columns = 0 };
	size_t number = 0;
	for (const struct statusline_preset *preset = statusline_presets; preset->name; preset++, number++) {
		struct buf out = BUF_INIT, error = BUF_INIT;
		facts_fill_sample(&facts, NOW_MS);
		assert_true(statusline_format(preset->format, &facts, &look, &out, &error));
		assert_true(strstr(buf_str(&out), " block (2h 26m left)")
			    || strstr(buf_str(&out), " block 2h 26m left")
			    || strstr(buf_str(&out), " block $11.05 (2h 26m left)"));
		buf_clear(&out);
		facts_init(&facts, NOW_MS);
		add_limit("sevenDay", 31., NOW_MS + 4 * INT64_C(86400000) - 60000);
		facts.limits.lacks_five_hour = true;
		facts_finish(&facts);
		assert_true(statusline_format(preset->format, &facts, &look, &out, &error));
		if (expected[number] && !strstr(buf_str(&out), expected[number]))
			fail_msg("%s: no '%s' in '%s'", preset->name, expected[number], buf_str(&out));
		assert_true(expected[number] || !strstr(buf_str(&out), " left"));
		buf_release(&out);
		buf_release(&error);
	}
}

/* Nothing is shown with a blank where a value would be, or a word that stands alone. */
static void test_presets_without_some_facts(void **state)
{
	(void)state;
	/* Whatever the preset and the width, the line names a limit that was reached. */
	for (const struct statusline_preset *preset = statusline_presets; preset->name; preset++) {
		const struct statusline_look look = { .colour = true, .columns = 70 };
		struct buf out = BUF_INIT, error = BUF_INIT;
		facts_fill_sample(&facts, NOW_MS);
		facts.number[FACT_LIMIT_RESETS_MS] = NOW_MS + 60000.;
		snprintf(facts.limit_reached, sizeof(facts.limit_reached), "7d opus");
		assert_true(statusline_format(preset->format, &facts, &look, &out, &error));
		assert_non_null(strstr(buf_str(&out), "limit"));
		buf_release(&out);
		buf_release(&error);
	}
	facts_init(&facts, NOW_MS);
	snprintf(facts.model, sizeof(facts.model), "Opus 4.6");
	facts.number[FACT_CONTEXT_PERCENT] = 12.;
	expect(statusline_preset_find("full")->format, "Opus 4.6 | context 12%");
	facts.number[FACT_CONTEXT_PERCENT] = NAN;
	facts.number[FACT_COLD_USD] = 0.74;
	snprintf(facts.cache, sizeof(facts.cache), "cold");
	expect(statusline_preset_find("full")->format, "Opus 4.6 | cache cold ($0.74 to rewrite)");
	/* A block whose cost nobody knows is a block; the server's window is one, too. */
	facts.cache[0] = '\0';
	facts.number[FACT_TODAY_TOKENS] = facts.number[FACT_BLOCK_TOKENS] = 1000.;
	facts.number[FACT_BLOCK_LEFT_MS] = 9360000.;
	expect(statusline_preset_find("full")->format, "Opus 4.6 | block (2h 36m left)");
	facts.number[FACT_BLOCK_TOKENS] = NAN;
	expect(statusline_preset_find("full")->format, "Opus 4.6 | no active block");
	facts.number[FACT_WINDOW_USD] = 3.;
	expect(statusline_preset_find("full")->format, "Opus 4.6 | $3.00 block (2h 36m left)");
}

static void test_faults(void **state)
{
	(void)state;
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
static void test_hostile_formats(void **state)
{
	(void)state;
	static const char alphabet[] = "{}{}?!|>#:.,\\n01model_cost5hrate_red<=>+- ";
	uint64_t seed = 4;
	const struct statusline_look look = { .colour = true, .columns = 7 };
	for (int i = 0, rounds = unit_rounds(5000, 20000); i < rounds; i++) {
		char format[64];
		size_t len = unit_random(&seed) % (sizeof(format) - 1);
		for (size_t j = 0; j < len; j++)
			format[j] = alphabet[unit_random(&seed) % (sizeof(alphabet) - 1)];
		format[len] = '\0';
		struct buf out = BUF_INIT, error = BUF_INIT, also = BUF_INIT;
		bool good = statusline_format(format, &facts, &look, &out, &error);
		assert_true(good == (error.len == 0));
		assert_true(good == statusline_format_check(format, &also));
		assert_string_equal(buf_str(&error), buf_str(&also));
		buf_release(&out);
		buf_release(&error);
		buf_release(&also);
	}
}

static void test_fields_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < statusline_field_count; i++) {
		const char *name = statusline_fields[i].name;
		if (i > 0)
			assert_true(strcmp(statusline_fields[i - 1].name, name) < 0);
		assert_ptr_equal(statusline_field_find(name, strlen(name)), &statusline_fields[i]);
		assert_ptr_not_equal(statusline_field_find(name, strlen(name) - 1), &statusline_fields[i]);
	}
}

static void test_presets_are_right(void **state)
{
	(void)state;
	size_t count = 0;
	for (const struct statusline_preset *preset = statusline_presets; preset->name; preset++, count++) {
		struct buf error = BUF_INIT, out = BUF_INIT;
		const struct statusline_look look = { .colour = !preset->without_colour, .columns = 0 };
		if (!statusline_format_check(preset->format, &error))
			fail_msg("%s: %s", preset->name, buf_str(&error));
		facts_fill_sample(&facts, NOW_MS);
		assert_true(statusline_format(preset->format, &facts, &look, &out, &error));
		assert_non_null(strstr(buf_str(&out), "Opus 4.6"));
		assert_non_null(strstr(buf_str(&out), "$18.60"));
		if (preset->without_colour)
			for (size_t i = 0; i < out.len; i++)
				assert_in_range((unsigned char)out.data[i], 0x20, 0x7E);
		/* Nothing known: nothing shown, no separator left over, no $0.00. */
		facts_init(&facts, NOW_MS);
		buf_clear(&out);
		assert_true(statusline_format(preset->format, &facts, &look, &out, &error));
		assert_string_equal(buf_str(&out), "");
		buf_release(&error);
		buf_release(&out);
	}
	assert_int_equal(count, 5);
	assert_non_null(statusline_preset_find(STATUSLINE_DEFAULT_PRESET));
}

/* swatch-statusline(1) lists every field after ".It Cm". */
static void test_manual_lists_every_field(void **state)
{
	(void)state;
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
	setenv("TZ", "UTC", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_values, set_up),
		cmocka_unit_test_setup(test_conditions, set_up),
		cmocka_unit_test_setup(test_separators, set_up),
		cmocka_unit_test_setup(test_colours, set_up),
		cmocka_unit_test_setup(test_thresholds, set_up),
		cmocka_unit_test_setup(test_widths_of_emoji, set_up),
		cmocka_unit_test_setup(test_widths, set_up),
		cmocka_unit_test_setup(test_room, set_up),
		cmocka_unit_test_setup(test_presets_on_narrow_terminals, set_up),
		cmocka_unit_test(test_presets_are_whole_in_any_width),
		cmocka_unit_test(test_presets_name_what_ends),
		cmocka_unit_test(test_presets_show_every_limit),
		cmocka_unit_test(test_presets_without_some_facts),
		cmocka_unit_test_setup(test_faults, set_up),
		cmocka_unit_test_setup(test_hostile_formats, set_up),
		cmocka_unit_test(test_fields_are_found),
		cmocka_unit_test(test_presets_are_right),
		cmocka_unit_test(test_manual_lists_every_field),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
