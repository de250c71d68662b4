#include "swatchd/billing/audit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "ccusage/compare.h"

/* Entries that cost the same to this have no part in the difference. */
#define USD_TOLERANCE 1e-9

/* The two blocks, and what is learned of them. */
struct work {
	int64_t our_start_ms, our_end_ms;     /* the ledger's block */
	int64_t their_start_ms, their_end_ms; /* ccusage's; entries on its last moment belong to it */
	int64_t since_ms;                     /* transcripts that did not change since then were not read */
	int64_t started_ms;
	struct audit_found *found;
};

static bool is_in(int64_t at_ms, int64_t start_ms, int64_t end_ms)
{
	return at_ms >= start_ms && at_ms <= end_ms;
}

static void set_blocks(struct work *work, struct ledger *ledger, const struct billing_block *answer,
		       int64_t now_ms)
{
	struct ledger_block ours;
	bool active = ledger_active_block(ledger, now_ms, &ours);
	if (active) {
		work->our_start_ms = ours.start_ms;
		work->our_end_ms = ours.end_ms;
	}
	bool answered = answer->present && answer->start_ms > 0;
	work->their_start_ms = answered ? answer->start_ms : work->our_start_ms;
	work->their_end_ms = answered ? answer->end_ms : work->our_end_ms;
	if (!active) {
		work->our_start_ms = work->their_start_ms;
		work->our_end_ms = work->their_end_ms;
	}
	work->since_ms = work->our_start_ms < work->their_start_ms ? work->our_start_ms
								   : work->their_start_ms;
}

static void add_usd(struct work *work, int64_t at_ms, double usd)
{
	work->found->after_usd += usd;
	if (at_ms <= work->started_ms)
		work->found->before_usd += usd;
}

/* An entry of the ledger whose line was not found: its transcript is gone, was rewritten, or was not read. */
static void take_stranger(void *ctx, const struct ledger_entry_view *entry)
{
	struct work *work = ctx;
	struct stat st;
	if (!is_in(entry->time_ms, work->our_start_ms, work->our_end_ms))
		return;
	bool was_left_out = stat(entry->path, &st) == 0 && (int64_t)st.st_mtime < work->since_ms / 1000;
	if (was_left_out)
		add_usd(work, entry->time_ms, entry->reference_usd);
	else if (entry->cost_usd > USD_TOLERANCE)
		work->found->reasons |= AUDIT_REASON(DIFFERENCE_DELETED_TRANSCRIPT);
}

/* What ccusage counts in its block by its own rules. */
static void add_expected(struct work *work, const struct compare *compare)
{
	const bool *kept = compare->kept[REFERENCE_BLOCKS];
	for (size_t i = 0; i < reference_count(compare->reference); i++) {
		const struct reference_record *r = reference_record_at(compare->reference, i);
		if (!kept[i] || !is_in(r->time_ms, work->their_start_ms, work->their_end_ms))
			continue;
		add_usd(work, r->time_ms, r->usd);
		work->found->is_open = work->found->is_open || r->guessed;
	}
}

static bool add_reasons(struct work *work, const struct compare *compare)
{
	struct compare_entries entries = { 0 };
	bool good = compare_find(compare, REPORT_BLOCKS, &entries);
	for (size_t i = 0; i < entries.count; i++) {
		const struct compare_entry *e = &entries.list[i];
		int64_t at_ms = e->record->time_ms;
		bool has_part = (e->ours && is_in(at_ms, work->our_start_ms, work->our_end_ms))
				|| (e->theirs && is_in(at_ms, work->their_start_ms, work->their_end_ms));
		/* What has no name shows in the sum; it may also be a line that came a moment ago. */
		if (has_part && e->reason != DIFFERENCE_UNKNOWN
		    && (e->record->guessed || fabs(e->our_usd - e->their_usd) > USD_TOLERANCE))
			work->found->reasons |= AUDIT_REASON(e->reason);
	}
	free(entries.list);
	return good;
}

void audit_explain(struct ledger *ledger, const struct data_dirs *dirs, const struct billing_block *answer,
		   int64_t started_ms, int64_t now_ms, struct audit_found *found)
{
	struct work work = { .started_ms = started_ms, .found = found };
	struct compare compare = { 0 };
	AUTO_BUF error = BUF_INIT;
	struct reference *reference = reference_new();
	*found = (struct audit_found){ 0 };
	set_blocks(&work, ledger, answer, now_ms);
	bool good = reference && reference_read(reference, dirs, work.since_ms, &error) == 0
		 && compare_begin(&compare, reference, ledger, ledger_entries_before(ledger, work.since_ms),
				  take_stranger, &work);
	if (good) {
		add_expected(&work, &compare);
		good = add_reasons(&work, &compare);
	}
	found->is_known = good;
	if (!good)
		log_warning("cannot tell why ccusage's figures differ: %s", buf_message(&error));
	compare_release(&compare);
	reference_free(reference);
}
