/* publish: what time alone changes, and the copies of the shared figures. */
#include "unit.h"

#include "json/get.h"
#include "publish_world.h"

static void fire_moment(void)
{
	turned_clock_set(publish.moment.at_ms);
	ev_invoke(loop, &publish.moment.due, EV_PERIODIC);
	end_turn();
}

static void a_cache_that_goes_cold_is_a_moment(void **state UNUSED)
{
	begin_published();
	assert_int_equal(publish.moment.at_ms, NOW + 5 * CLOCK_MINUTE_MS);
	fire_moment();
	/* It changes none of the shared figures but their age: the others' copies stay. */
	expect_told("a.json billing-shared.json ");
	AUTO_JSON *file = cache_read_json(test_dir.dir_fd, "a.json");
	assert_string_equal(json_get_string(json_get_object(file, "transcript"), "cacheWarmth"), "cold");
	/* The next one: b is an hour quiet. */
	assert_int_equal(publish.moment.at_ms, part_b->session->last_activity_ms + CLOCK_HOUR_MS);
	fire_moment();
	expect_told("billing-shared.json sessions.json ");
	AUTO_JSON *list = cache_read_json(test_dir.dir_fd, "sessions.json");
	assert_int_equal(json_get_int(list, "activeSessions", -1), 1);
}

static void the_end_of_a_block_is_a_moment_for_every_file(void **state UNUSED)
{
	made_up_answer(&made, part_a, "2", NOW + CLOCK_MINUTE_MS, 1000, 100, "more");
	begin_published();
	while (publish.moment.at_ms < NOW + 5 * CLOCK_HOUR_MS) {
		fire_moment();
		forget_told();
	}
	assert_int_equal(publish.moment.at_ms, NOW + 5 * CLOCK_HOUR_MS);
	fire_moment();
	assert_true(count_told("a.json") == 1 && count_told("b.json") == 1);
	assert_true(count_told("billing-shared.json") == 1 && count_told("sessions.json") == 1);
	AUTO_JSON *billing = cache_read_json(test_dir.dir_fd, "billing-shared.json");
	assert_null(json_get_object(billing, "block"));
	/* Then midnight. */
	assert_int_equal(publish.moment.at_ms, NOW + 12 * CLOCK_HOUR_MS);
}

static bool is_fresh(const char *name)
{
	AUTO_JSON *file = cache_read_json(test_dir.dir_fd, name);
	return json_get_bool(json_get_object(file, "billing"), "isFresh", false);
}

static void fire_copies(void)
{
	assert_true(ev_is_active(&publish.copies));
	ev_timer_stop(loop, &publish.copies);
	ev_invoke(loop, &publish.copies, EV_TIMER);
	end_turn();
}

static void the_copies_of_active_sessions_follow(void **state UNUSED)
{
	begin_published();
	note_change(part_a, PUBLISH_FIGURES);
	end_turn();
	assert_false(ev_is_active(&publish.copies));
	change_all();
	note_change(NULL, PUBLISH_ACCOUNT);
	end_turn();
	expect_told("billing-shared.json ");
	/* That of an idle one does not, and says so once. */
	assert_true(is_fresh("a.json") && is_fresh("b.json"));
	fire_copies();
	expect_told("a.json b.json ");
	assert_true(is_fresh("a.json") && !is_fresh("b.json"));
	turned_clock_advance(PUBLISH_COPIES_MS);
	change_all();
	note_change(NULL, PUBLISH_ACCOUNT);
	end_turn();
	forget_told();
	fire_copies();
	expect_told("a.json ");
	note_change(NULL, PUBLISH_TIME);
	end_turn();
	assert_true(is_fresh("b.json"));
}

static void a_block_that_begins_elsewhere_changes_the_rates_of_others(void **state UNUSED)
{
	made_up_answer(&made, part_b, "b1", NOW - 30 * CLOCK_MINUTE_MS, 1000, 100, "x");
	made_up_answer(&made, part_b, "b2", NOW - 10 * CLOCK_MINUTE_MS, 1000, 100, "x");
	begin_published();
	AUTO_JSON *before = cache_read_json(test_dir.dir_fd, "b.json");
	assert_true(json_get_double(json_get_object(before, "billing"), "sessionBurnRate", 0.) > 0.);
	/* An older line comes: the hours from 7 to 12 are one block, and b worked in that. */
	made_up_answer(&made, part_a, "old", NOW - 290 * CLOCK_MINUTE_MS, 1000, 100, "x");
	note_change(part_a, PUBLISH_LINES);
	end_turn();
	assert_int_equal(count_told("b.json"), 1);
	AUTO_JSON *file = cache_read_json(test_dir.dir_fd, "b.json");
	assert_false(json_get_double(json_get_object(file, "billing"), "sessionBurnRate", 0.) > 0.);
}

static void going_stale_is_told_and_stands_in_every_file(void **state UNUSED)
{
	begin_published();
	billing_set_reading(&made.billing, true);
	note_change(NULL, PUBLISH_ACCOUNT);
	end_turn();
	assert_true(count_told("stale") == 1 && count_told("a.json") == 1 && count_told("b.json") == 1);
	AUTO_JSON *file = cache_read_json(test_dir.dir_fd, "b.json");
	assert_false(json_get_bool(json_get_object(file, "billing"), "isFresh", true));
	forget_told();
	billing_set_reading(&made.billing, false);
	turned_clock_advance(TAIL_DELAY);
	note_change(NULL, PUBLISH_ACCOUNT);
	end_turn();
	assert_int_equal(count_told("fresh"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PUBLISH_TEST(a_cache_that_goes_cold_is_a_moment),
		PUBLISH_TEST(the_end_of_a_block_is_a_moment_for_every_file),
		PUBLISH_TEST(the_copies_of_active_sessions_follow),
		PUBLISH_TEST(a_block_that_begins_elsewhere_changes_the_rates_of_others),
		PUBLISH_TEST(going_stale_is_told_and_stands_in_every_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
