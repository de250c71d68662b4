#include "cache/cache_socket.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/strmap.h"
#include "cache/cache_names.h"

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

int cache_socket_prepare_dir(const char *socket_path, struct buf *error)
{
	char *dir = strdup(socket_path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	int result = -1;
	struct stat st;
	if (!slash) {
		buf_append_str(error, "cannot make the socket's directory: out of memory");
		free(dir);
		return -1;
	}
	*slash = '\0';
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		buf_printf(error, "cannot make the socket's directory %s: %s; is XDG_RUNTIME_DIR right?", dir, strerror(errno));
	else if (lstat(dir, &st) != 0)
		buf_printf(error, "cannot look at the socket's directory %s: %s", dir, strerror(errno));
	else if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0022) != 0)
		buf_printf(error, "the socket's directory %s is not a directory that only you can write: not used; "
			   "move it away", dir);
	else
		result = 0;
	free(dir);
	return result;
}
