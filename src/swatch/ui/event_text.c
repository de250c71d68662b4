#include "swatch/ui/event_text.h"

#include <string.h>

#include "base/printable.h"
#include "cache/read.h"
#include "swatch/ui/human.h"
#include "swatch/ui/terminal.h"

#define NAME_COLUMNS 17

enum shown_as { AS_VALUE, AS_NAMED, AS_USD, AS_DURATION, AS_VERDICT, AS_ERROR, AS_NOTHING };

/* How a member is shown; any other is shown as "name value". */
static const struct {
	const char *key;
	enum shown_as as;
} members[] = {
	{ "sessionId", AS_VALUE },
	{ "file", AS_VALUE },
	{ "path", AS_VALUE },
	{ "source", AS_VALUE },
	{ "reason", AS_VALUE },
	{ "why", AS_VALUE },
	{ "ok", AS_VERDICT },
	{ "error", AS_ERROR },
	{ "rule", AS_VALUE },
	{ "message", AS_VALUE },
	/* An alert's message has these. */
	{ "value", AS_NOTHING },
	{ "limit", AS_NOTHING },
	{ "unit", AS_NOTHING },
	{ "limitName", AS_NOTHING },
	{ "projectPath", AS_NOTHING },
	{ "waitingFor", AS_VALUE },
	{ "resetsAt", AS_NOTHING },
	{ "costUSD", AS_USD },
	{ "durationMs", AS_DURATION },
};

static enum shown_as find_member(const char *key)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strcmp(members[i].key, key) == 0)
			return members[i].as;
	return AS_NAMED;
}

/* The value as text: strings as they are, the rest as JSON. */
static const char *value_text(struct json_object *value)
{
	const char *text = json_object_is_type(value, json_type_string)
				   ? json_object_get_string(value)
				   : json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
	return text ? text : "?";
}

static void append_member(struct buf *text, const char *key, struct json_object *value)
{
	switch (find_member(key)) {
	case AS_VALUE:
		buf_append_str(text, value_text(value));
		break;
	case AS_NOTHING:
		break;
	case AS_NAMED:
		buf_printf(text, "%s %s", key, value_text(value));
		break;
	case AS_USD:
		buf_append_str(text, human_usd(json_object_get_double(value), HUMAN_TEXT));
		break;
	case AS_DURATION:
		buf_printf(text, "took %s", human_duration(json_object_get_int64(value), HUMAN_TEXT));
		break;
	case AS_VERDICT:
		buf_append_str(text, json_object_get_boolean(value) ? "good" : "failed");
		break;
	case AS_ERROR:
		buf_printf(text, "error: %s", value_text(value));
		break;
	}
}

bool event_text_append(struct buf *out, struct json_object *event)
{
	const char *name = json_get_string(event, "event");
	if (!name)
		return false;
	AUTO_BUF text = BUF_INIT;
	buf_printf(&text, "%s %-*s", human_clock_seconds(json_get_int(event, "at", -1), HUMAN_TEXT),
		   NAME_COLUMNS, name);
	bool is_first = true;
	json_object_object_foreach(event, key, value) {
		/* An alert's message says what the session waits for. */
		bool is_said = strcmp(key, "waitingFor") == 0 && strcmp(name, "alert") == 0;
		if (strcmp(key, "event") == 0 || strcmp(key, "at") == 0 || !value || is_said
		    || find_member(key) == AS_NOTHING)
			continue;
		buf_append_str(&text, is_first ? " " : ", ");
		append_member(&text, key, value);
		is_first = false;
	}
	while (text.len > 0 && text.data[text.len - 1] == ' ')
		text.len--;
	printable_clean(out, buf_str(&text), text.len);
	out->failed = out->failed || text.failed;
	return true;
}
