#include "secret/find.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "secret/anchors.h"
#include "secret/forms.h"

/*
 * The sets of forms.c are below this one's number. JSON may write a token's '-' and '_' as \u002d and \u005f.
 */
#define ESCAPES_SET 7
/* A prefix with escapes in it is no longer than this. */
#define ESCAPED_PREFIX_MAX ((size_t)80)

static const char *const escaped_ends[] = { "02d", "02D", "05f", "05F" };

struct search {
	const char *line;
	size_t len;
	size_t from;                 /* nothing before it is looked at again */
	uint64_t told;               /* bit n: enum secret_kind n was found in this line */
	secret_found *found;
	void *ctx;
};
_Static_assert(SECRET_KINDS <= 64, "more kinds than bits");

static void make_tables(void)
{
	static bool made;
	if (made)
		return;
	made = true;
	for (size_t i = 0; i < secret_form_count; i++)
		secret_anchors_add(secret_forms[i].prefix + secret_forms[i].anchor, secret_forms[i].set);
	for (size_t i = 0; i < sizeof(escaped_ends) / sizeof(escaped_ends[0]); i++)
		secret_anchors_add(escaped_ends[i], ESCAPES_SET);
}

static bool is_token_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* ---- where a token may begin ---- */

/* Whether the letter at `at` is the last of an escape: "\n", "\\n", "\u0020". */
static bool ends_escape(const char *line, size_t at)
{
	if (at >= 1 && line[at - 1] == '\\')
		return strchr("nrtbf", line[at]) != NULL;
	if (at < 5 || line[at - 5] != '\\' || line[at - 4] != 'u')
		return false;
	for (size_t i = at - 3; i <= at; i++)
		if (!isxdigit((unsigned char)line[i]))
			return false;
	return true;
}

/* Whether the 'm' at `at` ends a terminal's colour, "[31;1m"; or the digit an URL's "%3D". */
static bool ends_sequence(const char *line, size_t at)
{
	if (line[at] == 'm') {
		size_t start = at;
		while (start > 0 && at - start < 12
		       && (isdigit((unsigned char)line[start - 1]) || line[start - 1] == ';'))
			start--;
		return start > 0 && line[start - 1] == '[';
	}
	return at >= 2 && line[at - 2] == '%' && isxdigit((unsigned char)line[at - 1])
	       && isxdigit((unsigned char)line[at]);
}

static bool may_begin(const char *line, size_t at)
{
	return at == 0 || !is_token_char(line[at - 1]) || ends_escape(line, at - 1)
	       || ends_sequence(line, at - 1);
}

/* ---- what begins there ---- */

static void tell(struct search *search, enum secret_kind kind, size_t at)
{
	uint64_t bit = UINT64_C(1) << kind;
	if (!(search->told & bit))
		search->found(search->ctx, kind, at);
	search->told |= bit;
}

static bool holds_form(const struct search *search, const struct secret_form *form, size_t at,
		       const struct secret_token *token)
{
	const struct secret_place place = { search->line, search->len, at };
	if (form->is_secret)
		return form->is_secret(&place);
	size_t prefix = strlen(form->prefix);
	return token->len > prefix && memcmp(token->text, form->prefix, prefix) == 0
	       && form->is_body(token->text + prefix, token->len - prefix);
}

static void try_form(struct search *search, const struct secret_form *form, size_t at)
{
	struct secret_token token;
	size_t prefix = strlen(form->prefix);
	if (search->len - at < prefix || memcmp(search->line + at, form->prefix, prefix) != 0
	    || !may_begin(search->line, at))
		return;
	secret_take_token(search->line, search->len, at, &token);
	if (holds_form(search, form, at, &token))
		tell(search, form->kind, at);
	explicit_bzero(&token, sizeof(token));
}

/* An escaped '-' or '_' whose last digit is at `at`: looks for the start of the token around it. */
static void try_escaped(struct search *search, size_t at)
{
	struct secret_token token;
	const char *line = search->line;
	size_t start = at >= 5 ? at - 5 : 0;
	if (at < 5 || memcmp(line + start, "\\u0", 3) != 0)
		return;
	while (start > search->from && at - start < ESCAPED_PREFIX_MAX && !ends_escape(line, start - 1)
	       && (is_token_char(line[start - 1]) || line[start - 1] == '-'))
		start--;
	secret_take_token(line, search->len, start, &token);
	for (size_t i = 0; i < secret_form_count; i++) {
		if (!secret_forms[i].is_body || !holds_form(search, &secret_forms[i], start, &token))
			continue;
		tell(search, secret_forms[i].kind, start);
		search->from = token.end;
		break;
	}
	explicit_bzero(&token, sizeof(token));
}

static void try_place(struct search *search, size_t at, unsigned sets)
{
	for (size_t i = 0; i < secret_form_count; i++) {
		const struct secret_form *form = &secret_forms[i];
		if ((sets >> form->set & 1) && at >= form->anchor
		    && memcmp(search->line + at, form->prefix + form->anchor, SECRET_ANCHOR_LEN) == 0)
			try_form(search, form, at - form->anchor);
	}
	if (sets >> ESCAPES_SET & 1)
		try_escaped(search, at + SECRET_ANCHOR_LEN - 1);
}

void secret_find(const char *line, size_t len, secret_found *found, void *ctx)
{
	struct search search = { .line = line, .len = len, .found = found, .ctx = ctx };
	const char *at = line, *end = line + len;
	unsigned sets;
	make_tables();
	while ((at = secret_anchors_next(at, end, &sets))) {
		try_place(&search, (size_t)(at - line), sets);
		at++;
	}
}
