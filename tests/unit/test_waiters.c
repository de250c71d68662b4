/* Clients that wait for the daemon, over a real socket: how many may, and who loses the place. */
#include "unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/unused.h"
#include "scratch.h"
#include "swatchd/daemon/waiters.h"

static struct daemon daemon_here;
static struct ev_loop *loop;

static void wait_for_it(void *ctx UNUSED, struct control_client *client, struct json_object *request UNUSED)
{
	(void)daemon_add_waiter(&daemon_here, &daemon_here.sync_waiters, client);
}

static void ping(void *ctx UNUSED, struct control_client *client, struct json_object *request UNUSED)
{
	control_answer_ok(client);
}

static const struct control_request requests[] = { { "wait", wait_for_it },
						   { "ping", ping },
						   { NULL, NULL } };

static int set_up(void **state)
{
	AUTO_BUF error = BUF_INIT;
	scratch_set_up(state);
	memset(&daemon_here, 0, sizeof(daemon_here));
	loop = ev_loop_new(EVFLAG_AUTO);
	events_init(&daemon_here.events);
	/* The figures are not whole: nothing is published. */
	daemon_here.publish.held = true;
	daemon_here.control = control_new(loop, scratch_name(&test_dir, "socket"), requests, NULL,
					  &daemon_here.events, &error);
	return daemon_here.control ? 0 : -1;
}

static int tear_down(void **state)
{
	control_free(daemon_here.control);
	events_release(&daemon_here.events);
	ev_loop_destroy(loop);
	return scratch_tear_down(state);
}

static void turn(void)
{
	for (int i = 0; i < 4; i++)
		ev_run(loop, EVRUN_NOWAIT);
}

/* Connects and asks; returns the connection. */
static int ask(const char *request)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", scratch_name(&test_dir, "socket"));
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	turn();
	return fd;
}

static void hears(int fd, const char *answer)
{
	char heard[512];
	ssize_t got = recv(fd, heard, sizeof(heard) - 1, MSG_DONTWAIT);
	heard[got > 0 ? got : 0] = '\0';
	assert_string_equal(heard, answer);
}

#define OK "{\"ok\":true}\n"
#define WAIT "{\"op\":\"wait\"}\n"
#define TOO_MANY "{\"ok\":false,\"error\":\"too many clients wait for this already\"}\n"

static void so_many_wait_and_the_next_one_is_told(void **state)
{
	(void)state;
	int fds[DAEMON_MAX_WAITERS];
	for (size_t i = 0; i < DAEMON_MAX_WAITERS; i++)
		fds[i] = ask(WAIT);
	int late = ask(WAIT);
	hears(late, TOO_MANY);
	/* It is a client like any other. */
	assert_true(send(late, "{\"op\":\"ping\"}\n", 14, MSG_NOSIGNAL) == 14);
	turn();
	hears(late, OK);
	for (size_t i = 0; i < DAEMON_MAX_WAITERS; i++)
		hears(fds[i], "");
	daemon_answer_sync_waiters(&daemon_here);
	for (size_t i = 0; i < DAEMON_MAX_WAITERS; i++) {
		hears(fds[i], OK);
		close(fds[i]);
	}
	/* All places are free again. */
	assert_int_equal(send(late, WAIT, strlen(WAIT), MSG_NOSIGNAL), strlen(WAIT));
	turn();
	hears(late, "");
	daemon_answer_sync_waiters(&daemon_here);
	hears(late, OK);
	close(late);
}

static void who_hangs_up_leaves_the_place(void **state)
{
	(void)state;
	int fds[DAEMON_MAX_WAITERS];
	for (size_t i = 0; i < DAEMON_MAX_WAITERS; i++)
		fds[i] = ask(WAIT);
	close(fds[3]);
	close(fds[7]);
	turn();
	int one = ask(WAIT), two = ask(WAIT), three = ask(WAIT);
	hears(one, "");
	hears(two, "");
	hears(three, TOO_MANY);
	daemon_answer_sync_waiters(&daemon_here);
	hears(one, OK);
	hears(two, OK);
	hears(fds[8], OK);
	for (size_t i = 0; i < DAEMON_MAX_WAITERS; i++)
		if (i != 3 && i != 7)
			close(fds[i]);
	close(one);
	close(two);
	close(three);
}

static void one_client_has_one_place(void **state)
{
	(void)state;
	int greedy = ask(WAIT WAIT);
	hears(greedy, "{\"ok\":false,\"error\":\"this client waits for it already\"}\n");
	assert_int_equal(daemon_here.sync_waiters.count, 1);
	daemon_answer_sync_waiters(&daemon_here);
	hears(greedy, OK);
	close(greedy);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(so_many_wait_and_the_next_one_is_told),
		TEST(who_hangs_up_leaves_the_place),
		TEST(one_client_has_one_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
