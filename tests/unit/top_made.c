#include "top_made.h"

#include "unit.h"

#include <locale.h>
#include <time.h>
#include <wchar.h>

const char top_billing_json[] =
	"{\"schema\":1,\"costToday\":12.34,\"isFresh\":true,\"lastFetched\":1795442640000,"
	"\"freshUntil\":1795449900000,"
	"\"source\":\"native\",\"today\":{\"totalTokens\":1234567},"
	"\"block\":{\"startTime\":\"2026-11-23T11:00:00.000Z\",\"endTime\":\"2026-11-23T16:00:00.000Z\","
	"\"costUSD\":10,"
	"\"totalTokens\":1000000,\"burnRate\":{\"costPerHour\":6}},"
	"\"unpricedModels\":[\"claude-next\"],"
	"\"rateLimits\":{\"sevenDayOpus\":{\"usedPercentage\":5,\"resetsAt\":1795500000000},"
	"\"spendLimit\":{\"usedPercentage\":120,\"resetsAt\":1795500000000,\"usedUSD\":12,\"limitUSD\":10},"
	"\"sevenDay\":{\"usedPercentage\":50,\"resetsAt\":1795745100000},"
	"\"old\":{\"usedPercentage\":50,\"resetsAt\":1795442700000},\"bad\":7,"
	"\"fiveHour\":{\"usedPercentage\":42,\"resetsAt\":1795451700000}},\"window\":{\"costUSD\":9.5}}";

void top_made_begin(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	/* Debian's libc has it without any locale being installed. */
	if (!setlocale(LC_CTYPE, "C.UTF-8")) {
		fputs("the locale C.UTF-8 is missing\n", stderr);
		exit(1);
	}
}

struct json_object *parse_json(const char *json)
{
	struct json_object *object = json_tokener_parse(json);
	assert_non_null(object);
	return object;
}

void take_session(struct top_model *model, const char *id, const char *json)
{
	top_model_take_session(model, id, parse_json(json));
}

void take_event(struct top_model *model, const char *json)
{
	struct json_object *event = parse_json(json);
	top_model_take_event(model, event);
	json_object_put(event);
}

const char *order_of(const struct top_model *model)
{
	static char text[256];
	size_t len = 0;
	text[0] = '\0';
	for (size_t i = 0; i < model->order_count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
					top_model_at(model, i)->id);
	return text;
}

const char *row_text(const struct top_canvas *canvas, size_t row)
{
	static char text[4096];
	size_t len = 0;
	mbstate_t shift;
	memset(&shift, 0, sizeof(shift));
	for (size_t i = 0; i < canvas->columns; i++) {
		const struct top_cell *cell = top_canvas_cell(canvas, row, i);
		if (cell->code != 0)
			len += wcrtomb(text + len, (wchar_t)cell->code, &shift);
		if (cell->accent != 0)
			len += wcrtomb(text + len, (wchar_t)cell->accent, &shift);
	}
	while (len > 0 && text[len - 1] == ' ')
		len--;
	text[len] = '\0';
	return text;
}
