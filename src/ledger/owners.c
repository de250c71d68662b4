/*
 * Whose entries are: the transcripts' sessions, and what lines say about who paid.
 */
#include <errno.h>
#include <string.h>

#include "ledger/internal.h"

/* ---- transcripts ---- */

/* Whether a transcript names its session's project better than another: one that is there, and is no
 * subagent's. */
static bool is_better_home(const struct ledger_file *a, const struct ledger_file *b)
{
	if (a->gone != b->gone)
		return b->gone;
	if (a->subagent != b->subagent)
		return b->subagent;
	return strcmp(a->path, b->path) < 0;
}

static void offer_home(struct ledger *ledger, uint32_t file)
{
	const struct ledger_file *f = &ledger->files.list[file];
	struct ledger_session_row *session = &ledger->sessions.list[f->session];
	if (session->home == 0 || is_better_home(f, &ledger->files.list[session->home - 1]))
		session->home = file + 1;
}

void ledger_name_home(struct ledger *ledger, int file)
{
	struct ledger_file *f = &ledger->files.list[file];
	offer_home(ledger, (uint32_t)file);
	if (ledger->sessions.list[f->session].id[0])
		ledger->sessions.list[f->session].has_file = true;
}

/* Chooses the home anew: the one that it was may have become worse. */
static void find_home(struct ledger *ledger, uint32_t session)
{
	ledger->sessions.list[session].home = 0;
	for (size_t i = 0; i < ledger->files.count; i++)
		if (ledger->files.list[i].session == session)
			offer_home(ledger, (uint32_t)i);
}

/* Gives an entry with claims to the session that paid. Returns as ledger_take_claim() does. */
static int give_to_payer(struct ledger *ledger, uint32_t entry)
{
	uint32_t payer = ledger_claims_payer(&ledger->claims, &ledger->sessions, entry);
	const struct ledger_entry *e = &ledger->entries.list[entry];
	uint32_t own = ledger_files_of(&ledger->files, e)->session;
	bool visible = !e->hidden;
	if ((payer == LEDGER_NONE ? own : payer) == ledger_entries_session(&ledger->entries, entry)
	    && (payer == LEDGER_NONE) == !e->has_payer)
		return 0;
	if (!ledger_sessions_reserve(&ledger->sessions, payer == LEDGER_NONE ? own : payer, e->model))
		return -1;
	if (visible)
		ledger_account(ledger, entry, -1, false);
	bool good = ledger_entries_set_payer(&ledger->entries, entry, payer);
	ledger_note_unsaved(ledger, entry);
	if (visible)
		ledger_account(ledger, entry, 1, false);
	return good ? 1 : -1;
}

/* A session got a transcript of its own: what lines say only by their sessionId holds from now on. */
static bool note_file_of(struct ledger *ledger, uint32_t session, uint32_t file)
{
	struct ledger_session_row *row = &ledger->sessions.list[session];
	bool good = true;
	offer_home(ledger, file);
	if (row->has_file)
		return true;
	row->has_file = true;
	for (uint32_t claim = row->claims - 1; claim != LEDGER_NONE;
	     claim = ledger->claims.list[claim].next_to)
		good = give_to_payer(ledger, ledger->claims.list[claim].entry) >= 0 && good;
	return good;
}

/* Gives a transcript a number of its own; `gone`: it is not there any more. */
static int add_file(struct ledger *ledger, const char *path, size_t root_len, const char *session_id,
		    bool subagent, bool gone)
{
	struct ledger_archived_transcript known;
	bool is_known;
	if (!ledger_archive_ask_file(ledger, path, root_len, &known, &is_known))
		return -1;
	int session = ledger_sessions_add(&ledger->sessions, session_id ? session_id : "");
	int file = session < 0
			 ? -1
			 : ledger_files_add(&ledger->files, path, root_len, (uint32_t)session, subagent);
	if (file < 0) {
		errno = ENOMEM;
		return -1;
	}
	ledger->files.list[file].by_lines = !session_id;
	ledger->files.list[file].gone = gone;
	if (is_known)
		ledger_archive_name_file(ledger, file, &known);
	/* It is not known yet whether the file has seen this transcript: noting too much does no harm. */
	ledger->unsaved.noting = ledger->unsaved.wanted;
	/* Without memory for it, the claims of this session hold with its next record. */
	if (session_id)
		(void)note_file_of(ledger, (uint32_t)session, (uint32_t)file);
	return file;
}

int ledger_add_file(struct ledger *ledger, const char *path, size_t root_len, const char *session_id,
		    bool subagent)
{
	int known = ledger_files_find(&ledger->files, path);
	if (known >= 0 && !ledger->files.list[known].gone)
		return known;
	return add_file(ledger, path, root_len, session_id, subagent, false);
}

int ledger_add_lost_file(struct ledger *ledger, const char *path, size_t root_len, const char *session_id,
			 bool subagent)
{
	return add_file(ledger, path, root_len, session_id, subagent, true);
}

int ledger_find_lost_file(const struct ledger *ledger, const char *path)
{
	int file = ledger_files_find(&ledger->files, path);
	return file >= 0 && ledger->files.list[file].gone ? file : -1;
}

int ledger_replace_file(struct ledger *ledger, int file)
{
	const struct ledger_file f = ledger->files.list[file];
	const char *session_id = f.by_lines ? NULL : ledger->sessions.list[f.session].id;
	int next = add_file(ledger, f.path, f.root_len, session_id, f.subagent, false);
	if (next >= 0)
		ledger_lose_file(ledger, file);
	return next;
}

bool ledger_name_file(struct ledger *ledger, int file, const struct ledger_record *record)
{
	struct ledger_file *f = &ledger->files.list[file];
	if (!f->by_lines)
		return true;
	if (record->payer.data) {
		int session = ledger_sessions_add_len(&ledger->sessions, record->payer);
		if (session < 0)
			return false;
		f->session = (uint32_t)session;
	}
	f->by_lines = false;
	/* Its name is no proof that there is such a session: other lines that name it go on as before. */
	offer_home(ledger, (uint32_t)file);
	return true;
}

void ledger_lose_file(struct ledger *ledger, int file)
{
	struct ledger_file *f = &ledger->files.list[file];
	f->gone = true;
	if (ledger->sessions.list[f->session].home == (uint32_t)file + 1)
		find_home(ledger, f->session);
}

const char *ledger_session_of_file(const struct ledger *ledger, int file)
{
	return ledger->sessions.list[ledger->files.list[file].session].id;
}

/* ---- claims ---- */

int ledger_take_claim(struct ledger *ledger, uint32_t entry, int file, const struct ledger_record *record)
{
	uint32_t own = ledger->files.list[file].session;
	const char *own_id = ledger->sessions.list[own].id;
	bool claims = record->payer.data
		   && (strncmp(own_id, record->payer.data, record->payer.len) != 0
		       || own_id[record->payer.len] != '\0');
	if (!claims)
		return 0;
	int payer = ledger_sessions_add_len(&ledger->sessions, record->payer);
	struct ledger_claim claim = {
		.entry = entry, .from = own, .to = (uint32_t)payer, .told = record->payer_is_told
	};
	if (payer >= 0)
		ledger_archive_take_sums(ledger, (uint32_t)payer);
	int added = payer < 0 ? -1 : ledger_claims_add(&ledger->claims, &ledger->sessions, &claim);
	if (added < 0)
		return -1;
	if (added > 0)
		ledger_note_unsaved(ledger, entry);
	if (claim.told)
		ledger_sessions_note_time(&ledger->sessions, claim.to, record->time_ms);
	return give_to_payer(ledger, entry);
}
