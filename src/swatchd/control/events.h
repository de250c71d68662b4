/*
 * events: reports what happens to clients that follow (`swatch events`, bars, tests).
 *
 * For: every module of the daemon that has something to report. The control socket is the sink.
 *
 * Calling sequence:
 *     struct jsonw *w = events_begin(events, "session-idle");
 *     if (w) { jsonw_put_string(w, "sessionId", id); events_end(events); }
 * events_begin() returns NULL while nobody follows, so an event that nobody reads costs one comparison.
 */
#ifndef SWATCH_SWATCHD_CONTROL_EVENTS_H
#define SWATCH_SWATCHD_CONTROL_EVENTS_H

#include "json/write.h"

/* Gets one event as a line of JSON, newline included. Must not emit events itself. */
typedef void events_sink(void *ctx, const char *line, size_t len);

struct events {
	events_sink *sink;      /* NULL: nobody follows */
	void *sink_ctx;
	struct buf line;
	struct jsonw writer;
};

void events_init(struct events *events);
void events_release(struct events *events);

/* Passes events on to the sink from now on; NULL: to nobody. */
void events_set_sink(struct events *events, events_sink *sink, void *ctx);

/* Opens an event object with "event" and "at", for events_end() to close; NULL when nobody follows. */
struct jsonw *events_begin(struct events *events, const char *name);
void events_end(struct events *events);

/* A whole event with one string. */
void events_emit_string(struct events *events, const char *name, const char *key, const char *value);

#endif
