#include "usage/price.h"

#include <ctype.h>
#include <string.h>

/* Regional endpoints of Bedrock charge a tenth more for these models (LiteLLM's us.anthropic.* entries). */
static const char *const regional_models[] = { "claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5" };
#define REGIONAL_FACTOR 1.1

static const struct price *find_exact(const char *model, size_t len)
{
	size_t low = 0, high = price_table_len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *name = price_table[middle].model;
		int order = strncmp(name, model, len);
		if (order == 0 && name[len] != '\0')
			order = 1;
		if (order == 0)
			return &price_table[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
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
	static const char *const regions[] = { "us.", "eu.", "apac.", "jp.", "au.", "global." };
	bool regional = false;
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
		skip_prefix(text, len, providers[i]);
	for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
		if (skip_prefix(text, len, regions[i]))
			regional = strcmp(regions[i], "global.") != 0;
	skip_prefix(text, len, "anthropic.");
	const char *bracket = memchr(*text, '[', *len);  /* claude-opus-4-6[1m] */
	if (bracket)
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
	/* -20250929 */
	if (len > 9 && name[len - 9] == '-') {
		for (size_t i = len - 8; i < len; i++)
			if (!isdigit((unsigned char)name[i]))
				return len;
		return len - 9;
	}
	if (len > 7 && memcmp(name + len - 7, "-latest", 7) == 0)
		return len - 7;
	return len;
}

const struct price *price_find(const char *model, size_t len, double *factor)
{
	*factor = 1.;
	if (len == 0 || len > PRICE_MODEL_MAX)
		return NULL;
	const struct price *found = find_exact(model, len);
	if (found)
		return found;
	bool regional = strip_provider(&model, &len);
	char name[PRICE_MODEL_MAX];
	for (size_t i = 0; i < len; i++)
		name[i] = model[i] == '.' || model[i] == '@' ? '-' : model[i];
	for (;;) {
		found = find_exact(name, len);
		size_t shorter = without_suffix(name, len);
		if (found || shorter == len)
			break;
		len = shorter;
	}
	for (size_t i = 0; found && regional && i < sizeof(regional_models) / sizeof(regional_models[0]); i++)
		if (strncmp(found->model, regional_models[i], strlen(regional_models[i])) == 0)
			*factor = REGIONAL_FACTOR;
	return found;
}

static double tiered_usd(const struct price *price, int64_t tokens, double base, double above)
{
	if (price->threshold_tokens == 0 || above <= 0. || tokens <= price->threshold_tokens)
		return (double)tokens * base;
	return (double)price->threshold_tokens * base + (double)(tokens - price->threshold_tokens) * above;
}

double price_cost_usd(const struct price *price, double factor, const struct price_tokens *tokens, bool fast)
{
	const struct price_rates *base = &price->base, *above = &price->above;
	double usd = tiered_usd(price, tokens->input, base->input, above->input)
		     + tiered_usd(price, tokens->output, base->output, above->output)
		     + tiered_usd(price, tokens->cache_creation_5m, base->cache_creation, above->cache_creation)
		     + tiered_usd(price, tokens->cache_creation_1h, 2. * base->input, 2. * above->input)
		     + tiered_usd(price, tokens->cache_read, base->cache_read, above->cache_read);
	return usd * factor * (fast ? price->fast_factor : 1.);
}
