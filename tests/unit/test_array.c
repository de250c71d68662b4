/* Arrays that grow and sorted arrays that are searched (base/array.h); variables that their scope cleans up
 * (base/scope.h). */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/array.h"
#include "base/scope.h"
#include "fail_alloc.h"

/* ---- growing ---- */

static void grows_and_keeps_what_is_there(void **state)
{
	(void)state;
	int *items = NULL;
	size_t cap = 0, grown = 0;
	for (size_t count = 0; count < 10000; count++) {
		size_t before = cap;
		assert_true(array_reserve(&items, &cap, count + 1, sizeof(*items)));
		assert_true(cap >= count + 1);
		grown += cap != before;
		items[count] = (int)count;
	}
	for (size_t i = 0; i < 10000; i++)
		assert_int_equal(items[i], i);
	/* By a quarter each time: not at every item. */
	assert_true(grown < 40);
	free(items);
}

static void what_fits_is_not_moved(void **state)
{
	(void)state;
	char *items = NULL;
	size_t cap = 0;
	assert_true(array_reserve(&items, &cap, 0, 1));
	assert_null(items);
	assert_true(array_reserve(&items, &cap, 5, 1));
	char *before = items;
	size_t cap_before = cap;
	fail_alloc_after(0);
	bool good = array_reserve(&items, &cap, cap, 1);
	(void)fail_alloc_stop();
	assert_true(good);
	assert_ptr_equal(items, before);
	assert_int_equal(cap, cap_before);
	free(items);
}

static void makes_room_for_many_at_once(void **state)
{
	(void)state;
	double *items = NULL;
	size_t cap = 0;
	assert_true(array_reserve(&items, &cap, 1000, sizeof(*items)));
	assert_true(cap >= 1000);
	items[999] = 1.;
	free(items);
}

static void without_memory_nothing_changes(void **state)
{
	(void)state;
	int *items = NULL;
	size_t cap = 0;
	assert_true(array_reserve(&items, &cap, 1, sizeof(*items)));
	items[0] = 7;
	size_t cap_before = cap;
	fail_alloc_after(0);
	bool good = array_reserve(&items, &cap, cap + 1, sizeof(*items));
	assert_true(fail_alloc_stop());
	assert_false(good);
	assert_int_equal(cap, cap_before);
	assert_int_equal(items[0], 7);
	free(items);
}

/* The product of count and size must not wrap around to a small one. */
static void a_size_that_overflows_fails(void **state)
{
	(void)state;
	int64_t *items = NULL;
	size_t cap = 0;
	assert_true(array_reserve(&items, &cap, 1, sizeof(*items)));
	int64_t *before = items;
	size_t cap_before = cap;
	assert_false(array_reserve(&items, &cap, SIZE_MAX / sizeof(*items) + 2, sizeof(*items)));
	assert_false(array_reserve(&items, &cap, SIZE_MAX, sizeof(*items)));
	assert_ptr_equal(items, before);
	assert_int_equal(cap, cap_before);
	free(items);
}

/* ---- searching ---- */

static int compare_ints(const void *key, const void *item)
{
	int a = *(const int *)key, b = *(const int *)item;
	return (a > b) - (a < b);
}

static size_t search(const int *items, size_t count, int key, bool *found)
{
	return array_search(&key, items, count, sizeof(*items), compare_ints, found);
}

static void finds_the_first_of_equals_or_where_it_would_go(void **state)
{
	(void)state;
	static const int items[] = { 2, 4, 4, 4, 6 };
	static const struct {
		int key;
		size_t at;
		bool found;
	} cases[] = {
		{ 1, 0, false }, { 2, 0, true }, { 3, 1, false }, { 4, 1, true },
		{ 5, 4, false }, { 6, 4, true }, { 7, 5, false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool found = !cases[i].found;
		assert_int_equal(search(items, 5, cases[i].key, &found), cases[i].at);
		assert_int_equal(found, cases[i].found);
		assert_int_equal(search(items, 5, cases[i].key, NULL), cases[i].at);
	}
}

static void an_empty_array_holds_nothing(void **state)
{
	(void)state;
	bool found = true;
	assert_int_equal(search(NULL, 0, 1, &found), 0);
	assert_false(found);
}

static void agrees_with_a_walk_over_all(void **state)
{
	(void)state;
	uint64_t seed = 20261130;
	for (int round = 0; round < 2000; round++) {
		int items[40];
		size_t count = (size_t)(unit_random(&seed) % 40);
		int at = 0;
		for (size_t i = 0; i < count; i++)
			items[i] = at += (int)(unit_random(&seed) % 3);
		int key = (int)(unit_random(&seed) % 80);
		size_t expected = 0;
		while (expected < count && items[expected] < key)
			expected++;
		bool found;
		assert_int_equal(search(items, count, key, &found), expected);
		assert_int_equal(found, expected < count && items[expected] == key);
	}
}

/* ---- scopes ---- */

static int open_null(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static char *keep_a_copy(const char *text)
{
	AUTO_FREE char *copy = strdup(text);
	return *text ? SCOPE_KEEP(copy) : NULL;
}

static void a_scope_closes_and_frees_and_keeps_errno(void **state)
{
	(void)state;
	int fd;
	errno = EXDEV;
	{
		AUTO_CLOSE int inner = open_null();
		AUTO_FREE char *text = strdup("freed here, or the sanitizer says so");
		assert_non_null(text);
		fd = inner;
		assert_true(fd >= 0);
		errno = EXDEV;
	}
	assert_int_equal(errno, EXDEV);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	errno = EXDEV;
	{
		AUTO_CLOSE int none = -1;
		AUTO_FREE char *nothing = NULL;
		(void)none, (void)nothing;
	}
	assert_int_equal(errno, EXDEV);
}

static void what_is_kept_outlives_its_scope(void **state)
{
	(void)state;
	char *kept = keep_a_copy("text");
	assert_string_equal(kept, "text");
	free(kept);
	assert_null(keep_a_copy(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_keeps_what_is_there),
		cmocka_unit_test(what_fits_is_not_moved),
		cmocka_unit_test(makes_room_for_many_at_once),
		cmocka_unit_test(without_memory_nothing_changes),
		cmocka_unit_test(a_size_that_overflows_fails),
		cmocka_unit_test(finds_the_first_of_equals_or_where_it_would_go),
		cmocka_unit_test(an_empty_array_holds_nothing),
		cmocka_unit_test(agrees_with_a_walk_over_all),
		cmocka_unit_test(a_scope_closes_and_frees_and_keeps_errno),
		cmocka_unit_test(what_is_kept_outlives_its_scope),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
