/*
 * Entries as records, which a later start takes in again: of transcripts that were deleted or rewritten, and
 * for the ledger's file.
 */
#include <string.h>

#include "ledger/internal.h"

/* The model's name as it was written; false when it was not kept. */
static bool take_model(const struct ledger *ledger, const struct ledger_entry *e, struct slice *out)
{
	const struct ledger_model_row *row = ledger_models_row_of(&ledger->models, e);
	if (!row)
		return false;
	*out = (struct slice){ row->priced_as, row->priced_as ? strlen(row->priced_as) : 0 };
	return true;
}

static void take_marker(const struct ledger_marker *marker, const char *name, struct ledger_record *out)
{
	out->is_limit = true;
	out->limit_resets_ms = marker->resets_ms;
	out->limit_is_old_form = marker->old_form;
	if (name[0])
		out->limit_name = (struct slice){ name, strlen(name) };
}

static void take_record(const struct ledger *ledger, uint32_t entry, struct ledger_record *record)
{
	const char *limit_name;
	const struct ledger_entry *e = &ledger->entries.list[entry];
	const struct ledger_marker *marker =
		ledger_limits_find(&ledger->limits, e->time_ms, e->place, &limit_name);
	const struct price_tokens *large = ledger_entries_large(&ledger->entries, e);
	uint32_t payer = ledger_entries_session(&ledger->entries, entry);
	record->time_ms = e->time_ms;
	record->offset = ledger_place_offset(e->place);
	record->tokens =
		(struct price_tokens){ e->input, e->output, e->creation_5m, e->creation_1h, e->cache_read };
	record->in_parts = large != NULL;
	if (large)
		record->large = *large;
	record->extras = ledger_entries_extras(&ledger->entries, e);
	record->has_cost = e->has_cost;
	record->cost_usd = e->has_cost ? e->cost_usd : 0.;
	record->has_id = e->id_hash != ledger_files_hash_line(&ledger->files, e);
	record->id_hash = record->has_id ? e->id_hash : 0;
	record->request_hash = record->has_id ? e->request_hash : 0;
	record->has_speed = e->has_speed;
	record->fast = e->fast;
	record->sidechain = e->sidechain;
	record->lost_by_reference = e->lost;
	if (marker)
		take_marker(marker, limit_name, record);
	if (payer != ledger_files_of(&ledger->files, e)->session) {
		const char *id = ledger->sessions.list[payer].id;
		record->payer = (struct slice){ id, strlen(id) };
		record->payer_is_told = true;
	}
}

static void take_claims(const struct ledger *ledger, uint32_t entry, struct ledger_kept *out)
{
	for (uint32_t at = ledger_claims_first(&ledger->claims, entry);
	     at != LEDGER_NONE && out->claim_count < LEDGER_CLAIMS_MAX; at = ledger->claims.list[at].next) {
		const struct ledger_claim *claim = &ledger->claims.list[at];
		out->claims[out->claim_count++] = (struct ledger_kept_claim){
			.from = ledger->sessions.list[claim->from].id,
			.to = ledger->sessions.list[claim->to].id,
			.told = claim->told,
		};
	}
}

void ledger_file_facts(const struct ledger *ledger, int file, struct ledger_kept *out)
{
	const struct ledger_file *f = &ledger->files.list[file];
	out->file = (unsigned)file;
	out->path = f->path;
	out->root_len = f->root_len;
	out->session_id = ledger->sessions.list[f->session].id;
	out->session_first_ms = ledger->sessions.list[f->session].first_ms;
	out->session_last_ms = ledger->sessions.list[f->session].last_ms;
	out->subagent = f->subagent;
	out->gone = f->gone;
	out->version = f->version;
}

static bool take_entry(const struct ledger *ledger, uint32_t entry, struct ledger_kept *out)
{
	const struct ledger_entry *e = &ledger->entries.list[entry];
	memset(out, 0, sizeof(*out));
	if (!take_model(ledger, e, &out->record.model))
		return false;
	ledger_file_facts(ledger, (int)ledger_file_of(e), out);
	out->cost_usd = e->cost_usd;
	out->reference_usd = e->reference_usd;
	out->unpriced = e->unpriced;
	out->hidden = e->hidden;
	take_record(ledger, entry, &out->record);
	out->branch = ledger_branches_find(&ledger->branches, out->file, out->record.offset);
	if (ledger->claims.count > 0)
		take_claims(ledger, entry, out);
	return true;
}

bool ledger_kept_at(struct ledger *ledger, size_t index, struct ledger_kept *out)
{
	return index < ledger->order.len
	       && ledger_files_of(&ledger->files, ledger_order_at(&ledger->order, index))->gone
	       && take_entry(ledger, ledger->order.list[index], out) && out->record.model.data
	       && !strpbrk(out->record.model.data, "\\\"");
}

bool ledger_kept_limit_at(struct ledger *ledger, size_t index, struct ledger_kept *out)
{
	const char *name;
	const struct ledger_marker *marker = ledger_limits_at(&ledger->limits, index, &name);
	memset(out, 0, sizeof(*out));
	if (!marker)
		return false;
	if (marker->time_ms <= 0)
		return true;
	ledger_file_facts(ledger, (int)ledger_place_file(marker->place), out);
	out->only_limit = !marker->has_entry;
	out->record.time_ms = marker->time_ms;
	out->record.offset = ledger_place_offset(marker->place);
	take_marker(marker, name, &out->record);
	return true;
}

/* ---- for the ledger's file ---- */

void ledger_set_saved(struct ledger *ledger, int file, unsigned version, int64_t offset)
{
	ledger->files.list[file].version = version;
	ledger->files.list[file].saved_to = offset;
}

size_t ledger_unsaved_count(const struct ledger *ledger)
{
	return ledger->unsaved.count;
}

bool ledger_has_missed_unsaved(const struct ledger *ledger)
{
	return ledger->unsaved.missed;
}

bool ledger_next_unsaved(struct ledger *ledger, struct ledger_kept *out)
{
	uint32_t entry;
	while (ledger_unsaved_take(&ledger->unsaved, ledger->entries.list, &entry)) {
		ledger->entries.list[entry].unsaved = false;
		if (take_entry(ledger, entry, out))
			return true;
	}
	return false;
}

void ledger_forget_saved(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->files.count; i++)
		ledger->files.list[i].saved_to = 0;
	ledger->unsaved.missed = false;
	ledger->unsaved.noting = true;
	for (size_t i = 0; i < ledger->entries.count; i++)
		ledger_note_unsaved(ledger, (uint32_t)i);
}
