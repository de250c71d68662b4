#include "swatchd/control/events.h"

#include <string.h>

#include "base/clock.h"

void events_init(struct events *events)
{
	memset(events, 0, sizeof(*events));
}

void events_release(struct events *events)
{
	buf_release(&events->line);
	events->sink = NULL;
}

void events_set_sink(struct events *events, events_sink *sink, void *ctx)
{
	events->sink = sink;
	events->sink_ctx = ctx;
}

struct jsonw *events_begin(struct events *events, const char *name)
{
	if (!events->sink)
		return NULL;
	buf_clear(&events->line);
	jsonw_init(&events->writer, &events->line);
	jsonw_begin_object(&events->writer);
	jsonw_put_string(&events->writer, "event", name);
	jsonw_put_int(&events->writer, "at", clock_wall_ms());
	return &events->writer;
}

void events_end(struct events *events)
{
	jsonw_end_object(&events->writer);
	buf_append_char(&events->line, '\n');
	if (events->line.failed) {
		buf_release(&events->line);
		return;
	}
	if (events->sink)
		events->sink(events->sink_ctx, events->line.data, events->line.len);
}

void events_emit_string(struct events *events, const char *name, const char *key, const char *value)
{
	struct jsonw *w = events_begin(events, name);
	if (!w)
		return;
	jsonw_put_string(w, key, value);
	events_end(events);
}
