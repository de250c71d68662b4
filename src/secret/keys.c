#include "secret/keys.h"

#include <ctype.h>
#include <string.h>

#include "secret/random.h"

/* So much of a key is looked at for its base 64. */
#define KEY_LOOK_BYTES ((size_t)2048)
#define KEY_MIN_CHARS ((size_t)60)
/* Base 64 in shorter pieces is something else: a line number, "END". */
#define KEY_PIECE_MIN ((size_t)16)
#define BITS_KEY 4.0

static bool take_text(const struct secret_place *place, size_t *at, const char *text)
{
	size_t len = strlen(text);
	if (place->len - *at < len || memcmp(place->line + *at, text, len) != 0)
		return false;
	*at += len;
	return true;
}

/* Takes a token of a length within these bounds, which is random unless min_bits is 0. */
static bool take_part(const struct secret_place *place, size_t *at, size_t min, size_t max, double min_bits)
{
	struct secret_token token;
	secret_take_token(place->line, place->len, *at, &token);
	*at = token.end;
	bool good = token.len >= min && token.len <= max
		    && (min_bits == 0. || secret_is_random(token.text, token.len, min_bits));
	explicit_bzero(&token, sizeof(token));
	return good;
}

bool secret_is_slack_hook(const struct secret_place *place)
{
	size_t at = place->at;
	return take_text(place, &at, "hooks.slack.com/services/") && take_part(place, &at, 9, 13, 2.)
	       && take_text(place, &at, "/") && take_part(place, &at, 9, 13, 2.) && take_text(place, &at, "/")
	       && take_part(place, &at, 23, 26, 3.3);
}

bool secret_is_sendgrid(const struct secret_place *place)
{
	size_t at = place->at;
	return take_text(place, &at, "SG.") && take_part(place, &at, 20, 24, 3.3)
	       && take_text(place, &at, ".") && take_part(place, &at, 39, 50, BITS_KEY);
}

/* ---- JSON web tokens ---- */

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-' || c == '+')
		return 62;
	return c == '_' || c == '/' ? 63 : -1;
}

/* Whether a part of the token says this when it is decoded. */
static bool part_says(const struct secret_place *place, size_t at, const char *text)
{
	struct secret_token token;
	char plain[SECRET_TOKEN_MAX + 1] = { 0 };
	size_t len = 0;
	unsigned bits = 0, have = 0;
	secret_take_token(place->line, place->len, at, &token);
	for (size_t i = 0; i < token.len; i++) {
		bits = bits << 6 | ((unsigned)base64_value(token.text[i]) & 63);
		have += 6;
		if (have >= 8) {
			have -= 8;
			plain[len++] = (char)(bits >> have & 255);
		}
	}
	bool says = memmem(plain, len, text, strlen(text)) != NULL;
	explicit_bzero(&token, sizeof(token));
	explicit_bzero(plain, sizeof(plain));
	return says;
}

bool secret_is_jwt(const struct secret_place *place)
{
	size_t payload = secret_token_end(place->line, place->len, place->at);
	if (!take_text(place, &payload, ".") || place->len - payload < 3
	    || memcmp(place->line + payload, "eyJ", 3) != 0)
		return false;
	size_t signature = secret_token_end(place->line, place->len, payload);
	/* John Doe is the example of jwt.io, whose key everybody knows. */
	return part_says(place, place->at, "\"alg\"") && !part_says(place, payload, "John Doe")
	       && take_text(place, &signature, ".")
	       && take_part(place, &signature, 22, SECRET_TOKEN_MAX, 3.3);
}

/* ---- private keys ---- */

/* "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN PGP PRIVATE KEY BLOCK-----": moves behind it. */
static bool take_heading(const struct secret_place *place, size_t *at)
{
	size_t end;
	if (!take_text(place, at, "-----BEGIN "))
		return false;
	for (end = *at; end < place->len && end - *at < 40; end++)
		if (place->line[end] != ' ' && !isupper((unsigned char)place->line[end])
		    && !isdigit((unsigned char)place->line[end]))
			break;
	if (!memmem(place->line + *at, end - *at, "PRIVATE KEY", strlen("PRIVATE KEY")))
		return false;
	*at = end;
	return take_text(place, at, "-----");
}

/* Passes an escape of JSON, at its backslash. */
static size_t pass_escape(const struct secret_place *place, size_t at)
{
	while (at < place->len && place->line[at] == '\\')
		at++;
	return at < place->len && place->line[at] == 'u' ? at + 5 : at + 1;
}

static bool is_dashes(const struct secret_place *place, size_t at)
{
	return place->len - at >= 5 && memcmp(place->line + at, "-----", 5) == 0;
}

/*
 * Takes the base 64 at *at, also with its slashes escaped; returns how many characters, 0 when they are few.
 */
static size_t take_base64(const struct secret_place *place, size_t *at, size_t end, char *out)
{
	size_t len = 0;
	while (*at < end) {
		char c = place->line[*at];
		if (c == '\\' && *at + 1 < end && place->line[*at + 1] == '/')
			c = place->line[++*at];
		if (c == '-' || base64_value(c) < 0)
			break;
		out[len++] = c;
		++*at;
	}
	return len >= KEY_PIECE_MIN ? len : 0;
}

bool secret_is_private_key(const struct secret_place *place)
{
	char body[KEY_LOOK_BYTES];
	size_t at = place->at, have = 0;
	if (!take_heading(place, &at))
		return false;
	size_t end = place->len - at < KEY_LOOK_BYTES ? place->len : at + KEY_LOOK_BYTES;
	while (at < end && !is_dashes(place, at)) {
		have += take_base64(place, &at, end, body + have);
		if (at < end && place->line[at] == '\\')
			at = pass_escape(place, at);
		else if (!is_dashes(place, at))
			at++;
	}
	bool good = have >= KEY_MIN_CHARS && secret_has_entropy(body, have, BITS_KEY);
	explicit_bzero(body, sizeof(body));
	return good;
}
