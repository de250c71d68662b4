/*
 * log: lines for people, on stderr.
 *
 * For: all of swatchd; the commands for their errors. A line is "swatchd: text"; in a file it begins with the
 * time. When the journal reads stderr (JOURNAL_STREAM names it), a line is "<3>text", which tells the journal
 * its level. One line is one write; a line over 2 KiB is cut. Control characters become '?', since messages
 * carry file names and other programs' words.
 */
#ifndef SWATCH_BASE_LOG_H
#define SWATCH_BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* `program` starts every line and must stay alive. Leaves out lines above `level`. */
void log_init(const char *program, enum log_level level);
void log_set_level(enum log_level level);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
