/*
 * ledger/internal: the whole ledger, for its parts: ledger.c takes records in, owners.c says whose they are,
 * questions.c answers.
 */
#ifndef SWATCH_LEDGER_INTERNAL_H
#define SWATCH_LEDGER_INTERNAL_H

#include "ledger/blocks.h"
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
};

/*
 * Adds an entry to all sums (`sign` 1), or takes it out again (-1). `stays`: it is taken out for another
 * entry of the same session and time, or it is that other one.
 */
void ledger_account(struct ledger *ledger, uint32_t entry, int sign, bool stays);

/* An entry is, or is going to be, another one than before: somebody may have to save it. */
void ledger_note_unsaved(struct ledger *ledger, uint32_t entry);

/*
 * Takes in what a record's line says about who paid: for the entry that it is, or is a copy of. Returns 1
 * when the entry belongs to another session now, 0 when not, -1 when memory ran out.
 */
int ledger_take_claim(struct ledger *ledger, uint32_t entry, int file, const struct ledger_record *record);

/* A file whose session only its lines know gets it from the first record. Returns false when memory ran out.
 */
bool ledger_name_file(struct ledger *ledger, int file, const struct ledger_record *record);

#endif
