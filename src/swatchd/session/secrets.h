/*
 * session/secrets: which kinds of tokens and keys a session's transcripts hold, and where.
 *
 * For: session.h, whose struct session has them; daemon/lines.c, which notes what secret/find.h found;
 * publish and alerts, which show it. Kinds and places only: the secrets themselves stay in the transcripts.
 */
#ifndef SWATCH_SWATCHD_SESSION_SECRETS_H
#define SWATCH_SWATCHD_SESSION_SECRETS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/write.h"
#include "secret/kinds.h"

/* More places than this are not kept, but each kind has one. */
#define SESSION_SECRETS_MAX 32

struct session_secret {
	enum secret_kind kind;
	char *path;                  /* the transcript's; owned */
	int64_t offset;              /* in the transcript, of its first byte */
	int64_t at_ms;               /* the line's time */
};

struct session_secrets {
	struct session_secret *places;
	size_t count;
};

/* Returns true when the place is new. False: it is known, there is no room, or memory ran out. */
bool session_secrets_note(struct session_secrets *secrets, enum secret_kind kind, const char *path,
			  int64_t offset, int64_t at_ms);

/* Forgets the places in a transcript; all of them when `path` is NULL. */
void session_secrets_forget(struct session_secrets *secrets, const char *path);

/* A transcript is another session's: moves its places there. */
void session_secrets_move(struct session_secrets *from, struct session_secrets *to, const char *path);

bool session_secrets_have(const struct session_secrets *secrets, enum secret_kind kind);

/*
 * Writes "secretsDetected", "secretTypes" and "secrets" into an open object: null where nobody looks for
 * them.
 */
void session_secrets_write(const struct session_secrets *secrets, bool looked, struct jsonw *w);

/*
 * Takes back what the object "alerts" of an earlier run's file says of subagents' transcripts, or of the
 * others. Ignores what cannot be right.
 */
void session_secrets_restore(struct session_secrets *secrets, struct json_object *alerts, bool of_subagents,
			     int64_t now_ms);

void session_secrets_release(struct session_secrets *secrets);

#endif
