/*
 * transcript/path: whose transcript a file is, by its path below projects/.
 *
 * For: swatchd and the reports.
 */
#ifndef SWATCH_TRANSCRIPT_PATH_H
#define SWATCH_TRANSCRIPT_PATH_H

#include <stdbool.h>

#include "json/walk.h"

#define TRANSCRIPT_SESSION_ID_MAX 128

/* Folders below projects/: deeper ones are left out, so that a loop made of bind mounts ends. */
#define TRANSCRIPT_MAX_DEPTH 32

struct transcript_path {
	struct slice project;     /* the folder; empty for a file that lies in projects/ itself */
	struct slice session_id;  /* data NULL: only its lines tell (by_lines) */
	bool subagent;            /* its usage belongs to the session that started it */
	bool by_lines; /* agent-ID.jsonl beside the sessions: their lines have the session's id (2.0.x) */
};

/*
 * `relative` is the path below projects/. Returns false when it is not a transcript's; the slices point into
 * it.
 */
bool transcript_path_parse(const char *relative, struct transcript_path *out);

/* Whether a session can have this id: [A-Za-z0-9_-][A-Za-z0-9._-]{0,127}. */
bool transcript_session_id_is_valid(const char *id, size_t len);

#endif
