#include "json/pretty.h"

#include <stdio.h>
#include <string.h>

void json_pretty_newline(struct buf *out, unsigned level)
{
	buf_append_char(out, '\n');
	while (level-- > 0)
		buf_append_str(out, "  ");
}

/* The length of the string that begins at `json`, its quotes included. */
static size_t string_length(const char *json, size_t len)
{
	size_t at = 1;
	while (at < len && json[at] != '"')
		at += json[at] == '\\' ? 2 : 1;
	return at < len ? at + 1 : len;
}

static size_t skip_blanks(const char *json, size_t len, size_t at)
{
	while (at < len && memchr(" \t\r\n", json[at], 4))
		at++;
	return at;
}

void json_pretty(struct buf *out, const char *json, size_t len, unsigned level)
{
	for (size_t at = skip_blanks(json, len, 0); at < len; at = skip_blanks(json, len, at)) {
		char c = json[at];
		if (c == '"') {
			size_t length = string_length(json + at, len - at);
			buf_append(out, json + at, length);
			at += length;
			continue;
		}
		at++;
		if (c == '}' || c == ']')
			json_pretty_newline(out, level > 0 ? --level : 0);
		buf_append_char(out, c);
		if (c == ':') {
			buf_append_char(out, ' ');
		} else if (c == ',') {
			json_pretty_newline(out, level);
		} else if (c == '{' || c == '[') {
			size_t next = skip_blanks(json, len, at);
			if (next < len && (json[next] == '}' || json[next] == ']')) {
				buf_append_char(out, json[next]);
				at = next + 1;
			} else {
				json_pretty_newline(out, ++level);
			}
		}
	}
}
