#include "base/strmap.h"

#include <stdlib.h>
#include <string.h>

/* Marks a slot whose entry was removed: searches go on past it. */
static char tombstone[1];

uint64_t strmap_hash(const void *bytes, size_t len)
{
	const unsigned char *s = bytes;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ s[i]) * UINT64_C(0x100000001b3);
	hash ^= hash >> 33;
	hash *= UINT64_C(0xff51afd7ed558ccd);
	return hash ^ (hash >> 33);
}

/*
 * The map's own, of eight bytes in a step: paths of a hundred bytes are looked up again and again. Its values
 * never leave the process.
 */
static uint64_t hash_key(const char *key, size_t len)
{
	uint64_t hash = len * UINT64_C(0x9e3779b97f4a7c15), word;
	for (; len >= sizeof(word); key += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, key, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	word = 0;
	if (len > 0)
		memcpy(&word, key, len);
	hash = (hash ^ word) * UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ (hash >> 33);
}

static bool is_live(const struct strmap_slot *slot)
{
	return slot->key && slot->key != tombstone;
}

/* The slot of a key, or NULL. */
static struct strmap_slot *find(const struct strmap *map, const char *key, size_t key_len, uint64_t hash)
{
	if (map->slot_count == 0)
		return NULL;
	size_t mask = map->slot_count - 1;
	for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
		struct strmap_slot *slot = &map->slots[i];
		if (!slot->key)
			return NULL;
		if (is_live(slot) && slot->hash == hash && slot->key_len == key_len
		    && memcmp(slot->key, key, key_len) == 0)
			return slot;
	}
}

static struct strmap_slot *free_slot(struct strmap_slot *slots, size_t slot_count, uint64_t hash)
{
	size_t mask = slot_count - 1;
	size_t i = (size_t)hash & mask;
	while (is_live(&slots[i]))
		i = (i + 1) & mask;
	return &slots[i];
}

/* Makes room for one more: at most three quarters of the slots are filled. */
static bool make_room(struct strmap *map)
{
	if (map->slot_count > 0 && (map->filled + 1) * 4 <= map->slot_count * 3)
		return true;
	size_t count = 16;
	while ((map->used + 1) * 2 > count)
		count *= 2;
	struct strmap_slot *slots = calloc(count, sizeof(*slots));
	if (!slots)
		return false;
	for (size_t i = 0; i < map->slot_count; i++)
		if (is_live(&map->slots[i]))
			*free_slot(slots, count, map->slots[i].hash) = map->slots[i];
	free(map->slots);
	map->slots = slots;
	map->slot_count = count;
	map->filled = map->used;
	return true;
}

void *strmap_get_len(const struct strmap *map, const char *key, size_t key_len)
{
	const struct strmap_slot *slot = find(map, key, key_len, hash_key(key, key_len));
	return slot ? slot->value : NULL;
}

void *strmap_get(const struct strmap *map, const char *key)
{
	return strmap_get_len(map, key, strlen(key));
}

const char *strmap_key_len(const struct strmap *map, const char *key, size_t key_len)
{
	const struct strmap_slot *slot = find(map, key, key_len, hash_key(key, key_len));
	return slot ? slot->key : NULL;
}

const char *strmap_key(const struct strmap *map, const char *key)
{
	return strmap_key_len(map, key, strlen(key));
}

bool strmap_put_len(struct strmap *map, const char *key, size_t key_len, void *value)
{
	uint64_t hash = hash_key(key, key_len);
	struct strmap_slot *slot = find(map, key, key_len, hash);
	if (slot) {
		slot->value = value;
		return true;
	}
	if (!make_room(map))
		return false;
	char *copy = malloc(key_len + 1);
	if (!copy)
		return false;
	memcpy(copy, key, key_len);
	copy[key_len] = '\0';
	slot = free_slot(map->slots, map->slot_count, hash);
	if (!slot->key)
		map->filled++;
	*slot = (struct strmap_slot){ .key = copy, .key_len = key_len, .hash = hash, .value = value };
	map->used++;
	return true;
}

bool strmap_put(struct strmap *map, const char *key, void *value)
{
	return strmap_put_len(map, key, strlen(key), value);
}

void *strmap_remove_len(struct strmap *map, const char *key, size_t key_len)
{
	struct strmap_slot *slot = find(map, key, key_len, hash_key(key, key_len));
	if (!slot)
		return NULL;
	void *value = slot->value;
	free(slot->key);
	*slot = (struct strmap_slot){ .key = tombstone };
	map->used--;
	return value;
}

void *strmap_remove(struct strmap *map, const char *key)
{
	return strmap_remove_len(map, key, strlen(key));
}

const struct strmap_slot *strmap_each(const struct strmap *map, size_t *cursor)
{
	while (*cursor < map->slot_count) {
		const struct strmap_slot *slot = &map->slots[(*cursor)++];
		if (is_live(slot))
			return slot;
	}
	return NULL;
}

void strmap_release(struct strmap *map)
{
	for (size_t i = 0; i < map->slot_count; i++)
		if (is_live(&map->slots[i]))
			free(map->slots[i].key);
	free(map->slots);
	*map = (struct strmap)STRMAP_INIT;
}
