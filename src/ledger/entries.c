#include "ledger/entries.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/array.h"
#include "base/clock.h"

#define FIRST_BUCKETS 1024

void ledger_entries_init(struct ledger_entries *entries, const struct ledger_files *files)
{
	*entries = (struct ledger_entries){ .files = files };
	if (getrandom(&entries->secret, sizeof(entries->secret), GRND_NONBLOCK)
	    != (ssize_t)sizeof(entries->secret))
		entries->secret = (uint64_t)clock_wall_ms() * UINT64_C(0x9E3779B97F4A7C15);
	entries->secret |= 1;
}

/* The top bits of a product with a secret odd number: no two ids share a bucket more often than by chance. */
static size_t bucket_of(const struct ledger_entries *entries, size_t bucket_count, uint64_t id_hash)
{
	return (size_t)(id_hash * entries->secret >> (64 - __builtin_ctzll(bucket_count)));
}

uint32_t ledger_entries_first(const struct ledger_entries *entries, uint64_t id_hash)
{
	return entries->bucket_count ? entries->buckets[bucket_of(entries, entries->bucket_count, id_hash)]
				     : LEDGER_NONE;
}

static bool reserve_buckets(struct ledger_entries *entries, size_t needed)
{
	if (needed <= entries->bucket_count)
		return true;
	size_t count = entries->bucket_count ? entries->bucket_count : FIRST_BUCKETS;
	while (count < needed)
		count *= 2;
	uint32_t *buckets = malloc(count * sizeof(*buckets));
	if (!buckets)
		return false;
	for (size_t i = 0; i < count; i++)
		buckets[i] = LEDGER_NONE;
	for (size_t i = 0; i < entries->count; i++) {
		size_t at = bucket_of(entries, count, entries->list[i].id_hash);
		entries->list[i].next = buckets[at];
		buckets[at] = (uint32_t)i;
	}
	free(entries->buckets);
	entries->buckets = buckets;
	entries->bucket_count = count;
	return true;
}

static int64_t all_tokens(const struct ledger_entry *e)
{
	return (int64_t)e->input + e->output + e->creation_5m + e->creation_1h + e->cache_read;
}

bool ledger_entries_is_better(const struct ledger_entries *entries, const struct ledger_entry *a,
			      const struct ledger_entry *b)
{
	if (a->sidechain != b->sidechain)
		return b->sidechain;
	if (all_tokens(a) != all_tokens(b))
		return all_tokens(a) > all_tokens(b);
	if (a->has_speed != b->has_speed)
		return a->has_speed;
	return ledger_files_compare(entries->files, a->place, b->place) < 0;
}

bool ledger_entries_is_same(const struct ledger_entry *a, const struct ledger_entry *b)
{
	return a->sidechain == b->sidechain && all_tokens(a) == all_tokens(b) && a->has_speed == b->has_speed;
}

bool ledger_entries_reserve(struct ledger_entries *entries, size_t more)
{
	size_t needed = entries->count + more;
	return more < LEDGER_NONE && needed < LEDGER_NONE
	       && array_reserve(&entries->list, &entries->cap, needed, sizeof(*entries->list))
	       && reserve_buckets(entries, needed);
}

uint32_t ledger_entries_add(struct ledger_entries *entries, const struct ledger_entry *entry)
{
	uint32_t number = (uint32_t)entries->count++;
	uint32_t *bucket = &entries->buckets[bucket_of(entries, entries->bucket_count, entry->id_hash)];
	entries->list[number] = *entry;
	entries->list[number].next = *bucket;
	*bucket = number;
	return number;
}

struct ledger_entry *ledger_entries_twin(const struct ledger_entries *entries, uint32_t entry)
{
	return strmap_get_len(&entries->twins, (const char *)&entry, sizeof(entry));
}

bool ledger_entries_set_twin(struct ledger_entries *entries, uint32_t entry, const struct ledger_entry *twin)
{
	struct ledger_entry *place = ledger_entries_twin(entries, entry);
	if (!place) {
		place = malloc(sizeof(*place));
		if (!place || !strmap_put_len(&entries->twins, (const char *)&entry, sizeof(entry), place)) {
			free(place);
			return false;
		}
	}
	*place = *twin;
	return true;
}

void ledger_entries_drop_twin(struct ledger_entries *entries, uint32_t entry)
{
	if (entries->twins.used > 0)
		free(strmap_remove_len(&entries->twins, (const char *)&entry, sizeof(entry)));
}

const struct price_tokens *ledger_entries_large(const struct ledger_entries *entries,
						const struct ledger_entry *entry)
{
	return entry->in_parts
		     ? strmap_get_len(&entries->large, (const char *)&entry->place, sizeof(entry->place))
		     : NULL;
}

bool ledger_entries_set_large(struct ledger_entries *entries, const struct ledger_entry *entry,
			      const struct price_tokens *large)
{
	struct price_tokens *known =
		strmap_get_len(&entries->large, (const char *)&entry->place, sizeof(entry->place));
	struct price_tokens *kept = known ? known : malloc(sizeof(*kept));
	if (!kept
	    || (!known
		&& !strmap_put_len(&entries->large, (const char *)&entry->place, sizeof(entry->place),
				   kept))) {
		free(known ? NULL : kept);
		return false;
	}
	*kept = *large;
	return true;
}

/* A message and its advisors stand in the same place. */
struct extras_key {
	uint64_t place, id_hash;
};

/* A few bits in a pointer's place: the map holds no memory for them. */
#define EXTRAS_US_ONLY 1U
#define EXTRAS_BATCH 2U
#define EXTRAS_BITS 2

struct price_extras ledger_entries_extras(const struct ledger_entries *entries,
					  const struct ledger_entry *entry)
{
	const struct extras_key key = { entry->place, entry->id_hash };
	uintptr_t bits = entry->has_extras
			       ? (uintptr_t)strmap_get_len(&entries->extras, (const char *)&key, sizeof(key))
			       : 0;
	return (struct price_extras){ .web_searches = (uint32_t)(bits >> EXTRAS_BITS),
				      .us_only = (bits & EXTRAS_US_ONLY) != 0,
				      .batch = (bits & EXTRAS_BATCH) != 0 };
}

bool ledger_entries_set_extras(struct ledger_entries *entries, struct ledger_entry *entry,
			       const struct price_extras *extras)
{
	const struct extras_key key = { entry->place, entry->id_hash };
	uintptr_t bits = (uintptr_t)extras->web_searches << EXTRAS_BITS
		       | (extras->us_only ? EXTRAS_US_ONLY : 0U) | (extras->batch ? EXTRAS_BATCH : 0U);
	entry->has_extras = true;
	return strmap_put_len(&entries->extras, (const char *)&key, sizeof(key), (void *)bits);
}

uint32_t ledger_entries_session(const struct ledger_entries *entries, uint32_t entry)
{
	const struct ledger_entry *e = &entries->list[entry];
	uintptr_t payer = e->has_payer ? (uintptr_t)strmap_get_len(&entries->payers, (const char *)&entry,
								   sizeof(entry))
				       : 0;
	return payer ? (uint32_t)(payer - 1) : ledger_files_of(entries->files, e)->session;
}

bool ledger_entries_set_payer(struct ledger_entries *entries, uint32_t entry, uint32_t session)
{
	if (session == LEDGER_NONE)
		(void)strmap_remove_len(&entries->payers, (const char *)&entry, sizeof(entry));
	else if (!strmap_put_len(&entries->payers, (const char *)&entry, sizeof(entry),
				 (void *)((uintptr_t)session + 1)))
		return false;
	entries->list[entry].has_payer = session != LEDGER_NONE;
	return true;
}

void ledger_entries_release(struct ledger_entries *entries)
{
	const struct strmap_slot *slot;
	for (size_t cursor = 0; (slot = strmap_each(&entries->twins, &cursor));)
		free(slot->value);
	strmap_release(&entries->twins);
	for (size_t cursor = 0; (slot = strmap_each(&entries->large, &cursor));)
		free(slot->value);
	strmap_release(&entries->large);
	strmap_release(&entries->payers);
	strmap_release(&entries->extras);
	free(entries->list);
	free(entries->buckets);
}
