#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/ini.h"
#include "base/paths.h"
#include "base/scope.h"
#include "config/config.h"
#include "config/keys.h"

/* A file with so many lines that do not parse is not a swatch.conf. */
#define FORM_FAULTS_MAX 50
#define NO_KEY config_key_count

struct reading {
	struct config *config;
	const char *path;
	struct buf *errors;
	bool failed;
	int line;                     /* the present one; 0: a fault concerns the whole file */
	struct slice section;
};

static void report(struct reading *reading, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void report(struct reading *reading, const char *format, ...)
{
	va_list args;
	reading->failed = true;
	buf_append_str(reading->errors, reading->path);
	if (reading->line > 0)
		buf_printf(reading->errors, ":%d", reading->line);
	buf_append_str(reading->errors, ": ");
	va_start(args, format);
	buf_vprintf(reading->errors, format, args);
	va_end(args);
	buf_append_char(reading->errors, '\n');
}

/* Returns the key's place in the table, NO_KEY when it has none. */
static size_t find_key(struct slice section, struct slice name)
{
	size_t i = 0;
	while (i < config_key_count
	       && !(slice_equals(section, config_keys[i].section) && slice_equals(name, config_keys[i].name)))
		i++;
	return i;
}

static void append_keys_of(struct slice section, struct buf *out)
{
	const char *comma = "";
	for (size_t i = 0; i < config_key_count; i++) {
		if (!slice_equals(section, config_keys[i].section))
			continue;
		buf_printf(out, "%s%s", comma, config_keys[i].name);
		comma = ", ";
	}
}

static void append_sections(struct buf *out)
{
	for (size_t i = 0; i < config_key_count; i++)
		if (i == 0 || strcmp(config_keys[i].section, config_keys[i - 1].section) != 0)
			buf_printf(out, "%s[%s]", i ? ", " : "", config_keys[i].section);
}

static void report_unknown(struct reading *reading, struct slice name)
{
	AUTO_BUF allowed = BUF_INIT;
	struct slice section = reading->section;
	int section_len = (int)section.len, name_len = (int)name.len;
	bool is_section = false;
	const char *home = NULL;  /* the section that does have such a key */
	for (size_t i = 0; i < config_key_count; i++) {
		is_section = is_section || slice_equals(section, config_keys[i].section);
		if (!home && slice_equals(name, config_keys[i].name))
			home = config_keys[i].section;
	}
	if (is_section && !home)
		append_keys_of(section, &allowed);
	else
		append_sections(&allowed);
	if (!is_section && section_len > 0)
		report(reading, "there is no section [%.*s]; allowed: %s", section_len, section.data,
		       buf_str(&allowed));
	else if (home)
		report(reading, "'%.*s' belongs in [%s]", name_len, name.data, home);
	else if (section_len > 0)
		report(reading, "there is no key '%.*s' in [%.*s]; allowed: %s", name_len, name.data,
		       section_len, section.data, buf_str(&allowed));
	else
		report(reading, "'%.*s' stands before the first section; sections: %s", name_len, name.data,
		       buf_str(&allowed));
}

static void report_value(struct reading *reading, const struct config_key *key, const char *value,
			 enum config_fault fault)
{
	AUTO_BUF allowed = BUF_INIT;
	if (fault == CONFIG_NO_MEMORY) {
		report(reading, "[%s] %s = %s: out of memory", key->section, key->name, value);
		return;
	}
	config_append_allowed(key, &allowed);
	bool wrong = fault == CONFIG_WRONG_KIND;
	const char *what = wrong                     ? config_kind_name(key)
			   : config_key_is_text(key) ? "too long"
						     : "out of range";
	report(reading, "[%s] %s = %s: %s%s; allowed: %s", key->section, key->name, value,
	       wrong ? "not " : "", what, buf_str(&allowed));
}

/* Whether an indented line looks like a setting or a section of its own. */
static bool looks_like_setting(const char *text)
{
	if (text[0] == '[')
		return true;
	size_t len = strcspn(text, " \t=:");
	size_t separator = len + strspn(text + len, " \t");
	if (text[separator] != '=' && text[separator] != ':')
		return false;
	for (size_t i = 0; i < config_key_count; i++)
		if (strlen(config_keys[i].name) == len && strncmp(config_keys[i].name, text, len) == 0)
			return true;
	return false;
}

/* Takes an indented line, which continues the value before it. Only texts can have more lines. */
static void take_more(struct reading *reading, const struct config_key *key, const char *more)
{
	if (!config_key_is_text(key) || looks_like_setting(more)) {
		report(reading, "an indented line goes on with the value of '%s' before it; "
				"begin a setting at the start of its line", key->name);
		return;
	}
	enum config_fault fault = config_extend_key(reading->config, key, more);
	if (fault != CONFIG_FINE)
		report_value(reading, key, more, fault);
}

static void take_setting(struct reading *reading, size_t index, const char *value)
{
	reading->config->lines[index] = reading->line;
	enum config_fault fault = config_set_key(reading->config, &config_keys[index], value);
	if (fault != CONFIG_FINE)
		report_value(reading, &config_keys[index], value, fault);
}

/* Takes a setting or more of it; *index is the key whose value an indented line continues. */
static void take_line(struct reading *reading, const struct ini_line *line, size_t *index)
{
	if (line->kind == INI_SETTING) {
		*index = find_key(reading->section, line->name);
		if (*index == NO_KEY)
			report_unknown(reading, line->name);
	}
	if (*index == NO_KEY)
		return;
	AUTO_FREE char *value = strndup(line->value.data, line->value.len);
	if (!value)
		report_value(reading, &config_keys[*index], "", CONFIG_NO_MEMORY);
	else if (line->kind == INI_SETTING)
		take_setting(reading, *index, value);
	else
		take_more(reading, &config_keys[*index], value);
}

/* Returns the line on which a key was set last. */
static int line_of(const struct reading *reading, const char *section, const char *name)
{
	struct slice in = { section, strlen(section) }, key = { name, strlen(name) };
	return reading->config->lines[find_key(in, key)];
}

/* Reports of a fault of two keys together name the later one's line. */
static void go_to_later(struct reading *reading, const char *section, const char *one, const char *other)
{
	int a = line_of(reading, section, one), b = line_of(reading, section, other);
	reading->line = a > b ? a : b;
}

static bool has_open_quote(const char *command)
{
	char quote = '\0';
	for (const char *c = command; *c; c++) {
		if (quote && *c == quote)
			quote = '\0';
		else if (!quote && (*c == '\'' || *c == '"'))
			quote = *c;
		else if (*c == '\\' && quote != '\'' && c[1])
			c++;
	}
	return quote != '\0';
}

/* The grammar does not know quotes, and cuts a value at " ;" even inside them. */
static void check_quotes(struct reading *reading, const char *section, const char *command)
{
	if (!has_open_quote(command))
		return;
	reading->line = line_of(reading, section, "command");
	report(reading,
	       "[%s] command: a quote is not closed; a ; after a blank begins a comment, in quotes too",
	       section);
}

/* Checks keys that depend on each other. */
static void check_together(struct reading *reading)
{
	const struct config *config = reading->config;
	if (config->ccusage_settle_ms > config->ccusage_max_delay_ms) {
		go_to_later(reading, "ccusage", "settle", "max_delay");
		report(reading, "[ccusage] settle is longer than max_delay; allowed: settle up to max_delay");
	}
	if (config->ccusage_burn_low_usd > config->ccusage_burn_high_usd) {
		go_to_later(reading, "ccusage", "burn_low", "burn_high");
		report(reading, "[ccusage] burn_low is above burn_high; allowed: burn_low up to burn_high");
	}
	check_quotes(reading, "ccusage", config->ccusage_command);
	check_quotes(reading, "alerts", config->alerts_command);
}

static void parse_text(struct reading *reading, const char *text, size_t len)
{
	struct ini_reader reader = { .text = text, .len = len };
	struct ini_line line;
	size_t form_faults = 0, key = NO_KEY;
	while (form_faults <= FORM_FAULTS_MAX && ini_next(&reader, &line)) {
		reading->line = line.number;
		reading->section = reader.section;
		if (memchr(text + line.start, '\0', line.end - line.start)) {
			report(reading, "contains a NUL byte: this is not a text file");
			return;
		}
		if (line.too_long) {
			report(reading, "line too long: %d bytes at most; a text may go on in indented lines",
			       INI_LINE_MAX_BYTES);
			key = NO_KEY;
			form_faults++;
		} else if (line.kind == INI_FAULT) {
			report(reading, "neither a [section], nor key = value, nor a comment (; or #)");
			form_faults++;
		} else if (line.kind == INI_SETTING || line.kind == INI_MORE) {
			take_line(reading, &line, &key);
		}
	}
	if (!reading->failed)
		check_together(reading);
}

int config_read_file(struct config *config, const char *path, bool required, struct buf *errors)
{
	struct reading reading = { .config = config, .path = path, .errors = errors };
	AUTO_BUF text = BUF_INIT;
	if (file_read_regular(AT_FDCWD, path, 0, CONFIG_FILE_MAX_BYTES, &text))
		parse_text(&reading, buf_str(&text), text.len);
	else if (errno == ENOENT && required)
		report(&reading, "does not exist");
	else if (errno == EINVAL)
		report(&reading, "is not a regular file");
	else if (errno == EFBIG)
		report(&reading, "is larger than 64 KiB: this is not a swatch.conf");
	else if (errno != ENOENT)
		report(&reading, "cannot be read: %s", strerror(errno));
	return reading.failed ? -1 : 0;
}

char *config_default_path(void)
{
	AUTO_FREE char *base = paths_config_home();
	return base ? paths_join(base, "swatch/swatch.conf") : NULL;
}

char *config_pricing_path(const char *config_path)
{
	static const char name[] = "pricing.json";
	AUTO_FREE char *path = config_path ? strdup(config_path) : config_default_path();
	char *slash = path ? strrchr(path, '/') : NULL;
	if (!slash)
		return path ? strdup(name) : NULL;
	/* "/swatch.conf" is in "/". */
	slash[slash == path ? 1 : 0] = '\0';
	return paths_join(path, name);
}
