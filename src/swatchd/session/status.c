#include "swatchd/session/status.h"

#include <string.h>

#include "base/printable.h"
#include "json/get.h"

static const char *const names[] = { [SESSION_AT_REST] = "idle", [SESSION_IN_SHELL] = "shell",
				     [SESSION_BUSY] = "busy", [SESSION_WAITING] = "waiting" };

const char *session_doing_name(enum session_doing doing)
{
	return names[doing];
}

static enum session_doing find_doing(const char *name)
{
	for (int doing = SESSION_AT_REST; name && doing <= SESSION_WAITING; doing++)
		if (strcmp(names[doing], name) == 0)
			return (enum session_doing)doing;
	return SESSION_UNKNOWN;
}

void session_status_read(struct json_object *process_file, int64_t now_ms, struct session_status *out)
{
	const char *reason = json_get_string(process_file, "waitingFor");
	int64_t since_ms = json_get_int(process_file, "statusUpdatedAt", 0);
	memset(out, 0, sizeof(*out));
	out->doing = find_doing(json_get_string(process_file, "status"));
	if (out->doing == SESSION_UNKNOWN)
		return;
	out->since_ms = since_ms > 0 && since_ms <= now_ms ? since_ms : now_ms;
	if (out->doing != SESSION_WAITING || !reason)
		return;
	strncpy(out->waiting_for, reason, sizeof(out->waiting_for) - 1);
	/* This also masks a character that the cut left incomplete. */
	printable_mask(out->waiting_for, strlen(out->waiting_for));
}

bool session_status_is_same(const struct session_status *a, const struct session_status *b)
{
	return a->doing == b->doing && strcmp(a->waiting_for, b->waiting_for) == 0;
}

bool session_status_is_before(const struct session_status *a, const struct session_status *b)
{
	if (a->doing != b->doing)
		return a->doing > b->doing;
	return a->since_ms < b->since_ms;
}
