/*
 * unused: marks a parameter that a callback has to take and does not need.
 *
 * For: callbacks, in every room: static void on_due(struct ev_loop *loop UNUSED, ev_timer *watcher, int
 * revents UNUSED).
 */
#ifndef SWATCH_BASE_UNUSED_H
#define SWATCH_BASE_UNUSED_H

#define UNUSED __attribute__((unused))

#endif
