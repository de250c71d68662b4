/* Which crossings are announced, with a clock that is turned by hand; their words and their environment. */
#include "unit.h"

#include <math.h>

#include <time.h>

#include "swatchd/alerts/text.h"
#include "swatchd/alerts/alerts.h"
#include "limits/limits.h"

#define NOW_MS INT64_C(1795442700000)   /* 2026-11-23T14:05:00Z */
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define START_MS (NOW_MS - 35 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static struct config config;
static struct alerts alerts;
static int64_t now_ms;
/* What was told since take() asked last: "rule:limit " for each. */
static char told[2048];
static struct alert last;

static void on_fired(void *ctx, const struct alert *alert)
{
	(void)ctx;
	size_t len = strlen(told);
	snprintf(told + len, sizeof(told) - len, "%s:%g ", alert_rule_name(alert->rule), alert->limit);
	last = *alert;
}

static const char *take(void)
{
	static char taken[sizeof(told)];
	snprintf(taken, sizeof(taken), "%s", told);
	told[0] = '\0';
	return taken;
}

static struct config_numbers numbers(double a, double b)
{
	return (struct config_numbers){ b > 0. ? 2 : a > 0. ? 1 : 0, { a, b } };
}

static int set_up(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	config.alerts_limit_reached = config.alerts_limit_reset = 1;
	alerts_init(&alerts, &config, on_fired, NULL);
	now_ms = NOW_MS;
	told[0] = '\0';
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	alerts_release(&alerts);
	return 0;
}

/* ---- one look at one figure ---- */

static void block(double usd, int64_t start_ms)
{
	alerts_begin(&alerts, now_ms);
	alerts_note_block(&alerts, usd, start_ms, start_ms + 5 * HOUR_MS);
	(void)alerts_end(&alerts);
}

static int64_t limit(const char *name, double percent, int64_t resets_ms)
{
	alerts_begin(&alerts, now_ms);
	alerts_note_limit(&alerts, name, percent, resets_ms, "s1");
	return alerts_end(&alerts);
}

static int64_t nothing(void)
{
	alerts_begin(&alerts, now_ms);
	return alerts_end(&alerts);
}

static void context(const char *id, double percent, int64_t compacted_ms)
{
	alerts_begin(&alerts, now_ms);
	alerts_note_context(&alerts, id, "/home/u/p", percent, compacted_ms);
	(void)alerts_end(&alerts);
}

static int64_t waiting(const char *id, const char *what, int64_t since_ms)
{
	alerts_begin(&alerts, now_ms);
	alerts_note_waiting(&alerts, id, "/home/u/p", what, since_ms);
	return alerts_end(&alerts);
}

static int64_t cache(const char *id, int64_t cold_ms, int64_t life_ms)
{
	alerts_begin(&alerts, now_ms);
	alerts_note_cache(&alerts, id, "/home/u/p", cold_ms, life_ms);
	return alerts_end(&alerts);
}

/* The daemon ends, and another one takes the records. */
static void restart(void)
{
	struct buf text = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &text);
	jsonw_begin_object(&w);
	alerts_write(&alerts, &w);
	jsonw_end_object(&w);
	struct json_object *written = json_tokener_parse(buf_str(&text));
	alerts_release(&alerts);
	alerts_init(&alerts, &config, on_fired, NULL);
	alerts_restore(&alerts, written, now_ms);
	assert_false(alerts.records.changed);
	json_object_put(written);
	buf_release(&text);
}

/* ---- costs ---- */

static void a_block_crosses_each_limit_once(void **state)
{
	(void)state;
	config.alerts_block_cost_usd = numbers(20., 40.);
	block(19.99, START_MS);
	assert_string_equal(take(), "");
	block(20., START_MS);
	assert_string_equal(take(), "block_cost:20 ");
	assert_true(last.value == 20. && last.ends_ms == START_MS + 5 * HOUR_MS && !last.name
		    && !last.session_id);
	/* It wavers: an entry is found to be a copy of another. */
	block(19.5, START_MS);
	block(20.5, START_MS);
	block(NAN, START_MS);
	block(20.5, START_MS);
	assert_string_equal(take(), "");
	block(41., START_MS);
	assert_string_equal(take(), "block_cost:40 ");
	block(45., START_MS);
	assert_string_equal(take(), "");
}

static void limits_crossed_at_once_are_one_alert(void **state)
{
	(void)state;
	config.alerts_block_cost_usd = numbers(20., 40.);
	block(50., START_MS);
	assert_string_equal(take(), "block_cost:40 ");
	block(50., START_MS);
	assert_string_equal(take(), "");
	assert_int_equal(alerts.records.count, 2);
}

static void the_next_block_is_another_and_a_moved_one_is_not(void **state)
{
	(void)state;
	config.alerts_block_cost_usd = numbers(20., 0.);
	block(25., START_MS);
	assert_string_equal(take(), "block_cost:20 ");
	/* An older entry came to light: the same block begins earlier. */
	block(26., START_MS - HOUR_MS);
	assert_string_equal(take(), "");
	/* The next one begins where that ends, though the first had said later. */
	now_ms = START_MS + 4 * HOUR_MS + MINUTE_MS;
	block(21., START_MS + 4 * HOUR_MS);
	assert_string_equal(take(), "block_cost:20 ");
	/* Much later, and low at first. */
	now_ms = START_MS + 50 * HOUR_MS;
	block(1., START_MS + 50 * HOUR_MS);
	assert_string_equal(take(), "");
	block(20., START_MS + 50 * HOUR_MS);
	assert_string_equal(take(), "block_cost:20 ");
}

static void a_day_is_told_once_a_day(void **state)
{
	(void)state;
	const int64_t midnight_ms = NOW_MS - NOW_MS % DAY_MS;
	config.alerts_today_cost_usd = numbers(100., 0.);
	for (int64_t day = 0; day < 3; day++) {
		for (int look = 0; look < 3; look++) {
			now_ms = NOW_MS + day * DAY_MS + look;
			alerts_begin(&alerts, now_ms);
			alerts_note_day(&alerts, 120., midnight_ms + day * DAY_MS,
					midnight_ms + (day + 1) * DAY_MS);
			(void)alerts_end(&alerts);
			assert_string_equal(take(), look == 0 ? "today_cost:100 " : "");
		}
		assert_int_equal(alerts.records.count, 1);
	}
}

/* ---- limits ---- */

static void a_limit_is_told_once_a_window(void **state)
{
	(void)state;
	const int64_t reset_ms = NOW_MS + 2 * HOUR_MS;
	config.alerts_five_hour_percent = numbers(80., 95.);
	config.alerts_other_limits_percent = numbers(50., 0.);
	limit(RATE_LIMIT_FIVE_HOUR, 79.9, reset_ms);
	assert_string_equal(take(), "");
	limit(RATE_LIMIT_FIVE_HOUR, 80., reset_ms);
	assert_string_equal(take(), "five_hour:80 ");
	assert_string_equal(last.name, RATE_LIMIT_FIVE_HOUR);
	assert_string_equal(last.session_id, "s1");
	/* Another terminal's reading of the same window, some seconds off. */
	limit(RATE_LIMIT_FIVE_HOUR, 81., reset_ms + 50000);
	limit(RATE_LIMIT_FIVE_HOUR, 82., reset_ms - 50000);
	assert_string_equal(take(), "");
	/* A late one, when it is just over. */
	now_ms = reset_ms + 1000;
	limit(RATE_LIMIT_FIVE_HOUR, 83., reset_ms + 30000);
	assert_string_equal(take(), "");
	limit(RATE_LIMIT_FIVE_HOUR, 90., reset_ms + 5 * HOUR_MS);
	assert_string_equal(take(), "five_hour:80 ");
	/* Others are told by their own limits, each by itself. */
	limit("sevenDayOpus", 60., NOW_MS + 3 * DAY_MS);
	assert_string_equal(take(), "other_limits:50 ");
	limit("spendLimit", 60., NOW_MS + 3 * DAY_MS);
	assert_string_equal(take(), "other_limits:50 ");
	limit("sevenDayOpus", 61., NOW_MS + 3 * DAY_MS);
	assert_string_equal(take(), "");
}

static void a_window_that_the_server_begins_early_is_another(void **state)
{
	(void)state;
	config.alerts_five_hour_percent = numbers(80., 0.);
	limit(RATE_LIMIT_FIVE_HOUR, 85., NOW_MS + 2 * HOUR_MS);
	assert_string_equal(take(), "five_hour:80 ");
	limit(RATE_LIMIT_FIVE_HOUR, 1., NOW_MS + 5 * HOUR_MS);
	limit(RATE_LIMIT_FIVE_HOUR, 80., NOW_MS + 5 * HOUR_MS);
	assert_string_equal(take(), "five_hour:80 ");
	/* A limit of unknown length whose reset goes ahead of the clock is one as long as it stays high. */
	config.alerts_other_limits_percent = numbers(80., 0.);
	for (int i = 0; i < 5; i++) {
		now_ms += HOUR_MS;
		limit("rolling", 85., now_ms + HOUR_MS + MINUTE_MS * i);
		assert_string_equal(take(), i == 0 ? "other_limits:80 " : "");
	}
}

static void a_limit_is_reached_and_reset(void **state)
{
	(void)state;
	const int64_t reset_ms = NOW_MS + 2 * HOUR_MS;
	limit(RATE_LIMIT_FIVE_HOUR, 99.9, reset_ms);
	assert_string_equal(take(), "");
	assert_int_equal(limit(RATE_LIMIT_FIVE_HOUR, 100., reset_ms), reset_ms);
	assert_string_equal(take(), "limit_reached:100 ");
	now_ms = reset_ms - 1;
	assert_int_equal(nothing(), reset_ms);
	assert_string_equal(take(), "");
	now_ms = reset_ms;
	assert_int_equal(nothing(), 0);
	assert_string_equal(take(), "limit_reset:100 ");
	assert_int_equal(last.ends_ms, reset_ms);
	/* A late terminal says again what is over. */
	now_ms = reset_ms + 1000;
	limit(RATE_LIMIT_FIVE_HOUR, 100., reset_ms + 30000);
	now_ms = reset_ms + 30000;
	(void)nothing();
	assert_string_equal(take(), "");
	now_ms = reset_ms + HOUR_MS;
	(void)nothing();
	assert_int_equal(alerts.records.count, 0);
}

static void a_limit_that_is_reset_early_is_told(void **state)
{
	(void)state;
	limit(RATE_LIMIT_SEVEN_DAY, 100., NOW_MS + 4 * DAY_MS);
	assert_string_equal(take(), "limit_reached:100 ");
	limit(RATE_LIMIT_SEVEN_DAY, 3., NOW_MS + 7 * DAY_MS);
	assert_string_equal(take(), "limit_reset:100 ");
	assert_int_equal(nothing(), 0);
	assert_string_equal(take(), "");
}

/* One look at all limits. */
static void look(const char *name, double percent, int64_t resets_ms)
{
	alerts_begin(&alerts, now_ms);
	if (name)
		alerts_note_limit(&alerts, name, percent, resets_ms, "s1");
	alerts_end_limits(&alerts);
	(void)alerts_end(&alerts);
}

static void a_limit_that_is_answered_is_over(void **state)
{
	(void)state;
	int64_t resets_ms = NOW_MS + 4 * DAY_MS;
	look(RATE_LIMIT_SEVEN_DAY, 100., resets_ms);
	look(RATE_LIMIT_SEVEN_DAY, 100., resets_ms);
	assert_string_equal(take(), "limit_reached:100 ");
	/* A lower reading of the same window, or none any more: extra usage, an upgrade. */
	look(RATE_LIMIT_SEVEN_DAY, 40., resets_ms);
	assert_string_equal(take(), "limit_reset:100 ");
	assert_int_equal(last.ends_ms, 0);
	look(RATE_LIMIT_SEVEN_DAY, 100., resets_ms);
	assert_string_equal(take(), "limit_reached:100 ");
	look(NULL, 0., 0);
	look(NULL, 0., 0);
	assert_string_equal(take(), "limit_reset:100 ");
	now_ms = resets_ms;
	look(NULL, 0., 0);
	assert_string_equal(take(), "");
}

static void a_limit_without_a_reset_is_told_once(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		look(ALERTS_UNTOLD_LIMIT, 100., 0);
		assert_string_equal(take(), i == 0 ? "limit_reached:100 " : "");
		now_ms += DAY_MS;
		restart();
	}
	/* A statusline gives it a name. */
	look(RATE_LIMIT_FIVE_HOUR, 100., now_ms + HOUR_MS);
	assert_string_equal(take(), "limit_reached:100 ");
	look(ALERTS_UNTOLD_LIMIT, 100., 0);
	assert_string_equal(take(), "limit_reached:100 limit_reset:100 ");
	look(NULL, 0., 0);
	assert_string_equal(take(), "limit_reset:100 ");
}

static void a_reset_alone_may_be_wanted(void **state)
{
	(void)state;
	config.alerts_limit_reached = 0;
	limit(ALERTS_UNTOLD_LIMIT, 100., NOW_MS + HOUR_MS);
	assert_string_equal(take(), "");
	now_ms += HOUR_MS;
	(void)nothing();
	assert_string_equal(take(), "limit_reset:100 ");
	config.alerts_limit_reset = 0;
	limit(ALERTS_UNTOLD_LIMIT, 100., now_ms + 3 * HOUR_MS);
	now_ms += 3 * HOUR_MS;
	(void)nothing();
	assert_string_equal(take(), "");
}

static void a_reset_while_nobody_looked_is_told_when_it_is_young(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		now_ms = NOW_MS + late * DAY_MS;
		limit(RATE_LIMIT_FIVE_HOUR, 100., now_ms + HOUR_MS);
		assert_string_equal(take(), "limit_reached:100 ");
		now_ms += HOUR_MS + (late ? ALERTS_LATE_MS + 1 : ALERTS_LATE_MS);
		restart();
		(void)nothing();
		assert_string_equal(take(), late ? "" : "limit_reset:100 ");
		restart();
		(void)nothing();
		assert_string_equal(take(), "");
		assert_int_equal(alerts.records.count, 0);
	}
}

/* ---- sessions ---- */

static void a_context_is_armed_again_by_a_compaction(void **state)
{
	(void)state;
	config.alerts_context_percent = numbers(80., 0.);
	context("s1", 79.9, 0);
	assert_string_equal(take(), "");
	context("s1", 80., 0);
	assert_string_equal(take(), "context:80 ");
	assert_string_equal(last.session_id, "s1");
	assert_string_equal(last.project, "/home/u/p");
	context("s2", 81., 0);
	assert_string_equal(take(), "context:80 ");
	/* Old tool results were cleared: it wavers. */
	context("s1", 70., 0);
	context("s1", 84., 0);
	assert_string_equal(take(), "");
	/* A compaction that left much. */
	now_ms += MINUTE_MS;
	context("s1", 65., now_ms);
	context("s1", 82., now_ms);
	assert_string_equal(take(), "context:80 ");
	/* It fell far without a mark. */
	context("s1", 59.9, now_ms);
	context("s1", 80., now_ms);
	assert_string_equal(take(), "context:80 ");
	context("s2", 90., 0);
	assert_string_equal(take(), "");
}

static void a_cache_is_told_once_until_it_is_written_again(void **state)
{
	(void)state;
	const int64_t life_ms = 5 * MINUTE_MS;
	int64_t cold_ms = NOW_MS + life_ms;
	config.alerts_cache_cools_ms = 2 * MINUTE_MS;
	/* Time alone makes the crossing. */
	assert_int_equal(cache("s1", cold_ms, life_ms), cold_ms - 2 * MINUTE_MS);
	assert_string_equal(take(), "");
	now_ms = cold_ms - 2 * MINUTE_MS;
	assert_int_equal(cache("s1", cold_ms, life_ms), 0);
	assert_string_equal(take(), "cache_cools:120 ");
	assert_true(last.value == 120. && last.ends_ms == cold_ms);
	now_ms += MINUTE_MS;
	(void)cache("s1", cold_ms, life_ms);
	config.alerts_cache_cools_ms = 3 * MINUTE_MS;
	(void)cache("s1", cold_ms, life_ms);
	restart();
	(void)cache("s1", cold_ms, life_ms);
	assert_string_equal(take(), "");
	config.alerts_cache_cools_ms = 2 * MINUTE_MS;
	cold_ms = now_ms + life_ms;
	assert_int_equal(cache("s1", cold_ms, life_ms), cold_ms - 2 * MINUTE_MS);
	now_ms = cold_ms - MINUTE_MS;
	(void)cache("s1", cold_ms, life_ms);
	assert_string_equal(take(), "cache_cools:120 ");
	/* Cold already, without a cache, and one that never lasts as long. */
	assert_int_equal(cache("s2", now_ms, life_ms), 0);
	assert_int_equal(cache("s2", 0, 0), 0);
	config.alerts_cache_cools_ms = life_ms;
	assert_int_equal(cache("s2", now_ms + MINUTE_MS, life_ms), 0);
	config.alerts_cache_cools_ms = 0;
	assert_int_equal(cache("s2", now_ms + MINUTE_MS, life_ms), 0);
	assert_string_equal(take(), "");
}

static void a_wait_is_told_once_when_it_has_been_long_enough(void **state)
{
	(void)state;
	int64_t since_ms = NOW_MS - MINUTE_MS;
	config.alerts_waiting_ms = 2 * MINUTE_MS;
	assert_int_equal(waiting("s1", "permission prompt", since_ms), NOW_MS + MINUTE_MS);
	assert_string_equal(take(), "");
	now_ms = NOW_MS + MINUTE_MS + 500;
	assert_int_equal(waiting("s1", "permission prompt", since_ms), 0);
	assert_string_equal(take(), "waiting:120 ");
	assert_true(last.value == 120.5 && last.ends_ms == 0);
	assert_string_equal(last.waiting_for, "permission prompt");
	restart();
	now_ms += HOUR_MS;
	assert_int_equal(waiting("s1", "permission prompt", since_ms), 0);
	assert_string_equal(take(), "");
	/* The next wait of it, and that of another session. */
	(void)waiting("s1", "", now_ms - 3 * MINUTE_MS);
	assert_string_equal(take(), "waiting:120 ");
	(void)waiting("s2", "", now_ms - 3 * MINUTE_MS);
	assert_string_equal(take(), "waiting:120 ");
	config.alerts_waiting_ms = 0;
	assert_int_equal(waiting("s3", "", since_ms), 0);
	assert_string_equal(take(), "");
}

/* ---- across a restart ---- */

static void a_restart_repeats_nothing(void **state)
{
	(void)state;
	config.alerts_block_cost_usd = numbers(20., 40.);
	config.alerts_five_hour_percent = numbers(80., 0.);
	config.alerts_context_percent = numbers(80., 0.);
	block(30., START_MS);
	limit(RATE_LIMIT_FIVE_HOUR, 100., NOW_MS + HOUR_MS);
	context("s1", 85., NOW_MS - HOUR_MS);
	assert_string_equal(take(), "block_cost:20 limit_reached:100 five_hour:80 context:80 ");
	for (int i = 0; i < 3; i++) {
		restart();
		now_ms += MINUTE_MS;
		block(31., START_MS);
		limit(RATE_LIMIT_FIVE_HOUR, 100., NOW_MS + HOUR_MS);
		context("s1", 85., NOW_MS - HOUR_MS);
		assert_string_equal(take(), "");
	}
	block(40., START_MS);
	assert_string_equal(take(), "block_cost:40 ");
}

static void what_was_written_by_others_is_passed_over(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"{}",
		"{\"announced\":{}}",
		"{\"announced\":[1,null,\"x\",[],{}]}",
		"{\"announced\":[{\"rule\":\"block_cost\",\"limit\":20,\"subject\":\"x\",\"until\":1,"
		"\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"nothing\",\"limit\":20,\"subject\":\"\",\"until\":1,\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"block_cost\",\"limit\":-1,\"subject\":\"\",\"until\":1,"
		"\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"block_cost\",\"limit\":1e999,\"subject\":\"\",\"until\":1,"
		"\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"block_cost\",\"limit\":20,\"subject\":\"\",\"until\":9e18,"
		"\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"block_cost\",\"limit\":20,\"subject\":\"\","
		"\"until\":9223372036854775807,\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"block_cost\",\"limit\":20,\"subject\":\"\",\"until\":1,"
		"\"at\":-9223372036854775807}]}",
		"{\"announced\":[{\"rule\":\"context\",\"limit\":20,\"subject\":\"../x\",\"until\":1,"
		"\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"limit_reached\",\"limit\":100,\"subject\":\"a b\",\"until\":1,"
		"\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"limit_reset\",\"limit\":100,\"subject\":\"fiveHour\","
		"\"until\":1,\"at\":1}]}",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct json_object *written = json_tokener_parse(texts[i]);
		alerts_restore(&alerts, written, NOW_MS);
		json_object_put(written);
		assert_int_equal(alerts.records.count, 0);
	}
	alerts_restore(&alerts, NULL, NOW_MS);
	assert_int_equal(alerts.records.count, 0);
}

static void no_record_goes_before_its_crossing_is_over(void **state)
{
	(void)state;
	char id[32];
	config.alerts_context_percent = numbers(80., 0.);
	for (int i = 0; i < ALERTS_RECORDS_MAX + 10; i++) {
		snprintf(id, sizeof(id), "s%d", i);
		now_ms += MINUTE_MS / ALERTS_A_MINUTE + 1;
		context(id, 90., 0);
		assert_string_equal(take(), i < ALERTS_RECORDS_MAX ? "context:80 " : "");
		assert_int_equal(alerts_take_full(&alerts), i >= ALERTS_RECORDS_MAX);
	}
	assert_int_equal(alerts.records.count, ALERTS_RECORDS_MAX);
	restart();
	assert_int_equal(alerts.records.count, ALERTS_RECORDS_MAX);
	/* Those that were told are not told again, however often somebody looks. */
	for (int i = 0; i < ALERTS_RECORDS_MAX; i += 100) {
		snprintf(id, sizeof(id), "s%d", i);
		context(id, 90., 0);
	}
	assert_string_equal(take(), "");
	/* One that is over makes room. */
	context("s0", 1., 0);
	context("new", 90., 0);
	assert_string_equal(take(), "context:80 ");
	/* Sessions are forgotten some day. */
	now_ms += 31 * DAY_MS;
	(void)nothing();
	assert_int_equal(alerts.records.count, 0);
}

static void too_many_in_a_minute_are_summed_up(void **state)
{
	(void)state;
	config.alerts_context_percent = numbers(80., 0.);
	config.alerts_cache_cools_ms = 2 * MINUTE_MS;
	alerts_begin(&alerts, now_ms);
	for (int i = 0; i < ALERTS_A_MINUTE + 5; i++) {
		char id[32];
		snprintf(id, sizeof(id), "s%d", i);
		alerts_note_context(&alerts, id, NULL, 90., 0);
	}
	alerts_note_cache(&alerts, "c", NULL, now_ms + MINUTE_MS, 5 * MINUTE_MS);
	int64_t next_ms = alerts_end(&alerts);
	assert_int_equal(next_ms, now_ms + MINUTE_MS);
	const char *all = take();
	size_t count = 0;
	for (const char *at = all; (at = strstr(at, "context:80 ")); at++)
		count++;
	assert_int_equal(count, ALERTS_A_MINUTE);
	assert_null(strstr(all, "cache"));
	/* Alerts about the account come in any case. */
	(void)limit(RATE_LIMIT_FIVE_HOUR, 100., NOW_MS + HOUR_MS);
	assert_string_equal(take(), "limit_reached:100 ");
	/* Nothing of it is lost by a restart. */
	restart();
	now_ms = next_ms;
	(void)nothing();
	assert_string_equal(take(), "more:10 ");
	assert_true(last.value == 6.);
	(void)nothing();
	assert_string_equal(take(), "");
}

/* ---- words ---- */

static void expect_message(struct alert alert, const char *expected)
{
	struct buf text = BUF_INIT;
	alert.at_ms = NOW_MS;
	alert_text_append_message(&alert, &text);
	assert_string_equal(buf_str(&text), expected);
	buf_release(&text);
}

static void messages_say_it_in_a_sentence(void **state)
{
	(void)state;
	expect_message((struct alert){ .rule = ALERT_BLOCK_COST,
				       .value = 40.126,
				       .limit = 40.,
				       .ends_ms = NOW_MS + HOUR_MS },
		       "This block has cost $40.13 (alert at $40.00); it ends at 15:05");
	expect_message((struct alert){ .rule = ALERT_TODAY_COST, .value = 100., .limit = 100. },
		       "Today has cost $100.00 (alert at $100.00)");
	expect_message((struct alert){ .rule = ALERT_FIVE_HOUR,
				       .value = 94.96,
				       .limit = 80.,
				       .name = "fiveHour",
				       .ends_ms = NOW_MS + HOUR_MS },
		       "94.9% of the 5-hour limit is used; it resets at 15:05");
	expect_message((struct alert){ .rule = ALERT_SEVEN_DAY,
				       .value = 80.,
				       .limit = 80.,
				       .name = "sevenDay",
				       .ends_ms = NOW_MS + 3 * DAY_MS },
		       "80% of the 7-day limit is used; it resets at Thu 14:05");
	expect_message(
		(struct alert){
			.rule = ALERT_OTHER_LIMITS, .value = 81., .limit = 80., .name = "sevenDayOpus" },
		"81% of the 7-day Opus limit is used");
	expect_message((struct alert){ .rule = ALERT_CONTEXT,
				       .value = 82.5,
				       .limit = 80.,
				       .session_id = "0123456789",
				       .project = "/home/u/my project" },
		       "The context of my project is 82.5% full");
	expect_message(
		(struct alert){
			.rule = ALERT_CONTEXT, .value = 82., .limit = 80., .session_id = "0123456789" },
		"The context of session 01234567 is 82% full");
	expect_message((struct alert){ .rule = ALERT_WAITING,
				       .value = 120.9,
				       .project = "/p/engine",
				       .waiting_for = "input needed" },
		       "engine has been waiting for you for 2 min: input needed");
	expect_message(
		(struct alert){
			.rule = ALERT_WAITING, .value = 7300., .project = "/p/engine", .waiting_for = "" },
		"engine has been waiting for you for 2 h");
	expect_message(
		(struct alert){
			.rule = ALERT_WAITING, .value = 3.9, .project = "/p/engine", .waiting_for = "$(x)" },
		"engine has been waiting for you for 3 s: __x_");
	expect_message(
		(struct alert){ .rule = ALERT_CACHE_COOLS, .value = 120., .limit = 120., .project = "/p" },
		"The prompt cache of p goes cold in 2 min");
	expect_message(
		(struct alert){ .rule = ALERT_CACHE_COOLS, .value = 59.5, .limit = 120., .project = "/p" },
		"The prompt cache of p goes cold in 60 s");
	expect_message((struct alert){ .rule = ALERT_LIMIT_REACHED,
				       .value = 100.,
				       .limit = 100.,
				       .name = "fiveHour",
				       .ends_ms = NOW_MS + HOUR_MS },
		       "The 5-hour limit is reached; it resets at 15:05");
	expect_message((struct alert){ .rule = ALERT_LIMIT_RESET, .limit = 100., .name = ALERTS_UNTOLD_LIMIT,
				       .ends_ms = NOW_MS },
		       "The usage limit is reset");
}

static void what_a_transcript_says_is_harmless(void **state)
{
	(void)state;
	expect_message((struct alert){ .rule = ALERT_CONTEXT,
				       .value = 82.,
				       .project = "/x/$(reboot)`id`;<b>&\"'\\" },
		       "The context of __reboot__id___b_____ is 82% full");
	expect_message((struct alert){ .rule = ALERT_CONTEXT,
				       .value = 82.,
				       .project = "/x/a\x1B[2J\nb\xC2\x9B"
						  "c\xE2\x80\xAE"
						  "d\xE2\x81\xA6"
						  "e\x7F" },
		       "The context of a__2J_b_c_d_e_ is 82% full");
	/* Text stays text; what is cut off is whole characters. */
	expect_message((struct alert){ .rule = ALERT_CONTEXT,
				       .value = 82.,
				       .project = "/x/Z\xC3\xBCrich \xE6\x97\xA5" },
		       "The context of Z\xC3\xBCrich \xE6\x97\xA5 is 82% full");
	char path[4 * ALERT_TEXT_NAME_CHARS], expected[4 * ALERT_TEXT_NAME_CHARS + 64] = "The context of ";
	path[0] = '/';
	path[1] = '\0';
	for (int i = 0; i < ALERT_TEXT_NAME_CHARS; i++)
		memcpy(path + 1 + 2 * i, "\xC3\xBC", 3);
	snprintf(expected, sizeof(expected), "The context of %s is 82%% full", path + 1);
	expect_message((struct alert){ .rule = ALERT_CONTEXT, .value = 82., .project = path }, expected);
	memcpy(path + 1 + 2 * ALERT_TEXT_NAME_CHARS, "x", 2);
	snprintf(expected, sizeof(expected), "The context of %.*s... is 82%% full", 2 * ALERT_TEXT_NAME_CHARS,
		 path + 1);
	expect_message((struct alert){ .rule = ALERT_CONTEXT, .value = 82., .project = path }, expected);
	/* Bytes that are cut off in a character's middle are no text. */
	expect_message((struct alert){ .rule = ALERT_CONTEXT, .value = 82., .project = "/x\xE2" },
		       "The context of x_ is 82% full");
	expect_message((struct alert){ .rule = ALERT_CONTEXT, .value = 82., .project = "/x\xE2\x80" },
		       "The context of x__ is 82% full");
}

static const char *variable(const struct buf *environment, const char *name)
{
	size_t name_len = strlen(name);
	for (size_t at = 0; at < environment->len; at += strlen(environment->data + at) + 1)
		if (strncmp(environment->data + at, name, name_len) == 0
		    && environment->data[at + name_len] == '=')
			return environment->data + at + name_len + 1;
	return NULL;
}

static void the_environment_has_every_variable(void **state)
{
	(void)state;
	struct buf text = BUF_INIT;
	const struct alert cost = { .rule = ALERT_BLOCK_COST, .at_ms = NOW_MS, .value = 40.126, .limit = 40.,
				    .ends_ms = NOW_MS + HOUR_MS };
	alert_text_append_environment(&cost, "it did", &text);
	assert_string_equal(variable(&text, "SWATCH_ALERT"), "block_cost");
	assert_string_equal(variable(&text, "SWATCH_VALUE"), "40.13");
	assert_string_equal(variable(&text, "SWATCH_LIMIT"), "40.00");
	assert_string_equal(variable(&text, "SWATCH_UNIT"), "usd");
	assert_string_equal(variable(&text, "SWATCH_LIMIT_NAME"), "");
	assert_string_equal(variable(&text, "SWATCH_WAITING_FOR"), "");
	assert_string_equal(variable(&text, "SWATCH_SESSION_ID"), "");
	assert_string_equal(variable(&text, "SWATCH_PROJECT"), "");
	assert_string_equal(variable(&text, "SWATCH_AT"), "1795442700");
	assert_string_equal(variable(&text, "SWATCH_RESETS_AT"), "1795446300");
	assert_string_equal(variable(&text, "SWATCH_MESSAGE"), "it did");
	buf_clear(&text);
	const struct alert full = { .rule = ALERT_CONTEXT, .at_ms = NOW_MS, .value = 82.55, .limit = 80.,
				    .session_id = "s1", .project = "/x/$a b\ncLD_PRELOAD=y" };
	alert_text_append_environment(&full, "m", &text);
	assert_string_equal(variable(&text, "SWATCH_VALUE"), "82.5");
	assert_string_equal(variable(&text, "SWATCH_UNIT"), "percent");
	assert_string_equal(variable(&text, "SWATCH_SESSION_ID"), "s1");
	assert_string_equal(variable(&text, "SWATCH_PROJECT"), "/x/$a b_cLD_PRELOAD=y");
	assert_string_equal(variable(&text, "SWATCH_RESETS_AT"), "");
	assert_null(variable(&text, "LD_PRELOAD"));
	buf_clear(&text);
	const struct alert option = { .rule = ALERT_CONTEXT, .at_ms = NOW_MS, .session_id = "s1",
				      .project = "--help" };
	alert_text_append_environment(&option, "m", &text);
	assert_string_equal(variable(&text, "SWATCH_PROJECT"), "");
	buf_release(&text);
}

static struct json_object *written_environment(const struct buf *environment)
{
	struct buf text = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &text);
	alert_text_write_environment(environment, &w);
	struct json_object *written = json_tokener_parse(buf_str(&text));
	buf_release(&text);
	assert_non_null(written);
	return written;
}

static void an_environment_comes_back_after_a_restart(void **state)
{
	(void)state;
	struct buf before = BUF_INIT, after = BUF_INIT;
	const struct alert full = { .rule = ALERT_CONTEXT, .at_ms = NOW_MS, .value = 82.5, .limit = 80.,
				    .session_id = "s1", .project = "/x/a=\"b\"" };
	alert_text_append_environment(&full, "The context", &before);
	struct json_object *written = written_environment(&before);
	assert_int_equal(alert_text_read_environment(written, NOW_MS, &after), ALERT_CONTEXT);
	assert_int_equal(after.len, before.len);
	assert_memory_equal(after.data, before.data, before.len);
	/* An hour later it is no news, and nothing happened yet that lies ahead. */
	buf_clear(&after);
	assert_int_equal(alert_text_read_environment(written, NOW_MS + HOUR_MS + MINUTE_MS, &after),
			 ALERT_RULES);
	assert_int_equal(alert_text_read_environment(written, NOW_MS - MINUTE_MS, &after), ALERT_RULES);
	assert_int_equal(after.len, 0);
	json_object_put(written);
	buf_release(&before);
	buf_release(&after);
}

static void of_a_forged_environment_only_our_variables_are_taken(void **state)
{
	(void)state;
	struct buf after = BUF_INIT;
	struct json_object *forged = json_tokener_parse(
		"{\"SWATCH_ALERT\": \"waiting\", \"SWATCH_AT\": \"1795442700\", \"LD_PRELOAD\": \"/x.so\","
		"\"SWATCH_VALUE\": \"7\", \"SWATCH_LIMIT\": \"6\", \"SWATCH_UNIT\": \"seconds\","
		"\"SWATCH_LIMIT_NAME\": \"`id`\", \"SWATCH_SESSION_ID\": \"s1\","
		" \"SWATCH_PROJECT\": \"/a b\\n\","
		"\"SWATCH_WAITING_FOR\": \"\\u202ex\", \"SWATCH_RESETS_AT\": \"\","
		"\"SWATCH_MESSAGE\": \"a\\u001bb `id` <b> costs $4.20 (or so); 5%\"}");
	assert_int_equal(alert_text_read_environment(forged, NOW_MS, &after), ALERT_WAITING);
	assert_null(variable(&after, "LD_PRELOAD"));
	assert_string_equal(variable(&after, "SWATCH_MESSAGE"), "a_b _id_ _b_ costs $4.20 (or so); 5%");
	assert_string_equal(variable(&after, "SWATCH_LIMIT_NAME"), "_id_");
	assert_string_equal(variable(&after, "SWATCH_PROJECT"), "/a b_");
	assert_string_equal(variable(&after, "SWATCH_WAITING_FOR"), "_x");
	/* One value that we cannot have written, and none of it is taken. */
	static const char *const changes[][2] = {
		{ "SWATCH_VALUE", "" }, { "SWATCH_VALUE", "7;id" }, { "SWATCH_VALUE", "1e999" },
		{ "SWATCH_LIMIT", "nan" }, { "SWATCH_UNIT", "percent" }, { "SWATCH_SESSION_ID", "../s1" },
		{ "SWATCH_SESSION_ID", "s1 -x" }, { "SWATCH_PROJECT", "-x" }, { "SWATCH_AT", "1795442700 " },
		{ "SWATCH_RESETS_AT", "-5" }, { "SWATCH_RESETS_AT", "99999999999999999999999999999999" },
		{ "SWATCH_MESSAGE", "$(id)" }, { "SWATCH_MESSAGE", "a $" },
	};
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *key = changes[i][0];
		struct json_object *good = json_object_get(json_object_object_get(forged, key));
		buf_clear(&after);
		json_object_object_add(forged, key, json_object_new_string(changes[i][1]));
		if (alert_text_read_environment(forged, NOW_MS, &after) != ALERT_RULES || after.len != 0)
			fail_msg("%s=%s", key, changes[i][1]);
		json_object_object_del(forged, key);
		if (alert_text_read_environment(forged, NOW_MS, &after) != ALERT_RULES || after.len != 0)
			fail_msg("without %s", key);
		json_object_object_add(forged, key, good);
	}
	json_object_put(forged);
	buf_clear(&after);
	static const char *const bad[] = {
		"7",
		"{}",
		"{\"SWATCH_ALERT\": \"more\"}",
		"{\"SWATCH_ALERT\": \"much\", \"SWATCH_AT\": \"1795442700\"}",
		"{\"SWATCH_ALERT\": \"more\", \"SWATCH_AT\": \"99999999999999999999\"}",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		forged = json_tokener_parse(bad[i]);
		assert_int_equal(alert_text_read_environment(forged, NOW_MS, &after), ALERT_RULES);
		json_object_put(forged);
	}
	assert_int_equal(after.len, 0);
	buf_release(&after);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_block_crosses_each_limit_once),
		TEST(limits_crossed_at_once_are_one_alert),
		TEST(the_next_block_is_another_and_a_moved_one_is_not),
		TEST(a_day_is_told_once_a_day),
		TEST(a_limit_is_told_once_a_window),
		TEST(a_window_that_the_server_begins_early_is_another),
		TEST(a_limit_is_reached_and_reset),
		TEST(a_limit_that_is_reset_early_is_told),
		TEST(a_reset_alone_may_be_wanted),
		TEST(a_reset_while_nobody_looked_is_told_when_it_is_young),
		TEST(a_context_is_armed_again_by_a_compaction),
		TEST(a_cache_is_told_once_until_it_is_written_again),
		TEST(a_wait_is_told_once_when_it_has_been_long_enough),
		TEST(a_restart_repeats_nothing),
		TEST(what_was_written_by_others_is_passed_over),
		TEST(a_limit_that_is_answered_is_over),
		TEST(a_limit_without_a_reset_is_told_once),
		TEST(no_record_goes_before_its_crossing_is_over),
		TEST(too_many_in_a_minute_are_summed_up),
		TEST(messages_say_it_in_a_sentence),
		TEST(what_a_transcript_says_is_harmless),
		TEST(the_environment_has_every_variable),
		TEST(an_environment_comes_back_after_a_restart),
		TEST(of_a_forged_environment_only_our_variables_are_taken),
	};
	/* 2026-11-23 14:05 everywhere. */
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
