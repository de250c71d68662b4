/*
 * expire: when a session goes idle, and which sessions have a file.
 *
 * For: the daemon. expire decides; the callbacks write and remove.
 *
 * - A session with a living process is active. One whose last process ended is idle at once, until its
 *   transcripts move again. Any other is active until `idle_after` without activity.
 * - A session file goes after `expire_after` without activity (age), when it is not among the `max_files`
 *   that were active last (count; an active one's only if its transcript is gone), or when its transcript is
 * gone and it is idle (vanished). One timer waits for the next of these moments; nothing is polled.
 */
#ifndef SWATCH_SWATCHD_SESSION_EXPIRE_H
#define SWATCH_SWATCHD_SESSION_EXPIRE_H

#include <ev.h>

#include "config/config.h"
#include "json/write.h"
#include "swatchd/loop/moment.h"
#include "swatchd/session/session.h"

enum expire_reason { EXPIRE_AGE, EXPIRE_COUNT, EXPIRE_VANISHED };

struct expire_callbacks {
	/* The session went idle or became active. */
	void (*state_changed)(void *ctx, struct session *session);
	/* The session has no file from now on. After EXPIRE_VANISHED it is freed. */
	void (*removed)(void *ctx, struct session *session, enum expire_reason reason);
	/* The session may have a file again. */
	void (*admitted)(void *ctx, struct session *session);
};

struct expire {
	const struct config *config;
	struct sessions *sessions;
	struct expire_callbacks callbacks;
	void *ctx;
	struct moment due;       /* the next look */
	uint64_t removed;        /* files, since the start */
	uint64_t runs;           /* how often all sessions were looked at */
	bool asked;              /* a session woke up: expire_settle() looks at all */
};

void expire_init(struct expire *expire, struct ev_loop *loop, const struct config *config,
		 struct sessions *sessions, const struct expire_callbacks *callbacks, void *ctx);

/* Looks at every session, and sets the timer. Call after the first walk, a new session, a reload. */
void expire_run(struct expire *expire);

/*
 * A session showed activity, or its processes changed: it may change its state at once, and may get its file
 * back at the next expire_settle(). Cheap, also for many.
 */
void expire_note(struct expire *expire, struct session *session);

/* Looks at every session when one has woken up. Call it once for all that happened together. */
void expire_settle(struct expire *expire);

/* Calls `visit` for each file that a run would remove now. Changes nothing. */
void expire_preview(struct expire *expire, void (*visit)(void *ctx, const struct session *,
							 enum expire_reason), void *ctx);

const char *expire_reason_name(enum expire_reason reason);

void expire_release(struct expire *expire);

#endif
