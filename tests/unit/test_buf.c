#include "unit.h"

#include "base/buf.h"
#include "fail_alloc.h"

static void appends_in_order(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	assert_string_equal(buf_str(&b), "");
	buf_append_str(&b, "one");
	buf_append_char(&b, ' ');
	buf_append(&b, "two\0x", 5);
	buf_printf(&b, "%d-%s", 42, "z");
	buf_append(&b, NULL, 0);
	assert_int_equal(b.len, 13);
	assert_memory_equal(b.data, "one two\0x42-z", 14);
	assert_false(b.failed);
	buf_release(&b);
	assert_null(b.data);
}

static void formats_what_is_longer_than_its_room(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	for (int width = 0; width < 300; width += 7) {
		buf_clear(&b);
		buf_printf(&b, "%*d|", width, 7);
		assert_int_equal(b.len, (width > 1 ? width : 1) + 1);
		assert_int_equal(b.data[b.len - 1], '|');
		assert_int_equal(strlen(b.data), b.len);
	}
	buf_release(&b);
}

static void consumes_from_the_front(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	buf_consume(&b, 3);
	assert_int_equal(b.len, 0);
	buf_append_str(&b, "abcdef");
	buf_consume(&b, 0);
	assert_string_equal(buf_str(&b), "abcdef");
	buf_consume(&b, 2);
	assert_string_equal(buf_str(&b), "cdef");
	buf_consume(&b, 99);
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(b.len, 0);
	buf_release(&b);
}

static void hands_its_memory_over(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	char *empty = buf_detach(&b);
	assert_string_equal(empty, "");
	free(empty);
	buf_append_str(&b, "text");
	char *text = buf_detach(&b);
	assert_string_equal(text, "text");
	assert_int_equal(b.len, 0);
	assert_int_equal(b.cap, 0);
	free(text);
}

static void failure_sticks_and_keeps_the_content(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	buf_append_str(&b, "kept");
	fail_alloc_after(0);
	for (int i = 0; i < 100; i++)
		buf_append_str(&b, "0123456789");
	assert_true(fail_alloc_stop());
	assert_true(b.failed);
	size_t len = b.len;
	assert_memory_equal(b.data, "kept", 4);
	assert_int_equal((len - 4) % 10, 0);
	buf_append_str(&b, "more");
	buf_printf(&b, "%d", 1);
	assert_int_equal(b.len, len);
	buf_clear(&b);
	assert_true(b.failed);
	assert_null(buf_detach(&b));
	assert_false(b.failed);
	buf_append_str(&b, "good again");
	assert_string_equal(buf_str(&b), "good again");
	buf_release(&b);
}

static void a_message_is_never_empty(void **state)
{
	struct buf b = BUF_INIT;
	(void)state;
	assert_string_equal(buf_message(&b), "out of memory");
	buf_append_str(&b, "no such file");
	assert_string_equal(buf_message(&b), "no such file");
	b.failed = true;
	assert_string_equal(buf_message(&b), "out of memory");
	buf_release(&b);
}

static void refuses_an_absurd_size(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	buf_append_str(&b, "x");
	assert_false(buf_reserve(&b, SIZE_MAX));
	assert_true(b.failed);
	assert_string_equal(buf_str(&b), "x");
	buf_release(&b);
	assert_false(buf_reserve(&b, SIZE_MAX / 2));
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_in_order),
		cmocka_unit_test(formats_what_is_longer_than_its_room),
		cmocka_unit_test(consumes_from_the_front),
		cmocka_unit_test(hands_its_memory_over),
		cmocka_unit_test(failure_sticks_and_keeps_the_content),
		cmocka_unit_test(a_message_is_never_empty),
		cmocka_unit_test(refuses_an_absurd_size),
	};
	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
