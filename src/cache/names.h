/*
 * cache_names: the names of the files in the cache directory, and which session ids may become one.
 *
 * For: everyone who writes or reads the cache (swatch-cache(5)).
 */
#ifndef SWATCH_CACHE_NAMES_H
#define SWATCH_CACHE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define CACHE_BILLING_FILE "billing-shared.json"
#define CACHE_SESSIONS_FILE "sessions.json"
/* Which alerts were announced (swatchd/alerts.h); readers have no use for it. */
#define CACHE_ALERTS_FILE ".swatch.alerts.json"
/* What deleted transcripts of the last days said (swatchd/daemon/gone.h); readers have no use for it. */
#define CACHE_GONE_FILE ".swatch.gone.json"
#define CACHE_LOCK_FILE ".swatch.lock"
#define CACHE_SOCKET_FILE ".swatch.sock"
/* When a statusline last tried to start swatchd. */
#define CACHE_AUTOSTART_FILE ".swatch.autostart"
/* Temp files start with this; the next start removes those that a crash left. */
#define CACHE_TEMP_PREFIX ".swatch.tmp."

/* The "schema" of the files; grows when a field changes its meaning. */
#define CACHE_SCHEMA 1
/* The "writer" of the files: swatchd never removes a file without it. */
#define CACHE_WRITER_PREFIX "swatchd "
#define CACHE_WRITER CACHE_WRITER_PREFIX PACKAGE_VERSION

#define CACHE_SESSION_ID_MAX 128
#define CACHE_NAME_SIZE 160

/* [A-Za-z0-9_-][A-Za-z0-9._-]{0,127}, and none of sessions, billing-shared, config, alerts. */
bool cache_session_id_is_valid(const char *id, size_t len);

/* Writes "<id>.json". Returns false when the id is not valid. */
bool cache_session_file_name(const char *id, char out[CACHE_NAME_SIZE]);

/* The id of a session file's name; false for any other name. */
bool cache_session_id_of_file(const char *file_name, char out[CACHE_SESSION_ID_MAX + 1]);

#endif
