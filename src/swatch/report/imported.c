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

struct report_imported_day {
	char date[CLOCK_DATE_SIZE];
	bool is_ccusage;             /* otherwise Claude Code's own, which knows no costs */
	int64_t tokens, nano_usd;
};

struct reading {
	const struct report_options *options;
	struct report_imported *imported;
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
	const struct reading *reading = ctx;
	struct report_imported *imported = reading->imported;
	bool is_ccusage = strcmp(row->source, STORE_SOURCE_CCUSAGE) == 0;
	struct report_imported_day *last = imported->count > 0 ? &imported->days[imported->count - 1] : NULL;
	if (!is_wanted(reading->options, row->day))
		return true;
	if (!last || last->is_ccusage != is_ccusage || strcmp(last->date, row->day) != 0) {
		if (imported->count == DAYS_MAX
		    || !array_reserve(&imported->days, &imported->cap, imported->count + 1,
				      sizeof(*imported->days)))
			return false;
		last = &imported->days[imported->count++];
		*last = (struct report_imported_day){ .is_ccusage = is_ccusage };
		memcpy(last->date, row->day, strlen(row->day) + 1);
	}
	store_rows_add(&last->tokens, row->input + row->output);
	store_rows_add(&last->tokens, row->cache_write + row->cache_read);
	store_rows_add(&last->nano_usd, row->nano_usd);
	return true;
}

/* What is imported is an extra: a file that cannot be read was complained of by the report itself. */
void report_imported_read(struct report_imported *imported, const struct report_request *request,
			  sqlite3 *db)
{
	struct reading reading = { &request->options, imported };
	enum report_kind kind = request->options.kind;
	imported->is_read = true;
	if (!request->live_only && !request->options.project[0]
	    && (kind == REPORT_DAILY || kind == REPORT_WEEKLY || kind == REPORT_MONTHLY))
		(void)store_imported_read(db, take, &reading);
}

void report_imported_find(struct report_imported *imported, const struct invocation *invocation,
			  const struct report_request *request)
{
	AUTO_BUF error = BUF_INIT;
	AUTO_FREE char *path = store_default_path();
	sqlite3 *db;
	if (imported->is_read || request->live_only || !invocation->config.ledger_enabled || !path
	    || store_database_open_read_only(path, &db, &error) != STORE_OPENED)
		return;
	report_imported_read(imported, request, db);
	store_database_close(db);
}

void report_imported_release(struct report_imported *imported)
{
	free(imported->days);
}

/* ---- showing ---- */

static const char *name_of(const struct report_imported_day *day)
{
	return day->is_ccusage ? "ccusage" : "Claude Code";
}

void report_imported_add_json(const struct report_imported *imported, struct jsonw *w)
{
	if (imported->count > 0)
		jsonw_key_array(w, "imported");
	for (size_t i = 0; i < imported->count; i++) {
		const struct report_imported_day *day = &imported->days[i];
		jsonw_begin_object(w);
		jsonw_put_string(w, "date", day->date);
		jsonw_put_string(w, "source",
				 day->is_ccusage ? STORE_SOURCE_CCUSAGE : STORE_SOURCE_STATS_CACHE);
		jsonw_put_int(w, "totalTokens", day->tokens);
		jsonw_key(w, "totalCost");
		if (day->is_ccusage)
			jsonw_amount(w, (double)day->nano_usd * LEDGER_NANO_USD);
		else
			jsonw_null(w);
		jsonw_end_object(w);
	}
	if (imported->count > 0)
		jsonw_end_array(w);
}

void report_imported_add_lines(const struct report_imported *imported, struct buf *out)
{
	if (imported->count > 0)
		buf_append_str(out, "\nimported, and in no sum above:\n");
	for (size_t i = 0; i < imported->count; i++) {
		const struct report_imported_day *day = &imported->days[i];
		buf_printf(out, "%s  %s tokens", day->date, human_count(day->tokens, HUMAN_TEXT));
		if (day->is_ccusage)
			buf_printf(out, "  %s",
				   human_usd((double)day->nano_usd * LEDGER_NANO_USD, HUMAN_TEXT));
		buf_printf(out, "  (%s)\n", name_of(day));
	}
}
