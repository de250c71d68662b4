#include "price/price.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"

/* Regions of Bedrock, by the name's prefix; apac. and global. charge the base price for all models. */
enum region { ANYWHERE = 0, US = 1, EU = 2, JP = 4, AU = 8 };

#define ALL_REGIONS (US | EU | JP | AU)

/*
 * Regional endpoints of Bedrock charge a tenth more for every model from the 4.5 ones on. Here is where
 * ccusage 20.0.24 knows that, by LiteLLM's entries.
 */
static const struct {
	const char *model;
	unsigned regions;
	bool alias;          /* a short form: without -v1, behind a router's name, at the base price */
} regional_models[] = {
	{ "claude-sonnet-4-5", ALL_REGIONS, true }, { "claude-sonnet-4-5-20250929", ALL_REGIONS, false },
	{ "claude-haiku-4-5", ALL_REGIONS, true }, { "claude-haiku-4-5-20251001", ALL_REGIONS, false },
	{ "claude-opus-4-5", US, true }, { "claude-opus-4-5-20251101", US, false },
	{ "claude-opus-4-6", US | EU | AU, true }, { "claude-sonnet-4-6", ALL_REGIONS, false },
	{ "claude-opus-4-7", ALL_REGIONS, false }, { "claude-opus-4-7-20260416", ALL_REGIONS, false },
	{ "claude-opus-4-8", ALL_REGIONS, false }, { "claude-sonnet-5", ALL_REGIONS, false },
	{ "claude-opus-5", ALL_REGIONS, false }, { "claude-fable-5", US | EU, false },
	{ "claude-fable-5-1", US | EU, false },
};
#define REGIONAL_FACTOR 1.1

/* A table of prices, sorted by name. */
struct price_list {
	const struct price *prices;
	size_t count;
};

/* A name that is not ended by a NUL. */
struct name {
	const char *text;
	size_t len;
};

static int compare_beginning(const void *key, const void *item)
{
	const struct name *name = key;
	return -strncmp(((const struct price *)item)->model, name->text, name->len);
}

/*
 * The first price whose name is not before `model`: of the names that begin so, the shortest one stands
 * first.
 */
static size_t find_beginning(const struct price_list *list, const char *model, size_t len, bool *found)
{
	const struct name name = { model, len };
	return array_search(&name, list->prices, list->count, sizeof(*list->prices), compare_beginning,
			    found);
}

static const struct price *find_exact(const struct price_list *list, const char *model, size_t len)
{
	bool found;
	size_t at = find_beginning(list, model, len, &found);
	return found && list->prices[at].model[len] == '\0' ? &list->prices[at] : NULL;
}

static bool is_date(const char *text, size_t len)
{
	if (len != 8)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)text[i]))
			return false;
	return true;
}

/*
 * A name that lacks the date or "-latest" of one in the list: "claude-sonnet-4" is claude-sonnet-4-20250514.
 */
static const struct price *find_undated(const struct price_list *list, const char *model, size_t len)
{
	for (size_t at = find_beginning(list, model, len, NULL); at < list->count; at++) {
		const char *name = list->prices[at].model;
		if (strncmp(name, model, len) != 0)
			break;
		const char *rest = name + len;
		if (rest[0] == '-'
		    && (is_date(rest + 1, strlen(rest + 1)) || strcmp(rest + 1, "latest") == 0))
			return &list->prices[at];
	}
	return NULL;
}

/* Whether a name ends here: not in a longer word, and not with a further part of the version ("-5-5"). */
static bool ends_name(const char *rest, size_t len)
{
	if (len == 0)
		return true;
	if (isalnum((unsigned char)rest[0]))
		return false;
	size_t digits = 0;
	while (digits + 1 < len && isdigit((unsigned char)rest[digits + 1]))
		digits++;
	return digits == 0 || digits == 8;
}

/* The longest name of the list that stands in `model` by itself: "my/claude-opus-4-6-thinking". */
static const struct price *find_inside(const struct price_list *list, const char *model, size_t len)
{
	const struct price *found = NULL;
	size_t found_len = 0;
	for (size_t i = 0; i < list->count; i++) {
		const char *name = list->prices[i].model;
		size_t name_len = strlen(name);
		const char *at =
			name_len > found_len && name_len <= len ? memmem(model, len, name, name_len) : NULL;
		if (!at || (at > model && isalnum((unsigned char)at[-1])))
			continue;
		if (!ends_name(at + name_len, (size_t)(model + len - at) - name_len))
			continue;
		found = &list->prices[i];
		found_len = name_len;
	}
	return found;
}

static bool skip_prefix(const char **text, size_t *len, const char *prefix)
{
	size_t prefix_len = strlen(prefix);
	if (*len <= prefix_len || memcmp(*text, prefix, prefix_len) != 0)
		return false;
	*text += prefix_len;
	*len -= prefix_len;
	return true;
}

/* -v1, -v2 */
static bool is_versioned(const char *name, size_t len)
{
	return len > 3 && name[len - 3] == '-' && name[len - 2] == 'v'
	       && isdigit((unsigned char)name[len - 1]);
}

/* What a name says about the place where the model runs. */
struct endpoint {
	enum region region;
	bool routed;         /* something else stands before the region */
	bool versioned;      /* "-v1" stands behind the name */
};

/* arn:aws:bedrock:us-east-1:123456789012:inference-profile/NAME */
static bool strip_arn(const char **text, size_t *len)
{
	const char *slash = *len > 4 && memcmp(*text, "arn:", 4) == 0 ? memrchr(*text, '/', *len) : NULL;
	if (!slash)
		return false;
	*len -= (size_t)(slash + 1 - *text);
	*text = slash + 1;
	return true;
}

/*
 * Takes off what a provider puts before and after the name. Returns what that said about a regional endpoint.
 */
static struct endpoint strip_provider(const char **text, size_t *len)
{
	static const char *const providers[] = { "openrouter/", "anthropic/", "bedrock/",
						 "converse/",	"vertex_ai/", "azure_ai/" };
	static const struct {
		const char *prefix;
		enum region region;
	} regions[] = { { "us.", US }, { "eu.", EU }, { "jp.", JP }, { "au.", AU },
			{ "apac.", ANYWHERE }, { "global.", ANYWHERE } };
	struct endpoint endpoint = { ANYWHERE, strip_arn(text, len), false };
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
		endpoint.routed = skip_prefix(text, len, providers[i]) || endpoint.routed;
	for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
		if (skip_prefix(text, len, regions[i].prefix))
			endpoint.region = regions[i].region;
	skip_prefix(text, len, "anthropic.");
	const char *bracket = memchr(*text, '[', *len);  /* claude-opus-4-6[1m] */
	if (bracket && bracket > *text)
		*len = (size_t)(bracket - *text);
	const char *colon = memchr(*text, ':', *len);    /* ...-v1:0, ...:thinking */
	if (colon)
		*len = (size_t)(colon - *text);
	endpoint.versioned = is_versioned(*text, *len);
	return endpoint;
}

static size_t without_suffix(const char *name, size_t len)
{
	if (is_versioned(name, len))
		return len - 3;
	if (len > 9 && name[len - 9] == '-' && is_date(name + len - 8, 8))
		return len - 9;
	if (len > 7 && memcmp(name + len - 7, "-latest", 7) == 0)
		return len - 7;
	return len;
}

/* As it is written, then with fewer and fewer suffixes. */
static const struct price *find_plain(const struct price_list *list, const char *name, size_t len)
{
	size_t shorter = len;
	do {
		len = shorter;
		const struct price *found = find_exact(list, name, len);
		if (!found)
			found = find_undated(list, name, len);
		if (found)
			return found;
		shorter = without_suffix(name, len);
	} while (shorter < len);
	return NULL;
}

/* Whether ccusage charges more there. */
static bool reference_costs_more_at(const struct endpoint *endpoint, const char *model)
{
	for (size_t i = 0; i < sizeof(regional_models) / sizeof(regional_models[0]); i++)
		if (strcmp(model, regional_models[i].model) == 0)
			return (regional_models[i].regions & endpoint->region) != 0
			       && !(endpoint->routed && regional_models[i].alias && !endpoint->versioned);
	return false;
}

/* Reads one part of a version and moves on. Returns -1 unless it has one or two digits: eight are a date. */
static int take_version(const char **at)
{
	size_t digits = strspn(*at, "0123456789");
	if (digits < 1 || digits > 2)
		return -1;
	int number = 0;
	for (; digits > 0; digits--)
		number = number * 10 + (*(*at)++ - '0');
	return number;
}

/* "claude-FAMILY-N-N" with 4.5 or later. Before 4.0, and in two of its aliases, the family stands last. */
static bool is_since_4_5(const char *model)
{
	const char *at = model;
	static const char prefix[] = "claude-";
	if (strncmp(model, prefix, sizeof(prefix) - 1) != 0)
		return false;
	at += sizeof(prefix) - 1;
	at += strspn(at, "abcdefghijklmnopqrstuvwxyz");
	if (*at != '-' || at[-1] == '-')
		return false;
	at++;
	int major = take_version(&at), minor = 0;
	if (major >= 0 && *at == '-') {
		at++;
		minor = take_version(&at);
	}
	return major > 4 || (major == 4 && minor >= 5);
}

/*
 * A version before the family, "claude-4-5-sonnet-20250929", the other way round. Returns false when it is
 * not written so.
 */
static bool put_family_first(const char *name, size_t len, char out[PRICE_MODEL_MAX + 1])
{
	static const char prefix[] = "claude-";
	const char *claude = memmem(name, len, prefix, sizeof(prefix) - 1), *end = name + len;
	if (!claude || (claude > name && isalnum((unsigned char)claude[-1])))
		return false;
	const char *version = claude + sizeof(prefix) - 1, *family = version;
	while (family < end && (isdigit((unsigned char)*family) || *family == '-'))
		family++;
	const char *rest = family;
	while (rest < end && islower((unsigned char)*rest))
		rest++;
	if (family == version || rest == family || family[-1] != '-')
		return false;
	snprintf(out, PRICE_MODEL_MAX + 1, "%s%.*s-%.*s%.*s", prefix, (int)(rest - family), family,
		 (int)(family - 1 - version), version, (int)(end - rest), rest);
	return true;
}

/* The price of a name without what providers add. */
static const struct price *find_bare(const struct price_list *list, const char *name, size_t len)
{
	const struct price *found = len > 0 ? find_plain(list, name, len) : NULL;
	return found || len == 0 ? found : find_inside(list, name, len);
}

static const struct price *find(const struct price_list *list, bool as_reference, const char *model,
				size_t len, double *factor)
{
	char lower[PRICE_MODEL_MAX], name[PRICE_MODEL_MAX], turned[PRICE_MODEL_MAX + 1];
	*factor = 1.;
	if (len == 0 || len > PRICE_MODEL_MAX)
		return NULL;
	const struct price *found = find_exact(list, model, len);
	if (found)
		return found;
	/* Some gateways write "Claude-Opus-4.8"; ccusage has no price for that. */
	for (size_t i = 0; i < len; i++)
		lower[i] = as_reference ? model[i] : (char)tolower((unsigned char)model[i]);
	model = lower;
	struct endpoint endpoint = strip_provider(&model, &len);
	for (size_t i = 0; i < len; i++)
		name[i] = model[i] == '.' || model[i] == '@' ? '-' : model[i];
	found = find_bare(list, name, len);
	if (!found && !as_reference && put_family_first(name, len, turned))
		found = find_bare(list, turned, strlen(turned));
	if (found && (as_reference ? reference_costs_more_at(&endpoint, found->model)
				   : endpoint.region != ANYWHERE && is_since_4_5(found->model)))
		*factor = REGIONAL_FACTOR;
	return found;
}

const struct price *price_find_among(const struct price *table, size_t table_len, const char *model,
				     size_t len, double *factor)
{
	const struct price_list list = { table, table_len };
	return find(&list, false, model, len, factor);
}

const struct price *price_find(const char *model, size_t len, double *factor)
{
	return price_find_among(price_table, price_table_len, model, len, factor);
}

const struct price *price_find_reference(const char *model, size_t len, double *factor)
{
	const struct price_list list = { price_table, price_table_len };
	const struct price *found = find(&list, true, model, len, factor);
	return found && !found->after_reference ? found : NULL;
}

/* ---- what it costs ---- */

/* The prices of a time. */
struct rates {
	const struct price_rates *base, *above;
};

static struct rates rates_at(const struct price *price, int64_t time_ms)
{
	for (size_t i = 0; i < price->past_count; i++)
		if (time_ms < price->past[i].until_ms)
			return (struct rates){ &price->past[i].base, &price->past[i].above };
	return (struct rates){ &price->base, &price->above };
}

/* Tokens of one kind; those beyond the threshold at the higher price. */
static double tiered_usd(const struct price *price, int64_t tokens, double base, double above)
{
	if (price->threshold_tokens == 0 || above <= 0. || tokens <= price->threshold_tokens)
		return (double)tokens * base;
	return (double)price->threshold_tokens * base + (double)(tokens - price->threshold_tokens) * above;
}

static double tiered_cost_usd(const struct price *price, const struct rates *rates,
			      const struct price_tokens *tokens)
{
	const struct price_rates *base = rates->base, *above = rates->above;
	return tiered_usd(price, tokens->input, base->input, above->input)
	       + tiered_usd(price, tokens->output, base->output, above->output)
	       + tiered_usd(price, tokens->cache_creation_5m, base->cache_creation, above->cache_creation)
	       + tiered_usd(price, tokens->cache_creation_1h, 2. * base->input, 2. * above->input)
	       + tiered_usd(price, tokens->cache_read, base->cache_read, above->cache_read);
}

static double flat_cost_usd(const struct price_rates *r, const struct price_tokens *tokens)
{
	return (double)tokens->input * r->input + (double)tokens->output * r->output
	     + (double)tokens->cache_creation_5m * r->cache_creation
	     + (double)tokens->cache_creation_1h * 2. * r->input + (double)tokens->cache_read * r->cache_read;
}

/*
 * What several requests cost: `large` are the tokens of those that are larger than
 * PRICE_LARGE_REQUEST_TOKENS. Where the price does not go by the size of a request, their sum is charged.
 */
static double parts_cost_usd(const struct price *price, double factor, const struct price_tokens *tokens,
			     const struct price_tokens *large, int64_t time_ms, bool fast)
{
	const struct rates rates = rates_at(price, time_ms);
	struct price_tokens rest = *tokens;
	price_tokens_add(&rest, large, -1);
	double usd = price->whole_request
			     ? flat_cost_usd(rates.base, &rest) + flat_cost_usd(rates.above, large)
			     : tiered_cost_usd(price, &rates, tokens);
	return usd * factor * (fast ? price->fast_factor : 1.);
}

double price_cost_usd(const struct price *price, double factor, const struct price_tokens *tokens,
		      int64_t time_ms, bool fast)
{
	static const struct price_tokens none = { 0 };
	bool is_large = tokens->input + price_tokens_created(tokens) + tokens->cache_read
		      > price->threshold_tokens;
	return parts_cost_usd(price, factor, tokens, is_large ? tokens : &none, time_ms, fast);
}

static double with_extras(double usd, const struct price_extras *extras)
{
	return usd * (extras->us_only ? 1.1 : 1.) * (extras->batch ? 0.5 : 1.)
	       + PRICE_WEB_SEARCH_USD * (double)extras->web_searches;
}

double price_request_usd(const struct price *price, double factor, const struct price_request *request)
{
	double usd = 0.;
	if (price && request->large)
		usd = parts_cost_usd(price, factor, request->tokens, request->large, request->time_ms,
				     request->fast);
	else if (price)
		usd = price_cost_usd(price, factor, request->tokens, request->time_ms, request->fast);
	return request->extras ? with_extras(usd, request->extras) : usd;
}
