/*
 * ui/event_text: one event of the daemon as a line for people.
 *
 * For: swatch events and swatch top.
 */
#ifndef SWATCH_SWATCH_UI_EVENT_TEXT_H
#define SWATCH_SWATCH_UI_EVENT_TEXT_H

#include <json-c/json.h>

#include "base/buf.h"

/*
 * Appends "HH:MM:SS name details" (no newline), cleaned for a terminal, with every member, even one that this
 * version does not know. Returns false when the object is not an event.
 */
bool event_text_append(struct buf *out, struct json_object *event);

#endif
