#include "ccusage/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/strmap.h"
#include "transcript/path.h"

/* Prices agree to this. */
#define USD_TOLERANCE 1e-12

enum reference_rule compare_rule(enum report_kind kind)
{
	return kind == REPORT_DAILY ? REFERENCE_DAILY : REFERENCE_BLOCKS;
}

/* ---- both sides ---- */

static bool same_tokens(const struct price_tokens *a, const struct price_tokens *b)
{
	return a->input == b->input && a->output == b->output && a->cache_creation_5m == b->cache_creation_5m
	       && a->cache_creation_1h == b->cache_creation_1h && a->cache_read == b->cache_read;
}

/* Finds the reference's record of each of swatch's entries. */
static bool match_ours(struct compare *compare, struct ledger *ledger, size_t first,
		       void (*stranger)(void *ctx, const struct ledger_entry_view *entry), void *ctx)
{
	size_t count = reference_count(compare->reference);
	struct ledger_entry_view view;
	compare->our_usd = malloc((count + 1) * sizeof(*compare->our_usd));
	if (!compare->our_usd)
		return false;
	for (size_t i = 0; i < count; i++)
		compare->our_usd[i] = NAN;
	for (size_t i = first; ledger_entry_at(ledger, i, &view); i++) {
		size_t at, end;
		reference_find(compare->reference, view.path, view.offset, &at, &end);
		for (; at < end; at++) {
			const struct reference_record *r = reference_record_at(compare->reference, at);
			if (isnan(compare->our_usd[at]) && !r->progress && same_tokens(&r->our_tokens, &view.tokens))
				break;
		}
		if (at < end) {
			compare->our_usd[at] = view.cost_usd;
			continue;
		}
		compare->strangers++;
		if (stranger)
			stranger(ctx, &view);
	}
	return true;
}

bool compare_begin(struct compare *compare, const struct reference *reference, struct ledger *ledger, size_t first,
		   void (*stranger)(void *ctx, const struct ledger_entry_view *entry), void *ctx)
{
	*compare = (struct compare){ .reference = reference };
	for (int rule = 0; rule < REFERENCE_RULES; rule++) {
		compare->kept[rule] = reference_keep(reference, (enum reference_rule)rule);
		if (!compare->kept[rule])
			return false;
	}
	return match_ours(compare, ledger, first, stranger, ctx);
}

void compare_release(struct compare *compare)
{
	for (int rule = 0; rule < REFERENCE_RULES; rule++)
		free(compare->kept[rule]);
	free(compare->our_usd);
	*compare = (struct compare){ 0 };
}

/* ---- why ---- */

/* Why ccusage counts other tokens for a record; DIFFERENCE_UNKNOWN if it does not. */
static enum difference tokens_reason(const struct reference_record *r)
{
	static const enum difference reasons[] = {
		[REFERENCE_TOKENS_SAME] = DIFFERENCE_UNKNOWN,
		[REFERENCE_TOKENS_CREATION] = DIFFERENCE_CACHE_BREAKDOWN,
		[REFERENCE_TOKENS_COMPACTION] = DIFFERENCE_ITERATIONS,
		[REFERENCE_TOKENS_PAUSED] = DIFFERENCE_PAUSED_RESPONSES,
	};
	return reasons[r->other_tokens];
}

/* Why ccusage loses a record by itself, whatever other lines its message has; DIFFERENCE_UNKNOWN if it does not. */
static enum difference lost_reason(const struct reference_record *r)
{
	static const struct {
		unsigned lost;
		enum difference reason;
	} reasons[] = { { REFERENCE_LOST_DAMAGE, DIFFERENCE_DAMAGED_LINE }, { REFERENCE_LOST_FORM, DIFFERENCE_OTHER_FORM },
			{ REFERENCE_LOST_HIDDEN, DIFFERENCE_ITERATIONS },
			{ REFERENCE_LOST_NULL | REFERENCE_LOST_SPACE, DIFFERENCE_LOST_LINE } };
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (r->lost & reasons[i].lost)
			return reasons[i].reason;
	return DIFFERENCE_UNKNOWN;
}

/* What is true of one of a message's records: a bit for each reason why ccusage or swatch may count another one. */
enum trait {
	SIDECHAIN = 1, NO_REQUEST = 2,
	KNOWN = 4             /* so that no value is 0 */
};
#define REASON(difference) ((uintptr_t)1 << (8 + (difference)))

static uintptr_t traits_of(const struct reference_record *r)
{
	return REASON(lost_reason(r)) | REASON(tokens_reason(r))
	       | ((r->lost & REFERENCE_UNFINISHED) ? REASON(DIFFERENCE_UNFINISHED) : 0U)
	       | ((r->lost & REFERENCE_REFUSED_COUNT) ? REASON(DIFFERENCE_COUNT) : 0U)
	       | (r->sidechain ? SIDECHAIN : 0U) | (r->request_hash == 0 ? NO_REQUEST : 0U) | KNOWN;
}

static const char *message_key(const struct reference_record *r)
{
	return (const char *)&r->message_hash;
}

/* The traits of the messages of the entries that differ: -> enum trait, or-ed. */
static bool gather_traits(const struct compare *compare, const struct compare_entries *entries, struct strmap *traits)
{
	for (size_t i = 0; i < entries->count; i++)
		if (!strmap_put_len(traits, message_key(entries->list[i].record), sizeof(uint64_t),
				    (void *)(uintptr_t)KNOWN))
			return false;
	for (size_t i = 0; traits->used > 0 && i < reference_count(compare->reference); i++) {
		const struct reference_record *r = reference_record_at(compare->reference, i);
		uintptr_t known = (uintptr_t)strmap_get_len(traits, message_key(r), sizeof(uint64_t));
		if (known && !strmap_put_len(traits, message_key(r), sizeof(uint64_t), (void *)(known | traits_of(r))))
			return false;
	}
	return true;
}

static enum difference price_reason(const struct reference_record *r)
{
	if (r->lost & REFERENCE_REFUSED_COST)
		return DIFFERENCE_COST;
	if (r->guessed)
		return r->unpriced ? DIFFERENCE_UNPRICED_MODEL : DIFFERENCE_MODEL_NAME;
	return r->newer ? DIFFERENCE_NEWER_MODEL : DIFFERENCE_PRICE;
}

/* Why one side alone counts it. `of_message`: the traits of all its message's records. */
static enum difference reason_of(const struct compare *compare, enum report_kind kind, size_t number,
				    uintptr_t of_message)
{
	const struct reference_record *r = reference_record_at(compare->reference, number);
	if (r->progress)
		return DIFFERENCE_DAILY_RULES;
	if (r->lost & REFERENCE_REFUSED_COUNT)
		return DIFFERENCE_COUNT;
	if (r->lost & REFERENCE_UNFINISHED)
		return DIFFERENCE_UNFINISHED;
	enum difference lost = lost_reason(r);
	if (r->message_hash == 0 || lost != DIFFERENCE_UNKNOWN)
		return lost;
	static const enum difference of_others[] = { DIFFERENCE_LOST_LINE, DIFFERENCE_DAMAGED_LINE, DIFFERENCE_OTHER_FORM,
						     DIFFERENCE_COUNT, DIFFERENCE_UNFINISHED, DIFFERENCE_ITERATIONS,
						     DIFFERENCE_PAUSED_RESPONSES, DIFFERENCE_CACHE_BREAKDOWN };
	for (size_t i = 0; i < sizeof(of_others) / sizeof(of_others[0]); i++)
		if (of_message & REASON(of_others[i]))
			return of_others[i];
	if (kind == REPORT_DAILY && compare->kept[REFERENCE_DAILY][number] != compare->kept[REFERENCE_BLOCKS][number])
		return DIFFERENCE_DAILY_RULES;
	if (of_message & NO_REQUEST)
		return DIFFERENCE_NO_REQUEST_ID;
	return of_message & SIDECHAIN ? DIFFERENCE_SIDECHAIN_COPY : DIFFERENCE_UNKNOWN;
}

/* ---- which ---- */

void compare_our_session(const struct reference_file *file, struct slice *session, struct slice *project)
{
	static const char no_project[] = "Unknown Project";
	const char *relative = file->path + file->root_len;
	struct transcript_path parts;
	*session = (struct slice){ relative, strlen(relative) };
	*project = (struct slice){ no_project, sizeof(no_project) - 1 };
	/* A transcript in projects/ itself has the name that ccusage gives it. */
	if (!transcript_path_parse(relative, &parts) || parts.project.len == 0)
		return;
	*session = parts.session_id;
	*project = parts.project;
}

/* Whether ccusage files it under a session of another name, or another project's. */
static bool is_filed_elsewhere(const struct compare *compare, const struct reference_record *r)
{
	const struct reference_file *file = reference_file_at(compare->reference, r->file);
	struct slice session, project;
	compare_our_session(file, &session, &project);
	return !slice_equals(session, file->session) || !slice_equals(project, file->project);
}

static bool add_entry(struct compare_entries *entries, const struct compare_entry *entry)
{
	if (!array_reserve(&entries->list, &entries->cap, entries->count + 1, sizeof(*entries->list)))
		return false;
	entries->list[entries->count++] = *entry;
	return true;
}

/*
 * Whether the record is an entry that differs; fills *out, its reason only where that hangs on nothing else.
 */
static bool differs(const struct compare *compare, enum report_kind kind, size_t number, struct compare_entry *out)
{
	const struct reference_record *r = reference_record_at(compare->reference, number);
	bool ours = !isnan(compare->our_usd[number]), theirs = compare->kept[compare_rule(kind)][number];
	*out = (struct compare_entry){ .record = r, .reason = DIFFERENCE_UNKNOWN, .ours = ours, .theirs = theirs,
				      .our_usd = ours ? compare->our_usd[number] : 0., .their_usd = theirs ? r->usd : 0. };
	if (!ours || !theirs)
		return ours || theirs;
	if (r->other_tokens != REFERENCE_TOKENS_SAME) {
		out->reason = tokens_reason(r);
		return true;
	}
	if (!(fabs(out->our_usd - out->their_usd) <= USD_TOLERANCE * fmax(1., fabs(out->their_usd)))) {
		out->reason = price_reason(r);
		return true;
	}
	if (r->guessed) {
		out->reason = price_reason(r);
		return true;
	}
	if (kind == REPORT_SESSIONS && is_filed_elsewhere(compare, r)) {
		out->reason = DIFFERENCE_OTHER_SESSION;
		return true;
	}
	out->reason = DIFFERENCE_NEW_LIMIT_MARKER;
	return kind == REPORT_BLOCKS && r->new_limit;
}

bool compare_find(const struct compare *compare, enum report_kind kind, struct compare_entries *entries)
{
	struct compare_entry entry;
	struct strmap traits = STRMAP_INIT;
	bool good = true;
	for (size_t i = 0; i < reference_count(compare->reference) && good; i++)
		if (differs(compare, kind, i, &entry))
			good = add_entry(entries, &entry);
	good = good && gather_traits(compare, entries, &traits);
	const struct reference_record *first = reference_record_at(compare->reference, 0);
	for (size_t i = 0; i < entries->count && good; i++) {
		struct compare_entry *e = &entries->list[i];
		if (e->ours && e->theirs)
			continue;
		uintptr_t of_message = (uintptr_t)strmap_get_len(&traits, message_key(e->record), sizeof(uint64_t));
		e->reason = reason_of(compare, kind, (size_t)(e->record - first), of_message);
	}
	strmap_release(&traits);
	return good;
}
