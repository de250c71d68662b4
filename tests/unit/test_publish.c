/* Which change writes which cache file, and when: with real files, and a clock that is turned by hand. */
#include "unit.h"

#include <ev.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cache/read.h"
#include "ledger/archive.h"
#include "made_up.h"
#include "scratch.h"
#include "swatchd/publish/publish.h"
#include "turned_clock.h"

#define NOW INT64_C(1795435200000)   /* 2026-11-23T12:00:00Z */
#define TAIL_DELAY 500

static struct made_up m;
static struct ev_loop *loop;
static struct events events;
static struct publish publish;
static struct session_transcript *a, *b;
/* What followers got since expect() looked last: the names of the files that were published, in order, and
 * other events. */
static struct buf told;
static unsigned answers;
/* How long each file takes to write, by the turned clock. */
static int64_t write_ms;

static void on_event(void *ctx, const char *line, size_t len)
{
	(void)ctx;
	(void)len;
	AUTO_JSON *event = json_tokener_parse(line);
	const char *file = json_get_string(event, "file");
	buf_printf(&told, "%s ", file ? file : json_get_string(event, "event"));
	if (file)
		turned_clock_advance(write_ms);
}

static int set_up(void **state)
{
	(void)state;
	made_up_begin(&m, NOW);
	m.config.watch_tail_delay_ms = TAIL_DELAY;
	scratch_make(&test_dir);
	loop = ev_loop_new(EVFLAG_AUTO);
	events_init(&events);
	events_set_sink(&events, on_event, NULL);
	publish_init(&publish, loop, test_dir.dir_fd, test_dir.path, &m.config, &m.sessions, &m.billing,
		     &events);
	a = made_up_transcript(&m, "a", false, NOW);
	b = made_up_transcript(&m, "b", false, NOW - CLOCK_MINUTE_MS);
	session_exclude(&m.sessions, a->session, false);
	session_exclude(&m.sessions, b->session, false);
	a->session->state = SESSION_ACTIVE;
	made_up_answer(&m, a, "1", NOW, 1000, 100, "hello");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	publish_release(&publish);
	events_release(&events);
	ev_loop_destroy(loop);
	buf_release(&told);
	scratch_remove(&test_dir);
	made_up_end(&m);
	return 0;
}

/* The end of a turn of the loop. */
static void end_turn(void)
{
	ev_run(loop, EVRUN_NOWAIT);
}

static void expect(const char *expected)
{
	assert_string_equal(buf_str(&told), expected);
	buf_clear(&told);
}

/* Everything is written, and so long ago that every file may be written again. */
static void begin(void)
{
	publish_begin(&publish);
	end_turn();
	ev_timer_stop(loop, &publish.copies);
	turned_clock_advance(PUBLISH_LIST_MS);
	buf_clear(&told);
}

/* Something that shows in a's file, in sessions.json and in billing-shared.json. */
static void change_all(void)
{
	static int count;
	char id[16];
	snprintf(id, sizeof(id), "more%d", count++);
	made_up_answer(&m, a, id, NOW, 1000, 100, id);
	a->file->modified_ms += 1000;
	sessions_note_read(a);
}

static void note(struct session_transcript *part, enum publish_change change)
{
	publish_note_change(&publish, part ? part->session : NULL, change);
}

/* The timer that publish started for what has to wait. */
static void fire_again(void)
{
	assert_true(ev_is_active(&publish.again));
	ev_timer_stop(loop, &publish.again);
	ev_invoke(loop, &publish.again, EV_TIMER);
}

static bool is_there(const char *name)
{
	return faccessat(test_dir.dir_fd, name, F_OK, 0) == 0;
}

static void nothing_is_written_before_the_figures_are_whole(void **state)
{
	(void)state;
	note(a, PUBLISH_LINES);
	note(NULL, PUBLISH_TIME);
	end_turn();
	publish_flush(&publish);
	expect("");
	assert_int_equal(scratch_count(&test_dir), 0);
	assert_int_equal(publish_begin(&publish), 0);
	end_turn();
	assert_int_equal(scratch_count(&test_dir), 4);
	assert_int_equal(scratch_mode(&test_dir, "a.json"), 0600);
}

static void the_start_removes_what_is_ours_and_old(void **state)
{
	(void)state;
	session_exclude(&m.sessions, b->session, true);
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

static void the_list_follows_the_sessions_contexts(void **state)
{
	(void)state;
	begin();
	assert_false(lists_compaction());
	made_up_answer(&m, a, "large", NOW, 180000, 100, "x");
	note(a, PUBLISH_LINES);
	assert_true(lists_compaction());
	/* Another session's change does not lose it. */
	note(b, PUBLISH_STATE);
	assert_true(lists_compaction());
	made_up_answer(&m, a, "small", NOW + 1, 18000, 100, "x");
	note(a, PUBLISH_LINES);
	assert_false(lists_compaction());
}

static void each_change_touches_its_files(void **state)
{
	(void)state;
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
	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		change_all();
		note(a, cases[i].change);
		expect("");
		end_turn();
		expect(cases[i].written);
		/* What this one left out is brought up to date before the next. */
		note(a, PUBLISH_LINES);
		publish_flush(&publish);
		turned_clock_advance(PUBLISH_LIST_MS);
		buf_clear(&told);
	}
}

static unsigned count_word(const char *word)
{
	unsigned count = 0;
	for (const char *at = buf_str(&told); (at = strstr(at, word)); at++)
		count++;
	return count;
}

static void what_a_reader_would_not_see_is_not_written(void **state)
{
	(void)state;
	begin();
	uint64_t written = publish.stats.written;
	turned_clock_advance(10 * CLOCK_SECOND_MS);
	note(a, PUBLISH_STATE);
	note(b, PUBLISH_TRANSCRIPT);
	end_turn();
	expect("");
	assert_int_equal(publish.stats.written, written);
	assert_int_equal(publish.stats.unchanged, 3);
	/* The shared figures of a are another session's, too: that alone is no reason to write its file. */
	made_up_answer(&m, a, "x", NOW, 1000, 100, "more");
	note(b, PUBLISH_FIGURES);
	end_turn();
	expect("");
	note(a, PUBLISH_LINES);
	publish_flush(&publish);
	buf_clear(&told);
	/* When the clock was set, the copies in every session's file are old. */
	note(NULL, PUBLISH_TIME);
	end_turn();
	assert_true(count_word("a.json") == 1 && count_word("b.json") == 1);
	assert_int_equal(count_word("sessions.json"), 0);
	buf_clear(&told);
	note(NULL, PUBLISH_EVERYTHING);
	end_turn();
	assert_true(count_word("a.json") == 1 && count_word("b.json") == 1);
	assert_true(count_word("billing-shared.json") == 1 && count_word("sessions.json") == 1);
}

static void a_file_is_written_no_more_often_than_it_may_be(void **state)
{
	(void)state;
	begin();
	change_all();
	note(a, PUBLISH_LINES);
	end_turn();
	expect("a.json billing-shared.json sessions.json ");
	change_all();
	note(a, PUBLISH_LINES);
	end_turn();
	expect("");
	turned_clock_advance(TAIL_DELAY - 10);
	note(a, PUBLISH_LINES);
	end_turn();
	expect("");
	turned_clock_advance(10);
	fire_again();
	expect("a.json billing-shared.json ");
	turned_clock_advance(PUBLISH_LIST_MS - TAIL_DELAY);
	fire_again();
	expect("sessions.json ");
	assert_false(ev_is_active(&publish.again));
	/* Unless somebody has to know that it is there. */
	change_all();
	note(a, PUBLISH_LINES);
	publish_flush(&publish);
	expect("a.json billing-shared.json sessions.json ");
	/* Or all is anew. */
	note(NULL, PUBLISH_TIME);
	end_turn();
	assert_int_equal(count_word("a.json"), 1);
}

static void sessions_that_are_excluded_get_no_file(void **state)
{
	(void)state;
	begin();
	session_exclude(&m.sessions, b->session, true);
	note(b, PUBLISH_STATE);
	note(NULL, PUBLISH_EVERYTHING);
	end_turn();
	assert_int_equal(count_word("b.json"), 0);
	/* Also one that is excluded while its file waits. */
	buf_clear(&told);
	session_exclude(&m.sessions, b->session, false);
	b->file->modified_ms++;
	note(b, PUBLISH_FIGURES);
	session_exclude(&m.sessions, b->session, true);
	publish_flush(&publish);
	expect("");
	assert_null(publish.dirty);
}

static void a_write_that_fails_is_tried_again(void **state)
{
	(void)state;
	begin();
	assert_int_equal(unlinkat(test_dir.dir_fd, "a.json", 0), 0);
	assert_int_equal(mkdirat(test_dir.dir_fd, "a.json", 0700), 0);
	change_all();
	note(a, PUBLISH_LINES);
	assert_false(publish_has_failed(&publish));
	end_turn();
	expect("billing-shared.json sessions.json ");
	assert_true(publish_has_failed(&publish));
	assert_int_equal(publish.stats.failed, 1);
	assert_non_null(strstr(publish.stats.last_error, "a.json: "));
	assert_int_equal(unlinkat(test_dir.dir_fd, "a.json", AT_REMOVEDIR), 0);
	turned_clock_advance(PUBLISH_RETRY_MS);
	fire_again();
	expect("a.json ");
	assert_string_equal(publish.stats.last_error, "");
	assert_null(publish.dirty);
	assert_int_equal(scratch_count(&test_dir), 4);
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
static void figures_that_lack_the_past_are_not_written(void **state)
{
	(void)state;
	begin();
	change_all();
	ledger_set_archive(m.ledger, &archive_calls, NULL);
	note(a, PUBLISH_FIGURES);
	end_turn();
	expect("");
	assert_non_null(strstr(publish.stats.last_error, "a.json: "));
	archive_answers = true;
	turned_clock_advance(PUBLISH_RETRY_MS);
	fire_again();
	expect("a.json ");
	/* While a command has the file, what was never asked for is not known either. */
	archive_answers = false;
	ledger_let_go(m.ledger);
	ledger_close_archive(m.ledger);
	turned_clock_advance(PUBLISH_RETRY_MS);
	note(a, PUBLISH_FIGURES);
	end_turn();
	expect("");
}

static void nothing_is_written_while_it_is_held(void **state)
{
	(void)state;
	begin();
	change_all();
	note(a, PUBLISH_LINES);
	publish_hold(&publish);
	end_turn();
	publish_flush(&publish);
	expect("");
}

#define MANY 12

/* Makes them, all active, with their files written. */
static void begin_with_many(void)
{
	char id[16];
	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "s%02d", i);
		struct session_transcript *part = made_up_transcript(&m, id, false, NOW);
		session_exclude(&m.sessions, part->session, false);
		part->session->state = SESSION_ACTIVE;
	}
	begin();
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
	unsigned count = 0;
	for (const char *at = buf_str(&told); (at = strchr(at, ' ')); at++)
		count++;
	buf_clear(&told);
	return count;
}

static void many_files_are_spread_over_turns(void **state)
{
	(void)state;
	unsigned turns = 1, most = PUBLISH_TURN_MS / 3 + 1, first = 0;
	begin_with_many();
	struct session_transcript *last = sessions_find(&m.sessions, "s11")->transcripts;
	publish_set_observer(&publish, count_answer, NULL);
	answers = 0;
	note(NULL, PUBLISH_EVERYTHING);
	end_turn();
	unsigned sum = first = files_told();
	assert_in_range(first, 1, most);
	assert_int_equal(answers, 0);
	/* News of somebody whose file was not written just now comes first, and waits no longer than ever. */
	made_up_answer(&m, last, "news", NOW, 1000, 100, "news");
	note(last, PUBLISH_FIGURES);
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
	note(NULL, PUBLISH_EVERYTHING);
	publish_flush(&publish);
	assert_int_equal(files_told(), MANY + 4);
	assert_false(publish.pass_goes_on);
	/* What is due at different times stays so: nobody hurries what came later. */
	note(NULL, PUBLISH_EVERYTHING);
	end_turn();
	assert_true(publish.pass_goes_on);
	write_ms = 0;
}

/* A full disk: each is tried once, and then all wait, however many turns that takes. */
static void a_pass_that_fails_does_not_go_round(void **state)
{
	(void)state;
	begin_with_many();
	assert_int_equal(unlinkat(test_dir.dir_fd, "s07.json", 0), 0);
	assert_int_equal(mkdirat(test_dir.dir_fd, "s07.json", 0700), 0);
	note(NULL, PUBLISH_EVERYTHING);
	end_turn();
	for (int turns = 0; publish.pass_goes_on; turns++) {
		assert_true(turns < MANY);
		fire_again();
	}
	assert_int_equal(files_told(), MANY + 3);
	assert_int_equal(publish.stats.failed, 1);
	assert_true(ev_timer_remaining(loop, &publish.again) > 4.);
	assert_int_equal(unlinkat(test_dir.dir_fd, "s07.json", AT_REMOVEDIR), 0);
	turned_clock_advance(PUBLISH_RETRY_MS);
	fire_again();
	expect("s07.json ");
	assert_null(publish.dirty);
	write_ms = 0;
}

static void turn_twice(void)
{
	change_all();
	note(a, PUBLISH_LINES);
	end_turn();
	turned_clock_advance(PUBLISH_RETRY_MS);
	fire_again();
}

/* The log has a line when writing fails, and one when it succeeds again, however many turns are between. */
static void a_failure_and_its_end_are_logged_once(void **state)
{
	(void)state;
	AUTO_BUF said = BUF_INIT;
	begin();
	assert_int_equal(unlinkat(test_dir.dir_fd, "a.json", 0), 0);
	assert_int_equal(mkdirat(test_dir.dir_fd, "a.json", 0700), 0);
	log_init("swatchd", LOG_LEVEL_INFO);
	scratch_catch_log(&test_dir, turn_twice, &said);
	const char *first = strstr(buf_str(&said), "cannot write ");
	assert_non_null(first);
	assert_null(strstr(first + 1, "cannot write "));
	assert_null(strstr(first, "can be written again"));
	assert_string_not_equal(publish.stats.last_error, "");
	assert_int_equal(unlinkat(test_dir.dir_fd, "a.json", AT_REMOVEDIR), 0);
	turned_clock_advance(PUBLISH_RETRY_MS);
	buf_clear(&said);
	scratch_catch_log(&test_dir, fire_again, &said);
	assert_non_null(strstr(buf_str(&said), "can be written again"));
	/* Nothing failed since. */
	change_all();
	note(a, PUBLISH_LINES);
	turned_clock_advance(PUBLISH_LIST_MS);
	buf_clear(&said);
	scratch_catch_log(&test_dir, end_turn, &said);
	assert_string_equal(buf_str(&said), "");
}

static void a_failure_is_over_as_soon_as_nothing_waits(void **state)
{
	(void)state;
	begin();
	assert_int_equal(unlinkat(test_dir.dir_fd, "a.json", 0), 0);
	assert_int_equal(mkdirat(test_dir.dir_fd, "a.json", 0700), 0);
	change_all();
	note(a, PUBLISH_LINES);
	end_turn();
	assert_string_not_equal(publish.stats.last_error, "");
	assert_int_equal(unlinkat(test_dir.dir_fd, "a.json", AT_REMOVEDIR), 0);
	turned_clock_advance(PUBLISH_RETRY_MS / 2);
	note(NULL, PUBLISH_EVERYTHING);
	end_turn();
	assert_null(publish.dirty);
	assert_string_equal(publish.stats.last_error, "");
}

static void a_sweep_that_succeeds_is_not_repeated(void **state)
{
	(void)state;
	begin();
	publish.sweep_mono_ms = clock_mono_ms();   /* one that failed */
	assert_int_equal(publish_sweep(&publish), 0);
	assert_int_equal(publish.sweep_mono_ms, 0);
}

static void a_removed_session_loses_its_file_and_its_place(void **state)
{
	(void)state;
	begin();
	b->file->modified_ms++;
	note(b, PUBLISH_FIGURES);
	session_exclude(&m.sessions, b->session, true);
	publish_remove_session(&publish, b->session);
	assert_false(is_there("b.json"));
	assert_null(publish.dirty);
	assert_false(b->session->file.exists);
	end_turn();
	expect("sessions.json ");
	/* Somebody else's file of that name stays. */
	assert_int_equal(unlinkat(test_dir.dir_fd, "a.json", 0), 0);
	scratch_write_text(&test_dir, "a.json", "{\"writer\":\"somebody\"}");
	publish_remove_session(&publish, a->session);
	assert_true(is_there("a.json"));
}

/* ---- time ---- */

static void fire_moment(void)
{
	turned_clock_set(publish.moment.at_ms);
	ev_invoke(loop, &publish.moment.due, EV_PERIODIC);
	end_turn();
}

static void a_cache_that_goes_cold_is_a_moment(void **state)
{
	(void)state;
	begin();
	assert_int_equal(publish.moment.at_ms, NOW + 5 * CLOCK_MINUTE_MS);
	fire_moment();
	/* It changes none of the shared figures but their age: the others' copies stay. */
	expect("a.json billing-shared.json ");
	AUTO_JSON *file = cache_read_json(test_dir.dir_fd, "a.json");
	assert_string_equal(json_get_string(json_get_object(file, "transcript"), "cacheWarmth"), "cold");
	/* The next one: b is an hour quiet. */
	assert_int_equal(publish.moment.at_ms, b->session->last_activity_ms + CLOCK_HOUR_MS);
	fire_moment();
	expect("billing-shared.json sessions.json ");
	AUTO_JSON *list = cache_read_json(test_dir.dir_fd, "sessions.json");
	assert_int_equal(json_get_int(list, "activeSessions", -1), 1);
}

static void the_end_of_a_block_is_a_moment_for_every_file(void **state)
{
	(void)state;
	made_up_answer(&m, a, "2", NOW + CLOCK_MINUTE_MS, 1000, 100, "more");
	begin();
	while (publish.moment.at_ms < NOW + 5 * CLOCK_HOUR_MS) {
		fire_moment();
		buf_clear(&told);
	}
	assert_int_equal(publish.moment.at_ms, NOW + 5 * CLOCK_HOUR_MS);
	fire_moment();
	assert_true(count_word("a.json") == 1 && count_word("b.json") == 1);
	assert_true(count_word("billing-shared.json") == 1 && count_word("sessions.json") == 1);
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

static void the_copies_of_active_sessions_follow(void **state)
{
	(void)state;
	begin();
	note(a, PUBLISH_FIGURES);
	end_turn();
	assert_false(ev_is_active(&publish.copies));
	change_all();
	note(NULL, PUBLISH_ACCOUNT);
	end_turn();
	expect("billing-shared.json ");
	/* That of an idle one does not, and says so once. */
	assert_true(is_fresh("a.json") && is_fresh("b.json"));
	fire_copies();
	expect("a.json b.json ");
	assert_true(is_fresh("a.json") && !is_fresh("b.json"));
	turned_clock_advance(PUBLISH_COPIES_MS);
	change_all();
	note(NULL, PUBLISH_ACCOUNT);
	end_turn();
	buf_clear(&told);
	fire_copies();
	expect("a.json ");
	note(NULL, PUBLISH_TIME);
	end_turn();
	assert_true(is_fresh("b.json"));
}

static void a_block_that_begins_elsewhere_changes_the_rates_of_others(void **state)
{
	(void)state;
	made_up_answer(&m, b, "b1", NOW - 30 * CLOCK_MINUTE_MS, 1000, 100, "x");
	made_up_answer(&m, b, "b2", NOW - 10 * CLOCK_MINUTE_MS, 1000, 100, "x");
	begin();
	AUTO_JSON *before = cache_read_json(test_dir.dir_fd, "b.json");
	assert_true(json_get_double(json_get_object(before, "billing"), "sessionBurnRate", 0.) > 0.);
	/* An older line comes: the hours from 7 to 12 are one block, and b worked in that. */
	made_up_answer(&m, a, "old", NOW - 290 * CLOCK_MINUTE_MS, 1000, 100, "x");
	note(a, PUBLISH_LINES);
	end_turn();
	assert_int_equal(count_word("b.json"), 1);
	AUTO_JSON *file = cache_read_json(test_dir.dir_fd, "b.json");
	assert_false(json_get_double(json_get_object(file, "billing"), "sessionBurnRate", 0.) > 0.);
}

static void going_stale_is_told_and_stands_in_every_file(void **state)
{
	(void)state;
	begin();
	billing_set_reading(&m.billing, true);
	note(NULL, PUBLISH_ACCOUNT);
	end_turn();
	assert_true(count_word("stale") == 1 && count_word("a.json") == 1 && count_word("b.json") == 1);
	AUTO_JSON *file = cache_read_json(test_dir.dir_fd, "b.json");
	assert_false(json_get_bool(json_get_object(file, "billing"), "isFresh", true));
	buf_clear(&told);
	billing_set_reading(&m.billing, false);
	turned_clock_advance(TAIL_DELAY);
	note(NULL, PUBLISH_ACCOUNT);
	end_turn();
	assert_int_equal(count_word("fresh"), 1);
}

/* ---- around it ---- */

static void an_earlier_run_knew_the_session_longer(void **state)
{
	(void)state;
	scratch_write_text(&test_dir, "a.json", "{\"writer\":\"swatchd 1\",\"firstSeen\":1700000000000}");
	scratch_write_text(&test_dir, "b.json", "{\"writer\":\"swatchd 1\",\"firstSeen\":99999999999999}");
	begin();
	AUTO_JSON *file = cache_read_json(test_dir.dir_fd, "a.json");
	assert_int_equal(json_get_int(file, "firstSeen", 0), INT64_C(1700000000000));
	AUTO_JSON *other = cache_read_json(test_dir.dir_fd, "b.json");
	assert_int_equal(json_get_int(other, "firstSeen", 0), NOW);
}

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

static void it_waits_until_there_is_a_directory(void **state)
{
	(void)state;
	bool good = false;
	int64_t seen_ms = 0;
	answers = 0;
	publish_set_keeper(&publish, keep, &good);
	publish_set_observer(&publish, on_figures, &seen_ms);
	publish_begin(&publish);
	end_turn();
	expect("");
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

static void another_directory_gets_everything(void **state)
{
	(void)state;
	begin();
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_written_before_the_figures_are_whole),
		TEST(the_start_removes_what_is_ours_and_old),
		TEST(the_list_follows_the_sessions_contexts),
		TEST(each_change_touches_its_files),
		TEST(what_a_reader_would_not_see_is_not_written),
		TEST(a_file_is_written_no_more_often_than_it_may_be),
		TEST(sessions_that_are_excluded_get_no_file),
		TEST(a_write_that_fails_is_tried_again),
		TEST(many_files_are_spread_over_turns),
		TEST(a_pass_that_fails_does_not_go_round),
		TEST(a_failure_and_its_end_are_logged_once),
		TEST(a_failure_is_over_as_soon_as_nothing_waits),
		TEST(a_sweep_that_succeeds_is_not_repeated),
		TEST(a_removed_session_loses_its_file_and_its_place),
		TEST(a_cache_that_goes_cold_is_a_moment),
		TEST(the_end_of_a_block_is_a_moment_for_every_file),
		TEST(the_copies_of_active_sessions_follow),
		TEST(a_block_that_begins_elsewhere_changes_the_rates_of_others),
		TEST(going_stale_is_told_and_stands_in_every_file),
		TEST(an_earlier_run_knew_the_session_longer),
		TEST(it_waits_until_there_is_a_directory),
		TEST(another_directory_gets_everything),
		TEST(figures_that_lack_the_past_are_not_written),
		TEST(nothing_is_written_while_it_is_held),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
