#include "ledger/store/claims.h"

#include <string.h>

#include "base/array.h"
#include "ledger/store/schema.h"
#include "ledger/store/statement.h"
#include "transcript/path.h"

int store_claims_open(sqlite3 *db, bool writes, struct store_claims *claims)
{
	*claims = (struct store_claims){ 0 };
	int result = sqlite3_prepare_v3(db,
					"SELECT f.name, t.name, c.told FROM claim c"
					" JOIN session f ON f.id = c.from_session"
					" JOIN session t ON t.id = c.to_session"
					" WHERE c.key = ?1 AND c.request = ?2",
					-1, SQLITE_PREPARE_PERSISTENT, &claims->find, NULL);
	if (!writes || result != SQLITE_OK)
		return result;
	return sqlite3_prepare_v3(db,
				  "INSERT INTO claim VALUES (?1, ?2, ?3, ?4, ?5)"
				  " ON CONFLICT DO UPDATE SET told = max(told, ?5)",
				  -1, SQLITE_PREPARE_PERSISTENT, &claims->add, NULL);
}

static int write_claim(struct store_claims *claims, const struct store_message *message,
		       const int64_t sessions[2], bool told)
{
	const int64_t row[] = { (int64_t)message->key, store_request_number(message->record.request_hash),
				sessions[0], sessions[1], told };
	store_statement_bind(claims->add, 1, row, ARRAY_COUNT(row));
	return store_statement_run(claims->add);
}

int store_claims_write(struct store_claims *claims, struct store_numbers *numbers,
		       const struct store_batch *batch, const struct store_message *message)
{
	int result = SQLITE_OK;
	for (size_t i = 0; i < message->claim_count && result == SQLITE_OK; i++) {
		const struct store_claim *claim = &batch->claims[message->first_claim + i];
		int64_t sessions[2];
		result = store_numbers_find(numbers, STORE_NAME_SESSION, store_batch_text(batch, claim->from),
					    &sessions[0]);
		if (result == SQLITE_OK)
			result = store_numbers_find(numbers, STORE_NAME_SESSION,
						    store_batch_text(batch, claim->to), &sessions[1]);
		if (result == SQLITE_OK)
			result = write_claim(claims, message, sessions, claim->told);
	}
	return result;
}

/* Appends a session's name with its NUL; SIZE_MAX for a name that we cannot have written. */
static size_t add_name(struct buf *names, const unsigned char *name)
{
	size_t at = names->len, len = name ? strlen((const char *)name) : 0;
	if (len > 0 && !transcript_session_id_is_valid((const char *)name, len))
		return SIZE_MAX;
	buf_append(names, name ? (const char *)name : "", len);
	buf_append_char(names, '\0');
	return at;
}

int store_claims_read(struct store_claims *claims, uint64_t key, uint32_t request, struct buf *names,
		      struct ledger_kept *out)
{
	size_t from[LEDGER_CLAIMS_MAX], to[LEDGER_CLAIMS_MAX];
	int result = SQLITE_OK;
	buf_clear(names);
	out->claim_count = 0;
	(void)sqlite3_bind_int64(claims->find, 1, (int64_t)key);
	(void)sqlite3_bind_int64(claims->find, 2, store_request_number(request));
	while (out->claim_count < LEDGER_CLAIMS_MAX && (result = sqlite3_step(claims->find)) == SQLITE_ROW) {
		size_t at = out->claim_count;
		from[at] = add_name(names, sqlite3_column_text(claims->find, 0));
		to[at] = add_name(names, sqlite3_column_text(claims->find, 1));
		out->claims[at].told = sqlite3_column_int(claims->find, 2) != 0;
		if (from[at] != SIZE_MAX && to[at] != SIZE_MAX)
			out->claim_count++;
	}
	for (size_t i = 0; i < out->claim_count && !names->failed; i++) {
		out->claims[i].from = names->data + from[i];
		out->claims[i].to = names->data + to[i];
	}
	(void)sqlite3_reset(claims->find);
	if (names->failed)
		return SQLITE_NOMEM;
	return result == SQLITE_DONE || result == SQLITE_ROW ? SQLITE_OK : result;
}

void store_claims_release(struct store_claims *claims)
{
	(void)sqlite3_finalize(claims->add);
	(void)sqlite3_finalize(claims->find);
	*claims = (struct store_claims){ 0 };
}
