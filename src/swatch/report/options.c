#include "swatch/report/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "history/history.h"
#include "base/scope.h"
#include "base/zone.h"
#include "swatch/cli/names.h"
#include "swatch/ui/terminal.h"

/* More days than any history has. */
#define DAYS_MAX 99999

const struct command_option report_command_options[] = {
	{ "json", 'j', NULL, "print the report as JSON, as ccusage does" },
	{ "since", 's', "DATE",
	  "leave out everything before this day: YYYYMMDD, YYYY-MM-DD, today, yesterday, "
	  "7d" },
	{ "until", 'u', "DATE", "leave out everything after this day" },
	{ "timezone", 'z', "ZONE", "count days in this time zone, such as Europe/Berlin" },
	{ "project", 'p', "NAME", "count only this project: its name, the end of it, or its path" },
	{ "breakdown", 'b', NULL, "show a row for each model" },
	{ "live-only", 'l', NULL, "count only transcripts that are on disk, as ccusage does" },
	{ "threads", 't', "N", "how many threads read what the ledger's file does not have" },
	{ NULL, 0, NULL, NULL }
};

const struct command_option report_blocks_options[] = {
	{ "active", 'a', NULL, "show only the current block" },
	{ "recent", 'r', NULL, "show only blocks that began in the last three days" },
	{ "json", 'j', NULL, "print the report as JSON, as ccusage does" },
	{ "timezone", 'z', "ZONE", "show times in this time zone, such as Europe/Berlin" },
	{ "live-only", 'l', NULL, "count only transcripts that are on disk, as ccusage does" },
	{ "threads", 't', "N", "how many threads read what the ledger's file does not have" },
	{ NULL, 0, NULL, NULL }
};

/* ---- days ---- */

/* Reads "20261123" or "2026-11-23". Returns false when it is not in the calendar. */
static bool parse_date(const char *text, char out[9])
{
	char digits[9];
	size_t len = strlen(text), count = 0;
	if (len != 8 && len != 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (len == 10 && (i == 4 || i == 7)) {
			if (text[i] != '-')
				return false;
			continue;
		}
		if (text[i] < '0' || text[i] > '9')
			return false;
		digits[count++] = text[i];
	}
	digits[count] = '\0';
	char day[CLOCK_RFC3339_SIZE];
	int64_t at_ms;
	int day_len = snprintf(day, sizeof(day), "%.4s-%.2s-%.2sT00:00:00Z", digits, digits + 4, digits + 6);
	if (!clock_parse_rfc3339(day, (size_t)day_len, &at_ms))
		return false;
	memcpy(out, digits, sizeof(digits));
	return true;
}

static bool day_before(int64_t now_ms, int days, char out[9])
{
	time_t now = (time_t)(now_ms / CLOCK_SECOND_MS);
	struct tm date;
	if (!localtime_r(&now, &date))
		return false;
	/* Calendar days, whatever their hours. */
	struct tm noon = { .tm_year = date.tm_year, .tm_mon = date.tm_mon, .tm_mday = date.tm_mday - days,
			   .tm_hour = 12 };
	time_t then = timegm(&noon);
	return gmtime_r(&then, &date) && date.tm_year >= -1900 && strftime(out, 9, "%Y%m%d", &date) == 8;
}

bool report_parse_day(const char *text, int64_t now_ms, char out[9])
{
	char *end;
	if (strcmp(text, "today") == 0)
		return day_before(now_ms, 0, out);
	if (strcmp(text, "yesterday") == 0)
		return day_before(now_ms, 1, out);
	if (*text >= '0' && *text <= '9') {
		long days = strtol(text, &end, 10);
		if (strcmp(end, "d") == 0)
			return days <= DAYS_MAX && day_before(now_ms, (int)days, out);
	}
	return parse_date(text, out);
}

bool report_parse_threads(const char *text, unsigned *out)
{
	char *end;
	if (*text < '1' || *text > '9')
		return false;
	long threads = strtol(text, &end, 10);
	if (*end != '\0' || threads > HISTORY_THREADS_MAX)
		return false;
	*out = (unsigned)threads;
	return true;
}

/* ---- the zone ---- */

/* Sets the name of this process's time zone; "" when it has none. */
static void name_own_zone(char *out, size_t size)
{
	char own[ZONE_NAME_SIZE];
	zone_name(own);
	const char *database = strstr(own, "/zoneinfo/"), *name = own + (own[0] == ':');
	if (getenv("TZ"))
		name = *name ? name : "UTC";
	else if (own[0] == '/' || own[0] == '.')
		name = database ? database + strlen("/zoneinfo/") : "";
	out[0] = '\0';
	/* A name that could not be looked up is the one that the C library has read. */
	if (strlen(name) < size && (config_is_time_zone(name) || errno != 0))
		memcpy(out, name, strlen(name) + 1);
}

/* Takes the zone that was asked for as the process's own. */
static bool choose_zone(const struct invocation *invocation, const char *asked,
			struct report_request *request)
{
	if (!invocation_take_zone(invocation, asked))
		return false;
	name_own_zone(request->options.timezone, sizeof(request->options.timezone));
	request->zone_is_nameless = request->options.timezone[0] == '\0';
	return true;
}

/* ---- the command line ---- */

/* Arguments to be understood later: a day depends on the zone. */
struct words {
	const char *since, *until, *timezone;
};

static bool take_project(const struct invocation *invocation, struct report_request *request)
{
	if (!*optarg || strlen(optarg) >= sizeof(request->options.project)) {
		terminal_error("%s: --project '%.40s' is not the name of a project; 'swatch sessions' shows "
			       "them", invocation->command->name, optarg);
		return false;
	}
	AUTO_BUF error = BUF_INIT;
	if (names_find_project(invocation->config.watch_paths, optarg, request->options.project,
			       sizeof(request->options.project), &error))
		return true;
	terminal_error("%s: %s", invocation->command->name, buf_message(&error));
	return false;
}

static bool take_option(const struct invocation *invocation, int option, struct report_request *request,
			struct words *words)
{
	switch (option) {
	case 'j':
		request->json = true;
		return true;
	case 'a':
		request->options.active = true;
		return true;
	case 'r':
		request->recent = true;
		return true;
	case 'l':
		request->live_only = true;
		return true;
	case 'b':
		request->breakdown = true;
		return true;
	case 's':
		words->since = optarg;
		return true;
	case 'u':
		words->until = optarg;
		return true;
	case 'z':
		words->timezone = optarg;
		return true;
	case 'p':
		return take_project(invocation, request);
	default:
		if (report_parse_threads(optarg, &request->threads))
			return true;
		terminal_error("%s: --threads '%s' is not a number from 1 to %d", invocation->command->name,
			       optarg, HISTORY_THREADS_MAX);
		return false;
	}
}

static bool take_day(const struct invocation *invocation, const char *option, const char *text,
		     int64_t now_ms, char out[9])
{
	if (!text || report_parse_day(text, now_ms, out))
		return true;
	terminal_error("%s: --%s '%s' is not a day; give YYYYMMDD, YYYY-MM-DD, today, yesterday, or 7d for "
		       "seven days ago", invocation->command->name, option, text);
	return false;
}

static bool take_days(const struct invocation *invocation, const struct words *words,
		      struct report_options *options)
{
	if (!take_day(invocation, "since", words->since, options->now_ms, options->since)
	    || !take_day(invocation, "until", words->until, options->now_ms, options->until))
		return false;
	if (*options->since && *options->until && strcmp(options->since, options->until) > 0) {
		terminal_error("%s: --since %s is after --until %s: there is no day between them",
			       invocation->command->name, options->since, options->until);
		return false;
	}
	return true;
}

/* With [ledger] projects = off no session is known to be of one. */
static bool choose_projects(const struct invocation *invocation, struct report_request *request)
{
	const struct config *config = &invocation->config;
	struct report_options *options = &request->options;
	options->no_projects = !request->live_only && config->ledger_enabled
			    && config->ledger_projects == LEDGER_PROJECTS_OFF;
	if (!options->no_projects || !options->project[0])
		return true;
	terminal_error("%s: --project: no projects are kept, since [ledger] projects = off; with --live-only "
		       "it counts what is on disk",
		       invocation->command->name);
	return false;
}

bool report_request_parse(struct invocation *invocation, int argc, char **argv, enum report_kind kind,
			  struct report_request *request, int *status)
{
	struct words words = { NULL, NULL, NULL };
	int option;
	memset(request, 0, sizeof(*request));
	request->options.kind = kind;
	request->options.now_ms = clock_wall_ms();
	*status = SWATCH_USAGE;
	while ((option = command_next_option(invocation, argc, argv)) != COMMAND_OPTIONS_END) {
		if (option == COMMAND_OPTIONS_HELP || option == COMMAND_OPTIONS_BAD) {
			*status = command_options_status(option);
			return false;
		}
		if (!take_option(invocation, option, request, &words))
			return false;
	}
	if (!choose_projects(invocation, request) || !choose_zone(invocation, words.timezone, request)
	    || !take_days(invocation, &words, &request->options))
		return false;
	*status = SWATCH_OK;
	return true;
}
