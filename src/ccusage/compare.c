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
static bool match_ours(struct compare *compare, const struct compare_source *source)
{
	size_t count = reference_count(compare->reference);
	struct ledger_entry_view view;
	compare->ours = calloc(count + 1, sizeof(*compare->ours));
	if (!compare->ours)
		return false;
	for (size_t i = 0; i < count; i++)
		compare->ours[i] = (struct compare_ours){ .usd = NAN };
	for (size_t i = 0; source->entry_at(source->ctx, i, &view); i++) {
		size_t at, end;
		reference_find(compare->reference, view.path, view.offset, &at, &end);
		for (; at < end; at++) {
			const struct reference_record *r = reference_record_at(compare->reference, at);
			if (isnan(compare->ours[at].usd) && !r->progress
			    && same_tokens(&r->our_tokens, &view.tokens))
				break;
		}
		if (at < end) {
			compare->ours[at] = (struct compare_ours){ view.cost_usd, view.has_extras,
								   view.session_id, view.home,
								   view.home_root_len };
			continue;
		}
		compare->strangers++;
		if (source->stranger)
			source->stranger(source->ctx, &view);
	}
	return true;
}

bool compare_begin(struct compare *compare, const struct reference *reference,
		   const struct compare_source *source)
{
	*compare = (struct compare){ .reference = reference };
	for (int rule = 0; rule < REFERENCE_RULES; rule++) {
		compare->kept[rule] = reference_keep(reference, (enum reference_rule)rule);
		if (!compare->kept[rule])
			return false;
	}
	return match_ours(compare, source);
}

void compare_release(struct compare *compare)
{
	for (int rule = 0; rule < REFERENCE_RULES; rule++)
		free(compare->kept[rule]);
	free(compare->ours);
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

/* Why ccusage loses a record by itself, whatever other lines its message has; DIFFERENCE_UNKNOWN if it does
 * not. */
static enum difference lost_reason(const struct reference_record *r)
{
	static const struct {
		unsigned lost;
		enum difference reason;
	} reasons[] = { { REFERENCE_LOST_DAMAGE, DIFFERENCE_DAMAGED_LINE },
			{ REFERENCE_LOST_FORM | REFERENCE_LOST_ERROR_MARK, DIFFERENCE_OTHER_FORM },
			{ REFERENCE_LOST_HIDDEN, DIFFERENCE_ITERATIONS },
			{ REFERENCE_LOST_NULL | REFERENCE_LOST_SPACE, DIFFERENCE_LOST_LINE } };
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (r->lost & reasons[i].lost)
			return reasons[i].reason;
	return DIFFERENCE_UNKNOWN;
}

/* What is true of one of a message's records: a bit for each reason why ccusage or swatch may count another
 * one. */
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
static bool gather_traits(const struct compare *compare, const struct compare_entries *entries,
			  struct strmap *traits)
{
	for (size_t i = 0; i < entries->count; i++)
		if (!strmap_put_len(traits, message_key(entries->list[i].record), sizeof(uint64_t),
				    (void *)(uintptr_t)KNOWN))
			return false;
	for (size_t i = 0; traits->used > 0 && i < reference_count(compare->reference); i++) {
		const struct reference_record *r = reference_record_at(compare->reference, i);
		uintptr_t known = (uintptr_t)strmap_get_len(traits, message_key(r), sizeof(uint64_t));
		if (known
		    && !strmap_put_len(traits, message_key(r), sizeof(uint64_t),
				       (void *)(known | traits_of(r))))
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
	static const enum difference of_others[] = {
		DIFFERENCE_LOST_LINE,	     DIFFERENCE_DAMAGED_LINE,
		DIFFERENCE_OTHER_FORM,	     DIFFERENCE_COUNT,
		DIFFERENCE_UNFINISHED,	     DIFFERENCE_ITERATIONS,
		DIFFERENCE_PAUSED_RESPONSES, DIFFERENCE_CACHE_BREAKDOWN
	};
	for (size_t i = 0; i < sizeof(of_others) / sizeof(of_others[0]); i++)
		if (of_message & REASON(of_others[i]))
			return of_others[i];
	if (kind == REPORT_DAILY
	    && compare->kept[REFERENCE_DAILY][number] != compare->kept[REFERENCE_BLOCKS][number])
		return DIFFERENCE_DAILY_RULES;
	if (of_message & NO_REQUEST)
		return DIFFERENCE_NO_REQUEST_ID;
	return of_message & SIDECHAIN ? DIFFERENCE_SIDECHAIN_COPY : DIFFERENCE_UNKNOWN;
}

/* ---- which ---- */

bool compare_our_session(const struct compare *compare, const struct reference_record *record,
			 struct slice *session, struct slice *project)
{
	static const char no_project[] = "Unknown Project";
	const struct compare_ours *ours = &compare->ours[record - reference_record_at(compare->reference, 0)];
	if (isnan(ours->usd))
		return false;
	const char *relative = ours->home + ours->home_root_len;
	const char *slash = strchr(relative, '/');
	/* A transcript in projects/ itself has the name that ccusage gives it. */
	const char *name = slash ? ours->session_id : relative;
	*session = (struct slice){ name, strlen(name) };
	*project = slash ? (struct slice){ relative, (size_t)(slash - relative) }
			 : (struct slice){ no_project, sizeof(no_project) - 1 };
	return true;
}

/*
 * Why ccusage files a record of ours under a session of another name, or another project's;
 * DIFFERENCE_UNKNOWN if it does not.
 */
static enum difference filing_reason(const struct compare *compare, const struct reference_record *r)
{
	const struct reference_file *file = reference_file_at(compare->reference, r->file);
	struct transcript_path parts;
	struct slice session, project;
	if (!compare_our_session(compare, r, &session, &project)
	    || (slice_equals(session, file->session) && slice_equals(project, file->project)))
		return DIFFERENCE_UNKNOWN;
	bool is_own = transcript_path_parse(file->path + file->root_len, &parts)
		      && (parts.by_lines
			  || (parts.session_id.len == session.len
			      && memcmp(parts.session_id.data, session.data, session.len) == 0));
	return is_own ? DIFFERENCE_OTHER_SESSION : DIFFERENCE_EARLIEST_PATH;
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
static bool differs(const struct compare *compare, enum report_kind kind, size_t number,
		    struct compare_entry *out)
{
	const struct reference_record *r = reference_record_at(compare->reference, number);
	bool ours = !isnan(compare->ours[number].usd), theirs = compare->kept[compare_rule(kind)][number];
	*out = (struct compare_entry){ .record = r,
				       .reason = DIFFERENCE_UNKNOWN,
				       .ours = ours,
				       .theirs = theirs,
				       .our_usd = ours ? compare->ours[number].usd : 0.,
				       .their_usd = theirs ? r->usd : 0. };
	if (!ours || !theirs)
		return ours || theirs;
	if (r->other_tokens != REFERENCE_TOKENS_SAME) {
		out->reason = tokens_reason(r);
		return true;
	}
	if (!(fabs(out->our_usd - out->their_usd) <= USD_TOLERANCE * fmax(1., fabs(out->their_usd)))) {
		bool is_extra = compare->ours[number].has_extras && !r->newer && !r->guessed;
		out->reason = is_extra ? DIFFERENCE_EXTRAS : price_reason(r);
		return true;
	}
	if (r->guessed) {
		out->reason = price_reason(r);
		return true;
	}
	if (kind == REPORT_SESSIONS) {
		out->reason = filing_reason(compare, r);
		return out->reason != DIFFERENCE_UNKNOWN;
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
		uintptr_t of_message =
			(uintptr_t)strmap_get_len(&traits, message_key(e->record), sizeof(uint64_t));
		e->reason = reason_of(compare, kind, (size_t)(e->record - first), of_message);
	}
	strmap_release(&traits);
	return good;
}
