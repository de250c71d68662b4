#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/printable.h"

#define LINE_MAX_BYTES 2048

static const char *log_program = "swatch";
static enum log_level log_threshold = LOG_LEVEL_INFO;
static bool log_to_journal, log_to_file;

/*
 * All children of a service inherit JOURNAL_STREAM, terminals of a desktop session too: it must name our
 * stderr.
 */
static bool is_journal_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char mine[64];
	struct stat st;
	if (!stream || fstat(STDERR_FILENO, &st) != 0)
		return false;
	snprintf(mine, sizeof(mine), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, mine) == 0;
}

static bool is_file_stderr(void)
{
	struct stat st;
	return fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

static size_t write_start(enum log_level level, char out[LINE_MAX_BYTES])
{
	/* syslog's numbers: error, warning, informational, debug. */
	static const int weights[] = { 3, 4, 6, 7 };
	char at[CLOCK_RFC3339_SIZE] = "";
	if (log_to_journal)
		return (size_t)snprintf(out, LINE_MAX_BYTES, "<%d>", weights[level]);
	if (log_to_file)
		clock_format_rfc3339(clock_wall_ms(), at);
	return (size_t)snprintf(out, LINE_MAX_BYTES, "%s%s%.64s: ", at, log_to_file ? " " : "", log_program);
}

void log_init(const char *program, enum log_level level)
{
	log_program = program;
	log_threshold = level;
	log_to_journal = is_journal_stderr();
	log_to_file = is_file_stderr();
}

void log_set_level(enum log_level level)
{
	log_threshold = level;
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;
	if (level > log_threshold)
		return;
	size_t len = write_start(level, line);
	va_start(args, format);
	int text = vsnprintf(line + len, sizeof(line) - len - 1, format, args);
	va_end(args);
	if (text < 0)
		return;
	size_t text_len = (size_t)text < sizeof(line) - len - 2 ? (size_t)text : sizeof(line) - len - 2;
	printable_mask(line + len, text_len);
	len += text_len;
	line[len++] = '\n';
	/* When stderr itself fails, there is nowhere to report it. */
	ssize_t written = write(STDERR_FILENO, line, len);
	(void)written;
}
