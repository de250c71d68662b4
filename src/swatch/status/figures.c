#include "swatch/status/figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "cache/dir.h"
#include "cache/names.h"
#include "cache/read.h"
#include "swatch/ui/human.h"

static bool is_same_local_day(int64_t a_ms, int64_t b_ms)
{
	return clock_local_day_start_ms(a_ms) == clock_local_day_start_ms(b_ms);
}

static void read_block(struct figures *figures, struct json_object *block)
{
	const char *end = json_get_string(block, "endTime");
	double cost = json_get_double(block, "costUSD", NAN);
	if (!end || !isfinite(cost) || !clock_parse_rfc3339(end, strlen(end), &figures->block_end_ms))
		return;
	figures->block_usd = cost;
	figures->has_block = true;
}

static void read_window(struct figures *figures, struct json_object *window, int64_t now_ms)
{
	figures->window_usd = json_get_double(window, "costUSD", NAN);
	figures->window_end_ms = json_get_int(window, "resetsAt", 0);
	figures->has_window = isfinite(figures->window_usd) && figures->window_end_ms > now_ms;
}

void figures_read(struct figures *figures, struct json_object *billing, bool daemon_lives, int64_t now_ms)
{
	memset(figures, 0, sizeof(*figures));
	double today = json_get_double(billing, "costToday", NAN);
	if (!isfinite(today))
		return;
	figures->known = true;
	figures->today_usd = today;
	figures->burn_rate_usd = json_get_double(billing, "burnRatePerHour", NAN);
	figures->has_burn_rate = isfinite(figures->burn_rate_usd);
	int64_t fetched_ms = json_get_int(billing, "lastFetched", 0);
	figures->fetched_ms = fetched_ms > 0 ? fetched_ms : 0;
	/* A running daemon writes the file at midnight, in the configured time zone. */
	figures->is_of_today =
		daemon_lives || figures->fetched_ms == 0 || is_same_local_day(figures->fetched_ms, now_ms);
	int64_t fresh_until_ms = json_get_int(billing, "freshUntil", 0);
	figures->is_fresh = daemon_lives && json_get_bool(billing, "isFresh", false)
			    && (fresh_until_ms <= 0 || now_ms < fresh_until_ms);
	const char *source = json_get_string(billing, "source");
	snprintf(figures->source, sizeof(figures->source), "%s", source ? source : "");
	read_block(figures, json_get_object(billing, "block"));
	read_window(figures, json_get_object(billing, "window"), now_ms);
}

void figures_load(struct figures *figures, const char *cache_dir, bool daemon_lives, int64_t now_ms)
{
	AUTO_BUF error = BUF_INIT;
	AUTO_CLOSE int dir_fd = cache_dir_open(cache_dir, false, &error);
	AUTO_JSON *billing = dir_fd >= 0 ? cache_read_json(dir_fd, CACHE_BILLING_FILE) : NULL;
	figures_read(figures, billing, daemon_lives, now_ms);
}

static void show_costs(const struct figures *figures, struct page *page, int64_t now_ms)
{
	char date[16];
	clock_format_local_date(figures->fetched_ms, date);
	page_item(page, STYLE_STRONG, "%s %s", figures->is_of_today ? "today" : date,
		  human_usd(figures->today_usd, HUMAN_TEXT));
	bool block_runs = figures->has_block && figures->block_end_ms > now_ms;
	/* As in the statusline: the server's window when it is known. */
	if (figures->has_window)
		page_item(page, STYLE_PLAIN, "block %s (%s left)", human_usd(figures->window_usd, HUMAN_TEXT),
			  human_span(figures->window_end_ms - now_ms, HUMAN_TEXT));
	else if (block_runs)
		page_item(page, STYLE_PLAIN, "block %s (%s left)", human_usd(figures->block_usd, HUMAN_TEXT),
			  human_span(figures->block_end_ms - now_ms, HUMAN_TEXT));
	else if (figures->has_block)
		page_item(page, STYLE_PLAIN, "block %s, ended %s", human_usd(figures->block_usd, HUMAN_TEXT),
			  human_clock(figures->block_end_ms, now_ms, HUMAN_TEXT));
	else
		page_item(page, STYLE_QUIET, "no active block");
	if (block_runs && figures->has_burn_rate && figures->burn_rate_usd > 0)
		page_item(page, STYLE_PLAIN, "%s/h", human_usd(figures->burn_rate_usd, HUMAN_TEXT));
}

void figures_show(const struct figures *figures, struct page *page, int64_t now_ms)
{
	page_row(page, "figures");
	if (!figures->known) {
		page_item(page, STYLE_NOTE, "none yet: %s is missing", CACHE_BILLING_FILE);
		return;
	}
	show_costs(figures, page, now_ms);
	page_break(page);
	if (*figures->source)
		page_item(page, STYLE_PLAIN, "source %s", figures->source);
	page_item(page, figures->is_fresh ? STYLE_GOOD : STYLE_NOTE, "%s",
		  figures->is_fresh ? "fresh" : "stale");
	if (figures->fetched_ms > 0)
		page_item(page, STYLE_PLAIN, "from %s (%s)",
			  human_clock(figures->fetched_ms, now_ms, HUMAN_TEXT),
			  human_ago(figures->fetched_ms, now_ms, HUMAN_TEXT));
}
