/*
 * forms: what the tokens and keys of each kind look like.
 *
 * For: find.c, which asks this where anchors.h stopped.
 */
#ifndef SWATCH_SECRET_FORMS_H
#define SWATCH_SECRET_FORMS_H

#include <stdbool.h>
#include <stddef.h>

#include "secret/kinds.h"
#include "secret/token.h"

struct secret_form {
	enum secret_kind kind;
	const char *prefix;
	unsigned anchor;             /* where in the prefix the three bytes are that are looked for */
	unsigned set;                /* of anchors.h: those that share one have bytes that are alike */
	/* One of: how the characters behind the prefix have to be, or what else tells. */
	bool (*is_body)(const char *body, size_t len);
	bool (*is_secret)(const struct secret_place *place);
};

extern const struct secret_form secret_forms[];
extern const size_t secret_form_count;

#endif
