/* base/siphash: the hashes that its authors print. */
#include "unit.h"

#include "base/siphash.h"

static void the_hashes_are_those_of_the_paper(void **state)
{
	uint8_t key[SIPHASH_KEY_BYTES], bytes[64];
	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	assert_true(siphash(key, bytes, 0) == UINT64_C(0x726fdb47dd0e0e31));
	assert_true(siphash(key, bytes, 1) == UINT64_C(0x74f839c593dc67fd));
	assert_true(siphash(key, bytes, 8) == UINT64_C(0x93f5f5799a932462));
	assert_true(siphash(key, bytes, 15) == UINT64_C(0xa129ca6149be45e5));
	assert_true(siphash(key, bytes, 63) == UINT64_C(0x958a324ceb064572));
	key[0] ^= 1;
	assert_true(siphash(key, bytes, 15) != UINT64_C(0xa129ca6149be45e5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hashes_are_those_of_the_paper),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
