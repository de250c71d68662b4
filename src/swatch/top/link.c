#include "swatch/top/link.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "cache/read.h"
#include "swatch/cli/daemon_call.h"

/* How often to look for a daemon, in case its directories cannot be watched. */
#define RETRY_MS 5000
#define SEND_TIMEOUT_MS 1000
/* The least time between two questions about a busy block. */
#define SPEND_PAUSE_MS 1000
/* Lines to read before the next look at the keys. */
#define LINES_AT_A_TIME 500

void top_link_init(struct top_link *link, const struct invocation *invocation, struct top_files *files,
		   struct top_model *model)
{
	memset(link, 0, sizeof(*link));
	link->invocation = invocation;
	link->files = files;
	link->model = model;
	link->client.fd = link->watch_fd = -1;
}

static void stop_watching(struct top_link *link)
{
	close_quietly(link->watch_fd);
	link->watch_fd = -1;
}

void top_link_release(struct top_link *link)
{
	client_close(&link->client);
	stop_watching(link);
	buf_release(&link->why);
}

/* ---- no daemon ---- */

static void watch_socket_directory(int fd, const char *socket_path)
{
	char directory[PATH_MAX];
	const char *slash = socket_path ? strrchr(socket_path, '/') : NULL;
	if (!slash || slash == socket_path || (size_t)(slash - socket_path) >= sizeof(directory))
		return;
	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - socket_path), socket_path);
	/* If it does not exist yet, the cache directory or the next look will do. */
	(void)inotify_add_watch(fd, directory, IN_CREATE | IN_MASK_ADD | IN_ONLYDIR);
}

/* A starting daemon writes into the cache directory, and so does `swatchd --once`. */
static void start_watching(struct top_link *link)
{
	if (link->watch_fd < 0)
		link->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (link->watch_fd < 0)
		return;
	(void)inotify_add_watch(link->watch_fd, link->invocation->cache_dir,
				IN_CREATE | IN_MOVED_TO | IN_MASK_ADD | IN_ONLYDIR);
	watch_socket_directory(link->watch_fd, link->invocation->socket_path);
}

/* Marks the files that changed. Returns true when anything was seen. */
static bool read_watches(struct top_link *link)
{
	union {
		struct inotify_event event;
		char bytes[16384];
	} in;
	ssize_t got;
	bool any = false;
	while ((got = read(link->watch_fd, in.bytes, sizeof(in.bytes))) > 0) {
		any = true;
		for (char *at = in.bytes; at < in.bytes + got;) {
			struct inotify_event event;
			memcpy(&event, at, sizeof(event));
			if (event.mask & IN_Q_OVERFLOW)
				top_files_mark_all(link->files);
			else if ((event.mask & IN_MOVED_TO) && event.len > 0)
				top_files_mark(link->files, at + sizeof(event));
			at += sizeof(event) + event.len;
		}
	}
	return any;
}

/* ---- connecting ---- */

static void set_why(struct top_link *link, bool is_absent, const char *why)
{
	link->is_absent = is_absent;
	buf_clear(&link->why);
	buf_append_str(&link->why, why);
}

static void go_off(struct top_link *link, const char *why)
{
	client_close(&link->client);
	if (link->state == TOP_LINK_ON)
		top_model_note_event(link->model, clock_wall_ms(), "swatchd is gone");
	link->state = TOP_LINK_OFF;
	link->model->is_connected = false;
	link->retry_mono_ms = clock_mono_ms() + RETRY_MS;
	if (why)
		set_why(link, true, why);
	start_watching(link);
}

void top_link_try(struct top_link *link)
{
	/* Watch first, to see a daemon that starts right after the look. */
	start_watching(link);
	link->retry_mono_ms = clock_mono_ms() + RETRY_MS;
	buf_clear(&link->why);
	enum client_state state = daemon_connect(link->invocation, &link->client, &link->why);
	link->is_absent = daemon_is_absent(state);
	if (link->is_absent)
		set_why(link, true, "swatchd is not running");
	if (state != CLIENT_LISTENING) {
		client_close(&link->client);
		return;
	}
	link->spend_asked = link->spend_unknown = false;
	if (client_send(&link->client, "{\"op\":\"subscribe\"}", SEND_TIMEOUT_MS) != CLIENT_OK) {
		go_off(link, "swatchd does not accept requests");
		return;
	}
	link->state = TOP_LINK_ASKED;
	buf_append_str(&link->why, "swatchd does not answer");
	stop_watching(link);
}

int top_link_fd(const struct top_link *link)
{
	return link->state == TOP_LINK_OFF ? link->watch_fd : link->client.fd;
}

/* ---- the daemon's lines ---- */

static void take_subscribed(struct top_link *link)
{
	char text[80];
	link->state = TOP_LINK_ON;
	link->model->is_connected = true;
	buf_clear(&link->why);
	snprintf(text, sizeof(text), "connected to swatchd, pid %ld", (long)link->client.daemon_pid);
	top_model_note_event(link->model, clock_wall_ms(), text);
	/* Read what was published before the events come. */
	top_files_mark_all(link->files);
}

static void take_line(struct top_link *link, struct json_object *line)
{
	const char *file;
	if (link->state == TOP_LINK_ASKED && json_get_bool(line, "subscribed", false)) {
		take_subscribed(link);
	} else if (link->state == TOP_LINK_ASKED && json_get_string(line, "error")) {
		buf_clear(&link->why);
		buf_printf(&link->why, "swatchd says: %.200s", json_get_string(line, "error"));
	} else if (json_get_string(line, "event")) {
		file = json_get_string(line, "file");
		if (file && strcmp(json_get_string(line, "event"), "published") == 0)
			top_files_mark(link->files, file);
		top_model_take_event(link->model, line);
	} else if (link->spend_asked) {
		link->spend_asked = false;
		/* An older daemon does not know the request: do not repeat it. */
		link->spend_unknown = !top_model_take_spend(link->model, line);
	}
}

static bool read_lines(struct top_link *link)
{
	const char *line;
	size_t len;
	bool any = false;
	for (int i = 0; i < LINES_AT_A_TIME && link->state != TOP_LINK_OFF; i++) {
		enum client_result result = client_read_line(&link->client, 0, false, &line, &len);
		if (result == CLIENT_TIMEOUT)
			break;
		any = true;
		if (result != CLIENT_OK) {
			bool was_on = link->state == TOP_LINK_ON;
			go_off(link, was_on ? "swatchd is not running" : NULL);
			/* Do not call again at once if it hung up at once. */
			if (was_on)
				top_link_try(link);
			break;
		}
		AUTO_JSON *object = client_parse(line, len);
		if (object)
			take_line(link, object);
	}
	return any;
}

/* ---- what each minute cost ---- */

void top_link_want_spend(struct top_link *link)
{
	link->spend_wanted = true;
}

static bool spend_can_be_asked(const struct top_link *link)
{
	return link->state == TOP_LINK_ON && link->spend_wanted && !link->spend_asked && !link->spend_unknown;
}

static void ask_spend(struct top_link *link)
{
	AUTO_BUF question = BUF_INIT;
	link->spend_wanted = false;
	link->spend_mono_ms = clock_mono_ms();
	if (top_model_ask_spend(link->model, &question)) {
		link->spend_asked = true;
		if (client_send(&link->client, question.data, SEND_TIMEOUT_MS) != CLIENT_OK)
			go_off(link, "swatchd does not accept requests");
	}
}

/* ---- the loop's side ---- */

int64_t top_link_wait_ms(const struct top_link *link)
{
	int64_t now_ms = clock_mono_ms(), at_ms = -1;
	if (link->state == TOP_LINK_OFF)
		at_ms = link->retry_mono_ms;
	else if (spend_can_be_asked(link))
		at_ms = link->spend_mono_ms + SPEND_PAUSE_MS;
	return at_ms < 0 ? -1 : at_ms > now_ms ? at_ms - now_ms : 0;
}

bool top_link_read(struct top_link *link)
{
	bool changed = false;
	if (link->state == TOP_LINK_OFF) {
		bool seen = link->watch_fd >= 0 && read_watches(link);
		if (seen || top_link_wait_ms(link) == 0) {
			top_link_try(link);
			changed = seen || link->state != TOP_LINK_OFF;
		}
	} else {
		changed = read_lines(link);
	}
	if (spend_can_be_asked(link) && top_link_wait_ms(link) == 0)
		ask_spend(link);
	return changed;
}
