#include "base/ini.h"

/* A newline is not one. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static struct slice trim(const char *from, const char *end)
{
	while (from < end && is_blank(*from))
		from++;
	while (end > from && is_blank(end[-1]))
		end--;
	return (struct slice){ from, (size_t)(end - from) };
}

/* Finds the first of two characters, or the comment at the line's end; else returns `end`. */
static const char *find_stop(const char *from, const char *end, char one, char other)
{
	const char *c = from;
	while (c < end && *c != one && *c != other && !(c > from && *c == ';' && is_blank(c[-1])))
		c++;
	return c;
}

/* Looks for a newline, which no line contains, so that only a comment ends a value. */
static struct slice take_value(const char *from, const char *end)
{
	return trim(from, find_stop(from, end, '\n', '\n'));
}

static void find_bounds(struct ini_reader *reader, struct ini_line *line)
{
	const char *from = reader->text + reader->at;
	const char *newline = memchr(from, '\n', reader->len - reader->at);
	line->start = reader->at;
	line->end = newline ? (size_t)(newline - reader->text) : reader->len;
	line->next = line->end + (newline != NULL);
	line->too_long = line->end - line->start > INI_LINE_MAX_BYTES;
	if (newline && line->end > line->start && reader->text[line->end - 1] == '\r')
		line->end--;
}

static void take_section(struct ini_reader *reader, struct ini_line *line, const char *from, const char *end)
{
	const char *close = find_stop(from, end, ']', ']');
	if (close == end || *close != ']')
		return;
	line->kind = INI_SECTION;
	line->name = reader->section = (struct slice){ from, (size_t)(close - from) };
	reader->has_setting = false;
}

static void take_setting(struct ini_reader *reader, struct ini_line *line, const char *from, const char *end)
{
	const char *separator = find_stop(from, end, '=', ':');
	if (separator == end || *separator == ';')
		return;
	line->kind = INI_SETTING;
	line->name = trim(from, separator);
	line->value = take_value(separator + 1, end);
	reader->has_setting = true;
}

bool ini_next(struct ini_reader *reader, struct ini_line *line)
{
	if (reader->at >= reader->len)
		return false;
	*line = (struct ini_line){ .kind = INI_FAULT, .number = ++reader->number };
	find_bounds(reader, line);
	const char *from = reader->text + line->start, *end = reader->text + line->end;
	if (line->start == 0 && line->end >= 3 && memcmp(from, "\xEF\xBB\xBF", 3) == 0)
		from += 3;
	bool indented = from < end && is_blank(*from);
	while (from < end && is_blank(*from))
		from++;
	if (from == end || *from == ';' || *from == '#') {
		line->kind = INI_NOTHING;
	} else if (indented && reader->has_setting) {
		line->kind = INI_MORE;
		line->value = take_value(from, end);
	} else if (*from == '[') {
		take_section(reader, line, from + 1, end);
	} else {
		take_setting(reader, line, from, end);
	}
	reader->at = line->next;
	return true;
}
