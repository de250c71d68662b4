/* Moments of the wall clock fire once, at the right time, and when the clock was set. The clock is turned by
 * hand. */
#include "unit.h"

#include "base/clock.h"
#include "swatchd/loop/moment.h"
#include "turned_clock.h"

#define NOW INT64_C(1795435200000)   /* 2026-11-23T12:00:00Z */

static struct ev_loop *loop;
static struct moment moment;
static int fired;
static int64_t next_ms;              /* the callback sets this one; 0: none */

static void on_moment(void *ctx)
{
	assert_ptr_equal(ctx, &fired);
	assert_int_equal(moment.at_ms, 0);
	fired++;
	if (next_ms != 0)
		moment_set(&moment, next_ms);
}

static int set_up(void **state)
{
	(void)state;
	turned_clock_set(NOW);
	fired = 0;
	next_ms = 0;
	loop = ev_loop_new(EVFLAG_AUTO);
	moment_init(&moment, loop, on_moment, &fired);
	return loop ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	moment_set(&moment, 0);
	ev_loop_destroy(loop);
	turned_clock_release();
	return 0;
}

/* libev says that the moment has come. */
static void ring(void)
{
	assert_true(ev_is_active(&moment.due));
	ev_periodic_stop(loop, &moment.due);
	ev_invoke(loop, &moment.due, EV_PERIODIC);
}

static void test_fires_once(void **state)
{
	(void)state;
	moment_set(&moment, NOW + 5000);
	/* A millisecond late rather than early. */
	assert_true(moment.due.offset == (double)(NOW + 5001) / 1000.);
	turned_clock_advance(5000);
	ring();
	assert_int_equal(fired, 1);
	assert_false(ev_is_active(&moment.due));
	assert_false(ev_is_active(&moment.early));
}

static void test_a_call_before_its_time_is_put_off(void **state)
{
	(void)state;
	moment_set(&moment, NOW + 5000);
	turned_clock_advance(4999);
	ring();
	assert_int_equal(fired, 0);
	assert_int_equal(moment.at_ms, NOW + 5000);
	/* Not at once: libev's clock stays wrong for half a second. */
	assert_false(ev_is_active(&moment.due));
	assert_true(ev_is_active(&moment.early));
	assert_true(moment.early.at >= .5);
	ev_timer_stop(loop, &moment.early);
	ev_invoke(loop, &moment.early, EV_TIMER);
	assert_true(moment.due.offset == (double)(NOW + 5001) / 1000.);
	turned_clock_advance(1);
	ring();
	assert_int_equal(fired, 1);
}

static void test_a_clock_set_past_it_makes_it_late_and_not_lost(void **state)
{
	(void)state;
	moment_set(&moment, NOW + 5000);
	turned_clock_set(NOW + CLOCK_DAY_MS);
	ring();
	assert_int_equal(fired, 1);
}

static void test_another_moment_replaces_the_first(void **state)
{
	(void)state;
	moment_set(&moment, NOW + 5000);
	moment_set(&moment, NOW + 9000);
	turned_clock_advance(5001);
	ring();
	assert_int_equal(fired, 0);
	/* Another one while the early call waits: it waits no more. */
	moment_set(&moment, NOW + 7000);
	assert_false(ev_is_active(&moment.early));
	turned_clock_advance(2000);
	ring();
	assert_int_equal(fired, 1);
	moment_set(&moment, NOW + 9000);
	moment_set(&moment, 0);
	assert_false(ev_is_active(&moment.due));
}

static void test_the_same_moment_again_changes_nothing(void **state)
{
	(void)state;
	moment_set(&moment, NOW + 5000);
	turned_clock_advance(4000);
	ring();
	assert_true(ev_is_active(&moment.early));
	/* Whoever looks at the figures meanwhile asks for the same: the pause goes on. */
	moment_set(&moment, NOW + 5000);
	assert_true(ev_is_active(&moment.early));
	assert_false(ev_is_active(&moment.due));
}

static void test_the_callback_may_set_the_next(void **state)
{
	(void)state;
	next_ms = NOW + 6000;
	moment_set(&moment, NOW + 5000);
	turned_clock_advance(5000);
	ring();
	assert_int_equal(fired, 1);
	assert_int_equal(moment.at_ms, NOW + 6000);
	assert_true(ev_is_active(&moment.due));
}

/* With libev's own clock: a moment that has passed comes with the loop's next turn. */
static void test_a_past_moment_comes_at_once(void **state)
{
	(void)state;
	turned_clock_release();
	moment_set(&moment, clock_wall_ms() - 5000);
	for (int turn = 0; turn < 3 && fired == 0; turn++)
		ev_run(loop, EVRUN_NOWAIT);
	assert_int_equal(fired, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fires_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_call_before_its_time_is_put_off, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_clock_set_past_it_makes_it_late_and_not_lost, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_another_moment_replaces_the_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_same_moment_again_changes_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_the_callback_may_set_the_next, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_past_moment_comes_at_once, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
