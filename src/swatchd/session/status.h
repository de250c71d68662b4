/*
 * status: what the processes of a session are doing, as Claude Code says in its `sessions/<pid>.json`. The
 * most useful of it: that a session waits for a person.
 *
 * For: liveness, which reads these files; session, which keeps it; publish and the alerts, which show it.
 */
#ifndef SWATCH_SWATCHD_SESSION_STATUS_H
#define SWATCH_SWATCHD_SESSION_STATUS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* "permission prompt"; longer text is cut. */
#define SESSION_WAITING_FOR_SIZE 64

/* In the order in which people want to know of it, where a session has several processes. */
enum session_doing { SESSION_UNKNOWN, SESSION_AT_REST, SESSION_IN_SHELL, SESSION_BUSY, SESSION_WAITING };

struct session_status {
	enum session_doing doing;
	int64_t since_ms;                              /* 0: not known */
	char waiting_for[SESSION_WAITING_FOR_SIZE];    /* of SESSION_WAITING; "": it does not say */
};

/* "idle", "shell", "busy" or "waiting", as in Claude Code's files and ours; NULL for SESSION_UNKNOWN. */
const char *session_doing_name(enum session_doing doing);

/*
 * Takes the status, waitingFor and statusUpdatedAt of a process file. What is missing or cannot be is
 * unknown; a time that is missing or lies ahead is `now_ms`. Clears unsafe characters from the text.
 */
void session_status_read(struct json_object *process_file, int64_t now_ms, struct session_status *out);

/* Whether both do the same, and wait for the same; their times do not count. */
bool session_status_is_same(const struct session_status *a, const struct session_status *b);

/* Whether `a` goes before `b`: of two that wait, the one that has waited longer. */
bool session_status_is_before(const struct session_status *a, const struct session_status *b);

#endif
