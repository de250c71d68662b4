/*
 * loop: the event loop, without libev's abort().
 *
 * For: main.c, and modules with timers. libev calls abort() when memory runs out, and when a system call of
 * its own fails. Here it waits a moment and tries again, says so once, and after 15 seconds of failures ends
 * the daemon in order: the lock is free, and the next start succeeds.
 */
#ifndef SWATCH_SWATCHD_LOOP_LOOP_H
#define SWATCH_SWATCHD_LOOP_LOOP_H

#include <stdint.h>

#include <ev.h>

#include "base/buf.h"

/* The text for an EV_ERROR: libev keeps the errno of epoll_ctl(2) to itself. */
#define LOOP_ERROR_TEXT "(epoll_ctl failed); is memory, or fs.epoll.max_user_watches, used up?"

/* The default loop, with epoll; NULL with a message. */
struct ev_loop *loop_make(struct buf *error);

/*
 * Checks that signals reach the loop. libev may fail to set that up without a word, and then only SIGKILL
 * could end the daemon. Call it after the first signal watcher was started. Returns 0, or -1 with a message.
 */
int loop_check_signals(struct ev_loop *loop, struct buf *error);

/* (Re)starts the timer: it fires once, `wait_ms` from now, and in this turn when that is 0 or less. */
void loop_set_timer(struct ev_loop *loop, ev_timer *timer, int64_t wait_ms);

#endif
