#include "swatch/ui/terminal.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/printable.h"
#include "json/pretty.h"

/* A wider COLUMNS is a mistake. */
#define COLUMNS_MAX 10000

/* True when a variable is set to something but `no`. */
static bool is_set(const char *name, const char *no)
{
	const char *value = getenv(name);
	return value && *value && (!no || strcmp(value, no) != 0);
}

bool terminal_wants_colour(int fd)
{
	const char *clicolor = getenv("CLICOLOR");
	const char *term = getenv("TERM");
	if (is_set("NO_COLOR", NULL))
		return false;
	if (is_set("CLICOLOR_FORCE", "0"))
		return true;
	if (clicolor && strcmp(clicolor, "0") == 0)
		return false;
	return isatty(fd) == 1 && term && strcmp(term, "dumb") != 0;
}

size_t terminal_columns(int fd)
{
	const char *columns = getenv("COLUMNS");
	char *end;
	if (columns && *columns >= '1' && *columns <= '9') {
		long value = strtol(columns, &end, 10);
		if (*end == '\0' && value <= COLUMNS_MAX)
			return (size_t)value;
	}
	struct winsize size = { 0 };
	return isatty(fd) == 1 && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool terminal_speaks_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
	}
	return false;
}

/* The errno of the first write to stdout that failed. */
static int output_errno;

static bool note_output(int written)
{
	bool good = written == 0 && !ferror(stdout);
	if (!good && output_errno == 0)
		output_errno = errno;
	return good;
}

bool terminal_flush(void)
{
	errno = 0;
	return note_output(fflush(stdout));
}

int terminal_output_errno(void)
{
	return output_errno;
}

bool terminal_print(const struct buf *text)
{
	if (text->failed) {
		terminal_error("out of memory");
		return false;
	}
	errno = 0;
	(void)note_output(fwrite(buf_str(text), 1, text->len, stdout) == text->len ? 0 : EOF);
	return true;
}

bool terminal_print_json(const struct buf *json)
{
	AUTO_BUF pretty = BUF_INIT, clean = BUF_INIT;
	json_pretty(&pretty, buf_str(json), json->len, 0);
	buf_append_char(&pretty, '\n');
	printable_clean_json(&clean, buf_str(&pretty), pretty.len);
	clean.failed = clean.failed || json->failed || pretty.failed;
	return terminal_print(&clean);
}

void terminal_error(const char *format, ...)
{
	AUTO_BUF text = BUF_INIT, line = BUF_INIT;
	va_list args;
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	buf_append_str(&line, "swatch: ");
	printable_clean(&line, buf_str(&text), text.len);
	buf_append_char(&line, '\n');
	/* Keeps the order of output and errors when both go to one file. */
	(void)terminal_flush();
	if (text.failed || line.failed)
		(void)fputs("swatch: out of memory\n", stderr);
	else
		(void)fwrite(line.data, 1, line.len, stderr);
}
