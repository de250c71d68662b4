#include "swatchd/session/expire.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"

/* A process writes its last lines before it ends, but the file's time may be a moment later. */
#define ENDED_GRACE_MS INT64_C(2000)

struct verdict {
	struct session *session;
	bool keep;
	enum expire_reason reason;
};

static enum session_state state_of(const struct expire *expire, const struct session *session, int64_t now_ms)
{
	if (session->live_processes > 0)
		return SESSION_ACTIVE;
	if (session->process_ended_ms > 0
	    && session->last_activity_ms <= session->process_ended_ms + ENDED_GRACE_MS)
		return SESSION_IDLE;
	int64_t quiet_ms = now_ms - session->last_activity_ms;
	return quiet_ms < expire->config->sessions_idle_after_ms ? SESSION_ACTIVE : SESSION_IDLE;
}

static bool is_over_age(const struct expire *expire, const struct session *session, int64_t now_ms)
{
	return session->live_processes == 0
	       && now_ms - session->last_activity_ms >= expire->config->sessions_expire_after_ms;
}

/* Active ones first, those whose transcript is gone after the others, then by last activity, then by id. */
static int compare_for_keeping(const void *a, const void *b)
{
	const struct session *left = ((const struct verdict *)a)->session;
	const struct session *right = ((const struct verdict *)b)->session;
	if (left->state != right->state)
		return left->state == SESSION_ACTIVE ? -1 : 1;
	if (!left->transcripts != !right->transcripts)
		return left->transcripts ? -1 : 1;
	if (left->last_activity_ms != right->last_activity_ms)
		return left->last_activity_ms > right->last_activity_ms ? -1 : 1;
	return strcmp(left->id, right->id);
}

/* Judges every session. The caller frees the result; NULL when memory ran out. */
static struct verdict *judge(struct expire *expire, size_t *count)
{
	int64_t now_ms = clock_wall_ms();
	size_t cursor = 0, kept = 0, all = sessions_count(expire->sessions), young = 0, old = all;
	struct session *session;
	*count = all;
	struct verdict *verdicts = calloc(all + 1, sizeof(*verdicts));
	if (!verdicts)
		return NULL;
	/* Those long past their age, which are most of them, need no order. */
	while ((session = sessions_each(expire->sessions, &cursor))) {
		bool is_past = session->excluded && !session->file.exists
			    && is_over_age(expire, session, now_ms);
		verdicts[is_past ? --old : young++].session = session;
	}
	qsort(verdicts, young, sizeof(*verdicts), compare_for_keeping);
	for (size_t i = 0; i < *count; i++) {
		struct verdict *v = &verdicts[i];
		bool idle = v->session->state == SESSION_IDLE;
		if (idle && !v->session->transcripts)
			v->reason = EXPIRE_VANISHED;
		else if (is_over_age(expire, v->session, now_ms))
			v->reason = EXPIRE_AGE;
		else if ((idle || !v->session->transcripts)
			 && kept >= (size_t)expire->config->sessions_max_files)
			v->reason = EXPIRE_COUNT;
		else
			v->keep = true;
		kept += v->keep;
	}
	return verdicts;
}

static void update_state(struct expire *expire, struct session *session)
{
	enum session_state state = state_of(expire, session, clock_wall_ms());
	if (state == session->state)
		return;
	session->state = state;
	if (!session->excluded)
		expire->callbacks.state_changed(expire->ctx, session);
}

static void apply(struct expire *expire, const struct verdict *v)
{
	struct session *session = v->session;
	if (v->keep) {
		if (!session->excluded)
			return;
		session_exclude(expire->sessions, session, false);
		expire->callbacks.admitted(expire->ctx, session);
		return;
	}
	if (session->file.exists)
		expire->removed++;
	if (!session->excluded || v->reason == EXPIRE_VANISHED) {
		session_exclude(expire->sessions, session, true);
		expire->callbacks.removed(expire->ctx, session, v->reason);
	}
	if (v->reason == EXPIRE_VANISHED)
		sessions_remove(expire->sessions, session);
}

/* The next moment at which this session changes by time alone; 0: never. */
static int64_t next_moment(const struct expire *expire, const struct session *session)
{
	if (session->live_processes > 0)
		return 0;
	if (session->state == SESSION_ACTIVE)
		return session->last_activity_ms + expire->config->sessions_idle_after_ms;
	if (!session->excluded)
		return session->last_activity_ms + expire->config->sessions_expire_after_ms;
	return 0;
}

static void schedule(struct expire *expire)
{
	int64_t next_ms = 0;
	size_t cursor = 0;
	const struct session *session;
	while ((session = sessions_each(expire->sessions, &cursor)))
		next_ms = clock_earlier(next_ms, next_moment(expire, session));
	/* This run has dealt with moments that have passed: look again soon, but not at once. */
	int64_t soonest_ms = clock_wall_ms() + CLOCK_SECOND_MS;
	moment_set(&expire->due, next_ms != 0 && next_ms < soonest_ms ? soonest_ms : next_ms);
}

static void on_due(void *ctx)
{
	expire_run(ctx);
}

void expire_init(struct expire *expire, struct ev_loop *loop, const struct config *config,
		 struct sessions *sessions, const struct expire_callbacks *callbacks, void *ctx)
{
	memset(expire, 0, sizeof(*expire));
	expire->config = config;
	expire->sessions = sessions;
	expire->callbacks = *callbacks;
	expire->ctx = ctx;
	moment_init(&expire->due, loop, on_due, expire);
}

void expire_run(struct expire *expire)
{
	size_t cursor = 0, count;
	struct session *session;
	expire->asked = false;
	expire->runs++;
	while ((session = sessions_each(expire->sessions, &cursor)))
		update_state(expire, session);
	AUTO_FREE struct verdict *verdicts = judge(expire, &count);
	if (!verdicts) {
		log_error("cannot look for expired sessions: out of memory; trying again in a minute");
		moment_set(&expire->due, clock_wall_ms() + CLOCK_MINUTE_MS);
		return;
	}
	for (size_t i = 0; i < count; i++)
		apply(expire, &verdicts[i]);
	schedule(expire);
}

void expire_note(struct expire *expire, struct session *session)
{
	enum session_state before = session->state;
	update_state(expire, session);
	if (session->excluded && !is_over_age(expire, session, clock_wall_ms())) {
		/* It woke up: another session's file may have to go, so all have to be judged. */
		expire->asked = true;
		return;
	}
	if (before != session->state)
		moment_set(&expire->due, clock_earlier(expire->due.at_ms, next_moment(expire, session)));
}

void expire_settle(struct expire *expire)
{
	if (expire->asked)
		expire_run(expire);
}

void expire_preview(struct expire *expire, void (*visit)(void *ctx, const struct session *,
							 enum expire_reason), void *ctx)
{
	size_t count;
	AUTO_FREE struct verdict *verdicts = judge(expire, &count);
	for (size_t i = 0; verdicts && i < count; i++)
		if (!verdicts[i].keep && verdicts[i].session->file.exists)
			visit(ctx, verdicts[i].session, verdicts[i].reason);
}

const char *expire_reason_name(enum expire_reason reason)
{
	static const char *const names[] = { [EXPIRE_AGE] = "age", [EXPIRE_COUNT] = "count",
					     [EXPIRE_VANISHED] = "vanished" };
	return names[reason];
}

void expire_release(struct expire *expire)
{
	moment_set(&expire->due, 0);
}
