#include "swatchd/daemon/anew.h"

#include "base/log.h"

void daemon_begin_anew(struct daemon *daemon, const char *why)
{
	if (!daemon->begins_anew)
		log_info("%s: beginning anew", why);
	daemon->begins_anew = true;
	ev_break(daemon->loop, EVBREAK_ALL);
}
