#include "swatch/report/summed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/scope.h"
#include "history/history.h"
#include "ledger/store/database.h"
#include "ledger/store/known.h"
#include "ledger/store/rolled.h"
#include "ledger/store/rows.h"
#include "swatch/report/scan.h"

/* Numbers of transcripts and sessions in the file stay below. */
#define NUMBERS_MAX (1 << 24)

struct transcript {
	char *path;
	size_t root_len;
	int64_t session;
	bool subagent, gone;
};

struct session {
	const char *name;            /* NULL: not looked up yet */
	const struct transcript *home; /* the one that names its project best */
};

/* A model as lists show it. */
struct model {
	char *name;
	bool silent;
	unsigned number;             /* + 1; 0: none yet */
};

struct summing {
	sqlite3 *db;
	struct store_names names;
	struct transcript *transcripts;
	size_t transcript_count, transcript_cap;
	uint32_t *by_id;             /* index + 1 in `transcripts` */
	size_t by_id_count, by_id_cap;
	struct session *sessions;    /* by number */
	size_t session_count, session_cap;
	struct strmap texts;         /* names of sessions, kept here */
	struct model models[2][256]; /* without and with fast mode, by number; others are (other models) */
	unsigned model_count;
	struct report_entry *entries;
	size_t count, cap;
	size_t elsewhere;            /* transcripts below other directories */
	bool has_unpriced;
	bool failed, is_split;       /* is_split: some row of a day is of two days of this zone */
};

/* ---- whether the file has it all ---- */

static bool is_known(void *ctx, const struct history_job *job)
{
	const struct store_known_list *list = ctx;
	const struct store_known *known = store_known_find(list, job->path);
	bool same = known ? known->progress.size_bytes == job->size_bytes
				    && known->progress.modified_ns == job->modified_ns
			  : job->size_bytes == 0;
	free(job->path);
	return same;
}

static bool has_all(sqlite3 *db, const struct data_dirs *dirs, const struct store_roots *roots)
{
	struct store_known_list list = { 0 };
	AUTO_BUF error = BUF_INIT;
	bool good = store_known_read_there(db, roots, &list) == SQLITE_OK
		    && history_walk(dirs, is_known, &list, &error) == 0 && error.len == 0;
	store_known_release(&list);
	return good;
}

/* ---- names ---- */

static struct session *session_of(struct summing *summing, int64_t number)
{
	if (number < 0 || number >= NUMBERS_MAX
	    || !array_reserve(&summing->sessions, &summing->session_cap, (size_t)number + 1,
			      sizeof(*summing->sessions))) {
		summing->failed = true;
		return NULL;
	}
	while (summing->session_count <= (size_t)number)
		summing->sessions[summing->session_count++] = (struct session){ NULL, NULL };
	return &summing->sessions[number];
}

static const char *name_session(struct summing *summing, int64_t number)
{
	static char here;
	struct session *session = session_of(summing, number);
	if (!session)
		return "";
	if (!session->name) {
		const char *name = store_names_session(&summing->names, number);
		session->name = strmap_put(&summing->texts, name, &here) ? strmap_key(&summing->texts, name)
									 : NULL;
		summing->failed = summing->failed || !session->name;
	}
	return session->name ? session->name : "";
}

/* As the ledger's own reports show it. Returns NULL when memory ran out. */
static const struct model *model_of(struct summing *summing, int64_t number, bool fast)
{
	static const struct model other = { .name = (char *)(uintptr_t) "(other models)",
					    .number = LEDGER_MODELS_MAX };
	if (number < 0 || number >= (int64_t)ARRAY_COUNT(summing->models[0]))
		return &other;
	struct model *model = &summing->models[fast][number];
	if (model->name)
		return model->number > 0 ? model : &other;
	const char *name = store_names_model(&summing->names, number);
	const struct slice slice = { *name ? name : NULL, strlen(name) };
	char shown[PRICE_MODEL_MAX + sizeof("-fast")];
	snprintf(shown, sizeof(shown), "%s%s", *name ? name : "unknown", fast ? "-fast" : "");
	model->name = strdup(shown);
	model->silent = ledger_model_is_silent(slice, 0);
	if (!model->name) {
		summing->failed = true;
		return NULL;
	}
	if (summing->model_count < LEDGER_MODELS_MAX - 1)
		model->number = ++summing->model_count;
	return model->number > 0 ? model : &other;
}

/* ---- transcripts ---- */

static bool take_transcript(void *ctx, const struct store_rolled_transcript *found)
{
	struct summing *summing = ctx;
	if (found->id <= 0 || found->id >= NUMBERS_MAX
	    || !array_reserve(&summing->by_id, &summing->by_id_cap, (size_t)found->id + 1,
			      sizeof(*summing->by_id))
	    || !array_reserve(&summing->transcripts, &summing->transcript_cap, summing->transcript_count + 1,
			      sizeof(*summing->transcripts)))
		return false;
	while (summing->by_id_count <= (size_t)found->id)
		summing->by_id[summing->by_id_count++] = 0;
	struct transcript transcript = { strdup(found->path), found->root_len, found->session,
					 found->subagent, found->gone };
	if (!transcript.path)
		return false;
	summing->transcripts[summing->transcript_count++] = transcript;
	summing->by_id[found->id] = (uint32_t)summing->transcript_count;
	return true;
}

/* The ledger's rule (owners.c): one that is there, that is no subagent's, the first path. */
static bool is_better_home(const struct transcript *a, const struct transcript *b)
{
	if (!b || a->gone != b->gone)
		return !b || b->gone;
	if (a->subagent != b->subagent)
		return b->subagent;
	return strcmp(a->path, b->path) < 0;
}

static bool find_homes(struct summing *summing)
{
	for (size_t i = 0; i < summing->transcript_count && !summing->failed; i++) {
		const struct transcript *transcript = &summing->transcripts[i];
		struct session *session = session_of(summing, transcript->session);
		if (session && is_better_home(transcript, session->home))
			session->home = transcript;
	}
	return !summing->failed;
}

/* ---- rows ---- */

static bool add_rolled(void *ctx, const struct store_rolled *rolled)
{
	struct summing *summing = ctx;
	const struct store_sums *sums = &rolled->sums;
	uint32_t at = rolled->transcript > 0 && (size_t)rolled->transcript < summing->by_id_count
			      ? summing->by_id[rolled->transcript]
			      : 0;
	const struct model *model = at > 0 ? model_of(summing, rolled->model, rolled->fast) : NULL;
	/* Of a transcript below another directory. */
	if (!model)
		return !summing->failed;
	const struct transcript *transcript = &summing->transcripts[at - 1], *home = transcript;
	const struct session *payer = session_of(summing, rolled->session);
	const char *session_id = name_session(summing, rolled->session);
	/* It may have a price by now, which the file does not know. */
	summing->has_unpriced = summing->has_unpriced || sums->unpriced > 0;
	if (payer && rolled->session != transcript->session && payer->home)
		home = payer->home;
	if (!array_reserve(&summing->entries, &summing->cap, summing->count + 1, sizeof(*summing->entries)))
		summing->failed = true;
	if (summing->failed)
		return false;
	summing->entries[summing->count++] = (struct report_entry){
		.first_ms = sums->first_ms,
		.last_ms = sums->last_ms,
		.tokens = sums->tokens,
		.cost_usd = (double)sums->nano_usd / 1e9,
		.model = model->number - 1,
		.model_name = model->name,
		.model_silent = model->silent,
		.unpriced = sums->unpriced > 0,
		.rank = at - 1,
		.offset = sums->first_offset,
		.session = (unsigned)rolled->session,
		.session_id = session_id,
		.home = home->path,
		.home_root_len = home->root_len,
	};
	return true;
}

static bool is_one_day(const struct store_sums *sums)
{
	return sums->last_ms < clock_local_next_day_ms(sums->first_ms);
}

static bool add_day(void *ctx, const struct store_rolled *rolled)
{
	struct summing *summing = ctx;
	summing->is_split = !is_one_day(&rolled->sums);
	return !summing->is_split && add_rolled(ctx, rolled);
}

static bool add_quarter(void *ctx, const struct store_rolled *rolled)
{
	struct summing *summing = ctx;
	/* Some zones are apart from others by less than a quarter of an hour. */
	if (rolled->sums.first_ms / CLOCK_MINUTE_MS != rolled->sums.last_ms / CLOCK_MINUTE_MS
	    && !is_one_day(&rolled->sums))
		return store_rolled_split(summing->db, rolled, add_rolled, ctx) == SQLITE_OK;
	return add_rolled(ctx, rolled);
}

/* Days sum up whatever lies below any directory, and all projects. */
static bool read_sums(struct summing *summing, const struct report_options *options)
{
	bool by_day = options->kind != REPORT_SESSIONS && !options->project[0] && summing->elsewhere == 0;
	if (by_day && store_rolled_read(summing->db, STORE_BY_DAY, add_day, summing) == SQLITE_OK)
		return true;
	if (by_day && !summing->is_split)
		return false;
	summing->count = 0;
	return store_rolled_read(summing->db, STORE_BY_QUARTER, add_quarter, summing) == SQLITE_OK;
}

static bool entry_at(void *ctx, size_t index, struct report_entry *out)
{
	const struct summing *summing = ctx;
	if (index >= summing->count)
		return false;
	*out = summing->entries[index];
	return true;
}

static void release(struct summing *summing)
{
	for (size_t i = 0; i < summing->transcript_count; i++)
		free(summing->transcripts[i].path);
	for (size_t i = 0; i < ARRAY_COUNT(summing->models[0]); i++) {
		free(summing->models[0][i].name);
		free(summing->models[1][i].name);
	}
	store_names_release(&summing->names);
	strmap_release(&summing->texts);
	free(summing->transcripts);
	free(summing->by_id);
	free(summing->sessions);
	free(summing->entries);
	store_database_close(summing->db);
	free(summing);
}

/* Reads names and sums. Returns false when the file cannot answer. */
static bool load(struct summing *summing, const struct invocation *invocation,
		 const struct report_options *options)
{
	struct data_dirs dirs;
	struct store_roots roots = { .count = 0 };
	if (data_dirs_find(&dirs, invocation->config.watch_paths) != 0)
		return false;
	store_roots_find(&roots, &dirs);
	/* One view of it, however long swatchd writes meanwhile. */
	bool good = sqlite3_exec(summing->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK
		    && has_all(summing->db, &dirs, &roots)
		    && store_names_open(summing->db, &summing->names) == SQLITE_OK
		    && store_rolled_transcripts(summing->db, &roots, take_transcript, summing,
						&summing->elsewhere)
			       == SQLITE_OK
		    && find_homes(summing) && read_sums(summing, options) && !summing->failed;
	store_roots_release(&roots);
	data_dirs_release(&dirs);
	return good;
}

bool report_from_sums(const struct invocation *invocation, const struct report_request *request,
		      struct report_data *data)
{
	AUTO_FREE char *path = store_default_path();
	AUTO_BUF error = BUF_INIT;
	struct report report;
	struct summing *summing = calloc(1, sizeof(*summing));
	bool can = summing && path && request->options.kind != REPORT_BLOCKS && !request->live_only
		   && invocation->config.ledger_enabled
		   && store_database_open_read_only(path, &summing->db, &error) == STORE_OPENED
		   && load(summing, invocation, &request->options) && !summing->has_unpriced;
	const struct report_source source = { entry_at, summing };
	if (can) {
		can = report_make_of(&source, &request->options, &report, &error) == 0;
		if (can)
			report_take_rows(&report, data);
		report_release(&report);
	}
	if (summing)
		release(summing);
	return can;
}
