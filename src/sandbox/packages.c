#include "sandbox/packages.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "program/argv.h"
#include "base/array.h"
#include "base/paths.h"
#include "base/scope.h"

/* A directory that an environment variable names, else one in the home directory. */
static const struct { const char *runner, *variable, *in_home; } directories[] = {
	{ "npx", "npm_config_cache", ".npm" },
	{ "npm", "npm_config_cache", ".npm" },
	{ "bunx", "BUN_INSTALL", ".bun" },
	{ "bun", "BUN_INSTALL", ".bun" },
	{ "pnpm", NULL, ".cache/pnpm" },
	{ "pnpm", "PNPM_HOME", ".local/share/pnpm" },
	{ "pnpm", NULL, ".local/state/pnpm" },
	{ "pnpx", NULL, ".cache/pnpm" },
	{ "pnpx", "PNPM_HOME", ".local/share/pnpm" },
	{ "yarn", NULL, ".yarn" },
	{ "yarn", NULL, ".cache/yarn" },
	{ "deno", "DENO_DIR", ".cache/deno" },
};

/* "/usr/bin/npx" and "npx-cli.js" are npx. */
static bool is_named(const char *word, const char *runner)
{
	const char *name = paths_basename(word);
	size_t len = strlen(runner);
	return strncmp(name, runner, len) == 0 && (!name[len] || name[len] == '-' || name[len] == '.');
}

static bool has_runner(char *const *words, const char *runner)
{
	for (size_t i = 0; words && words[i]; i++)
		if (is_named(words[i], runner))
			return true;
	return false;
}

bool packages_is_runner(char *const *words)
{
	for (size_t i = 0; i < ARRAY_COUNT(directories); i++)
		if (has_runner(words, directories[i].runner))
			return true;
	return false;
}

static void make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0777);
		*slash = '/';
	}
	(void)mkdir(path, 0777);
}

char **packages_make_directories(const char *command)
{
	struct argv_list list = { 0 };
	AUTO_BUF error = BUF_INIT;
	char **words = argv_split(command, &error);
	bool good = true;
	for (size_t i = 0; good && i < ARRAY_COUNT(directories); i++) {
		const char *home = paths_home(), *variable = directories[i].variable;
		const char *named = variable ? getenv(variable) : NULL;
		bool is_named_so = named && named[0] == '/';
		char *path = is_named_so ? strdup(named)
			   : home	 ? paths_join(home, directories[i].in_home)
					 : NULL;
		/* Without a home directory there is no such place. */
		if (!path && !is_named_so && !home)
			continue;
		if (path && has_runner(words, directories[i].runner))
			make_directories(path);
		good = argv_list_add(&list, path);
	}
	argv_free(words);
	if (good && list.words)
		return list.words;
	argv_free(list.words);
	return good ? calloc(1, sizeof(char *)) : NULL;
}
