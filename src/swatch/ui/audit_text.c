#include "swatch/ui/audit_text.h"

#include <math.h>

#include "ccusage/differences.h"
#include "json/get.h"
#include "swatch/ui/human.h"

/* Less is rounding. */
#define LEAST_USD 0.01

/* The names in the list that are known. */
static void append_reasons(struct json_object *audit, struct buf *out)
{
	size_t count, shown = 0;
	struct json_object *names = json_get_array(audit, "reasons", &count);
	for (size_t i = 0; i < count && i < DIFFERENCES; i++) {
		enum difference reason = difference_by_name(json_item_string(names, i));
		if (reason != DIFFERENCE_UNKNOWN)
			buf_printf(out, "%s%s", shown++ > 0 ? ", " : ": ", difference_name(reason));
	}
}

enum audit_verdict audit_text(struct json_object *audit, struct buf *out)
{
	double drift = json_get_double(audit, "driftUSD", NAN);
	/* An older daemon writes the drift alone. */
	double difference = json_get_double(audit, "differenceUSD", drift);
	if (!isfinite(drift) || !isfinite(difference))
		return AUDIT_NONE;
	bool has_drift = fabs(drift) >= LEAST_USD;
	if (!has_drift && fabs(difference) < LEAST_USD) {
		buf_append_str(out, "ccusage agrees");
		return AUDIT_EQUAL;
	}
	buf_printf(out, "ccusage counts %s %s", human_usd(fabs(difference), HUMAN_TEXT),
		   difference < 0. ? "less" : "more");
	append_reasons(audit, out);
	if (!has_drift)
		return AUDIT_EXPLAINED;
	buf_printf(out, "; %s of it has no known reason", human_usd(fabs(drift), HUMAN_TEXT));
	return AUDIT_DRIFT;
}
