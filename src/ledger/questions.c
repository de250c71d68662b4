/*
 * The ledger's answers. Each question first sorts in what came since the last one.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "ledger/internal.h"

static void bring_up_to_date(struct ledger *ledger)
{
	ledger_order_sort(&ledger->order);
	ledger_blocks_update(&ledger->blocks, &ledger->order);
}

/* ---- names ---- */

size_t ledger_count(const struct ledger *ledger)
{
	return ledger->order.len;
}

size_t ledger_file_count(const struct ledger *ledger)
{
	return ledger->files.count;
}

const char *ledger_path(const struct ledger *ledger, unsigned file, size_t *root_len)
{
	*root_len = ledger->files.list[file].root_len;
	return ledger->files.list[file].path;
}

const struct price *ledger_price(const struct ledger *ledger, const char *model, double *factor)
{
	return price_book_find(ledger->models.book, model, strlen(model), factor, NULL);
}

int64_t ledger_window_tokens(const struct ledger *ledger, const char *model)
{
	size_t len = model ? strlen(model) : 0;
	if (len == 0 || len >= PRICE_MODEL_MAX)
		return model ? price_max_input_tokens(ledger->models.book, model, len) : 0;
	struct ledger_window *window = &ledger->windows[strmap_hash(model, len) % LEDGER_WINDOWS_MAX];
	if (strcmp(window->model, model) != 0) {
		window->tokens = price_max_input_tokens(ledger->models.book, model, len);
		memcpy(window->model, model, len + 1);
	}
	return window->tokens;
}

bool ledger_model_at(const struct ledger *ledger, size_t index, struct ledger_model *out)
{
	if (index >= ledger->models.count)
		return false;
	const struct ledger_model_row *row = &ledger->models.list[index];
	out->name = row->name;
	out->unpriced = row->sums.unpriced > 0;
	out->sums = row->sums;
	return true;
}

const char *ledger_next_changed(struct ledger *ledger)
{
	return ledger_sessions_next_changed(&ledger->sessions);
}

size_t ledger_find_limits(struct ledger *ledger, int64_t now_ms,
			  struct ledger_limit out[LEDGER_LIMIT_NAMES_MAX])
{
	bring_up_to_date(ledger);
	size_t count = ledger_limits_in_force(&ledger->limits, &ledger->models, &ledger->order, now_ms, out);
	for (size_t i = 0; i < count; i++) {
		const struct ledger_file *file = &ledger->files.list[ledger_place_file(out[i].place)];
		out[i].session_id = ledger->sessions.list[file->session].id;
	}
	return count;
}

bool ledger_has_answered(const struct ledger *ledger, const char *limit, int64_t since_ms, int64_t now_ms)
{
	return ledger_limits_is_answered(&ledger->models, &ledger->order, limit, since_ms, now_ms);
}

/* The number of a session, with all that is archived of it in its sums; -1 when nothing is known of it. */
static int find_session(struct ledger *ledger, const char *session_id)
{
	int session = ledger->archive.calls ? ledger_sessions_add(&ledger->sessions, session_id)
					    : ledger_sessions_find(&ledger->sessions, session_id);
	if (session >= 0)
		(void)ledger_archive_has_sums(ledger, (uint32_t)session);
	return session;
}

bool ledger_knows_session(struct ledger *ledger, const char *session_id)
{
	int session = ledger->archive.calls ? ledger_sessions_add(&ledger->sessions, session_id)
					    : ledger_sessions_find(&ledger->sessions, session_id);
	errno = ENOMEM;
	if (ledger_is_whole(ledger)
	    || (session >= 0 && ledger_archive_has_sums(ledger, (uint32_t)session)))
		return true;
	if (ledger->archive.is_closed)
		errno = EBUSY;
	else if (session >= 0 && ledger->sessions.list[session].lacks_base)
		errno = ledger->archive.why;
	return false;
}

int64_t ledger_session_last_ms(struct ledger *ledger, const char *session_id)
{
	int session = find_session(ledger, session_id);
	return session < 0 ? 0 : ledger->sessions.list[session].last_ms;
}

/* ---- by time ---- */

static void sum_block(const struct ledger *ledger, const struct ledger_range *range, struct ledger_block *out)
{
	uint32_t by_model[LEDGER_MODELS_MAX] = { 0 };
	for (size_t i = range->first; i <= range->last; i++) {
		const struct ledger_entry *e = ledger_order_at(&ledger->order, i);
		ledger_sums_add_entry(&out->sums, e, +1);
		by_model[e->model]++;
	}
	out->models = ledger_models_shown(&ledger->models, by_model);
}

/* `is_asked_again`: its sums are kept up to date from now on. */
static void fill_block(struct ledger *ledger, const struct ledger_range *range, bool is_asked_again,
		       struct ledger_block *out)
{
	memset(out, 0, sizeof(*out));
	out->first_ms = ledger_order_time(&ledger->order, range->first);
	out->last_ms = ledger_order_time(&ledger->order, range->last);
	out->start_ms = ledger_blocks_start_ms(out->first_ms);
	out->end_ms = out->start_ms + LEDGER_BLOCK_MS;
	if (is_asked_again) {
		int64_t next_ms = ledger_blocks_next_ms(&ledger->blocks, &ledger->order, range);
		const struct ledger_span *span =
			ledger_spans_find(&ledger->spans, &ledger->order, out->first_ms, next_ms);
		out->sums = span->sums;
		out->models = ledger_models_shown(&ledger->models, span->by_model);
	} else {
		sum_block(ledger, range, out);
	}
	ledger_limits_of_block(&ledger->limits, &ledger->order, range, out);
	ledger_blocks_set_rates(out);
}

bool ledger_block_at(struct ledger *ledger, size_t index, struct ledger_block *out)
{
	bring_up_to_date(ledger);
	if (index >= ledger->blocks.count)
		return false;
	const struct ledger_range *range = &ledger->blocks.list[index];
	fill_block(ledger, range, range == ledger_blocks_last(&ledger->blocks), out);
	return true;
}

bool ledger_gap_between(const struct ledger_block *block, const struct ledger_block *next, int64_t *start_ms,
			int64_t *end_ms)
{
	*start_ms = block->last_ms + LEDGER_BLOCK_MS;
	*end_ms = next->first_ms;
	return *end_ms > *start_ms;
}

/* The block that is active; NULL when none is. */
static const struct ledger_range *find_active(struct ledger *ledger, int64_t now_ms)
{
	bring_up_to_date(ledger);
	const struct ledger_order *order = &ledger->order;
	const struct ledger_range *range = ledger_blocks_find(&ledger->blocks, order, now_ms);
	bool active = range
		   && ledger_blocks_is_active(ledger_blocks_start_ms(ledger_order_time(order, range->first)),
					      ledger_order_time(order, range->last), now_ms);
	return active ? range : NULL;
}

bool ledger_active_block(struct ledger *ledger, int64_t now_ms, struct ledger_block *out)
{
	const struct ledger_range *range = find_active(ledger, now_ms);
	if (range)
		fill_block(ledger, range, true, out);
	return range != NULL;
}

double ledger_lost_usd(struct ledger *ledger, int64_t now_ms)
{
	const struct ledger_range *range = find_active(ledger, now_ms);
	double usd = 0.;
	if (!range)
		return usd;
	for (size_t i = range->first; i <= range->last; i++) {
		const struct ledger_entry *e = ledger_order_at(&ledger->order, i);
		if (ledger_files_of(&ledger->files, e)->gone)
			usd += e->reference_usd;
	}
	return usd;
}

bool ledger_has_all_blocks(struct ledger *ledger)
{
	bring_up_to_date(ledger);
	return ledger->blocks.made_to >= ledger->order.len;
}

bool ledger_block_is_known(struct ledger *ledger, int64_t since_ms, int64_t now_ms)
{
	const struct ledger_order *order = &ledger->order;
	int64_t before_ms = since_ms;
	bring_up_to_date(ledger);
	for (size_t i = ledger_order_find(order, since_ms); i < order->len; i++) {
		if (ledger_order_time(order, i) - before_ms > LEDGER_BLOCK_MS)
			return true;
		before_ms = ledger_order_time(order, i);
	}
	return now_ms - before_ms > LEDGER_BLOCK_MS;
}

void ledger_sum_span(struct ledger *ledger, int64_t start_ms, int64_t end_ms, struct ledger_sums *out)
{
	bring_up_to_date(ledger);
	memset(out, 0, sizeof(*out));
	if (start_ms < end_ms)
		*out = ledger_spans_find(&ledger->spans, &ledger->order, start_ms, end_ms)->sums;
}

bool ledger_entry_at(struct ledger *ledger, size_t index, struct ledger_entry_view *out)
{
	bring_up_to_date(ledger);
	if (index >= ledger->order.len)
		return false;
	const struct ledger_entry *e = ledger_order_at(&ledger->order, index);
	const struct ledger_file *file = ledger_files_of(&ledger->files, e);
	const struct ledger_model_row *model = &ledger->models.list[e->model];
	uint32_t session = ledger_entries_session(&ledger->entries, ledger->order.list[index]);
	const struct ledger_session_row *row = &ledger->sessions.list[session];
	const struct ledger_file *home =
		session != file->session && row->home ? &ledger->files.list[row->home - 1] : file;
	*out = (struct ledger_entry_view){
		.time_ms = e->time_ms,
		.tokens = { e->input, e->output, e->creation_5m, e->creation_1h, e->cache_read },
		.cost_usd = e->cost_usd,
		.reference_usd = e->reference_usd,
		.model = e->model,
		.model_name = model->name,
		.model_silent = model->silent,
		.unpriced = e->unpriced,
		.has_extras = e->has_extras && ledger->models.extras && !e->has_cost,
		.lost_by_reference = e->lost,
		.sidechain = e->sidechain,
		.path = file->path,
		.root_len = file->root_len,
		.offset = ledger_place_offset(e->place),
		.file = (unsigned)ledger_file_of(e),
		.first_file = (unsigned)ledger_place_file(e->first_place),
		.first_offset = ledger_place_offset(e->first_place),
		.session = session,
		.session_id = row->id,
		.home = home->path,
		.home_root_len = home->root_len,
		.subagent = file->subagent,
	};
	return true;
}

size_t ledger_entries_before(struct ledger *ledger, int64_t time_ms)
{
	bring_up_to_date(ledger);
	return ledger_order_find(&ledger->order, time_ms);
}

/* ---- sessions ---- */

static double session_rate(struct ledger *ledger, uint32_t session, int64_t now_ms)
{
	const struct ledger_range *range = find_active(ledger, now_ms);
	if (!range)
		return NAN;
	return ledger_sessions_usd_per_hour(&ledger->sessions, session, &ledger->order, range,
					    ledger_blocks_next_ms(&ledger->blocks, &ledger->order, range));
}

void ledger_session(struct ledger *ledger, const char *session_id, int64_t now_ms, struct ledger_session *out)
{
	int session = find_session(ledger, session_id);
	memset(out, 0, sizeof(*out));
	out->block_usd_per_hour = NAN;
	out->has_extras = ledger->models.extras;
	if (session < 0)
		return;
	const struct ledger_session_row *row = &ledger->sessions.list[session];
	for (size_t i = 0; i < row->by_model_len; i++) {
		const struct ledger_sums *sums = &row->by_model[i];
		if (sums->entries == 0)
			continue;
		ledger_sums_add(&out->sums, sums);
		if (!ledger->models.list[i].silent)
			out->models[out->model_count++] =
				(struct ledger_model){ .name = ledger->models.list[i].name,
						       .unpriced = sums->unpriced > 0,
						       .sums = *sums };
	}
	out->first_ms = row->first_ms;
	out->last_ms = row->last_ms;
	out->subagents = row->subagents;
	out->subagents_usd = row->subagents ? row->subagents_usd : 0.;
	out->block_usd_per_hour = session_rate(ledger, (uint32_t)session, now_ms);
}
