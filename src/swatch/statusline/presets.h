/*
 * statusline/presets: the built-in formats.
 *
 * For: statusline.c, and [statusline] preset, whose choices are these names in this order (config.h's enum).
 */
#ifndef SWATCH_SWATCH_STATUSLINE_PRESETS_H
#define SWATCH_SWATCH_STATUSLINE_PRESETS_H

#include <stdbool.h>
#include <stddef.h>

struct statusline_preset {
	const char *name;
	const char *text;      /* one line for people */
	const char *format;
	bool without_colour;   /* never in colour, whatever the environment */
};

#define STATUSLINE_DEFAULT_PRESET "full"

/* Ends with a name NULL. */
extern const struct statusline_preset statusline_presets[];

/* NULL when no preset has that name. */
const struct statusline_preset *statusline_preset_find(const char *name);

#endif
