/*
 * The content of sessions.json: a list of the sessions, and what is true of all of them.
 */
#include "swatchd/publish/compose.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/paths.h"
#include "base/scope.h"
#include "price/names.h"
#include "swatchd/publish/compose_internal.h"

/* What "alerts" lists. */
enum trait { HAS_SECRETS = 1, AT_RISK = 2, WAITING = 4, NEAR_COMPACTION = 8 };

/* A session that has a file. There may be thousands: each is looked at once. */
struct listed {
	int64_t last_activity_ms;
	const struct session *session;
	unsigned traits;
};

static int compare_activity(const void *a, const void *b)
{
	const struct listed *left = a, *right = b;
	if (left->last_activity_ms != right->last_activity_ms)
		return left->last_activity_ms > right->last_activity_ms ? -1 : 1;
	return strcmp(left->session->id, right->session->id);
}

static unsigned find_traits(const struct session *session, const struct ledger *ledger)
{
	/* What is in its file need not be found out again. */
	bool is_current = session->file.exists && !session->file.dirty;
	bool is_near = is_current ? session->file.near_compaction
				  : compose_is_near_compaction(session, ledger);
	return (session->secrets.count > 0 ? HAS_SECRETS : 0U)
	       | (session->vanished_active && !session_main(session) ? AT_RISK : 0U)
	       | (session_status(session)->doing == SESSION_WAITING ? WAITING : 0U)
	       | (is_near ? NEAR_COMPACTION : 0U);
}

static int compare_times(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left < right) - (left > right);
}

/* Keeps those that may be listed: the last active ones, and those of which "alerts" has something to say. */
static bool drop_unlisted(struct listed *list, size_t *count)
{
	if (*count <= COMPOSE_LISTED_MAX)
		return true;
	AUTO_FREE int64_t *times = malloc(*count * sizeof(*times));
	if (!times)
		return false;
	for (size_t i = 0; i < *count; i++)
		times[i] = list[i].last_activity_ms;
	qsort(times, *count, sizeof(*times), compare_times);
	int64_t last_ms = times[COMPOSE_LISTED_MAX - 1];
	size_t kept = 0;
	for (size_t i = 0; i < *count; i++)
		if (list[i].last_activity_ms >= last_ms || list[i].traits != 0)
			list[kept++] = list[i];
	*count = kept;
	return true;
}

/* How many sessions have a file, and how many of them were active lately, or wait. */
struct totals {
	int64_t all, active, waiting;
};

/* The sessions that may be listed, sorted. The caller frees; NULL when memory ran out. */
static struct listed *find_listed(const struct sessions *sessions, const struct ledger *ledger,
				  int64_t now_ms, struct totals *totals, size_t *count)
{
	size_t shown = 0;
	for (const struct session *session = sessions->shown; session; session = session->next_shown)
		shown++;
	AUTO_FREE struct listed *list = calloc(shown + 1, sizeof(*list));
	*count = 0;
	*totals = (struct totals){ 0 };
	for (const struct session *session = sessions->shown; list && session;
	     session = session->next_shown) {
		unsigned traits = find_traits(session, ledger);
		list[(*count)++] = (struct listed){ session->last_activity_ms, session, traits };
		totals->all++;
		totals->active += now_ms - session->last_activity_ms < COMPOSE_ACTIVE_SPAN_MS;
		totals->waiting += (traits & WAITING) != 0;
	}
	if (!list || !drop_unlisted(list, count))
		return NULL;
	qsort(list, *count, sizeof(*list), compare_activity);
	return SCOPE_KEEP(list);
}

static void put_listed(struct composer *c, const struct session *session, const struct ledger *ledger,
		       int64_t now_ms)
{
	const struct session_transcript *part = session_main(session);
	const char *issues[COMPOSER_ISSUES_MAX];
	size_t issue_count;
	struct compose_context context;
	char name[SESSION_NAME_MAX];
	struct jsonw *w = &c->w;
	compose_find_context(session, part, ledger, &context);
	jsonw_begin_object(w);
	jsonw_put_string(w, "sessionId", session->id);
	jsonw_put_string(w, "projectPath", part ? part->cwd : NULL);
	jsonw_put_string(w, "shortName", part && part->cwd ? paths_basename(part->cwd) : NULL);
	jsonw_put_string(w, "health", composer_find_health(session, part, &context, issues, &issue_count));
	jsonw_put_string(w, "state", session->state == SESSION_ACTIVE ? "active" : "idle");
	composer_put_status(w, session);
	jsonw_put_int(w, "lastActivity", session->last_activity_ms);
	composer_put_age(c, "lastActivityAgo", session->last_activity_ms, now_ms);
	if (part && part->model)
		model_name_title(part->model, name, sizeof(name));
	jsonw_put_string(w, "model", part && part->model ? name : NULL);
	jsonw_put_bool(w, "transcriptSynced", compose_is_synced(part));
	jsonw_end_object(w);
}

static void put_ids(struct jsonw *w, const char *key, const struct listed *list, size_t count,
		    enum trait trait)
{
	jsonw_key_array(w, key);
	size_t listed = 0;
	for (size_t i = 0; i < count && listed < COMPOSE_LISTED_MAX; i++)
		if (list[i].traits & trait) {
			jsonw_string(w, list[i].session->id);
			listed++;
		}
	jsonw_end_array(w);
}

static void put_global(struct composer *c, const struct billing_view *view)
{
	struct jsonw *w = &c->w;
	jsonw_key_object(w, "global");
	jsonw_put_amount(w, "totalCostToday", view->today_usd);
	jsonw_put_amount(w, "burnRatePerHour", composer_burn_rate(&view->block));
	composer_volatile_begin(c);
	jsonw_put_amount(w, "budgetRemaining", floor(view->minutes_left));
	composer_volatile_end(c);
	jsonw_end_object(w);
}

uint64_t compose_sessions(const struct sessions *sessions, const struct billing *billing,
			  const struct billing_view *view, struct buf *out)
{
	const struct ledger *ledger = billing->ledger;
	size_t count;
	struct composer c;
	struct totals totals;
	AUTO_FREE struct listed *list = find_listed(sessions, ledger, view->at_ms, &totals, &count);
	if (!list) {
		out->failed = true;
		return 0;
	}
	composer_init(&c, out);
	struct jsonw *w = &c.w;
	jsonw_begin_object(w);
	composer_put_volatile_int(&c, "lastUpdated", view->at_ms);
	jsonw_put_int(w, "activeSessions", totals.active);
	jsonw_put_int(w, "totalSessions", totals.all);
	jsonw_put_int(w, "waitingSessions", totals.waiting);
	jsonw_put_int(w, "schema", CACHE_SCHEMA);
	jsonw_put_string(w, "writer", CACHE_WRITER);
	jsonw_key_array(w, "sessions");
	for (size_t i = 0; i < count && i < COMPOSE_LISTED_MAX; i++)
		put_listed(&c, list[i].session, ledger, view->at_ms);
	jsonw_end_array(w);
	put_global(&c, view);
	jsonw_key_object(w, "alerts");
	put_ids(w, "sessionsWithSecrets", list, count, HAS_SECRETS);
	put_ids(w, "sessionsAtRisk", list, count, AT_RISK);
	put_ids(w, "sessionsWaiting", list, count, WAITING);
	put_ids(w, "sessionsNearCompaction", list, count, NEAR_COMPACTION);
	jsonw_end_object(w);
	jsonw_end_object(w);
	return composer_finish(&c);
}
