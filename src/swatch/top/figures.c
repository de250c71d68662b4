#include "swatch/top/figures.h"

#include <math.h>
#include <stdio.h>

#include "cache/read.h"

/* 9999-12-31 */
#define MAX_TIME_MS INT64_C(253402300799000)

double top_number(struct json_object *object, const char *key, double most)
{
	double number = json_get_double(object, key, NAN);
	return number >= 0 && number <= most ? number : NAN;
}

int64_t top_time(struct json_object *object, const char *key)
{
	int64_t at_ms = json_get_int(object, key, 0);
	return at_ms > 0 && at_ms <= MAX_TIME_MS ? at_ms : 0;
}

const char *top_short_count(double count, char out[TOP_SHORT_SIZE])
{
	static const struct {
		double size;
		const char *unit;
	} steps[] = { { 1e12, "T" }, { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" } };
	if (isnan(count)) {
		snprintf(out, TOP_SHORT_SIZE, "-");
		return out;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		/* 999,950 would be "1000.0k" */
		if (count < steps[i].size * 0.99995)
			continue;
		double shown = count / steps[i].size;
		snprintf(out, TOP_SHORT_SIZE, "%.*f%s", shown < 99.95 ? 1 : 0, shown, steps[i].unit);
		return out;
	}
	snprintf(out, TOP_SHORT_SIZE, "%.0f", count);
	return out;
}
