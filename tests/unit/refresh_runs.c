#include "refresh_runs.h"

#include "unit.h"

#include "swatchd/refresh/child.h"
#include "turned_clock.h"

struct config config;
struct refresh refresh;
struct child *running;
int started, stopped;
char program[64];
bool no_memory;
int started_calls, finished_calls;
struct refresh_result last;
char last_error[256];
bool looks;
char present[] = "/bin/sh blocks --json", absent[] = "/nonexistent/ccusage blocks",
     unclosed[] = "ccusage 'blocks";

static struct ev_loop *loop;
static int64_t checked_due_ms;

/* ---- made-up children ---- */

struct child {
	child_done *done;
	void *ctx;
};

static struct child the_child;

struct child *child_start(struct ev_loop *its_loop UNUSED, const struct child_command *command,
			  child_done *done, void *ctx)
{
	assert_null(running);
	if (no_memory)
		return NULL;
	assert_string_equal(command->argv[1], "blocks");
	assert_int_equal(command->timeout_ms, 60000);
	assert_int_equal(command->memory_limit_bytes, 77);
	snprintf(program, sizeof(program), "%s", command->argv[0]);
	started++;
	the_child = (struct child){ done, ctx };
	running = &the_child;
	return running;
}

void child_stop(struct child *child)
{
	assert_ptr_equal(child, running);
	running = NULL;
	stopped++;
}

void child_describe(const struct run *run, enum sandbox_program kind UNUSED, char *const *words UNUSED,
		    struct buf *out)
{
	run_describe(run, out);
}

void end_run(enum run_outcome outcome, int code, const char *printed)
{
	struct run run = { .outcome = outcome, .code = code, .duration_ms = 700 };
	struct child *child = running;
	assert_non_null(child);
	running = NULL;
	buf_append_str(&run.out, printed);
	child->done(child->ctx, &run);
	buf_release(&run.out);
}

void end_well(void)
{
	end_run(RUN_EXITED, 0, "{\"blocks\":[]}");
}

void end_badly(void)
{
	end_run(RUN_EXITED, 3, "");
}

/* ---- the refresh under test ---- */

static void on_started(void *ctx)
{
	assert_ptr_equal(ctx, &refresh);
	started_calls++;
}

static void on_finished(void *ctx, const struct refresh_result *result)
{
	assert_ptr_equal(ctx, &refresh);
	finished_calls++;
	last = *result;
	snprintf(last_error, sizeof(last_error), "%s", result->error ? result->error : "");
}

static bool on_look(void *ctx, const struct refresh_result *result)
{
	assert_ptr_equal(ctx, &refresh);
	assert_non_null(result->answer);
	assert_int_equal(result->answered_ms, clock_wall_ms());
	return looks;
}

static const struct refresh_callbacks callbacks = { on_started, on_look, on_finished };

static void begin(void)
{
	turned_clock_set(NOW);
	started = stopped = started_calls = finished_calls = 0;
	running = NULL;
	no_memory = looks = false;
	checked_due_ms = 0;
	memset(&config, 0, sizeof(config));
	config.billing_source = BILLING_AUTO;
	config.ccusage_command = present;
	config.ccusage_settle_ms = SETTLE;
	config.ccusage_max_delay_ms = MAX_DELAY;
	config.ccusage_timeout_ms = 60000;
	config.ccusage_memory_limit_bytes = 77;
	config.ccusage_ttl_low_ms = TTL_LOW;
	config.ccusage_ttl_mid_ms = TTL_MID;
	config.ccusage_ttl_high_ms = TTL_HIGH;
	config.ccusage_burn_low_usd = 1.;
	config.ccusage_burn_high_usd = 5.;
	refresh_init(&refresh, loop, &config, &callbacks, &refresh);
}

void begin_again(void)
{
	refresh_release(&refresh);
	begin();
}

int refresh_runs_set_up(void **state UNUSED)
{
	loop = ev_loop_new(EVFLAG_AUTO);
	begin();
	return loop ? 0 : -1;
}

int refresh_runs_tear_down(void **state UNUSED)
{
	refresh_release(&refresh);
	assert_null(running);
	assert_false(ev_is_active(&refresh.due));
	ev_loop_destroy(loop);
	turned_clock_release();
	return 0;
}

void check_timer(void)
{
	assert_int_equal(ev_is_active(&refresh.due) != 0, refresh.due_wall_ms != 0);
	if (refresh.due_wall_ms != checked_due_ms && (checked_due_ms = refresh.due_wall_ms) != 0) {
		double left_s = (double)(refresh.due_wall_ms - clock_wall_ms()) / 1000.;
		assert_true(left_s >= 0.);
		/* Its own clock is the real one, which went on since. */
		assert_true(ev_timer_remaining(loop, &refresh.due) <= left_s + 0.01);
		assert_true(ev_timer_remaining(loop, &refresh.due) >= left_s - 30.);
	}
	assert_int_equal(refresh.state == REFRESH_RUNNING, running != NULL || looks);
}

void pass(int64_t ms)
{
	int64_t until_ms = clock_wall_ms() + ms;
	check_timer();
	while (refresh.due_wall_ms && refresh.due_wall_ms <= until_ms) {
		turned_clock_set(refresh.due_wall_ms);
		ev_timer_stop(loop, &refresh.due);
		ev_invoke(loop, &refresh.due, EV_TIMER);
		check_timer();
	}
	turned_clock_set(until_ms);
}

void run_well(void)
{
	assert_int_equal(refresh_force(&refresh), 1);
	end_well();
}
