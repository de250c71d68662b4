/*
 * statusline_facts: everything a statusline can show, from Claude Code's input and the cache files, judged by now.
 *
 * For: statusline.c gathers them, statusline_format.c shows them by name.
 *
 * What is not known stays NaN, 0 or "": a format leaves it out. Texts are clean (terminal.h). A file of a newer schema
 * gives no figures, and `note` says so.
 *
 * Calling sequence: facts_init(), facts_take_input(), facts_take_billing() and facts_take_session() with what could be
 * read, facts_finish().
 */
#ifndef SWATCH_SWATCH_STATUSLINE_FACTS_H
#define SWATCH_SWATCH_STATUSLINE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/walk.h"
#include "ledger/rate_limits.h"

/* How much of a line there is room for, at most. */
#define STATUSLINE_ROOM_MOST 9
#define FACT_TEXT_SIZE 128
#define FACT_PATH_SIZE 1024
#define FACT_LIST_SIZE 256
/* A limits object larger than this is not passed on. */
#define FACT_LIMITS_MAX_BYTES 8192

struct statusline_facts {
	int64_t now_ms;
	/* Claude Code's input. */
	char session_id[FACT_TEXT_SIZE + 4], session_name[FACT_TEXT_SIZE], version[FACT_TEXT_SIZE];
	char model[FACT_TEXT_SIZE], model_id[FACT_TEXT_SIZE];
	char cwd[FACT_PATH_SIZE], project_path[FACT_PATH_SIZE], dir[FACT_TEXT_SIZE], project[FACT_TEXT_SIZE];
	char style[FACT_TEXT_SIZE], effort[FACT_TEXT_SIZE], vim[FACT_TEXT_SIZE], agent[FACT_TEXT_SIZE];
	char worktree[FACT_TEXT_SIZE], branch[FACT_TEXT_SIZE], pr_state[FACT_TEXT_SIZE];
	char fast[8], thinking[16];
	double pr, lines_added, lines_removed, session_time_ms, api_time_ms;
	double claude_usd;                          /* what Claude Code says the session cost */
	struct slice limits_json;                   /* `rate_limits` as it was written; points into the input */
	/* Context window. */
	double context_tokens, context_size, context_percent, context_left;
	double current_tokens;                      /* of `current_usage`, summed */
	/* Costs. */
	double session_usd, swatch_usd, session_tokens, session_burn_usd;
	double today_usd, today_tokens, today_unpriced;
	double block_usd, block_tokens, block_percent, block_left_ms, block_projected_usd, block_resets_ms;
	double window_usd, window_tokens;
	double burn_usd, tokens_per_minute, indicator_tokens_per_minute;
	char burn_status[FACT_TEXT_SIZE];
	double subagents, subagents_usd, subagents_percent;
	/* The server's limits: this terminal's reading, and the account's with it merged in. */
	struct rate_limits told_limits, limits;
	bool limits_are_news;                       /* the reading says more than the cache did */
	double rate_5h, rate_5h_left_ms, rate_5h_resets_ms, rate_5h_pace;
	double rate_7d, rate_7d_left_ms, rate_7d_resets_ms, rate_7d_pace;
	double rate_spend, spend_usd, spend_limit_usd;
	char limits_other[FACT_LIST_SIZE];
	double limit_resets_ms;                     /* a limit was hit, and is over then */
	/* The prompt cache. */
	char cache[8];                              /* "warm" or "cold" */
	char cache_ttl[FACT_TEXT_SIZE];
	double cache_expires_ms, cache_left_ms, cache_hit_percent, cache_misses, recache_tokens, cold_usd;
	/* How far it can be trusted. */
	bool daemon_lives, has_billing, has_session, is_fresh;
	double fetched_ms, age_ms;
	char source[FACT_TEXT_SIZE], stale[FACT_TEXT_SIZE], note[FACT_LIST_SIZE];
	char unpriced_models[FACT_LIST_SIZE], unpriced[FACT_TEXT_SIZE];
	double columns;
	double room;                                /* of STATUSLINE_ROOM_MOST; see statusline_format.h */
	/* What facts_finish() needs and no format shows. */
	int64_t block_start_ms, block_end_ms, block_last_ms, fresh_until_ms;
	/* The prompt cache by the session's file, and what its model's cache writes cost, in USD for a million tokens. */
	char file_cache_ttl[FACT_TEXT_SIZE];
	double file_cache_expires_ms, file_cache_tokens, write_5m_usd, write_1h_usd, write_fast_factor;
	double above_tokens, above_5m_usd, above_1h_usd;
	bool above_is_whole;
	double file_claude_usd;                     /* what the session's file says that Claude Code says */
	double told_5h_percent, told_7d_percent;    /* where no reset was told */
	double told_percent, told_left_percent, file_tokens, file_size, file_percent, schema;
	char today_date[16], file_branch[FACT_TEXT_SIZE], file_model[FACT_TEXT_SIZE], file_model_id[FACT_TEXT_SIZE];
	char file_cache[FACT_TEXT_SIZE], file_session_id[FACT_TEXT_SIZE + 4];
	bool says_fresh, has_warm, is_warm, newer_schema;
};

void facts_init(struct statusline_facts *facts, int64_t now_ms);

/* Claude Code's object, or as much of it as there is; `text` must live as long as the facts. */
void facts_take_input(struct statusline_facts *facts, const char *text, size_t len);

/* billing-shared.json, and the session's file. */
void facts_take_billing(struct statusline_facts *facts, const char *text, size_t len);
void facts_take_session(struct statusline_facts *facts, const char *text, size_t len);

/* Works out what follows: times left, percentages, what is stale. `daemon_lives` and `columns` are set before. */
void facts_finish(struct statusline_facts *facts);

/* Made-up facts of a session in the middle of its work, for `--preview`. */
void facts_fill_sample(struct statusline_facts *facts, int64_t now_ms);

#endif
