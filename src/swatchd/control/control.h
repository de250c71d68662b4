/*
 * control: the Unix socket: requests from `swatch` and statuslines, events to whoever follows.
 *
 * For: daemon.c, which answers the requests through the `handle` callback.
 * Protocol: FORMATS section 7: one JSON object a line each way, 64 KiB a line at most, same uid only.
 *
 * A client that does not read is dropped when more than CONTROL_MAX_QUEUED_BYTES wait for it, or when it took none of
 * them for CONTROL_STALL_S. With CONTROL_MAX_CLIENTS connected, the one that has been silent the longest makes room,
 * unless it follows events or awaits an answer. When descriptors run out, accepting pauses for a second instead of spinning.
 */
#ifndef SWATCH_SWATCHD_CONTROL_CONTROL_H
#define SWATCH_SWATCHD_CONTROL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <ev.h>
#include <json-c/json.h>

#include "base/buf.h"
#include "json/write.h"
#include "swatchd/control/events.h"

#define CONTROL_MAX_LINE_BYTES ((size_t)64 << 10)
#define CONTROL_MAX_QUEUED_BYTES ((size_t)1 << 20)
/* A report is longer: a year of many sessions is some megabytes. One at a time may wait to be read. */
#define CONTROL_MAX_REPORT_BYTES ((size_t)32 << 20)
#define CONTROL_STALL_S 10.0
#define CONTROL_MAX_CLIENTS 128

struct control_client;

/*
 * Answers one request: writes one line with control_answer() now, or later (keep control_client_id() and look it up
 * then: the client may be gone), or nothing for operations that have no answer.
 */
typedef void control_handler(void *ctx, struct control_client *client, const char *op, struct json_object *request);

struct control_stats {
	uint64_t accepted;
	uint64_t dropped;        /* too slow, too many, or another user's */
	uint64_t bad_requests;
};

struct control {
	struct ev_loop *loop;
	control_handler *handle;
	void *ctx;
	struct events *events;
	char *path;
	int listen_fd;
	dev_t dev;               /* of the socket file, so that only our own is removed */
	ino_t ino;
	ev_io acceptable;
	ev_timer resume;
	struct control_client *clients;
	size_t client_count;
	size_t subscriber_count;
	uint64_t next_id;
	uint64_t heard;          /* requests and greetings so far */
	bool is_crowded;         /* since it was said that there are too many */
	struct control_stats stats;
	bool accept_fails;       /* and that was said */
	bool scarce;             /* descriptors are, and that was said */
};

/*
 * Listens on `path` (its directory is ready: cache_socket.h). The caller holds the cache's lock, so a socket that is
 * there was left by a crash and is removed. Returns 0, or -1 with a message.
 */
int control_init(struct control *control, struct ev_loop *loop, const char *path, control_handler *handle, void *ctx,
		 struct events *events, struct buf *error);

/* Queues one line (the newline is added) for a client. The client may be dropped by it; do not use it after. */
void control_answer(struct control_client *client, const char *json, size_t len);

/* The same with what was composed; where memory ran out for that, the client is told so. */
void control_answer_composed(struct control_client *client, const struct buf *json);

/* The same for several lines, the last one's newline missing, of up to CONTROL_MAX_REPORT_BYTES. */
void control_answer_report(struct control_client *client, const char *lines, size_t len);

/* Whether a client has so much to read that another report would have to wait. */
bool control_is_sending_report(const struct control *control);

/* {"ok":false,"error":"..."} */
void control_answer_error(struct control_client *client, const char *error);

/* {"ok":true} */
void control_answer_ok(struct control_client *client);

/* Makes the client a follower of events. */
void control_subscribe(struct control_client *client);

/* Says that the answer comes later: until then the client is not taken for one that is only connected. */
void control_note_waiting(struct control_client *client);

/* An id that is never used again, and the client that has it; NULL when it is gone. */
uint64_t control_client_id(const struct control_client *client);
struct control_client *control_find_client(struct control *control, uint64_t id);

/* Writes the "control" object's counters into an open object. */
void control_write_status(const struct control *control, struct jsonw *w);

/* Closes everything at once, whatever clients do, and removes the socket file when it is still ours. */
void control_release(struct control *control);

#endif
