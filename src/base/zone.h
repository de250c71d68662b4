/*
 * zone: which time zone local times are in.
 *
 * For: reports, which name it; the ledger's file, whose days begin at its midnight; the daemon and every
 * command that counts days, which have it from [billing] timezone, TZ or /etc/localtime. The C library
 * counts in UTC, and says nothing, when it cannot read the zone: so we ask.
 */
#ifndef SWATCH_BASE_ZONE_H
#define SWATCH_BASE_ZONE_H

#include <stdbool.h>

#include "base/buf.h"

/* What zone_name() writes, with a NUL. */
#define ZONE_NAME_SIZE 128

/*
 * Makes it the process's zone, as TZ would; NULL is that of /etc/localtime. Reads it again when it could
 * not be read before. Returns false when memory ran out. No other thread may ask for times meanwhile.
 */
bool zone_set(const char *name);

/*
 * Whether the C library has read the zone of TZ or /etc/localtime. If not, local times are in UTC, and it
 * appends "cannot read the time zone NAME (FILE): why" to `error`, which may be NULL.
 */
bool zone_is_read(struct buf *error);

/* What to do about it. */
#define ZONE_REMEDY "install tzdata, or correct the name"

/* Where the zones' files are: TZDIR, or where the C library has them. */
const char *zone_database(void);

/*
 * Writes what names the zone of local times: TZ, or else what /etc/localtime is a link to; "UTC" when
 * that could not be read, and "" when it has no name.
 */
void zone_name(char out[ZONE_NAME_SIZE]);

#endif
