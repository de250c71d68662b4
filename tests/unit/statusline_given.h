/*
 * statusline_given: the facts of a statusline: taken from the texts that a test gives, and as a format
 * shows them. For the tests of src/swatch/statusline.
 */
#ifndef SWATCH_TESTS_STATUSLINE_GIVEN_H
#define SWATCH_TESTS_STATUSLINE_GIVEN_H

#include "swatch/statusline/facts.h"

/* 2026-11-23T14:05:00Z; the tests run in UTC. */
#define NOW_MS INT64_C(1795442700000)
#define HOUR_MS INT64_C(3600000)

/* A billing-shared.json with `more` members. */
#define BILLING(more) \
	"{\"schema\":1,\"costToday\":2.5,\"isFresh\":true,\"lastFetched\":1795442640000," \
	"\"freshUntil\":1795446000000," \
	"\"source\":\"native\",\"block\":{\"startTime\":\"2026-11-23T12:00:00.000Z\"," \
	"\"endTime\":\"2026-11-23T17:00:00.000Z\"," \
	"\"actualEndTime\":\"2026-11-23T14:04:00.000Z\",\"costUSD\":1.5," \
	"\"burnRate\":{\"costPerHour\":0.75}}," \
	"\"today\":{\"date\":\"2026-11-23\"},\"unpricedModels\":[\"claude-nobody-1\",\"x\"]" more "}"

extern struct statusline_facts facts;

/* Takes Claude Code's input, billing-shared.json and the session's file at NOW_MS; NULL for a missing one. */
void take(const char *input, const char *billing, const char *session, bool daemon_lives);

/* What a format, which must be right, makes of the facts; in any room, without colours. */
void expect_line(const char *format, const char *expected);
void expect_line_in(const char *format, bool colour, size_t columns, const char *expected);

#endif
