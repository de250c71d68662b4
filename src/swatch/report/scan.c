#include "swatch/report/scan.h"

#include <string.h>

#include "base/paths.h"
#include "history/history.h"
#include "ledger/store/recall.h"
#include "swatch/cli/prices.h"
#include "swatch/ui/terminal.h"

/* What transcripts said that are gone, as swatchd does it when it starts. The report goes on without it. */
static void recall(const struct config *config, const struct data_dirs *dirs, struct ledger *ledger)
{
	AUTO_BUF error = BUF_INIT;
	if (config->ledger_enabled && store_recall_read_only(dirs, ledger, &error) < 0)
		terminal_error("%s; what deleted transcripts said is missing in these figures",
			       buf_message(&error));
}

/* Reads the transcripts into a ledger, and with `recalls` what those said that are gone. */
static int read_history(const struct invocation *invocation, unsigned threads, bool recalls,
			struct ledger *ledger)
{
	struct data_dirs dirs;
	struct history_stats stats = { 0 };
	AUTO_BUF error = BUF_INIT;
	if (data_dirs_find(&dirs, invocation->config.watch_paths) != 0) {
		terminal_error("cannot tell where the transcripts are: %s", paths_why_none());
		return SWATCH_FAILED;
	}
	if (recalls)
		recall(&invocation->config, &dirs, ledger);
	int status = history_read(ledger, &dirs, threads, &stats, &error) == 0 ? SWATCH_OK : SWATCH_FAILED;
	if (status != SWATCH_OK)
		terminal_error("%s", buf_message(&error));
	else if (stats.failed > 1)
		terminal_error("cannot read %s, and %zu more: they are not counted", buf_message(&error),
			       stats.failed - 1);
	else if (error.len > 0)
		terminal_error("cannot read %s: it is not counted", buf_message(&error));
	data_dirs_release(&dirs);
	return status;
}

void report_take_rows(const struct report *report, struct report_data *data)
{
	const char *row = buf_str(&report->rows);
	for (size_t i = 0; i < report->row_count; i++) {
		size_t len = strcspn(row, "\n");
		text_list_add(&data->rows, row, len);
		row += len + (row[len] == '\n');
	}
	if (report->totals.len > 0)
		report_data_set_totals(data, buf_str(&report->totals), report->totals.len);
	report_data_set_first_day(data, report->first_day);
	for (size_t i = 0; i < report->unpriced_count; i++)
		text_list_add(&data->unpriced, report->unpriced[i], strlen(report->unpriced[i]));
}

static int make_report(struct ledger *ledger, const struct report_options *options, struct report_data *data)
{
	struct report report;
	AUTO_BUF error = BUF_INIT;
	bool good = report_make(ledger, options, &report, &error) == 0;
	if (good)
		report_take_rows(&report, data);
	else
		terminal_error("cannot make the report: %s", buf_message(&error));
	report_release(&report);
	return good ? SWATCH_OK : SWATCH_FAILED;
}

int report_scan(const struct invocation *invocation, const struct report_request *request,
		struct report_data *data)
{
	struct prices prices;
	int status = command_load_prices(invocation, &prices);
	struct ledger *ledger = status == SWATCH_OK ? ledger_new() : NULL;
	if (ledger) {
		ledger_set_prices(ledger, prices.book);
		ledger_set_extras(ledger, invocation->config.billing_extras != 0);
		status = read_history(invocation, request->threads, !request->live_only, ledger);
		if (status == SWATCH_OK)
			status = make_report(ledger, &request->options, data);
	} else if (status == SWATCH_OK) {
		terminal_error("out of memory");
		status = SWATCH_FAILED;
	}
	ledger_free(ledger);
	prices_release(&prices);
	return status;
}
