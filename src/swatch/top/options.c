#include "swatch/top/options.h"

#include <string.h>

#include "swatch/ui/terminal.h"

static const char *const sort_names[TOP_SORTS] = {
	[TOP_BY_ACTIVITY] = "activity", [TOP_BY_COST] = "cost", [TOP_BY_RATE] = "rate",
	[TOP_BY_CONTEXT] = "context", [TOP_BY_TOKENS] = "tokens", [TOP_BY_AGENTS] = "agents",
	[TOP_BY_MODEL] = "model", [TOP_BY_NAME] = "name",
};

const char *top_sort_name(enum top_sort sort)
{
	return sort_names[sort];
}

static bool take_sort(struct top_options *options, const char *name)
{
	for (size_t i = 0; i < TOP_SORTS; i++) {
		if (strcmp(sort_names[i], name) == 0) {
			options->sort = (enum top_sort)i;
			return true;
		}
	}
	terminal_error("top: --sort '%s' is not one of: activity, cost, rate, context, tokens, agents, "
		       "model, name", name);
	return false;
}

bool top_options_take(struct top_options *options, int option, const char *argument)
{
	switch (option) {
	case 's':
		return take_sort(options, argument);
	case 'r':
		options->reversed = true;
		return true;
	default:
		options->active_only = true;
		return true;
	}
}
