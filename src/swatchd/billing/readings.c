#include "swatchd/billing/readings.h"

#include <stdio.h>

#include "base/strmap.h"

static struct reading *find(struct readings *readings, const struct rate_limit *told, uint64_t *whose)
{
	char key[RATE_LIMIT_SESSION_SIZE + RATE_LIMIT_NAME_SIZE];
	int len = snprintf(key, sizeof(key), "%s %s", told->name, told->session_id);
	*whose = strmap_hash(key, (size_t)len) | 1;
	return &readings->all[(*whose >> 1) % READINGS_MAX];
}

int64_t readings_take(struct readings *readings, const struct rate_limit *told, int64_t answered_ms,
		      int64_t now_ms, bool *fell)
{
	uint64_t whose;
	struct reading *last = find(readings, told, &whose);
	bool is_first = last->whose != whose;
	bool same_window = !is_first && rate_limits_is_same_reset(last->resets_ms, told->resets_ms);
	int64_t said_ms = now_ms;
	*fell = same_window && told->used_percent < last->used_percent;
	/* A repeated value is as old as it was, or as the session's last answer. */
	bool repeats = same_window && told->used_percent == last->used_percent;
	if ((repeats || is_first) && answered_ms > 0 && answered_ms <= now_ms)
		said_ms = answered_ms;
	if (repeats && said_ms < last->said_ms)
		said_ms = last->said_ms;
	if (repeats && answered_ms <= 0)
		said_ms = last->said_ms;
	*last = (struct reading){ whose, told->used_percent, told->resets_ms, said_ms };
	return said_ms;
}
