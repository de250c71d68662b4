/*
 * watched: watch with real inotify on test_dir, where "claude" is made and "claude/projects" is the root,
 * and what it reports. For the tests of src/swatchd/watch.
 *
 * Calling sequence: WATCH_TEST(test), which makes all of it anew for each test; start_watch(). The linker
 * sends inotify_add_watch() here (tests/Makemodule.am), where it fails as a test says.
 */
#ifndef SWATCH_TESTS_WATCHED_H
#define SWATCH_TESTS_WATCHED_H

#include <ev.h>

#include "config/config.h"
#include "scratch.h"
#include "swatchd/watch/internal.h"

extern struct ev_loop *loop;
extern struct watch *watch;
/* The root's length in the last path that was seen; how often a place changed. */
extern size_t root_len;
extern int places_changed;

/* What fails or happens until a test says otherwise; nothing of it at first. */
extern struct watched_trouble {
	bool at_the_limit;   /* the kernel has no watch left for folders below the root */
	bool no_ways;        /* nor for the ways that lead to the root */
	bool goes;           /* the root, and the folders below it, go just before they would be watched */
	const char *comes;   /* made just before the folder above it is watched, which a look missed */
} trouble;

#define WATCH_TEST(test) cmocka_unit_test_setup_teardown(test, watched_set_up, watched_tear_down)

int watched_set_up(void **state);
int watched_tear_down(void **state);

/* Starts it with WATCH_AUTO or WATCH_POLL, and waits until the root was listed. */
void start_watch(int method);
/* The timer of the next poll fires, and all that is found is reported. */
void poll_again(void);

/*
 * What was reported since it was asked last: "seen p/a.jsonl; gone p/a.jsonl; tree p; process
 * sessions/7.json; ". forget_reports() and expect_reports() begin anew.
 */
void forget_reports(void);
void expect_reports(const char *reports);
bool has_report(const char *report);
/* Their own buffer is large enough from now on: only watch may run out of memory. */
void reserve_reports(void);

/* In test_dir. */
void make_dir(const char *name);
void append_line(const char *name);
void move_to(const char *from, const char *to);

#endif
