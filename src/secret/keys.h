/*
 * keys: the secrets that are more than a prefix and one token: they have dots, slashes or lines.
 *
 * For: forms.c. Each takes the place of the prefix, and says whether a secret begins there.
 */
#ifndef SWATCH_SECRET_KEYS_H
#define SWATCH_SECRET_KEYS_H

#include <stdbool.h>

#include "secret/token.h"

/* "https://hooks.slack.com/services/T.../B.../...", from the host on. */
bool secret_is_slack_hook(const struct secret_place *place);

/* "SG.", 22 characters, a dot and 43. */
bool secret_is_sendgrid(const struct secret_place *place);

/* Header, payload and signature, in base64url with dots between: the header has to name its algorithm. */
bool secret_is_jwt(const struct secret_place *place);

/*
 * "-----BEGIN ... PRIVATE KEY-----" and at least 60 characters of base 64. Line ends may be escaped, also
 * twice, and each line may have a number or a mark in front, as a tool shows it.
 */
bool secret_is_private_key(const struct secret_place *place);

#endif
