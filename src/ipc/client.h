/*
 * client: the other end of the daemon's control socket: sends one line of JSON, and reads lines of JSON.
 *
 * For: the commands that talk to swatchd; most through daemon_call.h.
 *
 * Calling sequence: client_connect(); when that says CLIENT_LISTENING, client_ask(), or client_send() and any
 * number of client_read_line(); client_close() in every case. Nothing the daemon does can hold a command for
 * longer than the timeouts, or make it take more than CLIENT_MAX_ANSWER_BYTES; a daemon that goes away is an
 * answer (CLIENT_CLOSED), not a signal.
 */
#ifndef SWATCH_IPC_CLIENT_H
#define SWATCH_IPC_CLIENT_H

#include <json-c/json.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

#define CLIENT_MAX_ANSWER_BYTES ((size_t)16 << 20)
/* A daemon that does not take a call within this time hangs. */
#define CLIENT_CONNECT_TIMEOUT_MS 1500
#define CLIENT_WAIT_FOREVER (-1)

enum client_state {
	CLIENT_LISTENING,
	CLIENT_NOT_RUNNING,  /* there is no socket */
	CLIENT_LEFT_BEHIND,  /* the socket of a daemon that is gone: it crashed or was killed */
	CLIENT_REFUSED,      /* we may not connect, or it is another user's, or too busy */
	CLIENT_BAD_PATH      /* the path is too long, or something else is there */
};

enum client_result {
	CLIENT_OK,
	CLIENT_TIMEOUT,
	CLIENT_CLOSED,       /* the daemon ended, or dropped us */
	CLIENT_BAD_ANSWER,   /* longer than the limit, or no JSON object */
	CLIENT_BROKEN,       /* errno says why */
	CLIENT_NO_READER     /* client_read_line() only: nobody reads our stdout any more */
};

struct client {
	int fd;              /* -1: not connected */
	pid_t daemon_pid;    /* 0: not known */
	struct buf in;
	size_t in_taken;     /* bytes of `in` that were handed out */
};

/* Initialises `client`, and connects. Any state but CLIENT_LISTENING comes with a message in `why`. */
enum client_state client_connect(struct client *client, const char *socket_path, struct buf *why);

/* Sends one line; `request` is without the newline. */
enum client_result client_send(struct client *client, const char *request, int64_t timeout_ms);

/*
 * Waits for the next line, up to `timeout_ms` (CLIENT_WAIT_FOREVER: no limit). *line has no newline, is
 * NUL-terminated, and is good until the next call. With `watch_stdout` it also ends when stdout is a pipe
 * that nobody reads any more.
 */
enum client_result client_read_line(struct client *client, int64_t timeout_ms, bool watch_stdout,
				    const char **line, size_t *len);

/* Parses a line; the caller json_object_put()s it. NULL with errno: ENOMEM, or another for no JSON object. */
struct json_object *client_parse(const char *line, size_t len);

/*
 * Sends `request` and reads the one answer, both within `timeout_ms`. With CLIENT_OK the caller
 * json_object_put()s *answer; otherwise it is NULL, and `why` gets a message.
 */
enum client_result client_ask(struct client *client, const char *request, int64_t timeout_ms,
			      struct json_object **answer, struct buf *why);

void client_close(struct client *client);

#endif
