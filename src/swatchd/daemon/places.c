#include "swatchd/daemon/places.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/unused.h"
#include "cache/read.h"
#include "swatchd/daemon/cache.h"
#include "swatchd/loop/loop.h"

#define MAKE_AGAIN_MS INT64_C(200)

void daemon_guard_places(struct daemon *daemon)
{
	char lock[SESSION_PATH_MAX];
	if (snprintf(lock, sizeof(lock), "%s/%s", daemon->options.cache_path, CACHE_LOCK_FILE)
	    < (int)sizeof(lock))
		watch_guard(daemon->watch, lock);
	if (daemon->options.socket_path)
		watch_guard(daemon->watch, daemon->options.socket_path);
}

static void on_again(struct ev_loop *loop UNUSED, ev_timer *watcher, int revents UNUSED)
{
	struct daemon *daemon = watcher->data;
	AUTO_BUF error = BUF_INIT;
	(void)daemon_keep_cache(daemon);
	if (!daemon->control || daemon->cache.lost || daemon->cache.switched)
		return;
	int result = control_rebind(daemon->control, &error);
	if (result > 0)
		log_warning("the socket %s was removed: listening there again", daemon->options.socket_path);
	else if (result < 0 && !daemon->places.socket_lost)
		log_warning("the socket %s was removed: %s; trying again when its directory is there",
			    daemon->options.socket_path, buf_message(&error));
	daemon->places.socket_lost = result < 0;
}

/* Whether the path leads to another directory, and nobody removed ours. */
static bool leads_elsewhere(const struct daemon_options *options)
{
	struct stat named, opened;
	return stat(options->cache_path, &named) == 0 && fstat(options->cache_fd, &opened) == 0
	    && opened.st_nlink > 0 && (named.st_dev != opened.st_dev || named.st_ino != opened.st_ino);
}

void daemon_place_changed(void *ctx)
{
	struct daemon *daemon = ctx;
	/* At once: until then the transcripts of another profile would be counted here. */
	if (leads_elsewhere(&daemon->options))
		(void)daemon_keep_cache(daemon);
	loop_set_timer(daemon->loop, &daemon->places.again, MAKE_AGAIN_MS);
}

void daemon_start_places(struct daemon *daemon)
{
	ev_init(&daemon->places.again, on_again);
	daemon->places.again.data = daemon;
}

void daemon_stop_places(struct daemon *daemon)
{
	ev_timer_stop(daemon->loop, &daemon->places.again);
}

void daemon_check_sight(struct daemon *daemon)
{
	const char *why = watch_why_blind(daemon->watch);
	if ((why != NULL) == daemon->places.is_blind)
		return;
	daemon->places.is_blind = why != NULL;
	if (why)
		log_warning("the figures are stale from now on: %s", why);
	else
		log_info("all transcripts can be seen again");
	billing_set_blind(&daemon->billing, why != NULL);
	publish_note_change(&daemon->publish, NULL, PUBLISH_ACCOUNT);
}
