#include "limits/names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"

#define WORDS_MAX 12

/* A name in words, in lower case: "seven", "day", "opus". */
struct words {
	char text[RATE_LIMIT_NAME_SIZE * 2];
	const char *list[WORDS_MAX];
	size_t count;
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool rate_limit_name(const char *told, size_t len, char out[RATE_LIMIT_NAME_SIZE])
{
	size_t at = 0;
	bool raise = false;
	if (len == 0 || len >= RATE_LIMIT_NAME_SIZE || !is_letter(told[0]))
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = told[i];
		if (c == '_') {
			raise = true;
			continue;
		}
		if (!is_letter(c) && !is_digit(c))
			return false;
		out[at++] = raise && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
		raise = false;
	}
	out[at] = '\0';
	return true;
}

/* Words begin at a '_', at a capital, and where digits begin. */
static void split(const char *name, struct words *words)
{
	size_t len = 0;
	bool inside = false;
	words->count = 0;
	for (const char *at = name; *at && len + 2 < sizeof(words->text); at++) {
		bool begins = at > name && (is_upper(*at) || (is_digit(*at) && !is_digit(at[-1])));
		if (inside && (*at == '_' || begins)) {
			words->text[len++] = '\0';
			inside = false;
		}
		if (*at == '_')
			continue;
		if (!inside && words->count == WORDS_MAX)
			break;
		if (!inside)
			words->list[words->count++] = words->text + len;
		inside = true;
		words->text[len++] = (char)tolower((unsigned char)*at);
	}
	words->text[len] = '\0';
}

static bool is_one_of(const char *word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

/* How many words the window takes: "five hour", "seven day"; 0 when the name begins with neither. */
static size_t window_words(const struct words *words, int64_t *window_ms)
{
	static const struct { const char *first, *second; int64_t ms; } windows[] = {
		{ "five", "hour", RATE_LIMIT_FIVE_HOUR_MS },
		{ "seven", "day", RATE_LIMIT_SEVEN_DAY_MS },
	};
	for (size_t i = 0; i < ARRAY_COUNT(windows) && words->count >= 2; i++) {
		if (strcmp(words->list[0], windows[i].first) == 0
		    && strcmp(words->list[1], windows[i].second) == 0) {
			*window_ms = windows[i].ms;
			return 2;
		}
	}
	*window_ms = 0;
	return 0;
}

bool rate_limit_is_of_account(const char *name)
{
	return strcmp(name, RATE_LIMIT_FIVE_HOUR) == 0 || strcmp(name, RATE_LIMIT_SEVEN_DAY) == 0;
}

int64_t rate_limit_window_ms(const char *name)
{
	struct words words;
	int64_t window_ms;
	split(name, &words);
	(void)window_words(&words, &window_ms);
	return window_ms;
}

/* ---- models ---- */

/* Whether a model's name has the word between dashes and the like. */
static const char *find_in_model(const char *model, const char *word)
{
	size_t len = strlen(word);
	/* "Opus 5.5" is a model's name, too. */
	for (const char *at = model; *at; at++)
		if (strncasecmp(at, word, len) == 0 && (at == model || !is_letter(at[-1]))
		    && !is_letter(at[len]))
			return at;
	return NULL;
}

static bool is_family(const char *word, const char *model)
{
	static const char *const families[] = { "opus", "sonnet", "haiku", "fable", "mythos", "instant" };
	/* These are parts of other names, too. */
	static const char *const common[] = { "claude", "fast", "limit", "us", "eu", "global" };
	if (is_one_of(word, families, ARRAY_COUNT(families)))
		return true;
	return model && is_letter(word[0]) && !is_one_of(word, common, ARRAY_COUNT(common))
	       && find_in_model(model, word) != NULL;
}

void rate_limit_model(const char *name, const char *model, char out[RATE_LIMIT_NAME_SIZE])
{
	struct words words;
	int64_t window_ms;
	split(name, &words);
	out[0] = '\0';
	for (size_t i = window_words(&words, &window_ms); i < words.count; i++) {
		if (!is_family(words.list[i], model))
			continue;
		int len = snprintf(out, RATE_LIMIT_NAME_SIZE, "%s", words.list[i]);
		for (i++; i < words.count && is_digit(words.list[i][0]) && len < RATE_LIMIT_NAME_SIZE - 4;
		     i++)
			len += snprintf(out + len, RATE_LIMIT_NAME_SIZE - (size_t)len, "-%.2s",
					words.list[i]);
		return;
	}
}

/* The digits of a version, without a date's: of "-5-5-20261001", "55". */
static void take_version(const char *at, char out[16])
{
	size_t len = 0;
	while (*at == '-' || *at == '.' || *at == ' ' || is_digit(*at)) {
		size_t digits = strspn(at, "0123456789");
		if (digits <= 2)
			for (size_t i = 0; i < digits && len < 15; i++)
				out[len++] = at[i];
		at += digits ? digits : 1;
	}
	out[len] = '\0';
}

bool rate_limit_is_of_model(const char *family, const char *model)
{
	char wanted[16], has[16], word[RATE_LIMIT_NAME_SIZE];
	size_t len = strcspn(family, "-");
	if (len >= sizeof(word))
		return false;
	memcpy(word, family, len);
	word[len] = '\0';
	const char *found = find_in_model(model, word);
	if (!found)
		return false;
	take_version(family + len, wanted);
	take_version(found + len, has);
	return wanted[0] == '\0' || strcmp(wanted, has) == 0;
}

bool rate_limit_holds_for(const char *name, const char *model)
{
	char family[RATE_LIMIT_NAME_SIZE];
	rate_limit_model(name, model, family);
	return family[0] == '\0' || model[0] == '\0' || rate_limit_is_of_model(family, model);
}

/* ---- for people ---- */

/* Appends a word, with a blank before it, or a dot inside a version. Names are shorter than labels. */
static void append_word(char out[RATE_LIMIT_LABEL_SIZE], char before, const char *word)
{
	size_t len = strlen(out);
	snprintf(out + len, RATE_LIMIT_LABEL_SIZE - len, "%.*s%s", len > 0, &before, word);
}

/* The words behind the window; a family with a capital, and its version with dots. */
static void append_words(const struct words *words, size_t from, bool capital,
			 char out[RATE_LIMIT_LABEL_SIZE])
{
	bool in_version = false, after_family = false;
	for (size_t i = from; i < words->count; i++) {
		const char *word = words->list[i];
		char text[RATE_LIMIT_NAME_SIZE];
		snprintf(text, sizeof(text), "%s", word);
		in_version = (in_version || after_family) && is_digit(word[0]);
		/* "sevenDayOpus55" does not say where the dot was. */
		if (in_version && after_family && strlen(word) == 2)
			snprintf(text, sizeof(text), "%c.%c", word[0], word[1]);
		bool in_middle = in_version && !after_family;
		after_family = is_family(word, NULL);
		if (after_family && capital)
			text[0] = (char)toupper((unsigned char)text[0]);
		append_word(out, in_middle ? '.' : ' ', text);
	}
}

void rate_limit_label(const char *name, char out[RATE_LIMIT_LABEL_SIZE])
{
	struct words words;
	int64_t window_ms;
	split(name, &words);
	size_t from = window_words(&words, &window_ms);
	bool is_spend = words.count == 2 && strcmp(words.list[0], "spend") == 0;
	words.count -= is_spend;
	snprintf(out, RATE_LIMIT_LABEL_SIZE, "%s",
		 from == 0				? ""
		 : window_ms == RATE_LIMIT_FIVE_HOUR_MS ? "5h"
							: "7d");
	append_words(&words, from, false, out);
}

void rate_limit_title(const char *name, char out[RATE_LIMIT_LABEL_SIZE])
{
	struct words words;
	int64_t window_ms;
	split(name, &words);
	size_t from = window_words(&words, &window_ms);
	if (words.count == 2 && strcmp(words.list[0], "spend") == 0) {
		snprintf(out, RATE_LIMIT_LABEL_SIZE, "spending limit");
		return;
	}
	if (words.count == 0) {
		snprintf(out, RATE_LIMIT_LABEL_SIZE, "usage limit");
		return;
	}
	snprintf(out, RATE_LIMIT_LABEL_SIZE, "%s",
		 from == 0 ? "limit" : window_ms == RATE_LIMIT_FIVE_HOUR_MS ? "5-hour" : "7-day");
	append_words(&words, from, true, out);
	if (from > 0)
		strncat(out, " limit", RATE_LIMIT_LABEL_SIZE - strlen(out) - 1);
}
