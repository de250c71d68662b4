#include "swatch/report/imported.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/scope.h"
#include "ledger/record.h"
#include "ledger/store/database.h"
#include "ledger/store/imported.h"
#include "ledger/store/rows.h"
#include "swatch/ui/human.h"

#define DAYS_MAX 100000

struct day {
	char date[CLOCK_DATE_SIZE];
	bool is_ccusage;             /* otherwise Claude Code's own, which knows no costs */
	int64_t tokens, nano_usd;
};

struct days {
	const struct report_options *options;
	struct day *all;
	size_t count, cap;
};

/* ---- reading ---- */

static bool is_wanted(const struct report_options *options, const char *date)
{
	char digits[9] = { date[0], date[1], date[2], date[3], date[5], date[6], date[8], date[9], '\0' };
	return (!options->since[0] || strcmp(digits, options->since) >= 0)
	       && (!options->until[0] || strcmp(digits, options->until) <= 0);
}

/* Adds a model to its day. Rows come in order of day and source. */
static bool take(void *ctx, const struct store_imported *row)
{
	struct days *days = ctx;
	bool is_ccusage = strcmp(row->source, STORE_SOURCE_CCUSAGE) == 0;
	struct day *last = days->count > 0 ? &days->all[days->count - 1] : NULL;
	if (!is_wanted(days->options, row->day))
		return true;
	if (!last || last->is_ccusage != is_ccusage || strcmp(last->date, row->day) != 0) {
		if (days->count == DAYS_MAX
		    || !array_reserve(&days->all, &days->cap, days->count + 1, sizeof(*days->all)))
			return false;
		last = &days->all[days->count++];
		*last = (struct day){ .is_ccusage = is_ccusage };
		memcpy(last->date, row->day, strlen(row->day) + 1);
	}
	store_rows_add(&last->tokens, row->input + row->output);
	store_rows_add(&last->tokens, row->cache_write + row->cache_read);
	store_rows_add(&last->nano_usd, row->nano_usd);
	return true;
}

/* What is imported is an extra: a file that cannot be read was complained of by the report itself. */
static void read_days(const struct invocation *invocation, const struct report_request *request,
		      struct days *days)
{
	AUTO_BUF error = BUF_INIT;
	AUTO_FREE char *path = store_default_path();
	sqlite3 *db;
	*days = (struct days){ .options = &request->options };
	enum report_kind kind = request->options.kind;
	if (!invocation->config.ledger_enabled || request->live_only || request->options.project[0]
	    || (kind != REPORT_DAILY && kind != REPORT_WEEKLY && kind != REPORT_MONTHLY))
		return;
	if (!path || store_database_open_read_only(path, &db, &error) != STORE_OPENED)
		return;
	(void)store_imported_read(db, take, days);
	store_database_close(db);
}

/* ---- showing ---- */

static const char *name_of(const struct day *day)
{
	return day->is_ccusage ? "ccusage" : "Claude Code";
}

void report_imported_add_json(const struct invocation *invocation, const struct report_request *request,
			      struct jsonw *w)
{
	struct days days;
	read_days(invocation, request, &days);
	if (days.count > 0)
		jsonw_key_array(w, "imported");
	for (size_t i = 0; i < days.count; i++) {
		const struct day *day = &days.all[i];
		jsonw_begin_object(w);
		jsonw_put_string(w, "date", day->date);
		jsonw_put_string(w, "source", day->is_ccusage ? STORE_SOURCE_CCUSAGE : STORE_SOURCE_STATS_CACHE);
		jsonw_put_int(w, "totalTokens", day->tokens);
		jsonw_key(w, "totalCost");
		if (day->is_ccusage)
			jsonw_amount(w, (double)day->nano_usd * LEDGER_NANO_USD);
		else
			jsonw_null(w);
		jsonw_end_object(w);
	}
	if (days.count > 0)
		jsonw_end_array(w);
	free(days.all);
}

void report_imported_add_lines(const struct invocation *invocation, const struct report_request *request,
			       struct buf *out)
{
	struct days days;
	read_days(invocation, request, &days);
	if (days.count > 0)
		buf_append_str(out, "\nimported, and in no sum above:\n");
	for (size_t i = 0; i < days.count; i++) {
		const struct day *day = &days.all[i];
		buf_printf(out, "%s  %s tokens", day->date, human_count(day->tokens, HUMAN_TEXT));
		if (day->is_ccusage)
			buf_printf(out, "  %s",
				   human_usd((double)day->nano_usd * LEDGER_NANO_USD, HUMAN_TEXT));
		buf_printf(out, "  (%s)\n", name_of(day));
	}
	free(days.all);
}
