#include "swatchd/billing/audit.h"

#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/unused.h"
#include "ccusage/compare.h"

/* So many entries are copied in a turn of the loop: about 2 ms. */
#define CHUNK_ENTRIES 4096
/* Entries that cost the same to this have no part in the difference. */
#define USD_TOLERANCE 1e-9

/* An entry of the ledger. */
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
	ev_async turn;                        /* the next entries are to be copied, or the thread has ended */
	struct ledger *ledger;
	int64_t next_ms;                      /* the next entry to copy: the time, and which of that time */
	size_t next_of_ms;
	bool has_thread;
	pthread_t thread;
	atomic_bool stop;
	/* The thread's, from its start to its end. */
	struct data_dirs dirs;
	struct entry **chunks; /* the ledger's entries from `since_ms` on; all but the last full */
	size_t chunk_count, chunk_cap, entry_count;
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
	const struct entry *e = &audit->chunks[index / CHUNK_ENTRIES][index % CHUNK_ENTRIES];
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
	/* Nobody needs this thread's memory again. To give it back takes a while: not on the loop. */
	(void)malloc_trim(0);
	ev_async_send(audit->loop, &audit->turn);
	return NULL;
}

/* ---- on the loop ---- */

static void set_blocks(struct audit *audit, const struct billing_block *answer)
{
	struct ledger_block ours;
	bool active = ledger_active_block(audit->ledger, audit->now_ms, &ours);
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

/*
 * Copies the next entries: the thread must not touch the ledger. What comes in between is no part of the
 * audit. Sets *more; returns false when memory ran out.
 */
static bool copy_entries(struct audit *audit, bool *more)
{
	struct ledger_entry_view view;
	if (!array_reserve(&audit->chunks, &audit->chunk_cap, audit->chunk_count + 1, sizeof(struct entry *)))
		return false;
	struct entry *chunk = malloc(CHUNK_ENTRIES * sizeof(*chunk));
	if (!chunk)
		return false;
	audit->chunks[audit->chunk_count++] = chunk;
	size_t first = ledger_entries_before(audit->ledger, audit->next_ms) + audit->next_of_ms, count = 0;
	while (count < CHUNK_ENTRIES && ledger_entry_at(audit->ledger, first + count, &view)) {
		chunk[count++] = (struct entry){
			.path = view.path, .offset = view.offset, .time_ms = view.time_ms,
			.tokens = view.tokens, .cost_usd = view.cost_usd,
			.reference_usd = view.reference_usd,
		};
		audit->next_of_ms = view.time_ms == audit->next_ms ? audit->next_of_ms + 1 : 1;
		audit->next_ms = view.time_ms;
	}
	audit->entry_count += count;
	*more = count == CHUNK_ENTRIES;
	return true;
}

static void release(struct audit *audit)
{
	ev_async_stop(audit->loop, &audit->turn);
	data_dirs_release(&audit->dirs);
	buf_release(&audit->error);
	for (size_t i = 0; i < audit->chunk_count; i++)
		free(audit->chunks[i]);
	free(audit->chunks);
	free(audit);
}

static void end(struct audit *audit)
{
	const struct audit_found found = audit->found;
	audit_done *done = audit->done;
	void *ctx = audit->ctx;
	if (audit->has_thread)
		pthread_join(audit->thread, NULL);
	if (!found.is_known)
		log_warning("cannot tell why ccusage's figures differ: %s", buf_message(&audit->error));
	release(audit);
	done(ctx, &found);
}

/* Returns false with a message. */
static bool start_thread(struct audit *audit)
{
	int why = thread_start(&audit->thread, explain, audit);
	audit->has_thread = why == 0;
	if (why != 0)
		buf_printf(&audit->error, "cannot start a thread: %s", strerror(why));
	return why == 0;
}

static void on_turn(struct ev_loop *loop, ev_async *watcher, int revents UNUSED)
{
	struct audit *audit = watcher->data;
	bool more = false;
	if (audit->has_thread || !copy_entries(audit, &more) || (!more && !start_thread(audit)))
		end(audit);
	else if (more)
		ev_async_send(loop, &audit->turn);
}

struct audit *audit_start(struct ev_loop *loop, struct ledger *ledger, const struct audit_question *question,
			  audit_done *done, void *ctx)
{
	struct audit *audit = calloc(1, sizeof(*audit));
	if (!audit)
		return NULL;
	audit->loop = loop;
	audit->ledger = ledger;
	audit->done = done;
	audit->ctx = ctx;
	audit->started_ms = question->started_ms;
	audit->now_ms = question->now_ms;
	ev_async_init(&audit->turn, on_turn);
	audit->turn.data = audit;
	set_blocks(audit, question->answer);
	audit->next_ms = audit->since_ms;
	ev_async_start(loop, &audit->turn);
	if (data_dirs_find(&audit->dirs, question->paths) != 0) {
		release(audit);
		return NULL;
	}
	ev_async_send(loop, &audit->turn);
	return audit;
}

void audit_stop(struct audit *audit)
{
	if (!audit)
		return;
	atomic_store(&audit->stop, true);
	if (audit->has_thread)
		pthread_join(audit->thread, NULL);
	release(audit);
}
