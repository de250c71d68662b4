/*
 * keys: the table of the settings; turns a setting's text into its value, and back.
 *
 * For: config.c and file.c, and `swatch config`, which shows the table; everybody else includes
 * config/config.h.
 */
#ifndef SWATCH_CONFIG_KEYS_H
#define SWATCH_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "config/settings.h"

enum config_type {
	CONFIG_DURATION,   /* int64_t, ms */
	CONFIG_SIZE,       /* int64_t, bytes */
	CONFIG_COUNT,      /* int64_t */
	CONFIG_USD,        /* double */
	CONFIG_USD_LIST,   /* struct config_numbers, US dollars */
	CONFIG_PERCENT_LIST, /* the same, percentages */
	CONFIG_STRING,     /* char *, owned */
	CONFIG_COMMAND,    /* the same, words with quotes */
	CONFIG_TIMEZONE,   /* the same, "" or a name of the tz database */
	CONFIG_CHOICE      /* int, the index in `choices` */
};

struct config_key {
	const char *section;
	const char *name;
	enum config_type type;
	size_t offset;                 /* of the field in struct config */
	double min, max;               /* in the field's unit; max of a string: its length */
	bool zero_is_none;             /* 0 is allowed beside min..max */
	const char *default_text;
	/* Of a choice, NULL-ended, in the order of its enum; of a number with zero_is_none, a word for 0. */
	const char *const *choices;
	const char *help;              /* one line */
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

enum config_fault { CONFIG_FINE, CONFIG_WRONG_KIND, CONFIG_OUT_OF_RANGE, CONFIG_NO_MEMORY };

/* Sets one key from its text. The config stays as it was unless this returns CONFIG_FINE. */
enum config_fault config_set_key(struct config *config, const struct config_key *key, const char *text);

/* Adds " " and `more` to a key that holds a string. */
enum config_fault config_extend_key(struct config *config, const struct config_key *key, const char *more);

/* The kind of a key's value: "a duration"; and the allowed values: "1s to 10m, such as 60s". */
const char *config_kind_name(const struct config_key *key);
void config_append_allowed(const struct config_key *key, struct buf *out);

/* A setting's value as the file has it: "50ms". */
void config_append_value(const struct config *config, const struct config_key *key, struct buf *out);

/* True for the types whose field is a string. */
bool config_key_is_text(const struct config_key *key);

#endif
