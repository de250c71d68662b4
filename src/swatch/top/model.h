/*
 * top/model: what the live screen shows: figures, limits, sessions in their order, events.
 *
 * For: files.c and link.c, which fill it in; view.c, which draws it. Pure: no files, no clock, no terminal. A
 * number that is missing or out of range is unknown. Texts are as they were read; drawing makes them safe
 * (canvas.h).
 *
 * Calling sequence: top_model_init(); top_model_take_*() for everything new; top_model_judge() before it is
 * drawn; top_model_release().
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

/* The most sessions in the list; [sessions] max_files is 100 by default. */
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
	int64_t listed_ms;               /* its last activity by sessions.json; 0: unknown */
	/* Read from the file: */
	bool is_active;
	const char *waiting_for; /* it waits for a person; "": it does not say why; NULL: it does not wait */
	int64_t waiting_since_ms;        /* 0: unknown */
	const char *project;             /* the last part of its path; NULL: unknown, as for the next two */
	const char *branch;
	const char *model;
	double context_percent;          /* NaN: unknown, as for the next four */
	double cost_usd, rate_usd, tokens, subagents;
	int64_t last_ms;                 /* 0: unknown */
	bool shares_name;                /* another session has the same name */
};

struct top_limit {
	char label[TOP_LABEL_SIZE];
	bool was_hit;                    /* and not answered since */
	double percent;
	double pace;                     /* use / share of the window that has passed; NaN: unknown */
	double used_usd, limit_usd;      /* of a spending limit; else NaN */
	double spent_usd;                /* what swatch counts in the server's five hours; NaN: unknown */
	int64_t resets_ms;               /* 0: not known */
};

struct top_model {
	int64_t now_ms;                  /* of the last top_model_judge() */
	bool is_connected;               /* to a daemon, which sends events */
	struct json_object *billing;     /* billing-shared.json; NULL: missing */
	bool is_unwritten;               /* a daemon lives, and cannot write its files */
	struct top_session *sessions;
	size_t session_count, session_cap;
	bool too_many;                   /* some sessions are left out */
	bool failed;                     /* memory ran out: something is missing */
	/* The last events, the newest last, as lines of text. */
	char events[TOP_EVENTS_MAX][TOP_EVENT_SIZE];
	size_t event_count;
	/* What each minute since `spent_since_ms` cost, by the daemon. */
	double spent_usd[TOP_MINUTES];
	int64_t spent_since_ms;          /* 0: unknown */

	enum top_sort sort;
	bool reversed, active_only;

	/* Worked out by top_model_judge(): */
	struct figures figures;
	bool newer_schema;               /* a newer swatchd wrote the figures: they are not shown */
	/* The server's five hours if known, else ccusage's block, which only estimates them. */
	bool block_runs;
	int64_t block_start_ms, block_end_ms;   /* 0: no block */
	double block_usd, block_tokens, projected_usd;
	double today_tokens;
	struct top_limit limits[TOP_LIMITS_MAX];
	size_t limit_count;
	char unpriced[TOP_EVENT_SIZE];   /* models without a price, or "" */
	size_t *order;                   /* the sessions that are listed, in order */
	size_t order_count, order_cap;
	size_t active_count, waiting_count;
};

void top_model_init(struct top_model *model);
void top_model_release(struct top_model *model);

/* Each owns the object from now on. NULL: the file is missing or invalid. */
void top_model_take_billing(struct top_model *model, struct json_object *billing);
void top_model_take_session(struct top_model *model, const char *id, struct json_object *file);

/* Forgets all sessions, before all files are read again. */
void top_model_clear_sessions(struct top_model *model);

/* Takes from sessions.json the last activity of each session. The caller keeps the object. */
void top_model_take_list(struct top_model *model, struct json_object *list);

/* Takes an event of the daemon, except "published"; a removed session goes. The caller keeps the object. */
void top_model_take_event(struct top_model *model, struct json_object *event);

/* Adds a line of our own to the events. */
void top_model_note_event(struct top_model *model, int64_t at_ms, const char *text);

/*
 * Takes the answer to top_model_ask_spend(). Returns false when it is invalid. The caller keeps the object.
 */
bool top_model_take_spend(struct top_model *model, struct json_object *answer);

/* Writes the request for the cost of each minute of the block. Returns false when there is no block. */
bool top_model_ask_spend(const struct top_model *model, struct buf *question);

/* Works out what is shown at `now_ms`. */
void top_model_judge(struct top_model *model, int64_t now_ms);

/*
 * When the screen changes next although nothing happens: ages and times left change every minute (every hour
 * when all of it is old); then there are the ends of the block and of freshness, and resets.
 */
int64_t top_model_next_change_ms(const struct top_model *model);

/* The place of a session in the order; `order_count` when it is not listed. */
size_t top_model_place(const struct top_model *model, const char *id);

/* NULL when the session is unknown. */
struct top_session *top_model_find(const struct top_model *model, const char *id);

/* Its project's name, else its id. */
const char *top_session_name(const struct top_session *session);

/* NULL past the last place. */
const struct top_session *top_model_at(const struct top_model *model, size_t place);

/*
 * The burn rate in dollars an hour in each of `count` equal parts of the block; NaN in those that are still
 * to come. Returns the highest; NaN when the costs of this block's minutes are unknown.
 */
double top_model_burn(const struct top_model *model, double *rates, size_t count);

#endif
