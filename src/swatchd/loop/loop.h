/*
 * loop: the event loop, made so that it outlives what libev ends a program for.
 *
 * For: main.c. libev calls abort() when memory runs out, and when a system call of its own fails. Here it waits a
 * moment and tries again, says so once, and ends the daemon in order (the lock is free, the next start is good) when
 * 15 seconds of that did not help.
 */
#ifndef SWATCH_SWATCHD_LOOP_LOOP_H
#define SWATCH_SWATCHD_LOOP_LOOP_H

#include <ev.h>

#include "base/buf.h"

/* What an EV_ERROR says to people: libev keeps the errno of epoll_ctl(2) to itself. */
#define LOOP_ERROR_TEXT "(epoll_ctl failed); is memory, or fs.epoll.max_user_watches, used up?"

/* The default loop, with epoll; NULL with a message. */
struct ev_loop *loop_make(struct buf *error);

/*
 * Sees whether signals reach the loop: without what libev makes for them (it may have failed, and libev does not tell),
 * nothing could end the daemon but SIGKILL. Call after the first signal watcher was started. 0, or -1 with a message.
 */
int loop_check_signals(struct ev_loop *loop, struct buf *error);

#endif
