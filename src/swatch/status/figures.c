#include "swatch/status/figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "cache/dir.h"
#include "cache/limits.h"
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

/* Whether the account has no 5-hour limit is what the server says, or what it does not name beside others. */
static void read_limits(struct figures *figures, struct json_object *billing, int64_t now_ms)
{
	struct json_object *limit = json_get_object(billing, "usageLimit");
	const char *kind = json_get_string(limit, "kind");
	cache_limits_read(json_get_object(billing, "rateLimits"), now_ms, &figures->limits);
	figures->is_weekly = rate_limits_lacks(&figures->limits, RATE_LIMIT_FIVE_HOUR)
			     && !rate_limits_find(&figures->limits, RATE_LIMIT_FIVE_HOUR);
	figures->limit_resets_ms = json_get_int(limit, "resetsAt", 0);
	figures->is_limited = limit && (figures->limit_resets_ms <= 0 || figures->limit_resets_ms > now_ms);
	rate_limit_title(kind && strlen(kind) < RATE_LIMIT_NAME_SIZE ? kind : "", figures->limit_title);
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
	read_limits(figures, billing, now_ms);
}

void figures_note_unwritten(struct figures *figures)
{
	figures->is_unwritten = true;
	figures->is_fresh = false;
}

void figures_load(struct figures *figures, const char *cache_dir, bool daemon_lives, int64_t now_ms)
{
	AUTO_BUF error = BUF_INIT;
	AUTO_CLOSE int dir_fd = cache_dir_open(cache_dir, false, &error);
	AUTO_JSON *billing = dir_fd >= 0 ? cache_read_json(dir_fd, CACHE_BILLING_FILE) : NULL;
	figures_read(figures, billing, daemon_lives, now_ms);
	if (daemon_lives && dir_fd >= 0 && cache_is_unwritten(dir_fd))
		figures_note_unwritten(figures);
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
		page_item(page, figures->is_weekly ? STYLE_QUIET : STYLE_PLAIN, "block %s (%s left%s)",
			  human_usd(figures->block_usd, HUMAN_TEXT),
			  human_span(figures->block_end_ms - now_ms, HUMAN_TEXT),
			  figures->is_weekly ? ", no limit of this account" : "");
	else if (figures->is_weekly)
		;  /* it has no such unit */
	else if (figures->has_block)
		page_item(page, STYLE_PLAIN, "block %s, ended %s", human_usd(figures->block_usd, HUMAN_TEXT),
			  human_clock(figures->block_end_ms, now_ms, HUMAN_TEXT));
	else
		page_item(page, STYLE_QUIET, "no active block");
	if (block_runs && figures->has_burn_rate && figures->burn_rate_usd > 0)
		page_item(page, STYLE_PLAIN, "%s/h", human_usd(figures->burn_rate_usd, HUMAN_TEXT));
}

/* "82% used, resets Thu 14:00 (in 2d 3h)", "hit, when it resets is not known". */
static void append_limit(const struct rate_limit *limit, int64_t now_ms, struct buf *out)
{
	if (limit->was_hit)
		buf_append_str(out, "hit");
	else
		buf_printf(out, "%.0f%%", floor(limit->used_percent + 1e-9));
	if (!isnan(limit->used_usd) && !isnan(limit->limit_usd))
		buf_printf(out, " (%s of %s)", human_usd(limit->used_usd, HUMAN_TEXT),
			   human_usd(limit->limit_usd, HUMAN_TEXT));
	if (limit->resets_ms <= 0)
		buf_append_str(out, ", when it resets is not known");
	else
		buf_printf(out, ", resets %s (in %s)", human_clock(limit->resets_ms, now_ms, HUMAN_TEXT),
			   human_span(limit->resets_ms - now_ms, HUMAN_TEXT));
}

/* In the order in which they will be hit. */
void figures_show_limits(const struct figures *figures, struct page *page, int64_t now_ms)
{
	const struct rate_limit *order[RATE_LIMITS_MAX];
	bool is_named = false;
	if (!figures->known || (figures->limits.count == 0 && !figures->is_limited))
		return;
	page_row(page, "limits");
	rate_limits_order(&figures->limits, now_ms, order);
	for (size_t i = 0; i < figures->limits.count; i++) {
		char title[RATE_LIMIT_LABEL_SIZE];
		AUTO_BUF text = BUF_INIT;
		const struct rate_limit *limit = order[i];
		rate_limit_title(limit->name, title);
		append_limit(limit, now_ms, &text);
		page_item(page, limit->was_hit || limit->used_percent >= 100. ? STYLE_BAD : STYLE_PLAIN,
			  "%s %s", title, buf_str(&text));
		is_named = is_named || limit->was_hit;
	}
	/* One of which only the transcript tells, without its name. */
	if (figures->is_limited && !is_named && figures->limit_resets_ms > 0)
		page_item(page, STYLE_BAD, "a usage limit was hit; it resets at %s (in %s)",
			  human_clock(figures->limit_resets_ms, now_ms, HUMAN_TEXT),
			  human_span(figures->limit_resets_ms - now_ms, HUMAN_TEXT));
	else if (figures->is_limited && !is_named)
		page_item(page, STYLE_BAD, "a usage limit was hit; when it resets is not known");
	if (figures->is_weekly)
		page_item(page, STYLE_QUIET, "this account has no 5-hour limit");
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
	if (figures->is_unwritten)
		page_item(page, STYLE_BAD, "swatchd cannot write its files");
}
