/*
 * refresh_runs: a refresh under test, with a clock that is turned by hand and made-up children: runs that a
 * test ends as it likes. For the tests of src/swatchd/refresh, which are linked with it by name: its
 * child_start() has to come before that of libswatchd.a.
 *
 * Calling sequence: REFRESH_TEST(test), which begins anew for each test.
 */
#ifndef SWATCH_TESTS_REFRESH_RUNS_H
#define SWATCH_TESTS_REFRESH_RUNS_H

#include "base/clock.h"
#include "program/run.h"
#include "swatchd/refresh/refresh.h"

#define NOW INT64_C(1795435200000)   /* 2026-11-23T12:00:00Z */
#define SETTLE 2000
#define MAX_DELAY 10000
#define TTL_LOW 300000
#define TTL_MID 120000
#define TTL_HIGH 60000

extern struct config config;
extern struct refresh refresh;

extern struct child *running;           /* NULL: no run is under way */
extern int started, stopped;            /* children */
extern char program[64];                /* the last one's */
extern bool no_memory;                  /* for a child */

extern int started_calls, finished_calls;
extern struct refresh_result last;      /* what the last run came to; its error is in last_error */
extern char last_error[256];
extern bool looks;                      /* somebody looks into each answer before its run ends */

/* For [ccusage] command: one that is there, one that is not, one that is no command. */
extern char present[], absent[], unclosed[];

#define REFRESH_TEST(test) cmocka_unit_test_setup_teardown(test, refresh_runs_set_up, refresh_runs_tear_down)

int refresh_runs_set_up(void **state);
int refresh_runs_tear_down(void **state);

/* Begins anew in the middle of a test. */
void begin_again(void);

/* The run ends: like this, having printed that. */
void end_run(enum run_outcome outcome, int code, const char *printed);
void end_well(void);
void end_badly(void);
/* One that somebody asks for, and that ends well. */
void run_well(void);

/* Time passes, and the timer fires whenever it is due. */
void pass(int64_t ms);
/* The timer runs exactly when something is due, and was set for as long as that takes. */
void check_timer(void);

#endif
