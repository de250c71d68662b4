/*
 * liveness: which sessions have a living Claude Code process, and what these processes are doing.
 *
 * For: the daemon, which passes on the `sessions/<pid>.json` files that watch reports.
 *
 * A file counts when the process it names lives and started when the file says (`procStart`, field 22 of
 * /proc/<pid>/stat): dead processes leave their files behind, and the kernel uses pids again. A pidfd reports
 * the end of a process; nothing polls. The files are Claude Code's own and undocumented: liveness ignores
 * what it cannot read or understand, and then the transcript's activity alone decides.
 */
#ifndef SWATCH_SWATCHD_SESSION_LIVENESS_H
#define SWATCH_SWATCHD_SESSION_LIVENESS_H

#include <stddef.h>

#include <ev.h>

#include "base/strmap.h"
#include "swatchd/session/status.h"

/* The most processes followed at a time; each takes a descriptor. */
#define LIVENESS_MAX_PROCESSES 256

struct liveness {
	struct ev_loop *loop;
	/* A session got a process, one of its processes ended, or does something else now. */
	void (*changed)(void *ctx, const char *session_id);
	void *ctx;
	struct strmap by_file;   /* path of the file -> struct live_process */
	bool full_reported;
};

void liveness_init(struct liveness *liveness, struct ev_loop *loop,
		   void (*changed)(void *ctx, const char *session_id), void *ctx);

/* The file appeared, changed or went. */
void liveness_note_file(struct liveness *liveness, const char *path);

/* How many of the followed processes belong to session `id`. */
unsigned liveness_count(const struct liveness *liveness, const char *session_id);

/* What they do: of several, what people want to know first (status.h). Unknown without a process. */
struct session_status liveness_status(const struct liveness *liveness, const char *session_id);

/* How many are followed. */
size_t liveness_total(const struct liveness *liveness);

void liveness_release(struct liveness *liveness);

#endif
