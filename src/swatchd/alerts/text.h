/*
 * alert_text: a crossing in words, and as the environment of the command that is run for it.
 *
 * For: daemon/alerts.c. Pure. A project's name comes out of a transcript: in the sentence it has nothing that
 * a terminal, a shell or the markup of a desktop's notifications would obey.
 */
#ifndef SWATCH_SWATCHD_ALERTS_TEXT_H
#define SWATCH_SWATCHD_ALERTS_TEXT_H

#include "base/buf.h"
#include "swatchd/alerts/alerts.h"

/* Characters of a project's name in the sentence. */
#define ALERT_TEXT_NAME_CHARS 60

/* "usd", "percent" or "seconds": the unit of `value` and `limit`. */
const char *alert_unit(enum alert_rule rule);

/* Appends the sentence: "80% of the 5-hour limit is used (82%); it resets at 15:04". Times are local. */
void alert_text_append_message(const struct alert *alert, struct buf *out);

/* Appends "NAME=value" strings, each with a NUL behind it. All variables are there, "" when unknown. */
void alert_text_append_environment(const struct alert *alert, const char *message, struct buf *out);

/* Writes such an environment as a JSON object. */
void alert_text_write_environment(const struct buf *environment, struct jsonw *w);

/*
 * Takes it back, into an empty buffer. Somebody may have written anything: only our variables are taken, with
 * values that we could have written, and nothing in them that a terminal would obey, or in the message a
 * shell. Returns its rule; ALERT_RULES when it is not ours, or is older than ALERTS_LATE_MS and so no news.
 */
enum alert_rule alert_text_read_environment(struct json_object *written, int64_t now_ms, struct buf *out);

#endif
