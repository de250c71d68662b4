#include "ledger/store/tombs.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/strmap.h"

/* ---- looking ---- */

static int compare_value(const void *key, const void *item)
{
	uint64_t left = *(const uint64_t *)key, right = ((const struct store_tomb_rule *)item)->value;
	return (left > right) - (left < right);
}

static bool names(const struct store_tomb_rules *rules, uint64_t value, int64_t time_ms)
{
	bool found;
	size_t at =
		array_search(&value, rules->all, rules->count, sizeof(*rules->all), compare_value, &found);
	return found && (rules->all[at].before_ms == 0 || time_ms < rules->all[at].before_ms);
}

uint64_t store_tombs_value(const char *name, size_t len)
{
	return strmap_hash(name, len);
}

uint64_t store_tombs_request(uint64_t key, uint32_t request)
{
	const uint64_t own[] = { key, request };
	return strmap_hash(own, sizeof(own));
}

bool store_tombs_bury(const struct store_tombs *tombs, const struct ledger_question *question)
{
	const struct slice *project = &question->project, *session = &question->session;
	if (question->time_ms < tombs->before_ms)
		return true;
	if (tombs->projects.count > 0 && project->len > 0
	    && names(&tombs->projects, store_tombs_value(project->data, project->len), question->time_ms))
		return true;
	if (tombs->sessions.count > 0 && session->len > 0
	    && names(&tombs->sessions, store_tombs_value(session->data, session->len), question->time_ms))
		return true;
	if (!question->has_id)
		return false;
	return names(&tombs->messages, question->key, question->time_ms)
	    || (tombs->requests.count > 0
		&& names(&tombs->requests, store_tombs_request(question->key, question->request),
			 question->time_ms));
}

static bool are_empty(const struct store_tombs *tombs)
{
	return tombs->before_ms == 0 && tombs->projects.count == 0 && tombs->sessions.count == 0
	    && tombs->messages.count == 0 && tombs->requests.count == 0;
}

/* ---- reading ---- */

static struct store_tomb_rules *rules_of(struct store_tombs *tombs, int64_t kind)
{
	switch (kind) {
	case STORE_TOMB_PROJECT:
		return &tombs->projects;
	case STORE_TOMB_SESSION:
		return &tombs->sessions;
	case STORE_TOMB_MESSAGE:
		return &tombs->messages;
	case STORE_TOMB_REQUEST:
		return &tombs->requests;
	default:
		return NULL;
	}
}

/* Kinds of a later version are passed over. */
static int take(struct store_tombs *tombs, sqlite3_stmt *row, size_t *total)
{
	int64_t kind = sqlite3_column_int64(row, 0), before_ms = sqlite3_column_int64(row, 2);
	struct store_tomb_rules *rules = rules_of(tombs, kind);
	if (kind == STORE_TOMB_BEFORE && before_ms > tombs->before_ms)
		tombs->before_ms = before_ms;
	if (!rules || ++*total > STORE_TOMBS_MAX)
		return SQLITE_OK;
	if (!array_reserve(&rules->all, &rules->cap, rules->count + 1, sizeof(*rules->all)))
		return SQLITE_NOMEM;
	rules->all[rules->count++] = (struct store_tomb_rule){
		.value = (uint64_t)sqlite3_column_int64(row, 1),
		.before_ms = before_ms,
	};
	return SQLITE_OK;
}

static int compare_rules(const void *a, const void *b)
{
	return compare_value(&((const struct store_tomb_rule *)a)->value, b);
}

static void sort(struct store_tomb_rules *rules)
{
	if (rules->count > 0)
		qsort(rules->all, rules->count, sizeof(*rules->all), compare_rules);
}

int store_tombs_read(sqlite3 *db, struct store_tombs *tombs)
{
	sqlite3_stmt *row = NULL;
	size_t total = 0;
	int result = sqlite3_prepare_v2(db, "SELECT kind, value, before FROM tombstone", -1, &row, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(row)) == SQLITE_ROW)
		result = take(tombs, row, &total);
	(void)sqlite3_finalize(row);
	sort(&tombs->projects);
	sort(&tombs->sessions);
	sort(&tombs->messages);
	sort(&tombs->requests);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* ---- batches ---- */

static struct slice project_of(const struct store_batch *batch, const struct store_transcript *transcript)
{
	const char *below = store_batch_text(batch, transcript->path) + transcript->root_len;
	const char *slash = strchr(below, '/');
	return (struct slice){ below, slash ? (size_t)(slash - below) : 0 };
}

static bool is_buried(const struct store_tombs *tombs, const struct store_batch *batch,
		      const struct store_message *message)
{
	const struct store_transcript *transcript = &batch->transcripts[message->transcript];
	const char *payer = store_batch_text(batch, message->payer);
	const char *session = payer ? payer : store_batch_text(batch, transcript->session);
	const struct ledger_question question = {
		.time_ms = message->record.time_ms,
		.has_id = message->record.has_id,
		.key = message->key,
		.request = message->record.request_hash,
		.project = project_of(batch, transcript),
		.session = { session, strlen(session) },
	};
	return store_tombs_bury(tombs, &question);
}

/* Whether the project or the session of a transcript was purged. */
static bool has_name_buried(const struct store_tombs *tombs, const struct store_batch *batch,
			    const struct store_transcript *transcript)
{
	const char *session = store_batch_text(batch, transcript->session);
	struct slice project = project_of(batch, transcript);
	return names(&tombs->projects, store_tombs_value(project.data, project.len), INT64_MIN)
	    || names(&tombs->sessions, store_tombs_value(session, strlen(session)), INT64_MIN);
}

/* Whether what a session was told at a moment was purged with it. */
static bool is_session_buried(const struct store_tombs *tombs, const char *session, int64_t at_ms)
{
	return names(&tombs->sessions, store_tombs_value(session, strlen(session)), at_ms);
}

/* The same for limits that were hit, and for what statuslines told. */
static void bury_facts(const struct store_tombs *tombs, struct store_batch *batch)
{
	struct store_facts *facts = &batch->facts;
	size_t hits = 0, told = 0;
	for (size_t i = 0; i < facts->hit_count; i++) {
		const struct store_hit hit = facts->hits[i];
		const struct store_transcript *transcript = &batch->transcripts[hit.transcript];
		const char *session = store_batch_text(batch, transcript->session);
		const struct ledger_question question = { .time_ms = hit.at_ms,
							  .project = project_of(batch, transcript),
							  .session = { session, strlen(session) } };
		if (!transcript->buried && !store_tombs_bury(tombs, &question))
			facts->hits[hits++] = hit;
	}
	for (size_t i = 0; i < facts->told_count; i++) {
		const struct store_told one = facts->told[i];
		if (!is_session_buried(tombs, one.session_id, one.at_ms))
			facts->told[told++] = one;
	}
	for (size_t i = 0; i < facts->reading_count; i++) {
		struct rate_limit *limit = &facts->readings[i].limit;
		if (is_session_buried(tombs, limit->session_id, limit->observed_ms))
			limit->session_id[0] = '\0';
	}
	facts->hit_count = hits;
	facts->told_count = told;
}

void store_tombs_bury_in(const struct store_tombs *tombs, struct store_batch *batch)
{
	size_t kept = 0;
	if (are_empty(tombs))
		return;
	for (size_t i = 0; i < batch->transcript_count; i++)
		batch->transcripts[i].buried = has_name_buried(tombs, batch, &batch->transcripts[i]);
	for (size_t i = 0; i < batch->message_count; i++) {
		const struct store_message message = batch->messages[i];
		if (is_buried(tombs, batch, &message))
			continue;
		batch->transcripts[message.transcript].buried = false;
		batch->messages[kept++] = message;
	}
	batch->message_count = kept;
	bury_facts(tombs, batch);
}

/* ---- the ledger's door ---- */

static bool refuses(void *ctx, const struct ledger_question *question)
{
	return store_tombs_bury(ctx, question);
}

static void forget(void *ctx)
{
	store_tombs_release(ctx);
	free(ctx);
}

int store_tombs_guard(sqlite3 *db, struct ledger *ledger)
{
	struct store_tombs *tombs = calloc(1, sizeof(*tombs));
	int result = tombs ? store_tombs_read(db, tombs) : SQLITE_NOMEM;
	if (result == SQLITE_OK && !are_empty(tombs)) {
		ledger_set_guard(ledger, refuses, forget, tombs);
		return SQLITE_OK;
	}
	if (tombs)
		forget(tombs);
	return result;
}

/* ---- adding ---- */

int store_tombs_add(sqlite3 *db, const struct store_tomb *tomb)
{
	const int64_t numbers[] = { tomb->kind, (int64_t)tomb->value, tomb->before_ms, tomb->at_ms };
	sqlite3_stmt *add = NULL;
	int result =
		sqlite3_prepare_v2(db,
				   "INSERT INTO tombstone (kind, value, before, at) VALUES (?1, ?2, ?3, ?4)"
				   " ON CONFLICT DO UPDATE SET before = max(before, ?3), at = ?4",
				   -1, &add, NULL);
	for (int i = 0; result == SQLITE_OK && i < (int)ARRAY_COUNT(numbers); i++)
		result = sqlite3_bind_int64(add, i + 1, numbers[i]);
	if (result == SQLITE_OK)
		result = sqlite3_step(add);
	(void)sqlite3_finalize(add);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

void store_tombs_release(struct store_tombs *tombs)
{
	free(tombs->projects.all);
	free(tombs->sessions.all);
	free(tombs->messages.all);
	free(tombs->requests.all);
	*tombs = (struct store_tombs){ 0 };
}
