/* When sessions go idle, which of them have a file, and in what order they lose it: with a clock that is
 * turned by hand. */
#include "unit.h"

#include "base/buf.h"
#include "base/clock.h"
#include "fail_alloc.h"
#include "made_up.h"
#include "swatchd/session/expire.h"
#include "turned_clock.h"

#define NOW INT64_C(1795435200000)   /* 2026-11-23T12:00:00Z */
#define IDLE_AFTER (5 * CLOCK_MINUTE_MS)
#define EXPIRE_AFTER (30 * CLOCK_MINUTE_MS)

static struct made_up m;
static struct ev_loop *loop;
static struct expire expire;
/* What the callbacks were called with since expect() looked last: "active a; removed b age; ". */
static struct buf told;

static void on_state_changed(void *ctx, struct session *session)
{
	(void)ctx;
	buf_printf(&told, "%s %s; ", session->state == SESSION_ACTIVE ? "active" : "idle", session->id);
}

static void on_removed(void *ctx, struct session *session, enum expire_reason reason)
{
	(void)ctx;
	buf_printf(&told, "removed %s %s; ", session->id, expire_reason_name(reason));
	session->file.exists = false;
}

static void on_admitted(void *ctx, struct session *session)
{
	(void)ctx;
	buf_printf(&told, "admitted %s; ", session->id);
	session->file.exists = true;
}

static const struct expire_callbacks callbacks = { on_state_changed, on_removed, on_admitted };

static int set_up(void **state)
{
	(void)state;
	made_up_begin(&m, NOW);
	m.config.sessions_idle_after_ms = IDLE_AFTER;
	m.config.sessions_expire_after_ms = EXPIRE_AFTER;
	m.config.sessions_max_files = 3;
	loop = ev_loop_new(EVFLAG_AUTO);
	expire_init(&expire, loop, &m.config, &m.sessions, &callbacks, &m);
	return loop ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	expire_release(&expire);
	ev_loop_destroy(loop);
	buf_release(&told);
	made_up_end(&m);
	return 0;
}

static void expect(const char *expected)
{
	assert_string_equal(buf_str(&told), expected);
	buf_clear(&told);
}

static struct session *open_session(const char *id, int64_t modified_ms)
{
	return made_up_transcript(&m, id, false, modified_ms)->session;
}

/* The session's transcript grew just now. */
static void grow(struct session *session)
{
	session->transcripts->file->modified_ms = clock_wall_ms();
	sessions_note_read(session->transcripts);
	expire_note(&expire, session);
	expire_settle(&expire);
}

/* Turns the clock to the moment that expire waits for, and lets its timer fire. */
static void wait_for_timer(void)
{
	assert_true(expire.due.at_ms > clock_wall_ms());
	turned_clock_set(expire.due.at_ms);
	ev_invoke(loop, &expire.due.due, EV_PERIODIC);
}

static void silence_makes_a_session_idle_and_then_takes_its_file(void **state)
{
	(void)state;
	open_session("a", NOW);
	expire_run(&expire);
	expect("admitted a; ");
	assert_int_equal(sessions_find(&m.sessions, "a")->state, SESSION_ACTIVE);
	assert_int_equal(expire.due.at_ms, NOW + IDLE_AFTER);
	turned_clock_advance(IDLE_AFTER - 1);
	expire_run(&expire);
	expect("");
	turned_clock_advance(1);
	expire_run(&expire);
	expect("idle a; ");
	assert_int_equal(expire.due.at_ms, NOW + EXPIRE_AFTER);
	turned_clock_set(NOW + EXPIRE_AFTER - 1);
	expire_run(&expire);
	expect("");
	wait_for_timer();
	expect("removed a age; ");
	assert_int_equal(expire.removed, 1);
	/* It is known still, and nothing is waited for. */
	assert_true(sessions_find(&m.sessions, "a")->excluded);
	assert_int_equal(expire.due.at_ms, 0);
	expire_run(&expire);
	expect("");
	assert_int_equal(expire.removed, 1);
}

static void the_timer_waits_for_the_first_of_several(void **state)
{
	(void)state;
	open_session("a", NOW - CLOCK_MINUTE_MS);
	open_session("b", NOW - 2 * CLOCK_MINUTE_MS);
	open_session("c", NOW);
	expire_run(&expire);
	buf_clear(&told);
	assert_int_equal(expire.due.at_ms, NOW - 2 * CLOCK_MINUTE_MS + IDLE_AFTER);
	wait_for_timer();
	expect("idle b; ");
	wait_for_timer();
	expect("idle a; ");
	wait_for_timer();
	expect("idle c; ");
	wait_for_timer();
	expect("removed b age; ");
	wait_for_timer();
	expect("removed a age; ");
}

/* Judging all sessions at each line that any of them gets would be too much. */
static void a_line_of_a_session_that_has_a_file_judges_nobody(void **state)
{
	(void)state;
	struct session *a = open_session("a", NOW);
	expire_run(&expire);
	uint64_t runs = expire.runs;
	turned_clock_advance(1000);
	grow(a);
	assert_int_equal(expire.runs, runs);
}

static void activity_keeps_a_session_and_brings_it_back(void **state)
{
	(void)state;
	struct session *a = open_session("a", NOW);
	expire_run(&expire);
	buf_clear(&told);
	turned_clock_advance(IDLE_AFTER);
	grow(a);
	expect("");
	expire_run(&expire);
	expect("");
	wait_for_timer();
	expect("idle a; ");
	turned_clock_advance(1000);
	grow(a);
	expect("active a; ");
	/* It waits for the moment at which this one goes idle, which comes first now. */
	assert_int_equal(expire.due.at_ms, clock_wall_ms() + IDLE_AFTER);
	wait_for_timer();
	wait_for_timer();
	expect("idle a; removed a age; ");
	grow(a);
	expect("admitted a; ");
}

static void the_oldest_idle_ones_have_no_file(void **state)
{
	(void)state;
	m.config.sessions_max_files = 2;
	/* Equal times: the id decides. */
	open_session("d", NOW - 10 * CLOCK_MINUTE_MS);
	open_session("b", NOW - 9 * CLOCK_MINUTE_MS);
	open_session("c", NOW - 9 * CLOCK_MINUTE_MS);
	struct session *a = open_session("a", NOW - 20 * CLOCK_MINUTE_MS);
	expire_run(&expire);
	expect("admitted b; admitted c; ");
	assert_int_equal(expire.removed, 0);
	/* One that wakes takes the place of another. */
	grow(a);
	expect("admitted a; removed c count; ");
	assert_int_equal(expire.removed, 1);
}

/* However many there are, all sessions are judged once. */
static void sessions_that_wake_together_are_judged_once(void **state)
{
	(void)state;
	m.config.sessions_max_files = 50;
	expire_run(&expire);
	for (int i = 0; i < MADE_UP_TRANSCRIPTS; i++) {
		char id[16];
		snprintf(id, sizeof(id), "s%d", i);
		expire_note(&expire, open_session(id, NOW - i));
	}
	assert_int_equal(expire.runs, 1);
	expire_settle(&expire);
	assert_int_equal(expire.runs, 2);
	assert_true(sessions_find(&m.sessions, "s0")->file.exists);
	expire_settle(&expire);
	assert_int_equal(expire.runs, 2);
}

static void active_sessions_have_files_however_many_they_are(void **state)
{
	(void)state;
	m.config.sessions_max_files = 1;
	open_session("a", NOW);
	open_session("b", NOW - 1);
	open_session("c", NOW - 10 * CLOCK_MINUTE_MS);
	expire_run(&expire);
	expect("admitted a; admitted b; ");
	turned_clock_advance(IDLE_AFTER - 1);
	expire_run(&expire);
	expect("idle b; removed b count; ");
}

/* Somebody deletes transcripts as fast as they are made: max_files holds for those, too. */
static void sessions_deleted_while_active_do_not_pile_up(void **state)
{
	size_t cursor = 0, files = 0;
	const struct session *session;
	(void)state;
	open_session("there", NOW);
	for (int i = 1; i < MADE_UP_TRANSCRIPTS; i++) {
		char id[16];
		snprintf(id, sizeof(id), "gone%d", i);
		struct session *gone = open_session(id, NOW - i);
		expire_run(&expire);
		sessions_close_transcript(gone->transcripts);
		expire_run(&expire);
	}
	while ((session = sessions_each(&m.sessions, &cursor)))
		files += session->file.exists;
	assert_int_equal(files, m.config.sessions_max_files);
	assert_true(sessions_find(&m.sessions, "there")->file.exists);
	/* The place goes to those that were active last. */
	assert_false(sessions_find(&m.sessions, "gone9")->file.exists);
}

static void a_living_process_keeps_a_session_active(void **state)
{
	(void)state;
	struct session *a = open_session("a", NOW);
	session_note_processes(a, 1, NOW);
	expire_run(&expire);
	expect("admitted a; ");
	assert_int_equal(expire.due.at_ms, 0);
	turned_clock_advance(2 * EXPIRE_AFTER);
	expire_run(&expire);
	expect("");
	/* Its end makes it idle at once, and its file goes by the age of the last activity. */
	session_note_processes(a, 0, clock_wall_ms());
	expire_note(&expire, a);
	expect("idle a; ");
	expire_run(&expire);
	expect("removed a age; ");
}

static void last_words_do_not_wake_a_session_whose_process_ended(void **state)
{
	(void)state;
	struct session *a = open_session("a", NOW);
	session_note_processes(a, 1, NOW);
	expire_run(&expire);
	buf_clear(&told);
	session_note_processes(a, 0, NOW);
	expire_note(&expire, a);
	expect("idle a; ");
	turned_clock_advance(2000);
	grow(a);
	expect("");
	turned_clock_advance(1);
	grow(a);
	expect("active a; ");
}

static void a_session_without_transcripts_is_forgotten_when_it_is_idle(void **state)
{
	(void)state;
	struct session *a = open_session("a", NOW);
	expire_run(&expire);
	buf_clear(&told);
	sessions_close_transcript(a->transcripts);
	expire_run(&expire);
	expect("");
	wait_for_timer();
	expect("idle a; removed a vanished; ");
	assert_null(sessions_find(&m.sessions, "a"));
	assert_int_equal(expire.due.at_ms, 0);
	/* One that never had a file is forgotten, too. */
	struct session *b = open_session("b", NOW - 2 * EXPIRE_AFTER);
	expire_run(&expire);
	expect("");
	sessions_close_transcript(b->transcripts);
	expire_run(&expire);
	expect("removed b vanished; ");
	assert_null(sessions_find(&m.sessions, "b"));
	assert_int_equal(expire.removed, 1);
}

static void visit(void *ctx, const struct session *session, enum expire_reason reason)
{
	(void)ctx;
	buf_printf(&told, "%s %s; ", session->id, expire_reason_name(reason));
}

static void a_preview_names_the_files_and_changes_nothing(void **state)
{
	(void)state;
	open_session("a", NOW);
	open_session("b", NOW);
	open_session("old", NOW - 2 * EXPIRE_AFTER);
	expire_run(&expire);
	buf_clear(&told);
	turned_clock_advance(EXPIRE_AFTER);
	sessions_find(&m.sessions, "a")->state = SESSION_IDLE;
	sessions_close_transcript(sessions_find(&m.sessions, "a")->transcripts);
	expire_preview(&expire, visit, NULL);
	expect("b age; a vanished; ");
	assert_false(sessions_find(&m.sessions, "b")->excluded);
	assert_int_equal(expire.removed, 0);
}

static void a_reload_counts_at_the_next_run(void **state)
{
	(void)state;
	open_session("a", NOW - 3 * CLOCK_MINUTE_MS);
	expire_run(&expire);
	expect("admitted a; ");
	m.config.sessions_idle_after_ms = CLOCK_MINUTE_MS;
	m.config.sessions_expire_after_ms = 2 * CLOCK_MINUTE_MS;
	expire_run(&expire);
	expect("idle a; removed a age; ");
}

static void a_clock_that_goes_back_asks_no_faster_than_every_second(void **state)
{
	(void)state;
	struct session *a = open_session("a", NOW);
	expire_run(&expire);
	buf_clear(&told);
	/* A moment that has passed already when the run ends. */
	a->state = SESSION_ACTIVE;
	session_note_processes(a, 1, NOW);
	session_note_processes(a, 0, NOW);
	expire_run(&expire);
	expect("idle a; ");
	assert_int_equal(expire.due.at_ms, NOW + EXPIRE_AFTER);
	m.config.sessions_expire_after_ms = 1;
	turned_clock_set(NOW);
	expire_run(&expire);
	assert_int_equal(expire.due.at_ms, NOW + CLOCK_SECOND_MS);
}

static void nobody_is_forgotten_when_memory_runs_out(void **state)
{
	(void)state;
	open_session("a", NOW);
	expire_run(&expire);
	buf_clear(&told);
	turned_clock_advance(EXPIRE_AFTER);
	buf_reserve(&told, 256);
	fail_alloc_after(0);
	expire_run(&expire);
	assert_true(fail_alloc_stop());
	expect("idle a; ");
	assert_int_equal(expire.due.at_ms, clock_wall_ms() + CLOCK_MINUTE_MS);
	wait_for_timer();
	expect("removed a age; ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(silence_makes_a_session_idle_and_then_takes_its_file),
		TEST(the_timer_waits_for_the_first_of_several),
		TEST(activity_keeps_a_session_and_brings_it_back),
		TEST(a_line_of_a_session_that_has_a_file_judges_nobody),
		TEST(the_oldest_idle_ones_have_no_file),
		TEST(sessions_that_wake_together_are_judged_once),
		TEST(active_sessions_have_files_however_many_they_are),
		TEST(sessions_deleted_while_active_do_not_pile_up),
		TEST(a_living_process_keeps_a_session_active),
		TEST(last_words_do_not_wake_a_session_whose_process_ended),
		TEST(a_session_without_transcripts_is_forgotten_when_it_is_idle),
		TEST(a_preview_names_the_files_and_changes_nothing),
		TEST(a_reload_counts_at_the_next_run),
		TEST(a_clock_that_goes_back_asks_no_faster_than_every_second),
		TEST(nobody_is_forgotten_when_memory_runs_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
