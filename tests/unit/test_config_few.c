/*
 * The statusline's reader of the few settings it needs, against the whole reader, on made-up files: what the
 * whole one takes without a fault, the small one reads the same. The seed is printed; SWATCH_TEST_SEED=N runs
 * another one.
 */
#include "unit.h"

#include "config/config.h"
#include "scratch.h"
#include "config/few.h"

#define SOME_ROUNDS 4000
#define ALL_ROUNDS 20000
#define LINES_MAX 8

static uint64_t random_state;

static size_t pick(size_t count)
{
	return (size_t)(unit_random(&random_state) % count);
}
#define PICK(list) (list)[pick(sizeof(list) / sizeof((list)[0]))]

static void add_line(struct buf *text)
{
	static const char *const sections[] = { "[cache]", "[daemon]", "[statusline]",
						"[log]",   " [cache]", "[statusline] ; x" };
	static const char *const settings[] = { "directory", "autostart", "format", "preset", "level" };
	static const char *const separators[] = { "=", " = ", ": ", " =", "=\t" };
	static const char *const values[] = {
		"",	   "yes", "no",	   "compact", "full", "/a b/c", "{model} ; {today}",
		"{a};{b}", "x  ", "debug", "a = b",   "a: b", "\"q\"",	"[x]"
	};
	static const char *const others[] = { "",
					      "; a comment",
					      "# another",
					      "  ",
					      "\tmore of it",
					      "  ; indented comment",
					      "   {x} ; cut",
					      "   a = b",
					      " # no" };
	switch (pick(3)) {
	case 0:
		buf_append_str(text, PICK(sections));
		break;
	case 1:
		buf_append_str(text, PICK(settings));
		buf_append_str(text, PICK(separators));
		buf_append_str(text, PICK(values));
		break;
	default:
		buf_append_str(text, PICK(others));
	}
	buf_append_str(text, pick(8) == 0 ? "\r\n" : "\n");
}

static const char *const preset_names[] = { "ccusage", "compact", "full", "powerline", "plain" };

/* One file. Returns false when it has a fault: then the whole reader takes nothing from it. */
static bool compare(const char *path)
{
	struct config config;
	struct config_few small = CONFIG_FEW_INIT;
	AUTO_BUF errors = BUF_INIT;
	assert_true(config_init(&config));
	bool good = config_read_file(&config, path, true, &errors) == 0;
	if (good) {
		config_few_read(&small, path);
		assert_string_equal(buf_str(&small.cache_directory), config.cache_directory);
		assert_string_equal(buf_str(&small.format), config.statusline_format);
		assert_string_equal(small.autostart.len ? buf_str(&small.autostart) : "no",
				    config.daemon_autostart == AUTOSTART_YES ? "yes" : "no");
		assert_string_equal(small.preset.len ? buf_str(&small.preset) : "full",
				    preset_names[config.statusline_preset]);
	}
	config_few_release(&small);
	config_release(&config);
	return good;
}

static void reads_what_the_whole_reader_reads(void **state UNUSED)
{
	const char *given = getenv("SWATCH_TEST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : 20261123;
	size_t good = 0, rounds = (size_t)unit_rounds(SOME_ROUNDS, ALL_ROUNDS);
	print_message("seed %llu\n", (unsigned long long)seed);
	random_state = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
	for (size_t round = 0; round < rounds; round++) {
		AUTO_BUF text = BUF_INIT;
		if (pick(20) == 0)
			buf_append_str(&text, "\xEF\xBB\xBF");
		buf_append_str(&text, "[statusline]\n");
		for (size_t i = pick(LINES_MAX); i > 0; i--)
			add_line(&text);
		scratch_write(&test_dir, "swatch.conf", text.data, text.len);
		good += compare(scratch_name(&test_dir, "swatch.conf"));
	}
	/* Or it would be a test of nothing. */
	assert_true(good > rounds / 20);
}

static void a_comment_ends_an_indented_line(void **state UNUSED)
{
	struct config_few light = CONFIG_FEW_INIT;
	static const char text[] = "[statusline]\nformat = {dir}\n  {vim} ; gone\n";
	config_few_parse(&light, text, strlen(text));
	assert_string_equal(buf_str(&light.format), "{dir} {vim}");
	config_few_release(&light);
}

static void settings_read_as_the_whole_reader_does(void **state UNUSED)
{
	static const char *const texts[] = {
		"[statusline]\nformat = {model}\npreset = plain\n[cache]\ndirectory = /x/y\n",
		("[cache]\ndirectory: ~/c ; a comment\n# format = no\n[statusline] ; here too\nformat={model}"
		 "; kept\n"),
		"[log]\nlevel = debug\n[statusline]\n  format = {model}{|}\n   {?rate_5h: 5h}   \n\t{vim}\n",
		"\xEF\xBB\xBF[statusline]\r\nformat = a = b : c\r\n; comment\r\npreset = compact\r\n",
		"[statusline]\nformat =\n  {dir}\n\n  {cwd}\n; x\npreset=ccusage\nformat = last\n",
		"[statusline]\nformat = [not] a section\n[cache]\n",
		"",
		"\n\n",
		"[statusline]\n",
	};
	const char *path = scratch_name(&test_dir, "swatch.conf");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		scratch_write_text(&test_dir, "swatch.conf", texts[i]);
		assert_true(compare(path));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)
		TEST(reads_what_the_whole_reader_reads),
		TEST(settings_read_as_the_whole_reader_does),
		cmocka_unit_test(a_comment_ends_an_indented_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
