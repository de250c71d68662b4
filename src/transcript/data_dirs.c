#include "transcript/data_dirs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/paths.h"

static int add(struct data_dirs *dirs, char *path)
{
	if (!path)
		return -1;
	for (size_t i = 0; i < dirs->count; i++) {
		if (strcmp(dirs->projects[i], path) == 0) {
			free(path);
			return 0;
		}
	}
	/*
	 * More than the list holds: nobody has that many, and a config that does is cut rather than refused.
	 */
	if (dirs->count == DATA_DIRS_MAX)
		free(path);
	else
		dirs->projects[dirs->count++] = path;
	return 0;
}

/* An item of a list: a config directory, unless it holds no projects/ and is called so itself. */
static int add_item(struct data_dirs *dirs, char *item)
{
	char *inside = paths_join(item, "projects");
	struct stat st;
	if (inside && strcmp(paths_basename(item), "projects") == 0 && stat(inside, &st) != 0
	    && paths_is_gone(errno)) {
		free(inside);
		return add(dirs, item);
	}
	free(item);
	return add(dirs, inside);
}

static int add_list(struct data_dirs *dirs, const char *list)
{
	char *item;
	while ((item = paths_next_item(&list)))
		if (add_item(dirs, item) != 0)
			return -1;
	return 0;
}

static int add_default(struct data_dirs *dirs, char *base, const char *name)
{
	char *config_dir = base ? paths_join(base, name) : NULL;
	free(base);
	char *projects = config_dir ? paths_join(config_dir, "projects") : NULL;
	free(config_dir);
	return add(dirs, projects);
}

int data_dirs_find(struct data_dirs *dirs, const char *paths)
{
	memset(dirs, 0, sizeof(*dirs));
	const char *list = paths && *paths ? paths : getenv("CLAUDE_CONFIG_DIR");
	int result = list && *list ? add_list(dirs, list) : 0;
	if (result == 0 && dirs->count == 0) {
		const char *home = paths_home();
		result = add_default(dirs, paths_config_home(), "claude");
		if (result == 0)
			result = add_default(dirs, home ? strdup(home) : NULL, ".claude");
	}
	if (result != 0)
		data_dirs_release(dirs);
	return result;
}

void data_dirs_release(struct data_dirs *dirs)
{
	for (size_t i = 0; i < dirs->count; i++)
		free(dirs->projects[i]);
	dirs->count = 0;
}
