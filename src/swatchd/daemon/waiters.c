#include "swatchd/daemon/waiters.h"

#include "base/clock.h"

/* Those that went without an answer leave their places. */
static void forget_gone(const struct daemon *daemon, struct daemon_waiters *waiters)
{
	size_t kept = 0;
	for (size_t i = 0; i < waiters->count; i++)
		if (control_find_client(daemon->control, waiters->ids[i]))
			waiters->ids[kept++] = waiters->ids[i];
	waiters->count = kept;
}

bool daemon_add_waiter(struct daemon *daemon, struct daemon_waiters *waiters, struct control_client *client)
{
	for (size_t i = 0; i < waiters->count; i++)
		if (waiters->ids[i] == control_client_id(client)) {
			control_answer_error(client, "this client waits for it already");
			return false;
		}
	if (waiters->count == DAEMON_MAX_WAITERS)
		forget_gone(daemon, waiters);
	if (waiters->count == DAEMON_MAX_WAITERS) {
		control_answer_error(client, "too many clients wait for this already");
		return false;
	}
	waiters->ids[waiters->count++] = control_client_id(client);
	control_note_waiting(client);
	return true;
}

void daemon_drop_last_waiter(struct daemon_waiters *waiters)
{
	if (waiters->count > 0)
		waiters->count--;
}

void daemon_answer_sync_waiters(struct daemon *daemon)
{
	struct daemon_waiters *waiters = &daemon->sync_waiters;
	if (waiters->count == 0)
		return;
	publish_flush(&daemon->publish);
	for (size_t i = 0; i < waiters->count; i++) {
		struct control_client *client = control_find_client(daemon->control, waiters->ids[i]);
		if (client)
			control_answer_ok(client);
	}
	waiters->count = 0;
}

static void answer_refresh(struct control_client *client, struct daemon *daemon,
			   const struct refresh_result *result)
{
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	struct billing_view view;
	if (!result->answer) {
		control_answer_error(client, result->error);
		return;
	}
	billing_make_view(&daemon->billing, clock_wall_ms(), &view);
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	jsonw_put_bool(&w, "ok", true);
	jsonw_put_string(&w, "source", view.is_ccusage ? "ccusage" : "native");
	jsonw_put_double(&w, "costToday", view.today_usd);
	jsonw_put_double(&w, "blockCostUSD", view.block.present ? view.block.cost_usd : 0.);
	jsonw_put_double(&w, "burnRatePerHour", view.block.cost_per_hour_usd);
	jsonw_put_double(&w, "driftUSD", billing_drift_usd(&daemon->billing));
	jsonw_put_int(&w, "durationMs", result->duration_ms);
	jsonw_end_object(&w);
	control_answer_composed(client, &out);
}

void daemon_answer_refresh_waiters(struct daemon *daemon, const struct refresh_result *result)
{
	struct daemon_waiters *waiters = &daemon->refresh_waiters;
	for (size_t i = 0; i < waiters->count; i++) {
		struct control_client *client = control_find_client(daemon->control, waiters->ids[i]);
		if (client)
			answer_refresh(client, daemon, result);
	}
	waiters->count = 0;
}
