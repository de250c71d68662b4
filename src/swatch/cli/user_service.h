/*
 * cli/user_service: the user's systemd, through systemctl on PATH, with a time limit.
 *
 * For: doctor, which asks about the service, and setup, which installs it.
 */
#ifndef SWATCH_SWATCH_CLI_USER_SERVICE_H
#define SWATCH_SWATCH_CLI_USER_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define USER_SERVICE_UNIT "swatchd.service"

struct user_service {
	char load[64];       /* "loaded", "not-found", "masked", ... */
	char file[64];       /* "enabled", "disabled", ...; "" without a unit file */
	char active[64];     /* "active", "inactive", "failed", ... */
};

enum user_service_answer {
	USER_SERVICE_ANSWERED,
	USER_SERVICE_NO_SYSTEMD,   /* systemctl is missing */
	USER_SERVICE_SILENT,       /* it failed: `why` says how */
	USER_SERVICE_INTERRUPTED   /* this process got *signal meanwhile */
};

/* The state of the unit. `why` gets the reason of a failure, for people. */
enum user_service_answer user_service_ask(struct user_service *service, struct buf *why, int *signal);

/* Appends the directories from which the user's systemd reads units, separated by blanks. */
enum user_service_answer user_service_ask_directories(struct buf *directories, struct buf *why, int *signal);

/* Runs systemctl --user WORDS...: three at most, and NULL. A start may take as long as the unit allows. */
enum user_service_answer user_service_do(const char *const *words, struct buf *why, int *signal);

#endif
