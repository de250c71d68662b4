#include "ledger/ledger.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "ledger/internal.h"

struct ledger *ledger_new(void)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	if (!ledger)
		return NULL;
	if (getrandom(&ledger->secret, sizeof(ledger->secret), GRND_NONBLOCK) != (ssize_t)sizeof(ledger->secret))
		ledger->secret = (uint64_t)clock_wall_ms() * UINT64_C(0x9E3779B97F4A7C15);
	ledger->secret |= 1;
	return ledger;
}

void ledger_set_prices(struct ledger *ledger, const struct price_book *book)
{
	ledger->book = book;
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	for (size_t i = 0; i < ledger->session_count; i++)
		free(ledger->sessions[i].by_model);
	for (size_t i = 0; i < ledger->model_count; i++) {
		free(ledger->models[i].name);
		free(ledger->models[i].priced_as);
	}
	for (size_t i = 0; i < ledger->other_count; i++) {
		free(ledger->others[i]->priced_as);
		free(ledger->others[i]);
	}
	const struct strmap_slot *slot;
	for (size_t cursor = 0; (slot = strmap_each(&ledger->twins, &cursor));)
		free(slot->value);
	strmap_release(&ledger->twins);
	strmap_release(&ledger->files_by_path);
	strmap_release(&ledger->sessions_by_id);
	strmap_release(&ledger->others_by_name);
	ledger_crowds_release(ledger);
	free(ledger->others);
	free(ledger->limits);
	free(ledger->entries);
	free(ledger->buckets);
	free(ledger->files);
	free(ledger->sessions);
	free(ledger->order);
	free(ledger->blocks);
	free(ledger);
}

bool ledger_grow(void *array, size_t count, size_t *cap, size_t element_size)
{
	void **at = array;
	if (count < *cap)
		return true;
	/* A quarter more: the largest array is most of the daemon's memory. */
	size_t bigger = *cap + *cap / 4 + 64;
	void *grown = realloc(*at, bigger * element_size);
	if (!grown)
		return false;
	*at = grown;
	*cap = bigger;
	return true;
}

/* ---- names ---- */

static int session_number(struct ledger *ledger, const char *session_id)
{
	uintptr_t known = (uintptr_t)strmap_get(&ledger->sessions_by_id, session_id);
	if (known)
		return (int)(known - 1);
	if (!ledger_grow(&ledger->sessions, ledger->session_count, &ledger->session_cap, sizeof(*ledger->sessions)))
		return -1;
	/* A number in a pointer's place: the map holds no memory for it. */
	if (!strmap_put(&ledger->sessions_by_id, session_id, (void *)(ledger->session_count + 1)))
		return -1;
	ledger->sessions[ledger->session_count] = (struct ledger_session_row){
		.id = strmap_key(&ledger->sessions_by_id, session_id)
	};
	return (int)ledger->session_count++;
}

int ledger_add_file(struct ledger *ledger, const char *path, size_t root_len, const char *session_id, bool subagent)
{
	uintptr_t known = (uintptr_t)strmap_get(&ledger->files_by_path, path);
	if (known)
		return (int)(known - 1);
	if (ledger->file_count == LEDGER_FILES_MAX)
		return -1;
	int session = session_number(ledger, session_id);
	if (session < 0 || !ledger_grow(&ledger->files, ledger->file_count, &ledger->file_cap, sizeof(*ledger->files)))
		return -1;
	if (!strmap_put(&ledger->files_by_path, path, (void *)(ledger->file_count + 1)))
		return -1;
	ledger->files[ledger->file_count] = (struct ledger_file){
		.path = strmap_key(&ledger->files_by_path, path), .root_len = (uint32_t)root_len,
		.session = (uint32_t)session, .subagent = subagent,
	};
	return (int)ledger->file_count++;
}

void ledger_doubt_file(struct ledger *ledger, int file)
{
	ledger->files[file].doubted = true;
}

size_t ledger_file_count(const struct ledger *ledger)
{
	return ledger->file_count;
}

const char *ledger_path(const struct ledger *ledger, unsigned file, size_t *root_len)
{
	*root_len = ledger->files[file].root_len;
	return ledger->files[file].path;
}

/* ---- entries ---- */

/* The top bits of a product with a secret odd number: no two ids share a bucket more often than by chance. */
static size_t bucket_of(const struct ledger *ledger, size_t bucket_count, uint64_t id_hash)
{
	return (size_t)(id_hash * ledger->secret >> (64 - __builtin_ctzll(bucket_count)));
}

uint32_t ledger_first_of(const struct ledger *ledger, uint64_t id_hash)
{
	return ledger->bucket_count ? ledger->buckets[bucket_of(ledger, ledger->bucket_count, id_hash)] : LEDGER_NONE;
}

static bool rehash(struct ledger *ledger)
{
	if (ledger->bucket_count > 0 && ledger->entry_count < ledger->bucket_count)
		return true;
	size_t count = ledger->bucket_count ? ledger->bucket_count * 2 : 1024;
	uint32_t *buckets = malloc(count * sizeof(*buckets));
	if (!buckets)
		return false;
	for (size_t i = 0; i < count; i++)
		buckets[i] = LEDGER_NONE;
	for (size_t i = 0; i < ledger->entry_count; i++) {
		size_t at = bucket_of(ledger, count, ledger->entries[i].id_hash);
		ledger->entries[i].next = buckets[at];
		buckets[at] = (uint32_t)i;
	}
	free(ledger->buckets);
	ledger->buckets = buckets;
	ledger->bucket_count = count;
	return true;
}

static int64_t all_tokens(const struct ledger_entry *e)
{
	return (int64_t)e->input + e->output + e->creation_5m + e->creation_1h + e->cache_read;
}

/*
 * Whether `a` is kept rather than `b`: no sidechain, then more tokens, then a known speed, then the earlier path (the
 * reference compares whole strings) and position.
 */
bool ledger_is_better(const struct ledger *ledger, const struct ledger_entry *a, const struct ledger_entry *b)
{
	if (a->sidechain != b->sidechain)
		return b->sidechain;
	if (all_tokens(a) != all_tokens(b))
		return all_tokens(a) > all_tokens(b);
	if (a->has_speed != b->has_speed)
		return a->has_speed;
	if (ledger_file_of(a) != ledger_file_of(b))
		return strcmp(ledger->files[ledger_file_of(a)].path, ledger->files[ledger_file_of(b)].path) < 0;
	return a->place < b->place;
}

/* The earlier of two places: by path, then by position. */
static uint64_t earlier_place(const struct ledger *ledger, uint64_t a, uint64_t b)
{
	const struct ledger_file *file_a = &ledger->files[a >> LEDGER_OFFSET_BITS];
	const struct ledger_file *file_b = &ledger->files[b >> LEDGER_OFFSET_BITS];
	if (file_a != file_b)
		return strcmp(file_a->path, file_b->path) < 0 ? a : b;
	return a < b ? a : b;
}

static void set_identity(struct ledger_entry *e, const struct ledger_record *record)
{
	if (record->has_id) {
		e->id_hash = record->id_hash;
		e->request_hash = record->request_hash;
	} else {
		/* Without an id a line is its own entry: the same place with the same figures is the same line again. */
		const uint64_t own[] = { e->place, (uint64_t)e->time_ms, e->input, e->output, e->creation_5m,
					 e->creation_1h, e->cache_read };
		e->id_hash = strmap_hash(own, sizeof(own));
	}
	if (record->advisor > 0) {
		const uint64_t own[] = { e->id_hash, record->advisor };
		e->id_hash = strmap_hash(own, sizeof(own));
	}
}

static void set_costs(struct ledger_entry *e, const struct ledger_model_row *row, const struct ledger_record *record)
{
	e->has_cost = record->has_cost;
	e->fast = record->fast;
	if (record->has_cost)
		e->cost_usd = e->reference_usd = record->cost_usd;
	ledger_price_entry(e, row);
	if (!record->has_cost && row->reference)
		e->reference_usd = row->reference == row->price
				   ? e->cost_usd
				   : price_cost_usd(row->reference, row->reference_factor, &record->tokens, record->fast);
	e->lost = record->lost_by_reference;
	if (e->lost)
		e->reference_usd = 0.;
}

static bool make_entry(struct ledger *ledger, int file, const struct ledger_record *record, struct ledger_entry *out)
{
	struct ledger_model_row scratch;
	const struct ledger_model_row *row = &scratch;
	int model = ledger_model_number(ledger, record, &row, &scratch);
	memset(out, 0, sizeof(*out));
	if (model < 0 || record->offset < 0 || record->offset >> LEDGER_OFFSET_BITS != 0
	    || !ledger_prepare_session(ledger, ledger->files[file].session, (size_t)model))
		return false;
	out->time_ms = record->time_ms;
	out->place = out->first_place = (uint64_t)file << LEDGER_OFFSET_BITS | (uint64_t)record->offset;
	out->input = (uint32_t)record->tokens.input;
	out->output = (uint32_t)record->tokens.output;
	out->creation_5m = (uint32_t)record->tokens.cache_creation_5m;
	out->creation_1h = (uint32_t)record->tokens.cache_creation_1h;
	out->cache_read = (uint32_t)record->tokens.cache_read;
	out->model = (uint8_t)model;
	out->other = row->other;
	out->limit = record->limit_resets_ms > 0;
	out->sidechain = record->sidechain;
	out->has_speed = record->has_speed;
	out->hidden = true;
	set_identity(out, record);
	set_costs(out, row, record);
	return true;
}

/* ---- duplicates ---- */

/* Returns whether that changed. */
static bool show(struct ledger *ledger, uint32_t entry, bool visible)
{
	struct ledger_entry *e = &ledger->entries[entry];
	if (visible != e->hidden)
		return false;
	if (visible) {
		ledger_order_add(ledger, entry);
		ledger_account(ledger, e, 1, false);
		ledger->hidden_count--;
	} else {
		ledger_order_remove(ledger, entry);
		ledger_account(ledger, e, -1, false);
		ledger->hidden_count++;
	}
	e->hidden = !visible;
	return true;
}

/* Whether a sidechain entry is a copy: of the same message at the same time, of which a better entry is there. */
static bool is_copy(const struct ledger *ledger, const struct ledger_entry *e)
{
	if (!e->sidechain)
		return false;
	for (uint32_t at = ledger_first_of(ledger, e->id_hash); at != LEDGER_NONE; at = ledger->entries[at].next) {
		const struct ledger_entry *other = &ledger->entries[at];
		if (other != e && other->id_hash == e->id_hash && other->time_ms == e->time_ms
		    && ledger_is_better(ledger, other, e))
			return true;
	}
	return false;
}

/* Decides anew which entries of a message count. Returns whether that changed. */
static bool settle(struct ledger *ledger, uint64_t id_hash)
{
	bool changed = false;
	for (uint32_t at = ledger_first_of(ledger, id_hash); at != LEDGER_NONE; at = ledger->entries[at].next) {
		const struct ledger_entry *e = &ledger->entries[at];
		if (e->id_hash == id_hash)
			changed = show(ledger, at, !is_copy(ledger, e)) || changed;
	}
	return changed;
}

/* The same in a crowd, at a time at which the entry came or from which it went: the others are as they were. */
static bool settle_crowd(struct ledger *ledger, const struct ledger_crowd *crowd, int64_t time_ms, uint32_t entry)
{
	uint32_t best[2];
	size_t count = ledger_crowd_best_of(ledger, crowd, time_ms, best);
	const struct ledger_entry *e = &ledger->entries[entry];
	bool changed = count > 0 && show(ledger, best[0], true);
	if (count > 1)
		changed = show(ledger, best[1], !ledger->entries[best[1]].sidechain) || changed;
	if (e->time_ms == time_ms && entry != best[0])
		changed = show(ledger, entry, !e->sidechain) || changed;
	return changed;
}

static bool insert(struct ledger *ledger, struct ledger_crowd *crowd, const struct ledger_entry *e)
{
	if (ledger->entry_count >= LEDGER_NONE - 1 || (crowd && !ledger_crowd_reserve(crowd))
	    || !ledger_grow(&ledger->entries, ledger->entry_count, &ledger->entry_cap, sizeof(*ledger->entries))
	    || !rehash(ledger) || !ledger_order_reserve(ledger, ledger->entry_count + 1))
		return false;
	size_t at = bucket_of(ledger, ledger->bucket_count, e->id_hash);
	struct ledger_entry *place = &ledger->entries[ledger->entry_count];
	*place = *e;
	place->next = ledger->buckets[at];
	ledger->buckets[at] = (uint32_t)ledger->entry_count++;
	ledger->hidden_count++;
	if (crowd)
		ledger_crowd_add(ledger, crowd, (uint32_t)ledger->entry_count - 1);
	return true;
}

static void replace(struct ledger *ledger, uint32_t entry, const struct ledger_entry *e)
{
	struct ledger_entry *place = &ledger->entries[entry];
	uint32_t next = place->next;
	bool visible = !place->hidden;
	bool same_time = place->time_ms == e->time_ms;
	bool moves = !same_time || place->place != e->place;
	/* A copy may belong to another session. */
	bool stays = same_time && ledger->files[ledger_file_of(place)].session == ledger->files[ledger_file_of(e)].session;
	if (visible && moves)
		ledger_order_remove(ledger, entry);
	if (visible)
		ledger_account(ledger, place, -1, stays);
	*place = *e;
	place->next = next;
	place->hidden = !visible;
	if (visible)
		ledger_account(ledger, place, 1, stays);
	if (visible && moves)
		ledger_order_add(ledger, entry);
}

/* ---- what F1 leaves to the reference ---- */

static struct ledger_entry *twin_of(const struct ledger *ledger, uint32_t entry)
{
	return strmap_get_len(&ledger->twins, (const char *)&entry, sizeof(entry));
}

static void drop_twin(struct ledger *ledger, uint32_t entry)
{
	if (ledger->twins.used > 0)
		free(strmap_remove_len(&ledger->twins, (const char *)&entry, sizeof(entry)));
}

static bool set_twin(struct ledger *ledger, uint32_t entry, const struct ledger_entry *e)
{
	struct ledger_entry *twin = twin_of(ledger, entry);
	if (!twin) {
		twin = malloc(sizeof(*twin));
		if (!twin || !strmap_put_len(&ledger->twins, (const char *)&entry, sizeof(entry), twin)) {
			free(twin);
			return false;
		}
	}
	*twin = *e;
	return true;
}

/*
 * A further record `e` of an entry's message and request. The best one of all is the entry; where F1 loses that one to
 * ccusage, the best of the rest is kept beside it as its twin, because that is the one that ccusage counts.
 */
static int merge(struct ledger *ledger, struct ledger_crowd *crowd, uint32_t entry, struct ledger_entry *e)
{
	struct ledger_entry old = ledger->entries[entry];
	/* Its place in lists is the first line's, whichever is kept. */
	e->first_place = earlier_place(ledger, old.first_place, e->first_place);
	ledger->entries[entry].first_place = old.first_place = e->first_place;
	if (ledger_is_better(ledger, e, &old)) {
		if (!e->lost) {
			drop_twin(ledger, entry);
		} else {
			if (!old.lost && !set_twin(ledger, entry, &old))
				return -1;
			e->reference_usd = old.reference_usd;
		}
		if (!crowd) {
			replace(ledger, entry, e);
			settle(ledger, e->id_hash);
			return 1;
		}
		ledger_crowd_take_out(ledger, crowd, entry);
		replace(ledger, entry, e);
		ledger_crowd_put_back(ledger, crowd, entry);
		settle_crowd(ledger, crowd, e->time_ms, entry);
		settle_crowd(ledger, crowd, old.time_ms, entry);
		return 1;
	}
	if (!old.lost || e->lost)
		return 0;
	struct ledger_entry *twin = twin_of(ledger, entry);
	if (twin && !ledger_is_better(ledger, e, twin))
		return 0;
	if (!set_twin(ledger, entry, e))
		return -1;
	double reference_usd = e->reference_usd;
	*e = old;
	e->reference_usd = reference_usd;
	replace(ledger, entry, e);
	return 1;
}

static void note_time(struct ledger *ledger, int file, int64_t time_ms)
{
	struct ledger_session_row *row = &ledger->sessions[ledger->files[file].session];
	if (row->first_ms == 0 || time_ms < row->first_ms)
		row->first_ms = time_ms;
	if (time_ms > row->last_ms)
		row->last_ms = time_ms;
}

/* The entry of the same message and request, LEDGER_NONE: there is none; and how many of that message were looked at. */
static uint32_t find_same(const struct ledger *ledger, const struct ledger_entry *e, unsigned *looked_at)
{
	*looked_at = 0;
	for (uint32_t at = ledger_first_of(ledger, e->id_hash); at != LEDGER_NONE; at = ledger->entries[at].next) {
		if (ledger->entries[at].id_hash != e->id_hash)
			continue;
		if (ledger->entries[at].request_hash == e->request_hash)
			return at;
		++*looked_at;
	}
	return LEDGER_NONE;
}

int ledger_add_record(struct ledger *ledger, int file, const struct ledger_record *record)
{
	struct ledger_entry e;
	unsigned same = 0;
	if (!make_entry(ledger, file, record, &e))
		return -1;
	note_time(ledger, file, record->time_ms);
	if (e.limit)
		ledger_limit_of_entry(ledger, &e, record);
	struct ledger_crowd *crowd = ledger_crowd_of(ledger, e.id_hash);
	uint32_t at = crowd ? ledger_crowd_find(ledger, crowd, e.request_hash) : find_same(ledger, &e, &same);
	if (at != LEDGER_NONE)
		return merge(ledger, crowd, at, &e);
	if (same >= LEDGER_CROWD_MIN && !(crowd = ledger_crowd_make(ledger, e.id_hash)))
		return -1;
	if (!insert(ledger, crowd, &e))
		return -1;
	if (crowd)
		return settle_crowd(ledger, crowd, e.time_ms, (uint32_t)ledger->entry_count - 1) ? 1 : 0;
	return settle(ledger, e.id_hash) ? 1 : 0;
}

int ledger_add(struct ledger *ledger, int file, int64_t offset, const struct scan_usage *usage)
{
	struct ledger_record record;
	struct scan_usage advisor;
	struct scan_cursor cursor = { 0 };
	ledger_record_make(usage, offset, &record);
	int result = ledger_add_record(ledger, file, &record);
	while (result >= 0 && scan_next_advisor(usage, &cursor, &advisor)) {
		ledger_record_make(&advisor, offset, &record);
		int added = ledger_add_record(ledger, file, &record);
		result = added < 0 ? -1 : result | added;
	}
	return result;
}

size_t ledger_count(const struct ledger *ledger)
{
	return ledger->entry_count - ledger->hidden_count;
}
