/*
 * daemon/requests: what clients may ask on the control socket.
 *
 * For: daemon.c, which hands the table to control. The context of its handlers is the daemon.
 */
#ifndef SWATCH_SWATCHD_DAEMON_REQUESTS_H
#define SWATCH_SWATCHD_DAEMON_REQUESTS_H

#include "swatchd/control/control.h"

extern const struct control_request daemon_requests[];

#endif
