/* client: every way in which the other end of the socket can be, or behave. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fail_alloc.h"
#include "ipc/client.h"
#include "ipc/socket.h"
#include "scratch.h"
#include "swatch/cli/daemon_call.h"

/* Long enough for any machine: a test that waits it out has failed. */
#define PATIENCE_MS 60000

struct place {
	char path[96];
	int listen_fd;
	pid_t server;
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	assert_non_null(place);
	scratch_make(&test_dir);
	assert_true(snprintf(place->path, sizeof(place->path), "%s/socket", test_dir.path)
		    < (int)sizeof(place->path));
	place->listen_fd = -1;
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	if (place->server > 0) {
		kill(place->server, SIGKILL);
		waitpid(place->server, NULL, 0);
	}
	if (place->listen_fd >= 0)
		close(place->listen_fd);
	scratch_remove(&test_dir);
	free(place);
	return 0;
}

static void listen_at(struct place *place, int kind)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", place->path);
	place->listen_fd = socket(AF_UNIX, kind | SOCK_CLOEXEC, 0);
	assert_true(place->listen_fd >= 0);
	assert_int_equal(bind(place->listen_fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	if (kind == SOCK_STREAM)
		assert_int_equal(listen(place->listen_fd, 4), 0);
}

static void write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
		if (sent <= 0)
			_exit(1);
		bytes += sent;
		len -= (size_t)sent;
	}
}

/* Starts a server that takes one call, reads the request's line, does `serve`, and closes. */
static void start_server(struct place *place, void (*serve)(int fd))
{
	listen_at(place, SOCK_STREAM);
	place->server = fork();
	assert_true(place->server >= 0);
	if (place->server > 0)
		return;
	int fd = accept(place->listen_fd, NULL, NULL);
	char byte = 0;
	while (byte != '\n' && read(fd, &byte, 1) == 1)
		;
	serve(fd);
	close(fd);
	_exit(0);
}

static enum client_result ask(struct place *place, int64_t timeout_ms, struct json_object **answer,
			      struct buf *why)
{
	struct client client;
	assert_int_equal(client_connect(&client, place->path, why), CLIENT_LISTENING);
	assert_int_equal(client.daemon_pid, getpid()); /* the one who called listen(2) */
	enum client_result result = client_ask(&client, "{\"op\":\"status\"}", timeout_ms, answer, why);
	client_close(&client);
	return result;
}

/* ---- connecting ---- */

static void expect_state(struct place *place, const char *path, enum client_state expected, const char *said)
{
	struct client client;
	struct buf why = BUF_INIT;
	(void)place;
	assert_int_equal(client_connect(&client, path, &why), expected);
	assert_non_null(strstr(buf_str(&why), said));
	client_close(&client);
	buf_release(&why);
}

static void test_no_socket_is_not_running(void **state)
{
	struct place *place = *state;
	expect_state(place, place->path, CLIENT_NOT_RUNNING, "there is no socket");
	expect_state(place, "/nonexistent/directory/socket", CLIENT_NOT_RUNNING, "there is no socket");
}

static void test_socket_of_a_dead_daemon_is_left_behind(void **state)
{
	struct place *place = *state;
	listen_at(place, SOCK_STREAM);
	close(place->listen_fd);
	place->listen_fd = -1;
	expect_state(place, place->path, CLIENT_LEFT_BEHIND, "left it behind");
}

static void test_what_is_no_socket_is_a_bad_path(void **state)
{
	struct place *place = *state;
	int fd = open(place->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	expect_state(place, place->path, CLIENT_BAD_PATH, "is not a socket");
}

static void test_socket_of_another_kind_is_a_bad_path(void **state)
{
	struct place *place = *state;
	listen_at(place, SOCK_DGRAM);
	expect_state(place, place->path, CLIENT_BAD_PATH, "of another kind");
}

static void test_long_path_is_a_bad_path(void **state)
{
	char path[300];
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	expect_state(*state, path, CLIENT_BAD_PATH, "too long");
}

/* ---- answers ---- */

static void serve_in_pieces(int fd)
{
	static const char answer[] = "{\"ok\":true,\"pid\":42}\n";
	for (size_t i = 0; i < sizeof(answer) - 1; i++)
		write_all(fd, &answer[i], 1);
}

static void test_answer_in_pieces(void **state)
{
	struct json_object *answer;
	struct json_object *pid;
	struct buf why = BUF_INIT;
	start_server(*state, serve_in_pieces);
	assert_int_equal(ask(*state, CLIENT_WAIT_FOREVER, &answer, &why), CLIENT_OK);
	assert_true(json_object_object_get_ex(answer, "pid", &pid));
	assert_int_equal(json_object_get_int(pid), 42);
	json_object_put(answer);
	buf_release(&why);
}

static void expect_failure(struct place *place, int64_t timeout_ms, enum client_result expected,
			   const char *said)
{
	struct json_object *answer;
	struct buf why = BUF_INIT;
	assert_int_equal(ask(place, timeout_ms, &answer, &why), expected);
	assert_null(answer);
	assert_non_null(strstr(buf_str(&why), said));
	buf_release(&why);
}

static void serve_nothing(int fd)
{
	(void)fd;
}

static void test_close_without_an_answer(void **state)
{
	start_server(*state, serve_nothing);
	expect_failure(*state, PATIENCE_MS, CLIENT_CLOSED, "without an answer");
}

static void serve_half_a_line(int fd)
{
	write_all(fd, "{\"ok\":true", 10);
}

static void test_half_a_line_is_no_answer(void **state)
{
	start_server(*state, serve_half_a_line);
	expect_failure(*state, PATIENCE_MS, CLIENT_CLOSED, "without an answer");
}

static void test_an_answer_without_memory_is_not_waited_for(void **state)
{
	struct place *place = *state;
	struct client client;
	struct buf why = BUF_INIT;
	const char *line;
	size_t len;
	start_server(place, serve_half_a_line);
	assert_int_equal(client_connect(&client, place->path, &why), CLIENT_LISTENING);
	assert_int_equal(client_send(&client, "{\"op\":\"status\"}", PATIENCE_MS), CLIENT_OK);
	client.in.failed = true; /* as a failed realloc() leaves it */
	errno = 0;
	assert_int_equal(client_read_line(&client, PATIENCE_MS, false, &line, &len), CLIENT_BROKEN);
	assert_int_equal(errno, ENOMEM);
	client_close(&client);
	buf_release(&why);
}

static void test_a_request_without_memory_is_not_sent(void **state)
{
	struct place *place = *state;
	struct client client;
	struct json_object *answer;
	struct buf why = BUF_INIT;
	listen_at(place, SOCK_STREAM);
	assert_int_equal(client_connect(&client, place->path, &why), CLIENT_LISTENING);
	assert_true(buf_reserve(&why, 200));
	fail_alloc_after(0);
	enum client_result result = client_ask(&client, "{\"op\":\"status\"}", PATIENCE_MS, &answer, &why);
	assert_true(fail_alloc_stop());
	assert_int_equal(result, CLIENT_BROKEN);
	assert_null(answer);
	assert_string_equal(buf_str(&why), "cannot talk to the daemon: Cannot allocate memory");
	client_close(&client);
	buf_release(&why);
}

/* Somebody else put a socket in the daemon's place: what they say is not shown as this person's figures. */
static void test_another_users_program_is_not_trusted(void **state)
{
	struct place *place = *state;
	int ready[2];
	char byte;
	if (geteuid() != 0)
		skip();
	listen_at(place, SOCK_STREAM);
	assert_int_equal(pipe(ready), 0);
	place->server = fork();
	assert_true(place->server >= 0);
	if (place->server == 0) {
		/* The kernel names the user of the one who called listen(2) last. */
		if (setuid(65534) != 0 || listen(place->listen_fd, 4) != 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		while (true)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	expect_state(place, place->path, CLIENT_REFUSED, "another user's program listens on ");
}

static void test_a_way_in_circles_is_refused(void **state)
{
	char path[600];
	assert_int_equal(symlinkat("loop", test_dir.dir_fd, "loop"), 0);
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "loop/socket"));
	expect_state(*state, path, CLIENT_REFUSED, "cannot connect to ");
}

/* Its queue of callers is full, and nobody takes one out. */
static void test_one_that_answers_no_calls_is_refused(void **state)
{
	struct place *place = *state;
	int callers[8];
	listen_at(place, SOCK_STREAM);
	for (size_t i = 0; i < sizeof(callers) / sizeof(callers[0]); i++)
		callers[i] = cache_socket_connect(place->path, 0);
	expect_state(place, place->path, CLIENT_REFUSED, "does not answer calls (tried for 1.5 s)");
	for (size_t i = 0; i < sizeof(callers) / sizeof(callers[0]); i++)
		if (callers[i] >= 0)
			close(callers[i]);
}

/* It takes the call, and reads nothing: what is sent fills its buffer. */
static void test_one_that_does_not_read_is_not_waited_for(void **state)
{
	struct place *place = *state;
	struct client client;
	struct buf why = BUF_INIT;
	size_t size = 8 << 20;
	char *request = malloc(size);
	assert_non_null(request);
	memset(request, ' ', size - 1);
	request[size - 1] = '\0';
	listen_at(place, SOCK_STREAM);
	assert_int_equal(client_connect(&client, place->path, &why), CLIENT_LISTENING);
	assert_int_equal(client_send(&client, request, 20), CLIENT_TIMEOUT);
	/* It goes away with all that it has not read. */
	close(place->listen_fd);
	place->listen_fd = -1;
	assert_int_equal(client_send(&client, "{}", PATIENCE_MS), CLIENT_CLOSED);
	client_close(&client);
	buf_release(&why);
	free(request);
}

static void serve_silence(int fd)
{
	char byte;
	while (read(fd, &byte, 1) > 0)
		;
}

static void test_silence_ends_with_the_timeout(void **state)
{
	start_server(*state, serve_silence);
	expect_failure(*state, 20, CLIENT_TIMEOUT, "did not answer");
}

static void serve_rubbish(int fd)
{
	write_all(fd, "{\"ok\":tru\n", 10);
}

static void serve_array(int fd)
{
	write_all(fd, "[1,2]\n", 6);
}

static void serve_two_values(int fd)
{
	write_all(fd, "{} {}\n", 6);
}

static void serve_deep_nesting(int fd)
{
	for (int i = 0; i < 1000; i++)
		write_all(fd, "{\"a\":", 5);
	write_all(fd, "\n", 1);
}

static void test_rubbish_is_a_bad_answer(void **state)
{
	void (*const servers[])(int) = { serve_rubbish, serve_array, serve_two_values, serve_deep_nesting };
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		start_server(*state, servers[i]);
		expect_failure(*state, PATIENCE_MS, CLIENT_BAD_ANSWER, "not a JSON object");
		tear_down(state);
		set_up(state);
	}
}

static void serve_flood(int fd)
{
	static char block[65536];
	memset(block, 'x', sizeof(block));
	for (;;)
		write_all(fd, block, sizeof(block));
}

static void test_flood_is_cut_off(void **state)
{
	start_server(*state, serve_flood);
	expect_failure(*state, PATIENCE_MS, CLIENT_BAD_ANSWER, "not a JSON object");
}

/* A daemon that has too many clients closes at once: the request cannot be sent, what it said can be read. */
static void test_word_of_one_that_hangs_up_is_heard(void **state)
{
	struct place *place = *state;
	struct client client;
	struct json_object *answer;
	struct buf why = BUF_INIT;
	static const char refusal[] = "{\"ok\":false,\"error\":\"full\"}\n";
	listen_at(place, SOCK_STREAM);
	assert_int_equal(client_connect(&client, place->path, &why), CLIENT_LISTENING);
	int fd = accept(place->listen_fd, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(send(fd, refusal, sizeof(refusal) - 1, MSG_NOSIGNAL), sizeof(refusal) - 1);
	close(fd);
	assert_int_equal(client_ask(&client, "{}", PATIENCE_MS, &answer, &why), CLIENT_OK);
	assert_string_equal(json_object_get_string(json_object_object_get(answer, "error")), "full");
	json_object_put(answer);
	client_close(&client);
	buf_release(&why);
}

/* It reads no more, and says nothing. */
static void test_one_that_reads_no_more_is_not_waited_for(void **state)
{
	struct place *place = *state;
	struct client client;
	struct json_object *answer;
	struct buf why = BUF_INIT;
	listen_at(place, SOCK_STREAM);
	assert_int_equal(client_connect(&client, place->path, &why), CLIENT_LISTENING);
	int fd = accept(place->listen_fd, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(shutdown(fd, SHUT_RD), 0);
	assert_int_equal(client_ask(&client, "{}", PATIENCE_MS, &answer, &why), CLIENT_CLOSED);
	assert_string_equal(buf_str(&why), "the daemon ended the connection without an answer");
	close(fd);
	client_close(&client);
	buf_release(&why);
}

/* It ends with the request unread, as one that is killed does. */
static void test_one_that_dies_before_it_reads(void **state)
{
	struct place *place = *state;
	struct client client;
	struct buf why = BUF_INIT;
	const char *line;
	size_t len;
	listen_at(place, SOCK_STREAM);
	assert_int_equal(client_connect(&client, place->path, &why), CLIENT_LISTENING);
	assert_int_equal(client_send(&client, "{}", PATIENCE_MS), CLIENT_OK);
	close(accept(place->listen_fd, NULL, NULL));
	assert_int_equal(client_read_line(&client, CLIENT_WAIT_FOREVER, false, &line, &len), CLIENT_CLOSED);
	client_close(&client);
	buf_release(&why);
}

/* ---- following ---- */

static void serve_events(int fd)
{
	static const char lines[] = "{\"ok\":true}\n{\"event\":\"a\"}\n\n{\"event\":\"b\"}\n{\"half";
	write_all(fd, lines, sizeof(lines) - 1);
}

static void test_lines_of_one_write_come_one_by_one(void **state)
{
	static const char *const expected[] = { "{\"event\":\"a\"}", "", "{\"event\":\"b\"}" };
	struct place *place = *state;
	struct client client;
	struct json_object *answer;
	struct buf why = BUF_INIT;
	const char *line;
	size_t len;
	start_server(place, serve_events);
	assert_int_equal(client_connect(&client, place->path, &why), CLIENT_LISTENING);
	assert_int_equal(client_ask(&client, "{}", PATIENCE_MS, &answer, &why), CLIENT_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(client_read_line(&client, PATIENCE_MS, false, &line, &len), CLIENT_OK);
		assert_string_equal(line, expected[i]);
		assert_int_equal(len, strlen(expected[i]));
	}
	assert_int_equal(client_read_line(&client, PATIENCE_MS, false, &line, &len), CLIENT_CLOSED);
	json_object_put(answer);
	client_close(&client);
	buf_release(&why);
}

/* Exits 0 when reading ends because nobody reads this process's stdout. */
static void follow_without_reader(const char *path)
{
	struct client client;
	struct buf why = BUF_INIT;
	int ends[2];
	const char *line;
	size_t len;
	if (pipe(ends) != 0 || dup2(ends[1], STDOUT_FILENO) < 0)
		_exit(2);
	close(ends[0]);
	close(ends[1]);
	if (client_connect(&client, path, &why) != CLIENT_LISTENING)
		_exit(3);
	_exit(client_read_line(&client, PATIENCE_MS, true, &line, &len) == CLIENT_NO_READER ? 0 : 4);
}

static void test_a_gone_reader_ends_following(void **state)
{
	struct place *place = *state;
	int status;
	listen_at(place, SOCK_STREAM);
	(void)fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		follow_without_reader(place->path);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- lines without an answer ---- */

static void test_a_line_is_sent_and_nothing_waits(void **state)
{
	struct place *place = *state;
	static const char line[] = "{\"op\":\"tick\"}\n";
	char got[64];
	cache_socket_tell(place->path, line, strlen(line));  /* to nobody */
	listen_at(place, SOCK_STREAM);
	cache_socket_tell(place->path, line, strlen(line));
	int fd = accept(place->listen_fd, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, got, sizeof(got)), (ssize_t)strlen(line));
	assert_memory_equal(got, line, strlen(line));
	assert_int_equal(read(fd, got, sizeof(got)), 0);
	close(fd);
	/* A daemon that takes no calls: its queue is full sooner or later, and the line is lost. */
	int fds[16], count = 0;
	while (count < 16 && (fds[count] = cache_socket_connect(place->path, 0)) >= 0)
		count++;
	assert_true(count < 16 && errno == EAGAIN);
	cache_socket_tell(place->path, line, strlen(line));
	errno = 0;
	assert_int_equal(cache_socket_connect(place->path, 20), -1);
	assert_int_equal(errno, EAGAIN);
	while (count > 0)
		close(fds[--count]);
}

/* ---- a sign of life, which commands ask for first ---- */

/* A daemon is a process of its own, which listens itself: its pid comes with the socket. */
static enum client_state ask_for_life_of(struct place *place, void (*serve)(int fd), struct buf *why)
{
	static struct invocation invocation;
	struct client client;
	invocation.socket_path = place->path;
	place->server = fork();
	assert_true(place->server >= 0);
	if (place->server == 0) {
		listen_at(place, SOCK_STREAM);
		serve(accept(place->listen_fd, NULL, NULL));
		_exit(0);
	}
	enum client_state state = CLIENT_NOT_RUNNING;
	while (daemon_is_absent(state)) {
		buf_clear(why);
		state = daemon_connect(&invocation, &client, why);
		if (state != CLIENT_LISTENING)
			client_close(&client);
	}
	if (state == CLIENT_LISTENING)
		client_close(&client);
	return state;
}

/* Longer than a command waits for one that does nothing; at any one moment it probably sleeps. */
static void work_with_naps(int fd)
{
	for (int i = 0; i < 20; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	write_all(fd, "{\"ok\":true}\n", 12);
}

static void test_one_that_works_is_waited_for(void **state)
{
	struct buf why = BUF_INIT;
	assert_int_equal(ask_for_life_of(*state, work_with_naps, &why), CLIENT_LISTENING);
	buf_release(&why);
}

static void do_nothing(int fd)
{
	(void)fd;
	while (true)
		pause();
}

static void test_one_that_does_nothing_hangs(void **state)
{
	struct buf why = BUF_INIT;
	assert_int_equal(ask_for_life_of(*state, do_nothing, &why), CLIENT_REFUSED);
	assert_non_null(strstr(buf_str(&why), "is it stopped, or hanging?"));
	buf_release(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_one_that_works_is_waited_for),
		CASE(test_one_that_does_nothing_hangs),
		CASE(test_a_line_is_sent_and_nothing_waits),
		CASE(test_no_socket_is_not_running),
		CASE(test_socket_of_a_dead_daemon_is_left_behind),
		CASE(test_what_is_no_socket_is_a_bad_path),
		CASE(test_socket_of_another_kind_is_a_bad_path),
		CASE(test_long_path_is_a_bad_path),
		CASE(test_answer_in_pieces),
		CASE(test_close_without_an_answer),
		CASE(test_half_a_line_is_no_answer),
		CASE(test_an_answer_without_memory_is_not_waited_for),
		CASE(test_a_request_without_memory_is_not_sent),
		CASE(test_another_users_program_is_not_trusted),
		CASE(test_one_that_reads_no_more_is_not_waited_for),
		CASE(test_one_that_dies_before_it_reads),
		CASE(test_a_way_in_circles_is_refused),
		CASE(test_one_that_answers_no_calls_is_refused),
		CASE(test_one_that_does_not_read_is_not_waited_for),
		CASE(test_silence_ends_with_the_timeout),
		CASE(test_rubbish_is_a_bad_answer),
		CASE(test_flood_is_cut_off),
		CASE(test_word_of_one_that_hangs_up_is_heard),
		CASE(test_lines_of_one_write_come_one_by_one),
		CASE(test_a_gone_reader_ends_following),
	};
	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
