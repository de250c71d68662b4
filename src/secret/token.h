/*
 * token: a token in a line of JSON, with its escapes resolved.
 *
 * For: find.c, forms.c and keys.c.
 */
#ifndef SWATCH_SECRET_TOKEN_H
#define SWATCH_SECRET_TOKEN_H

#include <stddef.h>

/* Longer tokens are cut here: none of the forms needs more. */
#define SECRET_TOKEN_MAX 512

/* A line, and where a form's prefix begins in it. */
struct secret_place {
	const char *line;
	size_t len;
	size_t at;
};

/*
 * A token, taken from a line with its escapes resolved: letters, digits, '-' and '_', as many as there are.
 * Callers wipe it.
 */
struct secret_token {
	char text[SECRET_TOKEN_MAX + 1];
	size_t len;
	size_t end;                  /* where it ends in the line */
};

/* Takes the token that begins at `at`. */
void secret_take_token(const char *line, size_t len, size_t at, struct secret_token *out);

/* Where the token that begins at `at` ends, however long it is. */
size_t secret_token_end(const char *line, size_t len, size_t at);

#endif
