#include "usage/ledger.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "usage/ledger_internal.h"

struct ledger *ledger_new(void)
{
	return calloc(1, sizeof(struct ledger));
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	for (size_t i = 0; i < ledger->file_count; i++)
		free(ledger->files[i].path);
	for (size_t i = 0; i < ledger->session_count; i++)
		free(ledger->sessions[i].by_model);
	for (size_t i = 0; i < ledger->model_count; i++)
		free(ledger->models[i].name);
	strmap_release(&ledger->files_by_path);
	strmap_release(&ledger->sessions_by_id);
	free(ledger->entries);
	free(ledger->buckets);
	free(ledger->files);
	free(ledger->sessions);
	free(ledger->order);
	free(ledger->blocks);
	free(ledger);
}

/* Makes room for one more element. */
static bool grow(void *array, size_t count, size_t *cap, size_t element_size)
{
	void **at = array;
	if (count < *cap)
		return true;
	/* Half as much again: the largest array is most of the daemon's memory. */
	size_t bigger = *cap ? *cap + *cap / 2 : 64;
	void *grown = realloc(*at, bigger * element_size);
	if (!grown)
		return false;
	*at = grown;
	*cap = bigger;
	return true;
}

/* ---- names ---- */

static int session_number(struct ledger *ledger, const char *session_id)
{
	uintptr_t known = (uintptr_t)strmap_get(&ledger->sessions_by_id, session_id);
	if (known)
		return (int)(known - 1);
	if (!grow(&ledger->sessions, ledger->session_count, &ledger->session_cap, sizeof(*ledger->sessions)))
		return -1;
	/* A number in a pointer's place: the map holds no memory for it. */
	if (!strmap_put(&ledger->sessions_by_id, session_id, (void *)(ledger->session_count + 1)))
		return -1;
	memset(&ledger->sessions[ledger->session_count], 0, sizeof(*ledger->sessions));
	return (int)ledger->session_count++;
}

int ledger_add_file(struct ledger *ledger, const char *path, const char *session_id, bool subagent)
{
	uintptr_t known = (uintptr_t)strmap_get(&ledger->files_by_path, path);
	if (known)
		return (int)(known - 1);
	int session = session_number(ledger, session_id);
	if (session < 0 || !grow(&ledger->files, ledger->file_count, &ledger->file_cap, sizeof(*ledger->files)))
		return -1;
	struct ledger_file *file = &ledger->files[ledger->file_count];
	*file = (struct ledger_file){ .session = (uint32_t)session, .subagent = subagent };
	file->path = strdup(path);
	if (!file->path || !strmap_put(&ledger->files_by_path, path, (void *)(ledger->file_count + 1))) {
		free(file->path);
		return -1;
	}
	return (int)ledger->file_count++;
}

/* The number of a model's row. The last row takes whatever comes when the table is full. */
static int model_number(struct ledger *ledger, struct slice model, bool fast)
{
	char name[PRICE_MODEL_MAX + 8];
	int len = snprintf(name, sizeof(name), "%.*s%s", (int)(model.len < PRICE_MODEL_MAX ? model.len : PRICE_MODEL_MAX),
			   model.data ? model.data : "", fast ? "-fast" : "");
	if (len == 0)
		snprintf(name, sizeof(name), "unknown");
	for (size_t i = 0; i < ledger->model_count; i++)
		if (strcmp(ledger->models[i].name, name) == 0)
			return (int)i;
	if (ledger->model_count == LEDGER_MODELS_MAX)
		return LEDGER_MODELS_MAX - 1;
	struct ledger_model_row *row = &ledger->models[ledger->model_count];
	memset(row, 0, sizeof(*row));
	row->name = strdup(name);
	if (!row->name)
		return -1;
	row->price = model.data ? price_find(model.data, model.len, &row->factor) : NULL;
	row->fast = fast;
	row->silent = slice_equals(model, "<synthetic>");
	return (int)ledger->model_count++;
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
	if (!e->lost_by_reference)
		sums->reference_usd += sign * e->cost_usd;
	/* What is left of cents after taking everything out again is no cost. */
	if (sums->entries == 0)
		sums->cost_usd = sums->reference_usd = 0.;
}

/* Makes sure that the session's row can hold sums of the model. */
static bool prepare_row(struct ledger_session_row *row, size_t model)
{
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

static void account(struct ledger *ledger, const struct ledger_entry *e, int sign)
{
	struct ledger_file *file = &ledger->files[e->file];
	struct ledger_session_row *row = &ledger->sessions[file->session];
	ledger_sums_add(&row->by_model[e->model], e, sign);
	ledger_sums_add(&ledger->models[e->model].sums, e, sign);
	file->entries += (uint32_t)sign;
	if (!file->subagent)
		return;
	row->subagents_usd += sign * e->cost_usd;
	if (file->entries == (sign > 0 ? 1U : 0U))
		row->subagents += (uint64_t)(int64_t)sign;
}

/* ---- entries and duplicates ---- */

static bool rehash(struct ledger *ledger)
{
	if (ledger->bucket_count > 0 && ledger->entry_count < ledger->bucket_count)
		return true;
	size_t count = ledger->bucket_count ? ledger->bucket_count * 2 : 1024;
	uint32_t *buckets = malloc(count * sizeof(*buckets));
	if (!buckets)
		return false;
	for (size_t i = 0; i < count; i++)
		buckets[i] = LEDGER_NONE;
	for (size_t i = 0; i < ledger->entry_count; i++) {
		size_t at = (size_t)ledger->entries[i].id_hash & (count - 1);
		ledger->entries[i].next = buckets[at];
		buckets[at] = (uint32_t)i;
	}
	free(ledger->buckets);
	ledger->buckets = buckets;
	ledger->bucket_count = count;
	return true;
}

static int64_t all_tokens(const struct ledger_entry *e)
{
	return (int64_t)e->input + e->output + e->creation_5m + e->creation_1h + e->cache_read;
}

/* Whether `a` is kept rather than `b`: more tokens, then a known speed, then the earlier path and position. */
static bool is_better(const struct ledger *ledger, const struct ledger_entry *a, const struct ledger_entry *b)
{
	if (all_tokens(a) != all_tokens(b))
		return all_tokens(a) > all_tokens(b);
	if (a->has_speed != b->has_speed)
		return a->has_speed;
	if (a->file != b->file) {
		int order = strcmp(ledger->files[a->file].path, ledger->files[b->file].path);
		if (order != 0)
			return order < 0;
	}
	return a->offset < b->offset;
}

static bool make_entry(struct ledger *ledger, int file, int64_t offset, const struct scan_usage *usage,
		       struct ledger_entry *out)
{
	int model = model_number(ledger, usage->model, usage->fast);
	if (model < 0)
		return false;
	const struct ledger_model_row *row = &ledger->models[model];
	memset(out, 0, sizeof(*out));
	out->time_ms = usage->timestamp_ms;
	out->offset = offset;
	out->input = (uint32_t)usage->tokens.input;
	out->output = (uint32_t)usage->tokens.output;
	out->creation_5m = (uint32_t)usage->tokens.cache_creation_5m;
	out->creation_1h = (uint32_t)usage->tokens.cache_creation_1h;
	out->cache_read = (uint32_t)usage->tokens.cache_read;
	out->file = (uint32_t)file;
	out->model = (uint8_t)model;
	out->sidechain = usage->sidechain;
	out->has_speed = usage->has_speed;
	out->lost_by_reference = usage->faults != 0 || (!usage->has_cost && row->price && row->price->after_reference);
	if (usage->has_cost)
		out->cost_usd = usage->cost_usd;
	else if (row->price)
		out->cost_usd = price_cost_usd(row->price, row->factor, &usage->tokens, usage->fast);
	if (usage->message_id.data) {
		out->id_hash = strmap_hash(usage->message_id.data, usage->message_id.len);
		if (usage->request_id.data)
			out->request_hash = strmap_hash(usage->request_id.data, usage->request_id.len) | 1;
		return true;
	}
	/* Without an id a line is its own entry: the same place with the same figures is the same line read again. */
	const uint64_t own[] = { (uint64_t)file, (uint64_t)offset, (uint64_t)out->time_ms, (uint64_t)all_tokens(out) };
	out->id_hash = strmap_hash(own, sizeof(own));
	return true;
}

static int insert(struct ledger *ledger, const struct ledger_entry *e)
{
	if (!grow(&ledger->entries, ledger->entry_count, &ledger->entry_cap, sizeof(*ledger->entries)) || !rehash(ledger)
	    || !ledger_order_add(ledger, (uint32_t)ledger->entry_count))
		return -1;
	size_t at = (size_t)e->id_hash & (ledger->bucket_count - 1);
	struct ledger_entry *place = &ledger->entries[ledger->entry_count];
	*place = *e;
	place->next = ledger->buckets[at];
	ledger->buckets[at] = (uint32_t)ledger->entry_count++;
	account(ledger, place, +1);
	return 1;
}

static int replace(struct ledger *ledger, struct ledger_entry *old, const struct ledger_entry *e)
{
	uint32_t next = old->next;
	ledger_order_touch(ledger, (uint32_t)(old - ledger->entries));
	account(ledger, old, -1);
	*old = *e;
	old->next = next;
	account(ledger, old, +1);
	return 1;
}

/*
 * A message's entries: one for each of its requests, unless all that is known of it are sidechain lines: then one
 * in all. So a sidechain line is dropped beside any other, and the first other one takes its place.
 */
int ledger_add(struct ledger *ledger, int file, int64_t offset, const struct scan_usage *usage)
{
	struct ledger_entry e;
	if (!make_entry(ledger, file, offset, usage, &e)
	    || !prepare_row(&ledger->sessions[ledger->files[file].session], e.model))
		return -1;
	struct ledger_entry *same_request = NULL, *sidechain = NULL;
	bool has_main = false;
	uint32_t at = ledger->bucket_count ? ledger->buckets[(size_t)e.id_hash & (ledger->bucket_count - 1)] : LEDGER_NONE;
	for (; at != LEDGER_NONE; at = ledger->entries[at].next) {
		struct ledger_entry *other = &ledger->entries[at];
		if (other->id_hash != e.id_hash)
			continue;
		if (other->sidechain)
			sidechain = other;
		else
			has_main = true;
		if (!other->sidechain && other->request_hash == e.request_hash)
			same_request = other;
	}
	if (e.sidechain && has_main)
		return 0;
	if (e.sidechain && sidechain)
		return is_better(ledger, &e, sidechain) ? replace(ledger, sidechain, &e) : 0;
	if (e.sidechain)
		return insert(ledger, &e);
	if (same_request)
		return is_better(ledger, &e, same_request) ? replace(ledger, same_request, &e) : 0;
	if (sidechain)
		return replace(ledger, sidechain, &e);
	return insert(ledger, &e);
}

size_t ledger_count(const struct ledger *ledger)
{
	return ledger->entry_count;
}

/* ---- what hangs on names ---- */

bool ledger_model_at(const struct ledger *ledger, size_t index, struct ledger_model *out)
{
	if (index >= ledger->model_count)
		return false;
	const struct ledger_model_row *row = &ledger->models[index];
	out->name = row->name;
	out->unpriced = !row->price && !row->silent;
	out->sums = row->sums;
	return true;
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
}

/* The session's rate in the active block: its cost there over its own time there. */
static double session_rate(struct ledger *ledger, uint32_t session, int64_t now_ms)
{
	struct ledger_block block;
	int64_t first_ms = 0, last_ms = 0;
	double usd = 0.;
	if (!ledger_active_block(ledger, now_ms, &block))
		return NAN;
	const struct ledger_span *span = &ledger->blocks[ledger->block_count - 1];
	for (size_t i = span->first; i <= span->last; i++) {
		const struct ledger_entry *e = &ledger->entries[ledger->order[i]];
		if (ledger->files[e->file].session != session)
			continue;
		if (first_ms == 0)
			first_ms = e->time_ms;
		last_ms = e->time_ms;
		usd += e->cost_usd;
	}
	return last_ms > first_ms ? usd / ((double)(last_ms - first_ms) / 3600000.) : NAN;
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
			out->models[out->model_count++].sums = row->by_model[i];
		}
	}
	out->subagents = row->subagents;
	out->subagents_usd = row->subagents ? row->subagents_usd : 0.;
	out->block_usd_per_hour = session_rate(ledger, (uint32_t)(known - 1), now_ms);
}
