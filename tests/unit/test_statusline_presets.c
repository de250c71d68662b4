/* The presets of the statusline: whole in any width, whatever is known and whatever is wrong. */
#include "unit.h"

#include <math.h>

#include "base/width.h"
#include "statusline_given.h"
#include "swatch/statusline/format.h"
#include "swatch/statusline/presets.h"

static void test_presets_are_right(void **state UNUSED)
{
	size_t count = 0;
	for (const struct statusline_preset *preset = statusline_presets; preset->name; preset++, count++) {
		AUTO_BUF error = BUF_INIT, out = BUF_INIT;
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
	}
	assert_int_equal(count, 5);
	assert_non_null(statusline_preset_find(STATUSLINE_DEFAULT_PRESET));
}

static void expect_preset(const char *name, size_t columns, const char *expected)
{
	facts_fill_sample(&facts, NOW_MS);
	expect_line_in(statusline_preset_find(name)->format, false, columns, expected);
}

/* What matters most is seen at any width, and is not cut where it fits without the rest. */
static void test_presets_on_narrow_terminals(void **state UNUSED)
{
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
			AUTO_BUF out = BUF_INIT, error = BUF_INIT, same = BUF_INIT;
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
static void test_presets_show_every_limit(void **state UNUSED)
{
	for (const struct statusline_preset *preset = statusline_presets; preset->name; preset++) {
		const struct statusline_look look = { .columns = 0 };
		AUTO_BUF out = BUF_INIT, error = BUF_INIT;
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
	}
}

/* A remaining time stands beside the name of what ends then, also where there is no 5-hour limit. */
static void test_presets_name_what_ends(void **state UNUSED)
{
	static const char *const expected[] = { "7d 31% (3d 23h left)", NULL, "7d 31% (3d 23h left)",
						"7d 31% (3d 23h left)", "7d 31% (3d 23h left)" };
	const struct statusline_look look = { .columns = 0 };
	size_t number = 0;
	for (const struct statusline_preset *preset = statusline_presets; preset->name; preset++, number++) {
		AUTO_BUF out = BUF_INIT, error = BUF_INIT;
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
	}
}

/* Nothing is shown with a blank where a value would be, or a word that stands alone. */
static void test_presets_without_some_facts(void **state UNUSED)
{
	/* Whatever the preset and the width, the line names a limit that was reached. */
	for (const struct statusline_preset *preset = statusline_presets; preset->name; preset++) {
		const struct statusline_look look = { .colour = true, .columns = 70 };
		AUTO_BUF out = BUF_INIT, error = BUF_INIT;
		facts_fill_sample(&facts, NOW_MS);
		facts.number[FACT_LIMIT_RESETS_MS] = NOW_MS + 60000.;
		snprintf(facts.limit_reached, sizeof(facts.limit_reached), "7d opus");
		assert_true(statusline_format(preset->format, &facts, &look, &out, &error));
		assert_non_null(strstr(buf_str(&out), "limit"));
	}
	facts_init(&facts, NOW_MS);
	snprintf(facts.model, sizeof(facts.model), "Opus 4.6");
	facts.number[FACT_CONTEXT_PERCENT] = 12.;
	expect_line(statusline_preset_find("full")->format, "Opus 4.6 | context 12%");
	facts.number[FACT_CONTEXT_PERCENT] = NAN;
	facts.number[FACT_COLD_USD] = 0.74;
	snprintf(facts.cache, sizeof(facts.cache), "cold");
	expect_line(statusline_preset_find("full")->format, "Opus 4.6 | cache cold ($0.74 to rewrite)");
	/* A block whose cost nobody knows is a block; the server's window is one, too. */
	facts.cache[0] = '\0';
	facts.number[FACT_TODAY_TOKENS] = facts.number[FACT_BLOCK_TOKENS] = 1000.;
	facts.number[FACT_BLOCK_LEFT_MS] = 9360000.;
	expect_line(statusline_preset_find("full")->format, "Opus 4.6 | block (2h 36m left)");
	facts.number[FACT_BLOCK_TOKENS] = NAN;
	expect_line(statusline_preset_find("full")->format, "Opus 4.6 | no active block");
	facts.number[FACT_WINDOW_USD] = 3.;
	expect_line(statusline_preset_find("full")->format, "Opus 4.6 | $3.00 block (2h 36m left)");
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

/* Whatever is wrong, and however narrow the terminal: it shows what matters most, and shows it whole. */
static void test_presets_are_whole_in_any_width(void **state UNUSED)
{
	size_t step = (size_t)unit_rounds(3, 1);
	for (const struct statusline_preset *preset = statusline_presets; preset->name; preset++) {
		for (unsigned trouble = 0; trouble < TROUBLES; trouble++) {
			fill_trouble(trouble);
			/* What Claude Code shows of 20 to 250 columns. */
			for (size_t columns = 16; columns <= 246; columns += step) {
				const struct statusline_look look = { .columns = columns };
				AUTO_BUF out = BUF_INIT, error = BUF_INIT;
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
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_presets_are_right),
		cmocka_unit_test(test_presets_on_narrow_terminals),
		cmocka_unit_test(test_presets_show_every_limit),
		cmocka_unit_test(test_presets_name_what_ends),
		cmocka_unit_test(test_presets_without_some_facts),
		cmocka_unit_test(test_presets_are_whole_in_any_width),
	};
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
