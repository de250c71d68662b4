/*
 * billing: which figures are shown, and how fresh they are.
 *
 * For: the daemon passes on what ccusage answered; publish asks for the view. Pure: no files, no loop.
 *
 * The ledger's own figures are live, and are shown. billing compares each answer of ccusage with them as they
 * were when ccusage started and when it ended: an answer between the two has no drift. What lies outside is
 * looked into (audit.h), and only what no known difference accounts for is a drift. ccusage's block is shown
 * in one case: it has a price for a model that swatch has none for.
 */
#ifndef SWATCH_SWATCHD_BILLING_BILLING_H
#define SWATCH_SWATCHD_BILLING_BILLING_H

#include <json-c/json.h>

#include "ccusage/block.h"
#include "config/config.h"
#include "json/write.h"
#include "ledger/ledger.h"
#include "limits/limits.h"
#include "swatchd/billing/audit.h"
#include "swatchd/billing/readings.h"

#define BILLING_DRIFT_USD 0.01
#define BILLING_DRIFT_SHARE 0.01
#define BILLING_REASON_MAX 200

struct billing {
	const struct config *config;
	struct ledger *ledger;
	/* ccusage's last answer. */
	bool answered;
	struct billing_block answer;
	int64_t answered_at_ms;          /* when the last good answer came; 0: never */
	int64_t duration_ms;
	int exit_status;
	char error[512];                 /* of the last attempt; "": it was good */
	unsigned failures;               /* in a row */
	int64_t next_attempt_ms;         /* 0: none is due */
	bool audits;                     /* the ledger's figures were whole when the run started */
	int64_t started_ms;              /* when it started */
	double native_before_usd;        /* the ledger's block, by ccusage's rules, when the run started */
	double least_before_usd;         /* the same without transcripts that were deleted or rewritten */
	double native_after_usd;         /* and when the last answer came; NaN: not measured yet */
	double difference_usd;           /* the answer less the ledger's own figure; NaN: not measured yet */
	double drift_usd;                /* what no known difference accounts for; NaN: not measured yet */
	audit_reasons reasons;           /* why they differ; DIFFERENCE_UNKNOWN: there is a drift */
	/* What the last look into an answer found; it holds for answers that are as far off in the same
	 * block. */
	struct billing_explained {
		bool is_known;
		bool is_open;            /* as in struct audit_found */
		int64_t start_ms;        /* of the block */
		double outside_usd;      /* how far the answer lay outside of what was expected */
		double left_usd;         /* and how much of that has no known reason */
		audit_reasons reasons;
	} explained;
	bool ccusage_shown;              /* auto has gone over to ccusage's figures */
	char reason[BILLING_REASON_MAX];
	/* When the activity began that ccusage's figures do not include; 0: there is no such activity. */
	int64_t pending_since_ms;
	int64_t pending_before_ms;       /* the same for the run under way; comes back when it fails */
	/* The server's limits, from statuslines, and those that were hit, from an earlier run. */
	struct rate_limits limits, old_hits;
	/* The limit that an earlier run showed as hit, though its transcript may be gone since. */
	struct billing_old_limit {
		int64_t noted_ms;        /* 0: there was none */
		int64_t resets_ms;
		char name[LEDGER_LIMIT_NAME_SIZE];
		char session_id[RATE_LIMIT_SESSION_SIZE];
	} old_limit;
	struct readings readings;
	/* The local day, and when it was looked up. */
	int64_t day_start_ms, day_end_ms, day_asked_ms;
	/* The daemon reads the history: figures are not whole yet. */
	bool reading_history;
	/* Some transcripts cannot be seen: figures may be old. */
	bool is_blind;
};

/* What the files show, as of `at_ms`. */
struct billing_view {
	int64_t at_ms;
	bool is_ccusage;                 /* the block's figures are ccusage's */
	bool known; /* false: ccusage's figures are wanted, and it has not answered yet */
	struct billing_block block;
	struct billing_block native;     /* the ledger's own: the same as `block` unless that is ccusage's */
	bool limited;                    /* a usage limit was hit, and is not over: */
	struct ledger_limit limit;       /* one of all models, if there is one, else one of a single model */
	struct rate_limits limits;       /* the server's and those that were hit, until they reset */
	bool windowed;                   /* the server's five hours are known */
	int64_t window_start_ms, window_end_ms;
	double window_usd;               /* the ledger's sum for them */
	int64_t window_tokens;
	double today_usd;
	int64_t today_tokens;
	int64_t today_unpriced;          /* messages of today whose tokens have no price */
	char today[16];                  /* "2026-11-23" */
	int64_t day_start_ms, day_end_ms;
	double minutes_left;             /* of the block; 0 without one */
	double percent_used;             /* of the block's 5 h; 0 without one */
	bool is_fresh;
	int64_t last_fetched_ms;
	int64_t fresh_until_ms;
	int64_t next_change_ms;          /* when time alone changes the figures next */
};

void billing_init(struct billing *billing, const struct config *config, struct ledger *ledger);

/* What an earlier run of the daemon knew of ccusage. */
struct billing_last {
	struct billing_block answer;     /* may be a bare sum */
	int64_t answered_at_ms;          /* 0: ccusage never answered; then nothing is taken */
	int64_t duration_ms;
	int64_t pending_since_ms;        /* when the activity began that it does not include; 0: it has all */
	double native_usd;               /* the ledger's figure that it was compared with; NaN: not known */
	double difference_usd, drift_usd;
	audit_reasons reasons;
	const char *reason;              /* why ccusage's figures were shown; NULL: they were not */
};
void billing_restore(struct billing *billing, const struct billing_last *last);

/* When the run began that gave the last answer; 0: there is no answer. */
int64_t billing_answer_began_ms(const struct billing *billing);

/* ccusage starts: keeps the ledger's figures of now for the audit. */
void billing_note_start(struct billing *billing, int64_t now_ms);

/*
 * Whether the answer differs from the ledger's figures for reasons that are not known yet: then
 * audit_explain() finds them for billing_note_answer().
 */
bool billing_wants_reasons(const struct billing *billing, const struct billing_block *answer, int64_t now_ms);

/* When the run began that billing_note_start() was last called for. */
int64_t billing_started_ms(const struct billing *billing);

/*
 * ccusage gave a good answer. `found` is NULL when nobody looked into it. Returns true when the figures shown
 * went over from one source to the other.
 */
bool billing_note_answer(struct billing *billing, const struct billing_block *answer, int64_t duration_ms,
			 const struct audit_found *found, int64_t now_ms);

/* ccusage failed; `error` is for people. */
void billing_note_failure(struct billing *billing, const char *error, int exit_status, unsigned failures,
			  int64_t next_attempt_ms);

/* Whether the daemon still reads the history: then the figures are not whole, and not fresh. */
void billing_set_reading(struct billing *billing, bool reading);

/* Whether some transcripts cannot be seen: then no figure is fresh. */
void billing_set_blind(struct billing *billing, bool is_blind);

/* Whether statuslines confirmed a limit since the last look at this, or since it was written. */
bool billing_take_confirmed(struct billing *billing);

/* The account's limits, as a session's statusline got them. Returns true when something new is known. */
bool billing_take_tick(struct billing *billing, struct json_object *limits, const char *session_id,
		       int64_t now_ms);

/* The limits that an earlier run wrote into billing-shared.json; `written` may be NULL. */
void billing_restore_limits(struct billing *billing, struct json_object *written, int64_t now_ms);

/* A limit that an earlier run was told, unless a later reading of it is known. */
void billing_take_earlier_limit(struct billing *billing, const struct rate_limit *limit, int64_t now_ms);

/* A transcript grew. */
void billing_note_activity(struct billing *billing, int64_t now_ms);

/* The time zone may have changed: looks up the day again. */
void billing_forget_day(struct billing *billing);

/* The figures as of now. */
void billing_make_view(struct billing *billing, int64_t now_ms, struct billing_view *view);

/* How long ccusage's figures are good for at a burn rate (NaN: unknown). */
int64_t billing_ttl_ms(const struct config *config, double usd_per_hour);

/* Whether the audits made ccusage's figures the ones that auto shows, and (when true) why. */
bool billing_shows_ccusage(const struct billing *billing, const char **reason);

/* How much of the last answer's difference has no known reason; NaN: not measured yet. */
double billing_drift_usd(const struct billing *billing);

/* Writes the audit's result into an open object: differenceUSD, driftUSD, and the names of the reasons. */
void billing_put_audit(const struct billing *billing, struct jsonw *w);

/* Reads these names. */
audit_reasons billing_read_reasons(struct json_object *audit);

/* Why auto shows ccusage's figures; NULL when it does not, or the config decides. */
const char *billing_reason(const struct billing *billing);

/* Writes the names of used models without a price as "unpricedModels" into an open object. */
void billing_put_unpriced(const struct billing *billing, struct jsonw *w);

/* Writes the "billing" object of the status answer into an open object. */
void billing_write_status(struct billing *billing, int64_t now_ms, struct jsonw *w);

#endif
