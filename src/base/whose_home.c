#include "base/whose_home.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/paths.h"
#include "base/scope.h"

static const char *const variables[] = {
	"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME",
};

/*
 * Whether root owns a path, or, where it does not exist, the nearest folder above it. Of a link, it has to
 * own the link, too.
 */
static bool is_roots(const char *path, uid_t *owner)
{
	struct stat st = { .st_uid = 0 };
	AUTO_FREE char *at = strdup(path);
	char *slash;
	/* Without memory, do not go on. */
	*owner = (uid_t)-1;
	while (at && lstat(at, &st) != 0 && (slash = strrchr(at, '/')) && slash > at)
		*slash = '\0';
	if (!at)
		return false;
	*owner = st.st_uid;
	if (st.st_uid == 0 && S_ISLNK(st.st_mode) && stat(at, &st) == 0)
		*owner = st.st_uid;
	return *owner == 0;
}

static bool check(const char *variable, const char *path, struct buf *error)
{
	uid_t owner;
	if (!path || path[0] != '/' || is_roots(path, &owner))
		return true;
	if (owner == (uid_t)-1) {
		buf_printf(error, "cannot tell whose %s %s is: out of memory", variable, path);
		return false;
	}
	const char *name = getenv("SUDO_USER"), *uid = getenv("SUDO_UID");
	bool is_callers = name && *name && uid && strtoul(uid, NULL, 10) == owner;
	buf_printf(error, "this runs as root, but %s is %s, which belongs to %s%suid %lu%s; run it as that "
			  "user, without sudo; for root's own Claude Code, log in as root: sudo -i, or su -",
		   variable, path, is_callers ? name : "", is_callers ? " (" : "", (unsigned long)owner,
		   is_callers ? ")" : "");
	return false;
}

bool whose_home_has(const char *variable, struct buf *error)
{
	return geteuid() != 0 || check(variable, getenv(variable), error);
}

bool whose_home_is_ours(struct buf *error)
{
	static const char claude[] = "CLAUDE_CONFIG_DIR";
	if (geteuid() != 0)
		return true;
	if (!check("HOME", paths_home(), error))
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(variables); i++)
		if (!check(variables[i], getenv(variables[i]), error))
			return false;
	const char *cursor = getenv(claude);
	while (cursor && *cursor) {
		AUTO_FREE char *directory = paths_next_item(&cursor);
		if (directory && !check(claude, directory, error))
			return false;
	}
	return true;
}
