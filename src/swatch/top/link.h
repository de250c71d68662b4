/*
 * top/link: the connection to the daemon, for events and requests. Without a daemon it waits for one.
 *
 * For: main.c. It never waits for a daemon that is slow, except to connect to one that is stopped
 * (ipc/client.h).
 *
 * Calling sequence: top_link_init(); top_link_try(); poll(2) on top_link_fd() and for top_link_wait_ms();
 * top_link_read() after either; top_link_release().
 */
#ifndef SWATCH_SWATCH_TOP_LINK_H
#define SWATCH_SWATCH_TOP_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/client.h"
#include "swatch/cli/command.h"
#include "swatch/top/files.h"
#include "swatch/top/model.h"

enum top_link_state {
	TOP_LINK_OFF,            /* no daemon; watching its directories */
	TOP_LINK_ASKED,          /* connected, but not answered yet */
	TOP_LINK_ON              /* events come */
};

struct top_link {
	const struct invocation *invocation;
	struct top_files *files;
	struct top_model *model;
	enum top_link_state state;
	struct client client;
	int watch_fd;            /* inotify, while no daemon answers; or -1 */
	int64_t retry_mono_ms;   /* when to look again at the latest */
	struct buf why;          /* why no daemon answers, for people */
	bool is_absent;          /* no daemon runs, so starting one helps */
	/* The request for the cost of each minute. */
	bool spend_wanted, spend_asked, spend_unknown;
	int64_t spend_mono_ms;   /* when it was sent last */
};

void top_link_init(struct top_link *link, const struct invocation *invocation, struct top_files *files,
		   struct top_model *model);
void top_link_release(struct top_link *link);

/* Looks for a daemon. */
void top_link_try(struct top_link *link);

/* The descriptor to poll for POLLIN, or -1. */
int top_link_fd(const struct top_link *link);

/* When to call top_link_read() even if nothing came, in milliseconds from now; -1: never. */
int64_t top_link_wait_ms(const struct top_link *link);

/* Reads what has come, marks files, and does what is due. Returns true when the screen has to change. */
bool top_link_read(struct top_link *link);

/* The figures have changed: asks for the cost of each minute, now or in a moment. */
void top_link_want_spend(struct top_link *link);

#endif
