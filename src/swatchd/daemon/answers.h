/*
 * daemon/answers: the handlers of the control socket's requests; `ctx` is the daemon. daemon/status.c,
 * daemon/report.c (report, kept and spend), daemon/work.c (refresh, expire, sync and rescan), daemon/lend.c
 * and daemon/tick.c have them.
 *
 * For: the table in daemon/requests.c.
 */
#ifndef SWATCH_SWATCHD_DAEMON_ANSWERS_H
#define SWATCH_SWATCHD_DAEMON_ANSWERS_H

#include "swatchd/daemon/internal.h"

control_handler daemon_answer_status, daemon_answer_report, daemon_answer_kept, daemon_answer_spend,
	daemon_answer_refresh, daemon_answer_expire, daemon_answer_sync, daemon_answer_rescan,
	daemon_answer_lend, daemon_take_tick;

#endif
