/*
 * What the ledger takes back out of its file: single messages, sums of sessions and models, transcripts.
 */
#include "ledger/archive.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ledger/internal.h"

void ledger_set_archive(struct ledger *ledger, const struct ledger_archive_calls *calls, void *ctx)
{
	ledger->archive.calls = calls;
	ledger->archive.ctx = ctx;
	ledger->archive.is_closed = false;
}

void ledger_close_archive(struct ledger *ledger)
{
	struct ledger_archive *archive = &ledger->archive;
	archive->is_closed = archive->is_closed || archive->calls;
	archive->calls = NULL;
}

bool ledger_is_whole(const struct ledger *ledger)
{
	return !ledger->archive.calls && !ledger->archive.is_closed;
}

/* ---- transcripts ---- */

bool ledger_archive_ask_file(struct ledger *ledger, const char *path, size_t root_len,
			     struct ledger_archived_transcript *out, bool *is_known)
{
	const struct ledger_archive *archive = &ledger->archive;
	*is_known = archive->calls
		 && archive->calls->find_transcript(archive->ctx, path, root_len, UINT_MAX, out);
	return *is_known || !archive->calls;
}

void ledger_archive_name_file(struct ledger *ledger, int file,
			      const struct ledger_archived_transcript *known)
{
	struct ledger_file *f = &ledger->files.list[file];
	f->path_hash = known->path_hash;
	/* The archive does not know yet what was rewritten since the start. */
	if (known->version < f->version)
		return;
	f->version = known->version;
	f->saved_to = known->saved_to;
}

/* Something was counted without what is archived of it. */
static void note_lack(struct ledger *ledger, uint32_t session)
{
	ledger->sessions.list[session].lacks_base = true;
	ledger->archive.lacks_sums = true;
	ledger->archive.why = errno;
}

/* A transcript's count of messages decides whether a session has one more subagent. */
static void count_file(struct ledger *ledger, struct ledger_file *f)
{
	struct ledger_archived_transcript known;
	const struct ledger_archive *archive = &ledger->archive;
	if (f->is_counted)
		return;
	f->is_counted = true;
	if (archive->calls
	    && archive->calls->find_transcript(archive->ctx, f->path, f->root_len, f->version, &known))
		f->entries += known.messages;
	else
		note_lack(ledger, f->session);
}

int ledger_adopt_file(struct ledger *ledger, const struct ledger_kept *transcript,
		      const struct ledger_archived_transcript *known)
{
	int file = ledger_files_find_version(&ledger->files, transcript->path, known->version);
	int session = file < 0 ? ledger_sessions_add(&ledger->sessions, transcript->session_id) : -1;
	if (session < 0)
		return file;
	const struct ledger_file facts = {
		.root_len = (uint32_t)transcript->root_len,
		.session = (uint32_t)session,
		.version = known->version,
		.path_hash = known->path_hash,
		.saved_to = known->saved_to,
		.subagent = transcript->subagent,
		.by_lines = !transcript->session_id[0],
		.gone = transcript->gone,
	};
	file = ledger_files_add_version(&ledger->files, transcript->path, &facts);
	if (file >= 0)
		ledger_name_home(ledger, file);
	return file;
}

/* How many more than `used` make `count`. */
static size_t missing(size_t count, size_t used)
{
	return count > used ? count - used : 0;
}

void ledger_expect(struct ledger *ledger, size_t transcripts, size_t messages)
{
	struct ledger_files *files = &ledger->files;
	struct ledger_sessions *sessions = &ledger->sessions;
	if (array_reserve(&files->list, &files->cap, transcripts, sizeof(*files->list))
	    && strmap_reserve(&files->by_path, missing(transcripts, files->by_path.used))
	    && array_reserve(&sessions->list, &sessions->cap, transcripts, sizeof(*sessions->list)))
		(void)strmap_reserve(&sessions->by_id, missing(transcripts, sessions->by_id.used));
	(void)ledger_entries_reserve(&ledger->entries, missing(messages, ledger->entries.count));
}

/* ---- sums ---- */

static bool adopt_base(struct ledger *ledger, uint32_t session)
{
	struct ledger_archived_session known = { 0 };
	struct ledger_session_row *row = &ledger->sessions.list[session];
	const struct ledger_archive *archive = &ledger->archive;
	if (!archive->calls->sum_session(archive->ctx, ledger, row->id, &known))
		return false;
	/* The list may have moved meanwhile. */
	row = &ledger->sessions.list[session];
	row->has_base = true;
	row->subagents += known.subagents;
	row->subagents_usd += known.subagents_usd;
	row->has_file = row->has_file || known.has_transcript;
	if (known.first_ms > 0)
		ledger_sessions_note_time(&ledger->sessions, session, known.first_ms);
	if (known.last_ms > 0)
		ledger_sessions_note_time(&ledger->sessions, session, known.last_ms);
	return true;
}

bool ledger_archive_has_sums(struct ledger *ledger, uint32_t session)
{
	const struct ledger_session_row *row = &ledger->sessions.list[session];
	if (row->lacks_base)
		return false;
	return ledger_is_whole(ledger) || row->has_base
	    || (!ledger->archive.is_closed && adopt_base(ledger, session));
}

void ledger_archive_take_sums(struct ledger *ledger, uint32_t session)
{
	if (!ledger_archive_has_sums(ledger, session))
		note_lack(ledger, session);
}

void ledger_archive_take_file(struct ledger *ledger, size_t file)
{
	struct ledger_file *f = &ledger->files.list[file];
	if (ledger_is_whole(ledger) || !f->subagent)
		return;
	count_file(ledger, f);
	ledger_archive_take_sums(ledger, ledger->files.list[file].session);
}

/* The number of a model, with room for its sums; -1 when memory ran out. */
static int number_of(struct ledger *ledger, const struct ledger_record *model)
{
	struct ledger_model_row scratch;
	const struct ledger_model_row *row = &scratch;
	return ledger_models_number(&ledger->models, model, &row, &scratch);
}

bool ledger_adopt_sums(struct ledger *ledger, const char *session_id, const struct ledger_record *model,
		       const struct ledger_sums *sums)
{
	int session = ledger_sessions_add(&ledger->sessions, session_id);
	int number = number_of(ledger, model);
	if (session < 0)
		return false;
	if (number < 0 || !ledger_sessions_reserve(&ledger->sessions, (uint32_t)session, (size_t)number)) {
		/* Other models' sums may be in already: it must not be asked for all of them again. */
		note_lack(ledger, (uint32_t)session);
		return false;
	}
	ledger_sums_add(&ledger->sessions.list[session].by_model[number], sums);
	return true;
}

bool ledger_adopt_model(struct ledger *ledger, const struct ledger_record *model,
			const struct ledger_sums *sums, int64_t last_ms)
{
	int number = number_of(ledger, model);
	if (number < 0)
		return false;
	struct ledger_model_row *row = &ledger->models.list[number];
	ledger_sums_add(&row->sums, sums);
	row->last_ms = last_ms > row->last_ms ? last_ms : row->last_ms;
	return true;
}

bool ledger_lacks_sums(const struct ledger *ledger)
{
	return ledger->archive.lacks_sums;
}

/* ---- messages ---- */

/* What lines said about who paid. */
static bool adopt_claims(struct ledger *ledger, uint32_t entry, const struct ledger_kept *kept)
{
	for (size_t i = 0; i < kept->claim_count; i++) {
		int from = ledger_sessions_add(&ledger->sessions, kept->claims[i].from);
		int to = ledger_sessions_add(&ledger->sessions, kept->claims[i].to);
		const struct ledger_claim claim = { .entry = entry,
						    .from = (uint32_t)from,
						    .to = (uint32_t)to,
						    .told = kept->claims[i].told };
		if (to >= 0)
			ledger_archive_take_sums(ledger, (uint32_t)to);
		if (from < 0 || to < 0 || ledger_claims_add(&ledger->claims, &ledger->sessions, &claim) < 0)
			return false;
	}
	return true;
}

/* Who paid when it was archived: the sums say so, too. */
static bool adopt_payer(struct ledger *ledger, uint32_t entry, int file, const struct ledger_record *record)
{
	uint32_t own = ledger->files.list[file].session;
	int payer = record->payer.data ? ledger_sessions_add_len(&ledger->sessions, record->payer) : (int)own;
	if (payer < 0)
		return false;
	/* That its own session paid is worth noting when a better record may stand in another's transcript.
	 */
	bool is_told = record->payer.data
		    || ledger_claims_payer(&ledger->claims, &ledger->sessions, entry) == own;
	return !is_told || ledger_entries_set_payer(&ledger->entries, entry, (uint32_t)payer);
}

static void set_facts(const struct ledger_kept *kept, struct ledger_entry *e)
{
	/* The file rounds; where the prices are the same, the figures are, too. */
	if (kept->unpriced || e->unpriced || fabs(e->cost_usd - kept->cost_usd) > LEDGER_NANO_USD)
		e->cost_usd = kept->cost_usd;
	if (fabs(e->reference_usd - kept->reference_usd) > LEDGER_NANO_USD)
		e->reference_usd = kept->reference_usd;
	e->unpriced = kept->unpriced;
	e->settled = !kept->unpriced && !e->has_cost;
}

bool ledger_adopt(struct ledger *ledger, int file, const struct ledger_kept *kept)
{
	struct ledger_entry e;
	if (!ledger_make_entry(ledger, file, &kept->record, &e))
		return false;
	if (ledger_find_entry(ledger, &e) != LEDGER_NONE)
		return true;
	set_facts(kept, &e);
	ledger->unsaved.noting = false;
	uint32_t entry = ledger_insert_entry(ledger, &e);
	if (entry == LEDGER_NONE)
		return false;
	if (!adopt_claims(ledger, entry, kept) || !adopt_payer(ledger, entry, file, &kept->record)) {
		/* It is there by half. */
		ledger->archive.lacks_sums = true;
		return false;
	}
	if (kept->hidden)
		return true;
	uint32_t session = ledger_entries_session(&ledger->entries, entry);
	ledger->sessions.list[session].part.block_ms = 0;
	ledger->entries.list[entry].hidden = false;
	ledger_order_add(&ledger->order, entry);
	ledger_spans_account(&ledger->spans, &ledger->entries.list[entry], 1);
	return true;
}

/* A message of which all requests were looked up needs no second look-up. */
static bool note_asked(struct ledger_archive *archive, uint64_t key)
{
	static char here;
	return strmap_put_len(&archive->asked, (const char *)&key, sizeof(key), &here);
}

/* Without memory for that, all is let go at the next opportunity. */
static void note_half(struct ledger_archive *archive, uint64_t key)
{
	static char here;
	if (!strmap_put_len(&archive->halves, (const char *)&key, sizeof(key), &here))
		archive->lacks_sums = true;
}

bool ledger_archive_is_half(const struct ledger *ledger, uint64_t key)
{
	const struct strmap *halves = &ledger->archive.halves;
	return halves->used > 0 && strmap_get_len(halves, (const char *)&key, sizeof(key)) != NULL;
}

/* ---- which keys may be archived ---- */

/* 4 MB: of a million keys one in 300 is taken for one that it is not, of ten millions one in five. */
#define FILTER_BITS 25
#define FILTER_WORDS ((size_t)1 << (FILTER_BITS - 6))

/* Two places of a key, which is a hash. */
static void find_bits(uint64_t key, size_t bits[2])
{
	uint64_t mixed = key * UINT64_C(0x9e3779b97f4a7c15);
	bits[0] = (size_t)(mixed >> (64 - FILTER_BITS));
	bits[1] = (size_t)(mixed & ((UINT64_C(1) << FILTER_BITS) - 1));
}

static bool may_be_archived(const struct ledger_archive *archive, uint64_t key)
{
	size_t bits[2];
	if (!archive->filter)
		return true;
	find_bits(key, bits);
	return (archive->filter[bits[0] / 64] >> (bits[0] % 64) & 1) != 0
	    && (archive->filter[bits[1] / 64] >> (bits[1] % 64) & 1) != 0;
}

/* All that is in memory is going to be archived alone. */
static void note_keys(struct ledger *ledger)
{
	uint64_t *filter = ledger->archive.filter;
	size_t bits[2];
	for (size_t i = 0; filter && i < ledger->entries.count; i++) {
		find_bits(ledger->entries.list[i].id_hash, bits);
		filter[bits[0] / 64] |= UINT64_C(1) << (bits[0] % 64);
		filter[bits[1] / 64] |= UINT64_C(1) << (bits[1] % 64);
	}
}

void ledger_filter_keys(struct ledger *ledger, bool on)
{
	struct ledger_archive *archive = &ledger->archive;
	if (on && archive->filter)
		return;
	free(archive->filter);
	archive->filter = on ? calloc(FILTER_WORDS, sizeof(*archive->filter)) : NULL;
}

/* ---- looking up ---- */

bool ledger_archive_look_up(struct ledger *ledger, uint64_t key)
{
	size_t count = 0;
	struct ledger_archive *archive = &ledger->archive;
	if (ledger_is_whole(ledger)
	    || strmap_get_len(&archive->asked, (const char *)&key, sizeof(key)))
		return true;
	if (archive->is_closed)
		return false;
	if (!may_be_archived(archive, key))
		return true;
	if (!archive->calls->find(archive->ctx, ledger, key, &count)) {
		note_half(archive, key);
		return false;
	}
	strmap_remove_len(&archive->halves, (const char *)&key, sizeof(key));
	/* Only ids that come again are worth the memory. */
	bool again = count > 0 || ledger_entries_first(&ledger->entries, key) != LEDGER_NONE;
	return !again || note_asked(archive, key);
}

/* ---- letting go ---- */

size_t ledger_held_count(const struct ledger *ledger)
{
	return ledger->entries.count;
}

void ledger_let_go(struct ledger *ledger)
{
	bool wanted = ledger->unsaved.wanted;
	note_keys(ledger);
	ledger_release_entries(ledger);
	ledger_init_entries(ledger);
	ledger->unsaved.wanted = wanted;
	ledger_sessions_forget_claims(&ledger->sessions);
	ledger_forget_sums(ledger);
	ledger->archive.lacks_sums = false;
}
