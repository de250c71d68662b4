/*
 * alerts: which figures have crossed the limits of [alerts] (swatch.conf(5)); each crossing is announced
 * once.
 *
 * For: daemon/alerts.c passes on the figures whenever they may have changed; alerts calls back for every
 * crossing. Pure: no loop, no files, no clock of its own.
 *
 * A rule is announced when its figure is at or above the limit, and a record is kept. The record holds,
 * however the figure wavers, until what the rule is about begins anew: the next block, day, or window of a
 * limit, a compaction (or a context that fell by a quarter of the limit), a prompt cache that was written
 * again, an answer after a limit was reached, another wait. The records outlive the daemon (alerts_write(),
 * alerts_restore()), so a restart repeats nothing. Of
 * several limits of one rule that are crossed at once, only the highest is announced.
 *
 * Calling sequence:
 *     alerts_begin(alerts, now_ms);
 *     alerts_note_block(), _day(), _limit(), _context(), _cache(), _waiting(), _secret(): what is
 *     known now, in any order
 *     next_ms = alerts_end(alerts);      0, or when time alone makes the next crossing
 */
#ifndef SWATCH_SWATCHD_ALERTS_ALERTS_H
#define SWATCH_SWATCHD_ALERTS_ALERTS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "json/write.h"
#include "swatchd/alerts/records.h"

/*
 * So many alerts about sessions are given one by one in a minute; one more, ALERT_MORE, sums up the rest.
 * Those about the account are few, and are always given.
 */
#define ALERTS_A_MINUTE 10
/* A reset that happened while no daemon ran is announced when it is no older than this. */
#define ALERTS_LATE_MS INT64_C(3600000)
/* The name of a limit that was reached when the transcript does not say which one it was. */
#define ALERTS_UNTOLD_LIMIT "usageLimit"

enum alert_rule {
	ALERT_BLOCK_COST, ALERT_TODAY_COST, ALERT_FIVE_HOUR, ALERT_SEVEN_DAY, ALERT_OTHER_LIMITS,
	ALERT_CONTEXT, ALERT_CACHE_COOLS, ALERT_WAITING, ALERT_LIMIT_REACHED, ALERT_LIMIT_RESET,
	ALERT_SECRET,
	ALERT_MORE,                  /* no rule of its own: how many were not given one by one */
	ALERT_RULES
};

/* One crossing. The strings are good until the callback returns. */
struct alert {
	enum alert_rule rule;
	int64_t at_ms;
	/* US dollars, percent, seconds (ALERT_CACHE_COOLS, ALERT_WAITING), alerts (ALERT_MORE) */
	double value, limit;
	const char *name; /* the server's limit, as in billing-shared.json; the kind of secret; or NULL */
	const char *session_id;      /* of the context or cache, or of the reporting statusline; or NULL */
	const char *project;         /* the session's directory; NULL: not known */
	const char *waiting_for;     /* of ALERT_WAITING; NULL: not known */
	int64_t ends_ms;             /* of the block, day, window or cache; 0: not known */
	const unsigned *counts;      /* of ALERT_MORE: how many of each rule; else NULL */
};

typedef void alerts_fired(void *ctx, const struct alert *alert);

struct alerts {
	const struct config *config;
	alerts_fired *fired;
	void *ctx;
	struct alert_records records;
	int64_t now_ms, next_ms;
	uint64_t look;                       /* the number of this look */
	/* The minute in which alerts about sessions are counted, and those that were not told in it. */
	int64_t minute_ms;
	unsigned told, untold[ALERT_RULES];
};

/* The limits are read from `config` at every look: it stays the caller's, and may change. */
void alerts_init(struct alerts *alerts, const struct config *config, alerts_fired *fired, void *ctx);

void alerts_begin(struct alerts *alerts, int64_t now_ms);
void alerts_note_block(struct alerts *alerts, double usd, int64_t start_ms, int64_t end_ms);
void alerts_note_day(struct alerts *alerts, double usd, int64_t start_ms, int64_t end_ms);
/*
 * A limit of the server's that is not over yet; `resets_ms` 0: nobody knows when it resets. `session_id`
 * (whose statusline reported it) may be NULL.
 */
void alerts_note_limit(struct alerts *alerts, const char *name, double percent, int64_t resets_ms,
		       const char *session_id);
/* All limits that there are have been noted: one that was reached, and is not among them, is over. */
void alerts_end_limits(struct alerts *alerts);
/* An active session's context; `compacted_ms` is its last compaction, 0 without one. */
void alerts_note_context(struct alerts *alerts, const char *session_id, const char *project, double percent,
			 int64_t compacted_ms);
/* A session's prompt cache, which lasts `life_ms` and goes cold at `cold_ms`. */
void alerts_note_cache(struct alerts *alerts, const char *session_id, const char *project, int64_t cold_ms,
		       int64_t life_ms);
/* A session that waits for a person since then. */
void alerts_note_waiting(struct alerts *alerts, const char *session_id, const char *project,
			 const char *waiting_for, int64_t since_ms);
/* A secret that a session's transcript holds since `at_ms`; announced once for each kind in a session. */
void alerts_note_secret(struct alerts *alerts, const char *session_id, const char *project, const char *kind,
			int64_t at_ms);
int64_t alerts_end(struct alerts *alerts);

/* Whether crossings were not announced since the last call, because there are too many records. */
bool alerts_take_full(struct alerts *alerts);

/* Whether the records on disk are old; they were written (or cannot be); their file is gone. */
bool alerts_are_unsaved(const struct alerts *alerts);
void alerts_note_saved(struct alerts *alerts);
void alerts_note_lost(struct alerts *alerts);

/* Writes the records into an open object, and takes them back; restoring ignores impossible records. */
void alerts_write(const struct alerts *alerts, struct jsonw *w);
void alerts_restore(struct alerts *alerts, struct json_object *written, int64_t now_ms);

/* "block_cost": the rule's key in [alerts]. */
const char *alert_rule_name(enum alert_rule rule);

/* ALERT_RULES for an unknown name, and for NULL. */
enum alert_rule alert_rule_by_name(const char *name);

/* Whether a rule is about a session, not about the account: many may cross it in one minute. */
bool alert_rule_is_of_session(enum alert_rule rule);

void alerts_release(struct alerts *alerts);

#endif
