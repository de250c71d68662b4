#include "base/config.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/paths.h"

/* A config file is a page; what is larger is another file. */
#define CONFIG_MAX_BYTES 65536

enum config_type { TYPE_DURATION, TYPE_SIZE, TYPE_COUNT, TYPE_USD, TYPE_STRING, TYPE_CHOICE };

struct config_key {
	const char *section;
	const char *name;
	enum config_type type;
	size_t offset;                 /* into struct config */
	double min, max;               /* in the field's unit; for strings the greatest length */
	const char *default_text;
	const char *const *choices;    /* of a choice, NULL-ended, in the order of its enum */
};

static const char *const method_choices[] = { "auto", "inotify", "poll", NULL };
static const char *const source_choices[] = { "auto", "native", "ccusage", NULL };
static const char *const level_choices[] = { "error", "warning", "info", "debug", NULL };

#define FIELD(name) offsetof(struct config, name)
#define SECONDS(n) ((double)(n) * 1000.)
#define DAYS(n) ((double)(n) * 86400000.)

static const struct config_key keys[] = {
	{ "watch", "paths", TYPE_STRING, FIELD(watch_paths), 0, 16384, "", NULL },
	{ "watch", "tail_delay", TYPE_DURATION, FIELD(watch_tail_delay_ms), 0, SECONDS(5), "50ms", NULL },
	{ "watch", "method", TYPE_CHOICE, FIELD(watch_method), 0, 0, "auto", method_choices },
	{ "billing", "source", TYPE_CHOICE, FIELD(billing_source), 0, 0, "auto", source_choices },
	{ "billing", "timezone", TYPE_STRING, FIELD(billing_timezone), 0, 128, "", NULL },
	{ "ccusage", "command", TYPE_STRING, FIELD(ccusage_command), 0, 8192,
	  "ccusage blocks --active --json --offline", NULL },
	{ "ccusage", "timeout", TYPE_DURATION, FIELD(ccusage_timeout_ms), SECONDS(0.1), SECONDS(600), "60s", NULL },
	{ "ccusage", "settle", TYPE_DURATION, FIELD(ccusage_settle_ms), 0, SECONDS(60), "2s", NULL },
	{ "ccusage", "max_delay", TYPE_DURATION, FIELD(ccusage_max_delay_ms), 0, SECONDS(600), "10s", NULL },
	{ "ccusage", "ttl_low", TYPE_DURATION, FIELD(ccusage_ttl_low_ms), 0, DAYS(1), "5m", NULL },
	{ "ccusage", "ttl_mid", TYPE_DURATION, FIELD(ccusage_ttl_mid_ms), 0, DAYS(1), "2m", NULL },
	{ "ccusage", "ttl_high", TYPE_DURATION, FIELD(ccusage_ttl_high_ms), 0, DAYS(1), "1m", NULL },
	{ "ccusage", "burn_low", TYPE_USD, FIELD(ccusage_burn_low_usd), 0, 1e6, "1", NULL },
	{ "ccusage", "burn_high", TYPE_USD, FIELD(ccusage_burn_high_usd), 0, 1e6, "5", NULL },
	{ "ccusage", "memory_limit", TYPE_SIZE, FIELD(ccusage_memory_limit_bytes), 0, 68719476736., "0", NULL },
	{ "cache", "directory", TYPE_STRING, FIELD(cache_directory), 0, 4095, "", NULL },
	{ "sessions", "idle_after", TYPE_DURATION, FIELD(sessions_idle_after_ms), SECONDS(1), DAYS(30), "30m", NULL },
	{ "sessions", "expire_after", TYPE_DURATION, FIELD(sessions_expire_after_ms), SECONDS(1), DAYS(3650), "7d", NULL },
	{ "sessions", "max_files", TYPE_COUNT, FIELD(sessions_max_files), 1, 100000, "100", NULL },
	{ "sessions", "preview", TYPE_COUNT, FIELD(sessions_preview), 0, 500, "80", NULL },
	{ "log", "level", TYPE_CHOICE, FIELD(log_level), 0, 0, "info", level_choices },
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

/* Reads the number at the start of a text; *rest is the unit after it. Plain decimals only: no hex, no "inf". */
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

bool config_parse_duration(const char *text, int64_t *out_ms)
{
	static const struct { const char *unit; double ms; } units[] = {
		{ "", 1000. }, { "ms", 1. }, { "s", 1000. }, { "m", 60000. }, { "min", 60000. },
		{ "h", 3600000. }, { "d", 86400000. }, { "w", 604800000. },
	};
	double amount;
	const char *unit;
	if (!read_amount(text, &amount, &unit))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].unit) == 0 && amount * units[i].ms < 1e15) {
			*out_ms = llround(amount * units[i].ms);
			return true;
		}
	}
	return false;
}

bool config_parse_size(const char *text, int64_t *out_bytes)
{
	static const struct { const char *unit; double bytes; } units[] = {
		{ "", 1. }, { "K", 1024. }, { "M", 1048576. }, { "G", 1073741824. },
	};
	double amount;
	const char *unit;
	if (!read_amount(text, &amount, &unit))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcasecmp(unit, units[i].unit) == 0 && amount * units[i].bytes < 1e15) {
			*out_bytes = llround(amount * units[i].bytes);
			return true;
		}
	}
	return false;
}

static void *field_of(struct config *config, const struct config_key *key)
{
	return (char *)config + key->offset;
}

/* Says a range in the words that the file uses. */
static void format_limit(const struct config_key *key, double value, char *out, size_t size)
{
	if (key->type == TYPE_DURATION && value >= DAYS(1))
		snprintf(out, size, "%gd", value / DAYS(1));
	else if (key->type == TYPE_DURATION && value >= SECONDS(60))
		snprintf(out, size, "%gm", value / SECONDS(60));
	else if (key->type == TYPE_DURATION)
		snprintf(out, size, value < 1000. && value > 0 ? "%gms" : "%gs", value < 1000. ? value : value / 1000.);
	else if (key->type == TYPE_SIZE && value >= 1073741824.)
		snprintf(out, size, "%gG", value / 1073741824.);
	else
		snprintf(out, size, "%.12g", value);
}

static void append_allowed(const struct config_key *key, struct buf *out)
{
	char min[32], max[32];
	if (key->type == TYPE_CHOICE) {
		for (size_t i = 0; key->choices[i]; i++)
			buf_printf(out, "%s%s", i ? ", " : "", key->choices[i]);
		return;
	}
	if (key->type == TYPE_STRING) {
		buf_printf(out, "%.0f bytes at most", key->max);
		return;
	}
	format_limit(key, key->min, min, sizeof(min));
	format_limit(key, key->max, max, sizeof(max));
	switch (key->type) {
	case TYPE_DURATION:
		buf_printf(out, "a duration from %s to %s, such as 50ms, 2s, 10m or 7d", min, max);
		break;
	case TYPE_SIZE:
		buf_printf(out, "a size from %s to %s, such as 512M", min, max);
		break;
	case TYPE_COUNT:
		buf_printf(out, "a whole number from %s to %s", min, max);
		break;
	default:
		buf_printf(out, "US dollars from %s to %s", min, max);
	}
}

static bool set_string(char **field, const char *text)
{
	char *copy = strdup(text);
	if (!copy)
		return false;
	free(*field);
	*field = copy;
	return true;
}

static bool is_in_range(const struct config_key *key, double value)
{
	return value >= key->min && value <= key->max;
}

/* Sets one key from its text. Returns false when the text is not allowed (or memory ran out). */
static bool set_key(struct config *config, const struct config_key *key, const char *text)
{
	void *field = field_of(config, key);
	int64_t number;
	double amount;
	const char *rest;
	switch (key->type) {
	case TYPE_STRING:
		return strlen(text) <= (size_t)key->max && set_string(field, text);
	case TYPE_CHOICE:
		for (int i = 0; key->choices[i]; i++) {
			if (strcmp(text, key->choices[i]) == 0) {
				*(int *)field = i;
				return true;
			}
		}
		return false;
	case TYPE_DURATION:
		if (!config_parse_duration(text, &number) || !is_in_range(key, (double)number))
			return false;
		*(int64_t *)field = number;
		return true;
	case TYPE_SIZE:
		if (!config_parse_size(text, &number) || !is_in_range(key, (double)number))
			return false;
		*(int64_t *)field = number;
		return true;
	case TYPE_COUNT:
		if (!read_amount(text, &amount, &rest) || *rest || amount != floor(amount) || !is_in_range(key, amount))
			return false;
		*(int64_t *)field = (int64_t)amount;
		return true;
	case TYPE_USD:
		if (!read_amount(text, &amount, &rest) || *rest || !is_in_range(key, amount))
			return false;
		*(double *)field = amount;
		return true;
	}
	return false;
}

bool config_init(struct config *config)
{
	memset(config, 0, sizeof(*config));
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (!set_key(config, &keys[i], keys[i].default_text)) {
			config_release(config);
			return false;
		}
	}
	return true;
}

void config_release(struct config *config)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (keys[i].type != TYPE_STRING)
			continue;
		char **field = field_of(config, &keys[i]);
		free(*field);
		*field = NULL;
	}
}

void config_write(const struct config *config, struct buf *out)
{
	const char *section = "";
	for (size_t i = 0; i < KEY_COUNT; i++) {
		const struct config_key *key = &keys[i];
		const void *field = (const char *)config + key->offset;
		if (strcmp(section, key->section) != 0)
			buf_printf(out, "%s[%s]\n", *section ? "\n" : "", key->section);
		section = key->section;
		if (key->type == TYPE_STRING)
			buf_printf(out, "%s = %s\n", key->name, *(char *const *)field);
		else if (key->type == TYPE_CHOICE)
			buf_printf(out, "%s = %s\n", key->name, key->choices[*(const int *)field]);
		else if (key->type == TYPE_USD)
			buf_printf(out, "%s = %.15g\n", key->name, *(const double *)field);
		else
			buf_printf(out, "%s = %" PRId64 "%s\n", key->name, *(const int64_t *)field,
				   key->type == TYPE_DURATION ? "ms" : "");
	}
}

/* ---- reading ---- */

struct reading {
	struct config *config;
	const char *path;
	struct buf *errors;
	bool failed;
	const char *at;        /* what libinih has not been given yet */
	int line;              /* of what it was given last: Debian's build tells no line numbers itself */
	bool continued;        /* that line is indented: it goes on with the value before it */
};

static void report(struct reading *reading, int line, const char *text)
{
	reading->failed = true;
	if (line > 0)
		buf_printf(reading->errors, "%s:%d: %s\n", reading->path, line, text);
	else
		buf_printf(reading->errors, "%s: %s\n", reading->path, text);
}

static void report_unknown(struct reading *reading, const char *section, const char *name, int line)
{
	struct buf text = BUF_INIT;
	bool known = false;
	for (size_t i = 0; i < KEY_COUNT; i++)
		known = known || strcmp(keys[i].section, section) == 0;
	if (known)
		buf_printf(&text, "there is no key '%s' in [%s]; allowed:", name, section);
	else if (*section)
		buf_printf(&text, "there is no section [%s]; allowed:", section);
	else
		buf_printf(&text, "'%s' stands before the first section; sections:", name);
	const char *last = "";
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (known && strcmp(keys[i].section, section) == 0)
			buf_printf(&text, " %s", keys[i].name);
		else if (!known && strcmp(keys[i].section, last) != 0)
			buf_printf(&text, " [%s]", keys[i].section);
		last = keys[i].section;
	}
	report(reading, line, buf_str(&text));
	buf_release(&text);
}

/* Adds an indented line to the string before it: how a value longer than libinih's line gets in. */
static bool continue_string(struct config *config, const struct config_key *key, const char *more)
{
	char **field = field_of(config, key);
	struct buf joined = BUF_INIT;
	buf_printf(&joined, "%s%s%s", *field, **field ? " " : "", more);
	bool done = !joined.failed && joined.len <= (size_t)key->max && set_string(field, joined.data);
	buf_release(&joined);
	return done;
}

static int take_pair(void *ctx, const char *section, const char *name, const char *value)
{
	struct reading *reading = ctx;
	int line = reading->line;
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (strcmp(keys[i].section, section) != 0 || strcmp(keys[i].name, name) != 0)
			continue;
		bool more = reading->continued && keys[i].type == TYPE_STRING;
		if (more ? !continue_string(reading->config, &keys[i], value) : !set_key(reading->config, &keys[i], value)) {
			struct buf text = BUF_INIT;
			buf_printf(&text, "[%s] %s = %.200s: not allowed; allowed: ", section, name, value);
			append_allowed(&keys[i], &text);
			report(reading, line, buf_str(&text));
			buf_release(&text);
		}
		return 1;
	}
	report_unknown(reading, section, name, line);
	return 1;
}

/* libinih splits a line that is longer than its buffer into two: such a line is found and refused before. */
static void check_lines(struct reading *reading, const char *text, size_t len)
{
	const size_t line_max = INI_MAX_LINE - 3;
	int line = 1;
	if (memchr(text, '\0', len))
		report(reading, 0, "holds a NUL byte: this is no text file");
	for (size_t start = 0; start < len; line++) {
		const char *newline = memchr(text + start, '\n', len - start);
		size_t end = newline ? (size_t)(newline - text) : len;
		if (end - start > line_max) {
			char message[120];
			snprintf(message, sizeof(message),
				 "line too long: %zu bytes at most; a value may go on in indented lines", line_max);
			report(reading, line, message);
		}
		start = end + 1;
	}
}

/* libinih's fgets(). */
static char *give_line(char *into, int size, void *ctx)
{
	struct reading *reading = ctx;
	if (*reading->at == '\0')
		return NULL;
	size_t len = strcspn(reading->at, "\n");
	len += reading->at[len] == '\n';
	if (len > (size_t)size - 1)
		len = (size_t)size - 1;  /* check_lines() has refused such a line */
	memcpy(into, reading->at, len);
	into[len] = '\0';
	reading->at += len;
	reading->line++;
	reading->continued = into[0] == ' ' || into[0] == '\t';
	return into;
}

static void check_pairs(struct reading *reading)
{
	const struct config *config = reading->config;
	if (config->ccusage_settle_ms > config->ccusage_max_delay_ms)
		report(reading, 0, "[ccusage] settle is longer than max_delay; allowed: settle up to max_delay");
	if (config->ccusage_burn_low_usd > config->ccusage_burn_high_usd)
		report(reading, 0, "[ccusage] burn_low is above burn_high; allowed: burn_low up to burn_high");
	int64_t limit = config->ccusage_memory_limit_bytes;
	if (limit != 0 && limit < INT64_C(67108864))
		report(reading, 0, "[ccusage] memory_limit is too small for any ccusage; allowed: 0 (none), or 64M to 64G");
}

/* Reads the whole file. Returns 0, 1 when it does not exist, -1 after a report. */
static int read_whole(struct reading *reading, char **out_text, size_t *out_len)
{
	char message[256];
	int fd = open(reading->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return 1;
	struct stat st = { 0 };
	if (fd < 0 || fstat(fd, &st) != 0) {
		snprintf(message, sizeof(message), "cannot be read: %s", strerror(errno));
		report(reading, 0, message);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	size_t len = 0;
	char *text = S_ISREG(st.st_mode) && st.st_size <= CONFIG_MAX_BYTES ? malloc(CONFIG_MAX_BYTES + 1) : NULL;
	ssize_t got = text ? 1 : -1;
	while (text && len < CONFIG_MAX_BYTES && (got = read(fd, text + len, CONFIG_MAX_BYTES - len)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		len += (size_t)got;
	}
	if (!S_ISREG(st.st_mode))
		report(reading, 0, "is no regular file");
	else if (st.st_size > CONFIG_MAX_BYTES)
		report(reading, 0, "is larger than 64 KiB: this is no swatch.conf");
	else if (got < 0)
		report(reading, 0, "cannot be read");
	close(fd);
	if (got < 0) {
		free(text);
		return -1;
	}
	text[len] = '\0';
	*out_text = text;
	*out_len = len;
	return 0;
}

int config_read_file(struct config *config, const char *path, bool required, struct buf *errors)
{
	struct reading reading = { .config = config, .path = path, .errors = errors };
	char *text = NULL;
	size_t len = 0;
	int found = read_whole(&reading, &text, &len);
	if (found == 1 && required)
		report(&reading, 0, "does not exist");
	if (found != 0)
		return found == 1 && !required ? 0 : -1;
	check_lines(&reading, text, len);
	if (!reading.failed) {
		reading.at = text;
		int bad_line = ini_parse_stream(give_line, &reading, take_pair, &reading);
		if (bad_line > 0)
			report(&reading, bad_line, "neither a [section], nor key = value, nor a comment (; or #)");
		else if (bad_line < 0)
			report(&reading, 0, "cannot be parsed: out of memory");
		check_pairs(&reading);
	}
	free(text);
	return reading.failed ? -1 : 0;
}

char *config_default_path(void)
{
	char *base = paths_config_home();
	char *path = base ? paths_join(base, "swatch/swatch.conf") : NULL;
	free(base);
	return path;
}
