#include "cache/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/scope.h"
#include "cache/names.h"

static char *make_absolute(char *path)
{
	if (!path || path[0] == '/')
		return path;
	AUTO_FREE char *relative = path;
	AUTO_FREE char *here = getcwd(NULL, 0);
	return here ? paths_join(here, relative) : NULL;
}

static char *first_config_dir(void)
{
	const char *list = getenv("CLAUDE_CONFIG_DIR");
	char *item = make_absolute(list ? paths_next_item(&list) : NULL);
	if (item && strcmp(paths_basename(item), "projects") == 0) {
		char *slash = strrchr(item, '/');
		/* The parent of "/projects" is "/". */
		slash[slash == item] = '\0';
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
	AUTO_FREE char *base = first_config_dir();
	return base ? paths_join(base, "session-health") : NULL;
}

/* Makes every directory of the path that is missing. */
static bool make_directories(const char *path)
{
	AUTO_FREE char *partial = strdup(path);
	if (!partial)
		return false;
	for (char *slash = strchr(partial + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(partial, 0700) != 0 && errno != EEXIST) {
			/* A parent that is there says EACCES or EROFS where we may not write: it is there. */
			struct stat st;
			int why = errno;
			if (stat(partial, &st) != 0) {
				errno = why;
				return false;
			}
		}
		if (!slash)
			return true;
		*slash = '/';
	}
}

/* Takes other people's permissions off a directory of ours. Returns 0, or an errno after a message. */
static int check_owner_and_mode(int fd, const char *path, bool create, struct buf *error)
{
	struct stat st;
	if (fstat(fd, &st) != 0) {
		int why = errno;
		buf_printf(error, "cannot look at the cache directory %s: %s", path, strerror(why));
		return why;
	}
	if (st.st_uid != geteuid()) {
		buf_printf(error, "the cache directory %s belongs to another user (uid %lu): not used; move "
			   "it away, or name another one in [cache] directory", path,
			   (unsigned long)st.st_uid);
		return EPERM;
	}
	/* Nobody can trust what lies in a directory that everybody could write in until now. */
	if ((st.st_mode & 0002) != 0 || (!create && (st.st_mode & 0020) != 0)) {
		buf_printf(error, "others may write in the cache directory %s: not used; "
			   "look at what is in it, then chmod 700 %s", path, path);
		return EPERM;
	}
	if (create && (st.st_mode & 0077) != 0 && fchmod(fd, 0700) != 0) {
		int why = errno;
		buf_printf(error, "others may enter the cache directory %s, and that cannot be changed: %s; "
			   "try chmod 700 %s", path, strerror(why), path);
		return why;
	}
	return 0;
}

/*
 * How to open the directory: -1 for a link that another user made, who may point it elsewhere at any moment;
 * 0 to follow our own; O_NOFOLLOW where there is no link, so that none can appear before it is opened.
 */
static int flag_to_follow(const char *path)
{
	struct stat st;
	if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode))
		return O_NOFOLLOW;
	return st.st_uid == geteuid() || st.st_uid == 0 ? 0 : -1;
}

int cache_dir_open(const char *path, bool create, struct buf *error)
{
	int why = 0, follow = flag_to_follow(path);
	if (follow < 0) {
		buf_printf(error, "the cache directory %s is a link that another user made: not followed; "
			   "name the directory itself in [cache] directory", path);
		errno = EPERM;
		return -1;
	}
	if (create && !make_directories(path)) {
		why = errno;
		buf_printf(error, "cannot make the cache directory %s: %s", path, strerror(why));
		errno = why;
		return -1;
	}
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow);
	if (fd < 0) {
		why = errno;
		buf_printf(error, "cannot open the cache directory %s: %s", path, strerror(why));
	} else if ((why = check_owner_and_mode(fd, path, create, error)) != 0) {
		close(fd);
		fd = -1;
	}
	errno = why;
	return fd;
}

bool cache_is_unwritten(int dir_fd)
{
	struct stat st;
	return fstatat(dir_fd, CACHE_BILLING_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime == 0;
}
