/*
 * cli/user_service: the user's systemd, through systemctl on PATH, with a time limit.
 *
 * For: doctor, which asks about the service, setup, which installs it, and whoever tells people what to type.
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
	char condition[64];  /* "no": the conditions of the unit kept it from starting */
	int exit_status;     /* of its last process; 0: none has ended. EXIT_* of swatchd, or systemd's */
};

/* swatchd's exit status when another one has the lock. */
#define USER_SERVICE_HELD 3

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

/*
 * Explains why systemd cannot start the unit, for the statuses that it uses where it cannot confine a
 * service, as in many containers. Returns false for any other failure, and for none.
 */
bool user_service_explain(const struct user_service *service, struct buf *what, struct buf *remedy);

/* What to type, in words that fit this machine: without systemctl, none of them names it. */
enum user_service_hint {
	HINT_START,
	HINT_RESTART,
	HINT_RELOAD,   /* reads the config and the prices again */
	HINT_LOG
};
const char *user_service_hint(enum user_service_hint hint);

/* Runs systemctl --user WORDS...: three at most, and NULL. A start may take as long as the unit allows. */
enum user_service_answer user_service_do(const char *const *words, struct buf *why, int *signal);

#endif
