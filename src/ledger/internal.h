/*
 * ledger/internal: the whole ledger, for its two halves: ledger.c takes records in, questions.c answers.
 */
#ifndef SWATCH_LEDGER_INTERNAL_H
#define SWATCH_LEDGER_INTERNAL_H

#include "ledger/blocks.h"
#include "ledger/crowd.h"
#include "ledger/ledger.h"
#include "ledger/limits.h"
#include "ledger/models.h"
#include "ledger/sessions.h"
#include "ledger/spans.h"

struct ledger {
	struct ledger_files files;
	struct ledger_sessions sessions;
	struct ledger_models models;
	struct ledger_entries entries;
	struct ledger_crowds crowds;
	struct ledger_order order;       /* the entries that are not hidden */
	struct ledger_blocks blocks;
	struct ledger_spans spans;
	struct ledger_limits limits;
};

#endif
