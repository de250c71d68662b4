/*
 * fact_table: the name in formats, kind and range of every fact that a statusline shows or needs.
 *
 * For: facts.h makes `enum fact` of it, facts.c the check of ranges, fields.c the fields of the format
 * language. A new number needs a row here, and code that sets it; until then it is unknown. A new text needs
 * a row here and a member of struct statusline_facts. swatch-statusline(1) describes each field; a test
 * compares the page with the table.
 *
 *     NUMBER(name, constant, kind, range)   facts->number[FACT_constant], shown by FIELD_kind
 *     TEXT(name, member)                    facts->member
 *     INNER(constant, range)                a number that no format shows
 *
 * Ranges hold for numbers that were read: FROM_0 and FROM_1 up to a limit in facts.c; ANY is for moments, and
 * for numbers that facts_finish() works out. A number outside its range is unknown.
 */
#ifndef SWATCH_SWATCH_STATUSLINE_FACT_TABLE_H
#define SWATCH_SWATCH_STATUSLINE_FACT_TABLE_H

/* Sorted by name: fields.c searches them. */
#define STATUSLINE_FIELDS(NUMBER, TEXT) \
	TEXT("agent", agent) \
	NUMBER("api_time", API_TIME_MS, SPAN, FROM_0) \
	NUMBER("block_cost", BLOCK_USD, USD, FROM_0) \
	NUMBER("block_left", BLOCK_LEFT_MS, SPAN, ANY) \
	NUMBER("block_percent", BLOCK_PERCENT, PERCENT, ANY) \
	NUMBER("block_projected", BLOCK_PROJECTED_USD, USD, ANY) \
	NUMBER("block_reset", BLOCK_RESETS_MS, CLOCK, ANY) \
	NUMBER("block_tokens", BLOCK_TOKENS, COUNT, FROM_0) \
	TEXT("branch", branch) \
	NUMBER("burn_rate", BURN_USD, USD, FROM_0) \
	TEXT("burn_status", burn_status) \
	TEXT("cache", cache) \
	NUMBER("cache_hit", CACHE_HIT_PERCENT, PERCENT, FROM_0) \
	NUMBER("cache_left", CACHE_LEFT_MS, SPAN, ANY) \
	NUMBER("cache_misses", CACHE_MISSES, COUNT, FROM_0) \
	TEXT("cache_ttl", cache_ttl) \
	NUMBER("cold_cost", COLD_USD, USD, ANY) \
	NUMBER("columns", COLUMNS, COUNT, ANY) \
	NUMBER("context_left", CONTEXT_LEFT, PERCENT, ANY) \
	NUMBER("context_percent", CONTEXT_PERCENT, PERCENT, ANY) \
	NUMBER("context_size", CONTEXT_SIZE, COUNT, FROM_1) \
	NUMBER("context_tokens", CONTEXT_TOKENS, COUNT, ANY) \
	TEXT("cwd", cwd) \
	TEXT("dir", dir) \
	TEXT("effort", effort) \
	TEXT("fast", fast) \
	NUMBER("figures_age", AGE_MS, SPAN, ANY) \
	TEXT("limit_hit", limit_hit) \
	NUMBER("limit_left", LIMIT_LEFT_MS, SPAN, ANY) \
	TEXT("limit_name", limit_name) \
	NUMBER("limit_number", LIMIT_NUMBER, COUNT, ANY) \
	NUMBER("limit_pace", LIMIT_PACE, PACE, ANY) \
	NUMBER("limit_percent", LIMIT_PERCENT, PERCENT, ANY) \
	TEXT("limit_reached", limit_reached) \
	NUMBER("limit_reset", LIMIT_RESETS_MS, CLOCK, ANY) \
	NUMBER("limit_resets", LIMIT_NEXT_MS, CLOCK, ANY) \
	TEXT("limits_other", limits_other) \
	NUMBER("lines_added", LINES_ADDED, COUNT, FROM_0) \
	NUMBER("lines_removed", LINES_REMOVED, COUNT, FROM_0) \
	TEXT("model", model) \
	TEXT("model_id", model_id) \
	TEXT("note", note) \
	NUMBER("pr", PR, COUNT, FROM_0) \
	TEXT("pr_state", pr_state) \
	TEXT("project", project) \
	NUMBER("rate_5h", RATE_5H, PERCENT, ANY) \
	NUMBER("rate_5h_left", RATE_5H_LEFT_MS, SPAN, ANY) \
	NUMBER("rate_5h_pace", RATE_5H_PACE, PACE, ANY) \
	NUMBER("rate_5h_reset", RATE_5H_RESETS_MS, CLOCK, ANY) \
	NUMBER("rate_7d", RATE_7D, PERCENT, ANY) \
	NUMBER("rate_7d_left", RATE_7D_LEFT_MS, SPAN, ANY) \
	NUMBER("rate_7d_pace", RATE_7D_PACE, PACE, ANY) \
	NUMBER("rate_7d_reset", RATE_7D_RESETS_MS, CLOCK, ANY) \
	NUMBER("rate_spend", RATE_SPEND, PERCENT, ANY) \
	NUMBER("recache_tokens", RECACHE_TOKENS, COUNT, FROM_0) \
	NUMBER("room", ROOM, COUNT, ANY) \
	NUMBER("session_burn_rate", SESSION_BURN_USD, USD, FROM_0) \
	NUMBER("session_cost", SESSION_USD, USD, ANY) \
	NUMBER("session_cost_claude", CLAUDE_USD, USD, FROM_0) \
	NUMBER("session_cost_swatch", SWATCH_USD, USD, FROM_0) \
	TEXT("session_id", session_id) \
	TEXT("session_name", session_name) \
	NUMBER("session_time", SESSION_TIME_MS, SPAN, FROM_0) \
	NUMBER("session_tokens", SESSION_TOKENS, COUNT, FROM_0) \
	TEXT("source", source) \
	NUMBER("spend_cost", SPEND_USD, USD, ANY) \
	NUMBER("spend_limit", SPEND_LIMIT_USD, USD, ANY) \
	TEXT("stale", stale) \
	TEXT("style", style) \
	NUMBER("subagents", SUBAGENTS, COUNT, FROM_0) \
	NUMBER("subagents_cost", SUBAGENTS_USD, USD, FROM_0) \
	NUMBER("subagents_percent", SUBAGENTS_PERCENT, PERCENT, ANY) \
	TEXT("thinking", thinking) \
	NUMBER("today_cost", TODAY_USD, USD, FROM_0) \
	NUMBER("today_tokens", TODAY_TOKENS, COUNT, FROM_0) \
	NUMBER("today_unpriced", TODAY_UNPRICED, COUNT, FROM_0) \
	NUMBER("tokens_per_minute", TOKENS_PER_MINUTE, COUNT, FROM_0) \
	TEXT("unpriced", unpriced) \
	TEXT("unpriced_models", unpriced_models) \
	TEXT("version", version) \
	TEXT("vim", vim) \
	NUMBER("waiting", WAITING, COUNT, FROM_0) \
	TEXT("waiting_list", waiting_list) \
	TEXT("weekly", weekly) \
	NUMBER("window_cost", WINDOW_USD, USD, FROM_0) \
	NUMBER("window_tokens", WINDOW_TOKENS, COUNT, FROM_0) \
	TEXT("worktree", worktree)

/* Sources of facts that the files and Claude Code may both know. */
#define STATUSLINE_INNER_FACTS(INNER) \
	INNER(CURRENT_TOKENS, FROM_0) \
	INNER(INDICATOR_TOKENS_PER_MINUTE, FROM_0) \
	INNER(CACHE_EXPIRES_MS, ANY) \
	INNER(FETCHED_MS, ANY) \
	INNER(FILE_CACHE_EXPIRES_MS, ANY) \
	INNER(FILE_CACHE_TOKENS, FROM_0) \
	INNER(WRITE_5M_USD, FROM_0) \
	INNER(WRITE_1H_USD, FROM_0) \
	INNER(WRITE_FAST_FACTOR, FROM_0) \
	INNER(ABOVE_TOKENS, FROM_0) \
	INNER(ABOVE_5M_USD, FROM_0) \
	INNER(ABOVE_1H_USD, FROM_0) \
	INNER(FILE_CLAUDE_USD, ANY) \
	INNER(TOLD_5H_PERCENT, ANY) \
	INNER(TOLD_7D_PERCENT, ANY) \
	INNER(TOLD_PERCENT, FROM_0) \
	INNER(TOLD_LEFT_PERCENT, FROM_0) \
	INNER(FILE_TOKENS, FROM_0) \
	INNER(FILE_SIZE, FROM_1) \
	INNER(FILE_TOLD_SIZE, FROM_1) \
	INNER(TOLD_SIZE, FROM_1) \
	INNER(FILE_PERCENT, FROM_0) \
	INNER(SCHEMA, ANY) \
	INNER(BLOCK_START_MS, ANY) \
	INNER(BLOCK_END_MS, ANY) \
	INNER(BLOCK_LAST_MS, ANY) \
	INNER(FRESH_UNTIL_MS, ANY)

#endif
