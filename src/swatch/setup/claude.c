/* Claude Code's directories. */
#include "swatch/setup/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/scope.h"
#include "transcript/data_dirs.h"

static bool is_known(const struct setup *setup, const char *directory)
{
	for (size_t i = 0; i < setup->claude_count; i++)
		if (strcmp(setup->claude[i], directory) == 0)
			return true;
	return false;
}

static void add_directory(struct setup *setup, const char *projects)
{
	char *directory = paths_parent(projects);
	if (directory && !is_known(setup, directory) && setup->claude_count < SETUP_CLAUDE_MAX)
		setup->claude[setup->claude_count++] = directory;
	else
		free(directory);
}

/*
 * Claude Code has not run yet. It will make $CLAUDE_CONFIG_DIR, or ~/.claude, which is the last in the list.
 */
static void take_default(struct setup *setup, const struct data_dirs *dirs)
{
	const char *named = getenv("CLAUDE_CONFIG_DIR");
	add_directory(setup, dirs->projects[named && *named ? 0 : dirs->count - 1]);
	if (setup->claude_count > 0)
		setup_item(setup, STYLE_NOTE, "%s has no projects yet: Claude Code has not run here",
			   setup_path(setup->claude[0]));
}

/* [watch] paths may name copies that Claude Code does not know. Its own directories have a settings.json. */
static void add_watched(struct setup *setup)
{
	struct data_dirs dirs;
	const char *paths = setup->invocation->config.watch_paths;
	if (!*paths || data_dirs_find(&dirs, paths) != 0)
		return;
	for (size_t i = 0; i < dirs.count; i++) {
		const char *projects = dirs.projects[i];
		AUTO_FREE char *directory = paths_parent(projects);
		AUTO_FREE char *settings = directory ? paths_join(directory, "settings.json") : NULL;
		if (!settings || is_known(setup, directory) || access(settings, F_OK) != 0)
			continue;
		add_directory(setup, projects);
		setup_item(setup, STYLE_GOOD, "found: %s, of [watch] paths", setup_path(projects));
	}
	data_dirs_release(&dirs);
}

void setup_claude(struct setup *setup)
{
	struct data_dirs dirs;
	struct stat st;
	setup_row(setup, "claude");
	if (data_dirs_find(&dirs, NULL) != 0) {
		setup_fail(setup, "cannot tell where Claude Code's directories are: %s", paths_why_none());
		return;
	}
	for (size_t i = 0; i < dirs.count; i++) {
		const char *projects = dirs.projects[i];
		bool looked = stat(projects, &st) == 0;
		if (!looked && !paths_is_gone(errno))
			setup_fail(setup, "cannot look at %s: %s", setup_path(projects), strerror(errno));
		if (!looked || !S_ISDIR(st.st_mode))
			continue;
		add_directory(setup, projects);
		setup_item(setup, STYLE_GOOD, "found: %s", setup_path(projects));
	}
	add_watched(setup);
	if (setup->claude_count == 0 && dirs.count > 0)
		take_default(setup, &dirs);
	data_dirs_release(&dirs);
	setup_flush(setup);
}
