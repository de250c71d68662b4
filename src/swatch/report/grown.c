#include "swatch/report/grown.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/paths.h"
#include "base/scope.h"
#include "history/history.h"
#include "ledger/store/known.h"
#include "ledger/store/tombs.h"
#include "swatch/cli/prices.h"
#include "swatch/ui/terminal.h"

/* ---- which transcripts ---- */

struct listing {
	const struct summing *summing;
	bool *is_met;	       /* the transcripts that the walk met */
	struct history_jobs jobs;
};

/* Lists a transcript if it is not as swatchd read it last. Returns false when memory ran out. */
static bool list_changed(struct listing *listing, const struct history_job *found)
{
	const struct summing *summing = listing->summing;
	const struct summing_transcript *known = summing_find_transcript(summing, found->path);
	if (known)
		listing->is_met[known - summing->transcripts] = true;
	bool has_changed = known ? known->gone || known->size_bytes != found->size_bytes
					   || known->modified_ns != found->modified_ns
				 : found->size_bytes > 0;
	return !has_changed || history_jobs_add(&listing->jobs, found);
}

static bool list_all_changed(struct listing *listing, const struct history_found *found)
{
	struct history_job job;
	size_t at = 0;
	listing->is_met = calloc(listing->summing->transcript_count + 1, sizeof(*listing->is_met));
	bool good = listing->is_met;
	while (good && history_found_next(found, &at, &job))
		good = list_changed(listing, &job);
	return good;
}

/* Whether the walk met all transcripts that were there, and nothing else. */
static bool is_as_before(const struct listing *listing)
{
	const struct summing *summing = listing->summing;
	bool holds = listing->jobs.count == 0;
	for (size_t i = 0; holds && i < summing->transcript_count; i++) {
		const struct summing_transcript *transcript = &summing->transcripts[i];
		holds = listing->is_met[i] || transcript->gone
		     || summing_find_transcript(summing, transcript->path) != transcript;
	}
	return holds;
}

/* Keeps those that say more than the file. */
static void keep_grown(struct listing *listing, struct store_known_list *known)
{
	size_t kept = 0;
	for (size_t i = 0; i < listing->summing->transcript_count; i++) {
		struct store_known *one =
			listing->is_met[i] ? store_known_find(known, listing->summing->transcripts[i].path)
					   : NULL;
		if (one)
			one->is_taken = true;
	}
	for (size_t i = 0; i < listing->jobs.count; i++) {
		struct history_job job = listing->jobs.all[i];
		struct store_known *one = store_known_find(known, job.path);
		if (one ? store_known_has_grown(one, job.size_bytes, job.modified_ns) : job.size_bytes > 0) {
			job.from = one && one->state == STORE_AS_BEFORE ? one->progress.offset : 0;
			listing->jobs.all[kept++] = job;
		} else {
			free(job.path);
		}
	}
	listing->jobs.count = kept;
}

/* Those that the walk did not meet may be gone: a copy of theirs counts then, and others name their sessions.
 */
static void note_gone(struct store_known_list *known, struct summing *summing)
{
	struct stat st;
	for (size_t i = 0; i < known->count; i++) {
		struct store_known *one = &known->all[i];
		if (one->is_taken || !one->is_there || lstat(one->path, &st) == 0 || !paths_is_gone(errno))
			continue;
		one->state = STORE_LOST;
		summing_lose_transcript(summing, one->path);
	}
}

static void close_listing(struct listing *listing)
{
	history_jobs_release(&listing->jobs);
	free(listing->is_met);
}

/* ---- their lines ---- */

static bool make_ledger(struct report_grown *grown, const struct invocation *invocation, sqlite3 *db,
			struct store_roots *roots)
{
	if (command_load_prices(invocation, &grown->prices) != SWATCH_OK)
		return false;
	grown->ledger = ledger_new();
	grown->left_out = store_left_out_new(db);
	if (!grown->ledger || !grown->left_out || store_tombs_guard(db, grown->ledger) != SQLITE_OK
	    || store_archive_open_on(db, roots, &grown->known, &grown->archive) != SQLITE_OK)
		return false;
	ledger_set_prices(grown->ledger, grown->prices.book);
	ledger_set_extras(grown->ledger, invocation->config.billing_extras != 0);
	ledger_set_archive(grown->ledger, &store_archive_calls, grown->archive);
	ledger_want_unsaved(grown->ledger);
	return true;
}

/*
 * Names them in the ledger, also those that have no message of their own: they name their session's project.
 * What only the first lines of a transcript tell, the file remembers: its session.
 */
static bool name_jobs(struct report_grown *grown, struct listing *listing)
{
	for (size_t i = 0; i < listing->jobs.count; i++) {
		struct history_job *job = &listing->jobs.all[i];
		const struct store_known *known = store_known_find(&grown->known, job->path);
		if (!known || known->state != STORE_AS_BEFORE || !known->session_id[0]) {
			if (!history_name_file(grown->ledger, job))
				return false;
			continue;
		}
		int file = ledger_add_file(grown->ledger, job->path, job->root_len, known->session_id,
					   known->subagent);
		if (file < 0)
			return false;
		history_set_ledger_file(job, file);
	}
	return true;
}

static bool read_jobs(struct report_grown *grown, struct listing *listing, unsigned threads,
		      struct buf *error)
{
	struct history_stats stats;
	int result = history_read_jobs(grown->ledger, listing->jobs.all, listing->jobs.count, threads, &stats,
				       error);
	listing->jobs = (struct history_jobs){ .count = 0 };
	if (result != 0)
		return false;
	if (stats.failed > 0)
		terminal_error("cannot read %s%s", buf_message(error),
			       stats.failed > 1 ? ", and others: what is new there is not counted"
						: ": what is new there is not counted");
	buf_clear(error);
	return !ledger_has_missed_unsaved(grown->ledger);
}

/* ---- entries ---- */

struct adding {
	struct report_grown *grown;
	struct summing *summing;
	struct store_batch *batch; /* the messages that came or changed, as the daemon writes them */
	struct strmap by_path;	   /* -> index + 1 in summing->transcripts */
	size_t *transcripts;	   /* of each message */
	size_t count, cap;
};

/*
 * A transcript by its path and its session's number: one that was rewritten may be another session's.
 */
static bool map_transcript(struct adding *adding, size_t index, const char *key)
{
	return strmap_put(&adding->by_path, key, (void *)(index + 1));
}

static bool map_transcripts(struct adding *adding)
{
	AUTO_BUF key = BUF_INIT;
	for (size_t i = 0; i < adding->summing->transcript_count; i++) {
		const struct summing_transcript *transcript = &adding->summing->transcripts[i];
		buf_clear(&key);
		buf_printf(&key, "%lld %s", (long long)transcript->session, transcript->path);
		if (key.failed || !map_transcript(adding, i, key.data))
			return false;
	}
	return true;
}

/* The transcript of a message; SIZE_MAX when memory ran out. */
static size_t transcript_of(struct adding *adding, const struct ledger_kept *kept)
{
	AUTO_BUF key = BUF_INIT;
	const struct summing_transcript transcript = {
		.path = (char *)(uintptr_t)kept->path,
		.root_len = kept->root_len,
		.session = summing_number_session(adding->summing, kept->session_id),
		.subagent = kept->subagent,
		.gone = kept->gone,
	};
	buf_printf(&key, "%lld %s", (long long)transcript.session, kept->path);
	if (key.failed)
		return SIZE_MAX;
	uintptr_t known = (uintptr_t)strmap_get(&adding->by_path, key.data);
	if (known > 0)
		return known - 1;
	size_t index = summing_add_transcript(adding->summing, &transcript);
	return index != SIZE_MAX && map_transcript(adding, index, key.data) ? index : SIZE_MAX;
}

/* Transcripts that the file does not have. Returns false when memory ran out. */
static bool take_transcripts(struct adding *adding)
{
	const struct ledger *ledger = adding->grown->ledger;
	struct ledger_kept transcript = { .file = 0 };
	for (size_t i = 0; i < ledger_file_count(ledger); i++) {
		ledger_file_facts(ledger, (int)i, &transcript);
		size_t index = transcript_of(adding, &transcript);
		if (index == SIZE_MAX)
			return false;
		if (!transcript.gone)
			summing_find_again(adding->summing, index);
	}
	return true;
}

/* Takes what changed out of the ledger. Returns false when memory ran out, or the file cannot be read. */
static bool take_changes(struct adding *adding)
{
	struct ledger_kept kept;
	while (ledger_next_unsaved(adding->grown->ledger, &kept)) {
		size_t transcript = transcript_of(adding, &kept);
		store_batch_add(adding->batch, &kept);
		if (transcript == SIZE_MAX || adding->batch->failed
		    || !array_reserve(&adding->transcripts, &adding->cap, adding->count + 1,
				      sizeof(*adding->transcripts))
		    || store_left_out_add(adding->grown->left_out,
					  &adding->batch->messages[adding->batch->message_count - 1])
			       != SQLITE_OK)
			return false;
		adding->transcripts[adding->count++] = transcript;
	}
	return true;
}

static void add_message(struct adding *adding, size_t index)
{
	const struct store_message *message = &adding->batch->messages[index];
	const struct ledger_record *record = &message->record;
	struct summing *summing = adding->summing;
	size_t transcript = adding->transcripts[index];
	const char *payer = store_batch_text(adding->batch, message->payer);
	const char *model = store_batch_text(adding->batch, message->model);
	const struct store_sums sums = {
		.messages = 1,
		.unpriced = message->unpriced,
		.tokens = record->tokens,
		.first_ms = record->time_ms,
		.last_ms = record->time_ms,
		.first_offset = record->offset,
	};
	const struct summing_entry entry = {
		.transcript = transcript,
		.session = payer ? summing_number_session(summing, payer)
				 : summing->transcripts[transcript].session,
		.model = summing_model_named(summing, model ? model : "", record->fast),
		.sums = &sums,
		.cost_usd = message->cost_usd,
	};
	if (entry.model)
		summing_add(summing, &entry);
}

static bool add_entries(struct report_grown *grown, struct store_roots *roots, struct summing *summing)
{
	struct adding adding = { .grown = grown, .summing = summing, .batch = store_batch_new(roots) };
	bool good = adding.batch && map_transcripts(&adding) && take_transcripts(&adding)
		 && take_changes(&adding);
	summing_find_homes(summing);
	for (size_t i = 0; good && i < adding.count; i++)
		if (!adding.batch->messages[i].hidden)
			add_message(&adding, i);
	store_batch_free(adding.batch);
	strmap_release(&adding.by_path);
	free(adding.transcripts);
	return good && !summing->failed;
}

bool report_grown_add(struct report_grown *grown, const struct invocation *invocation,
		      const struct report_request *request, const struct history_found *found,
		      struct store_roots *roots, struct summing *summing, struct buf *error)
{
	struct listing listing = { .summing = summing };
	bool good = list_all_changed(&listing, found);
	if (good && found->unlisted.len > 0)
		terminal_error("cannot read %s: what is new there is not counted",
			       buf_message(&found->unlisted));
	if (good && !is_as_before(&listing)) {
		good = store_known_read_there(summing->db, roots, &grown->known) == SQLITE_OK;
		if (good) {
			keep_grown(&listing, &grown->known);
			note_gone(&grown->known, summing);
		}
	}
	summing->count = listing.jobs.count > 0 ? 0 : summing->count;
	if (good && listing.jobs.count == 0)
		summing_find_homes(summing);
	else
		good = good && make_ledger(grown, invocation, summing->db, roots)
		    && name_jobs(grown, &listing) && read_jobs(grown, &listing, request->threads, error)
		    && add_entries(grown, roots, summing);
	close_listing(&listing);
	return good;
}

void report_grown_release(struct report_grown *grown)
{
	ledger_free(grown->ledger);
	store_archive_close(grown->archive);
	store_left_out_free(grown->left_out);
	store_known_release(&grown->known);
	prices_release(&grown->prices);
}
