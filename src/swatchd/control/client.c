/*
 * The clients of the control socket: their lines in, their answers out, and when one has to go.
 */
#include "swatchd/control/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/unused.h"
#include "json/get.h"
#include "json/parse.h"
#include "swatchd/loop/loop.h"

#define REQUEST_MAX_DEPTH 16

struct control_client {
	ev_io readable;
	ev_io writable;
	ev_timer stalled;
	struct control *control;
	uint64_t id;
	int fd;
	bool subscribed;
	bool paused;             /* its requests wait until it has read its answers */
	bool closing;            /* after what is queued has been written */
	bool dead;               /* freed at the end of the turn that found it */
	unsigned busy;           /* inside its own callback */
	bool awaits_answer;      /* to a request that takes its time */
	uint64_t last_heard;     /* a count: a larger one means a later request */
	struct buf in;
	struct buf out;
	struct control_client *next;
};

static void sink_event(void *ctx, const char *line, size_t len);

/* ---- clients ---- */

bool control_is_due(int64_t *said_mono_ms)
{
	int64_t now_ms = clock_mono_ms();
	if (*said_mono_ms > 0 && now_ms - *said_mono_ms < CLOCK_HOUR_MS)
		return false;
	*said_mono_ms = now_ms;
	return true;
}

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

/* Ends a client. Its memory stays while a function on the stack uses it. */
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
		if (client->subscribed && --control->subscriber_count == 0)
			events_set_sink(control->events, NULL, NULL);
		if (control->gone)
			control->gone(control->ctx, client->id);
	}
	if (client->busy == 0)
		free_client(client);
}

static void drop_client(struct control_client *client, const char *why)
{
	struct control *control = client->control;
	control->stats.dropped++;
	if (control_is_due(&control->dropped_mono_ms))
		log_info("a client of the control socket was dropped: %s; of more in the next hour, swatch "
			 "status has the number", why);
	close_client(client);
}

static void on_stalled(struct ev_loop *loop UNUSED, ev_timer *watcher, int revents UNUSED)
{
	drop_client(watcher->data, "it does not read");
}

/* Writes what the socket takes. Only bytes that moved restart the timer, so a dead peer times out. */
static void write_some(struct control_client *client)
{
	struct control *control = client->control;
	bool moved = false;
	while (client->out.len > 0) {
		ssize_t sent = send(client->fd, client->out.data, client->out.len,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
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
	if (moved || !ev_is_active(&client->stalled))
		loop_set_timer(control->loop, &client->stalled, CONTROL_STALL_MS);
}

static void take_lines(struct control_client *client);

static void on_writable(struct ev_loop *loop UNUSED, ev_io *watcher, int revents)
{
	/* libev also calls the reader's callback, which drops the client. */
	if (revents & EV_ERROR)
		return;
	struct control_client *client = watcher->data;
	client->busy++;
	write_some(client);
	if (!client->dead && client->paused && client->out.len == 0) {
		client->paused = false;
		ev_io_start(client->control->loop, &client->readable);
		take_lines(client);
	}
	client->busy--;
	if (client->dead && client->busy == 0)
		free_client(client);
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
	/* Line and newline in one piece: a client never gets half a line before it is dropped. */
	AUTO_BUF line = BUF_INIT;
	buf_append(&line, json, len);
	buf_append_char(&line, '\n');
	if (line.failed)
		drop_client(client, "out of memory");
	else
		queue_line(client, line.data, line.len, max_queued);
	client->busy--;
	if (client->dead && client->busy == 0)
		free_client(client);
}

void control_answer(struct control_client *client, const char *json, size_t len)
{
	answer(client, json, len, CONTROL_MAX_QUEUED_BYTES);
}

void control_answer_composed(struct control_client *client, const struct buf *json)
{
	if (json->failed)
		control_answer_error(client, "out of memory");
	else
		control_answer(client, buf_str(json), json->len);
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
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	jsonw_put_bool(&w, "ok", false);
	jsonw_put_string(&w, "error", error);
	jsonw_end_object(&w);
	control_answer(client, buf_str(&out), out.len);
}

void control_answer_ok(struct control_client *client)
{
	static const char ok[] = "{\"ok\":true}";
	control_answer(client, ok, sizeof(ok) - 1);
}

bool control_may_subscribe(const struct control_client *client)
{
	return client->subscribed || client->control->subscriber_count < CONTROL_MAX_SUBSCRIBERS;
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

void control_set_observer(struct control *control, void (*gone)(void *ctx, uint64_t id))
{
	control->gone = gone;
}

uint64_t control_client_id(const struct control_client *client)
{
	return client->id;
}

struct control_client *control_find_client(struct control *control, uint64_t id)
{
	for (struct control_client *client = control->clients; client; client = client->next)
		if (client->id == id && !client->dead && !control->is_silent)
			return client;
	return NULL;
}

/* ---- requests ---- */

static void take_bad_request(struct control_client *client, const char *error)
{
	client->control->stats.bad_requests++;
	control_answer_error(client, error);
}

static control_handler *find_handler(const struct control *control, const char *op)
{
	for (const struct control_request *request = control->requests; request->op; request++)
		if (strcmp(request->op, op) == 0)
			return request->handle;
	return NULL;
}

static void take_request(struct control_client *client, const char *line, size_t len)
{
	struct control *control = client->control;
	client->last_heard = ++control->heard;
	if (control->is_silent)
		return;
	AUTO_JSON *request = json_parse(line, len, REQUEST_MAX_DEPTH, NULL);
	const char *op = json_get_string(request, "op");
	if (!request && errno == ENOMEM) {
		take_bad_request(client, "out of memory");
	} else if (!json_object_is_type(request, json_type_object)) {
		take_bad_request(client, "not a JSON object");
	} else if (!op) {
		take_bad_request(client, "no \"op\"");
	} else {
		control_handler *handle = find_handler(control, op);
		if (handle)
			handle(control->ctx, client, request);
		else
			take_bad_request(client, "unknown \"op\"");
	}
}

static void take_lines(struct control_client *client)
{
	const char *newline;
	/* Who sends more requests than it reads answers waits for itself, and is not dropped. */
	while (!client->dead && !client->paused && client->in.len > 0
	       && (newline = memchr(client->in.data, '\n', client->in.len))) {
		size_t len = (size_t)(newline - client->in.data);
		if (len > 0)
			take_request(client, client->in.data, len);
		buf_consume(&client->in, len + 1);
		client->paused = client->out.len >= CONTROL_PAUSE_BYTES;
	}
	if (client->paused && !client->dead)
		ev_io_stop(client->control->loop, &client->readable);
	if (!client->dead && !client->paused && client->in.len >= CONTROL_MAX_LINE_BYTES) {
		client->closing = true;
		ev_io_stop(client->control->loop, &client->readable);
		take_bad_request(client, "line too long: 65536 bytes at most");
	}
}

static void on_readable(struct ev_loop *loop UNUSED, ev_io *watcher, int revents)
{
	struct control_client *client = watcher->data;
	char bytes[16384];
	ssize_t got;
	if (revents & EV_ERROR) {
		drop_client(client, "the kernel does not report what it sends " LOOP_ERROR_TEXT);
		return;
	}
	do
		got = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (got <= 0) {
		/* The client has no more requests; it still gets the rest of its answer. */
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

/* ---- clients come and make room ---- */

bool control_make_room(struct control *control)
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
	if (control_is_due(&control->crowded_mono_ms))
		log_warning("%d clients are connected to %s: dropping idle ones to make room",
			    CONTROL_MAX_CLIENTS, control->path);
	control->stats.dropped++;
	close_client(quietest);
	return true;
}

void control_add_client(struct control *control, int fd)
{
	struct control_client *client = calloc(1, sizeof(*client));
	if (!client) {
		log_warning("cannot accept a connection on %s: out of memory", control->path);
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

void control_close_clients(struct control *control)
{
	control->gone = NULL;
	for (struct control_client *client = control->clients, *next; client; client = next) {
		next = client->next;
		close_client(client);
	}
}
