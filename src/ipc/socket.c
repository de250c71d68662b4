#include "ipc/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/strmap.h"
#include "cache/names.h"

char *cache_socket_path(const char *cache_dir)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char *path;
	if (runtime && runtime[0] == '/') {
		/* Two spellings of one directory must lead to one socket. */
		char *real = realpath(cache_dir, NULL);
		const char *named = real ? real : cache_dir;
		struct buf text = BUF_INIT;
		buf_printf(&text, "%s/swatch/%016" PRIx64 ".sock", runtime, strmap_hash(named, strlen(named)));
		path = buf_detach(&text);
		free(real);
	} else {
		path = paths_join(cache_dir, CACHE_SOCKET_FILE);
	}
	if (!path) {
		errno = ENOMEM;
	} else if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		free(path);
		path = NULL;
		errno = ENAMETOOLONG;
	}
	return path;
}

/* Looks at the socket's directory through a descriptor; returns false after a message. */
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
		buf_printf(error, "others may enter the socket's directory %s, and that cannot be changed: %s; "
			   "try chmod 700 %s", dir, strerror(errno), dir);
		return false;
	}
	return true;
}

/* Who owns the directory that ours is made in can put another in its place. Root's, as /tmp is, is nobody's in particular. */
static bool check_runtime_dir(char *dir, struct buf *error)
{
	struct stat st;
	bool good = true;
	char *slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return true;
	*slash = '\0';
	/* What is not there, mkdir(2) finds. */
	if (stat(dir, &st) == 0 && st.st_uid != geteuid() && st.st_uid != 0) {
		buf_printf(error, "the runtime directory %s belongs to another user (uid %lu): not used; set XDG_RUNTIME_DIR "
			   "to one of your own, or unset it", dir, (unsigned long)st.st_uid);
		good = false;
	}
	*slash = '/';
	return good;
}

int cache_socket_prepare_dir(const char *socket_path, struct buf *error)
{
	char *dir = strdup(socket_path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	if (!slash) {
		buf_append_str(error, dir ? "the socket's path has no directory"
				      : "cannot make the socket's directory: out of memory");
		free(dir);
		return -1;
	}
	/* The cache directory may be a symlink (cache_dir.h has looked at it); one in the runtime directory may not. */
	int follow = strcmp(slash + 1, CACHE_SOCKET_FILE) == 0 ? 0 : O_NOFOLLOW;
	bool good = false;
	*slash = '\0';
	if (follow != 0 && !check_runtime_dir(dir, error)) {
		/* It has said why. */
	} else if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		buf_printf(error, "cannot make the socket's directory %s: %s; is XDG_RUNTIME_DIR right?", dir,
			   strerror(errno));
	} else {
		int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow);
		if (fd < 0) {
			buf_printf(error, "cannot open the socket's directory %s: %s; move away what is there", dir,
				   strerror(errno));
		} else {
			good = check_dir(fd, dir, error);
			close(fd);
		}
	}
	free(dir);
	return good ? 0 : -1;
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
