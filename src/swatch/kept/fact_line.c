#include "swatch/kept/fact_line.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "json/get.h"
#include "json/write.h"
#include "swatch/kept/message_line.h"

/* Names of machines and directories are shorter. */
#define NAME_MAX_BYTES 1024

static void put_time(struct jsonw *w, const char *key, int64_t at_ms)
{
	char text[CLOCK_RFC3339_SIZE];
	clock_format_rfc3339(at_ms, text);
	jsonw_put_string(w, key, at_ms > 0 ? text : NULL);
}

static void put_usd(struct jsonw *w, const char *key, double usd)
{
	if (isnan(usd))
		jsonw_put_null(w, key);
	else
		jsonw_put_double(w, key, usd);
}

void fact_line_write_reading(const struct store_reading_line *reading, const char *host, struct buf *out)
{
	struct jsonw w;
	jsonw_init(&w, out);
	jsonw_begin_object(&w);
	jsonw_put_string(&w, "type", FACT_LINE_READING_TYPE);
	jsonw_put_int(&w, "v", MESSAGE_LINE_VERSION);
	jsonw_put_string(&w, "host", reading->host[0] ? reading->host : host);
	jsonw_put_string(&w, "root", reading->root);
	jsonw_put_string(&w, "limit", reading->name);
	jsonw_put_double(&w, "percent", reading->percent);
	put_time(&w, "resetsAt", reading->resets_ms);
	put_time(&w, "firstSeen", reading->first_seen_ms);
	put_time(&w, "lastSeen", reading->last_seen_ms);
	jsonw_put_string(&w, "sessionId", reading->session);
	jsonw_put_string(&w, "source", reading->source);
	put_usd(&w, "usedUSD", reading->used_usd);
	put_usd(&w, "limitUSD", reading->limit_usd);
	jsonw_end_object(&w);
	buf_append_char(out, '\n');
}

static const char *take_text(struct json_object *object, const char *key)
{
	const char *text = json_get_string(object, key);
	return text && strlen(text) <= NAME_MAX_BYTES ? text : NULL;
}

/* 0 when it is missing, -1 when it is no time. */
static int64_t take_time(struct json_object *object, const char *key)
{
	const char *text = json_get_string(object, key);
	int64_t at_ms;
	if (!text)
		return 0;
	return clock_parse_rfc3339(text, strlen(text), &at_ms) && at_ms > 0 ? at_ms : -1;
}

const char *fact_line_read_reading(struct json_object *object, struct store_reading_line *out)
{
	if (json_get_int(object, "v", 0) != MESSAGE_LINE_VERSION)
		return "a later version of swatch wrote it; update swatch";
	*out = (struct store_reading_line){
		.host = take_text(object, "host"),
		.root = take_text(object, "root"),
		.name = take_text(object, "limit"),
		.session = take_text(object, "sessionId"),
		.source = take_text(object, "source"),
		.percent = json_get_double(object, "percent", -1.),
		.used_usd = json_get_double(object, "usedUSD", (double)NAN),
		.limit_usd = json_get_double(object, "limitUSD", (double)NAN),
		.resets_ms = take_time(object, "resetsAt"),
		.first_seen_ms = take_time(object, "firstSeen"),
		.last_seen_ms = take_time(object, "lastSeen"),
	};
	if (!out->host || !out->host[0])
		return "\"host\" is no name";
	if (!out->root || (out->root[0] && out->root[0] != '/'))
		return "\"root\" is not a directory";
	if (!out->name || !out->session || !out->source || !store_readings_is_valid(out))
		return "it is not a reading of a limit";
	return NULL;
}
