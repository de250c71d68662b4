/* Which figures are shown, the audit, and what fresh means (swatchd/billing.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "swatchd/billing/billing.h"

#define NOON INT64_C(1795435200000)   /* 2026-11-23T12:00:00Z */

struct fixture {
	struct config config;
	struct ledger *ledger;
	int file;
	struct billing billing;
};

static int set_up(void **state)
{
	static struct fixture f;
	memset(&f, 0, sizeof(f));
	if (!config_init(&f.config))
		return -1;
	f.ledger = ledger_new();
	f.file = ledger_add_file(f.ledger, "p/s.jsonl", 0, "s", false);
	billing_init(&f.billing, &f.config, f.ledger);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	ledger_free(f->ledger);
	config_release(&f->config);
	return 0;
}

/* A message of `output` tokens: $25 a million. */
static void spend(struct fixture *f, const char *id, int64_t at_ms, int64_t output)
{
	struct scan_usage usage = { .present = true, .timestamp_ms = at_ms, .message_id = { id, strlen(id) },
				    .model = { "claude-opus-4-6", 15 }, .tokens = { .output = output } };
	assert_int_equal(ledger_add(f->ledger, f->file, at_ms - NOON, &usage), 1);
}

static struct billing_block answer_of(double usd)
{
	struct billing_block b = { .present = true,
				   .start_ms = NOON,
				   .end_ms = NOON + LEDGER_BLOCK_MS,
				   .cost_usd = usd,
				   .cost_per_hour_usd = NAN,
				   .tokens_per_minute = NAN };
	return b;
}

static void native_figures_are_live(void **state)
{
	struct fixture *f = *state;
	struct billing_view view;
	spend(f, "a", NOON, 40000);
	spend(f, "b", NOON + 30 * CLOCK_MINUTE_MS, 40000);
	billing_make_view(&f->billing, NOON + CLOCK_HOUR_MS, &view);
	assert_false(view.is_ccusage);
	assert_true(fabs(view.block.cost_usd - 2.) < 1e-9);
	assert_true(fabs(view.block.cost_per_hour_usd - 4.) < 1e-9);
	assert_true(view.minutes_left == 240. && view.percent_used == 20.);
	assert_true(view.is_fresh);
	assert_int_equal(view.last_fetched_ms, NOON + CLOCK_HOUR_MS);
	assert_true(view.fresh_until_ms <= NOON + LEDGER_BLOCK_MS);
	/* the block's end is a known moment */
	billing_make_view(&f->billing, NOON + LEDGER_BLOCK_MS, &view);
	assert_false(view.block.present);
}

static void what_came_during_the_run_is_no_drift(void **state)
{
	struct fixture *f = *state;
	spend(f, "a", NOON, 40000);
	billing_note_start(&f->billing, NOON + 1000);
	spend(f, "b", NOON + 2000, 40000);
	struct billing_block answer = answer_of(1.5);
	assert_false(billing_note_answer(&f->billing, &answer, 10, NULL, NOON + 3000));
	assert_true(f->billing.drift_usd == 0.);
}

static void what_a_deleted_transcript_held_is_no_drift(void **state)
{
	struct fixture *f = *state;
	int other = ledger_add_file(f->ledger, "p/t.jsonl", 0, "t", false);
	struct billing_block answer = answer_of(0.);
	spend(f, "a", NOON, 40000);
	f->file = other;
	spend(f, "b", NOON + 1000, 10000);
	ledger_lose_file(f->ledger, 0);
	/* All of it, some of it (a copy is elsewhere) or nothing. */
	for (int i = 0; i < 3; i++) {
		answer.cost_usd = .25 + .5 * i;
		billing_note_start(&f->billing, NOON + 2000);
		assert_false(billing_note_answer(&f->billing, &answer, 10, NULL, NOON + 3000));
		assert_true(f->billing.drift_usd == 0.);
	}
	/* What is still there has to be in it, and nothing else. */
	answer.cost_usd = .125;
	billing_note_start(&f->billing, NOON + 4000);
	(void)billing_note_answer(&f->billing, &answer, 10, NULL, NOON + 5000);
	assert_true(fabs(f->billing.drift_usd + .125) < 1e-9);
	answer.cost_usd = 2.;
	billing_note_start(&f->billing, NOON + 6000);
	(void)billing_note_answer(&f->billing, &answer, 10, NULL, NOON + 7000);
	assert_true(fabs(f->billing.drift_usd - .75) < 1e-9);
	/* It goes with its block. */
	assert_true(fabs(ledger_lost_usd(f->ledger, NOON + CLOCK_HOUR_MS) - 1.) < 1e-9);
	assert_true(ledger_lost_usd(f->ledger, NOON + 6 * CLOCK_HOUR_MS) == 0.);
}

static void a_drift_is_shown_and_changes_no_figure(void **state)
{
	struct fixture *f = *state;
	struct billing_view view;
	struct billing_block answer = answer_of(9.);
	spend(f, "a", NOON, 40000);
	for (int i = 0; i < 3; i++) {
		billing_note_start(&f->billing, NOON + 1000);
		assert_false(billing_note_answer(&f->billing, &answer, 10, NULL, NOON + 2000));
		assert_true(fabs(f->billing.drift_usd - 8.) < 1e-9);
		assert_true(fabs(f->billing.difference_usd - 8.) < 1e-9);
		assert_int_equal(f->billing.reasons, AUDIT_REASON(DIFFERENCE_UNKNOWN));
		billing_make_view(&f->billing, NOON + 5000, &view);
		assert_false(view.is_ccusage);
		assert_true(view.block.cost_usd == 1. && view.today_usd == 1.);
		assert_null(billing_reason(&f->billing));
	}
	answer.cost_usd = 1.;
	billing_note_start(&f->billing, NOON + 6000);
	assert_false(billing_note_answer(&f->billing, &answer, 10, NULL, NOON + 7000));
	assert_true(f->billing.drift_usd == 0. && f->billing.reasons == 0);
}

static bool answer(struct fixture *f, double usd, int64_t at_ms)
{
	struct billing_block block = answer_of(usd);
	billing_note_start(&f->billing, at_ms);
	return billing_note_answer(&f->billing, &block, 10, NULL, at_ms + 1000);
}

static void a_difference_with_a_name_is_no_drift(void **state)
{
	struct fixture *f = *state;
	struct billing_block block = answer_of(2.5);
	struct audit_found found = { .is_known = true, .before_usd = 2.5, .after_usd = 2.5,
				     .reasons = AUDIT_REASON(DIFFERENCE_SIDECHAIN_COPY) };
	spend(f, "a", NOON, 40000);
	billing_note_start(&f->billing, NOON + 1000);
	assert_true(billing_wants_reasons(&f->billing, &block, NOON + 2000));
	assert_false(billing_note_answer(&f->billing, &block, 10, &found, NOON + 2000));
	assert_true(f->billing.drift_usd == 0. && fabs(f->billing.difference_usd - 1.5) < 1e-9);
	assert_int_equal(f->billing.reasons, AUDIT_REASON(DIFFERENCE_SIDECHAIN_COPY));
	/* The next answer is as far off: nobody has to look again. */
	spend(f, "b", NOON + 3000, 40000);
	block.cost_usd = 3.5;
	billing_note_start(&f->billing, NOON + 4000);
	assert_false(billing_wants_reasons(&f->billing, &block, NOON + 5000));
	billing_note_answer(&f->billing, &block, 10, NULL, NOON + 5000);
	assert_true(f->billing.drift_usd == 0.);
	assert_int_equal(f->billing.reasons, AUDIT_REASON(DIFFERENCE_SIDECHAIN_COPY));
	/* This one is not, and part of it stays without a name. */
	block.cost_usd = 4.5;
	billing_note_start(&f->billing, NOON + 6000);
	assert_true(billing_wants_reasons(&f->billing, &block, NOON + 7000));
	found.before_usd = found.after_usd = 3.75;
	billing_note_answer(&f->billing, &block, 10, &found, NOON + 7000);
	assert_true(fabs(f->billing.drift_usd - .75) < 1e-9);
	assert_int_equal(f->billing.reasons,
			 AUDIT_REASON(DIFFERENCE_SIDECHAIN_COPY) | AUDIT_REASON(DIFFERENCE_UNKNOWN));
	/* What was found holds for its block alone. */
	block.cost_usd = 3.5;
	block.start_ms += LEDGER_BLOCK_MS;
	assert_true(billing_wants_reasons(&f->billing, &block, NOON + 8000));
}

static void equal_figures_need_no_reasons(void **state)
{
	struct fixture *f = *state;
	struct billing_block block = answer_of(1.);
	spend(f, "a", NOON, 40000);
	billing_note_start(&f->billing, NOON + 1000);
	assert_false(billing_wants_reasons(&f->billing, &block, NOON + 2000));
}

static void a_price_that_cannot_be_foreseen_explains_what_is_more(void **state)
{
	struct fixture *f = *state;
	struct billing_block block = answer_of(1.25);
	struct audit_found found = { .is_known = true, .before_usd = 1., .after_usd = 1., .is_open = true,
				     .reasons = AUDIT_REASON(DIFFERENCE_MODEL_NAME) };
	spend(f, "a", NOON, 40000);
	billing_note_start(&f->billing, NOON + 1000);
	billing_note_answer(&f->billing, &block, 10, &found, NOON + 2000);
	assert_true(f->billing.drift_usd == 0.);
	/* It can only be more. */
	block.cost_usd = .5;
	billing_note_start(&f->billing, NOON + 3000);
	billing_note_answer(&f->billing, &block, 10, &found, NOON + 4000);
	assert_true(fabs(f->billing.drift_usd + .5) < 1e-9);
}

static void a_model_that_ccusage_alone_prices_switches_at_once(void **state)
{
	struct fixture *f = *state;
	struct scan_usage usage = { .present = true, .timestamp_ms = NOON, .message_id = { "n", 1 },
				    .model = { "claude-next-9", 13 }, .tokens = { .output = 1000 } };
	struct billing_block block = answer_of(.5);
	snprintf(block.models[block.model_count++], BILLING_MODEL_NAME_MAX, "claude-next-9");
	assert_int_equal(ledger_add(f->ledger, f->file, 0, &usage), 1);
	billing_note_start(&f->billing, NOON + 1000);
	assert_true(billing_note_answer(&f->billing, &block, 10, NULL, NOON + 2000));
	assert_string_equal(billing_reason(&f->billing),
			    "ccusage prices claude-next-9, which swatch has no price for");
	/* Where it counts 0 for it as well, they agree. */
	block.cost_usd = 0.;
	billing_note_start(&f->billing, NOON + 3000);
	assert_true(billing_note_answer(&f->billing, &block, 10, NULL, NOON + 4000));
	assert_null(billing_reason(&f->billing));
}

static void half_a_history_is_no_audit(void **state)
{
	struct fixture *f = *state;
	billing_set_reading(&f->billing, true);
	assert_false(answer(f, 9., NOON + 1000));
	billing_note_start(&f->billing, NOON + 3000);
	billing_set_reading(&f->billing, false);
	struct billing_block block = answer_of(9.);
	assert_false(billing_note_answer(&f->billing, &block, 10, NULL, NOON + 4000));
	assert_true(isnan(f->billing.drift_usd));
}

static void the_audit_outlives_the_daemon(void **state)
{
	struct fixture *f = *state;
	struct billing_view view;
	struct billing_block block = answer_of(9.);
	struct billing_last last = { .answer = block,
				     .duration_ms = 10,
				     .difference_usd = 8.,
				     .drift_usd = 8.,
				     .reasons = AUDIT_REASON(DIFFERENCE_UNKNOWN),
				     .reason = "it was so" };
	spend(f, "a", NOON, 40000);
	/* Of a file without an answer. */
	billing_restore(&f->billing, &last);
	assert_null(billing_reason(&f->billing));
	last.answered_at_ms = NOON + 1000;
	billing_restore(&f->billing, &last);
	billing_make_view(&f->billing, NOON + 2000, &view);
	assert_true(view.is_ccusage);
	assert_true(view.native.present && fabs(view.native.cost_usd - 1.) < 1e-9);
	assert_string_equal(billing_reason(&f->billing), "it was so");
	/* The first answer decides anew. */
	assert_true(answer(f, 9., NOON + 3000));
	billing_make_view(&f->billing, NOON + 5000, &view);
	assert_false(view.is_ccusage);
	last.reason = NULL;
	billing_restore(&f->billing, &last);
	assert_true(billing_drift_usd(&f->billing) == 8.);
	assert_int_equal(f->billing.reasons, AUDIT_REASON(DIFFERENCE_UNKNOWN));
}

static void restore(struct fixture *f, const char *usage_limit)
{
	char text[300];
	snprintf(text, sizeof(text), "{\"usageLimit\":%s}", usage_limit);
	struct json_object *written = json_tokener_parse(text);
	assert_non_null(written);
	billing_restore_limits(&f->billing, written, NOON);
	json_object_put(written);
}

/* Its transcript was deleted, so that the ledger knows nothing of it. */
static void a_limit_that_an_earlier_run_showed_holds(void **state)
{
	static const char week[] = "{\"kind\":\"seven_day_opus\",\"resetsAt\":1795521600000,"
				   "\"observedAt\":1795435100000,\"sessionId\":\"s-1\"}";
	static const char *const refused[] = {
		"null", "7", "{}",
		"{\"kind\":\"a b\",\"resetsAt\":1795521600000,\"observedAt\":1795435100000}",
		"{\"kind\":null,\"resetsAt\":-1,\"observedAt\":1795435100000}",
		"{\"kind\":null,\"resetsAt\":1995521600000,\"observedAt\":1795435100000}",
		"{\"kind\":null,\"resetsAt\":1795435199000,\"observedAt\":1795435100000}",
		"{\"kind\":null,\"resetsAt\":null,\"observedAt\":1895435100000}",
	};
	struct fixture *f = *state;
	struct billing_view view;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		restore(f, refused[i]);
		billing_make_view(&f->billing, NOON, &view);
		assert_false(view.limited);
	}
	restore(f, week);
	billing_make_view(&f->billing, NOON, &view);
	assert_true(view.limited && view.limit.resets_ms == NOON + CLOCK_DAY_MS);
	assert_string_equal(view.limit.name, "seven_day_opus");
	assert_string_equal(view.limit.session_id, "s-1");
	assert_non_null(rate_limits_find(&view.limits, "sevenDayOpus"));
	billing_make_view(&f->billing, NOON + CLOCK_DAY_MS, &view);
	assert_false(view.limited);
	/* The model answers. */
	spend(f, "a", NOON + 1000, 10);
	billing_make_view(&f->billing, NOON + 2000, &view);
	assert_false(view.limited);
	/* One that is not named, beside one that the ledger knows. */
	restore(f, "{\"kind\":null,\"resetsAt\":null,\"observedAt\":1795435202000,\"sessionId\":\"../x\"}");
	const struct scan_limit known = { .present = true, .resets_at_s = NOON / 1000 + 600,
					  .name = { "five_hour", 9 } };
	ledger_note_limit(f->ledger, f->file, 7, NOON + 3000, &known);
	billing_make_view(&f->billing, NOON + 4000, &view);
	assert_string_equal(view.limit.name, "five_hour");
	billing_make_view(&f->billing, NOON + 600000, &view);
	assert_true(view.limited && view.limit.resets_ms == 0);
	assert_string_equal(view.limit.name, "");
	assert_string_equal(view.limit.session_id, "");
}

static void a_limits_reset_is_a_known_moment(void **state)
{
	struct fixture *f = *state;
	struct billing_view view;
	struct scan_usage usage = { .present = true, .timestamp_ms = NOON, .message_id = { "l", 1 },
				    .model = { "<synthetic>", 11 },
				    .limit = { .present = true, .resets_at_s = NOON / 1000 + 600,
					       .name = { "five_hour", 9 } } };
	assert_int_equal(ledger_add(f->ledger, f->file, 0, &usage), 1);
	billing_make_view(&f->billing, NOON + 1000, &view);
	assert_true(view.limited);
	assert_int_equal(view.limit.resets_ms, NOON + 600000);
	assert_int_equal(view.block.limit_reset_ms, NOON + 600000);
	assert_int_equal(view.next_change_ms, NOON + 600000);
	assert_int_equal(view.fresh_until_ms, NOON + 600000);
	billing_make_view(&f->billing, NOON + 600000, &view);
	assert_false(view.limited);
	assert_true(view.fresh_until_ms > NOON + 600000);
	/* As ccusage has it: the block still tells. */
	assert_int_equal(view.block.limit_reset_ms, NOON + 600000);
}

static void ccusage_goes_stale_by_failure_and_by_pending_activity(void **state)
{
	struct fixture *f = *state;
	struct billing_view view;
	struct billing_block answer = answer_of(1.);
	f->config.billing_source = BILLING_CCUSAGE;
	billing_make_view(&f->billing, NOON, &view);
	assert_false(view.known || view.is_fresh);
	billing_note_start(&f->billing, NOON);
	billing_note_answer(&f->billing, &answer, 10, NULL, NOON);
	billing_make_view(&f->billing, NOON + CLOCK_HOUR_MS, &view);
	assert_true(view.is_fresh);
	/* activity that waits: fresh for ttl and timeout longer */
	int64_t at_ms = NOON + CLOCK_HOUR_MS,
		limit_ms = f->config.ccusage_ttl_low_ms + f->config.ccusage_timeout_ms;
	billing_note_activity(&f->billing, at_ms);
	billing_make_view(&f->billing, at_ms + limit_ms - 1, &view);
	assert_true(view.is_fresh);
	assert_int_equal(view.fresh_until_ms, at_ms + limit_ms);
	billing_make_view(&f->billing, at_ms + limit_ms, &view);
	assert_false(view.is_fresh);
	/* a failed attempt makes them stale at once, and keeps them */
	billing_note_start(&f->billing, at_ms);
	billing_note_failure(&f->billing, "exit status 1", 1, 1, at_ms + 5000);
	billing_make_view(&f->billing, at_ms + 1, &view);
	assert_false(view.is_fresh);
	assert_true(view.block.cost_usd == 1.);
	assert_int_equal(f->billing.pending_since_ms, at_ms);
}

static void until_ccusage_answers_the_own_figures_are_shown_as_stale(void **state)
{
	struct fixture *f = *state;
	struct billing_view view;
	struct billing_block answer = answer_of(1.);
	f->config.billing_source = BILLING_NATIVE;
	spend(f, "a", NOON, 1000);
	billing_make_view(&f->billing, NOON, &view);
	double native_usd = view.block.cost_usd;
	assert_true(view.block.present && view.is_fresh);
	/* Another source by a reload: the block does not vanish. */
	f->config.billing_source = BILLING_CCUSAGE;
	billing_make_view(&f->billing, NOON, &view);
	assert_true(view.block.present && view.block.cost_usd == native_usd);
	assert_false(view.is_ccusage || view.is_fresh || view.known);
	assert_int_equal(view.fresh_until_ms, NOON);
	assert_string_equal(billing_reason(&f->billing), "ccusage has not answered yet");
	billing_note_start(&f->billing, NOON);
	billing_note_answer(&f->billing, &answer, 10, NULL, NOON);
	billing_make_view(&f->billing, NOON, &view);
	assert_true(view.is_ccusage && view.is_fresh && view.known);
	assert_null(billing_reason(&f->billing));
}

static void a_restart_makes_nothing_fresher(void **state)
{
	struct fixture *f = *state;
	struct billing_view view;
	struct billing_block answer = answer_of(1.);
	int64_t limit_ms = f->config.ccusage_ttl_low_ms + f->config.ccusage_timeout_ms;
	f->config.billing_source = BILLING_CCUSAGE;
	/* Nothing answered: nothing is taken back. */
	struct billing_last last = { .answer = answer, .pending_since_ms = NOON, .native_usd = 1. };
	billing_restore(&f->billing, &last);
	assert_true(f->billing.pending_since_ms == 0 && billing_answer_began_ms(&f->billing) == 0);
	last = (struct billing_last){ .answer = answer, .answered_at_ms = NOON, .duration_ms = 3000,
				      .pending_since_ms = NOON + 5000, .native_usd = 1.5 };
	billing_restore(&f->billing, &last);
	assert_int_equal(billing_answer_began_ms(&f->billing), NOON - 3000);
	assert_true(f->billing.native_after_usd == 1.5);
	/* What the start finds does not move the time at which the figures go stale. */
	billing_note_activity(&f->billing, NOON + CLOCK_MINUTE_MS);
	billing_make_view(&f->billing, NOON + CLOCK_MINUTE_MS, &view);
	assert_true(view.is_fresh && view.fresh_until_ms == NOON + 5000 + limit_ms);
	billing_note_failure(&f->billing, "exit status 1", 1, 2, NOON + 2 * CLOCK_MINUTE_MS);
	billing_make_view(&f->billing, NOON + CLOCK_MINUTE_MS, &view);
	assert_false(view.is_fresh);
}

static void the_ttl_goes_by_the_burn_rate(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(billing_ttl_ms(&f->config, NAN), 300000);
	assert_int_equal(billing_ttl_ms(&f->config, .99), 300000);
	assert_int_equal(billing_ttl_ms(&f->config, 1.), 120000);
	assert_int_equal(billing_ttl_ms(&f->config, 5.), 120000);
	assert_int_equal(billing_ttl_ms(&f->config, 5.01), 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(native_figures_are_live, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_came_during_the_run_is_no_drift, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_a_deleted_transcript_held_is_no_drift, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_drift_is_shown_and_changes_no_figure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_difference_with_a_name_is_no_drift, set_up, tear_down),
		cmocka_unit_test_setup_teardown(equal_figures_need_no_reasons, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_price_that_cannot_be_foreseen_explains_what_is_more, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_model_that_ccusage_alone_prices_switches_at_once, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(half_a_history_is_no_audit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_audit_outlives_the_daemon, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_limit_that_an_earlier_run_showed_holds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_limits_reset_is_a_known_moment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ccusage_goes_stale_by_failure_and_by_pending_activity, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(until_ccusage_answers_the_own_figures_are_shown_as_stale,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_restart_makes_nothing_fresher, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_ttl_goes_by_the_burn_rate, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
