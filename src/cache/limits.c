#include "cache/limits.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cache/names.h"
#include "cache/read.h"

static void read_limit(const char *name, struct json_object *value, int64_t now_ms, struct rate_limits *out)
{
	struct rate_limit reading;
	rate_limit_init(&reading, name);
	const char *session_id = json_get_string(value, "sessionId");
	const char *source = json_get_string(value, "source"), *model = json_get_string(value, "model");
	int64_t observed_ms = json_get_int(value, "observedAt", 0),
		since_ms = json_get_int(value, "since", 0);
	reading.used_percent = json_get_double(value, "usedPercentage", NAN);
	reading.resets_ms = json_get_int(value, "resetsAt", 0);
	reading.observed_ms = observed_ms > 0 && observed_ms <= now_ms ? observed_ms : now_ms;
	reading.since_ms = since_ms > 0 && since_ms <= reading.observed_ms ? since_ms : reading.observed_ms;
	reading.said_ms = reading.observed_ms;
	if (session_id && cache_session_id_is_valid(session_id, strlen(session_id)))
		snprintf(reading.session_id, sizeof(reading.session_id), "%s", session_id);
	if (model && strlen(model) < sizeof(reading.model))
		snprintf(reading.model, sizeof(reading.model), "%s", model);
	reading.used_usd = json_get_double(value, "usedUSD", NAN);
	reading.limit_usd = json_get_double(value, "limitUSD", NAN);
	if (!source || strcmp(source, "transcript") != 0)
		(void)rate_limits_merge(out, &reading, now_ms);
	else if (reading.resets_ms <= 0 || reading.resets_ms > now_ms)
		rate_limits_take_hit(out, &reading, now_ms);
}

void cache_limits_read(struct json_object *written, int64_t now_ms, struct rate_limits *out)
{
	memset(out, 0, sizeof(*out));
	if (!json_object_is_type(written, json_type_object))
		return;
	json_object_object_foreach(written, key, value) {
		char name[RATE_LIMIT_NAME_SIZE];
		if (!rate_limit_name(key, strlen(key), name))
			continue;
		if (json_object_is_type(value, json_type_object))
			read_limit(name, value, now_ms, out);
		else if (!value && strcmp(name, RATE_LIMIT_FIVE_HOUR) == 0)
			out->lacks_five_hour = true;
		else if (!value && strcmp(name, RATE_LIMIT_SEVEN_DAY) == 0)
			out->lacks_seven_day = true;
	}
}
