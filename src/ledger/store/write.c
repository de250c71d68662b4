#include "ledger/store/write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ledger/store/claims.h"
#include "ledger/store/facts_write.h"
#include "ledger/store/folders.h"
#include "ledger/store/insert.h"
#include "ledger/store/numbers.h"
#include "ledger/store/rollup.h"
#include "ledger/store/schema.h"
#include "ledger/store/statement.h"

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
	[ADD_MESSAGE] = store_insert_text,
	[SET_META] = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
};

struct store_writer {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	struct store_rollup *rollup;
	struct store_numbers numbers;
	struct store_facts_writer *facts;
	struct store_claims claims;
	struct store_folders folders;
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
	bool good = store_statements_open(db, texts, STATEMENTS, writer->statements) == SQLITE_OK;
	writer->rollup = good ? store_rollup_new(db) : NULL;
	if (writer->rollup && store_numbers_open(db, &writer->numbers) == SQLITE_OK)
		writer->facts = store_facts_writer_new(db, &writer->numbers);
	if (writer->facts && store_claims_open(db, true, &writer->claims) == SQLITE_OK
	    && store_folders_open(db, &writer->folders) == SQLITE_OK)
		return writer;
	store_writer_free(writer);
	return NULL;
}

void store_writer_free(struct store_writer *writer)
{
	if (!writer)
		return;
	store_statements_release(writer->statements, STATEMENTS);
	store_rollup_free(writer->rollup);
	store_facts_writer_free(writer->facts);
	store_numbers_release(&writer->numbers);
	store_claims_release(&writer->claims);
	store_folders_release(&writer->folders);
	free(writer->transcript_ids);
	free(writer);
}

/* Widens the time in which the session of a transcript worked. */
static int note_span(struct store_writer *writer, int64_t session, const struct store_transcript *transcript)
{
	const int64_t span[] = { session, transcript->session_first_ms, transcript->session_last_ms };
	if (session == 0 || transcript->session_first_ms <= 0)
		return SQLITE_OK;
	store_statement_bind(writer->statements[NOTE_SPAN], 1, span, ARRAY_COUNT(span));
	return store_statement_run(writer->statements[NOTE_SPAN]);
}

static int write_transcript(struct store_writer *writer, const struct store_batch *batch, size_t index)
{
	const struct store_transcript *transcript = &batch->transcripts[index];
	AUTO_BUF hidden = BUF_INIT;
	store_folders_hide(&writer->folders, store_batch_text(batch, transcript->path), transcript->root_len,
			   &hidden);
	const char *path = buf_str(&hidden);
	int64_t session, profile = 0;
	if (hidden.failed)
		return SQLITE_NOMEM;
	int result = store_numbers_find(&writer->numbers, STORE_NAME_SESSION,
					store_batch_text(batch, transcript->session), &session);
	if (result == SQLITE_OK)
		result = store_numbers_find_profile(&writer->numbers, NULL, path, transcript->root_len,
						    &profile);
	if (result == SQLITE_OK)
		result = note_span(writer, session, transcript);
	if (result != SQLITE_OK)
		return result;
	store_statement_bind_text(writer->statements[ADD_TRANSCRIPT], 1, path);
	const int64_t facts[] = { (int64_t)transcript->root_len, session, transcript->subagent,
				  transcript->gone, transcript->version, profile };
	store_statement_bind(writer->statements[ADD_TRANSCRIPT], 2, facts, ARRAY_COUNT(facts));
	result = store_statement_run(writer->statements[ADD_TRANSCRIPT]);
	if (result != SQLITE_OK)
		return result;
	store_statement_bind_text(writer->statements[FIND_TRANSCRIPT], 1, path);
	store_statement_bind(writer->statements[FIND_TRANSCRIPT], 2, &facts[4], 1);
	result = store_statement_ask(writer->statements[FIND_TRANSCRIPT], &writer->transcript_ids[index]);
	if (result != SQLITE_OK || !transcript->has_progress)
		return result;
	const struct store_progress *p = &transcript->progress;
	const int64_t numbers[] = { writer->transcript_ids[index],
				    (int64_t)p->dev,
				    (int64_t)p->ino,
				    p->size_bytes,
				    p->modified_ns,
				    p->offset,
				    (int64_t)p->mark,
				    (int64_t)p->mark_len };
	store_statement_bind(writer->statements[SET_PROGRESS], 1, numbers, ARRAY_COUNT(numbers));
	store_statement_bind_text(writer->statements[SET_PROGRESS], 9,
				  store_batch_text(batch, transcript->faults));
	return store_statement_run(writer->statements[SET_PROGRESS]);
}

static unsigned flags_of(const struct store_message *message)
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

/* Where it is not known any more, it is the one of the message as it was. */
static int find_branch(struct store_writer *writer, const char *name, int64_t old, int64_t *branch)
{
	AUTO_BUF hidden = BUF_INIT;
	if (name && writer->folders.mode != LEDGER_PROJECTS_PATH) {
		store_folders_hide_branch(&writer->folders, name, &hidden);
		name = hidden.failed ? NULL : buf_str(&hidden);
	}
	if (hidden.failed)
		return SQLITE_NOMEM;
	if (name || old == 0)
		return store_numbers_find(&writer->numbers, STORE_NAME_BRANCH, name, branch);
	store_statement_bind(writer->statements[FIND_BRANCH], 1, &old, 1);
	return store_statement_ask(writer->statements[FIND_BRANCH], branch);
}

/* Takes the message out as it was, if the file has it. *branch: its own, or the one that it had. */
static int remove_old(struct store_writer *writer, const struct store_message *message, const char *name,
		      int64_t *branch)
{
	const int64_t identity[] = { (int64_t)message->key,
				     store_request_number(message->record.request_hash) };
	int64_t old;
	store_statement_bind(writer->statements[FIND_MESSAGE], 1, identity, ARRAY_COUNT(identity));
	int result = store_statement_ask(writer->statements[FIND_MESSAGE], &old);
	if (result == SQLITE_OK)
		result = find_branch(writer, name, old, branch);
	if (result == SQLITE_OK && old != 0)
		result = store_rollup_remove_id(writer->rollup, old);
	if (result != SQLITE_OK || old == 0)
		return result;
	store_statement_bind(writer->statements[REMOVE_MESSAGE], 1, &old, 1);
	return store_statement_run(writer->statements[REMOVE_MESSAGE]);
}

static int write_message(struct store_writer *writer, const struct store_batch *batch,
			 const struct store_message *message)
{
	const struct ledger_record *record = &message->record;
	struct store_row row = {
		.time_ms = record->time_ms,
		.key = message->key,
		.request = record->request_hash,
		.transcript = writer->transcript_ids[message->transcript],
		.offset = record->offset,
		.flags = flags_of(message),
		.tokens = record->tokens,
		.large = record->large,
		.web_searches = record->extras.web_searches,
		.nano_usd = nano_usd_of(message->cost_usd),
		.reference = nano_usd_of(message->reference_usd),
	};
	int result = store_numbers_find(&writer->numbers, STORE_NAME_SESSION,
					store_batch_text(batch, message->payer), &row.payer);
	if (result == SQLITE_OK)
		result = store_numbers_find(&writer->numbers, STORE_NAME_MODEL,
					    store_batch_text(batch, message->model), &row.model);
	if (result == SQLITE_OK)
		result = remove_old(writer, message, store_batch_text(batch, message->branch), &row.branch);
	if (result == SQLITE_OK)
		result = store_insert(writer->statements[ADD_MESSAGE], &row);
	if (result == SQLITE_OK)
		result = store_rollup_add(writer->rollup, &row);
	return result == SQLITE_OK ? store_claims_write(&writer->claims, &writer->numbers, batch, message)
				   : result;
}

/* Writes the facts about the file itself. */
static int write_metas(struct store_writer *writer, const struct store_batch *batch)
{
	sqlite3_stmt *set = writer->statements[SET_META];
	int result = SQLITE_OK;
	for (size_t i = 0; result == SQLITE_OK && i < batch->meta_count; i++) {
		store_statement_bind_text(set, 1, store_batch_text(batch, batch->metas[i].key));
		store_statement_bind_text(set, 2, store_batch_text(batch, batch->metas[i].value));
		result = store_statement_run(set);
	}
	return result;
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
	if (result == SQLITE_OK)
		result = write_metas(writer, batch);
	if (result == SQLITE_OK)
		result = store_rollup_apply(writer->rollup);
	return result == SQLITE_OK ? store_facts_write(writer->facts, batch, writer->transcript_ids) : result;
}

int store_writer_write(struct store_writer *writer, const struct store_batch *batch)
{
	if (!array_reserve(&writer->transcript_ids, &writer->cap, batch->transcript_count + 1,
			   sizeof(*writer->transcript_ids)))
		return SQLITE_NOMEM;
	store_numbers_forget(&writer->numbers);
	int result = store_statement_run(writer->statements[BEGIN]);
	if (result == SQLITE_OK)
		result = write_all(writer, batch);
	if (result == SQLITE_OK)
		result = store_statement_run(writer->statements[COMMIT]);
	/* Some failures have ended the transaction already. */
	if (result != SQLITE_OK && !sqlite3_get_autocommit(writer->db))
		(void)store_statement_run(writer->statements[ROLLBACK]);
	store_rollup_forget(writer->rollup);
	return result;
}
