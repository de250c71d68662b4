/*
 * statusline/facts: everything that a statusline can show, from Claude Code's input and the cache files.
 *
 * For: statusline.c gathers the facts, format.c shows them by name (fact_table.h has the names).
 *
 * An unknown number is NaN, an unknown text "": a format leaves it out. Texts are clean (base/printable.h). A
 * file of a newer schema gives no figures, and `note` tells that.
 *
 * Calling sequence: facts_init(); facts_take_input(), facts_take_billing() and facts_take_session() with the
 * texts; facts_finish().
 */
#ifndef SWATCH_SWATCH_STATUSLINE_FACTS_H
#define SWATCH_SWATCH_STATUSLINE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/walk.h"
#include "limits/limits.h"
#include "swatch/statusline/fact_table.h"

/* The largest value of the field `room`: see format.h. */
#define STATUSLINE_ROOM_MOST 9
#define FACT_TEXT_SIZE 128
#define FACT_PATH_SIZE 1024
#define FACT_LIST_SIZE 256
/* We do not pass on a larger limits object. */
#define FACT_LIMITS_MAX_BYTES 8192

#define FACT_NUMBER(name, constant, kind, range) FACT_##constant,
#define FACT_INNER(constant, range) FACT_##constant,
#define FACT_NO_NUMBER(name, member)

enum fact {
	STATUSLINE_FIELDS(FACT_NUMBER, FACT_NO_NUMBER)
	STATUSLINE_INNER_FACTS(FACT_INNER)
	FACT_COUNT
};

struct statusline_facts {
	int64_t now_ms;
	double number[FACT_COUNT];                  /* by enum fact; NaN: not known */
	/* Claude Code's input. */
	char session_id[FACT_TEXT_SIZE + 4], session_name[FACT_TEXT_SIZE], version[FACT_TEXT_SIZE];
	char model[FACT_TEXT_SIZE], model_id[FACT_TEXT_SIZE];
	char cwd[FACT_PATH_SIZE], project_path[FACT_PATH_SIZE], dir[FACT_TEXT_SIZE], project[FACT_TEXT_SIZE];
	char style[FACT_TEXT_SIZE], effort[FACT_TEXT_SIZE], vim[FACT_TEXT_SIZE], agent[FACT_TEXT_SIZE];
	char worktree[FACT_TEXT_SIZE], branch[FACT_TEXT_SIZE], pr_state[FACT_TEXT_SIZE];
	char fast[8], thinking[16];
	struct slice limits_json;                   /* `rate_limits` as written; points into the input */
	/* Figures in words. */
	char burn_status[FACT_TEXT_SIZE], limits_other[FACT_LIST_SIZE];
	char limit_name[RATE_LIMIT_LABEL_SIZE], limit_hit[8];   /* of the limit that was selected */
	char limit_reached[RATE_LIMIT_LABEL_SIZE];  /* "7d opus": this session's model hit that limit */
	char weekly[8];                             /* "weekly": the account has no 5-hour limit */
	char cache[8];                              /* "warm" or "cold" */
	char cache_ttl[FACT_TEXT_SIZE];
	char source[FACT_TEXT_SIZE], stale[FACT_TEXT_SIZE], note[FACT_LIST_SIZE];
	char unpriced_models[FACT_LIST_SIZE], unpriced[FACT_TEXT_SIZE];
	char waiting_list[FACT_LIST_SIZE];          /* "engine: permission prompt, site: input needed" */
	/*
	 * The server's limits: this terminal's reading, and the account's with it merged in, those that hold
	 * for this session's model; the places of these in the order in which they will be hit.
	 */
	struct rate_limits told_limits, limits;
	unsigned char limit_order[RATE_LIMITS_MAX];
	bool limits_are_news;                       /* the reading is newer than the cache's */
	/* How far the figures can be trusted. */
	bool daemon_lives, has_billing, has_session, is_fresh;
	/* For facts_finish(), not for formats: mostly from the session's file. */
	char today_date[16], file_branch[FACT_TEXT_SIZE], file_model[FACT_TEXT_SIZE];
	char file_model_id[FACT_TEXT_SIZE], file_cache[FACT_TEXT_SIZE], file_cache_ttl[FACT_TEXT_SIZE];
	char file_session_id[FACT_TEXT_SIZE + 4], file_limit[FACT_TEXT_SIZE];
	bool file_is_limited;
	bool says_fresh, has_warm, is_warm, newer_schema, above_is_whole;
};

/* Makes everything unknown, and the room the largest. */
void facts_init(struct statusline_facts *facts, int64_t now_ms);

/* Takes Claude Code's object, or a part of it; `text` must live as long as the facts. */
void facts_take_input(struct statusline_facts *facts, const char *text, size_t len);

/* Take billing-shared.json, and the session's file. */
void facts_take_billing(struct statusline_facts *facts, const char *text, size_t len);
void facts_take_session(struct statusline_facts *facts, const char *text, size_t len);

/* Takes which sessions wait for a person, from sessions.json; only a living daemon's list says that. */
void facts_take_sessions(struct statusline_facts *facts, const char *text, size_t len);

/* Works out times left, percentages and staleness. Before, set `daemon_lives`, and FACT_COLUMNS if known. */
void facts_finish(struct statusline_facts *facts);

/*
 * Merges this terminal's reading of the account's limits into the cache file's, keeps those that hold for the
 * session's model, and sets their facts; selects the limit that will be hit first. For facts_finish().
 */
void facts_finish_limits(struct statusline_facts *facts);

/*
 * Sets the facts about one limit (limit_name and so on) from limit `index` of facts->limits.count, in the
 * order in which they will be hit.
 */
void facts_select_limit(struct statusline_facts *facts, size_t index);

/* Made-up facts of a session in the middle of its work, for `--preview`. */
void facts_fill_sample(struct statusline_facts *facts, int64_t now_ms);

#endif
