/*
 * The table of commands and its completions, the programs that commands run, and what is suggested for a
 * typo.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "swatch/cli/command.h"
#include "swatch/cli/program.h"
#include "swatch/ui/suggest.h"

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

static void test_completions_know_every_command_and_option(void **state UNUSED)
{
	AUTO_BUF table = BUF_INIT;
	size_t expected = 0, listed = 0;
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

static void test_table_is_sound(void **state UNUSED)
{
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

static void test_completions_are_what_the_table_gives(void **state UNUSED)
{
	static const char *const words[] = { "/bin/sh", SWATCH_SOURCE_DIR "/contrib/completions/generate.sh",
					     "--check", NULL };
	assert_int_equal(run(words), 0);
}

/* ---- other programs ---- */

static void test_running_a_program(void **state UNUSED)
{
	static const char *const exits[] = { "/bin/sh", "-c", "exit 4", NULL };
	static const char *const dies[] = { "/bin/sh", "-c", "kill -KILL $$", NULL };
	static const char *const missing[] = { "/nonexistent/program", NULL };
	assert_int_equal(run(exits), 4);
	assert_int_equal(run(dies), 128 + SIGKILL);
	assert_int_equal(run(missing), -1);
	assert_int_equal(errno, ENOENT);
}

static void test_finding_external_commands(void **state UNUSED)
{
	char dir[] = "/tmp/swatch-test-program.XXXXXX";
	char path[64];
	char search[128];
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

static void test_distance(void **state UNUSED)
{
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

static void test_suggestion(void **state UNUSED)
{
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
