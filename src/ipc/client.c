#include "ipc/client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "ipc/socket.h"
#include "json/parse.h"

#define READ_BYTES 16384
#define ANSWER_MAX_DEPTH 32

/* ---- connecting ---- */

/* Says why connect(2) failed. */
static enum client_state judge_refusal(int error, const char *path, struct buf *why)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		buf_printf(why, "there is no socket %s", path);
		return CLIENT_NOT_RUNNING;
	case ECONNREFUSED:
		buf_printf(why, "no daemon listens on %s; one that was killed left it behind", path);
		return CLIENT_LEFT_BEHIND;
	case EAGAIN:
	case ETIMEDOUT:
		buf_printf(why,
			   "the daemon on %s does not answer calls (tried for %.1f s); is it stopped, or "
			   "hanging?",
			   path, CLIENT_CONNECT_TIMEOUT_MS / 1000.);
		return CLIENT_REFUSED;
	case EPROTOTYPE:
		buf_printf(why, "%s is a socket of another kind; move it away", path);
		return CLIENT_BAD_PATH;
	default:
		buf_printf(why, "cannot connect to %s: %s", path, strerror(error));
		return CLIENT_REFUSED;
	}
}

/* connect(2) fails with ECONNREFUSED for a file that is no socket, as for one left behind: look before. */
static enum client_state judge_path(const char *path, struct buf *why)
{
	struct stat st;
	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		buf_printf(why, "the socket's path is too long: %s; set XDG_RUNTIME_DIR to a shorter "
			   "directory", path);
		return CLIENT_BAD_PATH;
	}
	if (lstat(path, &st) != 0)
		return judge_refusal(errno, path, why);
	if (!S_ISSOCK(st.st_mode)) {
		buf_printf(why, "%s is not a socket; move it away", path);
		return CLIENT_BAD_PATH;
	}
	return CLIENT_LISTENING;
}

enum client_state client_connect(struct client *client, const char *socket_path, struct buf *why)
{
	memset(client, 0, sizeof(*client));
	client->fd = -1;
	enum client_state state = judge_path(socket_path, why);
	if (state != CLIENT_LISTENING)
		return state;
	client->fd = cache_socket_connect(socket_path, CLIENT_CONNECT_TIMEOUT_MS);
	if (client->fd < 0)
		return judge_refusal(errno, socket_path, why);
	/* The daemon must be our own: an answer decides what is shown as this person's figures. */
	if (!cache_socket_is_own_peer(client->fd, &client->daemon_pid)) {
		if (errno == EPERM)
			buf_printf(why, "another user's program listens on %s; not trusted", socket_path);
		else
			buf_printf(why, "cannot tell whose program listens on %s: %s", socket_path,
				   strerror(errno));
		return CLIENT_REFUSED;
	}
	return CLIENT_LISTENING;
}

/* ---- lines ---- */

/* Milliseconds until `deadline_ms` as poll(2) wants them. */
static int poll_timeout(int64_t deadline_ms)
{
	if (deadline_ms == CLIENT_WAIT_FOREVER)
		return -1;
	int64_t left = deadline_ms - clock_mono_ms();
	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static int64_t deadline_of(int64_t timeout_ms)
{
	return timeout_ms < 0 ? CLIENT_WAIT_FOREVER : clock_mono_ms() + timeout_ms;
}

/* Waits until the socket is ready for `events`. */
static enum client_result wait_ready(struct client *client, short events, int64_t deadline_ms,
				     bool watch_stdout)
{
	for (;;) {
		/* poll(2) reports POLLERR ("the pipe has no reader") without being asked for any event. */
		struct pollfd fds[2] = { { client->fd, events, 0 }, { STDOUT_FILENO, 0, 0 } };
		int ready = poll(fds, watch_stdout ? 2 : 1, poll_timeout(deadline_ms));
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready < 0)
			return CLIENT_BROKEN;
		if (ready == 0)
			return CLIENT_TIMEOUT;
		if (fds[0].revents != 0)
			return CLIENT_OK;
		if ((fds[1].revents & POLLERR) != 0)
			return CLIENT_NO_READER;
		/* Stdout has some other event, which would end the next poll(2) at once. */
		watch_stdout = false;
	}
}

static enum client_result judge_errno(void)
{
	return errno == EPIPE || errno == ECONNRESET ? CLIENT_CLOSED : CLIENT_BROKEN;
}

static enum client_result send_bytes(struct client *client, const char *bytes, size_t len,
				     int64_t deadline_ms)
{
	while (len > 0) {
		ssize_t sent = send(client->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			enum client_result ready = wait_ready(client, POLLOUT, deadline_ms, false);
			if (ready != CLIENT_OK)
				return ready;
			continue;
		}
		if (sent < 0)
			return judge_errno();
		bytes += sent;
		len -= (size_t)sent;
	}
	return CLIENT_OK;
}

enum client_result client_send(struct client *client, const char *request, int64_t timeout_ms)
{
	AUTO_BUF line = BUF_INIT;
	buf_printf(&line, "%s\n", request);
	if (!line.failed)
		return send_bytes(client, line.data, line.len, deadline_of(timeout_ms));
	errno = ENOMEM;
	return CLIENT_BROKEN;
}

/* Reads what is there. CLIENT_TIMEOUT: nothing yet. */
static enum client_result receive(struct client *client)
{
	char bytes[READ_BYTES];
	ssize_t got;
	do
		got = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return CLIENT_TIMEOUT;
	if (got < 0)
		return judge_errno();
	if (got == 0)
		return CLIENT_CLOSED;
	buf_append(&client->in, bytes, (size_t)got);
	if (client->in.failed) {
		errno = ENOMEM;
		return CLIENT_BROKEN;
	}
	return CLIENT_OK;
}

enum client_result client_read_line(struct client *client, int64_t timeout_ms, bool watch_stdout,
				    const char **line, size_t *len)
{
	int64_t deadline_ms = deadline_of(timeout_ms);
	size_t searched = 0;
	buf_consume(&client->in, client->in_taken);
	client->in_taken = 0;
	for (;;) {
		char *start = client->in.data;
		size_t fresh = client->in.len - searched;
		char *newline = fresh > 0 ? memchr(start + searched, '\n', fresh) : NULL;
		if (newline) {
			*newline = '\0';
			*line = start;
			*len = (size_t)(newline - start);
			client->in_taken = *len + 1;
			return CLIENT_OK;
		}
		searched = client->in.len;
		if (searched > CLIENT_MAX_ANSWER_BYTES)
			return CLIENT_BAD_ANSWER;
		enum client_result result = receive(client);
		if (result == CLIENT_TIMEOUT)
			result = wait_ready(client, POLLIN, deadline_ms, watch_stdout);
		if (result != CLIENT_OK)
			return result;
	}
}

/* ---- asking ---- */

struct json_object *client_parse(const char *line, size_t len)
{
	struct json_object *object = json_parse(line, len, ANSWER_MAX_DEPTH, NULL);
	if (!object || json_object_is_type(object, json_type_object))
		return object;
	json_object_put(object);
	errno = EBADMSG;
	return NULL;
}

static void explain(enum client_result result, int64_t timeout_ms, struct buf *why)
{
	switch (result) {
	case CLIENT_TIMEOUT:
		buf_printf(why, "the daemon did not answer within %lld s", (long long)(timeout_ms / 1000));
		break;
	case CLIENT_CLOSED:
		buf_append_str(why, "the daemon ended the connection without an answer");
		break;
	case CLIENT_BAD_ANSWER:
		buf_append_str(why, "the daemon's answer is not a JSON object");
		break;
	default:
		buf_printf(why, "cannot talk to the daemon: %s", strerror(errno));
		break;
	}
}

enum client_result client_ask(struct client *client, const char *request, int64_t timeout_ms,
			      struct json_object **answer, struct buf *why)
{
	int64_t start_ms = clock_mono_ms();
	const char *line;
	size_t len;
	*answer = NULL;
	enum client_result result = client_send(client, request, timeout_ms);
	/* A daemon that refuses a client closes at once; what it said before can still be read. */
	if (result == CLIENT_OK || result == CLIENT_CLOSED) {
		int64_t spent_ms = clock_mono_ms() - start_ms;
		int64_t left_ms = timeout_ms > spent_ms ? timeout_ms - spent_ms : 0;
		bool is_closed = result == CLIENT_CLOSED;
		if (timeout_ms < 0)
			left_ms = CLIENT_WAIT_FOREVER;
		result = client_read_line(client, is_closed ? 0 : left_ms, false, &line, &len);
		if (is_closed && result == CLIENT_TIMEOUT)
			result = CLIENT_CLOSED;
	}
	if (result == CLIENT_OK) {
		*answer = client_parse(line, len);
		if (!*answer)
			result = errno == ENOMEM ? CLIENT_BROKEN : CLIENT_BAD_ANSWER;
	}
	if (result != CLIENT_OK)
		explain(result, timeout_ms, why);
	return result;
}

void client_close(struct client *client)
{
	close_quietly(client->fd);
	client->fd = -1;
	buf_release(&client->in);
}
