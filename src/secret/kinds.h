/*
 * kinds: the kinds of tokens and keys that swatch knows, by the names that people see.
 *
 * For: find.h, which finds them; the daemon, which keeps which kinds it saw where.
 */
#ifndef SWATCH_SECRET_KINDS_H
#define SWATCH_SECRET_KINDS_H

/* Names are kept in cache files: add kinds, rename none. */
enum secret_kind {
	SECRET_ANTHROPIC, SECRET_OPENAI, SECRET_OPENROUTER, SECRET_GROQ, SECRET_XAI, SECRET_HUGGING_FACE,
	SECRET_GITHUB, SECRET_GITLAB, SECRET_AWS, SECRET_GOOGLE, SECRET_SLACK, SECRET_STRIPE,
	SECRET_SENDGRID, SECRET_NPM, SECRET_PYPI, SECRET_DOCKER, SECRET_JWT, SECRET_PRIVATE_KEY, SECRET_KINDS
};

/* "GitHub token". */
const char *secret_kind_name(enum secret_kind kind);

#endif
