/* One key of a swatch.conf set and taken back: every other byte stays, and swatchd reads what was meant. */
#include "unit.h"

#include "program/argv.h"
#include "config/config.h"
#include "scratch.h"
#include "config/edit.h"

static void set_words(const char *before, const char *key, const char *const *words,
		      struct config_change *change, struct buf *out)
{
	struct buf error = BUF_INIT;
	if (!config_edit_set(before, strlen(before), "ccusage", key, words, change, out, &error))
		fail_msg("%s: %s", before, buf_str(&error));
	buf_release(&error);
}

static void expect(const char *before, const char *after)
{
	static const char *const words[] = { "5s", NULL };
	struct config_change change;
	struct buf out = BUF_INIT, back = BUF_INIT;
	set_words(before, "timeout", words, &change, &out);
	assert_string_equal(buf_str(&out), after);
	assert_int_equal(config_edit_undo(buf_str(&out), out.len, &change, &back), CONFIG_EDIT_UNDONE);
	assert_int_equal(back.len, strlen(before));
	assert_string_equal(buf_str(&back), before);
	config_change_release(&change);
	buf_release(&out);
	buf_release(&back);
}

static void a_key_goes_where_its_section_is(void **state)
{
	(void)state;
	expect("", "[ccusage]\ntimeout = 5s\n");
	expect("# mine\n", "# mine\n\n[ccusage]\ntimeout = 5s\n");
	expect("[log]\nlevel = info", "[log]\nlevel = info\n\n[ccusage]\ntimeout = 5s\n");
	expect("[log]\r\nlevel = info\r\n", "[log]\r\nlevel = info\r\n\r\n[ccusage]\r\ntimeout = 5s\r\n");
	expect("[ccusage]\n\n# more\n[log]\n", "[ccusage]\ntimeout = 5s\n\n# more\n[log]\n");
	expect("[ccusage]", "[ccusage]\ntimeout = 5s");
	expect("[ccusage]\nsettle = 1s ; note\n\n; end\n",
	       "[ccusage]\nsettle = 1s ; note\ntimeout = 5s\n\n; end\n");
	/* Not between a value and its second line. */
	expect("[ccusage]\ncommand = a\n  b\n# c\n  d\n[log]\n",
	       "[ccusage]\ncommand = a\n  b\n# c\n  d\ntimeout = 5s\n[log]\n");
	/* Nor before an indented first key, which would go on with it. */
	expect("[ccusage]\n  settle = 1s\n", "[ccusage]\n  settle = 1s\ntimeout = 5s\n");
	/* Nor before an indented section, which would too. */
	expect("[ccusage]\n  [log]\nlevel = info\n",
	       "[ccusage]\n  [log]\nlevel = info\n\n[ccusage]\ntimeout = 5s\n");
	expect("\xEF\xBB\xBF[ccusage]\n", "\xEF\xBB\xBF[ccusage]\ntimeout = 5s\n");
}

static void a_key_that_is_there_is_replaced_in_its_place(void **state)
{
	(void)state;
	expect("[ccusage]\ntimeout=1s ; why\nsettle = 1s\n", "[ccusage]\ntimeout = 5s\nsettle = 1s\n");
	expect("[ccusage]\n  timeout : 1s", "[ccusage]\ntimeout = 5s");
	/* The last one is in force. */
	expect("[ccusage]\ntimeout = 1s\n[log]\n[ccusage]\ntimeout = 2s\n",
	       "[ccusage]\ntimeout = 1s\n[log]\n[ccusage]\ntimeout = 5s\n");
	/* A comment, and another section's, are none. */
	expect("[x]\ntimeout = 1s\n[ccusage]\n#timeout = 2s\n",
	       "[x]\ntimeout = 1s\n[ccusage]\ntimeout = 5s\n#timeout = 2s\n");
}

static void what_was_changed_since_stays(void **state)
{
	static const char *const words[] = { "5s", NULL };
	struct config_change change;
	struct buf out = BUF_INIT, back = BUF_INIT;
	(void)state;
	set_words("# a\n", "timeout", words, &change, &out);
	static const struct {
		const char *now;
		enum config_undo verdict;
		const char *back;
	} cases[] = {
		{ "# a\n\n[ccusage]\ntimeout = 6s\n", CONFIG_EDIT_CHANGED, "" },
		{ "# a\n\n[ccusage]\ntimeout = 5s\n  more\n", CONFIG_EDIT_CHANGED, "" },
		{ "# a\n\n[ccusage]\n", CONFIG_EDIT_GONE, "" },
		{ "", CONFIG_EDIT_GONE, "" },
		/* More has come into the section: its line stays. */
		{ "# a\n\n[ccusage]\ntimeout = 5s\nsettle = 1s\n", CONFIG_EDIT_UNDONE,
		  "# a\n\n[ccusage]\nsettle = 1s\n" },
		{ "# a\n\n[ccusage]\nsettle = 1s\ntimeout = 5s\n", CONFIG_EDIT_UNDONE,
		  "# a\n\n[ccusage]\nsettle = 1s\n" },
		{ "# a\n\n[ccusage]\ntimeout = 5s\n\n# b\n[log]\n", CONFIG_EDIT_UNDONE,
		  "# a\n\n# b\n[log]\n" },
		{ "# new\n# a\n\n[ccusage]\ntimeout = 5s", CONFIG_EDIT_UNDONE, "# new\n# a\n\n[ccusage]" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&back);
		if (config_edit_undo(cases[i].now, strlen(cases[i].now), &change, &back) != cases[i].verdict)
			fail_msg("case %zu", i);
		assert_string_equal(back.len ? buf_str(&back) : "", cases[i].back);
	}
	config_change_release(&change);
	buf_release(&out);
	buf_release(&back);
}

static void what_no_line_can_hold_is_refused(void **state)
{
	char long_word[300];
	const char *words[] = { long_word, NULL };
	static const char *const newline[] = { "a\nb", NULL };
	static const char interrupted[] = "[ccusage]\ncommand = a\n# why\n  b\n";
	static const char no_text[] = "[ccusage]\ncommand = a\0b\n";
	struct config_change change;
	struct buf out = BUF_INIT, error = BUF_INIT;
	(void)state;
	memset(long_word, 'x', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	assert_false(config_edit_set("", 0, "ccusage", "command", words, &change, &out, &error));
	assert_false(config_edit_set("", 0, "ccusage", "command", newline, &change, &out, &error));
	assert_false(config_edit_set(interrupted, strlen(interrupted), "ccusage", "command", words + 1,
				     &change, &out, &error));
	assert_false(config_edit_set(no_text, sizeof(no_text) - 1, "ccusage", "command", words + 1, &change,
				     &out, &error));
	assert_int_equal(out.len, 0);
	buf_release(&out);
	buf_release(&error);
}

/* What was set is what swatchd reads, however long, with blanks and semicolons. */
static void swatchd_reads_what_was_set(void **state)
{
	char quoted[3][180];
	const char *words[] = { quoted[0],  quoted[1], quoted[2],   "blocks",
				"--active", "--json",  "--offline", NULL };
	struct config_change change;
	struct config config;
	struct buf out = BUF_INIT, error = BUF_INIT;
	(void)state;
	snprintf(quoted[0], sizeof(quoted[0]), "\"/home/a b/%0120d \\;x/node\"", 1);
	snprintf(quoted[1], sizeof(quoted[1]), "\"/home/it's \\\"q\\\" \\\\ %%d/%0100d\"", 2);
	snprintf(quoted[2], sizeof(quoted[2]), "\"#[ccusage] = x\"");
	set_words("[log]\nlevel = debug\n", "command", words, &change, &out);
	scratch_write(&test_dir, "swatch.conf", out.data, out.len);
	assert_true(config_init(&config));
	if (config_read_file(&config, scratch_name(&test_dir, "swatch.conf"), true, &error) != 0)
		fail_msg("%s", buf_str(&error));
	char **split = argv_split(config.ccusage_command, &error);
	assert_non_null(split);
	char expected[200];
	snprintf(expected, sizeof(expected), "/home/a b/%0120d ;x/node", 1);
	assert_string_equal(split[0], expected);
	snprintf(expected, sizeof(expected), "/home/it's \"q\" \\ %%d/%0100d", 2);
	assert_string_equal(split[1], expected);
	assert_string_equal(split[2], "#[ccusage] = x");
	assert_string_equal(split[6], "--offline");
	assert_null(split[7]);
	argv_free(split);
	config_release(&config);
	config_change_release(&change);
	buf_release(&out);
	buf_release(&error);
}

/* ---- files made at random ---- */

static uint64_t seed = 20261123;

static size_t pick(size_t count)
{
	return (size_t)(unit_random(&seed) % count);
}

static void make_file(struct buf *out)
{
	static const char *const lines[] = { "",
					     "",
					     "# note",
					     "; timeout = 1s",
					     "[ccusage]",
					     "[log]",
					     "[ccusage] ; x",
					     "timeout = 9s",
					     "  timeout = 8s",
					     "settle = 1s ; y",
					     "\tmore",
					     "level=info",
					     "  # in",
					     " [ccusage]",
					     "timeout",
					     "time out = 1",
					     "[ccusage",
					     "\xC3\xA4 = 1",
					     "   " };
	const char *newline = pick(4) ? "\n" : "\r\n";
	for (size_t n = pick(12); n > 0; n--) {
		buf_append_str(out, lines[pick(19)]);
		if (n > 1 || pick(3))
			buf_append_str(out, newline);
	}
}

static void set_then_undo_gives_the_same_bytes(void **state)
{
	static const char *const words[] = { "5s", NULL };
	size_t edited = 0;
	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct config_change change;
		struct buf text = BUF_INIT, out = BUF_INIT, back = BUF_INIT, error = BUF_INIT;
		make_file(&text);
		if (config_edit_set(buf_str(&text), text.len, "ccusage", "timeout", words, &change, &out,
				    &error)) {
			size_t at, len;
			edited++;
			assert_true(config_edit_find(out.data, out.len, "ccusage", "timeout", &at, &len));
			if (len != strlen("timeout = 5s") || memcmp(out.data + at, "timeout = 5s", len) != 0)
				fail_msg("set in:\n%s\ngave:\n%s", buf_str(&text), out.data);
			assert_int_equal(config_edit_undo(out.data, out.len, &change, &back),
					 CONFIG_EDIT_UNDONE);
			if (back.len != text.len || strcmp(buf_str(&back), buf_str(&text)) != 0)
				fail_msg("set in:\n%s\ngave:\n%s\nand back:\n%s", buf_str(&text), out.data,
					 buf_str(&back));
			config_change_release(&change);
		}
		buf_release(&text);
		buf_release(&out);
		buf_release(&back);
		buf_release(&error);
	}
	/* Only a value with a comment in its midst is refused. */
	assert_true(edited > 15000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_goes_where_its_section_is),
		cmocka_unit_test(a_key_that_is_there_is_replaced_in_its_place),
		cmocka_unit_test(what_was_changed_since_stays),
		cmocka_unit_test(what_no_line_can_hold_is_refused),
		cmocka_unit_test_setup_teardown(swatchd_reads_what_was_set, scratch_set_up,
						scratch_tear_down),
		cmocka_unit_test(set_then_undo_gives_the_same_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
