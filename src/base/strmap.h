/*
 * strmap: a hash map from byte strings to pointers. Open addressing, no order.
 *
 * For: transcripts by path, sessions by id, names by spelling. The map copies the keys. Its owner frees the
 * values (strmap_each() before strmap_release()).
 */
#ifndef SWATCH_BASE_STRMAP_H
#define SWATCH_BASE_STRMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An entry: one piece of memory with its key, since maps of all transcripts and sessions are large. */
struct strmap_slot {
	void *value;
	uint32_t hash, key_len;
	char key[];      /* with a NUL */
};

struct strmap {
	struct strmap_slot **slots;  /* NULL: free (strmap.c marks one whose entry was removed) */
	size_t slot_count;   /* a power of two, or 0 */
	size_t used;         /* live entries */
	size_t filled;       /* live entries and tombstones */
};

#define STRMAP_INIT { NULL, 0, 0, 0 }

/* Returns a key's value, or NULL when the map lacks the key. */
void *strmap_get(const struct strmap *map, const char *key);
void *strmap_get_len(const struct strmap *map, const char *key, size_t key_len);

/* Returns the map's own copy of a key, good until the key is removed, or NULL. It saves the caller a copy. */
const char *strmap_key(const struct strmap *map, const char *key);
const char *strmap_key_len(const struct strmap *map, const char *key, size_t key_len);

/* Sets a key's value (not NULL). Returns false when memory ran out; the map is then as before. */
bool strmap_put(struct strmap *map, const char *key, void *value);
bool strmap_put_len(struct strmap *map, const char *key, size_t key_len, void *value);

/* Makes room for so many more keys at once. Returns false when memory ran out: it is made as they come then.
 */
bool strmap_reserve(struct strmap *map, size_t more);

/* Removes a key, which may be the map's own copy. Returns its value, or NULL when the map lacks the key. */
void *strmap_remove(struct strmap *map, const char *key);
void *strmap_remove_len(struct strmap *map, const char *key, size_t key_len);

/*
 * Walks the map from *cursor = 0: returns the next entry, NULL at the end. During the walk, put nothing, and
 * remove only the entry that it returned last.
 */
const struct strmap_slot *strmap_each(const struct strmap *map, size_t *cursor);

/* Frees keys and table, not the values. The map is then empty and good. */
void strmap_release(struct strmap *map);

/*
 * A 64-bit hash of bytes (FNV-1a, finished with a mixer), which also names the socket. Hostile keys can
 * collide.
 */
uint64_t strmap_hash(const void *bytes, size_t len);

#endif
