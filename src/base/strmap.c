#include "base/strmap.h"

#include <stdlib.h>
#include <string.h>

/* Nobody has such names; the length has to fit. */
#define KEY_MAX_BYTES (UINT32_MAX / 2)

/* Marks a slot whose entry was removed: searches go on past it. */
static struct strmap_slot tombstone;

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
static uint32_t hash_key(const char *key, size_t len)
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
	return (uint32_t)(hash ^ (hash >> 33));
}

static bool is_live(const struct strmap_slot *slot)
{
	return slot && slot != &tombstone;
}

/* The place of a key's entry, or NULL. */
static struct strmap_slot **find(const struct strmap *map, const char *key, size_t key_len)
{
	if (map->slot_count == 0)
		return NULL;
	uint32_t hash = hash_key(key, key_len);
	size_t mask = map->slot_count - 1;
	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct strmap_slot *slot = map->slots[i];
		if (!slot)
			return NULL;
		if (slot != &tombstone && slot->hash == hash && slot->key_len == key_len
		    && memcmp(slot->key, key, key_len) == 0)
			return &map->slots[i];
	}
}

static struct strmap_slot **free_place(struct strmap_slot **slots, size_t slot_count, uint32_t hash)
{
	size_t mask = slot_count - 1;
	size_t i = hash & mask;
	while (is_live(slots[i]))
		i = (i + 1) & mask;
	return &slots[i];
}

/* Makes room for `more`: at most three quarters of the slots are filled. */
static bool make_room(struct strmap *map, size_t more)
{
	if (map->slot_count > 0 && (map->filled + more) * 4 <= map->slot_count * 3)
		return true;
	size_t count = 16;
	while ((map->used + more) * 2 > count)
		count *= 2;
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): it is a table of pointers */
	struct strmap_slot **slots = calloc(count, sizeof(*slots));
	if (!slots)
		return false;
	for (size_t i = 0; i < map->slot_count; i++)
		if (is_live(map->slots[i]))
			*free_place(slots, count, map->slots[i]->hash) = map->slots[i];
	free(map->slots);
	map->slots = slots;
	map->slot_count = count;
	map->filled = map->used;
	return true;
}

void *strmap_get_len(const struct strmap *map, const char *key, size_t key_len)
{
	struct strmap_slot **place = find(map, key, key_len);
	return place ? (*place)->value : NULL;
}

void *strmap_get(const struct strmap *map, const char *key)
{
	return strmap_get_len(map, key, strlen(key));
}

const char *strmap_key_len(const struct strmap *map, const char *key, size_t key_len)
{
	struct strmap_slot **place = find(map, key, key_len);
	return place ? (*place)->key : NULL;
}

const char *strmap_key(const struct strmap *map, const char *key)
{
	return strmap_key_len(map, key, strlen(key));
}

bool strmap_reserve(struct strmap *map, size_t more)
{
	return more < SIZE_MAX / 4 / sizeof(struct strmap_slot) && make_room(map, more);
}

bool strmap_put_len(struct strmap *map, const char *key, size_t key_len, void *value)
{
	struct strmap_slot **place = find(map, key, key_len);
	if (place) {
		(*place)->value = value;
		return true;
	}
	if (key_len > KEY_MAX_BYTES || !make_room(map, 1))
		return false;
	struct strmap_slot *slot = malloc(sizeof(*slot) + key_len + 1);
	if (!slot)
		return false;
	*slot = (struct strmap_slot){ .value = value, .hash = hash_key(key, key_len),
				      .key_len = (uint32_t)key_len };
	memcpy(slot->key, key, key_len);
	slot->key[key_len] = '\0';
	place = free_place(map->slots, map->slot_count, slot->hash);
	if (!*place)
		map->filled++;
	*place = slot;
	map->used++;
	return true;
}

bool strmap_put(struct strmap *map, const char *key, void *value)
{
	return strmap_put_len(map, key, strlen(key), value);
}

void *strmap_remove_len(struct strmap *map, const char *key, size_t key_len)
{
	struct strmap_slot **place = find(map, key, key_len);
	if (!place)
		return NULL;
	void *value = (*place)->value;
	free(*place);
	*place = &tombstone;
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
		const struct strmap_slot *slot = map->slots[(*cursor)++];
		if (is_live(slot))
			return slot;
	}
	return NULL;
}

void strmap_release(struct strmap *map)
{
	for (size_t i = 0; i < map->slot_count; i++)
		if (is_live(map->slots[i]))
			free(map->slots[i]);
	free(map->slots);
	*map = (struct strmap)STRMAP_INIT;
}
