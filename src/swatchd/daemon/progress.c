#include "swatchd/daemon/progress.h"

#include <stdlib.h>

#include "base/array.h"

/* Of so many transcripts one transaction notes how far they were read. */
#define PROGRESS_BATCH_MAX 20000

/* Notes that there is news of a transcript. Without memory it is written at the next news. */
static struct keep_news *note(struct daemon *daemon, const struct session_transcript *part)
{
	struct daemon_keep *keep = &daemon->keep;
	size_t number = (size_t)part->ledger_file;
	if (!keep->store
	    || !array_reserve(&keep->news_of, &keep->news_of_cap, number + 1, sizeof(*keep->news_of))
	    || !array_reserve(&keep->news, &keep->news_cap, keep->news_count + 1, sizeof(*keep->news)))
		return NULL;
	while (keep->news_of_count <= number)
		keep->news_of[keep->news_of_count++] = 0;
	if (keep->news_of[number] == 0) {
		keep->news[keep->news_count++] = (struct keep_news){ .ledger_file = part->ledger_file };
		keep->news_of[number] = (uint32_t)keep->news_count;
	}
	return &keep->news[keep->news_of[number] - 1];
}

void daemon_progress_read(struct daemon *daemon, const struct session_transcript *part)
{
	struct tail_place place;
	/* One whose lines come again for their facts has been read further before. */
	if (!tail_get_place(part->file, &place) || place.offset < part->saved_to)
		return;
	struct keep_news *news = note(daemon, part);
	if (!news)
		return;
	news->has_progress = true;
	news->progress = (struct store_progress){
		.dev = (uint64_t)place.dev,
		.ino = (uint64_t)place.ino,
		.size_bytes = place.size_bytes,
		.modified_ns = place.modified_ns,
		.offset = place.offset,
		.mark = place.mark,
		.mark_len = place.mark_len,
		.malformed = part->malformed,
		.has_skipped = place.has_skipped,
	};
}

struct store_known *daemon_progress_find(const struct daemon *daemon, const struct transcript *transcript)
{
	struct store_known *known = store_known_find(&daemon->keep.known, transcript->path);
	const struct store_look now = {
		.dev = (uint64_t)transcript->dev,
		.ino = (uint64_t)transcript->ino,
		.size_bytes = transcript->size_bytes,
		.modified_ns = tail_modified_ns(transcript),
	};
	if (!known)
		return NULL;
	/* Without a number tail could not look at it. */
	if (now.ino > 0)
		store_known_take_look(known, &now);
	return store_known_state(known) == STORE_AS_BEFORE && !known->is_taken ? known : NULL;
}

void daemon_progress_end_walk(struct daemon *daemon)
{
	struct daemon_keep *keep = &daemon->keep;
	for (size_t i = 0; i < keep->known.count; i++) {
		struct store_known *known = &keep->known.all[i];
		if (known->is_there && store_known_state(known) == STORE_LOST)
			keep->has_lost = true;
	}
}

/* Has tail go on where the file's last run stood: before that place, the file says all that counts. */
static void resume(struct session_transcript *part, const struct store_known *known)
{
	const struct store_progress *progress = &known->progress;
	const struct tail_place place = {
		.dev = (dev_t)progress->dev,
		.ino = (ino_t)progress->ino,
		.size_bytes = progress->size_bytes,
		.modified_ns = progress->modified_ns,
		.offset = progress->offset,
		.mark = progress->mark,
		.mark_len = progress->mark_len,
		.has_skipped = progress->has_skipped,
	};
	tail_resume(part->file, &place);
	sessions_note_saved(part, place.offset, &progress->malformed);
}

void daemon_progress_opened(struct daemon *daemon, struct session_transcript *part,
			struct store_known *known)
{
	if (!known)
		return;
	known->is_taken = true;
	ledger_set_saved(daemon->ledger, part->ledger_file, known->version, known->progress.offset);
	if (daemon->keep.is_complete && known->progress.offset > 0)
		resume(part, known);
}

void daemon_progress_lost(struct daemon *daemon, const struct session_transcript *part)
{
	struct keep_news *news = note(daemon, part);
	if (!news)
		return;
	news->has_progress = false;
	news->gone = true;
}

bool daemon_progress_is_news(const struct daemon *daemon)
{
	return daemon->keep.has_lost || daemon->keep.news_count > 0;
}

/* The transcripts that went while no daemon ran: the next start need not look for them. */
static void add_lost(struct daemon_keep *keep, struct store_batch *batch)
{
	for (size_t i = 0; i < keep->known.count; i++) {
		struct store_known *known = &keep->known.all[i];
		if (!known->is_there || store_known_state(known) != STORE_LOST)
			continue;
		const struct ledger_kept transcript = {
			.path = known->path,
			.root_len = known->root_len,
			.session_id = known->session_id,
			.subagent = known->subagent,
			.version = known->version,
			.gone = true,
		};
		store_batch_add_transcript(batch, &transcript, NULL);
	}
	keep->has_lost = false;
}

void daemon_progress_add(struct daemon *daemon, struct store_batch *batch)
{
	struct daemon_keep *keep = &daemon->keep;
	if (keep->has_lost)
		add_lost(keep, batch);
	size_t rest = keep->news_count > PROGRESS_BATCH_MAX ? keep->news_count - PROGRESS_BATCH_MAX : 0;
	/* From the end, so that the rest stays where news_of says. */
	for (size_t i = keep->news_count; i-- > rest;) {
		const struct keep_news *news = &keep->news[i];
		keep->news_of[news->ledger_file] = 0;
		/* A file that took a damaged one's place lacks what that had before: all is read again. */
		if (keep->replaced > 0)
			continue;
		struct ledger_kept transcript = { .gone = news->gone };
		ledger_file_facts(daemon->ledger, news->ledger_file, &transcript);
		transcript.gone = news->gone;
		store_batch_add_transcript(batch, &transcript, news->has_progress ? &news->progress : NULL);
	}
	keep->news_count = rest;
	if (rest > 0 || keep->news_cap <= PROGRESS_BATCH_MAX)
		return;
	/* After a first start: there will not be as many at once again. */
	free(keep->news);
	keep->news = NULL;
	keep->news_cap = 0;
}
