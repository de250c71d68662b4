/*
 * kept/which: what somebody means by a day, a project or a session of the ledger's file.
 *
 * For: swatch export, purge, reprice.
 */
#ifndef SWATCH_SWATCH_KEPT_WHICH_H
#define SWATCH_SWATCH_KEPT_WHICH_H

#include <limits.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "cache/names.h"

/*
 * Reads a day as report_parse_day() does; *start_ms is its first moment in the process's time zone. Returns
 * false after an error message for `option` of `command`.
 */
bool kept_parse_day(const char *command, const char *option, const char *text, int64_t *start_ms);

/*
 * Finds a project as names_find_project() does, among those in the file. Returns a SWATCH_... status, after
 * an error message unless it is SWATCH_OK.
 */
int kept_find_project(sqlite3 *db, const char *command, const char *text, char out[PATH_MAX]);

/* Finds a session by its id or the beginning of it. Returns as kept_find_project() does. */
int kept_find_session(sqlite3 *db, const char *command, const char *text, char out[CACHE_SESSION_ID_MAX + 1]);

#endif
