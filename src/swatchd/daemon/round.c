#include "swatchd/daemon/round.h"

#include "swatchd/daemon/clock.h"
#include "swatchd/daemon/gone.h"

void daemon_do_round(struct daemon *daemon)
{
	watch_drain(daemon->watch);      /* which transcripts changed, to tail_note() */
	tail_flush(daemon->tail);        /* their new lines, to daemon_take_batch(): scan, ledger, sessions */
	if (!daemon->history.first_walk)
		daemon_settle_gone(daemon);
	daemon_check_clock(daemon);
	publish_flush(&daemon->publish); /* compose, cache_write_file(): a temporary file, then rename(2) */
}
