/* What ccusage is expected to count, as a ledger: each record is an entry of its own, at ccusage's price. */
#include "base/buf.h"
#include "swatch/verify/verify.h"

/* The file's number in the ledger, filed as ccusage files it; rows.c takes the two names apart again. */
static int add_expected_file(struct ledger *ledger, const struct reference_file *file)
{
	AUTO_BUF name = BUF_INIT;
	buf_printf(&name, "%s\n%s", file->session, file->project);
	return name.failed ? -1 : ledger_add_file(ledger, file->path, file->root_len, buf_str(&name), false);
}

static int64_t cut(int64_t count)
{
	return count < UINT32_MAX ? count : UINT32_MAX;
}

struct price_tokens verify_cut_tokens(const struct price_tokens *t)
{
	return (struct price_tokens){ cut(t->input), cut(t->output), cut(t->cache_creation_5m),
				      cut(t->cache_creation_1h), cut(t->cache_read) };
}

static struct ledger *make_expected(const struct reference *reference, const bool *kept)
{
	struct ledger *ledger = ledger_new();
	int file = -1;
	uint32_t file_of = UINT32_MAX;
	for (size_t i = 0; ledger && i < reference_count(reference); i++) {
		const struct reference_record *r = reference_record_at(reference, i);
		if (!kept[i])
			continue;
		if (r->file != file_of)
			file = add_expected_file(ledger, reference_file_at(reference, r->file));
		file_of = r->file;
		struct ledger_record record = {
			.time_ms = r->time_ms, .offset = r->offset, .tokens = verify_cut_tokens(&r->tokens),
			.cost_usd = r->usd, .has_cost = true, .advisor = r->advisor, .fast = r->fast,
			.has_speed = r->has_speed, .model = reference_model(reference, r),
			.limit_resets_ms = r->new_limit ? 0 : r->limit_resets_ms, .limit_is_old_form = true,
			.is_limit = !r->new_limit && r->limit_resets_ms > 0,
		};
		if (file < 0 || ledger_add_record(ledger, file, &record) < 0) {
			ledger_free(ledger);
			return NULL;
		}
	}
	return ledger;
}

static bool entry_at(void *ctx, size_t index, struct ledger_entry_view *out)
{
	return ledger_entry_at(ctx, index, out);
}

bool verify_match(struct verify *verify)
{
	const struct compare_source ours = { .entry_at = entry_at, .ctx = verify->ledger };
	if (!compare_begin(&verify->compare, verify->reference, &ours))
		return false;
	for (int rule = 0; rule < REFERENCE_RULES; rule++) {
		verify->expected[rule] = make_expected(verify->reference, verify->compare.kept[rule]);
		if (!verify->expected[rule])
			return false;
	}
	return true;
}
