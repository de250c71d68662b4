/* One line of a transcript: scan against json-c and the rules written down a second time; then what is made
 * of it. */
#include <math.h>

#include "fuzz.h"
#include "tests/unit/scan_oracle.h"
#include "ledger/cost_state.h"
#include "ledger/record.h"
#include "transcript/find.h"

static void check_tokens(const struct price_tokens *tokens)
{
	const int64_t counts[] = { tokens->input, tokens->output, tokens->cache_creation_5m,
				   tokens->cache_creation_1h, tokens->cache_read };
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		FUZZ_CHECK(counts[i] >= 0 && counts[i] <= INT64_C(1) << 53, "%lld tokens",
			   (long long)counts[i]);
}

static void check_record(const struct scan_usage *usage)
{
	struct ledger_record record;
	ledger_record_make(usage, 7, &record);
	check_tokens(&record.tokens);
	FUZZ_CHECK(!record.has_cost || (record.cost_usd >= 0. && isfinite(record.cost_usd)), "%g USD",
		   record.cost_usd);
}

/* A transcript that is read whole passes over lines without looking at them: never over one with a record. */
static void check_is_found(const char *line, size_t len)
{
	const char *hit = scan_find_usage(line, line + len);
	FUZZ_CHECK(scan_may_have_usage(line, len), "a record is passed over: %.*s", (int)len, line);
	FUZZ_CHECK(hit && scan_hit_may_count(line, hit, line + len), "a record is passed over: %.*s",
		   (int)len, line);
}

static void check_facts(const struct scan_facts *facts, const char *line, size_t len)
{
	char text[200];
	struct scan_usage advisor;
	struct scan_cursor cursor = { 0 };
	size_t advisors = 0;
	size_t text_len = scan_unescape(facts->preview, text, sizeof(text), 80);
	FUZZ_CHECK(text_len < sizeof(text) && text[text_len] == '\0', "%zu bytes of preview", text_len);
	fuzz_check_shown("preview", text, text_len, false);
	if (facts->has_cost_state) {
		struct cost_state state;
		cost_state_take(facts, &state);
		FUZZ_CHECK(state.total_usd >= 0. && isfinite(state.total_usd), "%g USD", state.total_usd);
		FUZZ_CHECK(state.model_count <= COST_STATE_MODELS_MAX, "%zu models", state.model_count);
	}
	if (!facts->usage.present)
		return;
	check_is_found(line, len);
	check_record(&facts->usage);
	while (scan_next_advisor(&facts->usage, &cursor, &advisor)) {
		check_record(&advisor);
		FUZZ_CHECK(++advisors <= len, "advisors without end");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data;
	struct scan_facts facts;
	fuzz_begin();
	if (size > SCAN_ORACLE_LINE_MAX_BYTES || memchr(data, '\n', size))
		return -1;
	enum scan_oracle_says says = scan_oracle_compare(line, size);
	FUZZ_CHECK(says < SCAN_ORACLE_DISAGREES, "%s: %.*s", scan_oracle_text(says), (int)size, line);
	if (scan_line(line, size, &facts, NULL, NULL))
		check_facts(&facts, line, size);
	return 0;
}
