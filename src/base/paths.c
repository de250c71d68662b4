#include "base/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"

const char *paths_after_home(const char *path)
{
	const char *home = paths_home();
	size_t len = home ? strlen(home) : 0;
	bool inside = len > 1 && strncmp(path, home, len) == 0 && (path[len] == '/' || path[len] == '\0');
	return inside ? path + len : NULL;
}

void paths_shorten(struct buf *out, const char *path)
{
	const char *rest = paths_after_home(path);
	buf_printf(out, "%s%s", rest ? "~" : "", rest ? rest : path);
}

char *paths_join(const char *directory, const char *name)
{
	size_t directory_len = strlen(directory);
	size_t name_len = strlen(name);
	/* "/" already ends with its slash. */
	size_t slash = directory_len > 0 && directory[directory_len - 1] == '/' ? 0 : 1;
	char *path = malloc(directory_len + slash + name_len + 1);
	if (!path)
		return NULL;
	memcpy(path, directory, directory_len);
	if (slash)
		path[directory_len] = '/';
	memcpy(path + directory_len + slash, name, name_len + 1);
	return path;
}

char *paths_expand(const char *text, size_t len)
{
	while (len > 1 && text[len - 1] == '/')
		len--;
	AUTO_FREE char *copy = strndup(text, len);
	if (!copy || copy[0] != '~' || (copy[1] != '\0' && copy[1] != '/'))
		return SCOPE_KEEP(copy);
	const char *home = paths_home();
	if (!home)
		return NULL;
	return copy[1] == '\0' ? paths_expand(home, strlen(home)) : paths_join(home, copy + 2);
}

/* Returns the directory that a variable names, or its default in the home directory. */
static char *find_base_directory(const char *variable, const char *in_home)
{
	const char *xdg = getenv(variable);
	if (xdg && xdg[0] == '/')
		return paths_expand(xdg, strlen(xdg));
	const char *home = paths_home();
	return home ? paths_join(home, in_home) : NULL;
}

char *paths_config_home(void)
{
	return find_base_directory("XDG_CONFIG_HOME", ".config");
}

char *paths_state_home(void)
{
	return find_base_directory("XDG_STATE_HOME", ".local/state");
}

char *paths_next_item(const char **cursor)
{
	static const char blanks[] = " \t\r\n";
	const char *at = *cursor;
	while (*at) {
		at += strspn(at, ",");
		at += strspn(at, blanks);
		size_t len = strcspn(at, ",");
		const char *start = at;
		at += len;
		while (len > 0 && strchr(blanks, start[len - 1]))
			len--;
		if (len == 0)
			continue;
		*cursor = at;
		return paths_expand(start, len);
	}
	*cursor = at;
	return NULL;
}

char *paths_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
}

const char *paths_basename(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

bool paths_is_gone(int why)
{
	return why == ENOENT || why == ENOTDIR || why == ELOOP;
}
