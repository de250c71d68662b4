#include "swatchd/daemon/requests.h"

#include "base/unused.h"
#include "swatchd/daemon/answers.h"

static void subscribe(void *ctx UNUSED, struct control_client *client, struct json_object *request UNUSED)
{
	static const char subscribed[] = "{\"ok\":true,\"subscribed\":true}";
	if (!control_may_subscribe(client)) {
		control_answer_error(client, "too many clients follow events already");
		return;
	}
	control_answer(client, subscribed, sizeof(subscribed) - 1);
	control_subscribe(client);
}

static void pong(void *ctx UNUSED, struct control_client *client, struct json_object *request UNUSED)
{
	static const char alive[] = "{\"ok\":true}";
	control_answer(client, alive, sizeof(alive) - 1);
}

/* Another swatchd wanted the lock. It has no answer. */
static void note_contended(void *ctx, struct control_client *client UNUSED,
			   struct json_object *request UNUSED)
{
	struct daemon *daemon = ctx;
	daemon->contended++;
}

const struct control_request daemon_requests[] = {
	{ "ping", pong },
	{ "status", daemon_answer_status },
	{ "report", daemon_answer_report },
	{ "kept", daemon_answer_kept },
	{ "spend", daemon_answer_spend },
	{ "refresh", daemon_answer_refresh },
	{ "expire", daemon_answer_expire },
	{ "sync", daemon_answer_sync },
	{ "rescan", daemon_answer_rescan },
	{ "lend", daemon_answer_lend },
	{ "tick", daemon_take_tick },
	{ "subscribe", subscribe },
	{ "contended", note_contended },
	{ NULL, NULL },
};
