#include "usage/ledger_record.h"

#include <string.h>

#include "base/strmap.h"

/* Longer ids are hashed as they are written. */
#define ID_MAX 256

/* An id's hash: by what it says, however it is written. */
static uint64_t hash_text(struct slice text)
{
	char plain[ID_MAX];
	size_t len;
	if (memchr(text.data, '\\', text.len) && slice_to_text(text, plain, sizeof(plain), &len))
		return strmap_hash(plain, len);
	return strmap_hash(text.data, text.len);
}

void ledger_record_make(const struct scan_usage *usage, int64_t offset, struct ledger_record *out)
{
	*out = (struct ledger_record){
		.time_ms = usage->timestamp_ms,
		.offset = offset,
		.tokens = usage->tokens,
		.cost_usd = usage->cost_usd,
		.advisor = usage->advisor,
		.model = usage->model,
		.has_id = usage->message_id.data != NULL,
		.has_cost = usage->has_cost,
		.has_speed = usage->has_speed,
		.fast = usage->fast,
		.sidechain = usage->sidechain,
		.lost_by_reference = (usage->faults & (SCAN_FAULT_NULL | SCAN_FAULT_SPACE)) != 0,
	};
	if (!out->has_id)
		return;
	out->id_hash = hash_text(usage->message_id);
	if (usage->request_id.data)
		out->request_hash = (uint32_t)hash_text(usage->request_id) | 1;
}
