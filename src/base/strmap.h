/*
 * strmap: a hash map from byte strings to pointers. Open addressing, no order.
 *
 * For: transcripts by path, sessions by id, names by spelling. The map copies keys and never touches the values:
 * its owner frees them (strmap_each() before strmap_release()).
 */
#ifndef SWATCH_BASE_STRMAP_H
#define SWATCH_BASE_STRMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strmap_slot {
	char *key;       /* owned by the map; NULL: free (strmap.c has a mark for an entry that was removed) */
	size_t key_len;
	uint64_t hash;
	void *value;
};

struct strmap {
	struct strmap_slot *slots;
	size_t slot_count;   /* a power of two, or 0 */
	size_t used;         /* live entries */
	size_t filled;       /* live entries and tombstones */
};

#define STRMAP_INIT { NULL, 0, 0, 0 }

/* The value, or NULL when the key is not there. */
void *strmap_get(const struct strmap *map, const char *key);
void *strmap_get_len(const struct strmap *map, const char *key, size_t key_len);

/* The map's own copy of a key, good until the key is removed; NULL when it is not there. Callers need no copy of theirs. */
const char *strmap_key(const struct strmap *map, const char *key);

/* Sets a key's value (not NULL). Returns false when memory ran out: the map is then as before. */
bool strmap_put(struct strmap *map, const char *key, void *value);
bool strmap_put_len(struct strmap *map, const char *key, size_t key_len, void *value);

/* Removes a key, which may be the map's own copy. Returns its value, NULL when it was not there. */
void *strmap_remove(struct strmap *map, const char *key);
void *strmap_remove_len(struct strmap *map, const char *key, size_t key_len);

/*
 * Walks the map: start with *cursor = 0; returns the next entry, NULL at the end. The entry just returned may be
 * removed during the walk; nothing may be put.
 */
const struct strmap_slot *strmap_each(const struct strmap *map, size_t *cursor);

/* Frees keys and table, not the values. The map is empty and good again. */
void strmap_release(struct strmap *map);

/* 64-bit hash of bytes (FNV-1a, finished with a mixer): also what names the socket. Not for hostile floods. */
uint64_t strmap_hash(const void *bytes, size_t len);

#endif
