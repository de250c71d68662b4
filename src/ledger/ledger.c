#include "ledger/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void ledger_init_entries(struct ledger *ledger)
{
	ledger_entries_init(&ledger->entries, &ledger->files);
	ledger_crowds_init(&ledger->crowds, &ledger->entries);
	ledger_order_init(&ledger->order, &ledger->entries);
	ledger->claims = (struct ledger_claims){ 0 };
	ledger->blocks = (struct ledger_blocks){ 0 };
	ledger->unsaved = (struct ledger_unsaved){ 0 };
}

void ledger_release_entries(struct ledger *ledger)
{
	ledger_entries_release(&ledger->entries);
	ledger_claims_release(&ledger->claims);
	ledger_crowds_release(&ledger->crowds);
	ledger_order_release(&ledger->order);
	ledger_blocks_release(&ledger->blocks);
	ledger_unsaved_release(&ledger->unsaved);
	strmap_release(&ledger->archive.asked);
	strmap_release(&ledger->archive.halves);
}

struct ledger *ledger_new(void)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	if (!ledger)
		return NULL;
	ledger->windows = calloc(LEDGER_WINDOWS_MAX, sizeof(*ledger->windows));
	if (!ledger->windows) {
		free(ledger);
		return NULL;
	}
	ledger_init_entries(ledger);
	return ledger;
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	ledger_files_release(&ledger->files);
	ledger_sessions_release(&ledger->sessions);
	ledger_models_release(&ledger->models);
	ledger_release_entries(ledger);
	ledger_limits_release(&ledger->limits);
	ledger_branches_release(&ledger->branches);
	ledger_set_guard(ledger, NULL, NULL, NULL);
	ledger_filter_keys(ledger, false);
	free(ledger->windows);
	free(ledger);
}

/* ---- what is to be saved ---- */

void ledger_note_unsaved(struct ledger *ledger, uint32_t entry)
{
	struct ledger_entry *e = &ledger->entries.list[entry];
	if (ledger->unsaved.noting && !e->unsaved)
		e->unsaved = ledger_unsaved_add(&ledger->unsaved, entry);
}

void ledger_want_unsaved(struct ledger *ledger)
{
	ledger->unsaved.wanted = true;
}

/* ---- sums ---- */

void ledger_forget_sums(struct ledger *ledger)
{
	ledger_models_forget_sums(&ledger->models);
	ledger_sessions_forget_sums(&ledger->sessions);
	ledger_files_forget_sums(&ledger->files);
	ledger_spans_forget_sums(&ledger->spans);
}

void ledger_account(struct ledger *ledger, uint32_t entry, int sign, bool stays)
{
	const struct ledger_entry *e = &ledger->entries.list[entry];
	const struct ledger_file *file = ledger_files_of(&ledger->files, e);
	uint32_t session = ledger_entries_session(&ledger->entries, entry);
	ledger_archive_take_sums(ledger, session);
	ledger_archive_take_file(ledger, ledger_file_of(e));
	int transcripts = ledger_files_account(&ledger->files, ledger_file_of(e), sign);
	ledger_models_account(&ledger->models, e, sign);
	ledger_spans_account(&ledger->spans, e, sign);
	ledger_sessions_account(&ledger->sessions, session, e, sign, stays);
	if (!file->subagent)
		return;
	ledger_sessions_account_subagent(&ledger->sessions, session, sign * e->cost_usd, 0);
	/* A transcript counts where it lies, whoever paid for some of its lines. */
	ledger_sessions_account_subagent(&ledger->sessions, file->session, 0., transcripts);
}

/* ---- entries ---- */

static void set_identity(const struct ledger_files *files, struct ledger_entry *e,
			 const struct ledger_record *record)
{
	if (record->has_id) {
		e->id_hash = record->id_hash;
		e->request_hash = record->request_hash;
	} else {
		e->id_hash = ledger_files_hash_line(files, e);
	}
	e->id_hash = ledger_hash_of_advisor(e->id_hash, record->advisor);
}

static void set_costs(const struct ledger_models *models, struct ledger_entry *e,
		      const struct ledger_model_row *row, const struct ledger_record *record)
{
	e->has_cost = record->has_cost;
	e->fast = record->fast;
	if (record->has_cost)
		e->cost_usd = e->reference_usd = record->cost_usd;
	ledger_models_price(models, e, row, record->in_parts ? &record->large : NULL, &record->extras);
	e->settled = record->is_settled;
	/* The ledger's file rounds; where the prices are the same, the figure is, too. */
	if (record->is_settled && (e->unpriced || fabs(e->cost_usd - record->cost_usd) > LEDGER_NANO_USD)) {
		e->cost_usd = record->cost_usd;
		e->unpriced = false;
	}
	if (!record->has_cost && row->reference)
		e->reference_usd = price_cost_usd(row->reference, row->reference_factor,
						  record->has_reference_tokens ? &record->reference_tokens
									       : &record->tokens,
						  record->time_ms, record->fast);
	e->lost = record->lost_by_reference;
	if (e->lost)
		e->reference_usd = 0.;
}

bool ledger_make_entry(struct ledger *ledger, int file, const struct ledger_record *record,
		       struct ledger_entry *out)
{
	struct ledger_model_row scratch;
	const struct ledger_model_row *row = &scratch;
	int model = ledger_models_number(&ledger->models, record, &row, &scratch);
	memset(out, 0, sizeof(*out));
	if (model < 0 || !ledger_offset_fits(record->offset)
	    || !ledger_sessions_reserve(&ledger->sessions, ledger->files.list[file].session, (size_t)model))
		return false;
	out->time_ms = record->time_ms;
	out->place = out->first_place = ledger_place(file, record->offset);
	out->input = (uint32_t)record->tokens.input;
	out->output = (uint32_t)record->tokens.output;
	out->creation_5m = (uint32_t)record->tokens.cache_creation_5m;
	out->creation_1h = (uint32_t)record->tokens.cache_creation_1h;
	out->cache_read = (uint32_t)record->tokens.cache_read;
	out->model = (unsigned)model & (LEDGER_MODELS_MAX - 1U);
	out->other = row->other & 0x1fffU;
	out->sidechain = record->sidechain;
	out->has_speed = record->has_speed;
	out->hidden = true;
	out->in_parts = record->in_parts;
	if (record->in_parts && !ledger_entries_set_large(&ledger->entries, out, &record->large))
		return false;
	set_identity(&ledger->files, out, record);
	if (price_has_extras(&record->extras)
	    && !ledger_entries_set_extras(&ledger->entries, out, &record->extras))
		return false;
	set_costs(&ledger->models, out, row, record);
	return true;
}

/* ---- duplicates ---- */

/* Makes an entry count, or not. Returns whether that changed. */
static bool show(struct ledger *ledger, uint32_t entry, bool visible)
{
	struct ledger_entry *e = &ledger->entries.list[entry];
	if (visible != e->hidden)
		return false;
	if (visible)
		ledger_order_add(&ledger->order, entry);
	else
		ledger_order_remove(&ledger->order, entry);
	ledger_account(ledger, entry, visible ? 1 : -1, false);
	e->hidden = !visible;
	ledger_note_unsaved(ledger, entry);
	return true;
}

/*
 * Whether a sidechain entry is a copy: of the same message at the same time, of which a better entry is
 * there.
 */
static bool is_copy(const struct ledger *ledger, const struct ledger_entry *e)
{
	if (!e->sidechain)
		return false;
	for (uint32_t at = ledger_entries_first(&ledger->entries, e->id_hash); at != LEDGER_NONE;
	     at = ledger->entries.list[at].next) {
		const struct ledger_entry *other = &ledger->entries.list[at];
		if (other != e && other->id_hash == e->id_hash && other->time_ms == e->time_ms
		    && ledger_entries_is_better(&ledger->entries, other, e))
			return true;
	}
	return false;
}

/* Decides anew which entries of a message count. Returns whether that changed. */
static bool settle(struct ledger *ledger, uint64_t id_hash)
{
	bool changed = false;
	for (uint32_t at = ledger_entries_first(&ledger->entries, id_hash); at != LEDGER_NONE;
	     at = ledger->entries.list[at].next) {
		const struct ledger_entry *e = &ledger->entries.list[at];
		if (e->id_hash == id_hash)
			changed = show(ledger, at, !is_copy(ledger, e)) || changed;
	}
	return changed;
}

/*
 * The same in a crowd, at a time at which the entry came or from which it went: the others are as they were.
 */
static bool settle_crowd(struct ledger *ledger, const struct ledger_crowd *crowd, int64_t time_ms,
			 uint32_t entry)
{
	uint32_t best[2];
	size_t count = ledger_crowd_best(crowd, time_ms, best);
	const struct ledger_entry *e = &ledger->entries.list[entry];
	bool changed = count > 0 && show(ledger, best[0], true);
	if (count > 1)
		changed = show(ledger, best[1], !ledger->entries.list[best[1]].sidechain) || changed;
	if (e->time_ms == time_ms && entry != best[0])
		changed = show(ledger, entry, !e->sidechain) || changed;
	return changed;
}

/* Adds an entry, hidden yet. Returns its number; LEDGER_NONE when memory ran out. */
static uint32_t insert(struct ledger *ledger, struct ledger_crowd *crowd, const struct ledger_entry *e)
{
	if ((crowd && !ledger_crowd_reserve(crowd)) || !ledger_entries_reserve(&ledger->entries, 1)
	    || !ledger_order_reserve(&ledger->order, ledger->entries.count + 1))
		return LEDGER_NONE;
	uint32_t number = ledger_entries_add(&ledger->entries, e);
	ledger_note_unsaved(ledger, number);
	if (crowd)
		ledger_crowd_add(crowd, number);
	return number;
}

static void replace(struct ledger *ledger, uint32_t entry, const struct ledger_entry *e)
{
	struct ledger_entry *place = &ledger->entries.list[entry];
	uint32_t next = place->next;
	bool has_payer = place->has_payer, unsaved = place->unsaved;
	bool visible = !place->hidden;
	bool same_time = place->time_ms == e->time_ms;
	bool moves = !same_time || place->place != e->place;
	/* A copy may belong to another session. */
	bool stays = same_time
		     && ledger_entries_session(&ledger->entries, entry)
				== ledger_files_of(&ledger->files, e)->session;
	if (visible && moves)
		ledger_order_remove(&ledger->order, entry);
	if (visible)
		ledger_account(ledger, entry, -1, stays);
	*place = *e;
	place->next = next;
	place->has_payer = has_payer;
	place->unsaved = unsaved;
	ledger_note_unsaved(ledger, entry);
	place->hidden = !visible;
	if (visible)
		ledger_account(ledger, entry, 1, stays);
	if (visible && moves)
		ledger_order_add(&ledger->order, entry);
}

/* Whether `e` is as good as the record that the entry was kept from, whose transcript is gone: it was moved.
 */
static bool takes_its_place(const struct ledger *ledger, const struct ledger_entry *e,
			    const struct ledger_entry *old)
{
	return ledger_files_of(&ledger->files, old)->gone && !ledger_files_of(&ledger->files, e)->gone
	       && ledger_entries_is_same(e, old);
}

/*
 * A further record `e` of an entry's message and request. The best one of all is the entry; where ccusage
 * loses that one, the best of the rest is its twin, because ccusage counts that one.
 */
static int merge(struct ledger *ledger, struct ledger_crowd *crowd, uint32_t entry, struct ledger_entry *e)
{
	struct ledger_entry old = ledger->entries.list[entry];
	/* Its place in lists is that of the first line, whichever record is kept. */
	if (ledger_files_compare(&ledger->files, old.first_place, e->first_place) < 0)
		e->first_place = old.first_place;
	ledger->entries.list[entry].first_place = old.first_place = e->first_place;
	if (!ledger_sessions_reserve(&ledger->sessions, ledger_entries_session(&ledger->entries, entry),
				     e->model))
		return -1;
	if (ledger_entries_is_better(&ledger->entries, e, &old) || takes_its_place(ledger, e, &old)) {
		if (!e->lost) {
			ledger_entries_drop_twin(&ledger->entries, entry);
		} else {
			if (!old.lost && !ledger_entries_set_twin(&ledger->entries, entry, &old))
				return -1;
			e->reference_usd = old.reference_usd;
		}
		if (!crowd) {
			replace(ledger, entry, e);
			settle(ledger, e->id_hash);
			return 1;
		}
		ledger_crowd_take_out(crowd, entry);
		replace(ledger, entry, e);
		ledger_crowd_put_back(crowd, entry);
		settle_crowd(ledger, crowd, e->time_ms, entry);
		settle_crowd(ledger, crowd, old.time_ms, entry);
		return 1;
	}
	if (!old.lost || e->lost)
		return 0;
	struct ledger_entry *twin = ledger_entries_twin(&ledger->entries, entry);
	if (twin && !ledger_entries_is_better(&ledger->entries, e, twin))
		return 0;
	if (!ledger_entries_set_twin(&ledger->entries, entry, e))
		return -1;
	double reference_usd = e->reference_usd;
	*e = old;
	e->reference_usd = reference_usd;
	replace(ledger, entry, e);
	return 1;
}

/* Keeps the limit marker that an entry is. */
static void note_limit(struct ledger *ledger, const struct ledger_entry *e,
		       const struct ledger_record *record)
{
	const struct ledger_marker marker = { .time_ms = e->time_ms,
					      .resets_ms = record->limit_resets_ms,
					      .place = e->place,
					      .has_entry = true,
					      .old_form = record->limit_is_old_form };
	ledger_limits_add(&ledger->limits, &marker, record->limit_name);
}

/*
 * The entry of the same message and request, LEDGER_NONE without one; *looked_at: how many others of that
 * message.
 */
static uint32_t find_same(const struct ledger *ledger, const struct ledger_entry *e, unsigned *looked_at)
{
	*looked_at = 0;
	for (uint32_t at = ledger_entries_first(&ledger->entries, e->id_hash); at != LEDGER_NONE;
	     at = ledger->entries.list[at].next) {
		if (ledger->entries.list[at].id_hash != e->id_hash)
			continue;
		if (ledger->entries.list[at].request_hash == e->request_hash)
			return at;
		++*looked_at;
	}
	return LEDGER_NONE;
}

/* Where an entry is, or belongs. */
struct seat {
	struct ledger_crowd *crowd;  /* NULL: its message has no crowd */
	uint32_t at;                 /* the entry of the same request; LEDGER_NONE without one */
	unsigned same;               /* how many others of its message were looked at */
};

static struct seat find_seat(const struct ledger *ledger, const struct ledger_entry *e)
{
	struct seat seat = { .crowd = ledger_crowds_find(&ledger->crowds, e->id_hash) };
	seat.at = seat.crowd ? ledger_crowd_find(seat.crowd, e->request_hash)
			     : find_same(ledger, e, &seat.same);
	return seat;
}

uint32_t ledger_find_entry(const struct ledger *ledger, const struct ledger_entry *e)
{
	return find_seat(ledger, e).at;
}

/* Makes a crowd of the others when there are many. Returns false when memory ran out. */
static bool seat_crowd(struct ledger *ledger, const struct ledger_entry *e, struct seat *seat)
{
	if (seat->same >= LEDGER_CROWD_MIN)
		seat->crowd = ledger_crowds_make(&ledger->crowds, e->id_hash);
	return seat->same < LEDGER_CROWD_MIN || seat->crowd;
}

uint32_t ledger_insert_entry(struct ledger *ledger, const struct ledger_entry *e)
{
	struct seat seat = find_seat(ledger, e);
	return seat_crowd(ledger, e, &seat) ? insert(ledger, seat.crowd, e) : LEDGER_NONE;
}

/* Adds the entry `e`, or merges it. Returns as ledger_add_record() does. */
static int add_entry(struct ledger *ledger, struct ledger_entry *e, int file,
		     const struct ledger_record *record)
{
	bool noting = ledger->unsaved.noting;
	struct seat seat = find_seat(ledger, e);
	int claimed;
	if (seat.at == LEDGER_NONE || ledger_archive_is_half(ledger, e->id_hash)) {
		if (!ledger_archive_look_up(ledger, e->id_hash))
			return -1;
		ledger->unsaved.noting = noting;
		seat = find_seat(ledger, e);
	}
	struct ledger_crowd *crowd = seat.crowd;
	uint32_t at = seat.at;
	if (at != LEDGER_NONE) {
		int merged = merge(ledger, crowd, at, e);
		claimed = ledger_take_claim(ledger, at, file, record);
		return merged < 0 || claimed < 0 ? -1 : merged | claimed;
	}
	if (!seat_crowd(ledger, e, &seat))
		return -1;
	crowd = seat.crowd;
	at = insert(ledger, crowd, e);
	if (at == LEDGER_NONE)
		return -1;
	/* Before it counts: money that is taken out again would leave rounding behind. */
	claimed = ledger_take_claim(ledger, at, file, record);
	bool changed = crowd ? settle_crowd(ledger, crowd, e->time_ms, at) : settle(ledger, e->id_hash);
	return claimed < 0 ? -1 : changed || claimed > 0;
}

int ledger_add_record(struct ledger *ledger, int file, const struct ledger_record *record)
{
	struct ledger_entry e;
	/* What is archived with all that its line says comes again for its other facts. */
	if (ledger->archive.calls && record->offset < ledger->files.list[file].saved_to)
		return 0;
	ledger->unsaved.noting = ledger->unsaved.wanted && !record->is_settled
				 && record->offset >= ledger->files.list[file].saved_to;
	if (!ledger_name_file(ledger, file, record))
		return -1;
	if (ledger_guard_refuses(ledger, file, record))
		return 0;
	if (!ledger_make_entry(ledger, file, record, &e))
		return -1;
	if (!record->is_settled)
		ledger_branches_note(&ledger->branches, (uint32_t)file, record->offset, record->branch);
	/* A copied line says nothing about when its transcript's own session worked. */
	if (!record->payer_is_told)
		ledger_sessions_note_time(&ledger->sessions, ledger->files.list[file].session,
					  record->time_ms);
	if (record->is_limit)
		note_limit(ledger, &e, record);
	else
		ledger_models_note_answer(&ledger->models, &e);
	return add_entry(ledger, &e, file, record);
}

int ledger_add(struct ledger *ledger, int file, int64_t offset, const struct scan_usage *usage)
{
	struct ledger_record record;
	struct scan_usage advisor;
	struct scan_cursor cursor = { 0 };
	ledger_record_make(usage, offset, &record);
	int result = ledger_add_record(ledger, file, &record);
	while (result >= 0 && scan_next_advisor(usage, &cursor, &advisor)) {
		ledger_record_make(&advisor, offset, &record);
		int added = ledger_add_record(ledger, file, &record);
		result = added < 0 ? -1 : result | added;
	}
	return result;
}

void ledger_note_kept_limit(struct ledger *ledger, int file, const struct ledger_record *record,
			    bool in_message)
{
	const struct ledger_marker marker = { .time_ms = record->time_ms,
					      .resets_ms = record->limit_resets_ms,
					      .place = ledger_place(file, record->offset),
					      .has_entry = in_message,
					      .old_form = record->limit_is_old_form };
	if (record->time_ms > 0 && ledger_offset_fits(record->offset)
	    && !ledger_guard_refuses(ledger, file, record))
		ledger_limits_add(&ledger->limits, &marker, record->limit_name);
}

void ledger_note_limit(struct ledger *ledger, int file, int64_t offset, int64_t time_ms,
		       const struct scan_limit *limit)
{
	ledger_note_kept_limit(ledger, file,
			       &(struct ledger_record){ .time_ms = time_ms,
							.offset = offset,
							.limit_resets_ms = ledger_limit_resets_ms(limit),
							.limit_is_old_form = limit->old_form,
							.limit_name = limit->name },
			       false);
}
