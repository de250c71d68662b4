/*
 * compose: the content of the cache files (swatch-cache(5)).
 *
 * For: publish alone, which decides when they are written. Pure: facts in, JSON out.
 *
 * Each function also returns a hash of what a reader can see change. Ages, and the times at which something
 * was gathered, move by themselves and do not count: a file whose hash is as before needs no writing.
 */
#ifndef SWATCH_SWATCHD_PUBLISH_COMPOSE_H
#define SWATCH_SWATCHD_PUBLISH_COMPOSE_H

#include "base/buf.h"
#include "price/window.h"
#include "swatchd/billing/billing.h"
#include "swatchd/session/session.h"

/* From here on Claude Code compacts soon. */
#define COMPOSE_NEAR_COMPACTION_PERCENT 80.0
#define COMPOSE_CRITICAL_PERCENT 95.0
/* Sessions in sessions.json, which is written up to once a second: this many make 60 KB. All are counted. */
#define COMPOSE_LISTED_MAX 300
/* "activeSessions" counts activity within this time. */
#define COMPOSE_ACTIVE_SPAN_MS INT64_C(3600000)

/* All of these append to `out` and return the hash; when memory ran out, `out->failed` is set. */
uint64_t compose_billing(const struct billing *billing, const struct billing_view *view, struct buf *out);
uint64_t compose_session(const struct session *session, const struct billing *billing,
			 const struct billing_view *view, struct buf *out);
/* Sessions that have a file, the last active first. */
uint64_t compose_sessions(const struct sessions *sessions, const struct billing *billing,
			  const struct billing_view *view, struct buf *out);

/* How full a session's context window is, by its main transcript `part` (NULL: not known). */
struct compose_context {
	bool known;
	int64_t tokens;
	struct context_window window;
	double percent;
};

void compose_find_context(const struct session *session, const struct session_transcript *part,
			  const struct ledger *ledger, struct compose_context *out);

/* Whether Claude Code will soon compact it. */
bool compose_is_near_compaction(const struct session *session, const struct ledger *ledger);

/* True when all of a transcript was read. */
bool compose_is_synced(const struct session_transcript *part);

#endif
