#include "alert_looks.h"

#include "unit.h"

struct config config;
struct alerts alerts;
int64_t now_ms;
struct alert last_alert;
static char told[2048];

static void on_fired(void *ctx, const struct alert *alert)
{
	(void)ctx;
	size_t len = strlen(told);
	snprintf(told + len, sizeof(told) - len, "%s:%g ", alert_rule_name(alert->rule), alert->limit);
	last_alert = *alert;
}

const char *take_told(void)
{
	static char taken[sizeof(told)];
	snprintf(taken, sizeof(taken), "%s", told);
	told[0] = '\0';
	return taken;
}

struct config_numbers numbers(double a, double b)
{
	return (struct config_numbers){ b > 0. ? 2 : a > 0. ? 1 : 0, { a, b } };
}

int alert_looks_set_up(void **state UNUSED)
{
	memset(&config, 0, sizeof(config));
	config.alerts_limit_reached = config.alerts_limit_reset = 1;
	alerts_init(&alerts, &config, on_fired, NULL);
	now_ms = NOW_MS;
	told[0] = '\0';
	return 0;
}

int alert_looks_tear_down(void **state UNUSED)
{
	alerts_release(&alerts);
	return 0;
}

void look_at_block(double usd, int64_t start_ms)
{
	alerts_begin(&alerts, now_ms);
	alerts_note_block(&alerts, usd, start_ms, start_ms + 5 * HOUR_MS);
	(void)alerts_end(&alerts);
}

int64_t look_at_limit(const char *name, double percent, int64_t resets_ms)
{
	alerts_begin(&alerts, now_ms);
	alerts_note_limit(&alerts, name, percent, resets_ms, "s1");
	return alerts_end(&alerts);
}

int64_t look_at_nothing(void)
{
	alerts_begin(&alerts, now_ms);
	return alerts_end(&alerts);
}

void look_at_context(const char *id, double percent, int64_t compacted_ms)
{
	alerts_begin(&alerts, now_ms);
	alerts_note_context(&alerts, id, "/home/u/p", percent, compacted_ms);
	(void)alerts_end(&alerts);
}

int64_t look_at_waiting(const char *id, const char *what, int64_t since_ms)
{
	alerts_begin(&alerts, now_ms);
	alerts_note_waiting(&alerts, id, "/home/u/p", what, since_ms);
	return alerts_end(&alerts);
}

int64_t look_at_cache(const char *id, int64_t cold_ms, int64_t life_ms)
{
	alerts_begin(&alerts, now_ms);
	alerts_note_cache(&alerts, id, "/home/u/p", cold_ms, life_ms);
	return alerts_end(&alerts);
}

void restart_daemon(void)
{
	AUTO_BUF text = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &text);
	jsonw_begin_object(&w);
	alerts_write(&alerts, &w);
	jsonw_end_object(&w);
	struct json_object *written = json_tokener_parse(buf_str(&text));
	alerts_release(&alerts);
	alerts_init(&alerts, &config, on_fired, NULL);
	alerts_restore(&alerts, written, now_ms);
	assert_false(alerts.records.changed);
	json_object_put(written);
}
