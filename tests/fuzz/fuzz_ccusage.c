/* What ccusage printed: an answer that is believed has figures in range, and one that is not a reason. */
#include <math.h>

#include "base/printable.h"
#include "fuzz.h"
#include "ccusage/answer.h"

static void check_count(int64_t count)
{
	FUZZ_CHECK(count >= 0 && (double)count <= 4. * CCUSAGE_MAX_TOKENS, "%lld tokens", (long long)count);
}

/* NaN: not known. */
static void check_rate(double rate, double max)
{
	FUZZ_CHECK(isnan(rate) || (rate >= 0. && rate <= max), "a rate of %g", rate);
}

static void check_block(const struct billing_block *block)
{
	check_count(block->input_tokens);
	check_count(block->output_tokens);
	check_count(block->cache_creation_tokens);
	check_count(block->cache_read_tokens);
	check_count(block->total_tokens);
	FUZZ_CHECK(block->cost_usd >= 0. && block->cost_usd <= CCUSAGE_MAX_USD, "%g USD", block->cost_usd);
	check_rate(block->tokens_per_minute, CCUSAGE_MAX_TOKENS);
	check_rate(block->indicator_tokens_per_minute, CCUSAGE_MAX_TOKENS);
	check_rate(block->cost_per_hour_usd, CCUSAGE_MAX_USD * 3600.);
	FUZZ_CHECK(block->end_ms >= block->start_ms && block->start_ms > 0, "%lld to %lld",
		   (long long)block->start_ms, (long long)block->end_ms);
	FUZZ_CHECK(block->model_count <= BILLING_MODELS_MAX, "%zu models", block->model_count);
	for (size_t i = 0; i < block->model_count; i++)
		FUZZ_CHECK(memchr(block->models[i], '\0', BILLING_MODEL_NAME_MAX),
			   "a model's name without end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct billing_block block;
	struct buf error = BUF_INIT;
	fuzz_begin();
	memset(&block, 0xA5, sizeof(block));
	if (ccusage_answer_parse((const char *)data, size, &block, &error) != 0)
		FUZZ_CHECK(error.len > 0, "refused without a reason");
	else if (block.present)
		check_block(&block);
	buf_release(&error);
	return 0;
}
