#include "report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/zone.h"
#include "config/config.h"
#include "report/blocks.h"
#include "report/groups.h"

static const char *const kind_names[REPORT_KINDS] = {
	[REPORT_BLOCKS] = "blocks", [REPORT_DAILY] = "daily", [REPORT_WEEKLY] = "weekly",
	[REPORT_MONTHLY] = "monthly", [REPORT_SESSIONS] = "sessions",
};

const char *report_kind_name(enum report_kind kind)
{
	return kind_names[kind];
}

bool report_kind_find(const char *name, enum report_kind *out)
{
	for (int i = 0; i < REPORT_KINDS; i++) {
		if (strcmp(kind_names[i], name) == 0) {
			*out = (enum report_kind)i;
			return true;
		}
	}
	return false;
}

/* ---- the zone ---- */

static bool is_date(const char *text)
{
	size_t len = strlen(text);
	return len == 0 || (len == 8 && strspn(text, "0123456789") == 8);
}

static int check_options(const struct report_options *options, struct buf *error)
{
	if (!is_date(options->since) || !is_date(options->until)) {
		buf_printf(error, "not a date: '%s'; it takes YYYYMMDD",
			   is_date(options->since) ? options->until : options->since);
		return -1;
	}
	if (!config_is_time_zone(options->timezone)) {
		if (errno == 0)
			buf_printf(error,
				   "not a time zone: '%s'; it takes a name such as Europe/Berlin or UTC",
				   options->timezone);
		else
			buf_printf(error, "cannot look up the time zone '%s': %s", options->timezone,
				   strerror(errno));
		return -1;
	}
	return 0;
}

/* Who asks for days before the first message must not take them for days without use. */
static void find_first_day(struct report_work *work)
{
	const struct report_source *source = &work->source;
	struct report_entry entry;
	int64_t first_ms = INT64_MAX;
	for (size_t i = 0; source->entry_at(source->ctx, i, &entry); i++)
		if (entry.first_ms < first_ms)
			first_ms = entry.first_ms;
	if (first_ms < INT64_MAX)
		clock_format_local_date(first_ms, work->out->first_day);
}

/* Makes the rows in the process's zone. Returns false when memory ran out. */
static bool make_rows(struct report_work *work)
{
	const struct report_options *options = work->options;
	if (options->kind == REPORT_BLOCKS)
		report_make_blocks(work);
	else
		report_make_groups(work);
	if (options->since[0] || options->until[0])
		find_first_day(work);
	return !work->out->failed;
}

/* Makes them in the zone that is asked for; appends to `error` when it cannot be read. */
static bool make_rows_in_zone(struct report_work *work, struct buf *error)
{
	const char *zone = work->options->timezone, *own = getenv("TZ");
	if (*zone == '\0')
		return make_rows(work);
	AUTO_FREE char *before = own ? strdup(own) : NULL;
	if (own && !before)
		return false;
	bool good = zone_set(zone) && zone_is_read(error) && make_rows(work);
	/* There is memory for it: it was set before. */
	(void)zone_set(before);
	return good;
}

int report_make(struct ledger *ledger, const struct report_options *options, struct report *out,
		struct buf *error)
{
	struct report_work work;
	report_init(out, options->kind);
	if (check_options(options, error) != 0)
		return -1;
	bool good = report_work_init(&work, ledger, options, out)
		 && make_rows_in_zone(&work, error);
	report_work_release(&work);
	return good ? 0 : -1;
}

int report_make_of(const struct report_source *source, const struct report_options *options,
		   struct report *out, struct buf *error)
{
	struct report_work work;
	report_init(out, options->kind);
	if (check_options(options, error) != 0)
		return -1;
	report_work_init_source(&work, source, options, out);
	return make_rows_in_zone(&work, error) ? 0 : -1;
}
