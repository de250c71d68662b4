#include "unit.h"

#include "base/strmap.h"
#include "fail_alloc.h"

#define KEY_COUNT 500

static char values[KEY_COUNT];

static void key_name(size_t i, char out[32])
{
	snprintf(out, 32, "/home/u/%zu.jsonl", i * 7919);
}

static void puts_gets_and_removes(void **state)
{
	(void)state;
	struct strmap map = STRMAP_INIT;
	assert_null(strmap_get(&map, "a"));
	assert_null(strmap_remove(&map, "a"));
	assert_true(strmap_put(&map, "a", &values[1]));
	assert_true(strmap_put(&map, "", &values[2]));
	assert_ptr_equal(strmap_get(&map, "a"), &values[1]);
	assert_ptr_equal(strmap_get(&map, ""), &values[2]);
	assert_true(strmap_put(&map, "a", &values[3]));
	assert_ptr_equal(strmap_get(&map, "a"), &values[3]);
	assert_int_equal(map.used, 2);
	assert_ptr_equal(strmap_remove(&map, "a"), &values[3]);
	assert_null(strmap_get(&map, "a"));
	assert_int_equal(map.used, 1);
	strmap_release(&map);
	assert_null(strmap_get(&map, ""));
}

static void keys_are_bytes_with_a_length(void **state)
{
	(void)state;
	struct strmap map = STRMAP_INIT;
	char key[] = "a\0b";
	assert_true(strmap_put_len(&map, key, 3, &values[1]));
	assert_true(strmap_put_len(&map, key, 1, &values[2]));
	key[2] = 'c';
	assert_null(strmap_get_len(&map, key, 3));
	assert_ptr_equal(strmap_get_len(&map, "a\0b", 3), &values[1]);
	assert_ptr_equal(strmap_get(&map, "a"), &values[2]);
	strmap_release(&map);
}

static void the_maps_own_key_lasts_until_it_is_removed(void **state)
{
	(void)state;
	struct strmap map = STRMAP_INIT;
	char key[32];
	assert_null(strmap_key(&map, "key-0"));
	key_name(7, key);
	assert_true(strmap_put(&map, key, &values[7]));
	const char *own = strmap_key(&map, key);
	assert_ptr_not_equal(own, key);
	/* The table grows and moves; the key stays. */
	for (size_t i = 8; i < KEY_COUNT; i++) {
		key_name(i, key);
		assert_true(strmap_put(&map, key, &values[i]));
	}
	key_name(7, key);
	assert_ptr_equal(strmap_key(&map, key), own);
	assert_string_equal(own, key);
	assert_ptr_equal(strmap_remove(&map, own), &values[7]);
	assert_null(strmap_key(&map, key));
	strmap_release(&map);
}

/* Random puts and removes beside an array that says what must be there; a tombstone that ends a search shows
 * here. */
static void agrees_with_a_plain_array(void **state)
{
	(void)state;
	struct strmap map = STRMAP_INIT;
	bool there[KEY_COUNT] = { false };
	size_t live = 0;
	uint64_t seed = 3;
	for (int step = 0; step < 60000; step++) {
		size_t i = unit_random(&seed) % (step % 5000 < 2500 ? KEY_COUNT : 20);
		char key[32];
		key_name(i, key);
		if (unit_random(&seed) % 2) {
			assert_true(strmap_put(&map, key, &values[i]));
			live += !there[i];
			there[i] = true;
		} else {
			assert_ptr_equal(strmap_remove(&map, key), there[i] ? &values[i] : NULL);
			live -= there[i];
			there[i] = false;
		}
		assert_int_equal(map.used, live);
		/* A search ends at a free slot: there must always be one. */
		assert_true(map.filled >= map.used && (map.slot_count == 0 || map.filled < map.slot_count));
	}
	for (size_t i = 0; i < KEY_COUNT; i++) {
		char key[32];
		key_name(i, key);
		assert_ptr_equal(strmap_get(&map, key), there[i] ? &values[i] : NULL);
	}
	/* Removals leave tombstones: they must not make the table grow for ever. */
	assert_true(map.slot_count <= 4 * KEY_COUNT);
	strmap_release(&map);
}

static void a_walk_meets_each_once_and_may_remove(void **state)
{
	(void)state;
	struct strmap map = STRMAP_INIT;
	int seen[KEY_COUNT] = { 0 };
	for (size_t i = 0; i < KEY_COUNT; i++) {
		char key[32];
		key_name(i, key);
		assert_true(strmap_put(&map, key, &values[i]));
	}
	size_t cursor = 0;
	const struct strmap_slot *slot;
	while ((slot = strmap_each(&map, &cursor))) {
		ptrdiff_t i = (char *)slot->value - values;
		char key[32];
		seen[i]++;
		key_name((size_t)i, key);
		assert_string_equal(slot->key, key);
		assert_int_equal(slot->key_len, strlen(key));
		if (i % 3 == 0)
			assert_ptr_equal(strmap_remove_len(&map, slot->key, slot->key_len), &values[i]);
	}
	for (size_t i = 0; i < KEY_COUNT; i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(map.used, KEY_COUNT - (KEY_COUNT + 2) / 3);
	strmap_release(&map);
}

static void a_failed_put_changes_nothing(void **state)
{
	(void)state;
	struct strmap map = STRMAP_INIT;
	size_t refused = 0;
	for (size_t i = 0; i < KEY_COUNT; i++) {
		char key[32];
		key_name(i, key);
		for (int count = 0;; count++) {
			size_t used = map.used;
			fail_alloc_after(count);
			bool put = strmap_put(&map, key, &values[i]);
			bool had_failed = fail_alloc_stop();
			assert_int_equal(put, !had_failed);
			assert_int_equal(map.used, used + put);
			assert_ptr_equal(strmap_get(&map, key), put ? &values[i] : NULL);
			if (put)
				break;
			refused++;
		}
	}
	assert_true(refused > KEY_COUNT);
	for (size_t i = 0; i < KEY_COUNT; i++) {
		char key[32];
		key_name(i, key);
		assert_ptr_equal(strmap_get(&map, key), &values[i]);
	}
	strmap_release(&map);
}

/* The hash names the socket: another version of swatch must find it under the same name. */
static void the_hash_stays_what_it_is(void **state)
{
	(void)state;
	assert_true(strmap_hash("", 0) == UINT64_C(0xecba3df2c3383c52));
	assert_true(strmap_hash("/home/u/.claude/session-health", 30) == UINT64_C(0xfda4924a6ebbdf81));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_gets_and_removes),
		cmocka_unit_test(keys_are_bytes_with_a_length),
		cmocka_unit_test(the_maps_own_key_lasts_until_it_is_removed),
		cmocka_unit_test(agrees_with_a_plain_array),
		cmocka_unit_test(a_walk_meets_each_once_and_may_remove),
		cmocka_unit_test(a_failed_put_changes_nothing),
		cmocka_unit_test(the_hash_stays_what_it_is),
	};
	return cmocka_run_group_tests_name("strmap", tests, NULL, NULL);
}
