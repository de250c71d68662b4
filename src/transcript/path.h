/*
 * transcript/path: whose transcript a file is, by its path below projects/.
 *
 * For: swatchd and the reports.
 */
#ifndef SWATCH_TRANSCRIPT_PATH_H
#define SWATCH_TRANSCRIPT_PATH_H

#include <stdbool.h>

#include "json/walk.h"

/* Folders below projects/: deeper ones are left out, so that a loop made of bind mounts ends. */
#define TRANSCRIPT_MAX_DEPTH 32

struct transcript_path {
	struct slice project;     /* the folder; empty for a file that lies in projects/ itself */
	struct slice session_id;
	bool subagent;            /* below the session's folder: its usage belongs to the session */
};

/*
 * `relative` is the path below projects/. Returns false when it is not a transcript's; the slices point into
 * it.
 */
bool transcript_path_parse(const char *relative, struct transcript_path *out);

#endif
