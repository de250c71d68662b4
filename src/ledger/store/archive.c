#include "ledger/store/archive.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/scope.h"
#include "ledger/files.h"
#include "ledger/store/alive.h"
#include "ledger/store/claims.h"
#include "ledger/store/database.h"
#include "ledger/store/folders.h"
#include "ledger/store/place.h"
#include "ledger/store/records.h"
#include "ledger/store/schema.h"
#include "ledger/store/statement.h"
#include "transcript/path.h"

/* The loop waits no longer for somebody who writes. */
#define BUSY_TIMEOUT_MS 200

/* Room for an eighth more messages than are loaded. */
#define EXPECTED_MORE 8

enum question {
	FIND_MESSAGES,
	FIND_TRANSCRIPT,
	LAST_VERSION,
	COUNT_MESSAGES,
	SUM_SESSION,
	SPAN_SESSION,
	HAS_TRANSCRIPT,
	COUNT_SUBAGENTS,
	SUM_SUBAGENTS,
	QUESTIONS
};

/* What the session of that name paid, in its own transcripts and in others. */
#define HOURS_OF_SESSION \
	"(SELECT h.* FROM session s JOIN transcript t ON t.session = s.id" \
	" JOIN hour h ON h.transcript = t.id AND h.payer = 0 WHERE s.name = ?1 UNION ALL" \
	" SELECT h.* FROM session s JOIN hour h ON h.payer = s.id AND h.payer <> 0 WHERE s.name = ?1)"

static const char *const texts[QUESTIONS] = {
	[FIND_MESSAGES] = "SELECT * FROM message WHERE " STORE_KEY_IS_1,
	[FIND_TRANSCRIPT] = "SELECT t.path, t.root_bytes, s.name, t.subagent, t.version, t.offset"
			    " FROM transcript t LEFT JOIN session s ON s.id = t.session WHERE t.id = ?1",
	[LAST_VERSION] = "SELECT max(version) FROM transcript WHERE path = ?1",
	[COUNT_MESSAGES] = "SELECT coalesce(sum(q.messages), 0) FROM transcript t"
			   " JOIN hour q ON q.transcript = t.id WHERE t.path = ?1 AND t.version = ?2",
	[SUM_SESSION] = "SELECT q.model, q.fast, sum(q.messages), sum(q.unpriced), sum(q.input),"
			" sum(q.output), sum(q.cache_write_5m), sum(q.cache_write_1h), sum(q.cache_read),"
			" sum(q.nano_usd), sum(q.reference)"
			" FROM " HOURS_OF_SESSION " q"
			" GROUP BY q.model, q.fast",
	[SPAN_SESSION] = "SELECT first_ms, last_ms FROM session WHERE name = ?1",
	[HAS_TRANSCRIPT] = "SELECT EXISTS (SELECT 1 FROM session s JOIN transcript t ON t.session = s.id"
			   " WHERE s.name = ?1)",
	[COUNT_SUBAGENTS] = "SELECT count(*) FROM session s JOIN transcript t ON t.session = s.id"
			    " WHERE s.name = ?1 AND t.subagent"
			    " AND EXISTS (SELECT 1 FROM hour q WHERE q.transcript = t.id)",
	[SUM_SUBAGENTS] = "SELECT coalesce(sum(q.nano_usd), 0) FROM " HOURS_OF_SESSION " q"
			  " JOIN transcript t ON t.id = q.transcript WHERE t.subagent",
};

struct store_archive {
	sqlite3 *db;
	sqlite3_stmt *questions[QUESTIONS];
	struct store_records records;
	struct store_claims claims;
	struct store_folders folders;
	struct buf claim_names;
	struct store_roots *roots;
	struct store_known_list *known;
	bool owns_db;
	struct strmap files;         /* transcript.id -> the ledger's number + 1; 0 + 1 of none: -1 */
	bool is_whole;               /* the last load handed over every message: nothing to look up */
	int64_t loaded_from;         /* message.id: the last load handed over those from there on */
};

/* ---- questions ---- */

static sqlite3_stmt *ask_text(struct store_archive *archive, enum question which, const char *text)
{
	sqlite3_stmt *question = archive->questions[which];
	store_statement_bind_text(question, 1, text);
	return question;
}

/* Ends a question. Returns whether it was answered to its end; if not, errno says what is the matter. */
static bool end(sqlite3_stmt *question, int result)
{
	result = store_statement_end(question, result);
	if (result != SQLITE_OK)
		errno = (result & 0xff) == SQLITE_NOMEM ? ENOMEM : EIO;
	return result == SQLITE_OK;
}

/* ---- transcripts ---- */

/* Appends the path without links. Returns its directory; NULL when that is as in `path`. */
static const char *append_real(struct store_archive *archive, const char *path, size_t root_len,
			       struct buf *out)
{
	const char *real = store_roots_real(archive->roots, path, root_len);
	buf_append_str(out, real ? real : "");
	buf_append_str(out, path + (real ? root_len - 1 : 0));
	return real;
}

static bool count_messages(struct store_archive *archive, const char *stored, unsigned version,
			   uint32_t *count)
{
	sqlite3_stmt *question = ask_text(archive, COUNT_MESSAGES, stored);
	(void)sqlite3_bind_int64(question, 2, version);
	int result = sqlite3_step(question);
	int64_t number = result == SQLITE_ROW ? sqlite3_column_int64(question, 0) : 0;
	*count = number > 0 && number < UINT32_MAX ? (uint32_t)number : 0;
	return end(question, result);
}

/* One that the directory did not have at the start: what is there now is another one than before. */
static bool find_next_version(struct store_archive *archive, const char *stored, unsigned *version)
{
	sqlite3_stmt *question = ask_text(archive, LAST_VERSION, stored);
	int result = sqlite3_step(question);
	bool is_new = result != SQLITE_ROW || sqlite3_column_type(question, 0) == SQLITE_NULL;
	int64_t last = is_new ? -1 : sqlite3_column_int64(question, 0);
	*version = last >= 0 && last < LEDGER_FILES_MAX ? (unsigned)last + 1 : 0;
	return end(question, result);
}

static bool find_transcript(void *ctx, const char *path, size_t root_len, unsigned version,
			    struct ledger_archived_transcript *out)
{
	struct store_archive *archive = ctx;
	AUTO_BUF real = BUF_INIT;
	AUTO_BUF stored = BUF_INIT;
	struct store_known *known = version == UINT_MAX ? store_known_find(archive->known, path) : NULL;
	const char *root = append_real(archive, path, root_len, &real);
	errno = ENOMEM;
	if (real.failed)
		return false;
	*out = (struct ledger_archived_transcript){ .path_hash = strmap_hash(real.data, real.len) };
	out->version = version;
	if (!known)
		store_folders_hide(&archive->folders, real.data, root ? strlen(root) + 1 : root_len, &stored);
	if (stored.failed)
		return false;
	if (version != UINT_MAX)
		return count_messages(archive, stored.data, version, &out->messages);
	if (!known)
		return find_next_version(archive, stored.data, &out->version);
	bool is_lost = store_known_state(known) == STORE_LOST;
	out->version = known->version + is_lost;
	out->saved_to = is_lost ? 0 : known->progress.offset;
	return true;
}

/* Takes the answer to FIND_TRANSCRIPT. *file stays -1 for one that is not ours. Returns SQLITE_OK or
 * SQLITE_NOMEM. */
static int adopt_transcript(struct store_archive *archive, struct ledger *ledger, sqlite3_stmt *answer,
			    int *file)
{
	const char *real = (const char *)sqlite3_column_text(answer, 0);
	const char *session = (const char *)sqlite3_column_text(answer, 2);
	int64_t root_len = sqlite3_column_int64(answer, 1), version = sqlite3_column_int64(answer, 4);
	session = session ? session : "";
	if (!real || !store_place_is_valid(real, root_len) || version < 0 || version >= LEDGER_FILES_MAX
	    || (session[0] && !transcript_session_id_is_valid(session, strlen(session))))
		return SQLITE_OK;
	const char *root = store_roots_name(archive->roots, real, (size_t)root_len);
	if (!root)
		return SQLITE_OK;
	AUTO_BUF path = BUF_INIT;
	AUTO_BUF shown = BUF_INIT;
	store_folders_show(&archive->folders,
			   &(struct store_folders_path){ real, (size_t)root_len, false }, &shown);
	buf_printf(&path, "%s%s", root, shown.failed ? "" : buf_str(&shown) + root_len - 1);
	if (path.failed || shown.failed)
		return SQLITE_NOMEM;
	struct store_known *known = store_known_find(archive->known, path.data);
	bool is_there = known && known->version == (unsigned)version
		     && store_known_state(known) == STORE_AS_BEFORE;
	const struct ledger_kept transcript = {
		.path = path.data,
		.root_len = strlen(root) + 1,
		.session_id = session,
		.subagent = sqlite3_column_int(answer, 3) != 0,
		.gone = !is_there,
	};
	const struct ledger_archived_transcript facts = {
		.path_hash = strmap_hash(shown.data, shown.len),
		.version = (unsigned)version,
		.saved_to = is_there ? known->progress.offset : INT64_MAX,
	};
	*file = ledger_adopt_file(ledger, &transcript, &facts);
	return *file >= 0 ? SQLITE_OK : SQLITE_NOMEM;
}

int store_archive_find_file(struct store_archive *archive, struct ledger *ledger, int64_t id, int *file)
{
	intptr_t known = (intptr_t)strmap_get_len(&archive->files, (const char *)&id, sizeof(id));
	*file = (int)(known > 0 ? known - 1 : -1);
	if (known != 0)
		return SQLITE_OK;
	sqlite3_stmt *question = archive->questions[FIND_TRANSCRIPT];
	(void)sqlite3_bind_int64(question, 1, id);
	int result = sqlite3_step(question);
	int adopted = result == SQLITE_ROW ? adopt_transcript(archive, ledger, question, file) : SQLITE_OK;
	result = store_statement_end(question, result);
	result = adopted != SQLITE_OK ? adopted : result;
	if (result == SQLITE_OK)
		/* Without memory it is asked again. */
		(void)strmap_put_len(&archive->files, (const char *)&id, sizeof(id),
				     (void *)(*file >= 0 ? (intptr_t)*file + 1 : (intptr_t)-1));
	return result;
}

/* ---- messages ---- */

/* Hands a row over, if its transcript is ours. Returns SQLITE_OK, or SQLite's result. */
static int adopt_row(struct store_archive *archive, struct ledger *ledger, sqlite3_stmt *rows, size_t *count)
{
	struct ledger_kept kept = { 0 };
	struct store_row row;
	if (!store_rows_take(rows, &row))
		return SQLITE_OK;
	int file, result = store_archive_find_file(archive, ledger, row.transcript, &file);
	if (result != SQLITE_OK || file < 0)
		return result;
	store_records_make(&archive->records, &row, &kept);
	result = store_records_take_result(&archive->records);
	++*count;
	if (result == SQLITE_OK && (row.flags & STORE_HAS_CLAIMS))
		result = store_claims_read(&archive->claims, row.key, row.request, &archive->claim_names,
					   &kept);
	if (result != SQLITE_OK)
		return result;
	return ledger_adopt(ledger, file, &kept) ? SQLITE_OK : SQLITE_NOMEM;
}

static bool find_messages(void *ctx, struct ledger *ledger, uint64_t key, size_t *count)
{
	struct store_archive *archive = ctx;
	sqlite3_stmt *question = archive->questions[FIND_MESSAGES];
	int result = SQLITE_OK;
	*count = 0;
	if (archive->is_whole)
		return true;
	(void)sqlite3_bind_int64(question, 1, (int64_t)key);
	while (result == SQLITE_OK && (result = sqlite3_step(question)) == SQLITE_ROW)
		result = adopt_row(archive, ledger, question, count);
	return end(question, result);
}

/* ---- sums ---- */

static void take_sums(sqlite3_stmt *answer, int first, struct ledger_sums *out)
{
	int64_t numbers[9];
	for (int i = 0; i < (int)ARRAY_COUNT(numbers); i++) {
		numbers[i] = sqlite3_column_int64(answer, first + i);
		numbers[i] = numbers[i] > 0 ? numbers[i] : 0;
	}
	*out = (struct ledger_sums){
		.entries = (uint64_t)numbers[0],
		.unpriced = (uint64_t)numbers[1],
		.tokens = { numbers[2], numbers[3], numbers[4], numbers[5], numbers[6] },
		.cost_usd = (double)numbers[7] / LEDGER_NANO_IN_USD,
		.reference_usd = (double)numbers[8] / LEDGER_NANO_IN_USD,
	};
}

/* A question for one number about a session. */
static bool ask_number(struct store_archive *archive, enum question which, const char *session_id,
		       int64_t *number)
{
	sqlite3_stmt *question = ask_text(archive, which, session_id);
	int result = sqlite3_step(question);
	*number = result == SQLITE_ROW ? sqlite3_column_int64(question, 0) : 0;
	*number = *number > 0 ? *number : 0;
	return end(question, result);
}

struct model_sums {
	struct ledger_record model;
	struct ledger_sums sums;
};

/* Nothing is handed over before all of it was read: a part would be in the sums for good. */
static bool sum_models(struct store_archive *archive, struct ledger *ledger, const char *session_id)
{
	AUTO_FREE struct model_sums *list = NULL;
	size_t count = 0, cap = 0;
	sqlite3_stmt *question = ask_text(archive, SUM_SESSION, session_id);
	int result = SQLITE_OK;
	while (result == SQLITE_OK && (result = sqlite3_step(question)) == SQLITE_ROW) {
		result = array_reserve(&list, &cap, count + 1, sizeof(*list)) ? SQLITE_OK : SQLITE_NOMEM;
		if (result != SQLITE_OK)
			break;
		struct model_sums *row = &list[count++];
		row->model = (struct ledger_record){
			.model = store_records_model(&archive->records, sqlite3_column_int64(question, 0)),
			.fast = sqlite3_column_int(question, 1) != 0,
		};
		take_sums(question, 2, &row->sums);
		result = store_records_take_result(&archive->records);
	}
	bool good = end(question, result);
	for (size_t i = 0; good && i < count; i++) {
		good = ledger_adopt_sums(ledger, session_id, &list[i].model, &list[i].sums);
		errno = good ? errno : ENOMEM;
	}
	return good;
}

static bool sum_session(void *ctx, struct ledger *ledger, const char *session_id,
			struct ledger_archived_session *out)
{
	struct store_archive *archive = ctx;
	int64_t has_transcript = 0, subagents = 0, nano_usd = 0;
	sqlite3_stmt *span = ask_text(archive, SPAN_SESSION, session_id);
	int result = sqlite3_step(span);
	*out = (struct ledger_archived_session){ 0 };
	if (result == SQLITE_ROW) {
		out->first_ms = sqlite3_column_int64(span, 0);
		out->last_ms = sqlite3_column_int64(span, 1);
	}
	if (!end(span, result) || !ask_number(archive, HAS_TRANSCRIPT, session_id, &has_transcript)
	    || !ask_number(archive, COUNT_SUBAGENTS, session_id, &subagents)
	    || !ask_number(archive, SUM_SUBAGENTS, session_id, &nano_usd)
	    || !sum_models(archive, ledger, session_id))
		return false;
	out->has_transcript = has_transcript > 0;
	out->subagents = (uint64_t)subagents;
	out->subagents_usd = (double)nano_usd / LEDGER_NANO_IN_USD;
	return true;
}

const struct ledger_archive_calls store_archive_calls = {
	.find = find_messages,
	.sum_session = sum_session,
	.find_transcript = find_transcript,
};

/* ---- what is alive ---- */

/* Has the ledger make room for what comes, or not: the messages themselves say what is wrong with the file.
 */
static void expect(struct store_archive *archive, struct ledger *ledger, int64_t first, int64_t last)
{
	int64_t count;
	if (store_alive_count(archive->db, first, last, &count) != SQLITE_OK)
		return;
	size_t messages = ledger_held_count(ledger) + (size_t)count;
	ledger_expect(ledger, archive->known->count, messages + messages / EXPECTED_MORE);
}

static int load_messages(struct store_archive *archive, struct ledger *ledger, int64_t first, int64_t last)
{
	sqlite3_stmt *rows = NULL;
	size_t count = 0;
	expect(archive, ledger, first, last);
	int result = store_rows_open_ids(archive->db, first, last, &rows);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW)
		result = adopt_row(archive, ledger, rows, &count);
	(void)sqlite3_finalize(rows);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Hands over the messages from `after_ms` on, but those from `until` on, a message.id. */
static int load(struct store_archive *archive, struct ledger *ledger, int64_t now_ms, int64_t after_ms,
		int64_t until)
{
	int64_t first;
	archive->is_whole = false;
	/* Each page is needed once. */
	store_database_keep_pages(archive->db, false);
	int result = store_alive_find_start(archive->db, now_ms, after_ms, &first);
	if (result == SQLITE_OK && first < until)
		result = load_messages(archive, ledger, first, until - 1);
	archive->is_whole = result == SQLITE_OK && first == 0;
	archive->loaded_from = first;
	(void)sqlite3_db_release_memory(archive->db);
	store_database_keep_pages(archive->db, true);
	return result;
}

int store_archive_load(struct store_archive *archive, struct ledger *ledger, int64_t now_ms)
{
	int64_t last_ms;
	int result = store_alive_load_models(archive->db, &archive->records, ledger, &last_ms);
	return result == SQLITE_OK ? load(archive, ledger, now_ms, now_ms - LEDGER_HELD_MS, INT64_MAX)
				   : result;
}

int store_archive_load_newest(struct store_archive *archive, struct ledger *ledger, int64_t now_ms,
			      int64_t after_ms)
{
	int64_t last_ms, held_ms = now_ms - LEDGER_HELD_MS;
	int result = store_alive_load_models(archive->db, &archive->records, ledger, &last_ms);
	/* With an answer of the future, somebody looks for the one before it. */
	if (last_ms > now_ms || after_ms < held_ms)
		after_ms = held_ms;
	return result == SQLITE_OK ? load(archive, ledger, now_ms, after_ms, INT64_MAX) : result;
}

int store_archive_load_rest(struct store_archive *archive, struct ledger *ledger, int64_t now_ms)
{
	int64_t until = archive->loaded_from;
	int result = load(archive, ledger, now_ms, now_ms - LEDGER_HELD_MS, until);
	if (result != SQLITE_OK)
		archive->loaded_from = until;
	return result;
}

bool store_archive_is_whole(const struct store_archive *archive)
{
	return archive->is_whole;
}

sqlite3 *store_archive_database(const struct store_archive *archive)
{
	return archive->db;
}

/* ---- opening ---- */

int store_archive_open_on(sqlite3 *db, struct store_roots *roots, struct store_known_list *known,
			  struct store_archive **out)
{
	struct store_archive *archive = calloc(1, sizeof(*archive));
	if (!archive)
		return SQLITE_NOMEM;
	archive->db = db;
	archive->roots = roots;
	archive->known = known;
	int result = store_records_open(db, &archive->records);
	if (result == SQLITE_OK)
		result = store_claims_open(db, false, &archive->claims);
	if (result == SQLITE_OK)
		result = store_statements_open(db, texts, QUESTIONS, archive->questions);
	if (result == SQLITE_OK)
		result = store_folders_open(db, &archive->folders);
	if (result == SQLITE_OK)
		*out = archive;
	else
		store_archive_close(archive);
	return result;
}

struct store_archive *store_archive_open(const char *path, struct store_roots *roots,
					 struct store_known_list *known, struct buf *error)
{
	struct store_archive *archive = NULL;
	sqlite3 *db;
	if (store_database_open_shared(path, &db, error) != STORE_OPENED)
		return NULL;
	(void)sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	int result = store_archive_open_on(db, roots, known, &archive);
	if (result == SQLITE_OK) {
		archive->owns_db = true;
		return archive;
	}
	buf_printf(error, "cannot read %s: %s", path, sqlite3_errstr(result));
	store_database_close(db);
	return NULL;
}

void store_archive_close(struct store_archive *archive)
{
	if (!archive)
		return;
	store_statements_release(archive->questions, QUESTIONS);
	store_records_release(&archive->records);
	store_claims_release(&archive->claims);
	store_folders_release(&archive->folders);
	buf_release(&archive->claim_names);
	strmap_release(&archive->files);
	if (archive->owns_db)
		store_database_close(archive->db);
	free(archive);
}
