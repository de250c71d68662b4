/*
 * alert_looks: alerts under test: a config that a test fills, looks at one figure each with a clock that it
 * turns by hand, and what was told. For the tests of src/swatchd/alerts.
 *
 * Calling sequence: alert_looks_set_up() and alert_looks_tear_down() around each test.
 */
#ifndef SWATCH_TESTS_ALERT_LOOKS_H
#define SWATCH_TESTS_ALERT_LOOKS_H

#include "swatchd/alerts/alerts.h"

#define NOW_MS INT64_C(1795442700000)   /* 2026-11-23T14:05:00Z */
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

extern struct config config;
extern struct alerts alerts;
extern int64_t now_ms;         /* of the next look; NOW_MS at first */
extern struct alert last_alert;

int alert_looks_set_up(void **state);
int alert_looks_tear_down(void **state);

/* What was told since it was asked last: "rule:limit " for each. */
const char *take_told(void);

/* The numbers of a setting; one that is 0 is not set. */
struct config_numbers numbers(double a, double b);

/* One look at one figure. Those that return a time: when time alone makes the next alert, 0 when never. */
void look_at_block(double usd, int64_t start_ms);
int64_t look_at_limit(const char *name, double percent, int64_t resets_ms);
int64_t look_at_nothing(void);
void look_at_context(const char *id, double percent, int64_t compacted_ms);
int64_t look_at_waiting(const char *id, const char *what, int64_t since_ms);
int64_t look_at_cache(const char *id, int64_t cold_ms, int64_t life_ms);

/* The daemon ends, and another one takes the records. */
void restart_daemon(void);

#endif
