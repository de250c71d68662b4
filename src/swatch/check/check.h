/*
 * check: compares figures with the limits that somebody set.
 *
 * For: commands/check.c. Pure: it takes the objects of the cache files, and gives a state and a line that
 * explains it.
 *
 * A stale figure is only a lower bound: it may be above the limit, but is never known to be below. Figures of
 * another day, of a block that has ended or of a window that was reset say nothing.
 */
#ifndef SWATCH_SWATCH_CHECK_CHECK_H
#define SWATCH_SWATCH_CHECK_CHECK_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "limits/names.h"

/* Also the exit statuses. */
enum check_state { CHECK_BELOW = 0, CHECK_ABOVE = 1, CHECK_UNKNOWN = 2 };

enum check_kind {
	CHECK_BLOCK, CHECK_TODAY, CHECK_FIVE_HOUR, CHECK_SEVEN_DAY, CHECK_LIMIT, CHECK_CONTEXT, CHECK_KINDS
};

/* Its name in `swatch check --json`, such as "fiveHour". */
const char *check_name(enum check_kind kind);

/* True when the limit is an amount of US dollars; false when it is a percentage. */
bool check_is_usd(enum check_kind kind);

/*
 * Takes the name in front of "seven_day_opus=90" (either spelling) into `name`; "" without one. Returns the
 * rest; NULL when no limit can have that name.
 */
const char *check_take_name(const char *text, char name[RATE_LIMIT_NAME_SIZE]);

/* Reads "40", "40usd", "$40" or "85", "85%": more than 0, and up to 1e9. Returns false for anything else. */
bool check_parse_limit(enum check_kind kind, const char *text, double *out);

struct check_result {
	enum check_kind kind;
	enum check_state state;
	double limit;
	double value;              /* NaN: unknown */
	bool is_fresh;
	bool is_lacking;           /* the account has no such limit: never above */
	int64_t as_of_ms;          /* 0: unknown */
	struct buf why;            /* for people, without the state */
};

/* What the cache files say. */
struct check_facts {
	struct json_object *billing;   /* of billing-shared.json; NULL: missing */
	bool daemon_lives;             /* and can write */
	bool cannot_write;             /* it lives, but what it would write is not in the files */
	bool stale_ok;                 /* take stale figures for fresh ones */
	const char *limit_name;        /* of CHECK_LIMIT; "": each limit that holds for the session's model */
	int64_t now_ms;
	/* Of the session whose context is checked, or to whose model limits have to hold: */
	const char *session_id;        /* NULL: no session */
	struct json_object *session;   /* of its file; NULL: missing */
	const char *no_session;        /* not NULL: no session is active, so no context is used */
};

/* Fills in `result`, whose kind and limit are set. The caller releases it with check_result_release(). */
void check_judge(const struct check_facts *facts, struct check_result *result);

void check_result_release(struct check_result *result);

/* CHECK_ABOVE if one is above, else CHECK_UNKNOWN if one is unknown, else CHECK_BELOW. */
enum check_state check_combine(const struct check_result *results, size_t count);

#endif
