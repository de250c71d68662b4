/*
 * publish: files that cannot be written, figures that lack the past, and thousands of files that take many
 * turns.
 */
#include "unit.h"

#include "base/log.h"
#include "ledger/archive.h"
#include "publish_world.h"

static void a_write_that_fails_is_tried_again(void **state UNUSED)
{
	begin_published();
	block_file("a.json");
	change_all();
	note_change(part_a, PUBLISH_LINES);
	assert_false(publish_has_failed(&publish));
	end_turn();
	expect_told("billing-shared.json sessions.json ");
	assert_true(publish_has_failed(&publish));
	assert_int_equal(publish.stats.failed, 1);
	assert_non_null(strstr(publish.stats.last_error, "a.json: "));
	unblock_file("a.json");
	turned_clock_advance(PUBLISH_RETRY_MS);
	fire_again();
	expect_told("a.json ");
	assert_string_equal(publish.stats.last_error, "");
	assert_null(publish.dirty);
	assert_int_equal(scratch_count(&test_dir), 4);
}

static void turn_twice(void)
{
	change_all();
	note_change(part_a, PUBLISH_LINES);
	end_turn();
	turned_clock_advance(PUBLISH_RETRY_MS);
	fire_again();
}

/* The log has a line when writing fails, and one when it succeeds again, however many turns are between. */
static void a_failure_and_its_end_are_logged_once(void **state UNUSED)
{
	AUTO_BUF said = BUF_INIT;
	begin_published();
	block_file("a.json");
	log_init("swatchd", LOG_LEVEL_INFO);
	scratch_catch_log(&test_dir, turn_twice, &said);
	const char *first = strstr(buf_str(&said), "cannot write ");
	assert_non_null(first);
	assert_null(strstr(first + 1, "cannot write "));
	assert_null(strstr(first, "can be written again"));
	assert_string_not_equal(publish.stats.last_error, "");
	unblock_file("a.json");
	turned_clock_advance(PUBLISH_RETRY_MS);
	buf_clear(&said);
	scratch_catch_log(&test_dir, fire_again, &said);
	assert_non_null(strstr(buf_str(&said), "can be written again"));
	/* Nothing failed since. */
	change_all();
	note_change(part_a, PUBLISH_LINES);
	turned_clock_advance(PUBLISH_LIST_MS);
	buf_clear(&said);
	scratch_catch_log(&test_dir, end_turn, &said);
	assert_string_equal(buf_str(&said), "");
}

static void a_failure_is_over_as_soon_as_nothing_waits(void **state UNUSED)
{
	begin_published();
	block_file("a.json");
	change_all();
	note_change(part_a, PUBLISH_LINES);
	end_turn();
	assert_string_not_equal(publish.stats.last_error, "");
	unblock_file("a.json");
	turned_clock_advance(PUBLISH_RETRY_MS / 2);
	note_change(NULL, PUBLISH_EVERYTHING);
	end_turn();
	assert_null(publish.dirty);
	assert_string_equal(publish.stats.last_error, "");
}

static void a_sweep_that_succeeds_is_not_repeated(void **state UNUSED)
{
	begin_published();
	publish.sweep_mono_ms = clock_mono_ms();   /* one that failed */
	assert_int_equal(publish_sweep(&publish), 0);
	assert_int_equal(publish.sweep_mono_ms, 0);
}

/* ---- an archive that can be asked, or cannot ---- */

static bool archive_answers;

static bool sum_session(void *ctx, struct ledger *ledger, const char *id, struct ledger_archived_session *out)
{
	(void)ctx;
	(void)ledger;
	(void)id;
	*out = (struct ledger_archived_session){ 0 };
	return archive_answers;
}

static const struct ledger_archive_calls archive_calls = { .sum_session = sum_session };

/* A figure that a reader has seen does not go back because the ledger's file cannot be read now. */
static void figures_that_lack_the_past_are_not_written(void **state UNUSED)
{
	archive_answers = false;
	begin_published();
	change_all();
	ledger_set_archive(made.ledger, &archive_calls, NULL);
	note_change(part_a, PUBLISH_FIGURES);
	end_turn();
	expect_told("");
	assert_non_null(strstr(publish.stats.last_error, "a.json: "));
	archive_answers = true;
	turned_clock_advance(PUBLISH_RETRY_MS);
	fire_again();
	expect_told("a.json ");
	/* While a command has the file, what was never asked for is not known either. */
	archive_answers = false;
	ledger_let_go(made.ledger);
	ledger_close_archive(made.ledger);
	turned_clock_advance(PUBLISH_RETRY_MS);
	note_change(part_a, PUBLISH_FIGURES);
	end_turn();
	expect_told("");
}

/* ---- many files ---- */

#define MANY 12

static unsigned answers;

/* Makes them, all active, with their files written. */
static void begin_with_many(void)
{
	char id[16];
	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "s%02d", i);
		struct session_transcript *part = made_up_transcript(&made, id, false, NOW);
		session_exclude(&made.sessions, part->session, false);
		part->session->state = SESSION_ACTIVE;
	}
	begin_published();
	write_ms = 3;
}

static void count_answer(void *ctx, const struct billing_view *view)
{
	(void)ctx;
	(void)view;
	answers++;
}

static unsigned files_told(void)
{
	unsigned count = count_told(" ");
	forget_told();
	return count;
}

static void many_files_are_spread_over_turns(void **state UNUSED)
{
	unsigned turns = 1, most = PUBLISH_TURN_MS / 3 + 1, first = 0;
	begin_with_many();
	struct session_transcript *last = sessions_find(&made.sessions, "s11")->transcripts;
	publish_set_observer(&publish, count_answer, NULL);
	answers = 0;
	note_change(NULL, PUBLISH_EVERYTHING);
	end_turn();
	unsigned sum = first = files_told();
	assert_in_range(first, 1, most);
	assert_int_equal(answers, 0);
	/* News of somebody whose file was not written just now comes first, and waits no longer than ever. */
	made_up_answer(&made, last, "news", NOW, 1000, 100, "news");
	note_change(last, PUBLISH_FIGURES);
	while (publish.pass_goes_on) {
		assert_true(turns++ < MANY);
		assert_true(ev_timer_remaining(loop, &publish.again) < 0.01);
		fire_again();
		unsigned now = files_told();
		assert_in_range(now, 1, most);
		sum += now;
	}
	/* All sessions, and both shared files: each once. */
	assert_int_equal(sum, MANY + 2 + 2);
	assert_in_range(turns, MANY / most, MANY);
	assert_null(publish.dirty);
	assert_int_equal(answers, 1);
	/* Who has to announce it waits for no turn. */
	note_change(NULL, PUBLISH_EVERYTHING);
	publish_flush(&publish);
	assert_int_equal(files_told(), MANY + 4);
	assert_false(publish.pass_goes_on);
	/* What is due at different times stays so: nobody hurries what came later. */
	note_change(NULL, PUBLISH_EVERYTHING);
	end_turn();
	assert_true(publish.pass_goes_on);
}

/* A full disk: each is tried once, and then all wait, however many turns that takes. */
static void a_pass_that_fails_does_not_go_round(void **state UNUSED)
{
	begin_with_many();
	block_file("s07.json");
	note_change(NULL, PUBLISH_EVERYTHING);
	end_turn();
	for (int turns = 0; publish.pass_goes_on; turns++) {
		assert_true(turns < MANY);
		fire_again();
	}
	assert_int_equal(files_told(), MANY + 3);
	assert_int_equal(publish.stats.failed, 1);
	assert_true(ev_timer_remaining(loop, &publish.again) > 4.);
	unblock_file("s07.json");
	turned_clock_advance(PUBLISH_RETRY_MS);
	fire_again();
	expect_told("s07.json ");
	assert_null(publish.dirty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PUBLISH_TEST(a_write_that_fails_is_tried_again),
		PUBLISH_TEST(a_failure_and_its_end_are_logged_once),
		PUBLISH_TEST(a_failure_is_over_as_soon_as_nothing_waits),
		PUBLISH_TEST(a_sweep_that_succeeds_is_not_repeated),
		PUBLISH_TEST(figures_that_lack_the_past_are_not_written),
		PUBLISH_TEST(many_files_are_spread_over_turns),
		PUBLISH_TEST(a_pass_that_fails_does_not_go_round),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
