/*
 * The ledger's usage limits: the markers that Claude Code writes when one was hit. There are few, so all are looked at.
 */
#include "base/clock.h"
#include "ledger/internal.h"

/* A limit by the month is the longest there is: what says more is not believed for what is in force. */
#define LONGEST_LIMIT_MS (32 * CLOCK_DAY_MS)

static bool is_known(const struct ledger *ledger, const struct ledger_limit_row *row)
{
	for (size_t i = 0; i < ledger->limit_count; i++) {
		const struct ledger_limit_row *known = &ledger->limits[i];
		if (known->place == row->place && known->time_ms == row->time_ms && known->resets_ms == row->resets_ms)
			return true;
	}
	return false;
}

/* The row that a new one takes; NULL when there is none for it. */
static struct ledger_limit_row *make_room(struct ledger *ledger, const struct ledger_limit_row *row)
{
	if (ledger->limit_count < LEDGER_LIMITS_MAX) {
		if (!ledger_grow(&ledger->limits, ledger->limit_count, &ledger->limit_cap, sizeof(*ledger->limits)))
			return NULL;  /* the figures are right without it */
		return &ledger->limits[ledger->limit_count++];
	}
	struct ledger_limit_row *oldest = &ledger->limits[0];
	for (size_t i = 1; i < ledger->limit_count; i++)
		if (ledger->limits[i].time_ms < oldest->time_ms)
			oldest = &ledger->limits[i];
	return oldest->time_ms < row->time_ms ? oldest : NULL;
}

static void keep(struct ledger *ledger, const struct ledger_limit_row *row)
{
	struct ledger_limit_row *place = is_known(ledger, row) ? NULL : make_room(ledger, row);
	if (place)
		*place = *row;
}

void ledger_limit_of_entry(struct ledger *ledger, const struct ledger_entry *entry, const struct ledger_record *record)
{
	const struct ledger_limit_row row = { .time_ms = entry->time_ms, .resets_ms = record->limit_resets_ms,
					      .place = entry->place, .kind = record->limit_kind, .has_entry = true,
					      .old_form = record->limit_is_old_form };
	keep(ledger, &row);
}

void ledger_note_limit(struct ledger *ledger, int file, int64_t offset, int64_t time_ms, const struct scan_limit *limit)
{
	const struct ledger_limit_row row = { .time_ms = time_ms, .resets_ms = ledger_limit_resets_ms(limit),
					      .place = (uint64_t)file << LEDGER_OFFSET_BITS | (uint64_t)offset,
					      .kind = (uint8_t)limit->kind, .old_form = limit->old_form };
	if (row.resets_ms > 0 && time_ms > 0 && offset >= 0 && offset >> LEDGER_OFFSET_BITS == 0)
		keep(ledger, &row);
}

/* The later one; of two at the same time the one that lasts longer. */
static bool is_later(const struct ledger_limit_row *a, const struct ledger_limit_row *b)
{
	return a->time_ms != b->time_ms ? a->time_ms > b->time_ms : a->resets_ms > b->resets_ms;
}

bool ledger_limit_in_force(const struct ledger *ledger, int64_t now_ms, struct ledger_limit *out)
{
	const struct ledger_limit_row *found = NULL;
	for (size_t i = 0; i < ledger->limit_count; i++) {
		const struct ledger_limit_row *row = &ledger->limits[i];
		if (row->resets_ms > now_ms && row->resets_ms - row->time_ms <= LONGEST_LIMIT_MS
		    && (!found || is_later(row, found)))
			found = row;
	}
	if (!found)
		return false;
	const struct ledger_file *file = &ledger->files[found->place >> LEDGER_OFFSET_BITS];
	*out = (struct ledger_limit){ .noted_ms = found->time_ms, .resets_ms = found->resets_ms,
				      .kind = (enum scan_limit_kind)found->kind,
				      .session_id = ledger->sessions[file->session].id };
	return true;
}

/* Whether the marker's line is an entry of the block that counts: not one that lost to another record. */
static bool counts_in(const struct ledger *ledger, const struct ledger_span *span, const struct ledger_limit_row *row)
{
	for (size_t i = span->first; i <= span->last; i++) {
		const struct ledger_entry *e = &ledger->entries[ledger->order[i]];
		if (e->limit && e->place == row->place && e->time_ms == row->time_ms)
			return true;
	}
	return false;
}

static void take_first(int64_t *resets_ms, int64_t *time_ms, const struct ledger_limit_row *row)
{
	if (*resets_ms > 0 && (*time_ms < row->time_ms || (*time_ms == row->time_ms && *resets_ms <= row->resets_ms)))
		return;
	*resets_ms = row->resets_ms;
	*time_ms = row->time_ms;
}

void ledger_limits_of_block(const struct ledger *ledger, const struct ledger_span *span, struct ledger_block *out)
{
	int64_t first_ms = 0, reference_first_ms = 0;
	for (size_t i = 0; i < ledger->limit_count; i++) {
		const struct ledger_limit_row *row = &ledger->limits[i];
		if (row->time_ms < out->first_ms || row->time_ms >= out->end_ms + LEDGER_BLOCK_MS)
			continue;
		if (row->has_entry ? !counts_in(ledger, span, row) : row->old_form || row->time_ms >= out->end_ms)
			continue;
		take_first(&out->limit_resets_ms, &first_ms, row);
		if (row->old_form)
			take_first(&out->reference_limit_resets_ms, &reference_first_ms, row);
	}
}
