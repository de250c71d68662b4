/*
 * kept/message_line: a message, or a limit that was hit, as a line of JSON, with all that is known of it.
 *
 * For: swatch export --messages, which writes it, and swatch import, which reads it. A line from elsewhere is
 * hostile: every length is bounded, every number checked.
 */
#ifndef SWATCH_SWATCH_KEPT_MESSAGE_LINE_H
#define SWATCH_SWATCH_KEPT_MESSAGE_LINE_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/buf.h"
#include "ledger/store/lines.h"

/* The version of the lines; a later one is refused. */
#define MESSAGE_LINE_VERSION 1
#define MESSAGE_LINE_TYPE "message"

/* Appends the line, its newline included. `host` is this machine's name. */
void message_line_write(const struct store_line *line, const char *host, struct buf *out);

/*
 * Reads one. The texts of `out` belong to `object`. Returns NULL, or what is wrong with it, for people, such
 * as
 * "\"time\" is no time".
 */
const char *message_line_read(struct json_object *object, struct store_line *out);

/* The same for a line that says that a limit was hit. */
#define MESSAGE_LINE_HIT_TYPE "hit"
void message_line_write_hit(const struct store_hit_line *hit, const char *host, struct buf *out);
const char *message_line_read_hit(struct json_object *object, struct store_hit_line *out);

/*
 * Reads a line of `swatch export` without --messages, which has the sums of an hour: it becomes one message,
 * flagged STORE_SUM, at the hour's beginning. `root` is a projects/ directory here. `path` gets the
 * transcript's path, which `out` points into.
 */
const char *message_line_read_hour(struct json_object *object, const char *root, struct buf *path,
				   struct store_line *out);

#endif
