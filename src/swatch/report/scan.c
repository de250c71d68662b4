#include "swatch/report/scan.h"

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

int report_scan(const struct invocation *invocation, const struct report_request *request,
		struct report *report)
{
	struct prices prices;
	AUTO_BUF error = BUF_INIT;
	int status = command_load_prices(invocation, &prices);
	struct ledger *ledger = status == SWATCH_OK ? ledger_new() : NULL;
	if (ledger) {
		ledger_set_prices(ledger, prices.book);
		ledger_set_extras(ledger, invocation->config.billing_extras != 0);
		status = read_history(invocation, request->threads, !request->live_only, ledger);
		if (status == SWATCH_OK
		    && report_make(ledger, &request->options, report, &error) != 0) {
			terminal_error("cannot make the report: %s", buf_message(&error));
			status = SWATCH_FAILED;
		}
	} else if (status == SWATCH_OK) {
		terminal_error("out of memory");
		status = SWATCH_FAILED;
	}
	ledger_free(ledger);
	prices_release(&prices);
	return status;
}
