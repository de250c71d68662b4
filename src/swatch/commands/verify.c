/* swatch verify: compares the reports with ccusage's, and explains the differences. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/paths.h"
#include "base/strmap.h"
#include "history/history.h"
#include "swatch/cli/command.h"
#include "swatch/cli/prices.h"
#include "swatch/report/options.h"
#include "swatch/ui/terminal.h"
#include "swatch/verify/verify.h"

/* Sessions that write meanwhile make the reports differ: try again. */
#define ATTEMPTS 3

struct request {
	const char *command, *timezone;
	unsigned threads;
	bool json, extras;
};

/* ---- the command line ---- */

/* ccusage is asked in the same zone; NULL leaves it to its own rule. */
static bool choose_zone(const struct invocation *invocation, struct request *request)
{
	const char *zone = request->timezone ? request->timezone : invocation->config.billing_timezone;
	if (!invocation_take_zone(invocation, request->timezone))
		return false;
	request->timezone = *zone && strcmp(zone, "local") != 0 ? zone : NULL;
	return true;
}

static bool parse_options(const struct invocation *invocation, int argc, char **argv, struct request *request,
			  int *status)
{
	const char *threads = NULL;
	const struct command_target targets[] = {
		{ 'j', &request->json, NULL }, { 'c', NULL, &request->command },
		{ 'z', NULL, &request->timezone }, { 't', NULL, &threads }, { 0 }
	};
	if (!command_read_options(invocation, argc, argv, targets, status))
		return false;
	request->extras = invocation->config.billing_extras != 0;
	*status = SWATCH_USAGE;
	if (threads && !report_parse_threads(threads, &request->threads)) {
		terminal_error("verify: --threads '%s' is not a number from 1 to %d", threads,
			       HISTORY_THREADS_MAX);
		return false;
	}
	return choose_zone(invocation, request);
}

/* ---- which ccusage ---- */

static int find_command(const struct invocation *invocation, const struct request *request,
			struct ccusage_command *command)
{
	const char *text = request->command ? request->command : invocation->config.ccusage_command;
	AUTO_BUF error = BUF_INIT;
	if (!*text && !request->command)
		text = "ccusage";
	if (!ccusage_command_parse(command, text, !request->command, &error)) {
		terminal_error("verify: the command '%s': %s", text, buf_message(&error));
		return SWATCH_USAGE;
	}
	if (command->path)
		return SWATCH_OK;
	terminal_error("verify: cannot run %s: %s; install it with: npm install -g ccusage@%s, or give "
		       "--command", command->words[0], strerror(command->why_not_found),
		       CCUSAGE_REFERENCE_VERSION);
	return SWATCH_NO_REFERENCE;
}

/* ---- the transcripts ---- */

/* *out changes when a transcript comes, goes or is written. Returns false after an error message. */
static bool fingerprint(const struct data_dirs *dirs, size_t *count, uint64_t *out)
{
	struct history_job *jobs;
	AUTO_BUF error = BUF_INIT;
	*out = 0;
	if (history_list(dirs, &jobs, count, &error) != 0) {
		terminal_error("verify: %s", buf_message(&error));
		return false;
	}
	for (size_t i = 0; i < *count; i++) {
		const uint64_t parts[] = { *out, strmap_hash(jobs[i].path, strlen(jobs[i].path)),
					   (uint64_t)jobs[i].modified_ns };
		*out = strmap_hash(parts, sizeof(parts));
		free(jobs[i].path);
	}
	free(jobs);
	return true;
}

/* Makes ccusage read what swatch reads: swatch prefers [watch] paths to CLAUDE_CONFIG_DIR. */
static bool share_paths(const struct config *config)
{
	return !*config->watch_paths || setenv("CLAUDE_CONFIG_DIR", config->watch_paths, 1) == 0;
}

static bool read_transcripts(struct verify *verify, const struct data_dirs *dirs,
			     const struct request *request, const struct price_book *book)
{
	struct history_stats stats = { 0 };
	AUTO_BUF error = BUF_INIT;
	verify->ledger = ledger_new();
	verify->reference = reference_new();
	bool good = verify->ledger && verify->reference;
	if (good) {
		ledger_set_prices(verify->ledger, book);
		ledger_set_extras(verify->ledger, request->extras);
	}
	good = good && history_read(verify->ledger, dirs, request->threads, &stats, &error) == 0;
	if (good && error.len > 0)
		terminal_error("cannot read %s: it is not counted", buf_message(&error));
	if (good)
		buf_clear(&error);
	good = good && reference_read(verify->reference, dirs, 0, NULL, &error) == 0 && verify_match(verify);
	if (!good)
		terminal_error("%s", buf_message(&error));
	return good;
}

static void forget(struct verify *verify)
{
	for (int kind = 0; kind < REPORT_KINDS; kind++)
		verify_report_release(&verify->reports[kind]);
	for (int rule = 0; rule < REFERENCE_RULES; rule++) {
		ledger_free(verify->expected[rule]);
		verify->expected[rule] = NULL;
	}
	compare_release(&verify->compare);
	ledger_free(verify->ledger);
	reference_free(verify->reference);
	verify->ledger = NULL;
	verify->reference = NULL;
}

/* ---- the work ---- */

static int compare_reports(struct verify *verify, struct ccusage_ask *ask)
{
	bool any = false;
	for (int kind = 0; kind < REPORT_KINDS; kind++) {
		struct verify_report *report = &verify->reports[kind];
		report->kind = (enum report_kind)kind;
		/* Older versions count days and sessions in yet another way. */
		if (verify->version.is_older && kind != REPORT_BLOCKS)
			continue;
		struct json_object *answer = ccusage_ask_report(ask, report->kind, &report->problem);
		if (ask->interrupted)
			return SWATCH_FAILED;
		any = any || answer;
		if (answer)
			verify_compare(verify, report, answer);
	}
	if (any)
		return SWATCH_OK;
	terminal_error("verify: %s", buf_message(&verify->reports[REPORT_BLOCKS].problem));
	return SWATCH_NO_REFERENCE;
}

static int verify_once(struct verify *verify, struct ccusage_ask *ask, const struct data_dirs *dirs,
		       const struct request *request, const struct price_book *book)
{
	uint64_t before, after;
	size_t count;
	if (!fingerprint(dirs, &verify->transcripts, &before)
	    || !read_transcripts(verify, dirs, request, book))
		return SWATCH_FAILED;
	int status = compare_reports(verify, ask);
	verify->was_written = status == SWATCH_OK && fingerprint(dirs, &count, &after) && after != before;
	return status;
}

static int verify_and_print(struct ccusage_ask *ask, const struct data_dirs *dirs,
			    const struct request *request, const struct price_book *book)
{
	struct verify verify = { .command_path = ask->command->path };
	AUTO_BUF error = BUF_INIT;
	int status = SWATCH_OK;
	if (!ccusage_ask_version(ask, &verify.version, &error)) {
		if (!ask->interrupted)
			terminal_error("verify: %s", buf_message(&error));
		status = SWATCH_NO_REFERENCE;
	}
	for (int attempt = 0; attempt < ATTEMPTS && status == SWATCH_OK; attempt++) {
		forget(&verify);
		status = verify_once(&verify, ask, dirs, request, book);
		if (!verify.was_written || verify_unexplained(&verify) == 0)
			break;
	}
	if (status == SWATCH_OK) {
		bool printed = request->json ? verify_print_json(&verify) : verify_print_page(&verify);
		if (printed && verify.version.is_older)
			status = SWATCH_NO_REFERENCE;
		else if (!printed || verify_unexplained(&verify) > 0)
			status = SWATCH_FAILED;
	}
	forget(&verify);
	return status;
}

static int run_verify(struct invocation *invocation, int argc, char **argv)
{
	struct request request = { 0 };
	struct ccusage_command command = { 0 };
	struct ccusage_ask ask = { .command = &command, .config = &invocation->config };
	struct prices prices = { 0 };
	struct data_dirs dirs = { 0 };
	int status;
	if (!parse_options(invocation, argc, argv, &request, &status))
		return status;
	ask.timezone = request.timezone;
	status = command_load_prices(invocation, &prices);
	if (status == SWATCH_OK)
		status = find_command(invocation, &request, &command);
	if (status == SWATCH_OK
	    && (data_dirs_find(&dirs, invocation->config.watch_paths) != 0
		|| !share_paths(&invocation->config))) {
		terminal_error("cannot tell where the transcripts are: %s", paths_why_none());
		status = SWATCH_FAILED;
	}
	if (status == SWATCH_OK)
		status = verify_and_print(&ask, &dirs, &request, prices.book);
	data_dirs_release(&dirs);
	ccusage_command_release(&command);
	prices_release(&prices);
	command_end_by(ask.interrupted);
	return status;
}

static const struct command_option options[] = {
	{ "command", 'c', "COMMAND", "run this ccusage" },
	{ "json", 'j', NULL, "print the result as JSON, for programs" },
	{ "timezone", 'z', "ZONE", "count days in this time zone, such as Europe/Berlin" },
	{ "threads", 't', "N", "how many threads read the transcripts" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_verify = {
	.name = "verify",
	.usage = "[--command COMMAND] [--json] [--timezone ZONE] [--threads N]",
	.summary = "compare the reports with ccusage's, and explain the differences",
	.options = options,
	.flags = COMMAND_NEEDS_CACHE | COMMAND_ACTS,
	.run = run_verify,
};
