/*
 * top/options: the options of `swatch top`.
 *
 * For: commands/top.c, which checks them before it becomes swatch-top, and main.c of that program.
 */
#ifndef SWATCH_SWATCH_TOP_OPTIONS_H
#define SWATCH_SWATCH_TOP_OPTIONS_H

#include "swatch/cli/command.h"

enum top_sort {
	TOP_BY_ACTIVITY, TOP_BY_COST, TOP_BY_RATE, TOP_BY_CONTEXT, TOP_BY_TOKENS, TOP_BY_AGENTS, TOP_BY_MODEL,
	TOP_BY_NAME, TOP_SORTS
};

struct top_options {
	enum top_sort sort;
	bool reversed, active_only;
};

/* The word for --sort: "activity", "cost". */
const char *top_sort_name(enum top_sort sort);

/*
 * Takes an option of command_next_option(). Returns false after an error message when its argument is wrong.
 */
bool top_options_take(struct top_options *options, int option, const char *argument);

#endif
