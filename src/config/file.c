#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/paths.h"
#include "config/keys.h"

/* A config file is a page; what is larger is another file. */
#define CONFIG_MAX_BYTES 65536
/* More lines that are none than this: it is no config at all. */
#define FORM_FAULTS_MAX 50

struct reading {
	struct config *config;
	const char *path;
	struct buf *errors;
	bool failed;
	const char *at;               /* what libinih has not been given yet */
	int line;                     /* of what it was given last: Debian's build tells no line numbers itself */
	bool has_pair;                /* this section has had a key: an indented line goes on with its value */
	bool continued;               /* the line given last is such a one */
	int skipped[FORM_FAULTS_MAX]; /* lines that are none: they were reported, and are read as comments */
	size_t skipped_count;
};

static void report(struct reading *reading, int line, const char *text)
{
	reading->failed = true;
	if (line > 0)
		buf_printf(reading->errors, "%s:%d: %s\n", reading->path, line, text);
	else
		buf_printf(reading->errors, "%s: %s\n", reading->path, text);
}

static void report_errno(struct reading *reading, int why)
{
	char text[160];
	snprintf(text, sizeof(text), "cannot be read: %s", strerror(why));
	report(reading, 0, text);
}

/* Returns the key's place in the table, config_key_count when it has none. */
static size_t find_key(const char *section, const char *name)
{
	size_t i = 0;
	while (i < config_key_count
	       && (strcmp(config_keys[i].section, section) != 0 || strcmp(config_keys[i].name, name) != 0))
		i++;
	return i;
}

static void append_keys_of(const char *section, struct buf *out)
{
	const char *comma = "";
	for (size_t i = 0; i < config_key_count; i++) {
		if (strcmp(config_keys[i].section, section) != 0)
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

static void report_unknown(struct reading *reading, const char *section, const char *name)
{
	struct buf text = BUF_INIT;
	bool is_section = false;
	const char *home = NULL;  /* the section that does have such a key */
	for (size_t i = 0; i < config_key_count; i++) {
		is_section = is_section || strcmp(config_keys[i].section, section) == 0;
		if (!home && strcmp(config_keys[i].name, name) == 0)
			home = config_keys[i].section;
	}
	if (!is_section && *section) {
		buf_printf(&text, "there is no section [%s]; allowed: ", section);
		append_sections(&text);
	} else if (home) {
		buf_printf(&text, "'%s' belongs in [%s]", name, home);
	} else if (*section) {
		buf_printf(&text, "there is no key '%s' in [%s]; allowed: ", name, section);
		append_keys_of(section, &text);
	} else {
		buf_printf(&text, "'%s' stands before the first section; sections: ", name);
		append_sections(&text);
	}
	report(reading, reading->line, buf_str(&text));
	buf_release(&text);
}

static void report_value(struct reading *reading, const struct config_key *key, const char *value,
			 enum config_fault fault)
{
	struct buf text = BUF_INIT;
	buf_printf(&text, "[%s] %s = %s: ", key->section, key->name, value);
	if (fault == CONFIG_NO_MEMORY) {
		buf_append_str(&text, "out of memory");
	} else {
		if (fault == CONFIG_WRONG_KIND)
			buf_printf(&text, "not %s", config_kind_name(key));
		else
			buf_append_str(&text, config_key_is_text(key) ? "too long" : "out of range");
		buf_append_str(&text, "; allowed: ");
		config_append_allowed(key, &text);
	}
	report(reading, reading->line, buf_str(&text));
	buf_release(&text);
}

/* True when an indented line looks like a setting or a section of its own, which libinih takes for more of a value. */
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

/* How much of an indented line is its text: some versions of libinih leave a comment behind it, some do not. */
static size_t text_len(const char *line)
{
	size_t len = 0;
	while (line[len] && !(len > 0 && line[len] == ';' && strchr(" \t\r\v\f", line[len - 1])))
		len++;
	while (len > 0 && strchr(" \t\r\v\f", line[len - 1]))
		len--;
	return len;
}

/* Takes an indented line: more of the value before it, which only a text has. */
static void take_continuation(struct reading *reading, size_t index, const char *value)
{
	char text[160];
	const struct config_key *key = &config_keys[index];
	if (!config_key_is_text(key) || looks_like_setting(value)) {
		snprintf(text, sizeof(text), "an indented line goes on with the value of '%s' before it; "
			 "begin a setting at the start of its line", key->name);
		report(reading, reading->line, text);
		return;
	}
	char *more = strndup(value, text_len(value));
	enum config_fault fault = more ? config_extend_key(reading->config, key, more) : CONFIG_NO_MEMORY;
	if (fault != CONFIG_FINE)
		report_value(reading, key, more ? more : value, fault);
	free(more);
}

static int take_pair(void *ctx, const char *section, const char *name, const char *value)
{
	struct reading *reading = ctx;
	size_t index = find_key(section, name);
	reading->has_pair = true;
	if (index == config_key_count) {
		/* Said once, for the line that names it. */
		if (!reading->continued)
			report_unknown(reading, section, name);
		return 1;
	}
	if (reading->continued) {
		take_continuation(reading, index, value);
		return 1;
	}
	reading->config->lines[index] = reading->line;
	enum config_fault fault = config_set_key(reading->config, &config_keys[index], value);
	if (fault != CONFIG_FINE)
		report_value(reading, &config_keys[index], value, fault);
	return 1;
}

/* Reports a line that cannot be read, and leaves it out from here on. Returns false when there are too many. */
static bool skip_line(struct reading *reading, int line, const char *why)
{
	report(reading, line, why);
	if (reading->skipped_count == FORM_FAULTS_MAX)
		return false;
	reading->skipped[reading->skipped_count++] = line;
	return true;
}

static bool is_skipped(const struct reading *reading, int line)
{
	for (size_t i = 0; i < reading->skipped_count; i++)
		if (reading->skipped[i] == line)
			return true;
	return false;
}

/* libinih splits a line that is longer than its buffer into two: such a line is found and refused before. */
static bool check_lines(struct reading *reading, const char *text, size_t len)
{
	const size_t line_max = INI_MAX_LINE - 3;
	int line = 1;
	for (size_t start = 0; start < len; line++) {
		const char *newline = memchr(text + start, '\n', len - start);
		size_t end = newline ? (size_t)(newline - text) : len;
		if (memchr(text + start, '\0', end - start)) {
			report(reading, line, "contains a NUL byte: this is not a text file");
			return false;
		}
		if (end - start > line_max) {
			char message[120];
			snprintf(message, sizeof(message),
				 "line too long: %zu bytes at most; a text may go on in indented lines", line_max);
			if (!skip_line(reading, line, message))
				return false;
		}
		start = end + 1;
	}
	return true;
}

/* libinih's fgets(). */
static char *give_line(char *into, int size, void *ctx)
{
	struct reading *reading = ctx;
	if (*reading->at == '\0')
		return NULL;
	const char *line = reading->at;
	size_t len = strcspn(line, "\n");
	len += line[len] == '\n';
	reading->at += len;
	reading->line++;
	if (is_skipped(reading, reading->line)) {
		line = ";";
		len = 1;
	}
	if (len > (size_t)size - 1)
		len = (size_t)size - 1;  /* check_lines() has refused such a line */
	memcpy(into, line, len);
	into[len] = '\0';
	reading->continued = reading->has_pair && strchr(" \t\v\f\r", into[0]) != NULL && into[0] != '\0';
	if (into[0] == '[')
		reading->has_pair = false;
	return into;
}

/* The line of the one of two keys that was set last. */
static int later_line(const struct reading *reading, const char *section, const char *one, const char *other)
{
	int a = reading->config->lines[find_key(section, one)];
	int b = reading->config->lines[find_key(section, other)];
	return a > b ? a : b;
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

/* libinih knows no quotes: it cuts a value at " ;" inside them too. */
static void check_quotes(struct reading *reading, const char *section, const char *command)
{
	char text[160];
	if (!has_open_quote(command))
		return;
	snprintf(text, sizeof(text), "[%s] command: a quote is not closed; a ; after a blank begins a comment, in quotes too",
		 section);
	report(reading, reading->config->lines[find_key(section, "command")], text);
}

/* What no single key can tell. */
static void check_together(struct reading *reading)
{
	const struct config *config = reading->config;
	if (config->ccusage_settle_ms > config->ccusage_max_delay_ms)
		report(reading, later_line(reading, "ccusage", "settle", "max_delay"),
		       "[ccusage] settle is longer than max_delay; allowed: settle up to max_delay");
	if (config->ccusage_burn_low_usd > config->ccusage_burn_high_usd)
		report(reading, later_line(reading, "ccusage", "burn_low", "burn_high"),
		       "[ccusage] burn_low is above burn_high; allowed: burn_low up to burn_high");
	check_quotes(reading, "ccusage", config->ccusage_command);
	check_quotes(reading, "alerts", config->alerts_command);
}

/* The file's content. Returns false after a report. */
static bool read_whole(struct reading *reading, int fd, struct buf *text)
{
	struct stat st;
	bool looked = fstat(fd, &st) == 0;
	if (looked && !S_ISREG(st.st_mode)) {
		report(reading, 0, "is not a regular file");
		return false;
	}
	if (looked && file_read_all(fd, CONFIG_MAX_BYTES, text))
		return true;
	if (errno == EFBIG)
		report(reading, 0, "is larger than 64 KiB: this is not a swatch.conf");
	else
		report_errno(reading, errno);
	return false;
}

static int ignore_pair(void *ctx, const char *section, const char *name, const char *value)
{
	struct reading *reading = ctx;
	(void)section, (void)name, (void)value;
	reading->has_pair = true;
	return 1;
}

static int parse(struct reading *reading, const char *text, ini_handler handler)
{
	reading->at = text;
	reading->line = 0;
	reading->has_pair = false;
	return ini_parse_stream(give_line, reading, handler, reading);
}

static void parse_text(struct reading *reading, const char *text, size_t len)
{
	int bad_line;
	if (!check_lines(reading, text, len))
		return;
	/* libinih tells the first line that is none, and no further one. */
	while ((bad_line = parse(reading, text, ignore_pair)) > 0)
		if (!skip_line(reading, bad_line, "neither a [section], nor key = value, nor a comment (; or #)"))
			return;
	if (bad_line == 0)
		bad_line = parse(reading, text, take_pair);
	if (bad_line < 0)
		report_errno(reading, ENOMEM);
	if (!reading->failed)
		check_together(reading);
}

int config_read_file(struct config *config, const char *path, bool required, struct buf *errors)
{
	struct reading reading = { .config = config, .path = path, .errors = errors };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT && !required)
		return 0;
	if (fd < 0) {
		if (errno == ENOENT)
			report(&reading, 0, "does not exist");
		else
			report_errno(&reading, errno);
		return -1;
	}
	struct buf text = BUF_INIT;
	bool good = read_whole(&reading, fd, &text);
	close(fd);
	if (good)
		parse_text(&reading, buf_str(&text), text.len);
	buf_release(&text);
	return reading.failed ? -1 : 0;
}

char *config_default_path(void)
{
	char *base = paths_config_home();
	char *path = base ? paths_join(base, "swatch/swatch.conf") : NULL;
	free(base);
	return path;
}

char *config_pricing_path(const char *config_path)
{
	static const char name[] = "pricing.json";
	char *path = config_path ? strdup(config_path) : config_default_path();
	if (!path)
		return NULL;
	char *slash = strrchr(path, '/');
	if (!slash) {
		free(path);
		return strdup(name);
	}
	/* "/swatch.conf" stands in "/". */
	slash[slash == path ? 1 : 0] = '\0';
	char *beside = paths_join(path, name);
	free(path);
	return beside;
}
