#include "ledger/store/hours.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/strmap.h"
#include "ledger/store/schema.h"

/* What tells rows of an hour apart before their names are looked up. */
struct key {
	int64_t transcript, payer, model, sidechain;
};

struct group {
	struct key key;
	struct store_hour sums;
	char *project, *session, *model;
};

/* An hour whose messages may still come. */
struct open_hour {
	int64_t start_ms;            /* -1: free */
	struct group *groups;
	size_t count, cap;
	struct strmap by_key;        /* -> index + 1 */
};

/* A message that was put off may come when the next hour has begun. */
#define OPEN_HOURS 2

struct summing {
	struct open_hour hours[OPEN_HOURS];
	struct store_names names;
	bool (*take)(void *ctx, const struct store_hour *hour);
	void *ctx;
};

/* ---- an hour ends ---- */

static void empty(struct open_hour *hour)
{
	for (size_t i = 0; i < hour->count; i++) {
		free(hour->groups[i].project);
		free(hour->groups[i].session);
		free(hour->groups[i].model);
	}
	hour->count = 0;
	hour->start_ms = -1;
	strmap_release(&hour->by_key);
}

/* Looks up a group's names. Returns false when memory ran out, or they cannot be read. */
static bool name(struct summing *summing, struct group *group)
{
	struct store_transcript_names transcript;
	struct store_hour *sums = &group->sums;
	(void)store_names_transcript(&summing->names, group->key.transcript, &transcript);
	const char *payer = store_names_session(&summing->names, group->key.payer);
	group->project = strndup(transcript.project.data, transcript.project.len);
	group->session = strdup(*payer ? payer : transcript.session);
	group->model = strdup(store_names_model(&summing->names, group->key.model));
	sums->project = group->project;
	sums->session = group->session;
	sums->model = group->model;
	sums->kind = transcript.subagent    ? STORE_KIND_AGENT
		     : group->key.sidechain ? STORE_KIND_SIDECHAIN
					    : STORE_KIND_MAIN;
	return store_names_take_result(&summing->names) == SQLITE_OK && group->project && group->session
	    && group->model;
}

static int compare(const void *a, const void *b)
{
	const struct store_hour *left = &((const struct group *)a)->sums;
	const struct store_hour *right = &((const struct group *)b)->sums;
	int order = strcmp(left->project, right->project);
	if (order == 0)
		order = strcmp(left->session, right->session);
	if (order == 0)
		order = strcmp(left->model, right->model);
	return order ? order : (int)left->kind - (int)right->kind;
}

static void add(struct store_hour *sums, const struct store_hour *more)
{
	store_rows_add(&sums->tokens.input, more->tokens.input);
	store_rows_add(&sums->tokens.output, more->tokens.output);
	store_rows_add(&sums->tokens.cache_creation_5m, more->tokens.cache_creation_5m);
	store_rows_add(&sums->tokens.cache_creation_1h, more->tokens.cache_creation_1h);
	store_rows_add(&sums->tokens.cache_read, more->tokens.cache_read);
	store_rows_add(&sums->web_searches, more->web_searches);
	store_rows_add(&sums->nano_usd, more->nano_usd);
	sums->messages += more->messages;
	sums->unpriced += more->unpriced;
}

/* Hands on an hour. Several transcripts may have the same names. */
static int pass(struct summing *summing, struct open_hour *hour)
{
	int result = SQLITE_OK;
	for (size_t i = 0; i < hour->count; i++)
		if (!name(summing, &hour->groups[i]))
			return SQLITE_NOMEM;
	if (hour->count > 0)
		qsort(hour->groups, hour->count, sizeof(*hour->groups), compare);
	for (size_t i = 0, next; i < hour->count && result == SQLITE_OK; i = next) {
		struct group *first = &hour->groups[i];
		for (next = i + 1; next < hour->count && compare(first, &hour->groups[next]) == 0; next++)
			add(&first->sums, &hour->groups[next].sums);
		result = summing->take(summing->ctx, &first->sums) ? SQLITE_OK : SQLITE_ABORT;
	}
	empty(hour);
	return result;
}

/* Hands on the hours that no message since `time_ms` can be of, the earlier one first. */
static int pass_ended(struct summing *summing, int64_t time_ms)
{
	for (;;) {
		struct open_hour *ended = NULL;
		for (size_t i = 0; i < OPEN_HOURS; i++) {
			struct open_hour *hour = &summing->hours[i];
			if (hour->start_ms >= 0
			    && time_ms - STORE_LATE_MAX_MS >= hour->start_ms + CLOCK_HOUR_MS
			    && (!ended || hour->start_ms < ended->start_ms))
				ended = hour;
		}
		int result = ended ? pass(summing, ended) : SQLITE_OK;
		if (!ended || result != SQLITE_OK)
			return result;
	}
}

/* ---- rows ---- */

static struct open_hour *find_hour(struct summing *summing, int64_t start_ms)
{
	struct open_hour *free_hour = NULL;
	for (size_t i = 0; i < OPEN_HOURS; i++) {
		if (summing->hours[i].start_ms == start_ms)
			return &summing->hours[i];
		if (summing->hours[i].start_ms < 0)
			free_hour = &summing->hours[i];
	}
	if (free_hour)
		free_hour->start_ms = start_ms;
	return free_hour;
}

/* The group of a key, which is added if need be. Returns NULL when memory ran out. */
static struct group *find_group(struct open_hour *hour, const struct key *key)
{
	size_t at = (size_t)(uintptr_t)strmap_get_len(&hour->by_key, (const char *)key, sizeof(*key));
	if (at > 0)
		return &hour->groups[at - 1];
	if (!array_reserve(&hour->groups, &hour->cap, hour->count + 1, sizeof(*hour->groups))
	    || !strmap_put_len(&hour->by_key, (const char *)key, sizeof(*key), (void *)(hour->count + 1)))
		return NULL;
	struct group *group = &hour->groups[hour->count++];
	*group = (struct group){ .key = *key, .sums = { .start_ms = hour->start_ms } };
	return group;
}

static int take_row(struct summing *summing, const struct store_row *row)
{
	const struct key key = { row->transcript, row->payer, row->model,
				 (row->flags & STORE_SIDECHAIN) != 0 };
	const struct store_hour message = {
		.tokens = row->tokens,
		.web_searches = row->web_searches,
		.nano_usd = row->nano_usd,
		.messages = 1,
		.unpriced = (row->flags & STORE_UNPRICED) != 0,
	};
	int result = pass_ended(summing, row->time_ms);
	if (result != SQLITE_OK)
		return result;
	struct open_hour *hour = find_hour(summing, row->time_ms - row->time_ms % CLOCK_HOUR_MS);
	struct group *group = hour ? find_group(hour, &key) : NULL;
	if (!group)
		return SQLITE_NOMEM;
	add(&group->sums, &message);
	return SQLITE_OK;
}

static int read_rows(struct summing *summing, sqlite3_stmt *rows, int64_t since_ms)
{
	int result;
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_row row;
		if (!store_rows_take(rows, &row) || (row.flags & STORE_HIDDEN) || row.time_ms < since_ms)
			continue;
		result = take_row(summing, &row);
		if (result != SQLITE_OK)
			return result;
	}
	return result == SQLITE_DONE ? pass_ended(summing, INT64_MAX) : result;
}

int store_hours_read(sqlite3 *db, int64_t since_ms, bool (*take)(void *ctx, const struct store_hour *hour),
		     void *ctx)
{
	struct summing summing = { .take = take, .ctx = ctx };
	sqlite3_stmt *rows = NULL;
	for (size_t i = 0; i < OPEN_HOURS; i++)
		summing.hours[i].start_ms = -1;
	int result = store_names_open(db, &summing.names);
	if (result == SQLITE_OK)
		result = store_rows_open(db, since_ms, &rows);
	if (result == SQLITE_OK)
		result = read_rows(&summing, rows, since_ms);
	(void)sqlite3_finalize(rows);
	store_names_release(&summing.names);
	for (size_t i = 0; i < OPEN_HOURS; i++) {
		empty(&summing.hours[i]);
		free(summing.hours[i].groups);
	}
	return result;
}
