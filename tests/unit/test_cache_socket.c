#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/strmap.h"
#include "cache/lock.h"
#include "cache/names.h"
#include "ipc/socket.h"
#include "scratch.h"

static int set_up(void **state)
{
	(void)state;
	scratch_make(&test_dir);
	assert_int_equal(mkdirat(test_dir.dir_fd, "cache", 0700), 0);
	assert_int_equal(mkdirat(test_dir.dir_fd, "run", 0700), 0);
	setenv("XDG_RUNTIME_DIR", scratch_name(&test_dir, "run"), 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unsetenv("XDG_RUNTIME_DIR");
	scratch_remove(&test_dir);
	return 0;
}

static void it_lies_in_the_runtime_directory(void **state)
{
	(void)state;
	const char *cache = scratch_name(&test_dir, "cache");
	char expected[1024];
	snprintf(expected, sizeof(expected), "%s/run/swatch/%016" PRIx64 ".sock", test_dir.path,
		 strmap_hash(cache, strlen(cache)));
	char *path = cache_socket_path(cache);
	assert_string_equal(path, expected);
	free(path);
}

static void two_spellings_lead_to_one_socket(void **state)
{
	(void)state;
	assert_int_equal(symlinkat("cache", test_dir.dir_fd, "link"), 0);
	char *one = cache_socket_path(scratch_name(&test_dir, "cache"));
	static const char *const spellings[] = { "link", "cache/", "./cache/../link/." };
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		char *other = cache_socket_path(scratch_name(&test_dir, spellings[i]));
		assert_string_equal(other, one);
		free(other);
	}
	char *different = cache_socket_path(scratch_name(&test_dir, "run"));
	assert_string_not_equal(different, one);
	free(different);
	free(one);
}

static void without_a_runtime_directory_it_lies_in_the_cache(void **state)
{
	(void)state;
	static const char *const useless[] = { NULL, "", "relative" };
	for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
		if (useless[i])
			setenv("XDG_RUNTIME_DIR", useless[i], 1);
		else
			unsetenv("XDG_RUNTIME_DIR");
		char *path = cache_socket_path("/c");
		assert_string_equal(path, "/c/" CACHE_SOCKET_FILE);
		free(path);
	}
}

static void a_path_that_no_address_holds_is_refused(void **state)
{
	(void)state;
	const size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path);
	unsetenv("XDG_RUNTIME_DIR");
	for (size_t len = room - 30; len < room + 30; len++) {
		char cache[256] = "/";
		memset(cache + 1, 'c', len - 1);
		errno = 0;
		char *path = cache_socket_path(cache);
		bool fits = len + 1 + strlen(CACHE_SOCKET_FILE) < room;
		assert_int_equal(path != NULL, fits);
		if (!fits)
			assert_int_equal(errno, ENAMETOOLONG);
		free(path);
	}
}

/* Makes a socket there. */
static void listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_true(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static void expect_found(const char *expected)
{
	char *path = cache_socket_find(scratch_name(&test_dir, "cache"));
	assert_string_equal(path, expected);
	free(path);
}

/* The daemon has no runtime directory, as in a container, and the caller has one. */
static void the_lock_leads_to_the_socket(void **state)
{
	(void)state;
	struct cache_lock_holder holder;
	int lock_fd = -1, dir_fd = openat(test_dir.dir_fd, "cache", O_RDONLY | O_DIRECTORY);
	char *usual = cache_socket_path(scratch_name(&test_dir, "cache"));
	const char *named = scratch_name(&test_dir, "cache/\xC3\xB6 .sock");
	assert_int_equal(cache_lock_take(dir_fd, "daemon", &lock_fd, &holder), CACHE_LOCK_TAKEN);
	expect_found(usual);
	assert_true(cache_lock_name_socket(lock_fd, "daemon", named));
	/* Somebody removed it. */
	expect_found(usual);
	listen_at(named);
	expect_found(named);
	/* Its daemon died. */
	close(lock_fd);
	expect_found(usual);
	free(usual);
	close(dir_fd);
}

/* Prepares the directory of a socket at `name`; returns what it says of it. */
static const char *prepare(const char *name, int expected)
{
	static char said[1024];
	struct buf error = BUF_INIT;
	assert_int_equal(cache_socket_prepare_dir(scratch_name(&test_dir, name), &error), expected);
	snprintf(said, sizeof(said), "%s", buf_str(&error));
	assert_int_equal(said[0] != '\0', expected != 0);
	buf_release(&error);
	return said;
}

static void its_directory_is_its_users_alone(void **state)
{
	(void)state;
	umask(0);
	prepare("run/swatch/1.sock", 0);
	assert_int_equal(scratch_mode(&test_dir, "run/swatch"), 0700);
	prepare("run/swatch/1.sock", 0);
	assert_int_equal(chmod(scratch_name(&test_dir, "run/swatch"), 0755), 0);
	prepare("run/swatch/1.sock", 0);
	assert_int_equal(scratch_mode(&test_dir, "run/swatch"), 0700);
	assert_int_equal(chmod(scratch_name(&test_dir, "run/swatch"), 0770), 0);
	assert_non_null(strstr(prepare("run/swatch/1.sock", -1), "chmod 700 "));
}

static void its_directory_may_not_be_something_else(void **state)
{
	(void)state;
	assert_int_equal(symlinkat("../cache", test_dir.dir_fd, "run/swatch"), 0);
	prepare("run/swatch/1.sock", -1);
	assert_int_equal(unlinkat(test_dir.dir_fd, "run/swatch", 0), 0);
	scratch_write_text(&test_dir, "run/swatch", "a file");
	prepare("run/swatch/1.sock", -1);
	assert_non_null(strstr(prepare("absent/swatch/1.sock", -1), "XDG_RUNTIME_DIR"));
	if (geteuid() == 0) {
		assert_int_equal(mkdirat(test_dir.dir_fd, "foreign", 0700), 0);
		assert_int_equal(fchownat(test_dir.dir_fd, "foreign", 65534, 65534, 0), 0);
		prepare("foreign/1.sock", -1);
		assert_non_null(
			strstr(prepare("foreign/swatch/1.sock", -1), "belongs to another user (uid 65534)"));
		assert_int_equal(faccessat(test_dir.dir_fd, "foreign/swatch", F_OK, 0), -1);
	} else {
		struct buf error = BUF_INIT;
		assert_int_equal(cache_socket_prepare_dir("/usr/1.sock", &error), -1);
		buf_release(&error);
	}
}

static void a_symlinked_cache_directory_will_do(void **state)
{
	(void)state;
	assert_int_equal(symlinkat("cache", test_dir.dir_fd, "link"), 0);
	prepare("link/" CACHE_SOCKET_FILE, 0);
}

static void nobody_says_where_and_nobody_is_called(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	char far[200];
	/* Neither a runtime directory nor a lock: where it would lie. */
	unsetenv("XDG_RUNTIME_DIR");
	char *path = cache_socket_find(scratch_name(&test_dir, "cache"));
	assert_string_equal(path, scratch_name(&test_dir, "cache/" CACHE_SOCKET_FILE));
	free(path);
	assert_int_equal(cache_socket_prepare_dir("no-directory", &error), -1);
	assert_string_equal(buf_str(&error), "the socket's path has no directory");
	buf_release(&error);
	memset(far, 'a', sizeof(far) - 1);
	far[sizeof(far) - 1] = '\0';
	assert_int_equal(cache_socket_connect(far, 0), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_false(cache_socket_is_own_peer(test_dir.dir_fd, NULL));
	assert_int_equal(errno, ENOTSOCK);
	cache_socket_tell(far, "x\n", 2);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_lies_in_the_runtime_directory),
		CASE(two_spellings_lead_to_one_socket),
		CASE(without_a_runtime_directory_it_lies_in_the_cache),
		CASE(a_path_that_no_address_holds_is_refused),
		CASE(the_lock_leads_to_the_socket),
		CASE(its_directory_is_its_users_alone),
		CASE(its_directory_may_not_be_something_else),
		CASE(a_symlinked_cache_directory_will_do),
		CASE(nobody_says_where_and_nobody_is_called),
	};
	return cmocka_run_group_tests_name("cache_socket", tests, NULL, NULL);
}
