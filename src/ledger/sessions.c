#include "ledger/sessions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "transcript/path.h"

int ledger_sessions_find(const struct ledger_sessions *sessions, const char *session_id)
{
	return (int)(uintptr_t)strmap_get(&sessions->by_id, session_id) - 1;
}

int ledger_sessions_add_len(struct ledger_sessions *sessions, struct slice id)
{
	char text[TRANSCRIPT_SESSION_ID_MAX + 1];
	size_t len = id.len < sizeof(text) ? id.len : sizeof(text) - 1;
	memcpy(text, id.data, len);
	text[len] = '\0';
	return ledger_sessions_add(sessions, text);
}

int ledger_sessions_add(struct ledger_sessions *sessions, const char *session_id)
{
	int known = ledger_sessions_find(sessions, session_id);
	if (known >= 0)
		return known;
	if (!array_reserve(&sessions->list, &sessions->cap, sessions->count + 1, sizeof(*sessions->list)))
		return -1;
	/* A number in a pointer's place: the map holds no memory for it. */
	if (!strmap_put(&sessions->by_id, session_id, (void *)(sessions->count + 1)))
		return -1;
	sessions->list[sessions->count] =
		(struct ledger_session_row){ .id = strmap_key(&sessions->by_id, session_id) };
	return (int)sessions->count++;
}

bool ledger_sessions_reserve(struct ledger_sessions *sessions, uint32_t session, size_t model)
{
	struct ledger_session_row *row = &sessions->list[session];
	size_t len = row->by_model_len;
	/* To the byte: there are many sessions, and most use one or two models. */
	if (model < len)
		return true;
	struct ledger_sums *grown = realloc(row->by_model, (model + 1) * sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + len, 0, (model + 1 - len) * sizeof(*grown));
	row->by_model = grown;
	row->by_model_len = model + 1;
	return true;
}

uint32_t ledger_sessions_link_claim(struct ledger_sessions *sessions, uint32_t session, uint32_t claim)
{
	uint32_t before = sessions->list[session].claims;
	sessions->list[session].claims = claim + 1;
	return before - 1;
}

void ledger_sessions_note_time(struct ledger_sessions *sessions, uint32_t session, int64_t time_ms)
{
	struct ledger_session_row *row = &sessions->list[session];
	if (row->first_ms == 0 || time_ms < row->first_ms)
		row->first_ms = time_ms;
	if (time_ms > row->last_ms)
		row->last_ms = time_ms;
}

/* ---- changes ---- */

static void note_change(struct ledger_sessions *sessions, uint32_t session)
{
	struct ledger_session_row *row = &sessions->list[session];
	if (row->changed)
		return;
	row->changed = true;
	row->next_changed = sessions->changed;
	sessions->changed = session + 1;
}

const char *ledger_sessions_next_changed(struct ledger_sessions *sessions)
{
	if (sessions->changed == 0)
		return NULL;
	struct ledger_session_row *row = &sessions->list[sessions->changed - 1];
	sessions->changed = row->next_changed;
	row->changed = false;
	return row->id;
}

/* ---- sums ---- */

static void account_part(struct ledger_block_part *part, const struct ledger_entry *entry, int sign,
			 bool stays)
{
	if (part->block_ms == 0 || entry->time_ms < part->block_ms || entry->time_ms >= part->next_ms)
		return;
	part->usd += sign * entry->cost_usd;
	if (stays)
		return;
	if (sign < 0) {
		part->block_ms = 0;  /* it may have been the first or the last */
		return;
	}
	part->first_ms = entry->time_ms < part->first_ms ? entry->time_ms : part->first_ms;
	part->last_ms = entry->time_ms > part->last_ms ? entry->time_ms : part->last_ms;
}

void ledger_sessions_account(struct ledger_sessions *sessions, uint32_t session,
			     const struct ledger_entry *entry, int sign, bool stays)
{
	struct ledger_session_row *row = &sessions->list[session];
	ledger_sums_add_entry(&row->by_model[entry->model], entry, sign);
	account_part(&row->part, entry, sign, stays);
	note_change(sessions, session);
}

void ledger_sessions_account_subagent(struct ledger_sessions *sessions, uint32_t session, double usd,
				      int transcripts)
{
	sessions->list[session].subagents_usd += usd;
	sessions->list[session].subagents += (uint64_t)(int64_t)transcripts;
}

void ledger_sessions_forget_sums(struct ledger_sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++) {
		struct ledger_session_row *row = &sessions->list[i];
		if (row->by_model_len > 0)
			memset(row->by_model, 0, row->by_model_len * sizeof(*row->by_model));
		row->subagents_usd = 0.;
		row->subagents = 0;
		row->part.block_ms = 0;
		row->has_base = row->lacks_base = false;
	}
}

void ledger_sessions_forget_claims(struct ledger_sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++)
		sessions->list[i].claims = 0;
}

/* ---- the active block ---- */

/* Goes through the block for the session's part in it. */
static void find_part(struct ledger_block_part *part, uint32_t session, const struct ledger_order *order,
		      const struct ledger_range *block, int64_t next_ms)
{
	*part = (struct ledger_block_part){ ledger_order_time(order, block->first), next_ms, INT64_MAX,
					    INT64_MIN, 0 };
	for (size_t i = block->first; i <= block->last; i++) {
		const struct ledger_entry *entry = ledger_order_at(order, i);
		if (ledger_entries_session(order->entries, order->list[i]) != session)
			continue;
		if (part->first_ms == INT64_MAX)
			part->first_ms = entry->time_ms;
		part->last_ms = entry->time_ms;
		part->usd += entry->cost_usd;
	}
}

double ledger_sessions_usd_per_hour(struct ledger_sessions *sessions, uint32_t session,
				    const struct ledger_order *order, const struct ledger_range *block,
				    int64_t next_ms)
{
	struct ledger_block_part *part = &sessions->list[session].part;
	if (part->block_ms != ledger_order_time(order, block->first) || part->next_ms != next_ms)
		find_part(part, session, order, block, next_ms);
	if (part->last_ms <= part->first_ms)
		return NAN;
	return part->usd / ((double)(part->last_ms - part->first_ms) / (double)CLOCK_HOUR_MS);
}

void ledger_sessions_release(struct ledger_sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++)
		free(sessions->list[i].by_model);
	strmap_release(&sessions->by_id);
	free(sessions->list);
}
