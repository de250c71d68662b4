/*
 * kept/fact_line: a reading of an account's limit as a line of JSON.
 *
 * For: swatch export --messages, which writes it, and swatch import, which reads it. A line from elsewhere is
 * hostile: every length is bounded, every number checked.
 */
#ifndef SWATCH_SWATCH_KEPT_FACT_LINE_H
#define SWATCH_SWATCH_KEPT_FACT_LINE_H

#include <json-c/json.h>

#include "base/buf.h"
#include "ledger/store/readings.h"

#define FACT_LINE_READING_TYPE "reading"

/* Appends the line, its newline included. `host` is this machine's name. */
void fact_line_write_reading(const struct store_reading_line *reading, const char *host, struct buf *out);

/*
 * Reads one. The texts of `out` belong to `object`. Returns NULL, or what is wrong with it, for people.
 */
const char *fact_line_read_reading(struct json_object *object, struct store_reading_line *out);

#endif
