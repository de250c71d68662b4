#include "ledger/record.h"

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

/* 2020-01-01 and 2100-01-01. */
#define EARLIEST_RESET_S INT64_C(1577836800)
#define LATEST_RESET_S INT64_C(4102444800)

int64_t ledger_limit_resets_ms(const struct scan_limit *limit)
{
	if (!limit->present || limit->resets_at_s < EARLIEST_RESET_S || limit->resets_at_s > LATEST_RESET_S)
		return 0;
	return limit->resets_at_s * 1000;
}

bool ledger_model_is_silent(struct slice model, unsigned advisor)
{
	return !model.data || (advisor == 0 && slice_equals(model, "<synthetic>"));
}

void ledger_record_make(const struct scan_usage *usage, int64_t offset, struct ledger_record *out)
{
	*out = (struct ledger_record){
		.time_ms = usage->timestamp_ms,
		.offset = offset,
		.tokens = usage->tokens,
		.reference_tokens = usage->reference_tokens,
		.large = usage->large,
		.in_parts = usage->in_parts,
		.has_reference_tokens = (usage->faults & SCAN_FAULTS_TOKENS) != 0,
		.cost_usd = usage->cost_usd,
		.extras = usage->extras,
		.advisor = usage->advisor,
		.model = usage->model,
		.payer = usage->payer,
		.payer_is_told = usage->payer_is_told,
		.branch = usage->branch,
		.has_id = usage->message_id.data != NULL,
		.has_cost = usage->has_cost,
		.has_speed = usage->has_speed,
		.fast = usage->fast,
		.sidechain = usage->sidechain,
		.lost_by_reference = (usage->faults & SCAN_FAULTS_LOST) != 0,
		.limit_resets_ms = usage->advisor == 0 ? ledger_limit_resets_ms(&usage->limit) : 0,
		.is_limit = usage->advisor == 0 && usage->limit.present,
		.limit_is_old_form = usage->limit.old_form,
		.limit_name = usage->advisor == 0 ? usage->limit.name : (struct slice){ NULL, 0 },
	};
	if (!usage->message_id.data)
		return;
	out->id_hash = hash_text(usage->message_id);
	if (usage->request_id.data)
		out->request_hash = (uint32_t)hash_text(usage->request_id) | 1;
}
