/*
 * control: the Unix socket: requests from `swatch` and statuslines, events for clients that follow.
 *
 * For: daemon.c, which gives the table of requests; daemon/requests.c answers them.
 * Protocol (swatchd(8)): one JSON object a line each way, 64 KiB a line at most, same uid only.
 *
 * A client that does not read is dropped when more than CONTROL_MAX_QUEUED_BYTES wait for it, or when it took
 * none of them for CONTROL_STALL_MS. With CONTROL_MAX_CLIENTS connected, the one that has been silent the
 * longest makes room, unless it follows events or awaits an answer. When descriptors run out, accepting
 * pauses for a second instead of spinning.
 */
#ifndef SWATCH_SWATCHD_CONTROL_CONTROL_H
#define SWATCH_SWATCHD_CONTROL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ev.h>
#include <json-c/json.h>

#include "base/buf.h"
#include "json/write.h"
#include "swatchd/control/events.h"

#define CONTROL_MAX_LINE_BYTES ((size_t)64 << 10)
#define CONTROL_MAX_QUEUED_BYTES ((size_t)1 << 20)
/* A report is longer: a year of many sessions is some megabytes. One at a time may wait to be read. */
#define CONTROL_MAX_REPORT_BYTES ((size_t)32 << 20)
#define CONTROL_STALL_MS INT64_C(10000)
#define CONTROL_MAX_CLIENTS 128
/* So many may follow events: others find room, whatever these do. */
#define CONTROL_MAX_SUBSCRIBERS 64
/* With so much to read, a client's further requests wait. */
#define CONTROL_PAUSE_BYTES ((size_t)256 << 10)

struct control_client;

/*
 * Answers one request: writes one line with control_answer() now, or later (keep control_client_id() and look
 * it up then: the client may be gone), or nothing for operations that have no answer.
 */
typedef void control_handler(void *ctx, struct control_client *client, struct json_object *request);

/* The requests that clients may send are a table of these, which ends with { NULL, NULL }. */
struct control_request {
	const char *op;
	control_handler *handle;
};

struct control;

/*
 * Listens on `path` (its directory is ready: ipc/socket.h), and answers by `requests`, which stays the
 * caller's. The caller holds the cache's lock, so a socket that is there was left by a crash, and this
 * removes it. Returns NULL with a message. Free it with control_free().
 */
struct control *control_new(struct ev_loop *loop, const char *path, const struct control_request *requests,
			    void *ctx, struct events *events, struct buf *error);

/*
 * Listens again when the socket file is gone, or another one has its name; makes its directory. Clients that
 * are connected stay. Returns 1 when it did, 0 when the file is there, or -1 with a message.
 */
int control_rebind(struct control *control, struct buf *error);

/* Queues one line for a client, and adds the newline. This may drop the client: do not use it afterwards. */
void control_answer(struct control_client *client, const char *json, size_t len);

/* The same with a composed answer; "out of memory" when composing it failed. */
void control_answer_composed(struct control_client *client, const struct buf *json);

/* The same for several lines, the last one's newline missing, of up to CONTROL_MAX_REPORT_BYTES. */
void control_answer_report(struct control_client *client, const char *lines, size_t len);

/* Whether a client still has a report to read, so that another one has to wait. */
bool control_is_sending_report(const struct control *control);

/* {"ok":false,"error":"..."} */
void control_answer_error(struct control_client *client, const char *error);

/* {"ok":true} */
void control_answer_ok(struct control_client *client);

/* Whether there is room for the client among the followers of events. */
bool control_may_subscribe(const struct control_client *client);

/* Makes the client a follower of events. */
void control_subscribe(struct control_client *client);

/* The answer comes later: until then the client need not make room for others. */
void control_note_waiting(struct control_client *client);

/* Calls `gone` with the id of each client that is gone from now on, but not at the end of all. */
void control_set_observer(struct control *control, void (*gone)(void *ctx, uint64_t id));

/* A client's id, which no later client gets; and the client that has an id, NULL when it gets no more
 * answers. */
uint64_t control_client_id(const struct control_client *client);
struct control_client *control_find_client(struct control *control, uint64_t id);

/* Writes the "control" object's counters into an open object. */
void control_write_status(const struct control *control, struct jsonw *w);

/*
 * There are no more answers until control_free(), which ends the connections: this turn of the loop goes on,
 * and what the caller knows may be wrong by now. `control` may be NULL.
 */
void control_fall_silent(struct control *control);

/* Closes everything at once, and removes the socket file when it is still ours. `control` may be NULL. */
void control_free(struct control *control);

#endif
