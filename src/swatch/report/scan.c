#include "swatch/report/scan.h"

#include <string.h>

#include "base/paths.h"
#include "history/history.h"
#include "swatch/cli/prices.h"
#include "swatch/ui/terminal.h"

/* Reads the transcripts into a ledger that counts at `prices`. */
static int read_history(const struct invocation *invocation, unsigned threads, struct ledger *ledger)
{
	struct data_dirs dirs;
	struct history_stats stats = { 0 };
	struct buf error = BUF_INIT;
	if (data_dirs_find(&dirs, invocation->config.watch_paths) != 0) {
		terminal_error("cannot tell where the transcripts are: %s", paths_why_none());
		return SWATCH_FAILED;
	}
	int status = history_read(ledger, &dirs, threads, &stats, &error) == 0 ? SWATCH_OK : SWATCH_FAILED;
	if (status != SWATCH_OK)
		terminal_error("%s", error.len > 0 ? buf_message(&error) : "cannot read the transcripts: out of memory");
	else if (stats.failed > 1)
		terminal_error("cannot read %s, and %zu more: they are not counted", buf_message(&error), stats.failed - 1);
	else if (error.len > 0)
		terminal_error("cannot read %s: it is not counted", buf_message(&error));
	data_dirs_release(&dirs);
	buf_release(&error);
	return status;
}

static void take_rows(const struct report *report, struct report_data *data)
{
	const char *row = buf_str(&report->rows);
	for (size_t i = 0; i < report->row_count; i++) {
		size_t len = strcspn(row, "\n");
		report_data_add_row(data, row, len);
		row += len + (row[len] == '\n');
	}
	if (report->totals.len > 0) {
		data->totals = strdup(buf_str(&report->totals));
		data->failed = data->failed || !data->totals;
	}
	for (size_t i = 0; i < report->unpriced_count; i++)
		report_data_add_unpriced(data, report->unpriced[i]);
}

static int make_report(struct ledger *ledger, const struct report_options *options, struct report_data *data)
{
	struct report report;
	struct buf error = BUF_INIT;
	int status = SWATCH_OK;
	if (report_make(ledger, options, &report, &error) == 0) {
		take_rows(&report, data);
	} else {
		terminal_error("%s", buf_message(&error));
		status = SWATCH_FAILED;
	}
	report_release(&report);
	buf_release(&error);
	return status;
}

int report_scan(const struct invocation *invocation, const struct report_request *request, struct report_data *data)
{
	struct prices prices;
	struct ledger *ledger = NULL;
	int status = prices_load(invocation, &prices);
	if (status == SWATCH_OK) {
		ledger = ledger_new();
		if (!ledger) {
			terminal_error("out of memory");
			status = SWATCH_FAILED;
		}
	}
	if (status == SWATCH_OK) {
		ledger_set_prices(ledger, prices.book);
		status = read_history(invocation, request->threads, ledger);
	}
	if (status == SWATCH_OK)
		status = make_report(ledger, &request->options, data);
	ledger_free(ledger);
	prices_release(&prices);
	return status;
}
