#include "history/history.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/thread.h"
#include "transcript/path.h"

/* Batches a thread may fill before somebody takes them. */
#define BATCHES_A_THREAD 8
/* A branch as JSON writes it; a longer one is not known. */
#define BRANCH_WRITTEN_MAX 512

struct worker {
	struct history *history;
	pthread_t thread;
	struct gather gather;
	struct history_batch *batch;   /* being filled */
	size_t job;
	const char *path;              /* its */
	int64_t from;                  /* its */
	struct slice session;          /* whose it is, by its path; points into `path` */
};

struct history {
	void (*notify)(void *ctx);
	void *ctx;
	struct worker workers[HISTORY_THREADS_MAX];
	unsigned worker_count;
	size_t ended;                  /* jobs whose last batch was taken; the caller's thread alone */
	/* Below the lock. */
	pthread_mutex_t lock;
	pthread_cond_t came;           /* a full batch */
	pthread_cond_t freed;          /* an empty one */
	pthread_cond_t added;          /* a job, or that no more come */
	struct history_job *jobs;      /* moves when it grows */
	size_t job_count, job_cap;
	size_t next_job, next_large;   /* the large ones are taken by next_large alone */
	size_t large_waiting;
	bool closed;                   /* no more jobs come */
	struct history_batch *empty;
	struct history_batch *full_head, *full_tail;
	size_t full_count, full_enough; /* it is time to take some */
	unsigned working;               /* threads that are not through */
	bool stop;
};

/* ---- on the reading threads ---- */

/* An empty batch for the worker's job; NULL: stop. */
static struct history_batch *get_batch(struct worker *worker)
{
	struct history *history = worker->history;
	pthread_mutex_lock(&history->lock);
	while (!history->empty && !history->stop)
		pthread_cond_wait(&history->freed, &history->lock);
	struct history_batch *batch = history->stop ? NULL : history->empty;
	if (batch)
		history->empty = batch->next;
	pthread_mutex_unlock(&history->lock);
	if (!batch)
		return NULL;
	batch->next = NULL;
	batch->job = worker->job;
	batch->count = batch->names_len = 0;
	batch->ends = false;
	return batch;
}

static void tell(struct history *history)
{
	pthread_cond_signal(&history->came);
	if (history->notify)
		history->notify(history->ctx);
}

static void pass_batch(struct worker *worker)
{
	struct history *history = worker->history;
	struct history_batch *batch = worker->batch;
	worker->batch = NULL;
	pthread_mutex_lock(&history->lock);
	if (history->full_head)
		history->full_tail->next = batch;
	else
		history->full_head = batch;
	history->full_tail = batch;
	/* Not for each one: to wake somebody costs as much as to read ten lines. */
	bool enough = ++history->full_count == history->full_enough;
	pthread_mutex_unlock(&history->lock);
	if (enough)
		tell(history);
}

static bool are_same(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/*
 * A copy of a name in the batch, of `most` bytes at most: longer ones are looked up by nobody. The one before
 * it, `last`, is most often the same.
 */
static bool keep_name(struct history_batch *batch, struct slice last, struct slice *name, size_t most)
{
	size_t len = name->len < most ? name->len : most;
	if (!name->data)
		return true;
	if (last.data && are_same(last, *name)) {
		*name = last;
		return true;
	}
	if (sizeof(batch->names) - batch->names_len < len)
		return false;
	memcpy(batch->names + batch->names_len, name->data, len);
	*name = (struct slice){ batch->names + batch->names_len, len };
	batch->names_len += len;
	return true;
}

/* Adds a record to the batch. Returns false when the batch is full. */
static bool put_record(struct history_batch *batch, const struct ledger_record *record)
{
	static const struct ledger_record none;
	const struct ledger_record *last = batch->count > 0 ? &batch->records[batch->count - 1] : &none;
	struct ledger_record copy = *record;
	if (batch->count == HISTORY_BATCH_RECORDS
	    || !keep_name(batch, last->model, &copy.model, (size_t)PRICE_MODEL_MAX * 6)
	    || !keep_name(batch, last->limit_name, &copy.limit_name, LEDGER_LIMIT_NAME_SIZE)
	    || !keep_name(batch, last->payer, &copy.payer, TRANSCRIPT_SESSION_ID_MAX)
	    || !keep_name(batch, last->branch, &copy.branch, BRANCH_WRITTEN_MAX))
		return false;
	batch->records[batch->count++] = copy;
	return true;
}

/*
 * The lines of one message follow each other, and the ledger would keep the one with the most tokens: where
 * nothing else tells them apart, the others need not reach it. Returns true when the record is dealt with.
 */
static bool merge_record(struct history_batch *batch, const struct ledger_record *record)
{
	struct ledger_record *last = batch->count > 0 ? &batch->records[batch->count - 1] : NULL;
	if (!last || !last->has_id || !record->has_id || last->id_hash != record->id_hash
	    || last->request_hash != record->request_hash || last->sidechain != record->sidechain
	    || last->has_speed != record->has_speed || last->fast != record->fast
	    || last->advisor != record->advisor || last->lost_by_reference || record->lost_by_reference
	    || last->is_limit || record->is_limit
	    || !are_same(last->model, record->model) || !are_same(last->payer, record->payer)
	    || last->payer_is_told != record->payer_is_told)
		return false;
	if (price_tokens_total(&record->tokens) > price_tokens_total(&last->tokens)) {
		struct slice model = last->model, payer = last->payer, branch = last->branch;
		*last = *record;
		last->model = model;
		last->payer = payer;
		last->branch = branch;
	}
	return true;
}

static bool take_record(void *ctx, const struct ledger_record *record)
{
	struct worker *worker = ctx;
	struct ledger_record copy = *record;
	/* Nearly all lines name the session that their transcript is named after. */
	if (are_same(copy.payer, worker->session)) {
		copy.payer = (struct slice){ NULL, 0 };
		copy.payer_is_told = false;
	}
	if (merge_record(worker->batch, &copy) || put_record(worker->batch, &copy))
		return true;
	pass_batch(worker);
	worker->batch = get_batch(worker);
	/* An empty batch has room. */
	return worker->batch && put_record(worker->batch, &copy);
}

/* A job that nobody has taken. With the lock held. */
static bool choose_job(struct history *history, size_t *job)
{
	const struct history_job *jobs = history->jobs;
	if (history->large_waiting > 0) {
		while (jobs[history->next_large].size_bytes < HISTORY_LARGE_BYTES)
			history->next_large++;
		history->large_waiting--;
		*job = history->next_large++;
		return true;
	}
	while (history->next_job < history->job_count
	       && jobs[history->next_job].size_bytes >= HISTORY_LARGE_BYTES)
		history->next_job++;
	if (history->next_job == history->job_count)
		return false;
	*job = history->next_job++;
	return true;
}

/* Waits for one. False: there are no more. */
static bool next_job(struct worker *worker)
{
	struct history *history = worker->history;
	bool more;
	pthread_mutex_lock(&history->lock);
	while (!(more = !history->stop && choose_job(history, &worker->job)) && !history->closed
	       && !history->stop)
		pthread_cond_wait(&history->added, &history->lock);
	struct transcript_path parts = { .subagent = false };
	if (more) {
		worker->path = history->jobs[worker->job].path;
		worker->from = history->jobs[worker->job].from;
		(void)transcript_path_parse(worker->path + history->jobs[worker->job].root_len, &parts);
		worker->session = parts.session_id;
	}
	pthread_mutex_unlock(&history->lock);
	return more;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	while (next_job(worker)) {
		struct gather_file file;
		worker->batch = get_batch(worker);
		if (!worker->batch)
			break;
		gather_read(&worker->gather, worker->path, worker->from, &file);
		if (!worker->batch)
			break;
		worker->batch->ends = true;
		worker->batch->file = file;
		pass_batch(worker);
	}
	gather_release(&worker->gather);
	pthread_mutex_lock(&worker->history->lock);
	worker->history->working--;
	pthread_mutex_unlock(&worker->history->lock);
	tell(worker->history);
	return NULL;
}

/* ---- on the caller's thread ---- */

static bool make_batches(struct history *history, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct history_batch *batch = malloc(sizeof(*batch));
		if (!batch)
			return false;
		batch->next = history->empty;
		history->empty = batch;
	}
	return true;
}

/* As many threads as can be had; none is a failure. */
static int start_threads(struct history *history, unsigned wanted)
{
	int why = 0;
	unsigned started = 0;
	while (started < wanted && why == 0) {
		struct worker *worker = &history->workers[started];
		*worker = (struct worker){ .history = history,
					   .gather = { .record = take_record, .ctx = worker } };
		pthread_mutex_lock(&history->lock);
		why = thread_start(&worker->thread, work, worker);
		history->working += why == 0;
		pthread_mutex_unlock(&history->lock);
		started += why == 0;
	}
	history->worker_count = started;
	return started > 0 ? 0 : why;
}

static unsigned choose_threads(unsigned threads)
{
	/* Those that taskset or a container left; more threads would wait for each other. */
	cpu_set_t ours;
	if (threads == 0)
		threads = sched_getaffinity(0, sizeof(ours), &ours) == 0 ? (unsigned)CPU_COUNT(&ours)
									 : HISTORY_THREADS_MAX;
	return threads < HISTORY_THREADS_MAX ? threads : HISTORY_THREADS_MAX;
}

struct history *history_open(unsigned threads, void (*notify)(void *ctx), void *ctx)
{
	struct history *history = calloc(1, sizeof(*history));
	if (!history)
		return NULL;
	history->notify = notify;
	history->ctx = ctx;
	pthread_mutex_init(&history->lock, NULL);
	pthread_cond_init(&history->came, NULL);
	pthread_cond_init(&history->freed, NULL);
	pthread_cond_init(&history->added, NULL);
	threads = choose_threads(threads);
	history->full_enough = (size_t)threads * BATCHES_A_THREAD / 2;
	int why = make_batches(history, (size_t)threads * BATCHES_A_THREAD) ? 0 : ENOMEM;
	if (why == 0)
		why = start_threads(history, threads);
	if (why == 0)
		return history;
	history_free(history);
	errno = why;
	return NULL;
}

bool history_add(struct history *history, const struct history_job *job)
{
	pthread_mutex_lock(&history->lock);
	bool good = array_reserve(&history->jobs, &history->job_cap, history->job_count + 1,
				  sizeof(*history->jobs));
	if (good) {
		history->jobs[history->job_count++] = *job;
		history->large_waiting += job->size_bytes >= HISTORY_LARGE_BYTES;
		pthread_cond_signal(&history->added);
	} else {
		free(job->path);
	}
	pthread_mutex_unlock(&history->lock);
	return good;
}

void history_close(struct history *history)
{
	pthread_mutex_lock(&history->lock);
	history->closed = true;
	pthread_cond_broadcast(&history->added);
	pthread_mutex_unlock(&history->lock);
}

struct history *history_start(struct history_job *jobs, size_t count, unsigned threads,
			      void (*notify)(void *ctx), void *ctx)
{
	struct history *history = history_open(threads, notify, ctx);
	int why = errno;
	bool good = history != NULL;
	for (size_t i = 0; i < count; i++) {
		if (good)
			good = history_add(history, &jobs[i]);
		else
			free(jobs[i].path);
	}
	free(jobs);
	if (good) {
		history_close(history);
		return history;
	}
	history_free(history);
	errno = history ? ENOMEM : why;
	return NULL;
}

struct history_batch *history_take(struct history *history, bool wait)
{
	if (history_is_done(history))
		return NULL;
	pthread_mutex_lock(&history->lock);
	if (wait && !history->full_head)
		while (history->full_count < history->full_enough && history->working > 0)
			pthread_cond_wait(&history->came, &history->lock);
	struct history_batch *batch = history->full_head;
	if (batch) {
		history->full_head = batch->next;
		history->full_count--;
		if (batch->ends)
			history->ended++;
	}
	pthread_mutex_unlock(&history->lock);
	return batch;
}

void history_give_back(struct history *history, struct history_batch *batch)
{
	pthread_mutex_lock(&history->lock);
	batch->next = history->empty;
	history->empty = batch;
	pthread_cond_signal(&history->freed);
	pthread_mutex_unlock(&history->lock);
}

bool history_is_done(const struct history *history)
{
	return history->closed && history->ended == history->job_count;
}

struct history_job *history_job_at(struct history *history, size_t job)
{
	return &history->jobs[job];
}

static void free_batches(struct history_batch *batch)
{
	while (batch) {
		struct history_batch *next = batch->next;
		free(batch);
		batch = next;
	}
}

void history_free(struct history *history)
{
	if (!history)
		return;
	pthread_mutex_lock(&history->lock);
	history->stop = true;
	pthread_cond_broadcast(&history->freed);
	pthread_cond_broadcast(&history->added);
	pthread_mutex_unlock(&history->lock);
	for (unsigned i = 0; i < history->worker_count; i++)
		pthread_join(history->workers[i].thread, NULL);
	free_batches(history->empty);
	free_batches(history->full_head);
	pthread_cond_destroy(&history->added);
	pthread_cond_destroy(&history->freed);
	pthread_cond_destroy(&history->came);
	pthread_mutex_destroy(&history->lock);
	for (size_t i = 0; i < history->job_count; i++)
		free(history->jobs[i].path);
	free(history->jobs);
	free(history);
}
