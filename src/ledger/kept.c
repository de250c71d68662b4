/*
 * What transcripts that were deleted or rewritten said, as records: the daemon's next start takes them in
 * again.
 */
#include <string.h>

#include "ledger/internal.h"

/* Whether an entry was made of a record without an id: set_identity() in ledger.c. */
static bool is_without_id(const struct ledger_entry *e)
{
	const uint64_t own[] = { e->place, (uint64_t)e->time_ms, e->input, e->output, e->creation_5m,
				 e->creation_1h, e->cache_read };
	return e->id_hash == strmap_hash(own, sizeof(own));
}

/* The model's name as it was written; false when the row's name does not tell. */
static bool take_model(const struct ledger *ledger, const struct ledger_entry *e, struct slice *out)
{
	static const char fast[] = "-fast";
	const char *name = ledger->models.list[e->model].name;
	size_t len = strlen(name), fast_len = sizeof(fast) - 1;
	if (e->model == LEDGER_MODELS_MAX - 1 || memchr(name, '\\', len) || memchr(name, '"', len))
		return false;
	if (e->fast && len > fast_len && strcmp(name + len - fast_len, fast) == 0)
		len -= fast_len;
	*out = (struct slice){ name, len };
	return true;
}

static void take_file(const struct ledger *ledger, uint64_t place, struct ledger_kept *out)
{
	const struct ledger_file *file = &ledger->files.list[ledger_place_file(place)];
	out->file = (unsigned)ledger_place_file(place);
	out->path = file->path;
	out->root_len = file->root_len;
	out->session_id = ledger->sessions.list[file->session].id;
	out->subagent = file->subagent;
	out->gone = file->gone;
}

static void take_marker(const struct ledger_marker *marker, const char *name, struct ledger_record *out)
{
	out->is_limit = true;
	out->limit_resets_ms = marker->resets_ms;
	out->limit_is_old_form = marker->old_form;
	if (name[0])
		out->limit_name = (struct slice){ name, strlen(name) };
}

bool ledger_kept_at(struct ledger *ledger, size_t index, struct ledger_kept *out)
{
	const char *limit_name;
	if (index >= ledger->order.len)
		return false;
	const struct ledger_entry *e = ledger_order_at(&ledger->order, index);
	const struct ledger_file *file = ledger_files_of(&ledger->files, e);
	uint32_t entry = (uint32_t)(e - ledger->entries.list);
	const struct price_tokens *large = ledger_entries_large(&ledger->entries, e);
	memset(out, 0, sizeof(*out));
	if (!file->doubted || !take_model(ledger, e, &out->record.model))
		return false;
	uint32_t payer = ledger_entries_session(&ledger->entries, entry);
	take_file(ledger, e->place, out);
	const struct ledger_marker *marker =
		ledger_limits_find(&ledger->limits, e->time_ms, e->place, &limit_name);
	struct ledger_record *record = &out->record;
	record->time_ms = e->time_ms;
	record->offset = ledger_place_offset(e->place);
	record->tokens =
		(struct price_tokens){ e->input, e->output, e->creation_5m, e->creation_1h, e->cache_read };
	record->in_parts = large != NULL;
	if (large)
		record->large = *large;
	record->has_cost = e->has_cost;
	record->cost_usd = e->has_cost ? e->cost_usd : 0.;
	record->has_id = !is_without_id(e);
	record->id_hash = record->has_id ? e->id_hash : 0;
	record->request_hash = record->has_id ? e->request_hash : 0;
	record->has_speed = e->has_speed;
	record->fast = e->fast;
	record->sidechain = e->sidechain;
	record->lost_by_reference = e->lost;
	if (e->has_extras)
		record->extras = ledger_entries_extras(&ledger->entries, e);
	if (marker)
		take_marker(marker, limit_name, record);
	if (payer != file->session) {
		const char *id = ledger->sessions.list[payer].id;
		record->payer = (struct slice){ id, strlen(id) };
		record->payer_is_told = true;
	}
	return true;
}

bool ledger_kept_limit_at(struct ledger *ledger, size_t index, struct ledger_kept *out)
{
	const char *name;
	const struct ledger_marker *marker = ledger_limits_at(&ledger->limits, index, &name);
	memset(out, 0, sizeof(*out));
	if (!marker)
		return false;
	/* An entry's marker comes with it. */
	if (marker->time_ms <= 0 || marker->has_entry
	    || !ledger->files.list[ledger_place_file(marker->place)].doubted)
		return true;
	take_file(ledger, marker->place, out);
	out->only_limit = true;
	out->record.time_ms = marker->time_ms;
	out->record.offset = ledger_place_offset(marker->place);
	take_marker(marker, name, &out->record);
	return true;
}
