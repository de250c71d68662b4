/*
 * A cache file that anybody wrote: read by the tolerant reader, then by all that take something out of it:
 * the commands' pages, the daemon at its start (limits, alerts, the last answer of ccusage), and the page of
 * the daemon's answers.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "config/config.h"
#include "cache/names.h"
#include "cache/read.h"
#include "fuzz.h"
#include "swatch/ui/event_text.h"
#include "swatch/status/page.h"
#include "swatchd/billing/account_limits.h"
#include "swatchd/alerts/alerts.h"
#include "ccusage/answer.h"

static struct json_object *read_file(const uint8_t *data, size_t size)
{
	static int dir_fd = -1;
	if (dir_fd < 0)
		dir_fd = open(fuzz_directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fuzz_write_file(CACHE_BILLING_FILE, data, size);
	errno = 0;
	struct json_object *object = cache_read_json(dir_fd, CACHE_BILLING_FILE);
	FUZZ_CHECK(object || errno == EBADMSG, "errno %d", errno);
	return object;
}

static void check_members(struct json_object *object)
{
	static const char *const keys[] = { "schema", "costToday", "lastFetched", "writer", "ccusage" };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		double number = json_get_double(object, keys[i], -1.);
		const char *text = json_get_string(object, keys[i]);
		FUZZ_CHECK(isfinite(number), "%s: %g", keys[i], number);
		(void)json_get_int(object, keys[i], 0);
		(void)json_get_bool(object, keys[i], false);
		FUZZ_CHECK(!text || !json_get_object(object, keys[i]), "%s: text and object", keys[i]);
	}
}

static void check_pages(struct json_object *object)
{
	struct figures figures;
	struct page page;
	struct buf event = BUF_INIT;
	figures_read(&figures, object, true, FUZZ_NOW_MS);
	FUZZ_CHECK(memchr(figures.source, '\0', sizeof(figures.source)), "a source without end");
	page_init(&page, true);
	figures_show(&figures, &page, FUZZ_NOW_MS);
	status_page_compose(&page, object, &figures, FUZZ_NOW_MS);
	fuzz_check_shown("the page", page_text(&page), strlen(page_text(&page)), true);
	page_release(&page);
	(void)event_text_append(&event, object);
	fuzz_check_shown("an event", buf_str(&event), event.len, false);
	buf_release(&event);
}

static void ignore_alert(void *ctx, const struct alert *alert)
{
	(void)ctx;
	(void)alert;
}

/* What the daemon takes over is what it writes again. */
static void check_restored(struct json_object *object)
{
	struct rate_limits limits = { 0 }, hits = { 0 };
	struct alerts alerts;
	struct config config;
	struct billing_block block = { 0 };
	struct jsonw w;
	struct buf out = BUF_INIT, error = BUF_INIT;
	account_limits_restore(&limits, &hits, json_get_object(object, "rateLimits"), FUZZ_NOW_MS);
	FUZZ_CHECK(limits.count <= RATE_LIMITS_MAX && hits.count <= RATE_LIMITS_MAX, "%zu limits, %zu hits",
		   limits.count, hits.count);
	FUZZ_CHECK(config_init(&config), "no memory");
	alerts_init(&alerts, &config, ignore_alert, NULL);
	alerts_restore(&alerts, object, FUZZ_NOW_MS);
	FUZZ_CHECK(alerts.records.count <= ALERTS_RECORDS_MAX, "%zu records", alerts.records.count);
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	account_limits_write(&limits, &w);
	alerts_write(&alerts, &w);
	jsonw_end_object(&w);
	json_object_put(fuzz_check_json("what is written again", buf_str(&out), out.len));
	if (ccusage_answer_take_block(json_get_object(object, "block"), &block, &error) == 0 && block.present)
		FUZZ_CHECK(block.cost_usd >= 0. && block.cost_usd <= CCUSAGE_MAX_USD, "%g USD",
			   block.cost_usd);
	buf_release(&error);
	buf_release(&out);
	alerts_release(&alerts);
	config_release(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_begin();
	struct json_object *object = read_file(data, size);
	check_members(object);
	check_pages(object);
	check_restored(object);
	json_object_put(object);
	return 0;
}
