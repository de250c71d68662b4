/*
 * control/internal: shared by control.c, which listens and accepts, and client.c, which talks to the clients.
 * control.c calls client.c.
 *
 * For: these two; everyone else includes control.h.
 */
#ifndef SWATCH_SWATCHD_CONTROL_INTERNAL_H
#define SWATCH_SWATCHD_CONTROL_INTERNAL_H

#include <stdbool.h>
#include <sys/types.h>

#include "swatchd/control/control.h"

struct control_stats {
	uint64_t accepted;
	uint64_t dropped;        /* too slow, one too many, or another user's */
	uint64_t bad_requests;
};

struct control {
	struct ev_loop *loop;
	const struct control_request *requests;
	void *ctx;
	void (*gone)(void *ctx, uint64_t id);   /* NULL: nobody wants to know */
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
	bool is_silent;          /* control_fall_silent() */
	/* When the log said these last, which it does once an hour; 0: never. */
	int64_t crowded_mono_ms; /* there are too many clients */
	int64_t dropped_mono_ms; /* a client was dropped */
	int64_t failed_mono_ms;  /* connections cannot be accepted */
	int64_t scarce_mono_ms;  /* descriptors run out */
	struct control_stats stats;
};

/* Whether the log may say something again, which clients can bring about as often as they like. */
bool control_is_due(int64_t *said_mono_ms);

/*
 * Makes room for another client: closes the one that has been silent the longest among those that neither
 * follow events nor await an answer. Returns false when all of them do.
 */
bool control_make_room(struct control *control);

/* Makes a client of an accepted connection, and owns its descriptor. Closes it when memory ran out. */
void control_add_client(struct control *control, int fd);

/* Closes all of them at once, whatever they still had to read. */
void control_close_clients(struct control *control);

#endif
