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
	unsigned place;              /* among the shown ones, in order of `first` */
};

struct group {
	struct report_place first;
	struct price_tokens tokens;
	double cost_usd;
	int64_t first_ms, last_ms;
	char key[CLOCK_DATE_SIZE];   /* of a day, week or month */
	const char *path;            /* of a session: one of its transcripts */
	size_t root_len;
	const char *session_id;
	struct group_model *models;
	size_t model_count, model_cap;
};

struct groups {
	struct group *list;
	size_t count, cap;
	struct strmap by_key;        /* -> number + 1 */
	/* The last one, and the entry that it was looked for with: most are of the one before them. */
	size_t last;
	int64_t day_ms;
	unsigned session;
	const char *home;
	const char *names[LEDGER_MODELS_MAX];  /* the report's own, by model */
};

/* ---- keys ---- */

/* The key that an entry is summed up under. Returns its length. */
static size_t write_key(const struct report_work *work, const struct report_entry *entry,
			char key[KEY_SIZE])
{
	int len = 0;
	switch (work->options->kind) {
	case REPORT_SESSIONS: {
		/* One session's id in two projects is two sessions to ccusage. */
		struct slice project = report_project_of(work, entry->home + entry->home_root_len);
		len = snprintf(key, KEY_SIZE, "%u/%.*s", entry->session, (int)project.len, project.data);
		break;
	}
	case REPORT_WEEKLY:
		clock_format_week(work->day.date, key);
		return strlen(key);
	case REPORT_MONTHLY:
		len = snprintf(key, KEY_SIZE, "%.7s", work->day.date);
		break;
	default:
		memcpy(key, work->day.date, sizeof(work->day.date));
		return strlen(key);
	}
	return len < KEY_SIZE ? (size_t)len : KEY_SIZE - 1;
}

/* ---- sums ---- */

static struct group *find_group(struct groups *groups, const char *key, size_t key_len)
{
	uintptr_t known = (uintptr_t)strmap_get_len(&groups->by_key, key, key_len);
	if (known)
		return &groups->list[known - 1];
	if (!array_reserve_many(&groups->list, &groups->cap, groups->count + 1, sizeof(*groups->list)))
		return NULL;
	if (!strmap_put_len(&groups->by_key, key, key_len, (void *)(groups->count + 1)))
		return NULL;
	struct group *group = &groups->list[groups->count++];
	memset(group, 0, sizeof(*group));
	snprintf(group->key, sizeof(group->key), "%.15s", key);
	return group;
}

/* The group of an entry; NULL when memory ran out. */
static struct group *group_of(const struct report_work *work, struct groups *groups,
			      const struct report_entry *entry)
{
	char key[KEY_SIZE];
	bool is_last = work->options->kind == REPORT_SESSIONS
			     ? groups->session == entry->session && groups->home == entry->home
			     : groups->day_ms == work->day.start_ms;
	if (is_last && groups->count > 0)
		return &groups->list[groups->last];
	struct group *group = find_group(groups, key, write_key(work, entry, key));
	if (group) {
		groups->last = (size_t)(group - groups->list);
		groups->day_ms = work->day.start_ms;
		groups->session = entry->session;
		groups->home = entry->home;
	}
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
	struct report_place place = report_place_of(work, entry);
	struct group *group = group_of(work, groups, entry);
	struct group_model *model = group ? find_model(group, entry) : NULL;
	if (!model)
		return false;
	if (group->first_ms == 0 && group->last_ms == 0) {
		group->first = place;
		take_home(group, entry);
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
		report_add_unpriced(work->out, entry->model_name);
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

/* Names the models that lists show, the dearest first, and where each stands in the row's own order. */
static bool set_models(struct report_work *work, struct groups *groups, struct group *group,
		       struct report_row *row)
{
	size_t shown = 0;
	qsort(group->models, group->model_count, sizeof(*group->models), compare_model_places);
	for (size_t i = 0; i < group->model_count; i++)
		if (!group->models[i].silent)
			group->models[i].place = (unsigned)shown++;
	qsort(group->models, group->model_count, sizeof(*group->models), compare_model_costs);
	if (!report_set_models(work->out, row, shown))
		return false;
	struct report_model *next = row->models;
	const char **names = groups->names;
	for (size_t i = 0; i < group->model_count; i++) {
		const struct group_model *model = &group->models[i];
		if (!model->silent && !names[model->model])
			names[model->model] = report_text(work->out, model->name, strlen(model->name));
		if (!model->silent)
			*next++ = (struct report_model){
				.name = names[model->model],
				.place = model->place,
				.unpriced = model->unpriced,
				.tokens = model->tokens,
				.cost_usd = model->cost_usd,
			};
	}
	return true;
}

static void name_session(struct report_work *work, const struct group *group, struct report_row *row)
{
	/* ccusage names a transcript in projects/ itself by its file. */
	const char *relative = group->path + group->root_len;
	const char *name = strchr(relative, '/') ? group->session_id : relative;
	struct slice project = report_project_of(work, relative);
	row->session_id = report_text(work->out, name, strlen(name));
	row->project = report_text(work->out, project.data, project.len);
}

static bool add_row(struct report_work *work, struct groups *groups, struct group *group)
{
	struct report_row *row = report_add_row(work->out);
	if (!row)
		return false;
	*row = (struct report_row){ .first_ms = group->first_ms,
				    .last_ms = group->last_ms,
				    .tokens = group->tokens,
				    .cost_usd = group->cost_usd };
	if (work->options->kind == REPORT_SESSIONS)
		name_session(work, group, row);
	else
		memcpy(row->period, group->key, sizeof(row->period));
	price_tokens_add(&work->out->tokens, &group->tokens, 1);
	work->out->cost_usd += group->cost_usd;
	return set_models(work, groups, group, row);
}

void report_make_groups(struct report_work *work)
{
	struct groups groups = { 0 };
	struct report_entry entry;
	bool good = true;
	for (size_t i = 0; good && work->source.entry_at(work->source.ctx, i, &entry); i++)
		if (report_wants_entry(work, &entry))
			good = add_entry(work, &groups, &entry);
	if (groups.count > 0)
		qsort(groups.list, groups.count, sizeof(*groups.list),
		      work->options->kind == REPORT_SESSIONS ? compare_sessions : compare_days);
	for (size_t i = 0; good && i < groups.count; i++)
		good = add_row(work, &groups, &groups.list[i]);
	work->out->failed = work->out->failed || !good;
	for (size_t i = 0; i < groups.count; i++)
		free(groups.list[i].models);
	free(groups.list);
	strmap_release(&groups.by_key);
}
