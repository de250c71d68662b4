#include "swatchd/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json_parse.h"
#include "base/log.h"
#include "cache/cache_socket.h"

#define ACCEPT_PAUSE_S 1.0
#define REQUEST_MAX_DEPTH 16
/* Descriptors that clients do not get: a run of ccusage takes seven for a moment, where there are that many. */
#define KEPT_OF_MANY 16
#define KEPT_OF_FEW 3
#define FEW_DESCRIPTORS 64

struct control_client {
	ev_io readable;
	ev_io writable;
	ev_timer stalled;
	struct control *control;
	uint64_t id;
	int fd;
	bool subscribed;
	bool closing;            /* after what is queued has been written */
	bool dead;               /* freed at the end of the turn that found it */
	unsigned busy;           /* inside its own callback */
	bool awaits_answer;      /* of something that takes its time */
	uint64_t last_heard;     /* counts: the larger, the later its last request */
	struct buf in;
	struct buf out;
	struct control_client *next;
};

static void sink_event(void *ctx, const char *line, size_t len);

/* ---- clients ---- */

static void free_client(struct control_client *client)
{
	struct control *control = client->control;
	for (struct control_client **at = &control->clients; *at; at = &(*at)->next) {
		if (*at == client) {
			*at = client->next;
			break;
		}
	}
	buf_release(&client->in);
	buf_release(&client->out);
	free(client);
}

/* Ends a client. Its memory stays until nobody on the stack holds it. */
static void close_client(struct control_client *client)
{
	struct control *control = client->control;
	if (!client->dead) {
		client->dead = true;
		ev_io_stop(control->loop, &client->readable);
		ev_io_stop(control->loop, &client->writable);
		ev_timer_stop(control->loop, &client->stalled);
		close(client->fd);
		control->client_count--;
		control->is_crowded = control->is_crowded && control->client_count > CONTROL_MAX_CLIENTS / 2;
		if (client->subscribed && --control->subscriber_count == 0)
			events_set_sink(control->events, NULL, NULL);
	}
	if (client->busy == 0)
		free_client(client);
}

static void drop_client(struct control_client *client, const char *why)
{
	client->control->stats.dropped++;
	log_info("a client of the control socket was dropped: %s", why);
	close_client(client);
}

static void on_stalled(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	(void)loop;
	(void)revents;
	drop_client(watcher->data, "it does not read");
}

/* Writes what the socket takes. The timer starts again only when bytes moved, so that a dead peer cannot renew itself. */
static void write_some(struct control_client *client)
{
	struct control *control = client->control;
	bool moved = false;
	while (client->out.len > 0) {
		ssize_t sent = send(client->fd, client->out.data, client->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (sent < 0) {
			close_client(client);
			return;
		}
		moved = true;
		buf_consume(&client->out, (size_t)sent);
	}
	if (client->out.len == 0) {
		ev_io_stop(control->loop, &client->writable);
		ev_timer_stop(control->loop, &client->stalled);
		if (client->closing)
			close_client(client);
		return;
	}
	ev_io_start(control->loop, &client->writable);
	if (moved || !ev_is_active(&client->stalled)) {
		ev_timer_stop(control->loop, &client->stalled);
		ev_timer_set(&client->stalled, CONTROL_STALL_S, 0.);
		ev_timer_start(control->loop, &client->stalled);
	}
}

static void on_writable(struct ev_loop *loop, ev_io *watcher, int revents)
{
	(void)loop;
	/* libev calls the reader's callback too, in which the client goes. */
	if (revents & EV_ERROR)
		return;
	write_some(watcher->data);
}

static void queue_line(struct control_client *client, const char *line, size_t len, size_t max_queued)
{
	if (client->dead)
		return;
	if (client->out.len + len > max_queued) {
		drop_client(client, "too much waits for it to read");
		return;
	}
	buf_append(&client->out, line, len);
	if (client->out.failed) {
		drop_client(client, "out of memory");
		return;
	}
	write_some(client);
}

static void answer(struct control_client *client, const char *json, size_t len, size_t max_queued)
{
	client->busy++;
	client->awaits_answer = false;
	/* One queueing for line and newline, so that no half line is ever followed by a drop in between. */
	struct buf line = BUF_INIT;
	buf_append(&line, json, len);
	buf_append_char(&line, '\n');
	if (line.failed)
		drop_client(client, "out of memory");
	else
		queue_line(client, line.data, line.len, max_queued);
	buf_release(&line);
	client->busy--;
	if (client->dead && client->busy == 0)
		free_client(client);
}

void control_answer(struct control_client *client, const char *json, size_t len)
{
	answer(client, json, len, CONTROL_MAX_QUEUED_BYTES);
}

void control_answer_report(struct control_client *client, const char *lines, size_t len)
{
	answer(client, lines, len, CONTROL_MAX_REPORT_BYTES);
}

bool control_is_sending_report(const struct control *control)
{
	for (const struct control_client *client = control->clients; client; client = client->next)
		if (client->out.len > CONTROL_MAX_QUEUED_BYTES)
			return true;
	return false;
}

void control_answer_error(struct control_client *client, const char *error)
{
	struct buf out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	jsonw_put_bool(&w, "ok", false);
	jsonw_put_string(&w, "error", error);
	jsonw_end_object(&w);
	control_answer(client, buf_str(&out), out.len);
	buf_release(&out);
}

void control_answer_ok(struct control_client *client)
{
	static const char ok[] = "{\"ok\":true}";
	control_answer(client, ok, sizeof(ok) - 1);
}

void control_subscribe(struct control_client *client)
{
	if (client->subscribed || client->dead)
		return;
	client->subscribed = true;
	if (client->control->subscriber_count++ == 0)
		events_set_sink(client->control->events, sink_event, client->control);
}

static void sink_event(void *ctx, const char *line, size_t len)
{
	struct control *control = ctx;
	struct control_client *next;
	for (struct control_client *client = control->clients; client; client = next) {
		next = client->next;
		if (client->subscribed && !client->dead)
			queue_line(client, line, len, CONTROL_MAX_QUEUED_BYTES);
	}
}

void control_note_waiting(struct control_client *client)
{
	client->awaits_answer = true;
}

uint64_t control_client_id(const struct control_client *client)
{
	return client->id;
}

struct control_client *control_find_client(struct control *control, uint64_t id)
{
	for (struct control_client *client = control->clients; client; client = client->next)
		if (client->id == id && !client->dead)
			return client;
	return NULL;
}

/* ---- requests ---- */

static void take_bad_request(struct control_client *client, const char *error)
{
	client->control->stats.bad_requests++;
	control_answer_error(client, error);
}

static void take_request(struct control_client *client, const char *line, size_t len)
{
	struct control *control = client->control;
	client->last_heard = ++control->heard;
	struct json_object *request = json_parse(line, len, REQUEST_MAX_DEPTH, NULL);
	struct json_object *op;
	if (!request && errno == ENOMEM)
		take_bad_request(client, "out of memory");
	else if (!json_object_is_type(request, json_type_object))
		take_bad_request(client, "not a JSON object");
	else if (!json_object_object_get_ex(request, "op", &op) || !json_object_is_type(op, json_type_string))
		take_bad_request(client, "no \"op\"");
	else
		control->handle(control->ctx, client, json_object_get_string(op), request);
	json_object_put(request);
}

static void take_lines(struct control_client *client)
{
	const char *newline;
	while (!client->dead && client->in.len > 0 && (newline = memchr(client->in.data, '\n', client->in.len))) {
		size_t len = (size_t)(newline - client->in.data);
		if (len > 0)
			take_request(client, client->in.data, len);
		buf_consume(&client->in, len + 1);
	}
	if (!client->dead && client->in.len >= CONTROL_MAX_LINE_BYTES) {
		client->closing = true;
		ev_io_stop(client->control->loop, &client->readable);
		take_bad_request(client, "line too long: 65536 bytes at most");
	}
}

static void on_readable(struct ev_loop *loop, ev_io *watcher, int revents)
{
	(void)loop;
	struct control_client *client = watcher->data;
	char bytes[16384];
	ssize_t got;
	if (revents & EV_ERROR) {
		drop_client(client, "the kernel does not report what it sends");
		return;
	}
	do
		got = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (got <= 0) {
		/* The other end wrote all it wanted; an answer that is on its way still goes out. */
		if (got == 0 && client->out.len > 0) {
			client->closing = true;
			ev_io_stop(client->control->loop, &client->readable);
			return;
		}
		close_client(client);
		return;
	}
	client->busy++;
	buf_append(&client->in, bytes, (size_t)got);
	if (client->in.failed)
		drop_client(client, "out of memory");
	else
		take_lines(client);
	client->busy--;
	if (client->dead && client->busy == 0)
		free_client(client);
}

/* ---- accepting ---- */

static void on_resume(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	(void)revents;
	struct control *control = watcher->data;
	ev_io_start(loop, &control->acceptable);
}

/* Makes room for another client: who has been silent the longest, waits for nothing and follows nothing, goes. */
static bool make_room(struct control *control)
{
	struct control_client *quietest = NULL;
	if (control->client_count < CONTROL_MAX_CLIENTS)
		return true;
	for (struct control_client *client = control->clients; client; client = client->next)
		if (!client->dead && !client->subscribed && !client->awaits_answer && client->out.len == 0
		    && (!quietest || client->last_heard < quietest->last_heard))
			quietest = client;
	if (!quietest)
		return false;
	/* Said once: who connects ten thousand times must not fill the log. */
	if (!control->is_crowded)
		log_warning("%d clients are connected to %s: those that say nothing make room for others",
			    CONTROL_MAX_CLIENTS, control->path);
	control->is_crowded = true;
	control->stats.dropped++;
	close_client(quietest);
	return true;
}

static void add_client(struct control *control, int fd)
{
	struct control_client *client = calloc(1, sizeof(*client));
	if (!client) {
		log_warning("cannot take up a call on %s: out of memory", control->path);
		control->stats.dropped++;
		close(fd);
		return;
	}
	client->control = control;
	client->fd = fd;
	client->id = ++control->next_id;
	client->last_heard = ++control->heard;
	ev_io_init(&client->readable, on_readable, fd, EV_READ);
	ev_io_init(&client->writable, on_writable, fd, EV_WRITE);
	ev_init(&client->stalled, on_stalled);
	client->readable.data = client->writable.data = client->stalled.data = client;
	client->next = control->clients;
	control->clients = client;
	control->client_count++;
	control->stats.accepted++;
	ev_io_start(control->loop, &client->readable);
}

/*
 * Whether a client's descriptor is one of the last: those are for transcripts and cache files, which come first. The
 * kernel gives the lowest one that is free.
 */
static bool is_scarce(struct control *control, int fd)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return false;
	rlim_t kept = limit.rlim_cur < FEW_DESCRIPTORS ? KEPT_OF_FEW : KEPT_OF_MANY;
	bool scarce = (rlim_t)fd + kept >= limit.rlim_cur;
	if (scarce && !control->scarce)
		log_warning("clients of the control socket are refused: of %llu descriptors (RLIMIT_NOFILE) the last %llu "
			    "are for transcripts and cache files", (unsigned long long)limit.rlim_cur,
			    (unsigned long long)kept);
	control->scarce = scarce;
	return scarce;
}

static void pause_accepting(struct control *control, const char *why)
{
	/* Said once, until it works again. */
	if (!control->accept_fails)
		log_warning("cannot accept on %s: %s; trying again every second", control->path, why);
	control->accept_fails = true;
	ev_io_stop(control->loop, &control->acceptable);
	ev_timer_set(&control->resume, ACCEPT_PAUSE_S, 0.);
	ev_timer_start(control->loop, &control->resume);
}

static void on_acceptable(struct ev_loop *loop, ev_io *watcher, int revents)
{
	(void)loop;
	struct control *control = watcher->data;
	if (revents & EV_ERROR) {
		pause_accepting(control, "the kernel does not report calls");
		return;
	}
	for (;;) {
		int fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			if (errno != EAGAIN && errno != EWOULDBLOCK)
				pause_accepting(control, strerror(errno));
			return;
		}
		control->accept_fails = false;
		if (!cache_socket_is_own_peer(fd, NULL) || is_scarce(control, fd) || !make_room(control)) {
			control->stats.dropped++;
			close(fd);
			continue;
		}
		add_client(control, fd);
	}
}

/* ---- for the daemon ---- */

/* Removes what stands at the path when it is a socket: we hold the lock, so nobody listens on it. */
static int clear_path(const char *path, struct buf *error)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		return 0;
	if (!S_ISSOCK(st.st_mode)) {
		buf_printf(error, "cannot listen on %s: something that is no socket stands there; move it away", path);
		return -1;
	}
	if (unlink(path) != 0 && errno != ENOENT) {
		buf_printf(error, "cannot remove the old socket %s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

static int bind_and_listen(struct control *control, struct buf *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(control->path);
	if (len >= sizeof(address.sun_path)) {
		buf_printf(error, "cannot listen on %s: the path is longer than %zu bytes; set XDG_RUNTIME_DIR to a "
			   "shorter one", control->path, sizeof(address.sun_path) - 1);
		return -1;
	}
	memcpy(address.sun_path, control->path, len + 1);
	mode_t old_mask = umask(0177);
	int bound = bind(control->listen_fd, (const struct sockaddr *)&address, sizeof(address));
	int why = errno;
	umask(old_mask);
	errno = why;
	struct stat st;
	if (bound != 0 || lstat(control->path, &st) != 0 || listen(control->listen_fd, 64) != 0) {
		buf_printf(error, "cannot listen on %s: %s", control->path, strerror(errno));
		return -1;
	}
	control->dev = st.st_dev;
	control->ino = st.st_ino;
	return 0;
}

int control_init(struct control *control, struct ev_loop *loop, const char *path, control_handler *handle, void *ctx,
		 struct events *events, struct buf *error)
{
	memset(control, 0, sizeof(*control));
	control->loop = loop;
	control->handle = handle;
	control->ctx = ctx;
	control->events = events;
	ev_init(&control->acceptable, on_acceptable);
	ev_init(&control->resume, on_resume);
	control->acceptable.data = control->resume.data = control;
	control->listen_fd = -1;
	control->path = strdup(path);
	if (!control->path) {
		buf_append_str(error, "cannot listen: out of memory");
		return -1;
	}
	if (clear_path(path, error) != 0)
		return -1;
	control->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->listen_fd < 0) {
		buf_printf(error, "cannot make a socket: %s", strerror(errno));
		return -1;
	}
	if (bind_and_listen(control, error) != 0)
		return -1;
	ev_io_set(&control->acceptable, control->listen_fd, EV_READ);
	ev_io_start(loop, &control->acceptable);
	return 0;
}

void control_write_status(const struct control *control, struct jsonw *w)
{
	jsonw_put_int(w, "clients", (int64_t)control->client_count);
	jsonw_put_int(w, "accepted", (int64_t)control->stats.accepted);
	jsonw_put_int(w, "dropped", (int64_t)control->stats.dropped);
	jsonw_put_int(w, "badRequests", (int64_t)control->stats.bad_requests);
}

void control_release(struct control *control)
{
	if (!control->path)
		return;
	for (struct control_client *client = control->clients, *next; client; client = next) {
		next = client->next;
		close_client(client);
	}
	ev_io_stop(control->loop, &control->acceptable);
	ev_timer_stop(control->loop, &control->resume);
	if (control->listen_fd >= 0) {
		struct stat st;
		if (lstat(control->path, &st) == 0 && st.st_dev == control->dev && st.st_ino == control->ino)
			(void)unlink(control->path);
		close(control->listen_fd);
	}
	free(control->path);
	control->path = NULL;
}
