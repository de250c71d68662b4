#include "ccusage/reference.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/scope.h"
#include "base/strmap.h"

#define NONE UINT32_MAX
/* Names of models beyond this share the last number. */
#define MODELS_MAX 4096
/* No price has a longer name. */
#define MODEL_MAX_BYTES ((size_t)PRICE_MODEL_MAX * 6)

struct reference {
	struct reference_record *records;
	size_t count, cap;
	struct reference_file *files;
	size_t file_count, file_cap;
	char **models;
	size_t model_count, model_cap;
	struct strmap model_numbers;    /* -> number + 1 */
};

struct reference *reference_new(void)
{
	return calloc(1, sizeof(struct reference));
}

static void free_file(const struct reference_file *file)
{
	free(file->path);
	free(file->session);
	free(file->project);
}

void reference_free(struct reference *reference)
{
	if (!reference)
		return;
	for (size_t i = 0; i < reference->file_count; i++)
		free_file(&reference->files[i]);
	for (size_t i = 0; i < reference->model_count; i++)
		free(reference->models[i]);
	strmap_release(&reference->model_numbers);
	free(reference->models);
	free(reference->files);
	free(reference->records);
	free(reference);
}

bool reference_add_file(struct reference *reference, const struct reference_file *file)
{
	size_t needed = reference->file_count + 1;
	if (needed > NONE || !array_reserve(&reference->files, &reference->file_cap, needed, sizeof(*file))) {
		free_file(file);
		return false;
	}
	reference->files[reference->file_count++] = *file;
	return true;
}

bool reference_add(struct reference *reference, const struct reference_record *record)
{
	size_t needed = reference->count + 1;
	if (needed > NONE || !array_reserve(&reference->records, &reference->cap, needed, sizeof(*record)))
		return false;
	reference->records[reference->count++] = *record;
	return true;
}

int reference_model_number(struct reference *reference, struct slice model)
{
	/* The scan refuses an empty name, so "" can stand for no name. */
	size_t len = model.data ? model.len < MODEL_MAX_BYTES ? model.len : MODEL_MAX_BYTES : 0;
	const char *name = model.data ? model.data : "";
	uintptr_t known = (uintptr_t)strmap_get_len(&reference->model_numbers, name, len);
	if (known)
		return (int)(known - 1);
	if (reference->model_count == MODELS_MAX)
		return MODELS_MAX - 1;
	char *copy = strndup(name, len);
	/* A number in a pointer's place: the map holds no memory for it. */
	if (!copy || !array_reserve(&reference->models, &reference->model_cap, reference->model_count + 1,
				    sizeof(*reference->models))
	    || !strmap_put_len(&reference->model_numbers, name, len, (void *)(reference->model_count + 1))) {
		free(copy);
		return -1;
	}
	reference->models[reference->model_count] = copy;
	return (int)reference->model_count++;
}

size_t reference_count(const struct reference *reference)
{
	return reference->count;
}

const struct reference_record *reference_record_at(const struct reference *reference, size_t index)
{
	return &reference->records[index];
}

size_t reference_file_count(const struct reference *reference)
{
	return reference->file_count;
}

const struct reference_file *reference_file_at(const struct reference *reference, size_t file)
{
	return &reference->files[file];
}

struct slice reference_model(const struct reference *reference, const struct reference_record *record)
{
	const char *name = reference->models[record->model];
	return (struct slice){ *name ? name : NULL, strlen(name) };
}

/* ---- where a record stands ---- */

static int compare_path(const void *key, const void *file)
{
	return strcmp(key, ((const struct reference_file *)file)->path);
}

struct place {
	size_t file;
	int64_t offset;
};

static int compare_place(const void *key, const void *item)
{
	const struct place *place = key;
	const struct reference_record *r = item;
	if (place->file != r->file)
		return place->file < r->file ? -1 : 1;
	return (place->offset > r->offset) - (place->offset < r->offset);
}

void reference_find(const struct reference *reference, const char *path, int64_t offset, size_t *first,
		    size_t *end)
{
	bool found;
	size_t file = array_search(path, reference->files, reference->file_count, sizeof(*reference->files),
				   compare_path, &found);
	*first = *end = 0;
	if (!found)
		return;
	/* The records are in the order of files and offsets. */
	const struct reference_record *all = reference->records;
	struct place place = { file, offset };
	*first = array_search(&place, all, reference->count, sizeof(*all), compare_place, NULL);
	place.offset++;
	*end = array_search(&place, all, reference->count, sizeof(*all), compare_place, NULL);
}

/* ---- duplicates, as ccusage finds them ---- */

/* An entry under a key. A key's links are in the order in which they were added. */
struct link {
	uint64_t key;
	uint32_t entry;
	uint32_t next;       /* of the same bucket */
};

struct index {
	struct link *links;
	size_t count, cap;
	uint32_t *buckets;
	size_t bucket_count;
};

struct keeper {
	const struct reference *reference;
	enum reference_rule rule;
	uint32_t *entries;   /* the number of the record that each entry keeps */
	size_t entry_count;
	struct index exact;  /* by message and request */
	struct index copies; /* by message and session */
};

static bool index_init(struct index *index, size_t records)
{
	index->bucket_count = 1024;
	while (index->bucket_count < records)
		index->bucket_count *= 2;
	index->buckets = malloc(index->bucket_count * sizeof(*index->buckets));
	if (!index->buckets || !array_reserve(&index->links, &index->cap, 1, sizeof(*index->links)))
		return false;
	memset(index->buckets, 0xff, index->bucket_count * sizeof(*index->buckets));
	return true;
}

static void index_release(struct index *index)
{
	free(index->links);
	free(index->buckets);
}

/* Returns the next link of a key after `at`; with `at` NONE, its first one. */
static uint32_t index_next(const struct index *index, uint64_t key, uint32_t at)
{
	at = at == NONE ? index->buckets[key & (index->bucket_count - 1)] : index->links[at].next;
	while (at != NONE && index->links[at].key != key)
		at = index->links[at].next;
	return at;
}

static bool index_put(struct index *index, uint64_t key, uint32_t entry)
{
	uint32_t *bucket = &index->buckets[key & (index->bucket_count - 1)], last = NONE;
	for (uint32_t at = *bucket; at != NONE; at = index->links[at].next) {
		if (index->links[at].key == key && index->links[at].entry == entry)
			return true;
		last = at;
	}
	if (!array_reserve(&index->links, &index->cap, index->count + 1, sizeof(*index->links)))
		return false;
	index->links[index->count] = (struct link){ key, entry, NONE };
	if (last == NONE)
		*bucket = (uint32_t)index->count;
	else
		index->links[last].next = (uint32_t)index->count;
	index->count++;
	return true;
}

/*
 * Without a requestId, the session takes its place (DIFFERENCE_NO_REQUEST_ID), in the daily report together
 * with the time (DIFFERENCE_DAILY_RULES).
 */
static uint64_t exact_key(const struct keeper *keeper, const struct reference_record *r)
{
	bool has_request = r->request_hash != 0, is_daily = keeper->rule == REFERENCE_DAILY;
	const uint64_t parts[] = { r->message_hash, r->advisor, r->request_hash,
				   has_request ? 0 : r->session_hash,
				   has_request || !is_daily ? 0 : (uint64_t)r->time_ms };
	return strmap_hash(parts, sizeof(parts));
}

static uint64_t copy_key(const struct reference_record *r)
{
	const uint64_t parts[] = { r->message_hash, r->advisor, r->session_hash };
	return strmap_hash(parts, sizeof(parts));
}

static const struct reference_record *record_of(const struct keeper *keeper, uint32_t entry)
{
	return &keeper->reference->records[keeper->entries[entry]];
}

/* Returns the entry that the record duplicates, or NONE when the record is new. */
static uint32_t find_entry(const struct keeper *keeper, const struct reference_record *r, uint64_t exact,
			   uint64_t copy)
{
	for (uint32_t at = NONE; (at = index_next(&keeper->exact, exact, at)) != NONE;)
		if (exact_key(keeper, record_of(keeper, keeper->exact.links[at].entry)) == exact)
			return keeper->exact.links[at].entry;
	for (uint32_t at = NONE; (at = index_next(&keeper->copies, copy, at)) != NONE;) {
		const struct reference_record *other = record_of(keeper, keeper->copies.links[at].entry);
		if ((r->sidechain || other->sidechain)
		    && (keeper->rule == REFERENCE_DAILY || r->time_ms == other->time_ms))
			return keeper->copies.links[at].entry;
	}
	return NONE;
}

static bool is_better(const struct keeper *keeper, const struct reference_record *a,
		      const struct reference_record *b)
{
	int64_t a_tokens = price_tokens_total(&a->tokens), b_tokens = price_tokens_total(&b->tokens);
	if (a->sidechain != b->sidechain)
		return b->sidechain;
	if (a_tokens != b_tokens)
		return a_tokens > b_tokens;
	if (keeper->rule == REFERENCE_DAILY && (a->usd < b->usd || a->usd > b->usd))
		return a->usd > b->usd;
	return a->has_speed && !b->has_speed;
}

static bool keep_record(struct keeper *keeper, size_t number)
{
	const struct reference_record *r = &keeper->reference->records[number];
	unsigned lost = r->lost & REFERENCE_LOST;
	if (keeper->rule == REFERENCE_DAILY)
		lost &= ~(unsigned)REFERENCE_LOST_ERROR_MARK;
	if (lost)
		return true;
	if (r->progress && keeper->rule != REFERENCE_DAILY)
		return true;
	if (r->message_hash == 0) {
		keeper->entries[keeper->entry_count++] = (uint32_t)number;
		return true;
	}
	uint64_t exact = exact_key(keeper, r), copy = copy_key(r);
	uint32_t entry = find_entry(keeper, r, exact, copy);
	if (entry == NONE) {
		entry = (uint32_t)keeper->entry_count++;
		keeper->entries[entry] = (uint32_t)number;
	} else if (is_better(keeper, r, record_of(keeper, entry))) {
		keeper->entries[entry] = (uint32_t)number;
	}
	return index_put(&keeper->exact, exact, entry) && index_put(&keeper->copies, copy, entry);
}

bool *reference_keep(const struct reference *reference, enum reference_rule rule)
{
	struct keeper keeper = { .reference = reference, .rule = rule };
	AUTO_FREE bool *kept = calloc(reference->count + 1, sizeof(*kept));
	keeper.entries = malloc((reference->count + 1) * sizeof(*keeper.entries));
	bool good = kept && keeper.entries && index_init(&keeper.exact, reference->count)
		    && index_init(&keeper.copies, reference->count);
	for (size_t i = 0; i < reference->count && good; i++)
		good = keep_record(&keeper, i);
	for (size_t i = 0; i < keeper.entry_count && good; i++)
		kept[keeper.entries[i]] = true;
	index_release(&keeper.exact);
	index_release(&keeper.copies);
	free(keeper.entries);
	return good ? SCOPE_KEEP(kept) : NULL;
}
