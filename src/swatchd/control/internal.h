/*
 * control_internal: what the two files of the control socket share: control.c, which listens and accepts, and
 * control_client.c, which talks to the clients.
 *
 * For: these two; everyone else includes control.h.
 */
#ifndef SWATCH_SWATCHD_CONTROL_INTERNAL_H
#define SWATCH_SWATCHD_CONTROL_INTERNAL_H

#include <stdbool.h>

#include "swatchd/control/control.h"

/*
 * Makes room for another client: the one that has been silent the longest, waits for nothing and follows nothing, goes.
 * Returns false when there is no such one.
 */
bool control_make_room(struct control *control);

/* Takes up an accepted connection, whose descriptor it owns from here on. Without memory it is closed. */
void control_add_client(struct control *control, int fd);

/* Closes all of them at once, whatever they still had to read. */
void control_close_clients(struct control *control);

#endif
