/*
 * ledger/internal: the whole ledger, for its parts: ledger.c takes records in, owners.c says whose they are,
 * questions.c answers.
 */
#ifndef SWATCH_LEDGER_INTERNAL_H
#define SWATCH_LEDGER_INTERNAL_H

#include "ledger/archive.h"
#include "ledger/blocks.h"
#include "ledger/branches.h"
#include "ledger/claims.h"
#include "ledger/crowd.h"
#include "ledger/ledger.h"
#include "ledger/limits.h"
#include "ledger/models.h"
#include "ledger/sessions.h"
#include "ledger/spans.h"
#include "ledger/unsaved.h"

/* How large the windows of models are, as the price book says: asked for each session at each look. */
#define LEDGER_WINDOWS_MAX 64

struct ledger_window {
	char model[PRICE_MODEL_MAX];     /* "": free */
	int64_t tokens;
};

struct ledger_archive {
	const struct ledger_archive_calls *calls;  /* NULL: all there is is in memory */
	void *ctx;
	struct strmap asked;             /* keys of messages of which all requests are in memory */
	struct strmap halves;            /* keys of messages whose look-up failed in the middle */
	uint64_t *filter; /* bits of all keys that were let go; NULL: any key may be archived */
	bool lacks_sums;
	int why;                         /* the errno because of which some session's sums lack a part */
	bool is_closed;                  /* nobody can be asked for now */
};

/* Who says which lines were purged. */
struct ledger_guard {
	bool (*refuses)(void *ctx, const struct ledger_question *question);  /* NULL: nobody does */
	void (*forget)(void *ctx);
	void *ctx;
};

struct ledger {
	struct ledger_window *windows;   /* by hash of the model; LEDGER_WINDOWS_MAX of them */
	struct ledger_files files;
	struct ledger_sessions sessions;
	struct ledger_models models;
	struct ledger_entries entries;
	struct ledger_claims claims;
	struct ledger_crowds crowds;
	struct ledger_order order;       /* the entries that are not hidden */
	struct ledger_blocks blocks;
	struct ledger_spans spans;
	struct ledger_limits limits;
	struct ledger_unsaved unsaved;
	struct ledger_branches branches;
	struct ledger_archive archive;
	struct ledger_guard guard;
};

/*
 * Adds an entry to all sums (`sign` 1), or takes it out again (-1). `stays`: it is taken out for another
 * entry of the same session and time, or it is that other one.
 */
void ledger_account(struct ledger *ledger, uint32_t entry, int sign, bool stays);

/* Sets all sums to 0: they are made again from nothing, or come out of the archive. */
void ledger_forget_sums(struct ledger *ledger);

/* An entry is, or is going to be, another one than before: somebody may have to save it. */
void ledger_note_unsaved(struct ledger *ledger, uint32_t entry);

/*
 * Takes in what a record's line says about who paid: for the entry that it is, or is a copy of. Returns 1
 * when the entry belongs to another session now, 0 when not, -1 when memory ran out.
 */
int ledger_take_claim(struct ledger *ledger, uint32_t entry, int file, const struct ledger_record *record);

/* ---- entries ---- */

/* Makes the tables of entries, and of what belongs to them, empty; frees them. */
void ledger_init_entries(struct ledger *ledger);
void ledger_release_entries(struct ledger *ledger);

/* Makes the entry of a record, hidden yet. Returns false when memory ran out, or its place is impossible. */
bool ledger_make_entry(struct ledger *ledger, int file, const struct ledger_record *record,
		       struct ledger_entry *out);

/* The entry in memory of the same message and request; LEDGER_NONE without one. */
uint32_t ledger_find_entry(const struct ledger *ledger, const struct ledger_entry *e);

/* Puts in an entry that is not there, hidden. Returns its number; LEDGER_NONE when memory ran out. */
uint32_t ledger_insert_entry(struct ledger *ledger, const struct ledger_entry *e);

/* ---- the archive; without one these do nothing ---- */

/*
 * How the archive knows a transcript that is about to be named. Returns false when there is an archive, and
 * it cannot say now. Without one, *is_known is false.
 */
bool ledger_archive_ask_file(struct ledger *ledger, const char *path, size_t root_len,
			     struct ledger_archived_transcript *out, bool *is_known);

/* A transcript was named: takes that over. */
void ledger_archive_name_file(struct ledger *ledger, int file,
			      const struct ledger_archived_transcript *known);

/*
 * Before a session's sums are read: takes in what is archived of them, once. Returns false when nobody can
 * tell that now: they are too small.
 */
bool ledger_archive_has_sums(struct ledger *ledger, uint32_t session);

/* The same before they change, which goes on without it: ledger_lacks_sums() until all is let go. */
void ledger_archive_take_sums(struct ledger *ledger, uint32_t session);

/* Before a transcript's count changes: what is archived of it, and its session's sums. */
void ledger_archive_take_file(struct ledger *ledger, size_t file);

/*
 * Before a message is added that is not in memory: takes it, and its other requests, out of the archive.
 * Returns false when nobody can tell whether it is there.
 */
bool ledger_archive_look_up(struct ledger *ledger, uint64_t key);

/* Whether a look-up failed in the middle, so that a message that is in memory has to be looked up, too. */
bool ledger_archive_is_half(const struct ledger *ledger, uint64_t key);

/* ---- what was purged ---- */

/* What tells an advisor's record from its message's, which has the same ids. */
uint64_t ledger_hash_of_advisor(uint64_t id_hash, unsigned advisor);

/* Whether the guard refuses a record of a file. */
bool ledger_guard_refuses(const struct ledger *ledger, int file, const struct ledger_record *record);

/* ---- whose they are ---- */

/* A transcript may be the one that names its session's project. */
void ledger_name_home(struct ledger *ledger, int file);

/* A file whose session only its lines know gets it from the first record. Returns false when memory ran out.
 */
bool ledger_name_file(struct ledger *ledger, int file, const struct ledger_record *record);

#endif
