/*
 * status/offline: what `swatch status` shows when no daemon answers.
 *
 * For: commands/status.c.
 */
#ifndef SWATCH_SWATCH_STATUS_OFFLINE_H
#define SWATCH_SWATCH_STATUS_OFFLINE_H

#include "ipc/client.h"
#include "swatch/cli/command.h"

/*
 * Shows, as a page or as one JSON object, why no daemon answers (`state`, `why`), how to start it, and what
 * the cache files say. Returns SWATCH_NO_DAEMON when none is running, SWATCH_FAILED when one does not answer.
 */
int status_offline_show(const struct invocation *invocation, enum client_state state, const char *why,
			bool as_json);

#endif
