/*
 * drift: counts what swatch does not know in transcripts: line types, top-level fields, versions of Claude
 * Code.
 *
 * For: the daemon fills it, and `swatch status --json` shows it: people notice a change of the format before
 * figures are wrong. Each list is bounded, in names and in their length: a hostile transcript can fill it,
 * and nothing else.
 */
#ifndef SWATCH_SWATCHD_SESSION_UNKNOWN_LINES_H
#define SWATCH_SWATCHD_SESSION_UNKNOWN_LINES_H

#include <json-c/json.h>

#include "base/strmap.h"
#include "json/write.h"
#include "transcript/scan.h"

#define DRIFT_MAX_NAMES 64
#define DRIFT_NAME_MAX 64

struct drift {
	struct strmap line_types, fields, versions;   /* -> count, a number in the pointer's place */
	uint64_t changes;        /* grows with each */
};

void drift_init(struct drift *drift);

/* Takes the type and version of a line. */
void drift_note_line(struct drift *drift, const struct scan_facts *facts);

/* scan_unknown_field: `ctx` is the struct drift. */
void drift_note_field(void *ctx, struct slice field);

/* Writes the "schema" object of the status answer into an open object. */
void drift_write_status(const struct drift *drift, struct jsonw *w);

/*
 * Takes back what drift_write_status() wrote in an earlier run; `before` may be NULL, and anybody may have
 * changed it.
 */
void drift_restore(struct drift *drift, struct json_object *before);

void drift_release(struct drift *drift);

#endif
