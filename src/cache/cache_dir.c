#include "cache/cache_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/paths.h"

static char *make_absolute(char *path)
{
	if (!path || path[0] == '/')
		return path;
	char *here = getcwd(NULL, 0);
	char *absolute = here ? paths_join(here, path) : NULL;
	free(here);
	free(path);
	return absolute;
}

static char *first_config_dir(void)
{
	const char *list = getenv("CLAUDE_CONFIG_DIR");
	char *item = list ? paths_next_item(&list) : NULL;
	if (item && strcmp(paths_basename(item), "projects") == 0) {
		char *slash = strrchr(item, '/');
		if (slash && slash != item)
			*slash = '\0';
	}
	if (item)
		return item;
	const char *home = paths_home();
	return home ? paths_join(home, ".claude") : NULL;
}

char *cache_dir_locate(const struct config *config, const char *override)
{
	const char *chosen = override ? override : config->cache_directory;
	if (chosen && *chosen)
		return make_absolute(paths_expand(chosen, strlen(chosen)));
	char *base = first_config_dir();
	char *path = base ? paths_join(base, "session-health") : NULL;
	free(base);
	return make_absolute(path);
}

/* Makes every directory of the path that is missing. */
static int make_directories(const char *path)
{
	char *partial = strdup(path);
	if (!partial)
		return -1;
	int result = 0;
	for (char *slash = strchr(partial + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(partial, 0700) != 0 && errno != EEXIST) {
			/* A parent that is there but may not be written says EACCES or EROFS; only the last one counts. */
			struct stat st;
			int why = errno;
			if (stat(partial, &st) != 0) {
				errno = why;
				result = -1;
				break;
			}
		}
		if (!slash)
			break;
		*slash = '/';
	}
	int why = errno;
	free(partial);
	errno = why;
	return result;
}

static int check_owner_and_mode(int fd, const char *path, bool create, struct buf *error)
{
	struct stat st;
	if (fstat(fd, &st) != 0) {
		buf_printf(error, "cannot look at the cache directory %s: %s", path, strerror(errno));
		return -1;
	}
	if (st.st_uid != geteuid()) {
		buf_printf(error, "the cache directory %s belongs to another user (uid %lu): not used; "
			   "move it away, or name another one in [cache] directory", path, (unsigned long)st.st_uid);
		errno = EPERM;
		return -1;
	}
	if (create && (st.st_mode & 0077) != 0 && fchmod(fd, 0700) != 0) {
		buf_printf(error, "others may enter the cache directory %s, and that cannot be changed: %s; "
			   "try chmod 700", path, strerror(errno));
		return -1;
	}
	if (!create && (st.st_mode & 0022) != 0) {
		buf_printf(error, "others may write in the cache directory %s: not used; try chmod 700", path);
		errno = EPERM;
		return -1;
	}
	return 0;
}

int cache_dir_open(const char *path, bool create, struct buf *error)
{
	if (create && make_directories(path) != 0) {
		buf_printf(error, "cannot make the cache directory %s: %s", path, strerror(errno));
		return -1;
	}
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		int why = errno;
		buf_printf(error, "cannot open the cache directory %s: %s", path, strerror(why));
		errno = why;
		return -1;
	}
	if (check_owner_and_mode(fd, path, create, error) != 0) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}
