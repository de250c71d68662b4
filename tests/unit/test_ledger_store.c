/* ledger/store: what was seen once counts for ever, whatever becomes of transcripts and of the daemon. */
#include "unit.h"

#include <math.h>

#include "store_world.h"

static void live(uint64_t seed, bool hides)
{
	struct world w;
	make_world(&w, seed);
	w.hides = hides;
	for (unsigned step = 0, steps = (unsigned)unit_rounds(500, 1500); step < steps; step++) {
		uint64_t number = unit_random(&w.random);
		size_t file = (size_t)(number >> 32) % FILES;
		switch (number % 16) {
		case 0:
			lose(&w, file);
			break;
		case 1:
			rewrite(&w, file);
			break;
		case 2:
		case 3:
			save(&w);
			compare_file(&w);
			if (step % 4 == 0)
				compare_sums(w.db);
			break;
		case 4:
			if (w.unsaved_is_lost)
				break;
			kill_daemon(&w);
			compare(&w);
			break;
		default:
			append(&w, file);
			break;
		}
	}
	compare(&w);
	end_world(&w);
}

static void whatever_happens_nothing_is_lost(void **state UNUSED)
{
	live(20260301, false);
}

static void nothing_is_lost_when_names_of_projects_are_hidden(void **state UNUSED)
{
	live(20260302, true);
}

static void a_cost_stays_what_it_was(void **state UNUSED)
{
	struct world w;
	make_world(&w, 7);
	for (int i = 0; i < 20; i++)
		append(&w, 0);
	save(&w);
	/* As if prices had been twice what they are today. */
	assert_int_equal(sqlite3_exec(w.db, "UPDATE message SET nano_usd = nano_usd * 2", NULL, NULL, NULL),
			 SQLITE_OK);
	lose(&w, 0);
	save(&w);
	ledger_free(w.ledger);
	start_daemon(&w);
	struct ledger_sums ours, all;
	ledger_sum_span(w.ledger, 0, INT64_MAX, &ours);
	ledger_sum_span(w.all, 0, INT64_MAX, &all);
	assert_true(all.cost_usd > 0.);
	assert_true(fabs(ours.cost_usd - 2. * all.cost_usd) < 1e-7);
	ledger_reprice(w.ledger, NULL);
	ledger_sum_span(w.ledger, 0, INT64_MAX, &ours);
	assert_true(fabs(ours.cost_usd - 2. * all.cost_usd) < 1e-7);
	end_world(&w);
}

static void all_entries_can_be_asked_for_again(void **state UNUSED)
{
	struct world w;
	struct ledger_kept kept;
	make_world(&w, 3);
	for (int i = 0; i < 5; i++)
		append(&w, 0);
	save(&w);
	assert_false(ledger_next_unsaved(w.ledger, &kept));
	assert_false(ledger_has_missed_unsaved(w.ledger));
	ledger_forget_saved(w.ledger);
	assert_int_equal(ledger_unsaved_count(w.ledger), ledger_count(w.ledger));
	end_world(&w);
}

static void many_that_wait_come_in_order_of_time(void **state UNUSED)
{
	struct world w;
	struct ledger_kept kept;
	make_world(&w, 4);
	for (int i = 0; i < 90; i++)
		append(&w, (size_t)i % FILES);
	int64_t before_ms = 0;
	size_t count = 0;
	for (; ledger_next_unsaved(w.ledger, &kept); count++) {
		assert_true(kept.record.time_ms >= before_ms);
		before_ms = kept.record.time_ms;
	}
	assert_int_equal(count, ledger_count(w.ledger));
	end_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)
		TEST(whatever_happens_nothing_is_lost),
		TEST(nothing_is_lost_when_names_of_projects_are_hidden),
		TEST(a_cost_stays_what_it_was),
		TEST(all_entries_can_be_asked_for_again),
		TEST(many_that_wait_come_in_order_of_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
