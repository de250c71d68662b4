#include "swatchd/daemon/facts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/store/facts_read.h"
#include "swatchd/billing/account_limits.h"

/* The longest window of the figures is the week. */
#define RECALLED_MS (8 * CLOCK_DAY_MS)
/* While a batch is written, hostile transcripts may hold any number of markers. */
#define WAITING_MAX 16384

/* ---- what is new ---- */

void daemon_note_record_hit(struct daemon *daemon, int ledger_file, const struct ledger_record *record,
			    bool in_message)
{
	char camel[RATE_LIMIT_NAME_SIZE];
	struct store_facts *waiting = &daemon->facts.waiting;
	const struct slice *name = &record->limit_name;
	struct store_hit hit = { .transcript = (size_t)ledger_file, .offset = record->offset,
				 .at_ms = record->time_ms, .resets_ms = record->limit_resets_ms,
				 .old_form = record->limit_is_old_form, .in_message = in_message };
	if (name->data && rate_limit_name(name->data, name->len, camel))
		memcpy(hit.name, name->data, name->len);
	/* Without memory it is missing; a later read of the transcript brings it. */
	if (daemon->keep.store && hit.at_ms > 0 && waiting->hit_count < WAITING_MAX)
		(void)store_facts_add_hit(waiting, &hit);
}

void daemon_note_hit(struct daemon *daemon, int ledger_file, int64_t offset, int64_t at_ms,
		     const struct scan_limit *limit, bool in_message)
{
	daemon_note_record_hit(daemon, ledger_file,
			       &(struct ledger_record){ .time_ms = at_ms,
							.offset = offset,
							.limit_resets_ms = ledger_limit_resets_ms(limit),
							.limit_is_old_form = limit->old_form,
							.limit_name = limit->name },
			       in_message);
}

void daemon_note_told(struct daemon *daemon, const struct session *session)
{
	struct daemon_facts *facts = &daemon->facts;
	struct store_told told = { .at_ms = clock_wall_ms(),
				   .window_tokens = session->told_window,
				   .window_refuted = session->window_refuted,
				   .cost_usd = session->told ? session->told_usd : (double)NAN,
				   .first_seen_ms = session->first_seen_ms,
				   .process_ended_ms = session->process_ended_ms };
	if (!daemon->keep.store || strlen(session->id) >= sizeof(told.session_id))
		return;
	snprintf(told.session_id, sizeof(told.session_id), "%s", session->id);
	size_t at = (size_t)(uintptr_t)strmap_get(&facts->told_by_id, session->id);
	if (at > 0)
		facts->waiting.told[at - 1] = told;
	else if (strmap_put(&facts->told_by_id, session->id, (void *)(facts->waiting.told_count + 1))
		 && !store_facts_add_told(&facts->waiting, &told))
		(void)strmap_remove(&facts->told_by_id, session->id);
}

void daemon_note_alert(struct daemon *daemon, const struct alert *alert)
{
	struct store_alert given = { .at_ms = alert->at_ms, .rule = alert_rule_name(alert->rule),
				     .value = alert->value, .limit = alert->limit };
	const char *subject = alert->session_id ? alert->session_id : alert->name ? alert->name : "";
	snprintf(given.subject, sizeof(given.subject), "%s", subject);
	if (daemon->keep.store && daemon->facts.waiting.alert_count < WAITING_MAX)
		(void)store_facts_add_alert(&daemon->facts.waiting, &given);
}

/* ---- limits ---- */

/*
 * The row of the file that a limit belongs to: its reset as it was first told, since the server rounds it to
 * different seconds.
 */
static struct rate_limit row_of(const struct rate_limits *noted, const struct rate_limit *limit)
{
	const struct rate_limit *before = rate_limits_find(noted, limit->name);
	struct rate_limit row = *limit;
	if (before && rate_limits_is_same_reset(before->resets_ms, limit->resets_ms))
		row.resets_ms = before->resets_ms;
	return row;
}

static bool is_another_row(const struct rate_limits *noted, const struct rate_limit *row)
{
	const struct rate_limit *before = rate_limits_find(noted, row->name);
	return !before || before->resets_ms != row->resets_ms
	       || store_facts_point(before->used_percent) != store_facts_point(row->used_percent);
}

void daemon_note_limits(struct daemon *daemon)
{
	struct daemon_facts *facts = &daemon->facts;
	const struct rate_limits *known = &daemon->billing.limits;
	if (!daemon->keep.store)
		return;
	for (size_t i = 0; i < known->count; i++) {
		const struct rate_limit row = row_of(&facts->noted, &known->all[i]);
		if (!row.was_hit && is_another_row(&facts->noted, &row))
			facts->limits_changed = true;
	}
}

/* The projects/ directory of the session that told it; else the first one. */
static const char *root_of(struct daemon *daemon, const char *session_id)
{
	struct store_roots *roots = &daemon->keep.roots;
	const struct session *session = session_id[0] ? sessions_find(&daemon->sessions, session_id) : NULL;
	const struct session_transcript *part = session ? session->transcripts : NULL;
	const char *root = part ? store_roots_real(roots, part->file->path, part->file->root_len) : NULL;
	if (!root && roots->count > 0)
		root = roots->all[0].real;
	return root ? root : "";
}

/* Also those that were only confirmed: they come along when there is a commit anyway. */
static void add_limits(struct daemon *daemon, struct store_batch *batch, struct rate_limits *noted)
{
	const struct rate_limits *known = &daemon->billing.limits;
	noted->count = 0;
	for (size_t i = 0; i < known->count; i++) {
		const struct rate_limit *before = rate_limits_find(&daemon->facts.noted, known->all[i].name);
		const struct rate_limit row = row_of(&daemon->facts.noted, &known->all[i]);
		if (row.was_hit)
			continue;
		noted->all[noted->count++] = row;
		if (!before || before->observed_ms != row.observed_ms
		    || before->used_percent != row.used_percent || before->resets_ms != row.resets_ms)
			store_batch_add_reading(batch, root_of(daemon, row.session_id), &row);
	}
}

/* ---- prices ---- */

void daemon_note_prices(struct daemon *daemon)
{
	daemon->facts.priced_models = 0;
}

/* Those of the models that are new: they come with their first message. Returns how many models there are. */
static size_t add_prices(struct daemon *daemon, struct store_batch *batch)
{
	struct ledger_model model;
	size_t i = daemon->facts.priced_models;
	for (; ledger_model_at(daemon->ledger, i, &model); i++) {
		double factor = 1.;
		const struct price *price = ledger_price(daemon->ledger, model.name, &factor);
		if (price)
			store_batch_add_price(batch, model.name, price, factor, clock_wall_ms());
	}
	return i;
}

/* ---- into a batch ---- */

bool daemon_has_facts(const struct daemon *daemon)
{
	const struct daemon_facts *facts = &daemon->facts;
	return facts->limits_changed || facts->waiting.hit_count > 0 || facts->waiting.told_count > 0
	       || facts->waiting.alert_count > 0;
}

void daemon_add_facts(struct daemon *daemon, struct store_batch *batch)
{
	struct daemon_facts *facts = &daemon->facts;
	struct store_facts *waiting = &facts->waiting;
	struct rate_limits noted = { .count = 0 };
	for (size_t i = 0; i < waiting->hit_count; i++) {
		struct ledger_kept transcript = { .gone = false };
		ledger_file_facts(daemon->ledger, (int)waiting->hits[i].transcript, &transcript);
		store_batch_add_hit(batch, &transcript, &waiting->hits[i]);
	}
	for (size_t i = 0; i < waiting->told_count; i++)
		store_batch_add_told(batch, &waiting->told[i]);
	for (size_t i = 0; i < waiting->alert_count; i++)
		store_batch_add_alert(batch, &waiting->alerts[i]);
	add_limits(daemon, batch, &noted);
	size_t priced_models = add_prices(daemon, batch);
	if (batch->failed)
		return;
	facts->priced_models = priced_models;
	facts->noted = noted;
	facts->limits_changed = false;
	store_facts_release(waiting);
	strmap_release(&facts->told_by_id);
}

void daemon_forget_saved_facts(struct daemon *daemon)
{
	struct ledger_kept kept;
	size_t cursor = 0;
	const struct session *session;
	daemon->facts.noted.count = 0;
	daemon_note_prices(daemon);
	daemon_note_limits(daemon);
	for (size_t i = 0; ledger_kept_limit_at(daemon->ledger, i, &kept); i++) {
		if (kept.path)
			daemon_note_record_hit(daemon, (int)kept.file, &kept.record, !kept.only_limit);
	}
	while ((session = sessions_each(&daemon->sessions, &cursor)))
		if (session->told || session->told_window > 0)
			daemon_note_told(daemon, session);
}

/* ---- out of the file ---- */

static const struct store_known *find_known(const struct store_known_list *list, int64_t id)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->all[i].id == id)
			return &list->all[i];
	return NULL;
}

/* The ledger's number of a transcript that the file knows; -1 when it cannot be found now. */
static int number_of(struct daemon *daemon, const struct store_known *known)
{
	int file = -1;
	if (daemon->keep.archive) {
		(void)store_archive_find_file(daemon->keep.archive, daemon->ledger, known->id, &file);
		return file;
	}
	if (known->state != STORE_AS_BEFORE)
		return known->ledger_file;
	return ledger_add_file(daemon->ledger, known->path, known->root_len,
			       known->session_id[0] ? known->session_id : NULL, known->subagent);
}

static void take_hit(void *ctx, int64_t transcript, const struct store_hit *hit)
{
	struct daemon *daemon = ctx;
	const struct store_known *known = find_known(&daemon->keep.known, transcript);
	int file = known ? number_of(daemon, known) : -1;
	struct ledger_record record = { .time_ms = hit->at_ms, .offset = hit->offset,
					.limit_resets_ms = hit->resets_ms, .is_limit = true,
					.limit_is_old_form = hit->old_form };
	if (hit->name[0])
		record.limit_name = (struct slice){ hit->name, strlen(hit->name) };
	if (file >= 0)
		ledger_note_kept_limit(daemon->ledger, file, &record, hit->in_message);
}

static void take_limit(void *ctx, const struct rate_limit *limit)
{
	struct daemon *daemon = ctx;
	billing_take_earlier_limit(&daemon->billing, limit, clock_wall_ms());
	/* The last reading comes first. */
	if (!rate_limits_find(&daemon->facts.noted, limit->name)
	    && daemon->facts.noted.count < RATE_LIMITS_MAX)
		daemon->facts.noted.all[daemon->facts.noted.count++] = *limit;
}

static void take_told(void *ctx, const struct store_told *told)
{
	struct daemon_facts *facts = ctx;
	size_t number = facts->recalled.told_count + 1;
	if (strmap_get(&facts->recalled_by_id, told->session_id)
	    || !strmap_put(&facts->recalled_by_id, told->session_id, (void *)number))
		return;
	if (!store_facts_add_told(&facts->recalled, told))
		(void)strmap_remove(&facts->recalled_by_id, told->session_id);
}

int daemon_take_facts(struct daemon *daemon, sqlite3 *db)
{
	int64_t now_ms = clock_wall_ms();
	const struct store_roots *roots = &daemon->keep.roots;
	int result = store_facts_read_hits(db, now_ms - RECALLED_MS, take_hit, daemon);
	for (size_t i = 0; i < roots->count && result == SQLITE_OK; i++)
		result = store_facts_read_limits(db, roots->all[i].real, now_ms, take_limit, daemon);
	if (result == SQLITE_OK)
		result = store_facts_read_told(db, now_ms - daemon->config.sessions_expire_after_ms,
					       take_told, &daemon->facts);
	return result;
}

void daemon_restore_told(struct daemon *daemon, struct session *session)
{
	const struct daemon_facts *facts = &daemon->facts;
	size_t at = (size_t)(uintptr_t)strmap_get(&facts->recalled_by_id, session->id);
	if (at == 0)
		return;
	const struct store_told *told = &facts->recalled.told[at - 1];
	session_restore_told(session,
			     &(struct session_told){ .window_tokens = told->window_tokens,
						     .window_believed = !told->window_refuted,
						     .cost_usd = told->cost_usd,
						     .first_seen_ms = told->first_seen_ms,
						     .process_ended_ms = told->process_ended_ms },
			     clock_wall_ms());
}

void daemon_release_facts(struct daemon *daemon)
{
	struct daemon_facts *facts = &daemon->facts;
	store_facts_release(&facts->waiting);
	store_facts_release(&facts->recalled);
	strmap_release(&facts->told_by_id);
	strmap_release(&facts->recalled_by_id);
}
