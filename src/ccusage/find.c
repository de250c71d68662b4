#include "ccusage/find.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program/argv.h"
#include "base/array.h"
#include "base/buf.h"
#include "base/paths.h"
#include "base/scope.h"
#include "ccusage/command.h"

#define HEAD_BYTES 256

/* ---- the folders of node's programs: a list like PATH ---- */

/*
 * A folder `below` the one that an environment variable names, else one in the home directory. With `suffix`,
 * each of its folders is a version, and programs are in that version's `suffix`.
 */
struct manager {
	const char *variable;    /* NULL: none */
	const char *below;
	const char *in_home;
	const char *suffix;      /* NULL: no versions */
};

static const struct manager managers[] = {
	{ "NVM_DIR", "/versions/node", ".nvm/versions/node", "bin" },
	{ "BUN_INSTALL", "/bin", ".bun/bin", NULL },
	{ "VOLTA_HOME", "/bin", ".volta/bin", NULL },
	{ "NPM_CONFIG_PREFIX", "/bin", ".npm-global/bin", NULL },
	{ NULL, "", ".npm-packages/bin", NULL },
	{ NULL, "", ".local/bin", NULL },
	{ "PNPM_HOME", "", ".local/share/pnpm", NULL },
	{ NULL, "", ".yarn/bin", NULL },
	{ "FNM_DIR", "/node-versions", ".local/share/fnm/node-versions", "installation/bin" },
	{ NULL, "", ".fnm/node-versions", "installation/bin" },
	{ "ASDF_DATA_DIR", "/installs/nodejs", ".asdf/installs/nodejs", "bin" },
	{ "MISE_DATA_DIR", "/installs/node", ".local/share/mise/installs/node", "bin" },
	{ "NODENV_ROOT", "/versions", ".nodenv/versions", "bin" },
	{ "N_PREFIX", "/bin", "n/bin", NULL },
};

static void add_folder(struct buf *folders, const char *path)
{
	/*
	 * The shims of asdf, mise and nodenv need these managers on PATH; we look up the programs behind
	 * them.
	 */
	if (path[0] != '/' || strstr(path, "/shims"))
		return;
	/* fnm makes a folder of links for each shell, and removes it when the shell ends. */
	AUTO_FREE char *real = strstr(path, "fnm_multishells") ? realpath(path, NULL) : strdup(path);
	if (real)
		buf_printf(folders, "%s:", real);
}

static void add_path(struct buf *folders)
{
	for (const char *at = getenv("PATH"); at && *at;) {
		size_t len = strcspn(at, ":");
		AUTO_FREE char *folder = strndup(at, len);
		if (folder)
			add_folder(folders, folder);
		at += len + (at[len] == ':');
	}
}

static int compare_newest_first(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*b)->d_name, (*a)->d_name);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void add_versions(struct buf *folders, const char *base, const char *suffix)
{
	struct dirent **versions;
	int count = scandir(base, &versions, is_visible, compare_newest_first);
	if (count < 0)
		return;
	for (int i = 0; i < count; i++) {
		AUTO_BUF path = BUF_INIT;
		buf_printf(&path, "%s/%s/%s", base, versions[i]->d_name, suffix);
		add_folder(folders, buf_str(&path));
		free(versions[i]);
	}
	free(versions);
}

static void add_manager(struct buf *folders, const struct manager *manager)
{
	const char *named = manager->variable ? getenv(manager->variable) : NULL, *home = paths_home();
	AUTO_BUF path = BUF_INIT;
	if (named && named[0] == '/')
		buf_printf(&path, "%s%s", named, manager->below);
	else if (home)
		buf_printf(&path, "%s/%s", home, manager->in_home);
	if (manager->suffix)
		add_versions(folders, buf_str(&path), manager->suffix);
	else
		add_folder(folders, buf_str(&path));
}

static void find_folders(struct buf *folders)
{
	add_path(folders);
	for (size_t i = 0; i < ARRAY_COUNT(managers); i++)
		add_manager(folders, &managers[i]);
	buf_append_str(folders, CCUSAGE_SERVICE_PATH);
}

/* ---- what runs it ---- */

static bool service_finds(const char *name)
{
	AUTO_FREE char *path = argv_find_in(CCUSAGE_SERVICE_PATH, name);
	return path != NULL;
}

/* Returns the "node", "--flag" of "#!/usr/bin/env -S node --flag", NULL-ended; NULL for any other file. */
static char **read_interpreter(const char *path)
{
	char head[HEAD_BYTES + 1];
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got = fd >= 0 ? read(fd, head, HEAD_BYTES) : -1;
	if (got < 3 || head[0] != '#' || head[1] != '!')
		return NULL;
	head[got] = '\0';
	head[strcspn(head, "\r\n")] = '\0';
	char *line = head + 2 + strspn(head + 2, " \t");
	size_t len = strcspn(line, " \t");
	char *rest = line + len + (line[len] != '\0');
	line[len] = '\0';
	if (strcmp(paths_basename(line), "env") != 0)
		return NULL;
	rest += strspn(rest, " \t");
	if (strncmp(rest, "-S", 2) == 0)
		rest += 2;
	AUTO_BUF error = BUF_INIT;
	return argv_split(rest, &error);
}

/* The interpreter beside the script fits it best. Bun runs programs for node, too. */
static char *find_interpreter(const char *folders, const char *script, const char *name)
{
	const char *slash = strrchr(script, '/');
	AUTO_FREE char *beside = strndup(script, slash == script ? 1 : (size_t)(slash - script));
	char *path = beside ? argv_find_in(beside, name) : NULL;
	if (!path)
		path = argv_find_in(folders, name);
	if (!path && strcmp(name, "node") == 0)
		path = argv_find_in(folders, "bun");
	return path;
}

/* ---- the command ---- */

/*
 * Adds the program that runs the script, with its arguments. Returns false when it is missing, or memory ran
 * out.
 */
static bool add_interpreter(struct ccusage_found *found, const char *folders, char *const *interpreter,
			    struct argv_list *command)
{
	char *path = find_interpreter(folders, found->script, interpreter[0]);
	if (!path) {
		found->missing = strdup(interpreter[0]);
		return false;
	}
	bool good = argv_list_add(command, path);
	for (size_t i = 1; good && interpreter[i]; i++)
		good = argv_list_add(command, strdup(interpreter[i]));
	return good;
}

bool ccusage_find(struct ccusage_found *found)
{
	AUTO_BUF folders = BUF_INIT;
	struct argv_list command = { 0 };
	*found = (struct ccusage_found){ .script = NULL };
	find_folders(&folders);
	if (folders.failed)
		return false;
	found->script = argv_find_in(folders.data, "ccusage");
	if (!found->script)
		return true;
	char **interpreter = read_interpreter(found->script);
	found->service_finds_it = service_finds("ccusage") && (!interpreter || service_finds(interpreter[0]));
	bool good = !interpreter || add_interpreter(found, folders.data, interpreter, &command);
	argv_free(interpreter);
	good = good && argv_list_add(&command, strdup(found->script));
	for (const char *const *word = ccusage_refresh_arguments; good && *word; word++)
		good = argv_list_add(&command, strdup(*word));
	found->words = command.words;
	return good || found->missing;
}

void ccusage_found_release(struct ccusage_found *found)
{
	argv_free(found->words);
	free(found->script);
	free(found->missing);
	*found = (struct ccusage_found){ .script = NULL };
}
