/* The control socket, with a table of requests of its own: what clients get for what they write, and who is
 * dropped. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "scratch.h"
#include "swatchd/control/control.h"
#include "turned_clock.h"

static struct scratch s;
static struct ev_loop *loop;
static struct control *control;
static struct events events;
static uint64_t waiting_id;
static size_t big_bytes;

static void answer_ok(void *ctx, struct control_client *client, struct json_object *request)
{
	assert_ptr_equal(ctx, &waiting_id);
	assert_true(json_object_is_type(request, json_type_object));
	control_answer_ok(client);
}

static void answer_later(void *ctx, struct control_client *client, struct json_object *request)
{
	(void)ctx;
	(void)request;
	waiting_id = control_client_id(client);
	control_note_waiting(client);
}

static void answer_big(void *ctx, struct control_client *client, struct json_object *request)
{
	(void)ctx;
	(void)request;
	char *bytes = malloc(big_bytes);
	assert_non_null(bytes);
	memset(bytes, 'x', big_bytes);
	control_answer(client, bytes, big_bytes);
	free(bytes);
}

static void follow(void *ctx, struct control_client *client, struct json_object *request)
{
	(void)ctx;
	(void)request;
	if (!control_may_subscribe(client)) {
		control_answer_error(client, "full");
		return;
	}
	control_subscribe(client);
	control_answer_ok(client);
}

static const struct control_request requests[] = {
	{ "ok", answer_ok }, { "later", answer_later }, { "big", answer_big }, { "follow", follow },
	{ NULL, NULL },
};

static struct control *listen_here(struct buf *error)
{
	return control_new(loop, scratch_name(&s, "socket"), requests, &waiting_id, &events, error);
}

static int set_up(void **state)
{
	(void)state;
	AUTO_BUF error = BUF_INIT;
	scratch_make(&s);
	big_bytes = 1000;
	events_init(&events);
	loop = ev_loop_new(EVFLAG_AUTO);
	control = listen_here(&error);
	return loop && control ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	control_free(control);
	events_release(&events);
	ev_loop_destroy(loop);
	scratch_remove(&s);
	return 0;
}

static void turn(void)
{
	for (int i = 0; i < 8; i++)
		ev_run(loop, EVRUN_NOWAIT);
}

static int call(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", scratch_name(&s, "socket"));
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	turn();
	return fd;
}

static void say(int fd, const char *text)
{
	size_t len = strlen(text), sent = 0;
	for (int i = 0; sent < len && i < 1000; i++) {
		ssize_t put = send(fd, text + sent, len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		sent += put > 0 ? (size_t)put : 0;
		turn();
	}
	turn();
}

/* Reads what is there. */
static const char *hear(int fd)
{
	static char heard[4096];
	ssize_t got = recv(fd, heard, sizeof(heard) - 1, MSG_DONTWAIT);
	heard[got > 0 ? got : 0] = '\0';
	return heard;
}

static bool is_open(int fd)
{
	char byte;
	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

static int64_t counted(const char *key)
{
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	control_write_status(control, &w);
	jsonw_end_object(&w);
	struct json_object *status = json_tokener_parse(buf_str(&out)), *value;
	assert_true(json_object_object_get_ex(status, key, &value));
	int64_t number = json_object_get_int64(value);
	json_object_put(status);
	return number;
}

static void test_requests_by_the_table(void **state)
{
	(void)state;
	int fd = call();
	say(fd, "{\"op\":\"ok\"}\n");
	assert_string_equal(hear(fd), "{\"ok\":true}\n");
	say(fd, "{\"op\":\"okay\"}\n");
	assert_string_equal(hear(fd), "{\"ok\":false,\"error\":\"unknown \\\"op\\\"\"}\n");
	say(fd, "{\"op\":7}\n");
	assert_string_equal(hear(fd), "{\"ok\":false,\"error\":\"no \\\"op\\\"\"}\n");
	say(fd, "[]\n");
	assert_string_equal(hear(fd), "{\"ok\":false,\"error\":\"not a JSON object\"}\n");
	say(fd, "{\"op\":\"ok\"\n");
	assert_string_equal(hear(fd), "{\"ok\":false,\"error\":\"not a JSON object\"}\n");
	assert_int_equal(counted("badRequests"), 4);
	/* It still listens to who made mistakes. */
	say(fd, "\n{\"op\":\"ok\"}\n");
	assert_string_equal(hear(fd), "{\"ok\":true}\n");
	close(fd);
	turn();
	assert_int_equal(counted("clients"), 0);
	assert_int_equal(counted("accepted"), 1);
}

static void test_several_in_one_write_and_one_in_several(void **state)
{
	(void)state;
	int fd = call();
	say(fd, "{\"op\":\"ok\"}\n{\"op\":\"no\"}\n{\"op\":\"ok\"}\n{\"op\":");
	assert_string_equal(
		hear(fd), "{\"ok\":true}\n{\"ok\":false,\"error\":\"unknown \\\"op\\\"\"}\n{\"ok\":true}\n");
	say(fd, "\"ok\"}");
	assert_string_equal(hear(fd), "");
	say(fd, "\n");
	assert_string_equal(hear(fd), "{\"ok\":true}\n");
	close(fd);
}

static void test_a_too_long_line_ends_the_call(void **state)
{
	(void)state;
	int fd = call();
	char *line = malloc(CONTROL_MAX_LINE_BYTES + 2);
	assert_non_null(line);
	memset(line, ' ', CONTROL_MAX_LINE_BYTES + 1);
	line[CONTROL_MAX_LINE_BYTES + 1] = '\0';
	/* One byte less, with its newline, is a line. */
	memcpy(line + CONTROL_MAX_LINE_BYTES - 12, "{\"op\":\"ok\"}\n", 12);
	line[CONTROL_MAX_LINE_BYTES] = '\0';
	say(fd, line);
	assert_string_equal(hear(fd), "{\"ok\":true}\n");
	line[CONTROL_MAX_LINE_BYTES - 1] = ' ';
	say(fd, line);
	assert_non_null(strstr(hear(fd), "\"ok\":false"));
	assert_false(is_open(fd));
	assert_int_equal(counted("clients"), 0);
	free(line);
	close(fd);
}

static void test_an_answer_that_comes_later(void **state)
{
	(void)state;
	int fd = call();
	say(fd, "{\"op\":\"later\"}\n");
	assert_string_equal(hear(fd), "");
	struct control_client *client = control_find_client(control, waiting_id);
	assert_non_null(client);
	control_answer_error(client, "no \"luck\"");
	assert_string_equal(hear(fd), "{\"ok\":false,\"error\":\"no \\\"luck\\\"\"}\n");
	close(fd);
	turn();
	assert_null(control_find_client(control, waiting_id));
}

/* The process begins anew: whoever asks, or waits, gets no answer that may be wrong. */
static void test_nobody_is_answered_any_more(void **state)
{
	(void)state;
	int waits = call(), asks = call();
	say(waits, "{\"op\":\"later\"}\n");
	control_fall_silent(control);
	assert_null(control_find_client(control, waiting_id));
	say(asks, "{\"op\":\"ok\"}\nno JSON\n");
	assert_string_equal(hear(asks), "");
	assert_true(is_open(waits) && is_open(asks));
	control_free(control);
	control = NULL;
	assert_false(is_open(waits) || is_open(asks));
	control_fall_silent(control);
	close(waits);
	close(asks);
}

static void test_requests_of_a_client_that_does_not_read_wait(void **state)
{
	(void)state;
	int fd = call(), other = call();
	/* More than the socket takes, and together more than may wait: the second one's turn has not come. */
	big_bytes = CONTROL_MAX_QUEUED_BYTES - 1;
	say(fd, "{\"op\":\"big\"}\n{\"op\":\"big\"}\n");
	assert_int_equal(counted("dropped"), 0);
	assert_int_equal(counted("clients"), 2);
	say(other, "{\"op\":\"ok\"}\n");
	assert_string_equal(hear(other), "{\"ok\":true}\n");
	close(fd);
	close(other);
}

static void test_the_quietest_makes_room(void **state)
{
	(void)state;
	int fds[CONTROL_MAX_CLIENTS];
	for (int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		fds[i] = call();
		if (i == 0)
			say(fds[i], "{\"op\":\"later\"}\n");    /* awaits an answer */
		else if (i == 1)
			say(fds[i], "{\"op\":\"follow\"}\n");   /* follows events */
	}
	(void)hear(fds[1]);
	say(fds[2], "{\"op\":\"ok\"}\n");       /* said something after all others */
	(void)hear(fds[2]);
	int one_more = call();
	assert_int_equal(counted("clients"), CONTROL_MAX_CLIENTS);
	assert_int_equal(counted("dropped"), 1);
	for (int i = 0; i < CONTROL_MAX_CLIENTS; i++)
		assert_int_equal(is_open(fds[i]), i != 3);
	for (int i = 0; i < CONTROL_MAX_CLIENTS; i++)
		close(fds[i]);
	close(one_more);
}

/* Followers keep their connections, so there is a bound; everybody else finds room, whatever they do. */
static void test_so_many_follow(void **state)
{
	(void)state;
	int fds[CONTROL_MAX_SUBSCRIBERS];
	for (int i = 0; i < CONTROL_MAX_SUBSCRIBERS; i++) {
		fds[i] = call();
		say(fds[i], "{\"op\":\"follow\"}\n");
		assert_string_equal(hear(fds[i]), "{\"ok\":true}\n");
	}
	/* One that follows already may ask again. */
	say(fds[0], "{\"op\":\"follow\"}\n");
	assert_string_equal(hear(fds[0]), "{\"ok\":true}\n");
	int late = call();
	say(late, "{\"op\":\"follow\"}\n");
	assert_string_equal(hear(late), "{\"ok\":false,\"error\":\"full\"}\n");
	/* Where one went, another one may follow. */
	close(fds[1]);
	turn();
	say(late, "{\"op\":\"follow\"}\n");
	assert_string_equal(hear(late), "{\"ok\":true}\n");
	for (int i = 0; i < 2 * CONTROL_MAX_CLIENTS; i++) {
		int fd = call();
		say(fd, "{\"op\":\"ok\"}\n");
		assert_string_equal(hear(fd), "{\"ok\":true}\n");
		close(fd);
	}
	for (int i = 0; i < CONTROL_MAX_SUBSCRIBERS; i++) {
		assert_true(i == 1 || is_open(fds[i]));
		if (i != 1)
			close(fds[i]);
	}
	close(late);
}

/* What the log gets while `count` clients come, none of which goes. */
static size_t count_said(int fds[], int count)
{
	char text[4096];
	int ends[2], saved = dup(STDERR_FILENO);
	size_t said = 0;
	assert_true(saved >= 0 && pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) >= 0);
	for (int i = 0; i < count; i++)
		fds[i] = call();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	close(ends[1]);
	ssize_t got = read(ends[0], text, sizeof(text) - 1);
	text[got > 0 ? got : 0] = '\0';
	for (const char *at = text; (at = strstr(at, "to make room\n")); at++)
		said++;
	close(ends[0]);
	return said;
}

static void test_a_crowd_is_said_once_an_hour(void **state)
{
	(void)state;
	static int fds[CONTROL_MAX_CLIENTS + 60];
	turned_clock_set(INT64_C(1795435200000));
	assert_int_equal(count_said(fds, CONTROL_MAX_CLIENTS + 20), 1);
	turned_clock_advance(CLOCK_HOUR_MS - 1);
	assert_int_equal(count_said(fds + CONTROL_MAX_CLIENTS + 20, 20), 0);
	turned_clock_advance(1);
	assert_int_equal(count_said(fds + CONTROL_MAX_CLIENTS + 40, 20), 1);
	assert_int_equal(counted("dropped"), 60);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
	turned_clock_release();
}

static void test_followers_get_events(void **state)
{
	(void)state;
	assert_null(events_begin(&events, "nobody-hears"));
	int fd = call();
	say(fd, "{\"op\":\"follow\"}\n");
	assert_string_equal(hear(fd), "{\"ok\":true}\n");
	events_emit_string(&events, "session-idle", "sessionId", "s1");
	const char *event = hear(fd);
	assert_non_null(strstr(event, "{\"event\":\"session-idle\",\"at\":"));
	assert_non_null(strstr(event, ",\"sessionId\":\"s1\"}\n"));
	close(fd);
	turn();
	assert_null(events_begin(&events, "nobody-hears"));
}

static void test_the_socket_file(void **state)
{
	(void)state;
	AUTO_BUF error = BUF_INIT;
	assert_int_equal(scratch_mode(&s, "socket"), 0600);
	/* One that a crash left is replaced; what is no socket stays. The first one leaves the second one's
	 * file alone. */
	struct control *second = listen_here(&error);
	assert_non_null(second);
	control_free(control);
	assert_int_equal(scratch_mode(&s, "socket"), 0600);
	control_free(second);
	assert_int_equal(scratch_mode(&s, "socket"), -1);
	scratch_write_text(&s, "socket", "mine");
	control = listen_here(&error);
	assert_null(control);
	assert_non_null(strstr(buf_str(&error), "something that is not a socket is there"));
	char *kept = scratch_read(&s, "socket");
	assert_string_equal(kept, "mine");
	free(kept);
}

/* The runtime directory was cleared: the daemon listens at the same name again, and only once. */
static void test_a_socket_that_was_removed_comes_back(void **state)
{
	(void)state;
	AUTO_BUF error = BUF_INIT;
	assert_int_equal(control_rebind(control, &error), 0);
	int before = call();
	assert_int_equal(unlink(scratch_name(&s, "socket")), 0);
	assert_int_equal(control_rebind(control, &error), 1);
	assert_int_equal(control_rebind(control, &error), 0);
	int fd = call();
	say(fd, "{\"op\":\"ok\"}\n");
	assert_string_equal(hear(fd), "{\"ok\":true}\n");
	/* Who was connected stays so. */
	say(before, "{\"op\":\"ok\"}\n");
	assert_string_equal(hear(before), "{\"ok\":true}\n");
	close(before);
	close(fd);
}

static int lowest_free_descriptor(void)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0), number = fd;
	assert_true(fd >= 0);
	close(fd);
	return number;
}

/* Without a descriptor nobody is accepted, and the loop is not awake all the time; nothing of that is left
 * over. */
static void test_the_last_descriptors_are_not_for_clients(void **state)
{
	(void)state;
	struct rlimit usual, few;
	/* valgrind applies a limit of descriptors in its own way */
	const char *preloaded = getenv("LD_PRELOAD");
	if (preloaded && strstr(preloaded, "vgpreload"))
		skip();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	int first = call();
	few = usual;
	few.rlim_cur = (rlim_t)lowest_free_descriptor() + 2;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	int refused = call();   /* its own end takes one of the two, and the other one is kept */
	assert_int_equal(counted("dropped"), 1);
	assert_int_equal(counted("accepted"), 1);
	few.rlim_cur -= 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	close(refused);
	int waiting = call();
	assert_int_equal(counted("dropped"), 1);
	say(first, "{\"op\":\"ok\"}\n");
	assert_string_equal(hear(first), "{\"ok\":true}\n");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
	close(first);
	close(waiting);
	/* Accepting was to begin again in a second: no timer and no descriptor outlive the socket. */
	control_free(control);
	control = NULL;
	ev_run(loop, 0);
}

static void test_what_is_freed_is_closed(void **state)
{
	(void)state;
	AUTO_BUF error = BUF_INIT;
	control_free(control);
	int before = lowest_free_descriptor();
	control = listen_here(&error);
	assert_non_null(control);
	assert_int_not_equal(lowest_free_descriptor(), before);
	control_free(control);
	control = NULL;
	assert_int_equal(lowest_free_descriptor(), before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_requests_by_the_table),
		TEST(test_several_in_one_write_and_one_in_several),
		TEST(test_a_too_long_line_ends_the_call),
		TEST(test_an_answer_that_comes_later),
		TEST(test_nobody_is_answered_any_more),
		TEST(test_requests_of_a_client_that_does_not_read_wait),
		TEST(test_the_quietest_makes_room),
		TEST(test_so_many_follow),
		TEST(test_a_crowd_is_said_once_an_hour),
		TEST(test_followers_get_events),
		TEST(test_the_socket_file),
		TEST(test_a_socket_that_was_removed_comes_back),
		TEST(test_the_last_descriptors_are_not_for_clients),
		TEST(test_what_is_freed_is_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
