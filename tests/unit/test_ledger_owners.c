/* ledger: whose entries are: forks, agents beside the sessions, transcripts that were moved. */
#include <math.h>

#include "unit.h"
#include "ledger/ledger.h"

/* 2026-03-01T00:00:00Z */
#define START_MS INT64_C(1772323200000)
#define USD(output) ((output) * 25e-6)
#define assert_usd(got, want) assert_true(fabs((got) - (want)) < 1e-12)

static struct slice slice_of(const char *text)
{
	return (struct slice){ text, text ? strlen(text) : 0 };
}

enum told { UNTOLD, TOLD };

/* A line of opus 4.6, which costs 25 USD a million of output; it says that `payer` paid. */
static int add(struct ledger *ledger, int file, const char *id, int64_t output, const char *payer,
	       enum told told)
{
	static int64_t offset;
	struct scan_usage usage = {
		.present = true,
		.timestamp_ms = START_MS + output,
		.message_id = slice_of(id),
		.request_id = slice_of("r"),
		.model = slice_of("claude-opus-4-6"),
		.tokens = { .output = output },
		.payer = slice_of(payer),
		.payer_is_told = told == TOLD,
	};
	offset += 100;
	return ledger_add(ledger, file, offset, &usage);
}

static int file_of(struct ledger *ledger, const char *project, const char *session)
{
	char path[128];
	snprintf(path, sizeof(path), "/h/projects/%s/%s.jsonl", project, session);
	return ledger_add_file(ledger, path, strlen("/h/projects/"), session, false);
}

static double usd_of(struct ledger *ledger, const char *session)
{
	struct ledger_session figures;
	ledger_session(ledger, session, START_MS, &figures);
	return figures.sums.cost_usd;
}

/* The project that the only entry stands under. */
static void check_project(struct ledger *ledger, const char *project)
{
	struct ledger_entry_view view;
	assert_true(ledger_entry_at(ledger, 0, &view));
	assert_memory_equal(view.home + view.home_root_len, project, strlen(project));
	assert_int_equal(view.home[view.home_root_len + strlen(project)], '/');
}

static void a_fork_leaves_the_cost_with_its_parent(void **state)
{
	(void)state;
	/* In either order of reading. */
	for (int fork_first = 0; fork_first < 2; fork_first++) {
		struct ledger *ledger = ledger_new();
		int fork = file_of(ledger, "a", "fork");
		if (fork_first) {
			add(ledger, fork, "m1", 100, "parent", TOLD);
			assert_usd(usd_of(ledger, "parent"), USD(100));
		}
		int parent = file_of(ledger, "z", "parent");
		add(ledger, parent, "m1", 100, "parent", UNTOLD);
		if (!fork_first)
			add(ledger, fork, "m1", 100, "parent", TOLD);
		check_project(ledger, "z");
		add(ledger, fork, "m2", 10, "fork", UNTOLD);
		assert_usd(usd_of(ledger, "parent"), USD(100));
		assert_usd(usd_of(ledger, "fork"), USD(10));
		assert_int_equal(ledger_count(ledger), 2);
		ledger_free(ledger);
	}
}

static void a_parent_without_a_transcript_keeps_its_cost(void **state)
{
	(void)state;
	struct ledger *ledger = ledger_new();
	int fork = file_of(ledger, "a", "fork");
	add(ledger, fork, "m1", 100, "parent", TOLD);
	assert_usd(usd_of(ledger, "parent"), USD(100));
	assert_usd(usd_of(ledger, "fork"), 0.);
	/* Nothing else tells its project. */
	check_project(ledger, "a");
	ledger_free(ledger);
}

static void a_longer_copy_is_still_the_parents(void **state)
{
	(void)state;
	struct ledger *ledger = ledger_new();
	int parent = file_of(ledger, "z", "parent"), fork = file_of(ledger, "a", "fork");
	add(ledger, parent, "m1", 100, NULL, UNTOLD);
	add(ledger, fork, "m1", 150, "parent", TOLD);
	add(ledger, fork, "m1", 170, NULL, UNTOLD);
	assert_usd(usd_of(ledger, "parent"), USD(170));
	assert_usd(usd_of(ledger, "fork"), 0.);
	ledger_free(ledger);
}

/* a was forked to b, b to c: c's lines say b, and b's say a. */
static void a_forks_fork_is_followed_to_who_paid(void **state)
{
	(void)state;
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					  { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	static const char *const sessions[] = { "a", "b", "c" }, *const payers[] = { NULL, "a", "b" };
	for (int i = 0; i < 6; i++) {
		struct ledger *ledger = ledger_new();
		for (int k = 0; k < 3; k++) {
			int who = orders[i][k];
			add(ledger, file_of(ledger, "p", sessions[who]), "m", 100, payers[who], TOLD);
		}
		assert_usd(usd_of(ledger, "a"), USD(100));
		assert_usd(usd_of(ledger, "b"), 0.);
		assert_usd(usd_of(ledger, "c"), 0.);
		ledger_free(ledger);
	}
}

static void lines_that_contradict_each_other_go_to_one(void **state)
{
	(void)state;
	struct ledger *ledger = ledger_new();
	/* Each says the other one: then the order of paths decides. */
	add(ledger, file_of(ledger, "p", "b"), "m", 100, "a", TOLD);
	add(ledger, file_of(ledger, "p", "a"), "m", 100, "b", TOLD);
	assert_usd(usd_of(ledger, "a"), USD(100));
	assert_usd(usd_of(ledger, "b"), 0.);
	ledger_free(ledger);
}

static void a_lines_own_session_counts_once_it_has_a_transcript(void **state)
{
	(void)state;
	struct ledger *ledger = ledger_new();
	const char *changed;
	int copy = file_of(ledger, "a", "copy");
	add(ledger, copy, "m1", 100, "original", UNTOLD);
	/* Somebody's name for a session that nobody has: the transcript's own. */
	assert_usd(usd_of(ledger, "copy"), USD(100));
	while (ledger_next_changed(ledger))
		;
	assert_int_equal(file_of(ledger, "z", "original"), 1);
	assert_usd(usd_of(ledger, "copy"), 0.);
	assert_usd(usd_of(ledger, "original"), USD(100));
	int named = 0;
	while ((changed = ledger_next_changed(ledger)))
		named += strcmp(changed, "copy") == 0 || strcmp(changed, "original") == 0;
	assert_int_equal(named, 2);
	ledger_free(ledger);
}

static void agents_beside_the_sessions_belong_to_their_parent(void **state)
{
	(void)state;
	struct ledger *ledger = ledger_new();
	struct ledger_session figures;
	int agent =
		ledger_add_file(ledger, "/h/projects/p/agent-1.jsonl", strlen("/h/projects/"), NULL, true);
	assert_string_equal(ledger_session_of_file(ledger, agent), "");
	add(ledger, agent, "m1", 100, "parent", UNTOLD);
	assert_string_equal(ledger_session_of_file(ledger, agent), "parent");
	add(ledger, agent, "m2", 50, NULL, UNTOLD);
	add(ledger, file_of(ledger, "p", "parent"), "m3", 10, NULL, UNTOLD);
	ledger_session(ledger, "parent", START_MS, &figures);
	assert_usd(figures.sums.cost_usd, USD(160));
	assert_usd(figures.subagents_usd, USD(150));
	assert_int_equal(figures.subagents, 1);
	ledger_free(ledger);
}

static void a_moved_transcript_counts_in_its_new_project(void **state)
{
	(void)state;
	struct ledger *ledger = ledger_new();
	/* The old path sorts first. */
	int old = file_of(ledger, "p--worktree", "s");
	add(ledger, old, "m1", 100, NULL, UNTOLD);
	ledger_lose_file(ledger, old);
	check_project(ledger, "p--worktree");
	assert_int_equal(add(ledger, file_of(ledger, "p", "s"), "m1", 100, NULL, UNTOLD), 1);
	check_project(ledger, "p");
	assert_usd(usd_of(ledger, "s"), USD(100));
	assert_int_equal(ledger_count(ledger), 1);
	/* And back. */
	ledger_lose_file(ledger, file_of(ledger, "p", "s"));
	int back = file_of(ledger, "p--worktree", "s");
	assert_int_not_equal(back, old);
	add(ledger, back, "m1", 100, NULL, UNTOLD);
	check_project(ledger, "p--worktree");
	assert_usd(usd_of(ledger, "s"), USD(100));
	assert_int_equal(ledger_count(ledger), 1);
	ledger_free(ledger);
}

static void a_forks_parent_that_moved_takes_its_project_along(void **state)
{
	(void)state;
	struct ledger *ledger = ledger_new();
	int old = file_of(ledger, "q--worktree", "parent");
	add(ledger, old, "m1", 100, NULL, UNTOLD);
	add(ledger, file_of(ledger, "a", "fork"), "m1", 100, "parent", TOLD);
	check_project(ledger, "q--worktree");
	assert_true(file_of(ledger, "q", "parent") >= 0);
	ledger_lose_file(ledger, old);
	check_project(ledger, "q");
	ledger_free(ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fork_leaves_the_cost_with_its_parent),
		cmocka_unit_test(a_parent_without_a_transcript_keeps_its_cost),
		cmocka_unit_test(a_longer_copy_is_still_the_parents),
		cmocka_unit_test(a_forks_fork_is_followed_to_who_paid),
		cmocka_unit_test(lines_that_contradict_each_other_go_to_one),
		cmocka_unit_test(a_lines_own_session_counts_once_it_has_a_transcript),
		cmocka_unit_test(agents_beside_the_sessions_belong_to_their_parent),
		cmocka_unit_test(a_moved_transcript_counts_in_its_new_project),
		cmocka_unit_test(a_forks_parent_that_moved_takes_its_project_along),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
