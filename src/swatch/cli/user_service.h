/*
 * user_service: the user's systemd, by way of systemctl.
 *
 * For: doctor, which asks, and setup, which installs. No library and no bus: systemctl on PATH, with a time
 * limit.
 */
#ifndef SWATCH_SWATCH_CLI_USER_SERVICE_H
#define SWATCH_SWATCH_CLI_USER_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define USER_SERVICE_UNIT "swatchd.service"

struct user_service {
	char load[64];       /* "loaded", "not-found", "masked", ... */
	char file[64];       /* "enabled", "disabled", ...; "" when there is none */
	char active[64];     /* "active", "inactive", "failed", ... */
};

enum user_service_answer {
	USER_SERVICE_ANSWERED,
	USER_SERVICE_NO_SYSTEMD,   /* there is no systemctl */
	USER_SERVICE_SILENT,       /* it fails: `why` says how */
	USER_SERVICE_INTERRUPTED   /* *signal: what this process got meanwhile */
};

/* How the unit is. `why` gets what is wrong, for people. */
enum user_service_answer user_service_ask(struct user_service *service, struct buf *why, int *signal);

/* The directories that the user's systemd reads units from, separated by blanks; "" when it does not say. */
enum user_service_answer user_service_ask_directories(struct buf *directories, struct buf *why, int *signal);

/*
 * systemctl --user WORDS..., `words` NULL-ended, three at most. A start may take as long as the unit allows.
 */
enum user_service_answer user_service_do(const char *const *words, struct buf *why, int *signal);

#endif
