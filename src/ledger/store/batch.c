#include "ledger/store/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ledger/store/price_text.h"
#include "ledger/store/schema.h"

struct store_batch *store_batch_new(struct store_roots *roots)
{
	struct store_batch *batch = calloc(1, sizeof(*batch));
	if (batch)
		batch->roots = roots;
	return batch;
}

static size_t add_text(struct store_batch *batch, const char *text, size_t len)
{
	size_t at = batch->text.len;
	buf_append(&batch->text, text, len);
	buf_append_char(&batch->text, '\0');
	return at;
}

const char *store_batch_text(const struct store_batch *batch, size_t at)
{
	return at == SIZE_MAX ? NULL : batch->text.data + at;
}

/* The index of a transcript, which is added if need be; SIZE_MAX when memory ran out. */
static size_t find_transcript(struct store_batch *batch, const struct ledger_kept *kept)
{
	struct buf *name = &batch->name;
	buf_clear(name);
	buf_append_str(name, kept->path);
	buf_append(name, (const char *)&kept->version, sizeof(kept->version));
	size_t known =
		name->failed ? 0 : (size_t)(uintptr_t)strmap_get_len(&batch->by_name, name->data, name->len);
	if (known > 0)
		return known - 1;
	if (!array_reserve(&batch->transcripts, &batch->transcript_cap, batch->transcript_count + 1,
			   sizeof(*batch->transcripts))
	    || name->failed
	    || !strmap_put_len(&batch->by_name, name->data, name->len,
			       (void *)(batch->transcript_count + 1)))
		return SIZE_MAX;
	const char *real = store_roots_real(batch->roots, kept->path, kept->root_len);
	size_t root_len = real ? strlen(real) + 1 : kept->root_len;
	AUTO_BUF path = BUF_INIT;
	buf_printf(&path, "%s%s", real ? real : "", kept->path + (real ? kept->root_len - 1 : 0));
	if (path.failed)
		return SIZE_MAX;
	batch->transcripts[batch->transcript_count] = (struct store_transcript){
		.path = add_text(batch, path.data, path.len),
		.session = add_text(batch, kept->session_id, strlen(kept->session_id)),
		.root_len = root_len,
		.version = kept->version,
		.session_first_ms = kept->session_first_ms,
		.session_last_ms = kept->session_last_ms,
		.subagent = kept->subagent,
		.gone = kept->gone,
	};
	return batch->transcript_count++;
}

/* The same line has the same key in every process: it has no id, but a place. */
static uint64_t key_of_place(const struct ledger_kept *kept, const char *path)
{
	const struct ledger_record *record = &kept->record;
	const uint64_t own[] = { strmap_hash(path, strlen(path)),
				 (uint64_t)record->offset,
				 (uint64_t)record->time_ms,
				 (uint64_t)record->tokens.input,
				 (uint64_t)record->tokens.output,
				 (uint64_t)record->tokens.cache_creation_5m,
				 (uint64_t)record->tokens.cache_creation_1h,
				 (uint64_t)record->tokens.cache_read };
	return strmap_hash(own, sizeof(own));
}

static bool add_claims(struct store_batch *batch, struct store_message *message,
		       const struct ledger_kept *kept)
{
	message->first_claim = batch->claim_count;
	message->claim_count = kept->claim_count;
	if (!array_reserve(&batch->claims, &batch->claim_cap, batch->claim_count + kept->claim_count,
			   sizeof(*batch->claims)))
		return false;
	for (size_t i = 0; i < kept->claim_count; i++) {
		const struct ledger_kept_claim *claim = &kept->claims[i];
		batch->claims[batch->claim_count++] = (struct store_claim){
			.from = add_text(batch, claim->from, strlen(claim->from)),
			.to = add_text(batch, claim->to, strlen(claim->to)),
			.told = claim->told,
		};
	}
	return true;
}

void store_batch_add(struct store_batch *batch, const struct ledger_kept *kept)
{
	size_t transcript = find_transcript(batch, kept);
	if (transcript == SIZE_MAX
	    || !array_reserve(&batch->messages, &batch->message_cap, batch->message_count + 1,
			      sizeof(*batch->messages))) {
		batch->failed = true;
		return;
	}
	const struct ledger_record *record = &kept->record;
	struct store_message *message = &batch->messages[batch->message_count++];
	*message = (struct store_message){
		.record = *record,
		.cost_usd = kept->cost_usd,
		.reference_usd = kept->reference_usd,
		.unpriced = kept->unpriced,
		.hidden = kept->hidden,
		.key = record->has_id
			     ? record->id_hash
			     : key_of_place(kept,
					    store_batch_text(batch, batch->transcripts[transcript].path)),
		.transcript = transcript,
		.model = record->model.data ? add_text(batch, record->model.data, record->model.len)
					    : SIZE_MAX,
		.branch = kept->branch && kept->branch[0]
				  ? add_text(batch, kept->branch, strlen(kept->branch))
				  : SIZE_MAX,
		.payer = record->payer.data ? add_text(batch, record->payer.data, record->payer.len)
					    : SIZE_MAX,
	};
	if (kept->claim_count > 0 && !add_claims(batch, message, kept))
		batch->failed = true;
	batch->failed = batch->failed || batch->text.failed;
}

/* What is wrong with a transcript's lines, as JSON. */
static size_t add_faults(struct store_batch *batch, const struct store_progress *progress)
{
	AUTO_BUF text = BUF_INIT;
	struct jsonw w;
	if (malformed_count(&progress->malformed) == 0 && !progress->has_skipped)
		return SIZE_MAX;
	jsonw_init(&w, &text);
	jsonw_begin_object(&w);
	malformed_write(&progress->malformed, &w);
	jsonw_put_bool(&w, STORE_SKIPPED_KEY, progress->has_skipped);
	jsonw_end_object(&w);
	batch->failed = batch->failed || text.failed;
	return text.failed ? SIZE_MAX : add_text(batch, text.data, text.len);
}

void store_batch_add_transcript(struct store_batch *batch, const struct ledger_kept *transcript,
				const struct store_progress *progress)
{
	size_t at = find_transcript(batch, transcript);
	if (at == SIZE_MAX || batch->text.failed) {
		batch->failed = true;
		return;
	}
	batch->transcripts[at].gone = transcript->gone;
	if (!progress)
		return;
	batch->transcripts[at].has_progress = true;
	batch->transcripts[at].progress = *progress;
	batch->transcripts[at].faults = add_faults(batch, progress);
	batch->failed = batch->failed || batch->text.failed;
}

void store_batch_add_hit(struct store_batch *batch, const struct ledger_kept *transcript,
			 const struct store_hit *hit)
{
	struct store_hit own = *hit;
	own.transcript = find_transcript(batch, transcript);
	if (own.transcript == SIZE_MAX || batch->text.failed || !store_facts_add_hit(&batch->facts, &own))
		batch->failed = true;
}

void store_batch_add_reading(struct store_batch *batch, const char *root, const struct rate_limit *limit)
{
	const struct store_reading own = { .root = add_text(batch, root, strlen(root)), .limit = *limit };
	if (batch->text.failed || !store_facts_add_reading(&batch->facts, &own))
		batch->failed = true;
}

void store_batch_add_told(struct store_batch *batch, const struct store_told *told)
{
	if (!store_facts_add_told(&batch->facts, told))
		batch->failed = true;
}

void store_batch_add_alert(struct store_batch *batch, const struct store_alert *alert)
{
	if (!store_facts_add_alert(&batch->facts, alert))
		batch->failed = true;
}

void store_batch_add_price(struct store_batch *batch, const char *model, const struct price *price,
			   double factor, int64_t now_ms)
{
	AUTO_BUF text = BUF_INIT;
	store_price_text(price, factor, &text);
	const struct store_price own = { .model = add_text(batch, model, strlen(model)),
					 .text = add_text(batch, buf_str(&text), text.len),
					 .since_ms = now_ms };
	if (text.failed || batch->text.failed || !store_facts_add_price(&batch->facts, &own))
		batch->failed = true;
}

void store_batch_set_meta(struct store_batch *batch, const char *key, const char *value)
{
	if (batch->meta_count == STORE_BATCH_METAS_MAX || strlen(value) >= STORE_META_MAX_BYTES) {
		batch->failed = true;
		return;
	}
	batch->metas[batch->meta_count++] = (struct store_meta){
		.key = add_text(batch, key, strlen(key)),
		.value = add_text(batch, value, strlen(value)),
	};
	batch->failed = batch->failed || batch->text.failed;
}

void store_batch_free(struct store_batch *batch)
{
	if (!batch)
		return;
	free(batch->transcripts);
	free(batch->messages);
	store_facts_release(&batch->facts);
	free(batch->claims);
	buf_release(&batch->text);
	buf_release(&batch->name);
	strmap_release(&batch->by_name);
	free(batch);
}
