/*
 * check: are the figures below the limits that somebody set?
 *
 * For: cmd-check.c. Pure: the cache files' objects in, a state and a line of why out.
 *
 * A figure that is not fresh (FORMATS section 6) says only what was spent at least: it can be above, but not below.
 * Figures of another day, of a block that has ended or of a window that was reset say nothing.
 */
#ifndef SWATCH_SWATCH_CHECK_CHECK_H
#define SWATCH_SWATCH_CHECK_CHECK_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* As the exit status has them. */
enum check_state { CHECK_BELOW = 0, CHECK_ABOVE = 1, CHECK_UNKNOWN = 2 };

enum check_kind { CHECK_BLOCK, CHECK_TODAY, CHECK_FIVE_HOUR, CHECK_SEVEN_DAY, CHECK_CONTEXT, CHECK_KINDS };

/* "block", "fiveHour": as `swatch check --json` names it. */
const char *check_name(enum check_kind kind);

/* True for the two whose limit is an amount of US dollars; the others' is a percentage. */
bool check_is_usd(enum check_kind kind);

/*
 * Reads "40", "40usd", "$40" or "85", "85%": more than 0, and up to 1e9. Returns false when it is none.
 */
bool check_parse_limit(enum check_kind kind, const char *text, double *out);

struct check_result {
	enum check_kind kind;
	enum check_state state;
	double limit;
	double value;              /* NaN: not known */
	bool is_fresh;
	int64_t as_of_ms;          /* 0: not known */
	struct buf why;            /* for people, without the state */
};

/* What is known. */
struct check_facts {
	struct json_object *billing;   /* of billing-shared.json; NULL: it is not there */
	bool daemon_lives;
	bool stale_ok;                 /* take stale figures for fresh ones */
	int64_t now_ms;
	/* Of the session whose context is looked at: */
	const char *session_id;        /* NULL: none */
	struct json_object *session;   /* of its file; NULL: it has none */
	const char *no_session;        /* why there is none, where that is no reason to know nothing; NULL: it is */
};

/* Fills `result`, whose kind and limit are given. check_result_release() in every case. */
void check_judge(const struct check_facts *facts, struct check_result *result);

void check_result_release(struct check_result *result);

/* Above when one is above, else unknown when one is unknown. */
enum check_state check_combine(const struct check_result *results, size_t count);

#endif
