/* publish: which change writes which cache file, and when. */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json/get.h"
#include "publish_world.h"

static void nothing_is_written_before_the_figures_are_whole(void **state UNUSED)
{
	note_change(part_a, PUBLISH_LINES);
	note_change(NULL, PUBLISH_TIME);
	end_turn();
	publish_flush(&publish);
	expect_told("");
	assert_int_equal(scratch_count(&test_dir), 0);
	assert_int_equal(publish_begin(&publish), 0);
	end_turn();
	assert_int_equal(scratch_count(&test_dir), 4);
	assert_int_equal(scratch_mode(&test_dir, "a.json"), 0600);
}

static void the_start_removes_what_is_ours_and_old(void **state UNUSED)
{
	session_exclude(&made.sessions, part_b->session, true);
	scratch_write_text(&test_dir, "b.json", "{\"writer\":\"swatchd 1\"}");
	scratch_write_text(&test_dir, "gone.json", "{\"writer\":\"swatchd 0.1\"}");
	scratch_write_text(&test_dir, "theirs.json", "{\"writer\":\"somebody\"}");
	scratch_write_text(&test_dir, "sessions.json.bak", "{\"writer\":\"swatchd 1\"}");
	assert_int_equal(publish_begin(&publish), 2);
	end_turn();
	assert_false(is_there("b.json") || is_there("gone.json"));
	assert_true(is_there("a.json") && is_there("theirs.json") && is_there("sessions.json.bak"));
}

/* Whether sessions.json names a session that Claude Code will soon compact. */
static bool lists_compaction(void)
{
	size_t count;
	publish_flush(&publish);
	AUTO_JSON *list = cache_read_json(test_dir.dir_fd, "sessions.json");
	assert_non_null(json_get_array(json_get_object(list, "alerts"), "sessionsNearCompaction", &count));
	return count > 0;
}

static void the_list_follows_the_sessions_contexts(void **state UNUSED)
{
	begin_published();
	assert_false(lists_compaction());
	made_up_answer(&made, part_a, "large", NOW, 180000, 100, "x");
	note_change(part_a, PUBLISH_LINES);
	assert_true(lists_compaction());
	/* Another session's change does not lose it. */
	note_change(part_b, PUBLISH_STATE);
	assert_true(lists_compaction());
	made_up_answer(&made, part_a, "small", NOW + 1, 18000, 100, "x");
	note_change(part_a, PUBLISH_LINES);
	assert_false(lists_compaction());
}

static void each_change_touches_its_files(void **state UNUSED)
{
	static const struct {
		enum publish_change change;
		const char *written;
	} cases[] = {
		{ PUBLISH_TRANSCRIPT, "a.json sessions.json " },
		{ PUBLISH_LINES, "a.json billing-shared.json sessions.json " },
		{ PUBLISH_FIGURES, "a.json " },
		{ PUBLISH_STATE, "a.json sessions.json " },
		{ PUBLISH_ACCOUNT, "billing-shared.json " },
		{ PUBLISH_COPIES, "a.json b.json " },   /* b is idle: its copy says that it is old */
		{ PUBLISH_SESSION_MOMENT, "a.json billing-shared.json sessions.json " },
	};
	begin_published();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		change_all();
		note_change(part_a, cases[i].change);
		expect_told("");
		end_turn();
		expect_told(cases[i].written);
		/* What this one left out is brought up to date before the next. */
		note_change(part_a, PUBLISH_LINES);
		publish_flush(&publish);
		turned_clock_advance(PUBLISH_LIST_MS);
		forget_told();
	}
}

static void what_a_reader_would_not_see_is_not_written(void **state UNUSED)
{
	begin_published();
	uint64_t written = publish.stats.written;
	turned_clock_advance(10 * CLOCK_SECOND_MS);
	note_change(part_a, PUBLISH_STATE);
	note_change(part_b, PUBLISH_TRANSCRIPT);
	end_turn();
	expect_told("");
	assert_int_equal(publish.stats.written, written);
	assert_int_equal(publish.stats.unchanged, 3);
	/* The shared figures of a are another session's, too: that alone is no reason to write its file. */
	made_up_answer(&made, part_a, "x", NOW, 1000, 100, "more");
	note_change(part_b, PUBLISH_FIGURES);
	end_turn();
	expect_told("");
	note_change(part_a, PUBLISH_LINES);
	publish_flush(&publish);
	forget_told();
	/* When the clock was set, the copies in every session's file are old. */
	note_change(NULL, PUBLISH_TIME);
	end_turn();
	assert_true(count_told("a.json") == 1 && count_told("b.json") == 1);
	assert_int_equal(count_told("sessions.json"), 0);
	forget_told();
	note_change(NULL, PUBLISH_EVERYTHING);
	end_turn();
	assert_true(count_told("a.json") == 1 && count_told("b.json") == 1);
	assert_true(count_told("billing-shared.json") == 1 && count_told("sessions.json") == 1);
}

static void a_file_is_written_no_more_often_than_it_may_be(void **state UNUSED)
{
	begin_published();
	change_all();
	note_change(part_a, PUBLISH_LINES);
	end_turn();
	expect_told("a.json billing-shared.json sessions.json ");
	change_all();
	note_change(part_a, PUBLISH_LINES);
	end_turn();
	expect_told("");
	turned_clock_advance(TAIL_DELAY - 10);
	note_change(part_a, PUBLISH_LINES);
	end_turn();
	expect_told("");
	turned_clock_advance(10);
	fire_again();
	expect_told("a.json billing-shared.json ");
	turned_clock_advance(PUBLISH_LIST_MS - TAIL_DELAY);
	fire_again();
	expect_told("sessions.json ");
	assert_false(ev_is_active(&publish.again));
	/* Unless somebody has to know that it is there. */
	change_all();
	note_change(part_a, PUBLISH_LINES);
	publish_flush(&publish);
	expect_told("a.json billing-shared.json sessions.json ");
	/* Or all is anew. */
	note_change(NULL, PUBLISH_TIME);
	end_turn();
	assert_int_equal(count_told("a.json"), 1);
}

static void sessions_that_are_excluded_get_no_file(void **state UNUSED)
{
	begin_published();
	session_exclude(&made.sessions, part_b->session, true);
	note_change(part_b, PUBLISH_STATE);
	note_change(NULL, PUBLISH_EVERYTHING);
	end_turn();
	assert_int_equal(count_told("b.json"), 0);
	/* Also one that is excluded while its file waits. */
	forget_told();
	session_exclude(&made.sessions, part_b->session, false);
	part_b->file->modified_ms++;
	note_change(part_b, PUBLISH_FIGURES);
	session_exclude(&made.sessions, part_b->session, true);
	publish_flush(&publish);
	expect_told("");
	assert_null(publish.dirty);
}

static void nothing_is_written_while_it_is_held(void **state UNUSED)
{
	begin_published();
	change_all();
	note_change(part_a, PUBLISH_LINES);
	publish_hold(&publish);
	end_turn();
	publish_flush(&publish);
	expect_told("");
}

static void a_removed_session_loses_its_file_and_its_place(void **state UNUSED)
{
	begin_published();
	part_b->file->modified_ms++;
	note_change(part_b, PUBLISH_FIGURES);
	session_exclude(&made.sessions, part_b->session, true);
	publish_remove_session(&publish, part_b->session);
	assert_false(is_there("b.json"));
	assert_null(publish.dirty);
	assert_false(part_b->session->file.exists);
	end_turn();
	expect_told("sessions.json ");
	/* Somebody else's file of that name stays. */
	assert_int_equal(unlinkat(test_dir.dir_fd, "a.json", 0), 0);
	scratch_write_text(&test_dir, "a.json", "{\"writer\":\"somebody\"}");
	publish_remove_session(&publish, part_a->session);
	assert_true(is_there("a.json"));
}

static void an_earlier_run_knew_the_session_longer(void **state UNUSED)
{
	scratch_write_text(&test_dir, "a.json", "{\"writer\":\"swatchd 1\",\"firstSeen\":1700000000000}");
	scratch_write_text(&test_dir, "b.json", "{\"writer\":\"swatchd 1\",\"firstSeen\":99999999999999}");
	begin_published();
	AUTO_JSON *file = cache_read_json(test_dir.dir_fd, "a.json");
	assert_int_equal(json_get_int(file, "firstSeen", 0), INT64_C(1700000000000));
	AUTO_JSON *other = cache_read_json(test_dir.dir_fd, "b.json");
	assert_int_equal(json_get_int(other, "firstSeen", 0), NOW);
}

static unsigned answers;

static void on_figures(void *ctx, const struct billing_view *view)
{
	*(int64_t *)ctx = view->at_ms;
	/* The files are there by then. */
	assert_true(is_there("billing-shared.json"));
}

static bool keep(void *ctx)
{
	answers++;
	return *(bool *)ctx;
}

static void it_waits_until_there_is_a_directory(void **state UNUSED)
{
	bool good = false;
	int64_t seen_ms = 0;
	answers = 0;
	publish_set_keeper(&publish, keep, &good);
	publish_set_observer(&publish, on_figures, &seen_ms);
	publish_begin(&publish);
	end_turn();
	expect_told("");
	assert_true(publish_has_failed(&publish));
	assert_int_equal(seen_ms, 0);
	/* Status says why. */
	assert_non_null(strstr(publish.stats.last_error, "directory is gone"));
	/* Turns in which nothing changes do not ask again. */
	end_turn();
	assert_int_equal(answers, 1);
	good = true;
	fire_again();
	assert_int_equal(seen_ms, NOW);
	assert_string_equal(publish.stats.last_error, "");
	assert_int_equal(scratch_count(&test_dir), 4);
}

static void another_directory_gets_everything(void **state UNUSED)
{
	begin_published();
	assert_int_equal(mkdirat(test_dir.dir_fd, "new", 0700), 0);
	int fd = openat(test_dir.dir_fd, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	publish_set_directory(&publish, fd);
	end_turn();
	assert_true(is_there("new/a.json") && is_there("new/b.json") && is_there("new/sessions.json")
		    && is_there("new/billing-shared.json"));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PUBLISH_TEST(nothing_is_written_before_the_figures_are_whole),
		PUBLISH_TEST(the_start_removes_what_is_ours_and_old),
		PUBLISH_TEST(the_list_follows_the_sessions_contexts),
		PUBLISH_TEST(each_change_touches_its_files),
		PUBLISH_TEST(what_a_reader_would_not_see_is_not_written),
		PUBLISH_TEST(a_file_is_written_no_more_often_than_it_may_be),
		PUBLISH_TEST(sessions_that_are_excluded_get_no_file),
		PUBLISH_TEST(nothing_is_written_while_it_is_held),
		PUBLISH_TEST(a_removed_session_loses_its_file_and_its_place),
		PUBLISH_TEST(an_earlier_run_knew_the_session_longer),
		PUBLISH_TEST(it_waits_until_there_is_a_directory),
		PUBLISH_TEST(another_directory_gets_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
