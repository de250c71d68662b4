#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/keys.h"
#include "fail_alloc.h"
#include "scratch.h"

static int set_up(void **state)
{
	(void)state;
	scratch_make(&test_dir);
	/* A tz database of one zone. */
	assert_int_equal(mkdir(scratch_name(&test_dir, "zoneinfo"), 0700), 0);
	assert_int_equal(mkdir(scratch_name(&test_dir, "zoneinfo/Europe"), 0700), 0);
	scratch_write_text(&test_dir, "zoneinfo/Europe/Berlin", "TZif2");
	setenv("TZDIR", scratch_name(&test_dir, "zoneinfo"), 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unsetenv("TZDIR");
	scratch_remove(&test_dir);
	return 0;
}

/* Reads `len` bytes as swatch.conf; the errors' file name is replaced by F. */
static int read_bytes(struct config *config, const char *text, size_t len, char errors[8192])
{
	struct buf said = BUF_INIT;
	scratch_write(&test_dir, "swatch.conf", text, len);
	assert_true(config_init(config));
	const char *path = scratch_name(&test_dir, "swatch.conf");
	int result = config_read_file(config, path, true, &said);
	errors[0] = '\0';
	const char *at = buf_str(&said);
	size_t used = 0;
	while (*at && used < 8000) {
		if (strncmp(at, path, strlen(path)) == 0) {
			errors[used++] = 'F';
			at += strlen(path);
		} else {
			errors[used++] = *at++;
		}
	}
	errors[used] = '\0';
	assert_int_equal(result, used > 0 ? -1 : 0);
	buf_release(&said);
	return result;
}

/* How `swatch config` shows a setting. */
static void expect_shown(const struct config *config, const char *section, const char *name,
			 const char *expected)
{
	struct buf value = BUF_INIT;
	for (size_t i = 0; i < config_key_count; i++)
		if (strcmp(config_keys[i].section, section) == 0 && strcmp(config_keys[i].name, name) == 0)
			config_append_value(config, &config_keys[i], &value);
	assert_string_equal(buf_str(&value), expected);
	buf_release(&value);
}

static void expect_error(const char *text, const char *expected)
{
	struct config config;
	char errors[8192];
	read_bytes(&config, text, strlen(text), errors);
	config_release(&config);
	assert_string_equal(errors, expected);
}

/* Reads a file that is good. */
static void read_good(struct config *config, const char *text)
{
	char errors[8192];
	read_bytes(config, text, strlen(text), errors);
	assert_string_equal(errors, "");
}

static void check_defaults(const struct config *c)
{
	assert_string_equal(c->watch_paths, "");
	assert_int_equal(c->watch_tail_delay_ms, 50);
	assert_int_equal(c->watch_method, WATCH_AUTO);
	assert_int_equal(c->billing_source, BILLING_AUTO);
	assert_string_equal(c->billing_timezone, "");
	assert_string_equal(c->ccusage_command, "ccusage blocks --active --json --offline");
	assert_int_equal(c->ccusage_timeout_ms, 60000);
	assert_int_equal(c->ccusage_settle_ms, 2000);
	assert_int_equal(c->ccusage_max_delay_ms, 10000);
	assert_int_equal(c->ccusage_ttl_low_ms, 300000);
	assert_int_equal(c->ccusage_ttl_mid_ms, 120000);
	assert_int_equal(c->ccusage_ttl_high_ms, 60000);
	assert_true(c->ccusage_burn_low_usd == 1);
	assert_true(c->ccusage_burn_high_usd == 5);
	assert_int_equal(c->ccusage_memory_limit_bytes, 0);
	assert_string_equal(c->cache_directory, "");
	assert_int_equal(c->sessions_idle_after_ms, 1800000);
	assert_int_equal(c->sessions_expire_after_ms, 604800000);
	assert_int_equal(c->sessions_max_files, 100);
	assert_int_equal(c->sessions_preview, 80);
	assert_int_equal(c->log_level, LOG_LEVEL_INFO);
}

static void an_empty_file_leaves_the_defaults(void **state)
{
	(void)state;
	struct config config;
	read_good(&config, "");
	check_defaults(&config);
	config_release(&config);
	read_good(&config, "\xEF\xBB\xBF# only a comment\r\n\n; and another\n[log]\n");
	check_defaults(&config);
	config_release(&config);
}

static void every_key_is_read(void **state)
{
	(void)state;
	struct config c;
	read_good(
		&c,
		"[watch]\npaths = ~/a, /b c ; comment\ntail_delay=0\nmethod: poll\n"
		"[billing]\nsource = ccusage\ntimezone = Europe/Berlin\n"
		"[ccusage]\r\ncommand = node \"/opt/x y/ccusage\" 'a b'\r\ntimeout = 1.5s\r\nsettle = 500 "
		"ms\n"
		"max_delay = 10min\nttl_low = 1d\nttl_mid = 90\nttl_high = 0s\nburn_low = 0.25\nburn_high = "
		"7.5\n"
		"memory_limit = 512m\n[cache]\ndirectory = /c#d\n[sessions]\nidle_after = 1h\nexpire_after "
		"= 2w\n"
		"max_files = 1\npreview = 500\n[log]\nlevel = debug");
	assert_string_equal(c.watch_paths, "~/a, /b c");
	assert_int_equal(c.watch_tail_delay_ms, 0);
	assert_int_equal(c.watch_method, WATCH_POLL);
	assert_int_equal(c.billing_source, BILLING_CCUSAGE);
	assert_string_equal(c.billing_timezone, "Europe/Berlin");
	assert_string_equal(c.ccusage_command, "node \"/opt/x y/ccusage\" 'a b'");
	assert_int_equal(c.ccusage_timeout_ms, 1500);
	assert_int_equal(c.ccusage_settle_ms, 500);
	assert_int_equal(c.ccusage_max_delay_ms, 600000);
	assert_int_equal(c.ccusage_ttl_low_ms, 86400000);
	assert_int_equal(c.ccusage_ttl_mid_ms, 90000);
	assert_int_equal(c.ccusage_ttl_high_ms, 0);
	assert_true(c.ccusage_burn_low_usd == 0.25);
	assert_true(c.ccusage_burn_high_usd == 7.5);
	assert_int_equal(c.ccusage_memory_limit_bytes, 536870912);
	assert_string_equal(c.cache_directory, "/c#d");
	assert_int_equal(c.sessions_idle_after_ms, 3600000);
	assert_int_equal(c.sessions_expire_after_ms, 1209600000);
	assert_int_equal(c.sessions_max_files, 1);
	assert_int_equal(c.sessions_preview, 500);
	assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
	config_release(&c);
}

static void a_bad_value_says_what_is_allowed(void **state)
{
	(void)state;
	expect_error("# x\n[ccusage]\ntimeout = x\n",
		     "F:3: [ccusage] timeout = x: not a duration; allowed: 1s to 10m, such as 60s\n");
	expect_error("[ccusage]\ntimeout = 20m\n",
		     "F:2: [ccusage] timeout = 20m: out of range; allowed: 1s to 10m, such as 60s\n");
	expect_error("[ccusage]\nmemory_limit = 63M\n",
		     "F:2: [ccusage] memory_limit = 63M: out of range; allowed: 0 (none), or 64M to 64G\n");
	expect_error("[ccusage]\nmemory_limit = lots\n",
		     "F:2: [ccusage] memory_limit = lots: not a size; allowed: 0 (none), or 64M to 64G\n");
	expect_error(
		"[ccusage]\nburn_low = $1\n",
		"F:2: [ccusage] burn_low = $1: not an amount of US dollars; allowed: 0 to 1000000,"
		" such as 1\n");
	expect_error("[sessions]\nmax_files = 0\npreview = 1.5\n",
		     "F:2: [sessions] max_files = 0: out of range; allowed: 1 to 100000, such as 100\n"
		     "F:3: [sessions] preview = 1.5: not a whole number; allowed: 0 to 500, such as 80\n");
	expect_error("[watch]\nmethod = AUTO\n",
		     "F:2: [watch] method = AUTO: not one of the choices; allowed: auto, inotify, poll\n");
	expect_error("[log]\nlevel =\n",
		     "F:2: [log] level = : not one of the choices; allowed: error, warning, info, debug\n");
	expect_error("[billing]\ntimezone = Europe/Brelin\n",
		     "F:2: [billing] timezone = Europe/Brelin: not a time zone of this machine; "
		     "allowed: a name of the tz database, such as Europe/Berlin, or nothing\n");
}

static void no_odd_number_gets_through(void **state)
{
	(void)state;
	static const char *const bad[] = { "",
					   "-1",
					   "+1s",
					   "inf",
					   "nan",
					   "0x10",
					   "1e3",
					   "1.2.3",
					   ".",
					   "1 s s",
					   "1s1",
					   "s",
					   "99999999999999999999",
					   "1S",
					   "1,5s",
					   "999999999999999999w",
					   "999999999999999999G" };
	int64_t value = 77;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (config_parse_duration(bad[i], &value) || config_parse_size(bad[i], &value))
			fail_msg("accepted: %s", bad[i]);
	}
	assert_int_equal(value, 77);
	assert_true(config_parse_size("1.5k", &value));
	assert_int_equal(value, 1536);
	assert_true(config_parse_size("4096", &value));
	assert_int_equal(value, 4096);
	assert_true(config_parse_duration("0.5", &value));
	assert_int_equal(value, 500);
}

static void what_is_unknown_is_named(void **state)
{
	(void)state;
	expect_error("[sessions]\nmaxfiles = 3\n", "F:2: there is no key 'maxfiles' in [sessions]; allowed: "
						   "idle_after, expire_after, max_files, preview, secrets\n");
	expect_error("[watch]\nsettle = 3\n", "F:2: 'settle' belongs in [ccusage]\n");
	expect_error(
		"[wtach]\npaths = /a\n",
		"F:2: there is no section [wtach]; allowed: "
		"[watch], [billing], [ccusage], [cache], [sessions], [ledger], [daemon], [sandbox],"
		" [statusline], [alerts], [log]\n");
	expect_error(
		"foo = 3\n",
		"F:1: 'foo' stands before the first section; sections: "
		"[watch], [billing], [ccusage], [cache], [sessions], [ledger], [daemon], [sandbox],"
		" [statusline], [alerts], [log]\n");
	expect_error("\n[log]\nnonsense\n",
		     "F:3: neither a [section], nor key = value, nor a comment (; or #)\n");
	expect_error("[log\n", "F:1: neither a [section], nor key = value, nor a comment (; or #)\n");
}

static void lists_are_sorted_and_each_number_is_checked(void **state)
{
	(void)state;
	static const struct {
		const char *value, *fault;
	} bad[] = {
		{ "much", "not a list of amounts of US dollars" },
		{ "1,,2", "not a list of amounts of US dollars" },
		{ "1,", "not a list of amounts of US dollars" },
		{ "1 2", "not a list of amounts of US dollars" },
		{ "-1", "not a list of amounts of US dollars" },
		{ "5%", "not a list of amounts of US dollars" },
		{ "0", "out of range" },
		{ "1, 2e6", "not a list of amounts of US dollars" },
		{ "1, 2000000", "out of range" },
		{ "1,2,3,4,5,6,7,8,9", "out of range" },
	};
	struct config c;
	read_good(&c,
		  "[alerts]\nblock_cost = 40, 20.5usd ,20.5,1 USD\nfive_hour = 95%,80 %\nseven_day =\n"
		  "today_cost = 1,2,3,4,5,6,7,8\ncache_cools = 2m\nlimit_reset = no\ncommand = a 'b c'\n");
	assert_int_equal(c.alerts_block_cost_usd.count, 3);
	assert_true(c.alerts_block_cost_usd.at[0] == 1. && c.alerts_block_cost_usd.at[1] == 20.5
		    && c.alerts_block_cost_usd.at[2] == 40.);
	assert_int_equal(c.alerts_five_hour_percent.count, 2);
	assert_true(c.alerts_five_hour_percent.at[0] == 80. && c.alerts_five_hour_percent.at[1] == 95.);
	assert_int_equal(c.alerts_seven_day_percent.count, 0);
	assert_int_equal(c.alerts_today_cost_usd.count, CONFIG_NUMBERS_MAX);
	assert_int_equal(c.alerts_cache_cools_ms, 120000);
	assert_int_equal(c.alerts_limit_reset, 0);
	assert_int_equal(c.alerts_limit_reached, 1);
	expect_shown(&c, "alerts", "block_cost", "1, 20.5, 40");
	expect_shown(&c, "alerts", "five_hour", "80, 95");
	expect_shown(&c, "alerts", "seven_day", "");
	config_release(&c);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[128], expected[512];
		snprintf(text, sizeof(text), "[alerts]\nblock_cost = %s\n", bad[i].value);
		snprintf(expected, sizeof(expected),
			 "F:2: [alerts] block_cost = %s: %s; allowed: up to 8 numbers with commas "
			 "between, each 0.01 to 1000000, or nothing\n",
			 bad[i].value, bad[i].fault);
		expect_error(text, expected);
	}
	expect_error("[alerts]\ncommand = sh -c 'x ; y'\n",
		     "F:2: [alerts] command: a quote is not closed; a ; after a blank "
		     "begins a comment, in quotes too\n");
}

static void every_fault_is_told(void **state)
{
	(void)state;
	expect_error("[log]\nlevel = loud\nfoo = 1\n[ccusage]\nsettle = -\n",
		     "F:2: [log] level = loud: not one of the choices; allowed: error, warning, info, debug\n"
		     "F:3: there is no key 'foo' in [log]; allowed: level\n"
		     "F:5: [ccusage] settle = -: not a duration; allowed: 0s to 1m, such as 2s\n");
}

static void keys_must_agree_with_each_other(void **state)
{
	(void)state;
	expect_error("[ccusage]\nmax_delay = 1s\nsettle = 20s\n",
		     "F:3: [ccusage] settle is longer than max_delay; allowed: settle up to max_delay\n");
	expect_error("[ccusage]\nsettle = 11s\n",
		     "F:2: [ccusage] settle is longer than max_delay; allowed: settle up to max_delay\n");
	expect_error("[ccusage]\nburn_high = 0.5\n",
		     "F:2: [ccusage] burn_low is above burn_high; allowed: burn_low up to burn_high\n");
}

static void an_indented_line_goes_on_with_a_text(void **state)
{
	(void)state;
	struct config c;
	read_good(&c, "[watch]\npaths = /a,\n  /b,\n\t/c d\n[ccusage]\ncommand =\n  node /x\n  --json\n");
	assert_string_equal(c.watch_paths, "/a, /b, /c d");
	assert_string_equal(c.ccusage_command, "node /x --json");
	config_release(&c);
	/* After a section's line there is nothing to go on with: indented settings are settings. */
	read_good(&c, "[ccusage]\n  command = foo\n");
	assert_string_equal(c.ccusage_command, "foo");
	config_release(&c);
	static const char hint[] = "an indented line goes on with the value of '%s' before it; "
				   "begin a setting at the start of its line\n";
	char expected[200];
	int used = snprintf(expected, sizeof(expected), "F:3: ");
	snprintf(expected + used, sizeof(expected) - (size_t)used, hint, "paths");
	expect_error("[watch]\npaths = /a\n  tail_delay = 5s\n", expected);
	expect_error("[watch]\npaths = /a\n  [log]\n", expected);
	used = snprintf(expected, sizeof(expected), "F:4: ");
	snprintf(expected + used, sizeof(expected) - (size_t)used, hint, "timeout");
	expect_error("[ccusage]\ntimeout = 60s\n\n  5s\n", expected);
}

static void a_comment_in_quotes_is_not_swallowed(void **state)
{
	(void)state;
	static const char hint[] = "[ccusage] command: a quote is not closed; "
				   "a ; after a blank begins a comment, in quotes too\n";
	char expected[200];
	snprintf(expected, sizeof(expected), "F:2: %s", hint);
	expect_error("[ccusage]\ncommand = sh -c 'a ; b'\n", expected);
	struct config c;
	read_good(&c, "[ccusage]\ncommand = sh -c 'a;b' \\\" \"it's\" ; a comment, isn't it\n");
	assert_string_equal(c.ccusage_command, "sh -c 'a;b' \\\" \"it's\"");
	config_release(&c);
}

static void a_long_line_is_refused_not_split(void **state)
{
	(void)state;
	for (size_t len = 150; len < 600; len++) {
		struct config c;
		char text[1024], errors[8192];
		int start = snprintf(text, sizeof(text), "[watch]\npaths = ");
		size_t path_len = len - strlen("paths = ");
		memset(text + start, 'p', path_len);
		snprintf(text + start + path_len, 32, "\n[log]\nlevel = debug\n");
		read_bytes(&c, text, strlen(text), errors);
		if (len <= 197) {
			assert_string_equal(errors, "");
			assert_int_equal(strlen(c.watch_paths), path_len);
			assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
		} else {
			assert_string_equal(errors, "F:2: line too long: 197 bytes at most; "
						    "a text may go on in indented lines\n");
		}
		config_release(&c);
	}
}

static void a_file_that_is_none_is_refused(void **state)
{
	(void)state;
	struct config c;
	char errors[8192];
	read_bytes(&c, "[log]\nlevel = de\0bug\n", 20, errors);
	assert_string_equal(errors, "F:2: contains a NUL byte: this is not a text file\n");
	config_release(&c);

	char *large = malloc(65537);
	assert_non_null(large);
	memset(large, '\n', 65537);
	read_bytes(&c, large, 65537, errors);
	assert_string_equal(errors, "F: is larger than 64 KiB: this is not a swatch.conf\n");
	config_release(&c);
	read_bytes(&c, large, 65536, errors);
	assert_string_equal(errors, "");
	config_release(&c);
	free(large);
}

static void only_a_regular_file_is_read(void **state)
{
	(void)state;
	struct config c;
	struct buf errors = BUF_INIT;
	assert_true(config_init(&c));
	/* A FIFO without a writer must not hold the daemon up. */
	assert_int_equal(mkfifo(scratch_name(&test_dir, "fifo"), 0600), 0);
	assert_int_equal(config_read_file(&c, scratch_name(&test_dir, "fifo"), false, &errors), -1);
	assert_non_null(strstr(buf_str(&errors), "fifo: is not a regular file\n"));
	buf_clear(&errors);
	assert_int_equal(config_read_file(&c, test_dir.path, false, &errors), -1);
	assert_non_null(strstr(buf_str(&errors), ": is not a regular file\n"));
	buf_clear(&errors);
	assert_int_equal(config_read_file(&c, scratch_name(&test_dir, "absent"), false, &errors), 0);
	assert_string_equal(buf_str(&errors), "");
	check_defaults(&c);
	assert_int_equal(config_read_file(&c, scratch_name(&test_dir, "absent"), true, &errors), -1);
	assert_non_null(strstr(buf_str(&errors), "absent: does not exist\n"));
	buf_release(&errors);
	config_release(&c);
}

/* A setting's value is shown in words that set it to the same. */
static void a_value_that_is_shown_sets_the_same(void **state)
{
	(void)state;
	struct config c, again;
	read_good(
		&c,
		"[watch]\npaths = a b,\n c  d\ntail_delay = 1500ms\n[ccusage]\nburn_low = 0.0001\nburn_high "
		"= 12.125\n"
		"memory_limit = 100000K\n[sessions]\nidle_after = 90m\nexpire_after = 36h\n[log]\nlevel = "
		"error\n");
	expect_shown(&c, "watch", "paths", "a b, c  d");
	expect_shown(&c, "watch", "tail_delay", "1500ms");
	expect_shown(&c, "ccusage", "burn_low", "0.0001");
	expect_shown(&c, "ccusage", "burn_high", "12.125");
	expect_shown(&c, "ccusage", "memory_limit", "100000K");
	expect_shown(&c, "sessions", "idle_after", "90m");
	expect_shown(&c, "sessions", "expire_after", "36h");
	expect_shown(&c, "log", "level", "error");
	assert_true(config_init(&again));
	for (size_t i = 0; i < config_key_count; i++) {
		struct buf value = BUF_INIT;
		config_append_value(&c, &config_keys[i], &value);
		assert_int_equal(config_set_key(&again, &config_keys[i], buf_str(&value)), CONFIG_FINE);
		expect_shown(&again, config_keys[i].section, config_keys[i].name, buf_str(&value));
		buf_release(&value);
	}
	assert_string_equal(again.watch_paths, c.watch_paths);
	assert_int_equal(again.watch_tail_delay_ms, 1500);
	assert_true(again.ccusage_burn_low_usd == 0.0001);
	assert_int_equal(again.ccusage_memory_limit_bytes, 102400000);
	assert_int_equal(again.sessions_expire_after_ms, 129600000);
	config_release(&c);
	config_release(&again);
}

/* As long as a line may be, behind the name and on a line of its own; and with what begins a comment
 * elsewhere. */
static void a_long_word_is_read(void **state)
{
	(void)state;
	char word[190];
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	static const struct {
		const char *before, *behind, *read_before, *read_behind;
	} cases[] = {
		{ "format=", "x", "", "x" },
		{ "format =\n ", "123456", "", "123456" },
		{ "format=#", "", "#", "" },
		{ "format = a b\n ", "123456\n c", "a b ", "123456 c" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config c;
		char text[512], expected[512];
		snprintf(text, sizeof(text), "[statusline]\n%s%s%s\n", cases[i].before, word,
			 cases[i].behind);
		snprintf(expected, sizeof(expected), "%s%s%s", cases[i].read_before, word,
			 cases[i].read_behind);
		read_good(&c, text);
		assert_string_equal(c.statusline_format, expected);
		config_release(&c);
	}
}

static void the_written_defaults_are_the_defaults(void **state)
{
	(void)state;
	struct config c;
	struct buf text = BUF_INIT;
	config_write_defaults(&text);
	assert_non_null(strstr(buf_str(&text), "\n[ccusage]\n"));
	assert_non_null(strstr(buf_str(&text), "\n# allowed: 1s to 10m, such as 60s\ntimeout = 60s\n"));
	read_good(&c, buf_str(&text));
	check_defaults(&c);
	config_release(&c);
	buf_release(&text);
}

static void the_default_path_is_xdgs(void **state)
{
	(void)state;
	setenv("XDG_CONFIG_HOME", "/x/conf", 1);
	char *path = config_default_path();
	assert_string_equal(path, "/x/conf/swatch/swatch.conf");
	free(path);
	unsetenv("XDG_CONFIG_HOME");
	setenv("HOME", "/home/u", 1);
	path = config_default_path();
	assert_string_equal(path, "/home/u/.config/swatch/swatch.conf");
	free(path);
}

static void expect_pricing_path(const char *config_path, const char *expected)
{
	char *path = config_pricing_path(config_path);
	assert_string_equal(path, expected);
	free(path);
}

static void pricing_stands_beside_the_config(void **state)
{
	(void)state;
	setenv("XDG_CONFIG_HOME", "/x/conf", 1);
	expect_pricing_path(NULL, "/x/conf/swatch/pricing.json");
	expect_pricing_path("/etc/my.conf", "/etc/pricing.json");
	expect_pricing_path("sub/my.conf", "sub/pricing.json");
	expect_pricing_path("my.conf", "pricing.json");
	expect_pricing_path("/my.conf", "/pricing.json");
	unsetenv("XDG_CONFIG_HOME");
}

/* Whichever allocation fails: an error, no leak, and no half-made config that is called good. */
static void memory_may_run_out(void **state)
{
	(void)state;
	scratch_write_text(&test_dir, "m.conf",
			   "[watch]\npaths = /a,\n  /b\n[ccusage]\ncommand = x\ntimeout = 3s\n");
	const char *path = scratch_name(&test_dir, "m.conf");
	int failures = 0;
	for (int count = 0;; count++) {
		struct config c;
		struct buf errors = BUF_INIT;
		fail_alloc_after(count);
		bool ready = config_init(&c);
		int result = ready ? config_read_file(&c, path, true, &errors) : -1;
		bool had_failed = fail_alloc_stop();
		assert_int_equal(result, had_failed ? -1 : 0);
		if (!had_failed)
			assert_string_equal(c.watch_paths, "/a, /b");
		if (ready)
			config_release(&c);
		buf_release(&errors);
		if (!had_failed)
			break;
		failures++;
	}
	assert_true(failures > 8);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_empty_file_leaves_the_defaults),
		CASE(every_key_is_read),
		CASE(a_bad_value_says_what_is_allowed),
		CASE(no_odd_number_gets_through),
		CASE(what_is_unknown_is_named),
		CASE(lists_are_sorted_and_each_number_is_checked),
		CASE(every_fault_is_told),
		CASE(keys_must_agree_with_each_other),
		CASE(an_indented_line_goes_on_with_a_text),
		CASE(a_comment_in_quotes_is_not_swallowed),
		CASE(a_long_line_is_refused_not_split),
		CASE(a_file_that_is_none_is_refused),
		CASE(only_a_regular_file_is_read),
		CASE(a_value_that_is_shown_sets_the_same),
		CASE(a_long_word_is_read),
		CASE(the_written_defaults_are_the_defaults),
		CASE(the_default_path_is_xdgs),
		CASE(pricing_stands_beside_the_config),
		CASE(memory_may_run_out),
	};
	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
