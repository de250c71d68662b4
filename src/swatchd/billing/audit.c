#include "swatchd/billing/audit.h"

#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/log.h"
#include "base/unused.h"
#include "ccusage/compare.h"

/* Entries that cost the same to this have no part in the difference. */
#define USD_TOLERANCE 1e-9

/* An entry of the ledger, as it was when the audit began. */
struct entry {
	const char *path;                     /* the ledger's, which outlives the audit */
	int64_t offset, time_ms;
	struct price_tokens tokens;
	double cost_usd, reference_usd;
};

struct audit {
	struct ev_loop *loop;
	audit_done *done;
	void *ctx;
	ev_async ended;
	pthread_t thread;
	atomic_bool stop;
	/* The thread's, until it ends. */
	struct data_dirs dirs;
	struct entry *entries;                /* the ledger's, from `since_ms` on */
	size_t entry_count, entry_cap;
	int64_t our_start_ms, our_end_ms;     /* the ledger's block */
	int64_t their_start_ms, their_end_ms; /* ccusage's; entries on its last moment belong to it */
	int64_t since_ms;                     /* transcripts that did not change since then are not read */
	int64_t started_ms, now_ms;
	struct audit_found found;
	struct buf error;                     /* why found.is_known is false */
};

static bool is_in(int64_t at_ms, int64_t start_ms, int64_t end_ms)
{
	return at_ms >= start_ms && at_ms <= end_ms;
}

/* ---- on the thread ---- */

static void add_usd(struct audit *audit, int64_t at_ms, double usd)
{
	audit->found.after_usd += usd;
	if (at_ms <= audit->started_ms)
		audit->found.before_usd += usd;
}

static bool entry_at(void *ctx, size_t index, struct ledger_entry_view *out)
{
	const struct audit *audit = ctx;
	if (index >= audit->entry_count)
		return false;
	const struct entry *e = &audit->entries[index];
	*out = (struct ledger_entry_view){ .path = e->path, .offset = e->offset, .time_ms = e->time_ms,
					   .tokens = e->tokens, .cost_usd = e->cost_usd,
					   .reference_usd = e->reference_usd };
	return true;
}

/* An entry of the ledger whose line was not found: its transcript is gone, was rewritten, or was not read. */
static void take_stranger(void *ctx, const struct ledger_entry_view *entry)
{
	struct audit *audit = ctx;
	struct stat st;
	if (!is_in(entry->time_ms, audit->our_start_ms, audit->our_end_ms))
		return;
	bool was_left_out = stat(entry->path, &st) == 0 && (int64_t)st.st_mtime < audit->since_ms / 1000;
	if (was_left_out)
		add_usd(audit, entry->time_ms, entry->reference_usd);
	else if (entry->cost_usd > USD_TOLERANCE)
		audit->found.reasons |= AUDIT_REASON(DIFFERENCE_DELETED_TRANSCRIPT);
}

/* What ccusage counts in its block by its own rules. */
static void add_expected(struct audit *audit, const struct compare *compare)
{
	const bool *kept = compare->kept[REFERENCE_BLOCKS];
	for (size_t i = 0; i < reference_count(compare->reference); i++) {
		const struct reference_record *r = reference_record_at(compare->reference, i);
		if (!kept[i] || !is_in(r->time_ms, audit->their_start_ms, audit->their_end_ms))
			continue;
		add_usd(audit, r->time_ms, r->usd);
		audit->found.is_open = audit->found.is_open || r->guessed;
	}
}

/*
 * Whether an entry that differs has a part in the difference of the blocks. A line that came while the thread
 * was reading has none: the ledger's entries are older.
 */
static bool has_part(const struct audit *audit, const struct compare_entry *e)
{
	int64_t at_ms = e->record->time_ms;
	bool is_ours = e->ours && is_in(at_ms, audit->our_start_ms, audit->our_end_ms);
	bool is_theirs = e->theirs && is_in(at_ms, audit->their_start_ms, audit->their_end_ms);
	return (is_ours || is_theirs) && at_ms <= audit->now_ms
	       && (e->record->guessed || fabs(e->our_usd - e->their_usd) > USD_TOLERANCE);
}

static bool add_reasons(struct audit *audit, const struct compare *compare)
{
	struct compare_entries entries = { 0 };
	bool good = compare_find(compare, REPORT_BLOCKS, &entries);
	for (size_t i = 0; i < entries.count; i++)
		/* What has no name shows in the sum. */
		if (entries.list[i].reason != DIFFERENCE_UNKNOWN && has_part(audit, &entries.list[i]))
			audit->found.reasons |= AUDIT_REASON(entries.list[i].reason);
	free(entries.list);
	return good;
}

static void *explain(void *arg)
{
	struct audit *audit = arg;
	struct compare compare = { 0 };
	const struct compare_source ours = { entry_at, take_stranger, audit };
	struct reference *reference = reference_new();
	bool good = reference
		    && reference_read(reference, &audit->dirs, audit->since_ms, &audit->stop, &audit->error) == 0
		    && compare_begin(&compare, reference, &ours);
	if (good) {
		add_expected(audit, &compare);
		good = add_reasons(audit, &compare);
	}
	audit->found.is_known = good;
	compare_release(&compare);
	reference_free(reference);
	ev_async_send(audit->loop, &audit->ended);
	return NULL;
}

/* ---- on the loop ---- */

static void set_blocks(struct audit *audit, struct ledger *ledger, const struct billing_block *answer)
{
	struct ledger_block ours;
	bool active = ledger_active_block(ledger, audit->now_ms, &ours);
	if (active) {
		audit->our_start_ms = ours.start_ms;
		audit->our_end_ms = ours.end_ms;
	}
	bool answered = answer->present && answer->start_ms > 0;
	audit->their_start_ms = answered ? answer->start_ms : audit->our_start_ms;
	audit->their_end_ms = answered ? answer->end_ms : audit->our_end_ms;
	if (!active) {
		audit->our_start_ms = audit->their_start_ms;
		audit->our_end_ms = audit->their_end_ms;
	}
	audit->since_ms = audit->our_start_ms < audit->their_start_ms ? audit->our_start_ms
								      : audit->their_start_ms;
}

/* The thread must not touch the ledger, and what comes meanwhile is no part of the audit. */
static bool copy_entries(struct audit *audit, struct ledger *ledger)
{
	struct ledger_entry_view view;
	for (size_t i = ledger_entries_before(ledger, audit->since_ms); ledger_entry_at(ledger, i, &view); i++) {
		if (!array_reserve(&audit->entries, &audit->entry_cap, audit->entry_count + 1,
				   sizeof(*audit->entries)))
			return false;
		audit->entries[audit->entry_count++] = (struct entry){
			.path = view.path, .offset = view.offset, .time_ms = view.time_ms,
			.tokens = view.tokens, .cost_usd = view.cost_usd,
			.reference_usd = view.reference_usd,
		};
	}
	return true;
}

static void release(struct audit *audit)
{
	ev_async_stop(audit->loop, &audit->ended);
	data_dirs_release(&audit->dirs);
	buf_release(&audit->error);
	free(audit->entries);
	free(audit);
}

static void on_ended(struct ev_loop *loop UNUSED, ev_async *watcher, int revents UNUSED)
{
	struct audit *audit = watcher->data;
	const struct audit_found found = audit->found;
	audit_done *done = audit->done;
	void *ctx = audit->ctx;
	pthread_join(audit->thread, NULL);
	if (!found.is_known)
		log_warning("cannot tell why ccusage's figures differ: %s", buf_message(&audit->error));
	release(audit);
	/* Nobody needs the thread's memory again. */
	(void)malloc_trim(0);
	done(ctx, &found);
}

/* Signals are the loop's. */
static int start_thread(struct audit *audit)
{
	sigset_t all, before;
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int why = pthread_create(&audit->thread, NULL, explain, audit);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return why;
}

struct audit *audit_start(struct ev_loop *loop, struct ledger *ledger, const struct audit_question *question,
			  audit_done *done, void *ctx)
{
	struct audit *audit = calloc(1, sizeof(*audit));
	if (!audit)
		return NULL;
	audit->loop = loop;
	audit->done = done;
	audit->ctx = ctx;
	audit->started_ms = question->started_ms;
	audit->now_ms = question->now_ms;
	ev_async_init(&audit->ended, on_ended);
	audit->ended.data = audit;
	set_blocks(audit, ledger, question->answer);
	int why = copy_entries(audit, ledger) && data_dirs_find(&audit->dirs, question->paths) == 0 ? 0 : ENOMEM;
	ev_async_start(loop, &audit->ended);
	if (why == 0)
		why = start_thread(audit);
	if (why == 0)
		return audit;
	release(audit);
	errno = why;
	return NULL;
}

void audit_stop(struct audit *audit)
{
	if (!audit)
		return;
	atomic_store(&audit->stop, true);
	pthread_join(audit->thread, NULL);
	release(audit);
}
