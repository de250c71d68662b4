/*
 * The ledger by name: models and sessions.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/internal.h"

/* ---- models ---- */

/* The model's name as lists show it. An advisor's speed does not show in ccusage's, though it is charged. */
static void show_name(const struct ledger_record *record, char *out, size_t size)
{
	const char *suffix = record->fast && record->advisor == 0 ? "-fast" : "";
	size_t len = scan_unescape(record->model, out, size - sizeof("-fast"), PRICE_MODEL_MAX);
	if (!record->model.data)
		len = (size_t)snprintf(out, size, "unknown");
	snprintf(out + len, size - len, "%s", suffix);
}

/* Most records name the model of the one before. */
static bool is_last_model(const struct ledger *ledger, const struct ledger_record *record)
{
	return ledger->last_model_len > 0 && record->model.len == ledger->last_model_len
	       && (record->fast && record->advisor == 0) == ledger->last_model_fast
	       && memcmp(record->model.data, ledger->last_model, record->model.len) == 0;
}

static void keep_last_model(struct ledger *ledger, const struct ledger_record *record, size_t number)
{
	ledger->last_model_len = 0;
	if (!record->model.data || record->model.len > sizeof(ledger->last_model))
		return;
	memcpy(ledger->last_model, record->model.data, record->model.len);
	ledger->last_model_len = record->model.len;
	ledger->last_model_fast = record->fast && record->advisor == 0;
	ledger->last_model_number = number;
}

/* Returns false when memory ran out: a row without its name would have no price for good. */
static bool fill_row(const struct ledger *ledger, const struct ledger_record *record, struct ledger_model_row *row)
{
	*row = (struct ledger_model_row){ .other = LEDGER_OTHERS_MAX,
					  .silent = !record->model.data || slice_equals(record->model, "<synthetic>") };
	if (!ledger_priced_as(record->model, &row->priced_as))
		return false;
	ledger_find_prices(ledger, row);
	return true;
}

static int add_model(struct ledger *ledger, const struct ledger_model_row *found, const char *name)
{
	struct ledger_model_row *row = &ledger->models[ledger->model_count];
	*row = *found;
	row->name = strdup(name);
	return row->name ? (int)ledger->model_count++ : -1;
}

/* A model without a row of its own: it counts in the last one, at its own prices. */
static int take_other_model(struct ledger *ledger, const char *name, const struct ledger_record *record,
			    const struct ledger_model_row **priced, struct ledger_model_row *scratch)
{
	const struct ledger_model_row last = { .other = LEDGER_OTHERS_MAX };
	if (ledger->model_count < LEDGER_MODELS_MAX && add_model(ledger, &last, "(other models)") < 0)
		return -1;
	*priced = ledger_other_model(ledger, name);
	if (*priced)
		return LEDGER_MODELS_MAX - 1;
	if (!fill_row(ledger, record, scratch))
		return -1;
	*priced = ledger_add_other_model(ledger, name, scratch);
	if (!*priced) {
		/* Too many to keep them all: its prices as they are now. */
		free(scratch->priced_as);
		scratch->priced_as = NULL;
		*priced = scratch;
	}
	return LEDGER_MODELS_MAX - 1;
}

int ledger_model_number(struct ledger *ledger, const struct ledger_record *record,
			const struct ledger_model_row **priced, struct ledger_model_row *scratch)
{
	char name[PRICE_MODEL_MAX * 4 + 16];
	if (is_last_model(ledger, record)) {
		*priced = &ledger->models[ledger->last_model_number];
		return (int)ledger->last_model_number;
	}
	show_name(record, name, sizeof(name));
	for (size_t i = 0; i < ledger->model_count; i++) {
		if (strcmp(ledger->models[i].name, name) == 0 && i != LEDGER_MODELS_MAX - 1) {
			keep_last_model(ledger, record, i);
			*priced = &ledger->models[i];
			return (int)i;
		}
	}
	if (ledger->model_count >= LEDGER_MODELS_MAX - 1)
		return take_other_model(ledger, name, record, priced, scratch);
	if (!fill_row(ledger, record, scratch))
		return -1;
	int number = add_model(ledger, scratch, name);
	if (number < 0)
		free(scratch->priced_as);
	else
		*priced = &ledger->models[number];
	return number;
}

bool ledger_model_at(const struct ledger *ledger, size_t index, struct ledger_model *out)
{
	if (index >= ledger->model_count)
		return false;
	const struct ledger_model_row *row = &ledger->models[index];
	out->name = row->name;
	out->unpriced = row->sums.unpriced > 0;
	out->sums = row->sums;
	return true;
}

/* ---- sums ---- */

void ledger_sums_add(struct ledger_sums *sums, const struct ledger_entry *e, int sign)
{
	sums->entries += (uint64_t)(int64_t)sign;
	sums->tokens.input += sign * (int64_t)e->input;
	sums->tokens.output += sign * (int64_t)e->output;
	sums->tokens.cache_creation_5m += sign * (int64_t)e->creation_5m;
	sums->tokens.cache_creation_1h += sign * (int64_t)e->creation_1h;
	sums->tokens.cache_read += sign * (int64_t)e->cache_read;
	sums->cost_usd += sign * e->cost_usd;
	sums->reference_usd += sign * e->reference_usd;
	if (e->unpriced)
		sums->unpriced += (uint64_t)(int64_t)sign;
	/* What is left of cents after taking everything out again is no cost. */
	if (sums->entries == 0)
		sums->cost_usd = sums->reference_usd = 0.;
}

static void add_sums(struct ledger_sums *into, const struct ledger_sums *from)
{
	into->entries += from->entries;
	into->tokens.input += from->tokens.input;
	into->tokens.output += from->tokens.output;
	into->tokens.cache_creation_5m += from->tokens.cache_creation_5m;
	into->tokens.cache_creation_1h += from->tokens.cache_creation_1h;
	into->tokens.cache_read += from->tokens.cache_read;
	into->cost_usd += from->cost_usd;
	into->reference_usd += from->reference_usd;
	into->unpriced += from->unpriced;
}

bool ledger_prepare_session(struct ledger *ledger, uint32_t session, size_t model)
{
	struct ledger_session_row *row = &ledger->sessions[session];
	if (model < row->by_model_len)
		return true;
	struct ledger_sums *grown = realloc(row->by_model, (model + 1) * sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + row->by_model_len, 0, (model + 1 - row->by_model_len) * sizeof(*grown));
	row->by_model = grown;
	row->by_model_len = model + 1;
	return true;
}

static void account_block_part(struct ledger_session_row *row, const struct ledger_entry *e, int sign, bool stays)
{
	if (row->block_of_ms == 0 || e->time_ms < row->block_of_ms)
		return;
	row->block_usd += sign * e->cost_usd;
	if (stays)
		return;
	if (sign < 0) {
		row->block_of_ms = 0;  /* it may have been the first or the last */
		return;
	}
	row->block_first_ms = e->time_ms < row->block_first_ms ? e->time_ms : row->block_first_ms;
	row->block_last_ms = e->time_ms > row->block_last_ms ? e->time_ms : row->block_last_ms;
}

static void note_changed(struct ledger *ledger, uint32_t session)
{
	struct ledger_session_row *row = &ledger->sessions[session];
	if (row->changed)
		return;
	row->changed = true;
	row->next_changed = ledger->changed;
	ledger->changed = session + 1;
}

const char *ledger_next_changed(struct ledger *ledger)
{
	if (ledger->changed == 0)
		return NULL;
	struct ledger_session_row *row = &ledger->sessions[ledger->changed - 1];
	ledger->changed = row->next_changed;
	row->changed = false;
	return row->id;
}

void ledger_account(struct ledger *ledger, const struct ledger_entry *e, int sign, bool stays)
{
	struct ledger_file *file = &ledger->files[ledger_file_of(e)];
	struct ledger_session_row *row = &ledger->sessions[file->session];
	struct ledger_model_row *model = &ledger->models[e->model];
	ledger_sums_add(&row->by_model[e->model], e, sign);
	ledger_sums_add(&model->sums, e, sign);
	ledger_spans_add(ledger, e, sign);
	account_block_part(row, e, sign, stays);
	note_changed(ledger, file->session);
	file->entries += (uint32_t)sign;
	if (!file->subagent)
		return;
	row->subagents_usd += sign * e->cost_usd;
	if (file->entries == (sign > 0 ? 1U : 0U))
		row->subagents += (uint64_t)(int64_t)sign;
}

/* ---- sessions ---- */

/* Goes through the last block for the session's part in it. */
static void find_block_part(const struct ledger *ledger, uint32_t session, const struct ledger_block *block)
{
	struct ledger_session_row *row = &ledger->sessions[session];
	const struct ledger_span *span = &ledger->blocks[ledger->block_count - 1];
	row->block_of_ms = block->first_ms;
	row->block_first_ms = INT64_MAX;
	row->block_last_ms = INT64_MIN;
	row->block_usd = 0.;
	for (size_t i = span->first; i <= span->last; i++) {
		const struct ledger_entry *e = &ledger->entries[ledger->order[i]];
		if (ledger->files[ledger_file_of(e)].session != session)
			continue;
		if (row->block_first_ms == INT64_MAX)
			row->block_first_ms = e->time_ms;
		row->block_last_ms = e->time_ms;
		row->block_usd += e->cost_usd;
	}
}

/* The session's rate in the active block: its cost there over its own time there. */
static double session_rate(struct ledger *ledger, uint32_t session, int64_t now_ms)
{
	struct ledger_block block;
	if (!ledger_active_block(ledger, now_ms, &block))
		return NAN;
	const struct ledger_session_row *row = &ledger->sessions[session];
	if (row->block_of_ms != block.first_ms)
		find_block_part(ledger, session, &block);
	if (row->block_last_ms <= row->block_first_ms)
		return NAN;
	return row->block_usd / ((double)(row->block_last_ms - row->block_first_ms) / 3600000.);
}

void ledger_session(struct ledger *ledger, const char *session_id, int64_t now_ms, struct ledger_session *out)
{
	uintptr_t known = (uintptr_t)strmap_get(&ledger->sessions_by_id, session_id);
	memset(out, 0, sizeof(*out));
	out->block_usd_per_hour = NAN;
	if (!known)
		return;
	const struct ledger_session_row *row = &ledger->sessions[known - 1];
	for (size_t i = 0; i < row->by_model_len; i++) {
		if (row->by_model[i].entries == 0)
			continue;
		add_sums(&out->sums, &row->by_model[i]);
		if (!ledger->models[i].silent) {
			ledger_model_at(ledger, i, &out->models[out->model_count]);
			out->models[out->model_count].unpriced = row->by_model[i].unpriced > 0;
			out->models[out->model_count++].sums = row->by_model[i];
		}
	}
	out->first_ms = row->first_ms;
	out->last_ms = row->last_ms;
	out->subagents = row->subagents;
	out->subagents_usd = row->subagents ? row->subagents_usd : 0.;
	out->block_usd_per_hour = session_rate(ledger, (uint32_t)(known - 1), now_ms);
}
