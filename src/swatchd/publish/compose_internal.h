/*
 * compose_internal: shared by compose.c (the shared figures), compose_session.c and compose_list.c.
 */
#ifndef SWATCH_SWATCHD_PUBLISH_COMPOSE_INTERNAL_H
#define SWATCH_SWATCHD_PUBLISH_COMPOSE_INTERNAL_H

#include "json/write.h"
#include "swatchd/publish/compose.h"

/* A file in the making. Between volatile_begin and _end, which may nest, nothing counts for the hash. */
struct composer {
	struct jsonw w;
	struct buf *out;
	uint64_t hash;
	size_t hashed_to;
	unsigned volatile_depth;
};

void composer_init(struct composer *c, struct buf *out);
void composer_volatile_begin(struct composer *c);
void composer_volatile_end(struct composer *c);

/* Ends the text, and returns the hash. */
uint64_t composer_finish(struct composer *c);

/* How long ago something was, in words; null for 0. Volatile. */
void composer_put_age(struct composer *c, const char *key, int64_t since_ms, int64_t now_ms);
void composer_put_volatile_int(struct composer *c, const char *key, int64_t value);

/* The block's dollars an hour; 0 when it has no rate. */
double composer_burn_rate(const struct billing_block *block);

/*
 * The fields that existing statuslines read; the same in billing-shared.json and in each session's file,
 * whose copy may not be as fresh.
 */
void composer_put_billing_fields(struct composer *c, const struct billing_view *view, bool is_fresh);

/* Of a session's health. */
#define COMPOSER_ISSUES_MAX 5

/* A session's health in a word, and why. */
const char *composer_find_health(const struct session *session, const struct session_transcript *part,
				 const struct compose_context *context,
				 const char *issues[COMPOSER_ISSUES_MAX], size_t *count);

/* What the session does, and what it waits for. */
void composer_put_status(struct jsonw *w, const struct session *session);

#endif
