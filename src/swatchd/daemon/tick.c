/*
 * {"op":"tick"}: a statusline tells what only Claude Code knows. It has no answer. Input is hostile:
 * everything is bounded and typed, and the daemon passes over the rest.
 */
#include "swatchd/daemon/answers.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/unused.h"
#include "json/get.h"
#include "swatchd/daemon/facts.h"
#include "swatchd/daemon/keep.h"

void daemon_take_tick(void *ctx, struct control_client *client UNUSED, struct json_object *request)
{
	struct daemon *daemon = ctx;
	const char *id = json_get_string(request, "sessionId");
	struct session *session = id ? sessions_find(&daemon->sessions, id) : NULL;
	/* The limits are the account's: the session may not have written a line yet. */
	if (id && cache_session_id_is_valid(id, strlen(id))
	    && billing_take_tick(&daemon->billing, json_get_object(request, "rateLimits"), id,
				 clock_wall_ms())) {
		publish_note_change(&daemon->publish, NULL, PUBLISH_ACCOUNT);
		daemon_note_limits(daemon);
	}
	if (session && session_note_tick(session, json_get_int(request, "contextWindowSize", 0),
					 json_get_double(request, "costUSD", NAN))) {
		publish_note_change(&daemon->publish, session, PUBLISH_FIGURES);
		daemon_note_told(daemon, session);
	}
	daemon_keep_soon(daemon);
}
