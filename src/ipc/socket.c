#include "ipc/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/scope.h"
#include "base/strmap.h"
#include "cache/lock.h"
#include "cache/names.h"

/* `runtime` is a runtime directory; NULL: the socket is in the cache directory. */
static char *path_below(const char *runtime, const char *cache_dir)
{
	AUTO_FREE char *path = NULL;
	if (runtime) {
		/* Two spellings of one directory must lead to one socket. */
		AUTO_FREE char *real = realpath(cache_dir, NULL);
		const char *named = real ? real : cache_dir;
		AUTO_BUF text = BUF_INIT;
		buf_printf(&text, "%s/swatch/%016" PRIx64 ".sock", runtime,
			   strmap_hash(named, strlen(named)));
		path = buf_detach(&text);
	} else {
		path = paths_join(cache_dir, CACHE_SOCKET_FILE);
	}
	bool fits = path && strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path);
	if (!fits)
		errno = path ? ENAMETOOLONG : ENOMEM;
	return fits ? SCOPE_KEEP(path) : NULL;
}

/* NULL: the environment names none. */
static const char *runtime_directory(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	return runtime && runtime[0] == '/' ? runtime : NULL;
}

char *cache_socket_path(const char *cache_dir)
{
	return path_below(runtime_directory(), cache_dir);
}

static bool is_socket(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Where the holder of the lock says that it listens; NULL when it does not say, or nobody holds it. */
static char *path_in_lock(const char *cache_dir)
{
	struct cache_lock_holder holder;
	AUTO_CLOSE int dir_fd = open(cache_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0 || !cache_lock_find_holder(dir_fd, &holder) || !is_socket(holder.socket))
		return NULL;
	return strdup(holder.socket);
}

char *cache_socket_find(const char *cache_dir)
{
	char runtime[64];
	AUTO_FREE char *named = path_in_lock(cache_dir);
	if (named)
		return SCOPE_KEEP(named);
	AUTO_FREE char *usual = cache_socket_path(cache_dir);
	int why = errno;
	if (!runtime_directory() && !(usual && is_socket(usual))) {
		snprintf(runtime, sizeof(runtime), "/run/user/%lu", (unsigned long)geteuid());
		AUTO_FREE char *other = path_below(runtime, cache_dir);
		if (other && is_socket(other))
			return SCOPE_KEEP(other);
	}
	errno = why;
	return SCOPE_KEEP(usual);
}

/* Checks the socket's directory through a descriptor. Returns false after a message. */
static bool check_dir(int fd, const char *dir, struct buf *error)
{
	struct stat st;
	if (fstat(fd, &st) != 0) {
		buf_printf(error, "cannot look at the socket's directory %s: %s", dir, strerror(errno));
		return false;
	}
	if (st.st_uid != geteuid() || (st.st_mode & 0022) != 0) {
		buf_printf(error, "the socket's directory %s is not one that only you can write: not used; "
			   "move it away, or chmod 700 %s if it is yours", dir, dir);
		return false;
	}
	if ((st.st_mode & 0077) != 0 && fchmod(fd, 0700) != 0) {
		buf_printf(error, "others may enter the socket's directory %s, and that cannot be changed: "
			   "%s; try chmod 700 %s", dir, strerror(errno), dir);
		return false;
	}
	return true;
}

/* The owner of the directory above could put another one in our place. Root may own it, as root owns /tmp. */
static bool check_runtime_dir(char *dir, struct buf *error)
{
	struct stat st;
	bool good = true;
	char *slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return true;
	*slash = '\0';
	/* If it is missing, mkdir(2) fails later. */
	if (stat(dir, &st) == 0 && st.st_uid != geteuid() && st.st_uid != 0) {
		buf_printf(error, "the runtime directory %s belongs to another user (uid %lu): not used; set "
			   "XDG_RUNTIME_DIR to one of your own, or unset it", dir, (unsigned long)st.st_uid);
		good = false;
	}
	*slash = '/';
	return good;
}

int cache_socket_prepare_dir(const char *socket_path, struct buf *error)
{
	AUTO_FREE char *dir = strdup(socket_path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	if (!slash) {
		if (dir)
			buf_append_str(error, "the socket's path has no directory");
		return -1;
	}
	/* The cache directory may be a symlink, which cache/dir.c checks; the runtime directory's may not. */
	int follow = strcmp(slash + 1, CACHE_SOCKET_FILE) == 0 ? 0 : O_NOFOLLOW;
	*slash = '\0';
	if (follow != 0 && !check_runtime_dir(dir, error))
		return -1;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		buf_printf(error, "cannot make the socket's directory %s: %s; is XDG_RUNTIME_DIR right?", dir,
			   strerror(errno));
		return -1;
	}
	AUTO_CLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow);
	if (fd < 0) {
		buf_printf(error, "cannot open the socket's directory %s: %s; move away what is there", dir,
			   strerror(errno));
		return -1;
	}
	return check_dir(fd, dir, error) ? 0 : -1;
}

int cache_socket_connect(const char *path, int64_t timeout_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	/* connect(2) waits for room in the daemon's queue no longer than the send timeout. */
	const struct timeval limit = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (timeout_ms > 0 ? 0 : SOCK_NONBLOCK),
				   0);
	if (fd < 0 || (timeout_ms > 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0))
		return -1;
	int connected;
	do
		connected = connect(fd, (const struct sockaddr *)&address, sizeof(address));
	while (connected != 0 && errno == EINTR);
	return connected == 0 ? scope_keep_fd(&fd) : -1;
}

void cache_socket_tell(const char *path, const char *line, size_t len)
{
	AUTO_CLOSE int fd = cache_socket_connect(path, 0);
	if (fd >= 0 && cache_socket_is_own_peer(fd, NULL))
		(void)!send(fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool cache_socket_is_own_peer(int fd, pid_t *pid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return false;
	if (peer.uid != geteuid()) {
		errno = EPERM;
		return false;
	}
	if (pid)
		*pid = peer.pid;
	return true;
}
