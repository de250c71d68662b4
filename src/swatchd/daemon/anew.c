#include "swatchd/daemon/anew.h"

#include "base/log.h"

void daemon_begin_anew(struct daemon *daemon, const char *why)
{
	if (!daemon->begins_anew)
		log_info("%s: beginning anew", why);
	daemon->begins_anew = true;
	/* The rest of this turn still comes: other watchers, and clients with questions. */
	publish_hold(&daemon->publish);
	control_fall_silent(daemon->control);
	ev_break(daemon->loop, EVBREAK_ALL);
}
