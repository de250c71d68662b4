/*
 * top_model: what the live screen shows, judged by now: figures, limits, sessions in their order, events.
 *
 * For: top_view.c draws it, main.c feeds it from the cache files (top_files.c) and the daemon's events. Pure: no files,
 * no clock, no terminal. What is no number, or out of range, is not known; texts are as they were read and are cleaned
 * where they are drawn (top_canvas.h).
 *
 * Calling sequence: top_model_init(); top_model_take_*() with what is new; top_model_judge() before it is drawn;
 * top_model_release().
 */
#ifndef SWATCH_SWATCH_TOP_MODEL_H
#define SWATCH_SWATCH_TOP_MODEL_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache/names.h"
#include "swatch/status/figures.h"
#include "swatch/top/options.h"

/* More sessions than these are not listed: [sessions] max_files is 100 unless it was changed. */
#define TOP_SESSIONS_MAX 2000
#define TOP_EVENTS_MAX 200
#define TOP_EVENT_SIZE 256
#define TOP_LIMITS_MAX 12
#define TOP_LABEL_SIZE 48
/* The minutes of a block. */
#define TOP_MINUTES 300

struct top_session {
	char id[CACHE_SESSION_ID_MAX + 1];
	struct json_object *file;        /* SESSION.json; never NULL */
	int64_t listed_ms;               /* its last activity by sessions.json; 0: not known */
	/* Read from the file: */
	bool is_active;
	const char *project;             /* the last part of its path; NULL: not known, and so the next two */
	const char *branch;
	const char *model;
	double context_percent;          /* NaN: not known, and so all that follow */
	double cost_usd, rate_usd, tokens, subagents;
	int64_t last_ms;                 /* 0: not known */
	bool shares_name;                /* another one has the same name */
};

struct top_limit {
	char label[TOP_LABEL_SIZE];
	int rank;                        /* 0 for the 5-hour limit, 1 for the 7-day limit, 2 for any other */
	double percent;
	double pace;                     /* use over the share of the window that has passed; NaN: not known */
	double used_usd, limit_usd;      /* of a spending limit; NaN: not told */
	double spent_usd;                /* what swatch counts in the server's five hours; NaN: not known */
	int64_t resets_ms;
};

struct top_model {
	int64_t now_ms;                  /* of the last top_model_judge() */
	bool is_connected;               /* a daemon tells what happens */
	struct json_object *billing;     /* billing-shared.json; NULL: there is none */
	struct top_session *sessions;
	size_t session_count, session_cap;
	bool too_many;                   /* of the sessions */
	bool failed;                     /* memory ran out at least once: something is missing */
	/* The last events, the newest last, as lines of text. */
	char events[TOP_EVENTS_MAX][TOP_EVENT_SIZE];
	size_t event_count;
	/* What each minute since `spent_since_ms` cost, by the daemon. */
	double spent_usd[TOP_MINUTES];
	int64_t spent_since_ms;          /* 0: not known */

	enum top_sort sort;
	bool reversed, active_only;

	/* Worked out by top_model_judge(): */
	struct figures figures;
	bool newer_schema;               /* the figures are a newer swatchd's: not shown */
	/* The server's five hours, when they are known, else ccusage's block, which is an estimate of them. */
	bool block_runs;
	int64_t block_start_ms, block_end_ms;   /* 0: there is none */
	double block_usd, block_tokens, projected_usd;
	double today_tokens;
	int64_t limited_until_ms;        /* a usage limit was hit; 0: none */
	struct top_limit limits[TOP_LIMITS_MAX];
	size_t limit_count;
	char unpriced[TOP_EVENT_SIZE];   /* models without a price; "": none */
	size_t *order;                   /* the sessions that are listed, in order */
	size_t order_count;
	size_t active_count;
};

void top_model_init(struct top_model *model);
void top_model_release(struct top_model *model);

/* Each takes the object over; NULL: the file is not there (any more), or is none. */
void top_model_take_billing(struct top_model *model, struct json_object *billing);
void top_model_take_session(struct top_model *model, const char *id, struct json_object *file);

/* Forgets all sessions: before all files are read again. */
void top_model_clear_sessions(struct top_model *model);

/* sessions.json, for what it knows better than the sessions' files. Not taken over. */
void top_model_take_list(struct top_model *model, struct json_object *list);

/* An event of the daemon's; that a file was published is none to be shown. A removed session goes. Not taken over. */
void top_model_take_event(struct top_model *model, struct json_object *event);

/* A line of our own among the events. */
void top_model_note_event(struct top_model *model, int64_t at_ms, const char *text);

/* The answer to top_model_ask_spend()'s question. Returns false when it is none. Not taken over. */
bool top_model_take_spend(struct top_model *model, struct json_object *answer);

/* The question for what each minute of the block cost. Returns false when there is no block to ask for. */
bool top_model_ask_spend(const struct top_model *model, struct buf *question);

/* Works out what is shown at `now_ms`. */
void top_model_judge(struct top_model *model, int64_t now_ms);

/*
 * When what is shown changes next although nothing happens: ages and times left by the minute (by the hour, when all
 * is older), a block's end, a reset, the end of freshness.
 */
int64_t top_model_next_change_ms(const struct top_model *model);

/* The place of a session in the order; `order_count` when it is not listed. */
size_t top_model_place(const struct top_model *model, const char *id);

/* NULL when there is no such session. */
const struct top_session *top_model_find(const struct top_model *model, const char *id);

/* Its project's name, else its id. */
const char *top_session_name(const struct top_session *session);

/* NULL past the last place. */
const struct top_session *top_model_at(const struct top_model *model, size_t place);

/*
 * The burn rate in dollars an hour in each of `count` equal parts of the block; NaN in those that are still to come.
 * Returns the highest; NaN when nothing is known of this block.
 */
double top_model_burn(const struct top_model *model, double *rates, size_t count);

#endif
