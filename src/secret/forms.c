#include "secret/forms.h"

#include <ctype.h>
#include <string.h>

#include "base/array.h"
#include "secret/keys.h"
#include "secret/random.h"

/* Bits a character that random text of each alphabet has at least, at about the lengths below. */
#define BITS_LONG 4.0            /* 62 or 64 characters, 32 of them and more */
#define BITS_SHORT 3.3           /* the same, about 20 of them */
#define BITS_HEX 3.0             /* 16 characters, 32 of them and more */
#define BITS_FEW 2.7             /* 32 or 36 characters, 16 of them */

/* ---- characters ---- */

static size_t span(const char *text, bool (*has)(char c))
{
	size_t len = 0;
	while (text[len] && has(text[len]))
		len++;
	return len;
}

static bool is_alnum(char c)
{
	return isalnum((unsigned char)c);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z');
}

/* A hash has letters of one case, words mostly too; random text of 20 characters has both. */
static bool has_both_cases(const char *text, size_t len)
{
	bool lower = false, upper = false;
	for (size_t i = 0; i < len; i++) {
		lower = lower || islower((unsigned char)text[i]);
		upper = upper || isupper((unsigned char)text[i]);
	}
	return lower && upper;
}

static bool is_mixed(const char *text, size_t len, size_t min, size_t max)
{
	return len >= min && len <= max && has_both_cases(text, len)
	       && secret_is_random(text, len, len < 32 ? BITS_SHORT : BITS_LONG);
}

/* All of it letters and digits. */
static bool is_base62(const char *text, size_t len, size_t min, size_t max)
{
	return span(text, is_alnum) == len && is_mixed(text, len, min, max);
}

static bool is_hex_of(const char *text, size_t len, size_t wanted)
{
	return len == wanted && span(text, is_hex) == len && secret_is_random(text, len, BITS_HEX);
}

/* ---- what follows a prefix; `len` characters, and a NUL behind them ---- */

/* "api03-", "admin01-", "oat01-", "ort01-", "sid01-", then some 95. */
static bool is_anthropic(const char *body, size_t len)
{
	size_t letters = strcspn(body, "0123456789-_");
	const char *rest = body + letters;
	return letters >= 2 && letters <= 8 && is_digit(rest[0]) && is_digit(rest[1]) && rest[2] == '-'
	       && is_mixed(rest + 3, len - letters - 3, 80, 140);
}

/* OpenAI's keys have their maker's name in the middle, in base 64. */
#define OPENAI_MARK "T3BlbkFJ"

static bool is_openai_project(const char *body, size_t len)
{
	size_t min = strstr(body, OPENAI_MARK) ? 40 : 80;
	return is_mixed(body, len, min, 220);
}

/* "sk-" alone: OpenAI's earlier keys, and OpenRouter's. */
static bool is_openai(const char *body, size_t len)
{
	return is_base62(body, len, 48, 48);
}

static bool is_openrouter(const char *body, size_t len)
{
	return is_hex_of(body, len, 64);
}

static bool is_groq(const char *body, size_t len)
{
	return is_base62(body, len, 52, 52);
}

static bool is_xai(const char *body, size_t len)
{
	return is_base62(body, len, 70, 90);
}

static bool is_hugging_face(const char *body, size_t len)
{
	return is_base62(body, len, 34, 40);
}

static bool is_github(const char *body, size_t len)
{
	return len == 36 && span(body, is_alnum) == len && secret_has_checksum(body, len);
}

static bool is_github_refresh(const char *body, size_t len)
{
	return is_github(body, len) || is_base62(body, len, 76, 76);
}

static bool is_github_fine(const char *body, size_t len)
{
	return len == 82 && body[22] == '_' && span(body, is_alnum) == 22 && span(body + 23, is_alnum) == 59
	       && is_mixed(body, len, 82, 82);
}

static bool is_gitlab(const char *body, size_t len)
{
	return is_mixed(body, len, 20, 300);
}

static bool is_gitlab_trigger(const char *body, size_t len)
{
	return is_hex_of(body, len, 40);
}

static bool is_aws(const char *body, size_t len)
{
	return len == 16 && span(body, is_upper) == len && secret_is_random(body, len, BITS_FEW);
}

static bool is_google(const char *body, size_t len)
{
	return is_mixed(body, len, 35, 35);
}

static bool is_google_client(const char *body, size_t len)
{
	return is_mixed(body, len, 28, 28);
}

/* "123456789012-1234567890123-" and the secret; numbers are left out in some. */
static bool is_slack(const char *body, size_t len)
{
	const char *last = strrchr(body, '-');
	size_t numbers = last ? (size_t)(last - body) : 0;
	if (!last || !is_digit(*body) || strspn(body, "0123456789-") < numbers || numbers < 9)
		return false;
	size_t rest = len - numbers - 1;
	return rest == 64 || rest == 32 ? is_hex_of(last + 1, rest, rest) || is_base62(last + 1, rest, 32, 64)
					: is_base62(last + 1, rest, 23, 64);
}

/* Of an app: "1-A0123456789-1234567890123-" and 64 hexadecimal digits. */
static bool is_slack_app(const char *body, size_t len)
{
	const char *last = strrchr(body, '-');
	return last && is_digit(*body) && body[1] == '-'
	       && is_hex_of(last + 1, len - (size_t)(last + 1 - body), 64);
}

static bool is_stripe(const char *body, size_t len)
{
	return is_base62(body, len, 24, 247);
}

static bool is_npm(const char *body, size_t len)
{
	return is_github(body, len);
}

/* "AgE" begins a macaroon; pypi.org's and test.pypi.org's go on like this. */
static bool is_pypi(const char *body, size_t len)
{
	static const char *const sites[] = { "IcHlwaS5vcmc", "NdGVzdC5weXBpLm9yZw" };
	for (size_t i = 0; i < ARRAY_COUNT(sites); i++) {
		size_t site = strlen(sites[i]);
		if (strncmp(body, sites[i], site) == 0)
			return len > site && has_both_cases(body + site, len - site) && len - site >= 50
			       && secret_is_random(body + site, len - site, BITS_LONG);
	}
	return false;
}

static bool is_docker(const char *body, size_t len)
{
	return is_mixed(body, len, 24, 48);
}

/*
 * Which anchors share a set was worked out over transcripts and source code, for the fewest other places that
 * fit. A prefix stands before any other that begins like it.
 */
const struct secret_form secret_forms[] = {
	{ SECRET_ANTHROPIC, "sk-ant-", 0, 0, is_anthropic, NULL },
	{ SECRET_OPENAI, "sk-proj-", 0, 0, is_openai_project, NULL },
	{ SECRET_OPENAI, "sk-svcacct-", 0, 0, is_openai_project, NULL },
	{ SECRET_OPENAI, "sk-admin-", 0, 0, is_openai_project, NULL },
	{ SECRET_OPENROUTER, "sk-or-v1-", 0, 0, is_openrouter, NULL },
	{ SECRET_OPENAI, "sk-", 0, 0, is_openai, NULL },
	{ SECRET_GROQ, "gsk_", 0, 1, is_groq, NULL },
	{ SECRET_XAI, "xai-", 0, 2, is_xai, NULL },
	{ SECRET_HUGGING_FACE, "hf_", 0, 3, is_hugging_face, NULL },
	{ SECRET_GITHUB, "ghp_", 0, 1, is_github, NULL },
	{ SECRET_GITHUB, "gho_", 0, 1, is_github, NULL },
	{ SECRET_GITHUB, "ghu_", 0, 1, is_github, NULL },
	{ SECRET_GITHUB, "ghs_", 0, 1, is_github, NULL },
	{ SECRET_GITHUB, "ghr_", 0, 1, is_github_refresh, NULL },
	{ SECRET_GITHUB, "github_pat_", 5, 4, is_github_fine, NULL },
	{ SECRET_GITLAB, "glpat-", 0, 3, is_gitlab, NULL },
	{ SECRET_GITLAB, "glptt-", 0, 3, is_gitlab_trigger, NULL },
	{ SECRET_AWS, "AKIA", 0, 4, is_aws, NULL },
	{ SECRET_AWS, "ASIA", 0, 4, is_aws, NULL },
	{ SECRET_GOOGLE, "AIza", 0, 4, is_google, NULL },
	{ SECRET_GOOGLE, "GOCSPX-", 0, 5, is_google_client, NULL },
	{ SECRET_SLACK, "xoxb-", 0, 2, is_slack, NULL },
	{ SECRET_SLACK, "xoxp-", 0, 2, is_slack, NULL },
	{ SECRET_SLACK, "xoxa-", 0, 2, is_slack, NULL },
	{ SECRET_SLACK, "xoxs-", 0, 2, is_slack, NULL },
	{ SECRET_SLACK, "xoxr-", 0, 2, is_slack, NULL },
	{ SECRET_SLACK, "xapp-", 0, 2, is_slack_app, NULL },
	{ SECRET_SLACK, "hooks.slack.com/services/T", 23, 6, NULL, secret_is_slack_hook },
	{ SECRET_STRIPE, "sk_live_", 1, 7, is_stripe, NULL },
	{ SECRET_STRIPE, "rk_live_", 1, 7, is_stripe, NULL },
	{ SECRET_SENDGRID, "SG.", 0, 0, NULL, secret_is_sendgrid },
	{ SECRET_NPM, "npm_", 1, 3, is_npm, NULL },
	{ SECRET_PYPI, "pypi-AgE", 5, 2, is_pypi, NULL },
	{ SECRET_DOCKER, "dckr_pat_", 2, 6, is_docker, NULL },
	{ SECRET_JWT, "eyJ", 0, 5, NULL, secret_is_jwt },
	{ SECRET_PRIVATE_KEY, "-----BEGIN ", 4, 0, NULL, secret_is_private_key },
};

const size_t secret_form_count = ARRAY_COUNT(secret_forms);
