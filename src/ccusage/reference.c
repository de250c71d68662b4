#include "ccusage/reference.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/strmap.h"

#define NONE UINT32_MAX
/* Names of models beyond this share the last number. */
#define MODELS_MAX 4096
/* Longer ones are looked up by nobody. */
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
	if (reference->file_count >= NONE
	    || !array_reserve(&reference->files, &reference->file_cap, reference->file_count + 1,
			      sizeof(*reference->files))) {
		free_file(file);
		return false;
	}
	reference->files[reference->file_count++] = *file;
	return true;
}

bool reference_add(struct reference *reference, const struct reference_record *record)
{
	if (reference->count >= NONE
	    || !array_reserve(&reference->records, &reference->cap, reference->count + 1,
			      sizeof(*reference->records)))
		return false;
	reference->records[reference->count++] = *record;
	return true;
}

int reference_model_number(struct reference *reference, struct slice model)
{
	/* An empty name is refused by the scan: it stands for none. */
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

/* The first record that is not before the place. */
static size_t lower_bound(const struct reference *reference, uint32_t file, int64_t offset)
{
	size_t low = 0, high = reference->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct reference_record *r = &reference->records[middle];
		if (r->file < file || (r->file == file && r->offset < offset))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void reference_find(const struct reference *reference, const char *path, int64_t offset, size_t *first, size_t *end)
{
	const struct reference_file *found = reference->file_count == 0 ? NULL
		: bsearch(path, reference->files, reference->file_count, sizeof(*reference->files), compare_path);
	*first = *end = 0;
	if (!found)
		return;
	/* The records are in the order of files and offsets. */
	*first = lower_bound(reference, (uint32_t)(found - reference->files), offset);
	*end = lower_bound(reference, (uint32_t)(found - reference->files), offset + 1);
}

/* ---- duplicates, as ccusage finds them ---- */

/* A key with the entries that were ever put under it, in that order. */
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
	uint32_t *entries;   /* the record that each entry is now */
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

/* The next link of that key after `at` (NONE: the first one). */
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

/* Without a requestId, its session takes its place (DIFFERENCE_NO_REQUEST_ID), and in the daily report its session and
 * its time (DIFFERENCE_DAILY_RULES). */
static uint64_t exact_key(const struct keeper *keeper, const struct reference_record *r)
{
	const uint64_t parts[] = { r->message_hash, r->advisor, r->request_hash,
				   r->request_hash ? 0 : r->session_hash,
				   r->request_hash || keeper->rule != REFERENCE_DAILY ? 0 : (uint64_t)r->time_ms };
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

/* The entry that the record is a duplicate of, NONE when it is a new one. */
static uint32_t find_entry(const struct keeper *keeper, const struct reference_record *r, uint64_t exact, uint64_t copy)
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

static int64_t all_tokens(const struct reference_record *r)
{
	return r->tokens.input + r->tokens.output + r->tokens.cache_creation_5m + r->tokens.cache_creation_1h
	       + r->tokens.cache_read;
}

static bool is_better(const struct keeper *keeper, const struct reference_record *a, const struct reference_record *b)
{
	if (a->sidechain != b->sidechain)
		return b->sidechain;
	if (all_tokens(a) != all_tokens(b))
		return all_tokens(a) > all_tokens(b);
	if (keeper->rule == REFERENCE_DAILY && (a->usd < b->usd || a->usd > b->usd))
		return a->usd > b->usd;
	return a->has_speed && !b->has_speed;
}

static bool keep_record(struct keeper *keeper, size_t number)
{
	const struct reference_record *r = &keeper->reference->records[number];
	if (r->lost & REFERENCE_LOST)
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
	bool *kept = calloc(reference->count + 1, sizeof(*kept));
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
	if (good)
		return kept;
	free(kept);
	return NULL;
}
