/*
 * daemon/sessions: what follows when a session becomes active or idle, gets or loses its file, or a process
 * of it starts or ends.
 *
 * For: daemon.c, which hands these to expire and liveness as their callbacks; `ctx` is the daemon.
 */
#ifndef SWATCH_SWATCHD_DAEMON_SESSIONS_H
#define SWATCH_SWATCHD_DAEMON_SESSIONS_H

#include "swatchd/daemon/internal.h"

void daemon_session_state_changed(void *ctx, struct session *session);
void daemon_session_removed(void *ctx, struct session *session, enum expire_reason reason);
void daemon_session_admitted(void *ctx, struct session *session);
void daemon_session_process_changed(void *ctx, const char *session_id);

/* Takes how many processes a session has, and what they do. */
void daemon_take_processes(struct daemon *daemon, struct session *session);

/* Reads all transcripts again that have a session file: what is gathered from their lines has changed. */
void daemon_read_sessions_again(struct daemon *daemon);

#endif
