/*
 * publish_world: publish with real files in test_dir, two sessions (a is active, b idle), a clock that is
 * turned by hand, and what followers hear. For the tests of src/swatchd/publish.
 *
 * Calling sequence: PUBLISH_TEST(test), which makes all of it anew for each test; publish_begin() or
 * begin_published().
 */
#ifndef SWATCH_TESTS_PUBLISH_WORLD_H
#define SWATCH_TESTS_PUBLISH_WORLD_H

#include <ev.h>

#include "base/clock.h"
#include "cache/read.h"
#include "made_up.h"
#include "scratch.h"
#include "swatchd/publish/publish.h"
#include "turned_clock.h"

#define NOW INT64_C(1795435200000)   /* 2026-11-23T12:00:00Z */
#define TAIL_DELAY 500

extern struct made_up made;
extern struct ev_loop *loop;
extern struct publish publish;
extern struct session_transcript *part_a, *part_b;
/* How long each file takes to write, by the turned clock; 0 at first. */
extern int64_t write_ms;

#define PUBLISH_TEST(test) \
	cmocka_unit_test_setup_teardown(test, publish_world_set_up, publish_world_tear_down)

int publish_world_set_up(void **state);
int publish_world_tear_down(void **state);

/* The end of a turn of the loop. */
void end_turn(void);
/* The timer that publish started for what has to wait fires. */
void fire_again(void);

/* Everything is written, and so long ago that every file may be written again. */
void begin_published(void);

/* Something changes that shows in a's file, in sessions.json and in billing-shared.json. */
void change_all(void);
/* The daemon tells publish of a change; NULL: of no session's. */
void note_change(struct session_transcript *part, enum publish_change change);

/*
 * What followers got since they were asked last: the names of the files that were published, in order, and
 * other events. forget_told() and expect_told() begin anew.
 */
void forget_told(void);
void expect_told(const char *expected);
/* How often `word` stands in that. */
unsigned count_told(const char *word);

/* Whether the cache directory has the file. */
bool is_there(const char *name);
/* Writing the file fails, for there is a directory of its name; and works again. */
void block_file(const char *name);
void unblock_file(const char *name);

#endif
