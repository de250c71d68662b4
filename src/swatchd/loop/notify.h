/*
 * notify: tells the service manager the daemon's state (the sd_notify protocol: datagrams to $NOTIFY_SOCKET).
 *
 * For: main.c. Without NOTIFY_SOCKET every call does nothing. A failed send is not an error of the daemon's.
 */
#ifndef SWATCH_SWATCHD_LOOP_NOTIFY_H
#define SWATCH_SWATCHD_LOOP_NOTIFY_H

#include <stdint.h>

/* Sends `state`, such as "READY=1" or "STOPPING=1\nSTATUS=..." . */
void notify_send(const char *state);

/* How often to send WATCHDOG=1, half of WATCHDOG_USEC; 0: never. Reads the environment. */
int64_t notify_watchdog_interval_ms(void);

#endif
