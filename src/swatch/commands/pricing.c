/* swatch pricing: what models cost, and where each price comes from. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "swatch/cli/prices.h"
#include "swatch/report/fetch.h"
#include "swatch/report/options.h"
#include "swatch/report/pricing_page.h"
#include "swatch/ui/terminal.h"

/* Zero it first. */
struct text_list {
	char **texts;
	size_t count, cap;
	bool failed;             /* memory ran out: texts are missing */
};

/* Adds a copy. */
static void text_list_add(struct text_list *list, const char *text)
{
	char *copy = NULL;
	if (array_reserve(&list->texts, &list->cap, list->count + 1, sizeof(*list->texts)))
		copy = strdup(text);
	if (copy)
		list->texts[list->count++] = copy;
	list->failed = list->failed || !copy;
}

static void text_list_release(struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->texts[i]);
	free(list->texts);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts, and keeps each name once. */
static void sort_names(struct text_list *list)
{
	size_t kept = 0;
	if (list->count > 0)
		qsort(list->texts, list->count, sizeof(*list->texts), compare_names);
	for (size_t i = 0; i < list->count; i++) {
		if (kept > 0 && strcmp(list->texts[kept - 1], list->texts[i]) == 0)
			free(list->texts[i]);
		else
			list->texts[kept++] = list->texts[i];
	}
	list->count = kept;
}

static void add_known(struct text_list *list, const struct prices *prices)
{
	const struct price *price;
	for (size_t i = 0; (price = price_book_at(prices->book, i)); i++)
		text_list_add(list, price->model);
	for (size_t i = 0; i < price_table_len; i++)
		text_list_add(list, price_table[i].model);
}

/* The models that the transcripts name: the monthly report has them all. */
static int add_used(const struct invocation *invocation, struct text_list *list)
{
	struct report_request request = { .options = { .kind = REPORT_MONTHLY, .now_ms = clock_wall_ms() } };
	struct report report;
	struct report_imported imported = { .is_read = false };
	int status = report_fetch(invocation, &request, &report, &imported);
	for (size_t i = 0; i < report.row_count; i++)
		for (size_t k = 0; k < report.rows[i].model_count; k++)
			text_list_add(list, report.rows[i].models[k].name);
	for (size_t i = 0; i < report.unpriced_count; i++)
		text_list_add(list, report.unpriced[i]);
	report_imported_release(&imported);
	report_release(&report);
	return status;
}

/* Names the models without a price on stderr. */
static int say_unknown(const struct text_list *list, const struct prices *prices)
{
	int status = SWATCH_OK;
	for (size_t i = 0; i < list->count; i++) {
		struct prices_model found;
		prices_find(prices, list->texts[i], &found);
		if (found.price)
			continue;
		terminal_error("no price for %s: its tokens count as 0 USD; put one into %s, see "
			       "swatch-pricing(1)",
			       list->texts[i], prices->path ? prices->path : "pricing.json");
		status = SWATCH_FAILED;
	}
	return status;
}

static int show(const struct text_list *list, const struct prices *prices, bool as_json)
{
	AUTO_BUF out = BUF_INIT;
	struct table_device device;
	table_device_find(&device);
	bool good = !list->failed;
	if (good && as_json)
		pricing_write_json(prices, (const char *const *)list->texts, list->count, &out);
	else if (good && list->count == 0)
		buf_append_str(&out, "no models used yet; swatch pricing --all shows those that are known\n");
	else if (good)
		good = pricing_compose(prices, (const char *const *)list->texts, list->count, &device, &out);
	out.failed = out.failed || !good;
	return terminal_print(&out) ? SWATCH_OK : SWATCH_FAILED;
}

static int choose_models(const struct invocation *invocation, int argc, char **argv, bool all,
			 const struct prices *prices, struct text_list *list)
{
	int status = SWATCH_OK;
	if (all)
		add_known(list, prices);
	else if (optind >= argc)
		status = add_used(invocation, list);
	if (optind >= argc)
		sort_names(list);
	for (int i = optind; i < argc; i++)
		text_list_add(list, argv[i]);
	return status;
}

static int run_pricing(struct invocation *invocation, int argc, char **argv)
{
	bool as_json = false, all = false;
	int status;
	const struct command_target targets[] = { { 'j', &as_json, NULL }, { 'a', &all, NULL }, { 0 } };
	if (!command_read_options(invocation, argc, argv, targets, &status))
		return status;
	if (all && optind < argc) {
		terminal_error("pricing: --all and names of models do not go together");
		return SWATCH_USAGE;
	}
	struct prices prices;
	struct text_list list = { 0 };
	status = command_load_prices(invocation, &prices);
	if (status == SWATCH_OK)
		status = choose_models(invocation, argc, argv, all, &prices, &list);
	if (status == SWATCH_OK)
		status = show(&list, &prices, as_json);
	if (status == SWATCH_OK && !all) {
		int unknown = say_unknown(&list, &prices);
		/* A used model without a price is not the caller's mistake. */
		status = optind < argc ? unknown : status;
	}
	text_list_release(&list);
	prices_release(&prices);
	return status;
}

static const struct command_option options[] = {
	{ "all", 'a', NULL, "show all known models, not only those in the transcripts" },
	{ "json", 'j', NULL, "print JSON, for programs" },
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
