/* ccusage/find: where an installed ccusage is looked for, and the command that setup writes down. */
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "ccusage/find.h"
#include "scratch.h"
#include "unit.h"

static const char *const variables[] = { "NVM_DIR",	"BUN_INSTALL", "VOLTA_HOME",	"NPM_CONFIG_PREFIX",
					 "PNPM_HOME",	"FNM_DIR",     "ASDF_DATA_DIR", "MISE_DATA_DIR",
					 "NODENV_ROOT", "N_PREFIX" };

static struct ccusage_found found;

static int set_up(void **state)
{
	(void)state;
	scratch_make(&test_dir);
	for (size_t i = 0; i < ARRAY_COUNT(variables); i++)
		unsetenv(variables[i]);
	setenv("HOME", test_dir.path, 1);
	setenv("PATH", scratch_name(&test_dir, "bin"), 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ccusage_found_release(&found);
	scratch_remove(&test_dir);
	return 0;
}

/* A program with all the folders above it. */
static void make_program(const char *name, const char *text)
{
	char folder[200];
	for (const char *slash = name; (slash = strchr(slash, '/')); slash++) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - name), name);
		(void)mkdirat(test_dir.dir_fd, folder, 0700);
	}
	scratch_write_text(&test_dir, name, text);
	assert_int_equal(fchmodat(test_dir.dir_fd, name, 0700, 0), 0);
}

/* Looks; the command's words are those, "~" being the scratch directory, before the ones of a refresh. */
static void expect(const char *words)
{
	struct buf said = BUF_INIT;
	ccusage_found_release(&found);
	assert_true(ccusage_find(&found));
	assert_null(found.missing);
	assert_false(found.service_finds_it);
	for (size_t i = 0; found.words && found.words[i]; i++) {
		bool is_here = strncmp(found.words[i], test_dir.path, strlen(test_dir.path)) == 0;
		buf_printf(&said, "%s%s ", is_here ? "~" : "",
			   found.words[i] + (is_here ? strlen(test_dir.path) : 0));
	}
	if (strncmp(buf_str(&said), words, strlen(words)) != 0)
		fail_msg("'%s' is not '%s'", buf_str(&said), words);
	assert_string_equal(buf_str(&said) + strlen(words), " blocks --active --json --offline ");
	buf_release(&said);
}

static void the_newest_version_of_a_manager_and_its_own_node(void **state)
{
	(void)state;
	static const char *const names[] = { "v9.11.0", "v20.1.0", "v20.10.0", ".cache" };
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		char name[100];
		snprintf(name, sizeof(name), ".nvm/versions/node/%s/bin/ccusage", names[i]);
		make_program(name, "#!/usr/bin/env node\nconsole.log(1)\n");
		snprintf(name, sizeof(name), ".nvm/versions/node/%s/bin/node", names[i]);
		make_program(name, "");
	}
	expect("~/.nvm/versions/node/v20.10.0/bin/node ~/.nvm/versions/node/v20.10.0/bin/ccusage");
	/* The variable names another place, and PATH goes before all of them. */
	make_program("nvm/versions/node/v1/bin/ccusage", "#!/usr/bin/env node\n");
	make_program("nvm/versions/node/v1/bin/node", "");
	setenv("NVM_DIR", scratch_name(&test_dir, "nvm"), 1);
	expect("~/nvm/versions/node/v1/bin/node ~/nvm/versions/node/v1/bin/ccusage");
	setenv("NVM_DIR", "nvm", 1);
	expect("~/.nvm/versions/node/v20.10.0/bin/node ~/.nvm/versions/node/v20.10.0/bin/ccusage");
	make_program("bin/ccusage", "\177ELF");
	expect("~/bin/ccusage");
}

static void what_its_first_line_asks_for(void **state)
{
	(void)state;
	make_program("bin/ccusage", "#! /usr/bin/env -S own-node --max 'a b'\r\n");
	make_program(".volta/bin/own-node", "");
	expect("~/.volta/bin/own-node --max a b ~/bin/ccusage");
	/* No env: the kernel finds that program. */
	make_program("bin/ccusage", "#!/bin/sh\n");
	expect("~/bin/ccusage");
	make_program("bin/ccusage", "#!");
	expect("~/bin/ccusage");
}

static void an_interpreter_that_is_missing_is_named(void **state)
{
	(void)state;
	make_program("bin/ccusage", "#!/usr/bin/env no-such-node --flag\n");
	assert_true(ccusage_find(&found));
	assert_string_equal(found.script, scratch_name(&test_dir, "bin/ccusage"));
	assert_string_equal(found.missing, "no-such-node");
	assert_false(found.service_finds_it);
}

static void folders_of_shims_relative_ones_and_those_of_a_shell(void **state)
{
	(void)state;
	char path[2000];
	make_program(".asdf/shims/ccusage", "#!/bin/sh\n");
	make_program("real/bin/ccusage", "#!/bin/sh\n");
	make_program("fnm_multishells/x", "");
	assert_int_equal(symlinkat("../real/bin", test_dir.dir_fd, "fnm_multishells/1"), 0);
	snprintf(path, sizeof(path), "real/bin:.::%s:%s", scratch_name(&test_dir, ".asdf/shims"),
		 scratch_name(&test_dir, "fnm_multishells/1"));
	assert_int_equal(fchdir(test_dir.dir_fd), 0);
	setenv("PATH", path, 1);
	expect("~/real/bin/ccusage");
	assert_int_equal(chdir("/"), 0);
}

static void nothing_is_no_failure(void **state)
{
	(void)state;
	assert_true(ccusage_find(&found));
	/* This machine may have one for everybody. */
	if (found.script && strncmp(found.script, "/usr/", 5) != 0 && strncmp(found.script, "/bin/", 5) != 0)
		fail_msg("found %s", found.script);
	assert_true(found.script || !found.words);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_newest_version_of_a_manager_and_its_own_node),
		CASE(what_its_first_line_asks_for),
		CASE(an_interpreter_that_is_missing_is_named),
		CASE(folders_of_shims_relative_ones_and_those_of_a_shell),
		CASE(nothing_is_no_failure),
	};
	return cmocka_run_group_tests_name("ccusage_find", tests, NULL, NULL);
}
