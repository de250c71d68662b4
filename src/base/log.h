/*
 * log: lines for people, on stderr.
 *
 * For: swatchd all through; the commands for their errors. A line is "swatchd: text"; under a service manager that
 * reads stderr (JOURNAL_STREAM names it) it is "<3>text", so that the journal knows its weight. One line, one write;
 * a line over 2 KiB is cut. In a file each line begins with the time, since a file does not add it.
 * Control characters in a message become '?', because messages carry file names and other programs' words.
 */
#ifndef SWATCH_BASE_LOG_H
#define SWATCH_BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* `program` starts every line and must stay alive; lines above `level` are left out. */
void log_init(const char *program, enum log_level level);
void log_set_level(enum log_level level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
