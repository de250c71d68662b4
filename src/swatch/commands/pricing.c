/* swatch pricing: what models cost, and where that is known from. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cache/read.h"
#include "ipc/client.h"
#include "swatch/cli/command.h"
#include "swatch/report/fetch.h"
#include "swatch/report/pricing_page.h"
#include "swatch/ui/terminal.h"

struct model_names {
	char **names;
	size_t count, cap;
	bool failed;
};

static void add_name(struct model_names *list, const char *name)
{
	if (list->count == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 32;
		char **grown = reallocarray(list->names, cap, sizeof(*grown));
		if (!grown) {
			list->failed = true;
			return;
		}
		list->names = grown;
		list->cap = cap;
	}
	char *copy = strdup(name);
	if (copy)
		list->names[list->count++] = copy;
	list->failed = list->failed || !copy;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts, and keeps each name once. */
static void sort_names(struct model_names *list)
{
	size_t kept = 0;
	if (list->count > 0)
		qsort(list->names, list->count, sizeof(*list->names), compare_names);
	for (size_t i = 0; i < list->count; i++) {
		if (kept > 0 && strcmp(list->names[kept - 1], list->names[i]) == 0)
			free(list->names[i]);
		else
			list->names[kept++] = list->names[i];
	}
	list->count = kept;
}

static void release_names(struct model_names *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
}

static void add_known(struct model_names *list, const struct prices *prices)
{
	const struct price *price;
	for (size_t i = 0; (price = price_book_at(prices->book, i)); i++)
		add_name(list, price->model);
	for (size_t i = 0; i < price_table_len; i++)
		add_name(list, price_table[i].model);
}

static void add_models_of(struct model_names *list, const char *row)
{
	struct json_object *month = client_parse(row, strlen(row));
	struct json_object *models = NULL;
	list->failed = list->failed || (!month && errno == ENOMEM);
	if (json_object_object_get_ex(month, "modelBreakdowns", &models) && json_object_is_type(models, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(models); i++) {
			const char *name = json_get_string(json_object_array_get_idx(models, i), "modelName");
			if (name)
				add_name(list, name);
		}
	}
	json_object_put(month);
}

/* The models that the transcripts name: the monthly report has them all. */
static int add_used(const struct invocation *invocation, struct model_names *list)
{
	struct report_request request = { .options = { .kind = REPORT_MONTHLY, .now_ms = clock_wall_ms() } };
	struct report_data data;
	int status = report_fetch(invocation, &request, &data);
	for (size_t i = 0; i < data.row_count; i++)
		add_models_of(list, data.rows[i]);
	for (size_t i = 0; i < data.unpriced_count; i++)
		add_name(list, data.unpriced[i]);
	report_data_release(&data);
	return status;
}

/* Models that were asked for by name and are not known. */
static int say_unknown(const struct model_names *list, const struct prices *prices)
{
	int status = SWATCH_OK;
	for (size_t i = 0; i < list->count; i++) {
		struct prices_model found;
		prices_find(prices, list->names[i], &found);
		if (found.price)
			continue;
		terminal_error("no price for %s: its tokens count as 0 USD; put one into %s, see swatch-pricing(1)",
			       list->names[i], prices->path ? prices->path : "pricing.json");
		status = SWATCH_FAILED;
	}
	return status;
}

static int show(const struct model_names *list, const struct prices *prices, bool as_json)
{
	struct buf out = BUF_INIT;
	struct table_device device;
	table_device_find(&device);
	bool good = !list->failed;
	if (good && as_json)
		pricing_write_json(prices, (const char *const *)list->names, list->count, &out);
	else if (good && list->count == 0)
		buf_append_str(&out, "no models used yet; swatch pricing --all shows those that are known\n");
	else if (good)
		good = pricing_compose(prices, (const char *const *)list->names, list->count, &device, &out);
	out.failed = out.failed || !good;
	good = terminal_print(&out);
	buf_release(&out);
	return good ? SWATCH_OK : SWATCH_FAILED;
}

/* Fills the list as the command line asks for. */
static int choose_models(const struct invocation *invocation, int argc, char **argv, bool all,
			 const struct prices *prices, struct model_names *list)
{
	int status = SWATCH_OK;
	if (all)
		add_known(list, prices);
	else if (optind >= argc)
		status = add_used(invocation, list);
	if (optind >= argc)
		sort_names(list);
	for (int i = optind; i < argc; i++)
		add_name(list, argv[i]);
	return status;
}

static int run_pricing(struct invocation *invocation, int argc, char **argv)
{
	bool as_json = false, all = false;
	int option;
	while ((option = command_next_option(invocation, argc, argv)) != COMMAND_OPTIONS_END) {
		if (option != 'j' && option != 'a')
			return command_options_status(option);
		as_json = as_json || option == 'j';
		all = all || option == 'a';
	}
	if (all && optind < argc) {
		terminal_error("pricing: --all and names of models do not go together");
		return SWATCH_USAGE;
	}
	struct prices prices;
	struct model_names list = { 0 };
	int status = prices_load(invocation, &prices);
	if (status == SWATCH_OK)
		status = choose_models(invocation, argc, argv, all, &prices, &list);
	if (status == SWATCH_OK)
		status = show(&list, &prices, as_json);
	if (status == SWATCH_OK && !all) {
		int unknown = say_unknown(&list, &prices);
		/* That a model was used is not the caller's mistake. */
		status = optind < argc ? unknown : status;
	}
	release_names(&list);
	prices_release(&prices);
	return status;
}

static const struct command_option options[] = {
	{ "all", 'a', NULL, "every known model, used or not" },
	{ "json", 'j', NULL, "as JSON, for programs" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_pricing = {
	.name = "pricing",
	.usage = "[--all] [--json] [MODEL...]",
	.summary = "what models cost, and where each price comes from",
	.options = options,
	.flags = COMMAND_NEEDS_CACHE,
	.max_arguments = 1000,
	.run = run_pricing,
};
