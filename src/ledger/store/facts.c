#include "ledger/store/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

static bool append(void *list, size_t *count, size_t *cap, const void *item, size_t bytes)
{
	if (!array_reserve(list, cap, *count + 1, bytes))
		return false;
	char *first;
	memcpy(&first, list, sizeof(first));
	memcpy(first + *count * bytes, item, bytes);
	++*count;
	return true;
}

bool store_facts_add_hit(struct store_facts *facts, const struct store_hit *hit)
{
	return append(&facts->hits, &facts->hit_count, &facts->hit_cap, hit, sizeof(*hit));
}

bool store_facts_add_reading(struct store_facts *facts, const struct store_reading *reading)
{
	return append(&facts->readings, &facts->reading_count, &facts->reading_cap, reading,
		      sizeof(*reading));
}

bool store_facts_add_told(struct store_facts *facts, const struct store_told *told)
{
	return append(&facts->told, &facts->told_count, &facts->told_cap, told, sizeof(*told));
}

bool store_facts_add_alert(struct store_facts *facts, const struct store_alert *alert)
{
	return append(&facts->alerts, &facts->alert_count, &facts->alert_cap, alert, sizeof(*alert));
}

bool store_facts_add_price(struct store_facts *facts, const struct store_price *price)
{
	return append(&facts->prices, &facts->price_count, &facts->price_cap, price, sizeof(*price));
}

void store_facts_release(struct store_facts *facts)
{
	free(facts->hits);
	free(facts->readings);
	free(facts->told);
	free(facts->alerts);
	free(facts->prices);
	*facts = (struct store_facts){ .hits = NULL };
}

int store_facts_point(double percent)
{
	if (!(percent >= 0.))
		return 0;
	return percent < STORE_POINT_MAX ? (int)percent : STORE_POINT_MAX;
}
