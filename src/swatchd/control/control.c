#include "swatchd/control/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/unused.h"
#include "ipc/socket.h"
#include "swatchd/loop/loop.h"

#define ACCEPT_PAUSE_MS INT64_C(1000)
/* Descriptors that clients do not get: a run of ccusage needs seven for a moment. */
#define KEPT_OF_MANY 16
#define KEPT_OF_FEW 3
#define FEW_DESCRIPTORS 64

/* ---- accepting ---- */

static void on_resume(struct ev_loop *loop, ev_timer *watcher, int revents UNUSED)
{
	struct control *control = watcher->data;
	ev_io_start(loop, &control->acceptable);
}

/*
 * Whether a client's descriptor is one of the last ones, which are kept for transcripts and cache files. The
 * kernel gives the lowest free one.
 */
static bool is_scarce(struct control *control, int fd)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return false;
	rlim_t kept = limit.rlim_cur < FEW_DESCRIPTORS ? KEPT_OF_FEW : KEPT_OF_MANY;
	bool scarce = (rlim_t)fd + kept >= limit.rlim_cur;
	if (scarce && control_is_due(&control->scarce_mono_ms))
		log_warning("clients of the control socket are refused: of %llu descriptors (RLIMIT_NOFILE) "
			    "the last %llu are for transcripts and cache files",
			    (unsigned long long)limit.rlim_cur, (unsigned long long)kept);
	return scarce;
}

static void pause_accepting(struct control *control, const char *why)
{
	if (control_is_due(&control->failed_mono_ms))
		log_warning("cannot accept on %s: %s; trying again every second", control->path, why);
	ev_io_stop(control->loop, &control->acceptable);
	loop_set_timer(control->loop, &control->resume, ACCEPT_PAUSE_MS);
}

static void on_acceptable(struct ev_loop *loop UNUSED, ev_io *watcher, int revents)
{
	struct control *control = watcher->data;
	if (revents & EV_ERROR) {
		pause_accepting(control, "the kernel does not report calls " LOOP_ERROR_TEXT);
		return;
	}
	for (;;) {
		int fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			if (errno != EAGAIN && errno != EWOULDBLOCK)
				pause_accepting(control, strerror(errno));
			return;
		}
		if (!cache_socket_is_own_peer(fd, NULL) || is_scarce(control, fd)
		    || !control_make_room(control)) {
			control->stats.dropped++;
			close(fd);
			continue;
		}
		control_add_client(control, fd);
	}
}

/* ---- for the daemon ---- */

/* Removes a socket at the path: we hold the lock, so nobody listens on it. */
static int clear_path(const char *path, struct buf *error)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		return 0;
	if (!S_ISSOCK(st.st_mode)) {
		buf_printf(error,
			   "cannot listen on %s: something that is not a socket is there; move it away",
			   path);
		return -1;
	}
	if (unlink(path) != 0 && errno != ENOENT) {
		buf_printf(error, "cannot remove the old socket %s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

static int bind_and_listen(struct control *control, struct buf *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(control->path);
	if (len >= sizeof(address.sun_path)) {
		buf_printf(error, "cannot listen on %s: the path is longer than %zu bytes; set "
			   "XDG_RUNTIME_DIR to a shorter one", control->path, sizeof(address.sun_path) - 1);
		return -1;
	}
	memcpy(address.sun_path, control->path, len + 1);
	mode_t old_mask = umask(0177);
	int bound = bind(control->listen_fd, (const struct sockaddr *)&address, sizeof(address));
	umask(old_mask);  /* which never fails, and leaves errno alone */
	struct stat st;
	if (bound != 0 || lstat(control->path, &st) != 0 || listen(control->listen_fd, 64) != 0) {
		buf_printf(error, "cannot listen on %s: %s", control->path, strerror(errno));
		return -1;
	}
	control->dev = st.st_dev;
	control->ino = st.st_ino;
	return 0;
}

static int open_socket(struct control *control, struct buf *error)
{
	if (clear_path(control->path, error) != 0)
		return -1;
	control->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->listen_fd < 0) {
		buf_printf(error, "cannot make a socket: %s", strerror(errno));
		return -1;
	}
	return bind_and_listen(control, error);
}

struct control *control_new(struct ev_loop *loop, const char *path, const struct control_request *requests,
			    void *ctx, struct events *events, struct buf *error)
{
	struct control *control = calloc(1, sizeof(*control));
	if (!control)
		return NULL;
	control->loop = loop;
	control->requests = requests;
	control->ctx = ctx;
	control->events = events;
	control->listen_fd = -1;
	ev_init(&control->acceptable, on_acceptable);
	ev_init(&control->resume, on_resume);
	control->acceptable.data = control->resume.data = control;
	control->path = strdup(path);
	if (!control->path || open_socket(control, error) != 0) {
		control_free(control);
		return NULL;
	}
	ev_io_set(&control->acceptable, control->listen_fd, EV_READ);
	ev_io_start(loop, &control->acceptable);
	return control;
}

static bool is_ours(const struct control *control)
{
	struct stat st;
	return lstat(control->path, &st) == 0 && st.st_dev == control->dev && st.st_ino == control->ino;
}

int control_rebind(struct control *control, struct buf *error)
{
	if (control->listen_fd >= 0 && is_ours(control))
		return 0;
	if (cache_socket_prepare_dir(control->path, error) != 0)
		return -1;
	int before = control->listen_fd;
	control->listen_fd = -1;
	if (open_socket(control, error) != 0) {
		/* The old one has no name any more, but it keeps the loop as it is. */
		close_quietly(control->listen_fd);
		control->listen_fd = before;
		return -1;
	}
	ev_io_stop(control->loop, &control->acceptable);
	close_quietly(before);
	ev_io_set(&control->acceptable, control->listen_fd, EV_READ);
	ev_io_start(control->loop, &control->acceptable);
	return 1;
}

void control_write_status(const struct control *control, struct jsonw *w)
{
	jsonw_put_int(w, "clients", (int64_t)control->client_count);
	jsonw_put_int(w, "accepted", (int64_t)control->stats.accepted);
	jsonw_put_int(w, "dropped", (int64_t)control->stats.dropped);
	jsonw_put_int(w, "badRequests", (int64_t)control->stats.bad_requests);
}

void control_fall_silent(struct control *control)
{
	if (control)
		control->is_silent = true;
}

void control_free(struct control *control)
{
	if (!control)
		return;
	control_close_clients(control);
	ev_io_stop(control->loop, &control->acceptable);
	ev_timer_stop(control->loop, &control->resume);
	if (control->listen_fd >= 0 && is_ours(control))
		(void)unlink(control->path);
	close_quietly(control->listen_fd);
	free(control->path);
	free(control);
}
