#include "report/groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/strmap.h"

#define KEY_SIZE (REPORT_PROJECT_SIZE + 512)

struct group_model {
	unsigned model;
	const char *name;
	bool silent;
	bool unpriced;
	struct price_tokens tokens;
	double cost_usd;
	struct report_place first;
};

struct group {
	struct report_place first;
	struct price_tokens tokens;
	double cost_usd;
	int64_t first_ms, last_ms;
	char key[16];                /* of a day, week or month */
	const char *path;            /* of a session: one of its transcripts */
	size_t root_len;
	const char *session_id;
	struct group_model *models;  /* in order of `first` when the row is written */
	size_t model_count, model_cap;
};

struct groups {
	struct group *list;
	size_t count, cap;
	struct strmap by_key;        /* -> number + 1 */
};

/* ---- keys ---- */

/* The key that an entry is summed up under. Returns its length. */
static size_t write_key(const struct report_work *work, const struct report_entry *entry,
			char key[KEY_SIZE])
{
	char week[16];
	int len;
	switch (work->options->kind) {
	case REPORT_SESSIONS: {
		/* One session's id in two projects is two sessions to ccusage. */
		struct slice project = report_project_of(work, entry->home + entry->home_root_len);
		len = snprintf(key, KEY_SIZE, "%u/%.*s", entry->session, (int)project.len, project.data);
		break;
	}
	case REPORT_WEEKLY:
		clock_format_week(work->day.date, week);
		len = snprintf(key, KEY_SIZE, "%s", week);
		break;
	case REPORT_MONTHLY:
		len = snprintf(key, KEY_SIZE, "%.7s", work->day.date);
		break;
	default:
		len = snprintf(key, KEY_SIZE, "%s", work->day.date);
	}
	return len < KEY_SIZE ? (size_t)len : KEY_SIZE - 1;
}

/* ---- sums ---- */

static struct group *find_group(struct groups *groups, const char *key, size_t key_len)
{
	uintptr_t known = (uintptr_t)strmap_get_len(&groups->by_key, key, key_len);
	if (known)
		return &groups->list[known - 1];
	if (!array_reserve(&groups->list, &groups->cap, groups->count + 1, sizeof(*groups->list)))
		return NULL;
	if (!strmap_put_len(&groups->by_key, key, key_len, (void *)(groups->count + 1)))
		return NULL;
	struct group *group = &groups->list[groups->count++];
	memset(group, 0, sizeof(*group));
	return group;
}

static struct group_model *find_model(struct group *group, const struct report_entry *entry)
{
	for (size_t i = 0; i < group->model_count; i++)
		if (group->models[i].model == entry->model)
			return &group->models[i];
	if (!array_reserve(&group->models, &group->model_cap, group->model_count + 1, sizeof(*group->models)))
		return NULL;
	struct group_model *model = &group->models[group->model_count++];
	*model = (struct group_model){ .model = entry->model, .name = entry->model_name,
				       .silent = entry->model_silent, .first = { INT64_MAX, UINT32_MAX, 0 } };
	return model;
}

/* The entry with the first message names the row's project. */
static void take_home(struct group *group, const struct report_entry *entry)
{
	group->first_ms = entry->first_ms;
	group->path = entry->home;
	group->root_len = entry->home_root_len;
	group->session_id = entry->session_id;
}

static bool add_entry(struct report_work *work, struct groups *groups, const struct report_entry *entry)
{
	char key[KEY_SIZE];
	size_t key_len = write_key(work, entry, key);
	struct report_place place = report_place_of(work, entry);
	struct group *group = find_group(groups, key, key_len);
	struct group_model *model = group ? find_model(group, entry) : NULL;
	if (!model)
		return false;
	if (group->first_ms == 0 && group->last_ms == 0) {
		group->first = place;
		take_home(group, entry);
		snprintf(group->key, sizeof(group->key), "%.15s", key);
	}
	if (entry->first_ms < group->first_ms)
		take_home(group, entry);
	if (entry->last_ms > group->last_ms)
		group->last_ms = entry->last_ms;
	if (report_place_compare(place, group->first) < 0)
		group->first = place;
	if (report_place_compare(place, model->first) < 0)
		model->first = place;
	price_tokens_add(&group->tokens, &entry->tokens, 1);
	price_tokens_add(&model->tokens, &entry->tokens, 1);
	group->cost_usd += entry->cost_usd;
	model->cost_usd += entry->cost_usd;
	model->unpriced = model->unpriced || entry->unpriced;
	if (entry->unpriced)
		report_note_unpriced(work, entry->model, entry->model_name);
	return true;
}

/* ---- order ---- */

static int compare_days(const void *a, const void *b)
{
	return strcmp(((const struct group *)a)->key, ((const struct group *)b)->key);
}

/* Sessions: the dearest first, as ccusage has them. */
static int compare_sessions(const void *a, const void *b)
{
	const struct group *left = a, *right = b;
	if (left->cost_usd > right->cost_usd || left->cost_usd < right->cost_usd)
		return left->cost_usd > right->cost_usd ? -1 : 1;
	return report_place_compare(left->first, right->first);
}

static int compare_model_places(const void *a, const void *b)
{
	return report_place_compare(((const struct group_model *)a)->first,
				    ((const struct group_model *)b)->first);
}

static int compare_model_costs(const void *a, const void *b)
{
	const struct group_model *left = a, *right = b;
	if (left->cost_usd > right->cost_usd || left->cost_usd < right->cost_usd)
		return left->cost_usd > right->cost_usd ? -1 : 1;
	return compare_model_places(a, b);
}

/* ---- rows ---- */

static void put_breakdowns(struct jsonw *w, const struct group *group)
{
	jsonw_key(w, "modelBreakdowns");
	jsonw_begin_array(w);
	for (size_t i = 0; i < group->model_count; i++) {
		const struct group_model *model = &group->models[i];
		if (model->silent)
			continue;
		jsonw_begin_object(w);
		jsonw_put_int(w, "cacheCreationTokens", price_tokens_created(&model->tokens));
		jsonw_put_int(w, "cacheReadTokens", model->tokens.cache_read);
		report_write_usd(w, "cost", model->cost_usd);
		jsonw_put_int(w, "inputTokens", model->tokens.input);
		if (model->unpriced)
			jsonw_put_bool(w, "missingPricing", true);
		jsonw_put_string(w, "modelName", model->name);
		jsonw_put_int(w, "outputTokens", model->tokens.output);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void put_models(struct jsonw *w, const struct group *group)
{
	jsonw_key(w, "modelsUsed");
	jsonw_begin_array(w);
	for (size_t i = 0; i < group->model_count; i++)
		if (!group->models[i].silent)
			jsonw_string(w, group->models[i].name);
	jsonw_end_array(w);
}

static void put_session(struct report_work *work, struct jsonw *w, const struct group *group)
{
	const char *relative = group->path + group->root_len;
	const char *slash = strchr(relative, '/');
	struct slice project = report_project_of(work, relative);
	/* A transcript in projects/ itself has no project, and ccusage names it by its file. */
	jsonw_key(w, "projectPath");
	if (project.len > 0)
		jsonw_string_len(w, project.data, project.len);
	else
		jsonw_string(w, "Unknown Project");
	jsonw_put_string(w, "sessionId", slash ? group->session_id : relative);
}

static void write_row(struct report_work *work, struct group *group)
{
	enum report_kind kind = work->options->kind;
	struct jsonw w;
	report_begin_row(work, &w);
	jsonw_put_int(&w, "cacheCreationTokens", price_tokens_created(&group->tokens));
	jsonw_put_int(&w, "cacheReadTokens", group->tokens.cache_read);
	if (kind == REPORT_DAILY)
		jsonw_put_string(&w, "date", group->key);
	if (kind == REPORT_SESSIONS)
		report_write_time(&w, "firstActivity", group->first_ms);
	jsonw_put_int(&w, "inputTokens", group->tokens.input);
	if (kind == REPORT_SESSIONS)
		report_write_time(&w, "lastActivity", group->last_ms);
	qsort(group->models, group->model_count, sizeof(*group->models), compare_model_costs);
	put_breakdowns(&w, group);
	qsort(group->models, group->model_count, sizeof(*group->models), compare_model_places);
	put_models(&w, group);
	if (kind == REPORT_MONTHLY)
		jsonw_put_string(&w, "month", group->key);
	jsonw_put_int(&w, "outputTokens", group->tokens.output);
	if (kind == REPORT_SESSIONS)
		put_session(work, &w, group);
	report_write_usd(&w, "totalCost", group->cost_usd);
	jsonw_put_int(&w, "totalTokens", price_tokens_total(&group->tokens));
	if (kind == REPORT_WEEKLY)
		jsonw_put_string(&w, "week", group->key);
	report_end_row(work, &w);
}

static void write_totals(struct report_work *work, const struct groups *groups)
{
	struct price_tokens tokens = { 0 };
	double cost_usd = 0.;
	struct jsonw w;
	for (size_t i = 0; i < groups->count; i++) {
		price_tokens_add(&tokens, &groups->list[i].tokens, 1);
		cost_usd += groups->list[i].cost_usd;
	}
	jsonw_init(&w, &work->out->totals);
	jsonw_begin_object(&w);
	jsonw_put_int(&w, "cacheCreationTokens", price_tokens_created(&tokens));
	jsonw_put_int(&w, "cacheReadTokens", tokens.cache_read);
	jsonw_put_int(&w, "inputTokens", tokens.input);
	jsonw_put_int(&w, "outputTokens", tokens.output);
	report_write_usd(&w, "totalCost", cost_usd);
	jsonw_put_int(&w, "totalTokens", price_tokens_total(&tokens));
	if (work->out->unpriced_count > 0) {
		jsonw_key(&w, "unpricedModels");
		jsonw_begin_array(&w);
		for (size_t i = 0; i < work->out->unpriced_count; i++)
			jsonw_string(&w, work->out->unpriced[i]);
		jsonw_end_array(&w);
	}
	jsonw_end_object(&w);
}

void report_make_groups(struct report_work *work)
{
	struct groups groups = { 0 };
	struct report_entry entry;
	for (size_t i = 0; !work->failed && work->source.entry_at(work->source.ctx, i, &entry); i++)
		if (report_wants_entry(work, &entry))
			work->failed = !add_entry(work, &groups, &entry);
	if (!work->failed && groups.count > 0) {
		qsort(groups.list, groups.count, sizeof(*groups.list),
		      work->options->kind == REPORT_SESSIONS ? compare_sessions : compare_days);
		for (size_t i = 0; i < groups.count; i++)
			write_row(work, &groups.list[i]);
		report_sort_unpriced(work);
		write_totals(work, &groups);
	}
	for (size_t i = 0; i < groups.count; i++)
		free(groups.list[i].models);
	free(groups.list);
	strmap_release(&groups.by_key);
}
