/*
 * top_link: the line to the daemon: events come in by it, and questions go out. While there is none, it waits for one.
 *
 * For: main.c. Whatever the daemon does, nothing here waits for it, but connecting to one that is stopped (client.h).
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
	TOP_LINK_OFF,            /* no daemon: its directories are watched */
	TOP_LINK_ASKED,          /* connected; it has not answered yet */
	TOP_LINK_ON              /* its events come */
};

struct top_link {
	const struct invocation *invocation;
	struct top_files *files;
	struct top_model *model;
	enum top_link_state state;
	struct client client;
	int watch_fd;            /* inotify, while there is no daemon; -1: none */
	int64_t retry_mono_ms;   /* when to look again although nothing was seen */
	struct buf why;          /* why there is no daemon, for people */
	bool is_absent;          /* no daemon runs, so that starting one helps */
	/* The question for what each minute cost. */
	bool spend_wanted, spend_asked, spend_unknown;
	int64_t spend_mono_ms;   /* when it was asked last */
};

void top_link_init(struct top_link *link, const struct invocation *invocation, struct top_files *files,
		   struct top_model *model);
void top_link_release(struct top_link *link);

/* Looks for a daemon. */
void top_link_try(struct top_link *link);

/* What to poll for POLLIN; -1: nothing. */
int top_link_fd(const struct top_link *link);

/* How long to wait at most before top_link_read() has something to do anyway; -1: for ever. */
int64_t top_link_wait_ms(const struct top_link *link);

/* Takes in what has come, marks files, and does what is due. Returns true when something to be shown has changed. */
bool top_link_read(struct top_link *link);

/* The figures have changed: what each minute cost is asked for, now or in a moment. */
void top_link_want_spend(struct top_link *link);

#endif
