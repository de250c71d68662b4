#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "fail_alloc.h"

#define PIPE_CONTENT "some bytes, and a \0 among them"

static int pipe_with(const char *content, size_t len)
{
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(file_write_all(ends[1], content, len));
	assert_int_equal(close(ends[1]), 0);
	return ends[0];
}

/* What is read comes behind what the buffer has, and counts alone against the limit. */
static void reads_all_there_is(void **state)
{
	(void)state;
	struct buf out = BUF_INIT;
	int fd = pipe_with(PIPE_CONTENT, sizeof(PIPE_CONTENT));
	buf_append_str(&out, "before: ");
	assert_true(file_read_all(fd, sizeof(PIPE_CONTENT), &out));
	assert_int_equal(out.len, strlen("before: ") + sizeof(PIPE_CONTENT));
	assert_memory_equal(out.data + strlen("before: "), PIPE_CONTENT, sizeof(PIPE_CONTENT));
	buf_release(&out);
	close(fd);
}

static void says_why_it_cannot_read(void **state)
{
	(void)state;
	struct buf out = BUF_INIT;
	int fd = pipe_with(PIPE_CONTENT, sizeof(PIPE_CONTENT));
	assert_false(file_read_all(fd, sizeof(PIPE_CONTENT) - 1, &out));
	assert_int_equal(errno, EFBIG);
	buf_release(&out);
	close(fd);
	fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_false(file_read_all(fd, 100, &out));
	assert_int_equal(errno, EISDIR);
	close(fd);
}

static void says_that_memory_ran_out(void **state)
{
	(void)state;
	struct buf out = BUF_INIT;
	int fd = pipe_with(PIPE_CONTENT, sizeof(PIPE_CONTENT));
	fail_alloc_after(0);
	bool good = file_read_all(fd, 1000, &out);
	int why = errno;
	assert_true(fail_alloc_stop());
	assert_false(good);
	assert_int_equal(why, ENOMEM);
	buf_release(&out);
	close(fd);
}

/* /dev/full takes nothing, and says so. */
static void says_why_it_cannot_write(void **state)
{
	(void)state;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_false(file_write_all(fd, "x", 1));
	assert_int_equal(errno, ENOSPC);
	assert_true(file_write_all(fd, "", 0));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_there_is),
		cmocka_unit_test(says_why_it_cannot_read),
		cmocka_unit_test(says_that_memory_ran_out),
		cmocka_unit_test(says_why_it_cannot_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
