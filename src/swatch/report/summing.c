#include "swatch/report/summing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/scope.h"

/* Numbers of transcripts and sessions in the file stay below. */
#define NUMBERS_MAX (1 << 24)
/* The model whose row stands for all further ones. */
#define OTHER_MODELS (LEDGER_MODELS_MAX - 1)

struct summing_session {
	const char *name;		       /* NULL: not looked up yet */
	const struct summing_transcript *home; /* the one that names its project best */
};

/* ---- sessions ---- */

static struct summing_session *session_of(struct summing *summing, int64_t number)
{
	if (number < 0 || number >= NUMBERS_MAX
	    || !array_reserve(&summing->sessions, &summing->session_cap, (size_t)number + 1,
			      sizeof(*summing->sessions))) {
		summing->failed = true;
		return NULL;
	}
	while (summing->session_count <= (size_t)number)
		summing->sessions[summing->session_count++] = (struct summing_session){ NULL, NULL };
	return &summing->sessions[number];
}

/* A name that could not be read is another one than an empty one. */
static void check_names(struct summing *summing)
{
	summing->failed = summing->failed || store_names_take_result(&summing->names) != SQLITE_OK;
}

static void set_name(struct summing *summing, int64_t number, const char *name)
{
	struct summing_session *session = session_of(summing, number);
	if (!session)
		return;
	session->name = strmap_put(&summing->by_session, name, (void *)((uintptr_t)number + 1))
			      ? strmap_key(&summing->by_session, name)
			      : NULL;
	summing->failed = summing->failed || !session->name;
}

static const char *name_session(struct summing *summing, int64_t number)
{
	const struct summing_session *session = session_of(summing, number);
	if (session && !session->name)
		set_name(summing, number, store_names_session(&summing->names, number));
	check_names(summing);
	return session && session->name ? session->name : "";
}

/* A number with which the file names no session. */
static int64_t next_number(struct summing *summing)
{
	sqlite3_stmt *last = NULL;
	int64_t number = -1;
	if (sqlite3_prepare_v2(summing->db, "SELECT coalesce(max(id), 0) FROM session", -1, &last, NULL)
		    == SQLITE_OK
	    && sqlite3_step(last) == SQLITE_ROW)
		number = sqlite3_column_int64(last, 0) + 1;
	(void)sqlite3_finalize(last);
	return number > 0 && (size_t)number < summing->session_count ? (int64_t)summing->session_count
								     : number;
}

int64_t summing_number_session(struct summing *summing, const char *name)
{
	sqlite3_stmt *known = NULL;
	int64_t number = 0;
	if (!name[0])
		return 0;
	uintptr_t given = (uintptr_t)strmap_get(&summing->by_session, name);
	if (given > 0)
		return (int64_t)given - 1;
	int result = sqlite3_prepare_v2(summing->db, "SELECT id FROM session WHERE name = ?1", -1, &known,
					NULL);
	if (result == SQLITE_OK)
		result = sqlite3_bind_text(known, 1, name, -1, SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = sqlite3_step(known);
	if (result == SQLITE_ROW)
		number = sqlite3_column_int64(known, 0);
	else if (result != SQLITE_DONE)
		summing->failed = true;
	(void)sqlite3_finalize(known);
	number = number > 0 ? number : next_number(summing);
	set_name(summing, number, name);
	return number;
}

/* ---- models ---- */

const struct summing_model *summing_model_named(struct summing *summing, const char *name, bool fast)
{
	char shown[PRICE_MODEL_MAX + sizeof("-fast")];
	const struct slice slice = { *name ? name : NULL, strlen(name) };
	snprintf(shown, sizeof(shown), "%s%s", *name ? name : "unknown", fast ? "-fast" : "");
	uintptr_t known = (uintptr_t)strmap_get(&summing->by_model, shown);
	if (known > 0)
		return &summing->models[known - 1];
	unsigned number = summing->model_count < OTHER_MODELS ? summing->model_count++ : OTHER_MODELS;
	struct summing_model *model = &summing->models[number];
	if (!model->name)
		*model = (struct summing_model){
			.name = strdup(number == OTHER_MODELS ? "(other models)" : shown),
			.silent = number < OTHER_MODELS && ledger_model_is_silent(slice, 0),
			.number = number,
		};
	if (!model->name || !strmap_put(&summing->by_model, shown, (void *)((uintptr_t)number + 1))) {
		summing->failed = true;
		return NULL;
	}
	return model;
}

/* A model by its number in the file. NULL when memory ran out. */
static const struct summing_model *model_of(struct summing *summing, int64_t number, bool fast)
{
	bool is_kept = number >= 0 && number < (int64_t)ARRAY_COUNT(summing->of_number[0]);
	unsigned known = is_kept ? summing->of_number[fast][number] : 0;
	if (known > 0)
		return &summing->models[known - 1];
	const struct summing_model *model =
		summing_model_named(summing, store_names_model(&summing->names, number), fast);
	check_names(summing);
	if (model && is_kept)
		summing->of_number[fast][number] = (unsigned char)(model->number + 1);
	return model;
}

/* ---- transcripts ---- */

size_t summing_add_transcript(struct summing *summing, const struct summing_transcript *transcript)
{
	if (!array_reserve_many(&summing->transcripts, &summing->transcript_cap,
				summing->transcript_count + 1, sizeof(*summing->transcripts)))
		return SIZE_MAX;
	struct summing_transcript *added = &summing->transcripts[summing->transcript_count];
	*added = *transcript;
	added->path = strdup(transcript->path);
	return added->path ? summing->transcript_count++ : SIZE_MAX;
}

void summing_find_again(struct summing *summing, size_t transcript)
{
	summing->transcripts[transcript].gone = false;
}

void summing_lose_transcript(struct summing *summing, const char *path)
{
	for (size_t i = 0; i < summing->transcript_count; i++)
		if (strcmp(summing->transcripts[i].path, path) == 0)
			summing->transcripts[i].gone = true;
}

static bool take_transcript(void *ctx, const struct store_rolled_transcript *found)
{
	struct summing *summing = ctx;
	const struct summing_transcript transcript = {
		.path = (char *)(uintptr_t)found->path,
		.root_len = found->root_len,
		.session = found->session,
		.subagent = found->subagent,
		.gone = found->gone,
		.id = found->id,
		.version = found->version,
		.size_bytes = found->size_bytes,
		.modified_ns = found->modified_ns,
	};
	return found->id > 0 && found->id < NUMBERS_MAX
	    && summing_add_transcript(summing, &transcript) != SIZE_MAX;
}

static int compare_transcripts(const void *a, const void *b)
{
	const struct summing_transcript *left = a, *right = b;
	int order = strcmp(left->path, right->path);
	return order != 0 ? order : (left->version > right->version) - (left->version < right->version);
}

/* Returns false when memory ran out. */
static bool note_numbers(struct summing *summing)
{
	int64_t last = 0;
	for (size_t i = 0; i < summing->transcript_count; i++)
		if (summing->transcripts[i].id > last)
			last = summing->transcripts[i].id;
	summing->by_id = calloc((size_t)last + 1, sizeof(*summing->by_id));
	if (!summing->by_id)
		return false;
	summing->by_id_count = (size_t)last + 1;
	for (size_t i = 0; i < summing->transcript_count; i++)
		summing->by_id[summing->transcripts[i].id] = (uint32_t)i + 1;
	return true;
}

bool summing_open(struct summing *summing, const struct store_roots *roots)
{
	if (store_names_open(summing->db, &summing->names) != SQLITE_OK
	    || store_rolled_transcripts(summing->db, roots, take_transcript, summing, &summing->elsewhere)
		       != SQLITE_OK)
		return false;
	if (summing->transcript_count > 0)
		qsort(summing->transcripts, summing->transcript_count, sizeof(*summing->transcripts),
		      compare_transcripts);
	return note_numbers(summing);
}

/* Of several with one path it finds the end. */
static int compare_path(const void *key, const void *item)
{
	return strcmp(key, ((const struct summing_transcript *)item)->path) < 0 ? -1 : 1;
}

struct summing_transcript *summing_find_transcript(const struct summing *summing, const char *path)
{
	size_t at = array_search(path, summing->transcripts, summing->transcript_count,
				 sizeof(*summing->transcripts), compare_path, NULL);
	return at > 0 && strcmp(summing->transcripts[at - 1].path, path) == 0 ? &summing->transcripts[at - 1]
									      : NULL;
}

/* ---- homes ---- */

struct ranked {
	const char *path;
	size_t index;
};

static int compare_paths(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;
	int order = strcmp(left->path, right->path);
	return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

static void rank_transcripts(struct summing *summing)
{
	AUTO_FREE struct ranked *ranked = calloc(summing->transcript_count + 1, sizeof(*ranked));
	bool is_sorted = true;
	if (!ranked) {
		summing->failed = true;
		return;
	}
	for (size_t i = 0; i < summing->transcript_count; i++) {
		ranked[i] = (struct ranked){ summing->transcripts[i].path, i };
		is_sorted = is_sorted && (i == 0 || compare_paths(&ranked[i - 1], &ranked[i]) < 0);
	}
	if (!is_sorted)
		qsort(ranked, summing->transcript_count, sizeof(*ranked), compare_paths);
	for (size_t i = 0; i < summing->transcript_count; i++)
		summing->transcripts[ranked[i].index].rank = (uint32_t)i;
}

/* The ledger's rule (owners.c): one that is there, that is no subagent's, the first path. */
static bool is_better_home(const struct summing_transcript *a, const struct summing_transcript *b)
{
	if (!b || a->gone != b->gone)
		return !b || b->gone;
	if (a->subagent != b->subagent)
		return b->subagent;
	return a->rank < b->rank;
}

void summing_find_homes(struct summing *summing)
{
	rank_transcripts(summing);
	for (size_t i = 0; i < summing->session_count; i++)
		summing->sessions[i].home = NULL;
	for (size_t i = 0; i < summing->transcript_count && !summing->failed; i++) {
		const struct summing_transcript *transcript = &summing->transcripts[i];
		struct summing_session *session = session_of(summing, transcript->session);
		if (session && is_better_home(transcript, session->home))
			session->home = transcript;
	}
}

/* ---- entries ---- */

void summing_add(struct summing *summing, const struct summing_entry *entry)
{
	const struct summing_transcript *transcript = &summing->transcripts[entry->transcript];
	const struct summing_transcript *home = transcript;
	const struct store_sums *sums = entry->sums;
	const struct summing_session *payer = session_of(summing, entry->session);
	if (payer && entry->session != transcript->session && payer->home)
		home = payer->home;
	const char *session_id = name_session(summing, entry->session);
	if (!array_reserve_many(&summing->entries, &summing->cap, summing->count + 1,
				sizeof(*summing->entries)))
		summing->failed = true;
	if (summing->failed)
		return;
	summing->entries[summing->count++] = (struct report_entry){
		.first_ms = sums->first_ms,
		.last_ms = sums->last_ms,
		.messages = (uint64_t)sums->messages,
		.unpriced_messages = (uint64_t)sums->unpriced,
		.tokens = sums->tokens,
		.cost_usd = entry->cost_usd,
		.model = entry->model->number,
		.model_name = entry->model->name,
		.model_silent = entry->model->silent,
		.unpriced = sums->unpriced > 0,
		.rank = transcript->rank,
		.offset = sums->first_offset,
		.session = (unsigned)entry->session,
		.session_id = session_id,
		.home = home->path,
		.home_root_len = home->root_len,
	};
}

void summing_add_rolled(struct summing *summing, const struct store_rolled *rolled)
{
	uint32_t at = rolled->transcript > 0 && (size_t)rolled->transcript < summing->by_id_count
			    ? summing->by_id[rolled->transcript]
			    : 0;
	const struct summing_model *model = at > 0 ? model_of(summing, rolled->model, rolled->fast)
						   : NULL;
	if (!model)
		return;
	/* Sums of a day are of many sessions. */
	int64_t session = rolled->payer == STORE_ROLLED_MANY ? 0
			: rolled->payer == 0		     ? summing->transcripts[at - 1].session
							     : rolled->payer;
	const struct summing_entry entry = {
		.transcript = at - 1,
		.session = session,
		.model = model,
		.sums = &rolled->sums,
		.cost_usd = (double)rolled->sums.nano_usd / 1e9,
	};
	summing_add(summing, &entry);
}

void summing_release(struct summing *summing)
{
	for (size_t i = 0; i < summing->transcript_count; i++)
		free(summing->transcripts[i].path);
	for (size_t i = 0; i < ARRAY_COUNT(summing->models); i++)
		free(summing->models[i].name);
	store_names_release(&summing->names);
	strmap_release(&summing->by_session);
	strmap_release(&summing->by_model);
	free(summing->transcripts);
	free(summing->by_id);
	free(summing->sessions);
	free(summing->entries);
}
