/* Where Claude Code keeps its things. */
#include "swatch/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/paths.h"
#include "usage/data_dirs.h"

/* The config directory of a projects/ directory. */
static char *parent_of(const char *projects)
{
	char *directory = strdup(projects);
	char *slash = directory ? strrchr(directory, '/') : NULL;
	if (slash)
		slash[slash == directory] = '\0';
	return directory;
}

static void add_directory(struct setup *setup, const char *projects)
{
	char *directory = parent_of(projects);
	if (directory && setup->claude_count < SETUP_CLAUDE_MAX)
		setup->claude[setup->claude_count++] = directory;
	else
		free(directory);
}

/* Claude Code has not run yet: it will make the directory that it is told, or ~/.claude, which the list has last. */
static void take_default(struct setup *setup, const struct data_dirs *dirs)
{
	const char *told = getenv("CLAUDE_CONFIG_DIR");
	bool is_told = *setup->invocation->config.watch_paths || (told && *told);
	add_directory(setup, dirs->projects[is_told ? 0 : dirs->count - 1]);
	if (setup->claude_count > 0)
		setup_item(setup, STYLE_NOTE, "%s has no projects yet: Claude Code has not run here", setup_path(setup->claude[0]));
}

void setup_claude(struct setup *setup)
{
	struct data_dirs dirs;
	struct stat st;
	setup_row(setup, "claude");
	if (data_dirs_find(&dirs, setup->invocation->config.watch_paths) != 0) {
		setup_fail(setup, "cannot tell where Claude Code's directories are: no home directory, or out of memory");
		return;
	}
	for (size_t i = 0; i < dirs.count; i++) {
		if (stat(dirs.projects[i], &st) != 0 || !S_ISDIR(st.st_mode))
			continue;
		add_directory(setup, dirs.projects[i]);
		setup_item(setup, STYLE_GOOD, "found: %s", setup_path(dirs.projects[i]));
	}
	if (setup->claude_count == 0 && dirs.count > 0)
		take_default(setup, &dirs);
	data_dirs_release(&dirs);
	setup_flush(setup);
}
