#include "ledger/store/facts_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/store/statement.h"

enum statement { ADD_HIT, ADD_READING, ADD_TOLD, ADD_ALERT, ADD_PRICE, STATEMENTS };

static const char *const texts[STATEMENTS] = {
	/* A line says the same whenever it is read. */
	[ADD_HIT] = "INSERT INTO hit (transcript, offset, session, at, name, resets_ms, old_form, in_message)"
		    " VALUES (?1, ?2, (SELECT session FROM transcript WHERE id = ?1), ?3, ?4, ?5, ?6, ?7)"
		    " ON CONFLICT DO NOTHING",
	[ADD_READING] =
		"INSERT INTO reading (profile, resets_ms, name, point, percent, first_seen, last_seen,"
		" session, source, used_usd, limit_usd)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
		" ON CONFLICT DO UPDATE SET percent = ?5, first_seen = min(first_seen, ?6), last_seen = ?7,"
		" session = ?8, source = ?9, used_usd = ?10, limit_usd = ?11 WHERE last_seen < ?7",
	/* Claude Code's cost only grows: a second terminal may tell less. */
	[ADD_TOLD] = "INSERT INTO told (session, at, window_tokens, window_refuted, nano_usd, first_seen,"
		     " process_ended) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
		     " ON CONFLICT DO UPDATE SET at = ?2, window_tokens = ?3, window_refuted = ?4,"
		     " nano_usd = max(nano_usd, ?5), first_seen = min(first_seen, ?6), process_ended = ?7"
		     " WHERE at <= ?2",
	[ADD_ALERT] = "INSERT INTO alert (at, rule, subject, value, threshold) VALUES (?1, ?2, ?3, ?4, ?5)"
		      " ON CONFLICT DO NOTHING",
	/* Once, as long as it is the same. */
	[ADD_PRICE] = "INSERT INTO price (model, since, price) SELECT ?1, ?2, ?3 WHERE ?3 IS NOT"
		      " (SELECT price FROM price WHERE model = ?1 ORDER BY since DESC LIMIT 1)"
		      " ON CONFLICT DO UPDATE SET price = ?3",
};

struct store_facts_writer {
	struct store_numbers *numbers;
	sqlite3_stmt *statements[STATEMENTS];
};

struct store_facts_writer *store_facts_writer_new(sqlite3 *db, struct store_numbers *numbers)
{
	struct store_facts_writer *writer = calloc(1, sizeof(*writer));
	if (!writer)
		return NULL;
	writer->numbers = numbers;
	if (store_statements_open(db, texts, STATEMENTS, writer->statements) == SQLITE_OK)
		return writer;
	store_facts_writer_free(writer);
	return NULL;
}

void store_facts_writer_free(struct store_facts_writer *writer)
{
	if (!writer)
		return;
	store_statements_release(writer->statements, STATEMENTS);
	free(writer);
}

/* NaN becomes NULL. */
static void bind_number(sqlite3_stmt *statement, int number, double value)
{
	(void)(isnan(value) ? sqlite3_bind_null(statement, number)
			    : sqlite3_bind_double(statement, number, value));
}

static int write_hit(struct store_facts_writer *writer, const struct store_hit *hit, int64_t transcript)
{
	sqlite3_stmt *statement = writer->statements[ADD_HIT];
	(void)sqlite3_bind_int64(statement, 1, transcript);
	(void)sqlite3_bind_int64(statement, 2, hit->offset);
	(void)sqlite3_bind_int64(statement, 3, hit->at_ms);
	store_statement_bind_text(statement, 4, hit->name);
	(void)sqlite3_bind_int64(statement, 5, hit->resets_ms);
	(void)sqlite3_bind_int64(statement, 6, hit->old_form);
	(void)sqlite3_bind_int64(statement, 7, hit->in_message);
	return store_statement_run(statement);
}

static int write_reading(struct store_facts_writer *writer, const struct store_reading *reading,
			 const char *root)
{
	sqlite3_stmt *statement = writer->statements[ADD_READING];
	const struct rate_limit *limit = &reading->limit;
	int64_t profile = 0, session = 0;
	int result = root[0] ? store_numbers_find_profile(writer->numbers, NULL, root, strlen(root), &profile)
			     : SQLITE_OK;
	if (result == SQLITE_OK)
		result = store_numbers_find(writer->numbers, STORE_NAME_SESSION, limit->session_id, &session);
	if (result != SQLITE_OK)
		return result;
	(void)sqlite3_bind_int64(statement, 1, profile);
	(void)sqlite3_bind_int64(statement, 2, limit->resets_ms);
	store_statement_bind_text(statement, 3, limit->name);
	(void)sqlite3_bind_int(statement, 4, store_facts_point(limit->used_percent));
	(void)sqlite3_bind_double(statement, 5, limit->used_percent);
	(void)sqlite3_bind_int64(statement, 6, limit->since_ms);
	(void)sqlite3_bind_int64(statement, 7, limit->observed_ms);
	(void)sqlite3_bind_int64(statement, 8, session);
	store_statement_bind_text(statement, 9, "statusline");
	bind_number(statement, 10, limit->used_usd);
	bind_number(statement, 11, limit->limit_usd);
	return store_statement_run(statement);
}

static int write_told(struct store_facts_writer *writer, const struct store_told *told)
{
	sqlite3_stmt *statement = writer->statements[ADD_TOLD];
	int64_t session, nano_usd = told->cost_usd >= 0. && told->cost_usd <= 1e9
					    ? (int64_t)llround(told->cost_usd * 1e9)
					    : -1;
	int result = store_numbers_find(writer->numbers, STORE_NAME_SESSION, told->session_id, &session);
	if (result != SQLITE_OK || session == 0)
		return result;
	const int64_t values[] = { session, told->at_ms, told->window_tokens, told->window_refuted, nano_usd,
				   told->first_seen_ms, told->process_ended_ms };
	for (int i = 0; i < (int)(sizeof(values) / sizeof(values[0])); i++)
		(void)sqlite3_bind_int64(statement, i + 1, values[i]);
	return store_statement_run(statement);
}

static int write_alert(struct store_facts_writer *writer, const struct store_alert *alert)
{
	sqlite3_stmt *statement = writer->statements[ADD_ALERT];
	(void)sqlite3_bind_int64(statement, 1, alert->at_ms);
	store_statement_bind_text(statement, 2, alert->rule);
	store_statement_bind_text(statement, 3, alert->subject);
	bind_number(statement, 4, alert->value);
	bind_number(statement, 5, alert->limit);
	return store_statement_run(statement);
}

static int write_price(struct store_facts_writer *writer, const struct store_batch *batch,
		       const struct store_price *price)
{
	sqlite3_stmt *statement = writer->statements[ADD_PRICE];
	store_statement_bind_text(statement, 1, store_batch_text(batch, price->model));
	(void)sqlite3_bind_int64(statement, 2, price->since_ms);
	store_statement_bind_text(statement, 3, store_batch_text(batch, price->text));
	return store_statement_run(statement);
}

int store_facts_write(struct store_facts_writer *writer, const struct store_batch *batch,
		      const int64_t *transcripts)
{
	const struct store_facts *facts = &batch->facts;
	int result = SQLITE_OK;
	for (size_t i = 0; result == SQLITE_OK && i < facts->hit_count; i++)
		result = write_hit(writer, &facts->hits[i], transcripts[facts->hits[i].transcript]);
	for (size_t i = 0; result == SQLITE_OK && i < facts->reading_count; i++)
		result = write_reading(writer, &facts->readings[i],
				       store_batch_text(batch, facts->readings[i].root));
	for (size_t i = 0; result == SQLITE_OK && i < facts->told_count; i++)
		result = write_told(writer, &facts->told[i]);
	for (size_t i = 0; result == SQLITE_OK && i < facts->alert_count; i++)
		result = write_alert(writer, &facts->alerts[i]);
	for (size_t i = 0; result == SQLITE_OK && i < facts->price_count; i++)
		result = write_price(writer, batch, &facts->prices[i]);
	return result;
}
