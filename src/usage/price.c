#include "usage/price.h"

#include <ctype.h>
#include <string.h>

/* Regional endpoints of Bedrock charge a tenth more for these models (LiteLLM's us.anthropic.* entries). */
static const char *const regional_models[] = {
	"claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "claude-haiku-4-5", "claude-haiku-4-5-20251001",
	"claude-opus-4-5", "claude-opus-4-5-20251101", "claude-opus-4-6",
	"claude-sonnet-4-6", "claude-opus-4-7", "claude-opus-4-7-20260416", "claude-opus-4-8", "claude-sonnet-5",
	"claude-opus-5", "claude-fable-5", "claude-fable-5-1",
};
#define REGIONAL_FACTOR 1.1
/* The first of strip_provider()'s regions; apac. and global. charge the base price. */
#define DEARER_REGIONS 4

/* A table of prices, sorted by name. */
struct price_list {
	const struct price *prices;
	size_t count;
};

/* The first price whose name is not before `model`. */
static size_t lower_bound(const struct price_list *list, const char *model, size_t len)
{
	size_t low = 0, high = list->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strncmp(list->prices[middle].model, model, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct price *find_exact(const struct price_list *list, const char *model, size_t len)
{
	size_t at = lower_bound(list, model, len);
	/* Of the names that start so, the shortest one stands first. */
	if (at < list->count && strncmp(list->prices[at].model, model, len) == 0 && list->prices[at].model[len] == '\0')
		return &list->prices[at];
	return NULL;
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

/* A name that lacks the date or "-latest" of one in the list: "claude-sonnet-4" is claude-sonnet-4-20250514. */
static const struct price *find_undated(const struct price_list *list, const char *model, size_t len)
{
	for (size_t at = lower_bound(list, model, len); at < list->count; at++) {
		const char *name = list->prices[at].model;
		if (strncmp(name, model, len) != 0)
			break;
		const char *rest = name + len;
		if (rest[0] == '-' && (is_date(rest + 1, strlen(rest + 1)) || strcmp(rest + 1, "latest") == 0))
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
		const char *at = name_len > found_len && name_len <= len ? memmem(model, len, name, name_len) : NULL;
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

/* Takes off what a provider puts before and after the name. Returns true when a regional prefix was among it. */
static bool strip_provider(const char **text, size_t *len)
{
	static const char *const providers[] = { "openrouter/", "anthropic/", "bedrock/", "vertex_ai/", "azure_ai/" };
	static const char *const regions[] = { "us.", "eu.", "jp.", "au.", "apac.", "global." };
	bool regional = false, routed = false;
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
		routed = skip_prefix(text, len, providers[i]) || routed;
	for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
		if (skip_prefix(text, len, regions[i]))
			regional = i < DEARER_REGIONS && !routed;  /* the reference: base price behind a router */
	skip_prefix(text, len, "anthropic.");
	const char *bracket = memchr(*text, '[', *len);  /* claude-opus-4-6[1m] */
	if (bracket && bracket > *text)
		*len = (size_t)(bracket - *text);
	const char *colon = memchr(*text, ':', *len);    /* ...-v1:0, ...:thinking */
	if (colon)
		*len = (size_t)(colon - *text);
	return regional;
}

static size_t without_suffix(const char *name, size_t len)
{
	/* -v1, -v2 */
	if (len > 3 && name[len - 3] == '-' && name[len - 2] == 'v' && isdigit((unsigned char)name[len - 1]))
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

static bool costs_more_in_regions(const char *model)
{
	for (size_t i = 0; i < sizeof(regional_models) / sizeof(regional_models[0]); i++)
		if (strcmp(model, regional_models[i]) == 0)
			return true;
	return false;
}

const struct price *price_find_among(const struct price *table, size_t table_len, const char *model, size_t len,
				     double *factor)
{
	struct price_list list = { table, table_len };
	char name[PRICE_MODEL_MAX];
	*factor = 1.;
	if (len == 0 || len > PRICE_MODEL_MAX)
		return NULL;
	const struct price *found = find_exact(&list, model, len);
	if (found)
		return found;
	bool regional = strip_provider(&model, &len);
	for (size_t i = 0; i < len; i++)
		name[i] = model[i] == '.' || model[i] == '@' ? '-' : model[i];
	found = len > 0 ? find_plain(&list, name, len) : NULL;
	if (!found && len > 0)
		found = find_inside(&list, name, len);
	if (found && regional && costs_more_in_regions(found->model))
		*factor = REGIONAL_FACTOR;
	return found;
}

const struct price *price_find(const char *model, size_t len, double *factor)
{
	return price_find_among(price_table, price_table_len, model, len, factor);
}

/* Tokens of one kind; those beyond the threshold at the higher price. */
static double tiered_usd(const struct price *price, int64_t tokens, double base, double above)
{
	if (price->threshold_tokens == 0 || above <= 0. || tokens <= price->threshold_tokens)
		return (double)tokens * base;
	return (double)price->threshold_tokens * base + (double)(tokens - price->threshold_tokens) * above;
}

static double tiered_cost_usd(const struct price *price, const struct price_tokens *tokens)
{
	const struct price_rates *base = &price->base, *above = &price->above;
	return tiered_usd(price, tokens->input, base->input, above->input)
	       + tiered_usd(price, tokens->output, base->output, above->output)
	       + tiered_usd(price, tokens->cache_creation_5m, base->cache_creation, above->cache_creation)
	       + tiered_usd(price, tokens->cache_creation_1h, 2. * base->input, 2. * above->input)
	       + tiered_usd(price, tokens->cache_read, base->cache_read, above->cache_read);
}

/* The whole request at the price that its size calls for. */
static double sized_cost_usd(const struct price *price, const struct price_tokens *tokens)
{
	int64_t size = tokens->input + tokens->cache_creation_5m + tokens->cache_creation_1h + tokens->cache_read;
	const struct price_rates *rates = size > price->threshold_tokens ? &price->above : &price->base;
	return (double)tokens->input * rates->input + (double)tokens->output * rates->output
	       + (double)tokens->cache_creation_5m * rates->cache_creation
	       + (double)tokens->cache_creation_1h * 2. * rates->input + (double)tokens->cache_read * rates->cache_read;
}

double price_cost_usd(const struct price *price, double factor, const struct price_tokens *tokens, bool fast)
{
	double usd = price->whole_request ? sized_cost_usd(price, tokens) : tiered_cost_usd(price, tokens);
	return usd * factor * (fast ? price->fast_factor : 1.);
}
