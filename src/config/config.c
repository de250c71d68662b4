#include "config/config.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/paths.h"
#include "base/scope.h"
#include "base/zone.h"
#include "config/keys.h"

struct unit {
	const char *name;
	double factor;
};

/* The largest first and the smallest last, as append_with_unit() needs them. */
static const struct unit duration_units[] = {
	{ "w", 604800000. }, { "d", 86400000. }, { "h", 3600000. }, { "m", 60000. }, { "min", 60000. },
	{ "s", 1000. }, { "", 1000. }, { "ms", 1. }, { NULL, 0 },
};

static const struct unit size_units[] = {
	{ "G", 1073741824. }, { "M", 1048576. }, { "K", 1024. }, { "", 1. }, { NULL, 0 },
};

/* Reads the plain decimal at the start of a text, not hex or "inf"; *rest is the unit after it. */
static bool read_amount(const char *text, double *out, const char **rest)
{
	size_t len = strspn(text, "0123456789.");
	char *end;
	if (len == 0 || len > 18)
		return false;
	errno = 0;
	*out = strtod(text, &end);
	if (errno != 0 || end != text + len)
		return false;
	*rest = end + strspn(end, " ");
	return true;
}

static bool read_with_unit(const char *text, const struct unit *units, bool fold_case, int64_t *out)
{
	double amount;
	const char *name;
	if (!read_amount(text, &amount, &name))
		return false;
	for (; units->name; units++) {
		bool same = (fold_case ? strcasecmp(name, units->name) : strcmp(name, units->name)) == 0;
		if (same && amount * units->factor < 1e15) {
			*out = llround(amount * units->factor);
			return true;
		}
	}
	return false;
}

bool config_parse_duration(const char *text, int64_t *out_ms)
{
	return read_with_unit(text, duration_units, false, out_ms);
}

bool config_parse_size(const char *text, int64_t *out_bytes)
{
	return read_with_unit(text, size_units, true, out_bytes);
}

/* Writes a whole number in the largest unit that divides it: "7d", "50ms", "64M". */
static void append_with_unit(struct buf *out, int64_t value, const struct unit *units, const char *zero)
{
	/* The smallest unit divides everything. */
	while (value % (int64_t)units->factor != 0)
		units++;
	if (value == 0)
		buf_append_str(out, zero);
	else
		buf_printf(out, "%" PRId64 "%s", value / (int64_t)units->factor, units->name);
}

static void append_usd(struct buf *out, double value)
{
	char text[64];
	for (int decimals = 0; decimals <= 17; decimals++) {
		snprintf(text, sizeof(text), "%.*f", decimals, value);
		if (strtod(text, NULL) == value)
			break;
	}
	buf_append_str(out, text);
}

static void append_number(const struct config_key *key, double value, struct buf *out)
{
	/* Weeks, the first unit, are read but never written. */
	if (key->type == CONFIG_DURATION)
		append_with_unit(out, llround(value), duration_units + 1, "0s");
	else if (key->type == CONFIG_SIZE)
		append_with_unit(out, llround(value), size_units, "0");
	else if (key->type == CONFIG_COUNT)
		buf_printf(out, "%.0f", value);
	else
		append_usd(out, value);
}

static bool is_list(const struct config_key *key)
{
	return key->type == CONFIG_USD_LIST || key->type == CONFIG_PERCENT_LIST;
}

static void append_list(const struct config_numbers *list, struct buf *out)
{
	for (size_t i = 0; i < list->count; i++) {
		buf_append_str(out, i ? ", " : "");
		append_usd(out, list->at[i]);
	}
}

/* "forever"; NULL for a key that has no such word. */
static const char *word_for_zero(const struct config_key *key)
{
	return key->zero_is_none && key->choices ? key->choices[0] : NULL;
}

bool config_key_is_text(const struct config_key *key)
{
	return key->type == CONFIG_STRING || key->type == CONFIG_COMMAND || key->type == CONFIG_TIMEZONE;
}

const char *config_kind_name(const struct config_key *key)
{
	static const char *const names[] = {
		[CONFIG_DURATION] = "a duration",
		[CONFIG_SIZE] = "a size",
		[CONFIG_COUNT] = "a whole number",
		[CONFIG_USD] = "an amount of US dollars",
		[CONFIG_USD_LIST] = "a list of amounts of US dollars",
		[CONFIG_PERCENT_LIST] = "a list of percentages",
		[CONFIG_STRING] = "a text",
		[CONFIG_COMMAND] = "a text",
		[CONFIG_TIMEZONE] = "a time zone of this machine",
		[CONFIG_CHOICE] = "one of the choices",
	};
	return names[key->type];
}

void config_append_allowed(const struct config_key *key, struct buf *out)
{
	if (key->type == CONFIG_CHOICE) {
		for (size_t i = 0; key->choices[i]; i++)
			buf_printf(out, "%s%s", i ? ", " : "", key->choices[i]);
		return;
	}
	if (key->type == CONFIG_TIMEZONE) {
		buf_append_str(out, "a name of the tz database, such as Europe/Berlin, or nothing");
		return;
	}
	if (config_key_is_text(key)) {
		buf_printf(out, "%.0f bytes at most", key->max);
		return;
	}
	if (is_list(key)) {
		buf_printf(out, "up to %d numbers with commas between, each ", CONFIG_NUMBERS_MAX);
		append_number(key, key->min, out);
		buf_append_str(out, " to ");
		append_number(key, key->max, out);
		buf_append_str(out, ", or nothing");
		return;
	}
	if (word_for_zero(key))
		buf_printf(out, "%s, or ", word_for_zero(key));
	else if (key->zero_is_none)
		buf_append_str(out, "0 (none), or ");
	append_number(key, key->min, out);
	buf_append_str(out, " to ");
	append_number(key, key->max, out);
	if (!key->zero_is_none)
		buf_printf(out, ", such as %s", key->default_text);
}

bool config_is_time_zone(const char *name)
{
	const char *database = zone_database();
	struct stat st;
	errno = 0;
	if (*name == '\0')
		return true;
	/* The C library would read any file of that name, even a FIFO. */
	if (name[0] == '/' || name[0] == ':' || strstr(name, ".."))
		return false;
	if (stat(database, &st) != 0)
		return true;
	for (const char *c = name; *c; c++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/", *c))
			return false;
	AUTO_FREE char *path = paths_join(database, name);
	bool known = path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
	errno = !path ? ENOMEM : known || errno == ENOENT || errno == ENOTDIR ? 0 : errno;
	return known;
}

static enum config_fault set_text(char **field, const struct config_key *key, const char *text)
{
	if (strlen(text) > (size_t)key->max)
		return CONFIG_OUT_OF_RANGE;
	if (key->type == CONFIG_TIMEZONE && !config_is_time_zone(text))
		return errno == ENOMEM ? CONFIG_NO_MEMORY : CONFIG_WRONG_KIND;
	char *copy = strdup(text);
	if (!copy)
		return CONFIG_NO_MEMORY;
	free(*field);
	*field = copy;
	return CONFIG_FINE;
}

static enum config_fault set_choice(int *field, const struct config_key *key, const char *text)
{
	for (int i = 0; key->choices[i]; i++) {
		if (strcmp(text, key->choices[i]) == 0) {
			*field = i;
			return CONFIG_FINE;
		}
	}
	return CONFIG_WRONG_KIND;
}

static bool read_number(const struct config_key *key, const char *text, double *out)
{
	int64_t whole = 0;
	const char *rest = "";
	bool good;
	*out = 0;
	if (word_for_zero(key) && strcmp(text, word_for_zero(key)) == 0)
		return true;
	switch (key->type) {
	case CONFIG_DURATION:
		good = config_parse_duration(text, &whole);
		*out = (double)whole;
		return good;
	case CONFIG_SIZE:
		good = config_parse_size(text, &whole);
		*out = (double)whole;
		return good;
	case CONFIG_COUNT:
		return !strchr(text, '.') && read_amount(text, out, &rest) && !*rest;
	default:
		return read_amount(text, out, &rest) && !*rest;
	}
}

/* Inserts a number into the sorted list, unless it has it. Returns false when there are too many. */
static bool add_to_list(struct config_numbers *list, double number)
{
	size_t at = list->count;
	for (size_t i = 0; i < list->count; i++)
		if (list->at[i] == number)
			return true;
	if (list->count == CONFIG_NUMBERS_MAX)
		return false;
	for (; at > 0 && list->at[at - 1] > number; at--)
		list->at[at] = list->at[at - 1];
	list->at[at] = number;
	list->count++;
	return true;
}

/* Reads "80, 95%": numbers with commas between, each with a unit or without. */
static enum config_fault set_list(struct config_numbers *field, const struct config_key *key,
				  const char *text)
{
	const char *unit = key->type == CONFIG_PERCENT_LIST ? "%" : "usd";
	struct config_numbers list = { 0 };
	const char *at = text + strspn(text, " \t");
	while (*at) {
		double number;
		if (!read_amount(at, &number, &at))
			return CONFIG_WRONG_KIND;
		if (strncasecmp(at, unit, strlen(unit)) == 0)
			at += strlen(unit);
		at += strspn(at, " \t");
		if (*at != ',' && *at != '\0')
			return CONFIG_WRONG_KIND;
		if (number < key->min || number > key->max || !add_to_list(&list, number))
			return CONFIG_OUT_OF_RANGE;
		bool more = *at == ',';
		at += more;
		at += strspn(at, " \t");
		if (more && *at == '\0')
			return CONFIG_WRONG_KIND;
	}
	*field = list;
	return CONFIG_FINE;
}

static void *field_of(struct config *config, const struct config_key *key)
{
	return (char *)config + key->offset;
}

enum config_fault config_set_key(struct config *config, const struct config_key *key, const char *text)
{
	void *field = field_of(config, key);
	double number = 0;
	if (config_key_is_text(key))
		return set_text(field, key, text);
	if (key->type == CONFIG_CHOICE)
		return set_choice(field, key, text);
	if (is_list(key))
		return set_list(field, key, text);
	if (!read_number(key, text, &number))
		return CONFIG_WRONG_KIND;
	bool is_none = key->zero_is_none && number == 0;
	if (!is_none && (number < key->min || number > key->max))
		return CONFIG_OUT_OF_RANGE;
	if (key->type == CONFIG_USD)
		*(double *)field = number;
	else
		*(int64_t *)field = (int64_t)number;
	return CONFIG_FINE;
}

enum config_fault config_extend_key(struct config *config, const struct config_key *key, const char *more)
{
	char **field = field_of(config, key);
	AUTO_BUF joined = BUF_INIT;
	buf_printf(&joined, "%s%s%s", *field, **field ? " " : "", more);
	return joined.failed ? CONFIG_NO_MEMORY : set_text(field, key, buf_str(&joined));
}

bool config_init(struct config *config)
{
	memset(config, 0, sizeof(*config));
	for (size_t i = 0; i < config_key_count; i++) {
		if (config_set_key(config, &config_keys[i], config_keys[i].default_text) != CONFIG_FINE) {
			config_release(config);
			return false;
		}
	}
	return true;
}

void config_release(struct config *config)
{
	for (size_t i = 0; i < config_key_count; i++) {
		if (!config_key_is_text(&config_keys[i]))
			continue;
		char **field = field_of(config, &config_keys[i]);
		free(*field);
		*field = NULL;
	}
}

void config_append_value(const struct config *config, const struct config_key *key, struct buf *out)
{
	const void *field = (const char *)config + key->offset;
	if (config_key_is_text(key))
		buf_append_str(out, *(char *const *)field);
	else if (key->type == CONFIG_CHOICE)
		buf_append_str(out, key->choices[*(const int *)field]);
	else if (key->type == CONFIG_USD)
		append_number(key, *(const double *)field, out);
	else if (is_list(key))
		append_list(field, out);
	else if (word_for_zero(key) && *(const int64_t *)field == 0)
		buf_append_str(out, word_for_zero(key));
	else
		append_number(key, (double)*(const int64_t *)field, out);
}

void config_write_defaults(struct buf *out)
{
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		if (i == 0 || strcmp(key->section, key[-1].section) != 0)
			buf_printf(out, "%s[%s]\n", i ? "\n" : "", key->section);
		buf_printf(out, "# %s\n# allowed: ", key->help);
		config_append_allowed(key, out);
		buf_append_char(out, '\n');
		buf_printf(out, "%s =%s%s\n", key->name, *key->default_text ? " " : "", key->default_text);
	}
}
