#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

static int read_end, saved_stderr;

/* stderr goes into a pipe, so that a test reads what was said. */
static int catch_stderr(void **state)
{
	int ends[2];
	(void)state;
	saved_stderr = dup(STDERR_FILENO);
	if (saved_stderr < 0 || pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0)
		return -1;
	close(ends[1]);
	read_end = ends[0];
	return fcntl(read_end, F_SETFL, O_NONBLOCK);
}

static int release_stderr(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	close(read_end);
	int result = dup2(saved_stderr, STDERR_FILENO) < 0 ? -1 : 0;
	close(saved_stderr);
	return result;
}

static const char *said(void)
{
	static char text[8192];
	ssize_t got = read(read_end, text, sizeof(text) - 1);
	text[got > 0 ? got : 0] = '\0';
	return text;
}

static void says_what_the_level_lets_through(void **state)
{
	(void)state;
	log_init("swatchd", LOG_LEVEL_WARNING);
	log_info("not this");
	log_debug("nor this");
	assert_string_equal(said(), "");
	log_error("cannot open %s", "/x");
	log_warning("%d", 7);
	assert_string_equal(said(), "swatchd: cannot open /x\nswatchd: 7\n");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("now");
	assert_string_equal(said(), "swatchd: now\n");
}

static void masks_control_characters(void **state)
{
	(void)state;
	log_init("swatchd", LOG_LEVEL_INFO);
	log_info("a\nb\033[31m\x7f \xC2\x9B" "c \xC3\xA4");
	assert_string_equal(said(), "swatchd: a?b?[31m? ??c \xC3\xA4\n");
}

static void cuts_a_long_line(void **state)
{
	(void)state;
	char text[5000];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_init("swatchd", LOG_LEVEL_INFO);
	log_info("%s", text);
	const char *line = said();
	assert_true(strlen(line) > 1000 && strlen(line) <= 2048);
	assert_int_equal(line[strlen(line) - 1], '\n');
	assert_memory_equal(line, "swatchd: xxx", 12);
}

static void gives_the_journal_weights(void **state)
{
	(void)state;
	struct stat st;
	char stream[64];
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_init("swatchd", LOG_LEVEL_DEBUG);
	log_error("e");
	log_warning("w");
	log_info("i");
	log_debug("d");
	assert_string_equal(said(), "<3>e\n<4>w\n<6>i\n<7>d\n");
	/* A shell in a desktop session inherits the variable: its stderr is another file. */
	setenv("JOURNAL_STREAM", "1:2", 1);
	log_init("swatchd", LOG_LEVEL_DEBUG);
	log_error("e");
	assert_string_equal(said(), "swatchd: e\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(says_what_the_level_lets_through, catch_stderr,
						release_stderr),
		cmocka_unit_test_setup_teardown(masks_control_characters, catch_stderr, release_stderr),
		cmocka_unit_test_setup_teardown(cuts_a_long_line, catch_stderr, release_stderr),
		cmocka_unit_test_setup_teardown(gives_the_journal_weights, catch_stderr, release_stderr),
	};
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
