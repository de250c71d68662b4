#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048

static const char *log_program = "swatch";
static enum log_level log_threshold = LOG_LEVEL_INFO;
static int log_to_journal;

void log_init(const char *program, enum log_level level)
{
	log_program = program;
	log_threshold = level;
	log_to_journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_set_level(enum log_level level)
{
	log_threshold = level;
}

static void log_line(enum log_level level, const char *format, va_list args)
{
	/* syslog's numbers: error, warning, informational, debug. */
	static const int weights[] = { 3, 4, 6, 7 };
	char line[LINE_MAX_BYTES];
	if (level > log_threshold)
		return;
	int start = log_to_journal ? snprintf(line, sizeof(line), "<%d>", weights[level])
				   : snprintf(line, sizeof(line), "%s: ", log_program);
	size_t len = (size_t)start;
	int text = vsnprintf(line + len, sizeof(line) - len - 1, format, args);
	if (text < 0)
		return;
	size_t text_len = (size_t)text < sizeof(line) - len - 2 ? (size_t)text : sizeof(line) - len - 2;
	for (size_t i = len; i < len + text_len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
			line[i] = '?';
	len += text_len;
	line[len++] = '\n';
	/* Nobody is left to tell when stderr itself fails. */
	ssize_t written = write(STDERR_FILENO, line, len);
	(void)written;
}

void log_error(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	log_line(LOG_LEVEL_ERROR, format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	log_line(LOG_LEVEL_WARNING, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	log_line(LOG_LEVEL_INFO, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	log_line(LOG_LEVEL_DEBUG, format, args);
	va_end(args);
}
