#include "publish_world.h"

#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json/get.h"

struct made_up made;
struct ev_loop *loop;
struct publish publish;
struct session_transcript *part_a, *part_b;
int64_t write_ms;
static struct events events;
static struct buf told;

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

int publish_world_set_up(void **state UNUSED)
{
	write_ms = 0;
	made_up_begin(&made, NOW);
	made.config.watch_tail_delay_ms = TAIL_DELAY;
	scratch_make(&test_dir);
	loop = ev_loop_new(EVFLAG_AUTO);
	events_init(&events);
	events_set_sink(&events, on_event, NULL);
	publish_init(&publish, loop, test_dir.dir_fd, test_dir.path, &made.config, &made.sessions,
		     &made.billing, &events);
	part_a = made_up_transcript(&made, "a", false, NOW);
	part_b = made_up_transcript(&made, "b", false, NOW - CLOCK_MINUTE_MS);
	session_exclude(&made.sessions, part_a->session, false);
	session_exclude(&made.sessions, part_b->session, false);
	part_a->session->state = SESSION_ACTIVE;
	made_up_answer(&made, part_a, "1", NOW, 1000, 100, "hello");
	return 0;
}

int publish_world_tear_down(void **state UNUSED)
{
	publish_release(&publish);
	events_release(&events);
	ev_loop_destroy(loop);
	buf_release(&told);
	scratch_remove(&test_dir);
	made_up_end(&made);
	return 0;
}

void end_turn(void)
{
	ev_run(loop, EVRUN_NOWAIT);
}

void fire_again(void)
{
	assert_true(ev_is_active(&publish.again));
	ev_timer_stop(loop, &publish.again);
	ev_invoke(loop, &publish.again, EV_TIMER);
}

void forget_told(void)
{
	buf_clear(&told);
}

void expect_told(const char *expected)
{
	assert_string_equal(buf_str(&told), expected);
	forget_told();
}

unsigned count_told(const char *word)
{
	unsigned count = 0;
	for (const char *at = buf_str(&told); (at = strstr(at, word)); at++)
		count++;
	return count;
}

void begin_published(void)
{
	publish_begin(&publish);
	end_turn();
	ev_timer_stop(loop, &publish.copies);
	turned_clock_advance(PUBLISH_LIST_MS);
	forget_told();
}

void change_all(void)
{
	static int count;
	char id[16];
	snprintf(id, sizeof(id), "more%d", count++);
	made_up_answer(&made, part_a, id, NOW, 1000, 100, id);
	part_a->file->modified_ms += 1000;
	sessions_note_read(part_a);
}

void note_change(struct session_transcript *part, enum publish_change change)
{
	publish_note_change(&publish, part ? part->session : NULL, change);
}

bool is_there(const char *name)
{
	return faccessat(test_dir.dir_fd, name, F_OK, 0) == 0;
}

void block_file(const char *name)
{
	assert_int_equal(unlinkat(test_dir.dir_fd, name, 0), 0);
	assert_int_equal(mkdirat(test_dir.dir_fd, name, 0700), 0);
}

void unblock_file(const char *name)
{
	assert_int_equal(unlinkat(test_dir.dir_fd, name, AT_REMOVEDIR), 0);
}
