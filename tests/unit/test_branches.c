/* ledger/branches: each line of a transcript has the branch that it was written on. */
#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "ledger/branches.h"

static void note(struct ledger_branches *branches, uint32_t file, int64_t offset, const char *name)
{
	ledger_branches_note(branches, file, offset,
			     name ? (struct slice){ name, strlen(name) } : (struct slice){ NULL, 0 });
}

static void a_line_has_the_branch_of_the_last_change_before_it(void **state)
{
	(void)state;
	struct ledger_branches b = { .count = 0 };
	note(&b, 7, 100, "main");
	note(&b, 3, 50, "other");
	note(&b, 7, 200, "main");
	note(&b, 7, 300, "fix/\\u00e9");
	note(&b, 7, 400, NULL);
	note(&b, 7, 500, "main");
	assert_string_equal(ledger_branches_find(&b, 7, 99), "");
	assert_string_equal(ledger_branches_find(&b, 7, 100), "main");
	assert_string_equal(ledger_branches_find(&b, 7, 299), "main");
	assert_string_equal(ledger_branches_find(&b, 7, 300), "fix/\xc3\xa9");
	assert_string_equal(ledger_branches_find(&b, 7, 450), "");
	assert_string_equal(ledger_branches_find(&b, 7, 900), "main");
	assert_string_equal(ledger_branches_find(&b, 3, 60), "other");
	assert_string_equal(ledger_branches_find(&b, 99, 60), "");
	/* Read again. */
	note(&b, 7, 100, "elsewhere");
	assert_string_equal(ledger_branches_find(&b, 7, 250), "main");
	ledger_branches_release(&b);
}

static void names_that_no_branch_has_are_not_known(void **state)
{
	(void)state;
	struct ledger_branches b = { .count = 0 };
	char longest[LEDGER_BRANCH_MAX + 2];
	memset(longest, 'x', sizeof(longest));
	longest[LEDGER_BRANCH_MAX + 1] = '\0';
	note(&b, 0, 0, "");
	note(&b, 0, 1, "a\\u0000b");
	note(&b, 0, 2, "\\ud800");
	note(&b, 0, 3, longest);
	assert_string_equal(ledger_branches_find(&b, 0, 9), "");
	longest[LEDGER_BRANCH_MAX] = '\0';
	note(&b, 0, 10, longest);
	assert_string_equal(ledger_branches_find(&b, 0, 10), longest);
	ledger_branches_release(&b);
}

static void hostile_transcripts_cost_little(void **state)
{
	(void)state;
	struct ledger_branches b = { .count = 0 };
	char name[24];
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "b%d", i);
		note(&b, (uint32_t)(i % 3), i, name);
	}
	assert_true(b.count <= 3000 && b.name_count <= 4096);
	/* What is not known is not another branch. */
	assert_string_equal(ledger_branches_find(&b, 0, 99999), "");
	assert_string_equal(ledger_branches_find(&b, 0, 3), "b3");
	ledger_branches_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_the_branch_of_the_last_change_before_it),
		cmocka_unit_test(names_that_no_branch_has_are_not_known),
		cmocka_unit_test(hostile_transcripts_cost_little),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
