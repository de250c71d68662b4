#include "ledger/store/write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ledger/store/claims.h"
#include "ledger/store/facts_write.h"
#include "ledger/store/numbers.h"
#include "ledger/store/rollup.h"
#include "ledger/store/schema.h"

/* Nobody's message costs more than nine million dollars. */
#define NANO_USD_MAX 9e15

enum statement {
	BEGIN,
	COMMIT,
	ROLLBACK,
	NOTE_SPAN,
	ADD_TRANSCRIPT,
	FIND_TRANSCRIPT,
	SET_PROGRESS,
	FIND_MESSAGE,
	FIND_BRANCH,
	REMOVE_MESSAGE,
	ADD_MESSAGE,
	SET_META,
	STATEMENTS
};

static const char *const texts[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[NOTE_SPAN] = "UPDATE session SET last_ms = max(last_ms, ?3),"
		      " first_ms = CASE first_ms WHEN 0 THEN ?2 ELSE min(first_ms, ?2) END"
		      " WHERE id = ?1 AND (last_ms < ?3 OR first_ms = 0 OR first_ms > ?2)",
	[ADD_TRANSCRIPT] =
		"INSERT INTO transcript (path, version, root_bytes, session, subagent, gone, dev, ino,"
		" size, modified_ns, offset, mark, mark_bytes, profile)"
		" VALUES (?1, ?6, ?2, ?3, ?4, ?5, 0, 0, 0, 0, 0, 0, 0, ?7)"
		" ON CONFLICT DO UPDATE SET session = ?3, gone = ?5, profile = ?7"
		" WHERE session <> ?3 OR gone <> ?5 OR profile = 0",
	[FIND_TRANSCRIPT] = "SELECT id FROM transcript WHERE path = ?1 AND version = ?2",
	[SET_PROGRESS] = "UPDATE transcript SET dev = ?2, ino = ?3, size = ?4, modified_ns = ?5, offset = ?6,"
			 " mark = ?7, mark_bytes = ?8, faults = ?9 WHERE id = ?1",
	[FIND_MESSAGE] = "SELECT id FROM message WHERE " STORE_KEY_IS_1 " AND request = ?2",
	[FIND_BRANCH] = "SELECT branch FROM message WHERE id = ?1",
	[REMOVE_MESSAGE] = "DELETE FROM message WHERE id = ?1",
	[ADD_MESSAGE] =
		"INSERT INTO message (id, key, request, late, transcript, offset, payer, model, flags,"
		" input, output, cache_write_5m, cache_write_1h, cache_read, web_searches, nano_usd,"
		" large, reference, branch) VALUES"
		" (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
		" nullif(?18, ?16), ?19)"
		" ON CONFLICT DO NOTHING",
	[SET_META] = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
};

struct store_writer {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	struct store_rollup *rollup;
	struct store_numbers numbers;
	struct store_facts_writer *facts;
	struct store_claims claims;
	/* Of the batch that is being written. */
	int64_t *transcript_ids;
	size_t cap;
};

struct store_writer *store_writer_new(sqlite3 *db)
{
	struct store_writer *writer = calloc(1, sizeof(*writer));
	if (!writer)
		return NULL;
	writer->db = db;
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &writer->statements[i],
				       NULL)
		    != SQLITE_OK) {
			store_writer_free(writer);
			return NULL;
		}
	writer->rollup = store_rollup_new(db);
	if (store_numbers_open(db, &writer->numbers) == SQLITE_OK)
		writer->facts = store_facts_writer_new(db, &writer->numbers);
	if (writer->rollup && writer->facts && store_claims_open(db, true, &writer->claims) == SQLITE_OK)
		return writer;
	store_writer_free(writer);
	return NULL;
}

void store_writer_free(struct store_writer *writer)
{
	if (!writer)
		return;
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(writer->statements[i]);
	store_rollup_free(writer->rollup);
	store_facts_writer_free(writer->facts);
	store_numbers_release(&writer->numbers);
	store_claims_release(&writer->claims);
	free(writer->transcript_ids);
	free(writer);
}

/* Runs a statement to its end. Returns SQLITE_OK, or what went wrong. */
static int run(struct store_writer *writer, enum statement which)
{
	sqlite3_stmt *statement = writer->statements[which];
	int result = sqlite3_step(statement);
	int reset = sqlite3_reset(statement);
	return result == SQLITE_DONE || result == SQLITE_ROW ? reset : result;
}

/* Runs a question for one number: 0 when it has no answer. */
static int ask(struct store_writer *writer, enum statement which, int64_t *number)
{
	sqlite3_stmt *statement = writer->statements[which];
	int result = sqlite3_step(statement);
	*number = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	int reset = sqlite3_reset(statement);
	return result == SQLITE_DONE || result == SQLITE_ROW ? reset : result;
}

static void bind_text(struct store_writer *writer, enum statement which, int number, const char *text)
{
	/* The text outlives the statement's run. Without memory the run itself fails. */
	(void)sqlite3_bind_text(writer->statements[which], number, text, -1, SQLITE_STATIC);
}

static void bind(struct store_writer *writer, enum statement which, int first, const int64_t *numbers,
		 size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)sqlite3_bind_int64(writer->statements[which], first + (int)i, numbers[i]);
}

/* Widens the time in which the session of a transcript worked. */
static int note_span(struct store_writer *writer, int64_t session, const struct store_transcript *transcript)
{
	const int64_t span[] = { session, transcript->session_first_ms, transcript->session_last_ms };
	if (session == 0 || transcript->session_first_ms <= 0)
		return SQLITE_OK;
	bind(writer, NOTE_SPAN, 1, span, ARRAY_COUNT(span));
	return run(writer, NOTE_SPAN);
}

static int write_transcript(struct store_writer *writer, const struct store_batch *batch, size_t index)
{
	const struct store_transcript *transcript = &batch->transcripts[index];
	const char *path = store_batch_text(batch, transcript->path);
	int64_t session, profile = 0;
	int result = store_numbers_find(&writer->numbers, STORE_NAME_SESSION,
					store_batch_text(batch, transcript->session), &session);
	if (result == SQLITE_OK)
		result = store_numbers_find_profile(&writer->numbers, path, transcript->root_len, &profile);
	if (result == SQLITE_OK)
		result = note_span(writer, session, transcript);
	if (result == SQLITE_OK)
		result = store_rollup_set_session(writer->rollup, path, transcript->version, session);
	if (result != SQLITE_OK)
		return result;
	bind_text(writer, ADD_TRANSCRIPT, 1, path);
	const int64_t facts[] = { (int64_t)transcript->root_len, session, transcript->subagent,
				  transcript->gone, transcript->version, profile };
	bind(writer, ADD_TRANSCRIPT, 2, facts, ARRAY_COUNT(facts));
	result = run(writer, ADD_TRANSCRIPT);
	if (result != SQLITE_OK)
		return result;
	bind_text(writer, FIND_TRANSCRIPT, 1, path);
	bind(writer, FIND_TRANSCRIPT, 2, &facts[4], 1);
	result = ask(writer, FIND_TRANSCRIPT, &writer->transcript_ids[index]);
	if (result != SQLITE_OK || !transcript->has_progress)
		return result;
	const struct store_progress *p = &transcript->progress;
	const int64_t numbers[] = { writer->transcript_ids[index], (int64_t)p->dev, (int64_t)p->ino,
				    p->size_bytes, p->modified_ns, p->offset, (int64_t)p->mark,
				    (int64_t)p->mark_len };
	bind(writer, SET_PROGRESS, 1, numbers, ARRAY_COUNT(numbers));
	bind_text(writer, SET_PROGRESS, 9, store_batch_text(batch, transcript->faults));
	return run(writer, SET_PROGRESS);
}

static int64_t flags_of(const struct store_message *message)
{
	const struct ledger_record *record = &message->record;
	return (record->sidechain ? STORE_SIDECHAIN : 0) | (record->has_speed ? STORE_HAS_SPEED : 0)
	       | (record->fast ? STORE_FAST : 0) | (record->has_cost ? STORE_HAS_COST : 0)
	       | (message->hidden ? STORE_HIDDEN : 0) | (message->unpriced ? STORE_UNPRICED : 0)
	       | (record->lost_by_reference ? STORE_LOST_BY_REFERENCE : 0)
	       | (record->has_id ? STORE_HAS_ID : 0) | (record->extras.us_only ? STORE_US_ONLY : 0)
	       | (record->extras.batch ? STORE_BATCH : 0) | (record->in_parts ? STORE_IN_PARTS : 0)
	       | (message->claim_count > 0 ? STORE_HAS_CLAIMS : 0);
}

static int64_t nano_usd_of(double usd)
{
	double nano = usd * 1e9;
	return nano >= 0. && nano <= NANO_USD_MAX ? (int64_t)llround(nano) : 0;
}

/* Puts the message into the first free slot from its millisecond on. */
static int add_message(struct store_writer *writer, const struct store_message *message)
{
	sqlite3_stmt *statement = writer->statements[ADD_MESSAGE];
	int64_t time_ms = message->record.time_ms;
	for (int64_t late = 0; late <= STORE_LATE_MAX_MS; late++) {
		int64_t slot = (int64_t)(message->key & (uint64_t)(STORE_SLOTS - 1));
		for (unsigned i = 0; i < STORE_SLOT_TRIES; i++) {
			(void)sqlite3_bind_int64(statement, 1,
						 store_id_at(time_ms + late)
							 + ((slot + i) & (STORE_SLOTS - 1)));
			(void)sqlite3_bind_int64(statement, 4, late);
			int result = run(writer, ADD_MESSAGE);
			if (result != SQLITE_OK || sqlite3_changes(writer->db) > 0)
				return result;
		}
	}
	return SQLITE_FULL;
}

/* Where it is not known any more, it is the one of the message as it was. */
static int find_branch(struct store_writer *writer, const char *name, int64_t old, int64_t *branch)
{
	if (name || old == 0)
		return store_numbers_find(&writer->numbers, STORE_NAME_BRANCH, name, branch);
	bind(writer, FIND_BRANCH, 1, &old, 1);
	return ask(writer, FIND_BRANCH, branch);
}

/* Takes the message out as it was, if the file has it. *branch: its own, or the one that it had. */
static int remove_old(struct store_writer *writer, const struct store_message *message, const char *name,
		      int64_t *branch)
{
	const int64_t identity[] = { (int64_t)message->key, message->record.request_hash };
	int64_t old;
	bind(writer, FIND_MESSAGE, 1, identity, ARRAY_COUNT(identity));
	int result = ask(writer, FIND_MESSAGE, &old);
	if (result == SQLITE_OK)
		result = find_branch(writer, name, old, branch);
	if (result == SQLITE_OK && old != 0)
		result = store_rollup_remove_id(writer->rollup, old);
	if (result != SQLITE_OK || old == 0)
		return result;
	bind(writer, REMOVE_MESSAGE, 1, &old, 1);
	return run(writer, REMOVE_MESSAGE);
}

static int write_message(struct store_writer *writer, const struct store_batch *batch,
			 const struct store_message *message)
{
	const struct ledger_record *record = &message->record;
	const struct price_tokens *t = &record->tokens;
	const int64_t large[] = { record->large.input, record->large.output, record->large.cache_creation_5m,
				  record->large.cache_creation_1h, record->large.cache_read };
	const int64_t identity[] = { (int64_t)message->key, record->request_hash };
	int64_t payer, model, branch = 0;
	int result = store_numbers_find(&writer->numbers, STORE_NAME_SESSION,
					store_batch_text(batch, message->payer), &payer);
	if (result == SQLITE_OK)
		result = store_numbers_find(&writer->numbers, STORE_NAME_MODEL,
					    store_batch_text(batch, message->model), &model);
	if (result == SQLITE_OK)
		result = remove_old(writer, message, store_batch_text(batch, message->branch), &branch);
	if (result != SQLITE_OK)
		return result;
	bind(writer, ADD_MESSAGE, 2, identity, ARRAY_COUNT(identity));
	const int64_t facts[] = { writer->transcript_ids[message->transcript],
				  record->offset,
				  payer,
				  model,
				  flags_of(message),
				  t->input,
				  t->output,
				  t->cache_creation_5m,
				  t->cache_creation_1h,
				  t->cache_read,
				  record->extras.web_searches,
				  nano_usd_of(message->cost_usd) };
	bind(writer, ADD_MESSAGE, 5, facts, ARRAY_COUNT(facts));
	if (record->in_parts)
		(void)sqlite3_bind_blob(writer->statements[ADD_MESSAGE], 17, large, sizeof(large),
					SQLITE_STATIC);
	else
		(void)sqlite3_bind_null(writer->statements[ADD_MESSAGE], 17);
	(void)sqlite3_bind_int64(writer->statements[ADD_MESSAGE], 19, branch);
	(void)sqlite3_bind_int64(writer->statements[ADD_MESSAGE], 18, nano_usd_of(message->reference_usd));
	result = add_message(writer, message);
	const struct store_row row = {
		.time_ms = record->time_ms,
		.transcript = facts[0],
		.offset = record->offset,
		.payer = payer,
		.model = model,
		.flags = (unsigned)flags_of(message),
		.tokens = *t,
		.web_searches = record->extras.web_searches,
		.nano_usd = nano_usd_of(message->cost_usd),
		.reference = nano_usd_of(message->reference_usd),
	};
	if (result == SQLITE_OK)
		result = store_rollup_add(writer->rollup, &row);
	return result == SQLITE_OK ? store_claims_write(&writer->claims, &writer->numbers, batch, message)
				   : result;
}

static int write_all(struct store_writer *writer, const struct store_batch *batch)
{
	int result = SQLITE_OK;
	for (size_t i = 0; result == SQLITE_OK && i < batch->transcript_count; i++)
		if (batch->transcripts[i].buried)
			writer->transcript_ids[i] = 0;
		else
			result = write_transcript(writer, batch, i);
	for (size_t i = 0; result == SQLITE_OK && i < batch->message_count; i++)
		result = write_message(writer, batch, &batch->messages[i]);
	for (size_t i = 0; result == SQLITE_OK && i < batch->meta_count; i++) {
		bind_text(writer, SET_META, 1, store_batch_text(batch, batch->metas[i].key));
		bind_text(writer, SET_META, 2, store_batch_text(batch, batch->metas[i].value));
		result = run(writer, SET_META);
	}
	if (result == SQLITE_OK)
		result = store_rollup_apply(writer->rollup);
	return result == SQLITE_OK ? store_facts_write(writer->facts, batch, writer->transcript_ids) : result;
}

int store_writer_write(struct store_writer *writer, const struct store_batch *batch)
{
	if (!array_reserve(&writer->transcript_ids, &writer->cap, batch->transcript_count + 1,
			   sizeof(*writer->transcript_ids)))
		return SQLITE_NOMEM;
	int result = run(writer, BEGIN);
	if (result == SQLITE_OK)
		result = write_all(writer, batch);
	if (result == SQLITE_OK)
		result = run(writer, COMMIT);
	/* Some failures have ended the transaction already. */
	if (result != SQLITE_OK && !sqlite3_get_autocommit(writer->db))
		(void)run(writer, ROLLBACK);
	store_rollup_forget(writer->rollup);
	return result;
}
