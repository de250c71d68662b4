#include "secret/token.h"

#include <ctype.h>
#include <string.h>

/* Takes the next character of a token, also one that JSON escapes as \u and four digits. */
static char take_char(const char *line, size_t len, size_t *at)
{
	if (*at >= len)
		return '\0';
	char c = line[*at];
	size_t took = 1;
	if (c == '\\' && len - *at >= 6 && memcmp(line + *at + 1, "u00", 3) == 0) {
		unsigned code = 0;
		for (int i = 4; i < 6; i++) {
			char digit = (char)tolower((unsigned char)line[*at + (size_t)i]);
			if (!isxdigit((unsigned char)digit))
				return '\0';
			code = code * 16 + (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
		}
		c = code < 128 ? (char)code : '\0';
		took = 6;
	}
	if (!isalnum((unsigned char)c) && c != '-' && c != '_')
		return '\0';
	*at += took;
	return c;
}

void secret_take_token(const char *line, size_t len, size_t at, struct secret_token *out)
{
	char c;
	out->len = 0;
	while (out->len < SECRET_TOKEN_MAX && (c = take_char(line, len, &at)))
		out->text[out->len++] = c;
	out->text[out->len] = '\0';
	out->end = at;
}

size_t secret_token_end(const char *line, size_t len, size_t at)
{
	size_t end = at;
	while (take_char(line, len, &at))
		end = at;
	return end;
}
