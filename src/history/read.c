/*
 * All the history at once, into a ledger: what the reports do when no daemon runs (history.h).
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "history/history.h"
#include "transcript/path.h"

/* So many transcripts are listed between two looks at what the threads have read. */
#define TAKE_AFTER_FOUND 16

/* The owner of a job is its number in the ledger, plus 1. */
void history_set_ledger_file(struct history_job *job, int file)
{
	job->owner = (void *)((uintptr_t)file + 1);
}

bool history_name_file(struct ledger *ledger, struct history_job *job)
{
	struct transcript_path parts;
	char id[PRICE_MODEL_MAX * 2];
	if (!transcript_path_parse(job->path + job->root_len, &parts) || parts.session_id.len >= sizeof(id))
		return true;
	if (parts.session_id.len > 0)
		memcpy(id, parts.session_id.data, parts.session_id.len);
	id[parts.session_id.len] = '\0';
	int file = ledger_add_file(ledger, job->path, job->root_len, parts.by_lines ? NULL : id,
				   parts.subagent);
	if (file < 0)
		return false;
	history_set_ledger_file(job, file);
	return true;
}

static bool take_batch(struct ledger *ledger, struct history_job *job, const struct history_batch *batch)
{
	if (!job->owner && batch->count > 0) {
		if (!history_name_file(ledger, job))
			return false;
		if (!job->owner)
			return true;
	}
	for (size_t i = 0; i < batch->count; i++)
		if (ledger_add_record(ledger, (int)((uintptr_t)job->owner - 1), &batch->records[i]) < 0)
			return false;
	return true;
}

static void note_end(struct history_stats *stats, const struct history_job *job,
		     const struct gather_file *file, struct buf *error)
{
	stats->files++;
	stats->bytes += (uint64_t)file->offset;
	if (file->result != GATHER_FAILED)
		return;
	if (stats->failed++ == 0)
		buf_printf(error, "%s: %s", job->path, strerror(file->why));
}

struct reading_all {
	struct history *history;
	struct ledger *ledger;
	struct history_stats *stats;
	struct buf *error;
	size_t added;
	bool out_of_memory;
};

/* Takes what was read; with `wait`, to the end. Returns false when memory ran out. */
static bool take_batches(struct reading_all *all, bool wait)
{
	struct history_batch *batch;
	while (!all->out_of_memory && (batch = history_take(all->history, wait))) {
		struct history_job *job = history_job_at(all->history, batch->job);
		all->out_of_memory = !take_batch(all->ledger, job, batch);
		if (batch->ends)
			note_end(all->stats, job, &batch->file, all->error);
		history_give_back(all->history, batch);
	}
	return !all->out_of_memory;
}

/* Reading begins while the folders are still being listed, which takes a tenth of the time. */
static bool add_found(void *ctx, const struct history_job *job)
{
	struct reading_all *all = ctx;
	struct history_job added = *job;
	added.path = strdup(job->path);
	if (!added.path || !history_add(all->history, &added))
		return false;
	return ++all->added % TAKE_AFTER_FOUND > 0 || take_batches(all, false);
}

/* Says that there is no history. Returns -1. */
static int fail_to_start(struct buf *error)
{
	buf_printf(error, "cannot start to read the transcripts: %s", strerror(errno));
	return -1;
}

int history_read_jobs(struct ledger *ledger, struct history_job *jobs, size_t count, unsigned threads,
		      struct history_stats *stats, struct buf *error)
{
	memset(stats, 0, sizeof(*stats));
	struct reading_all all = { .ledger = ledger, .stats = stats, .error = error };
	all.history = history_start(jobs, count, threads, NULL, NULL);
	if (!all.history)
		return fail_to_start(error);
	bool good = take_batches(&all, true);
	history_free(all.history);
	if (!good)
		buf_clear(error);
	return good ? 0 : -1;
}

int history_read(struct ledger *ledger, const struct data_dirs *dirs, unsigned threads,
		 struct history_stats *stats, struct buf *error)
{
	AUTO_BUF unlisted = BUF_INIT;
	memset(stats, 0, sizeof(*stats));
	struct reading_all all = { .ledger = ledger, .stats = stats, .error = error };
	all.history = history_open(threads, NULL, NULL);
	if (!all.history)
		return fail_to_start(error);
	bool good = history_walk(dirs, add_found, &all, &unlisted) == 0;
	history_close(all.history);
	good = good && take_batches(&all, true);
	history_free(all.history);
	if (!good)
		buf_clear(error);
	else if (error->len == 0)
		buf_append(error, unlisted.data, unlisted.len);
	return good ? 0 : -1;
}
