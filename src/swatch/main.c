/*
 * swatch: the program that people and Claude Code run. Every session starts a statusline several times a
 * second, so this program has `swatch statusline` only, and needs no library but libc. For any other command
 * it becomes swatch-commands (commands_main.c).
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "program/streams.h"
#include "swatch/statusline/statusline.h"
#include "swatch/ui/terminal.h"

#define COMMANDS "swatch-commands"

/* Takes "--name VALUE" or "--name=VALUE" at argv[*at], and moves *at behind it; else returns NULL. */
static const char *take_global(char **argv, int argc, int *at, const char *name)
{
	size_t len = strlen(name);
	const char *here = argv[*at];
	if (strncmp(here, name, len) != 0)
		return NULL;
	if (here[len] == '=') {
		(*at)++;
		return here + len + 1;
	}
	if (here[len] != '\0' || *at + 1 >= argc)
		return NULL;
	*at += 2;
	return argv[*at - 1];
}

/* True for a statusline that only runs; anything else is for swatch-commands. */
static bool is_statusline(int argc, char **argv, struct statusline_options *options)
{
	int at = 1;
	while (at < argc && argv[at][0] == '-') {
		const char *config = take_global(argv, argc, &at, "--config");
		const char *cache = config ? NULL : take_global(argv, argc, &at, "--cache");
		if (!config && !cache)
			return false;
		options->config_path = config ? config : options->config_path;
		options->cache_path = cache ? cache : options->cache_path;
	}
	return at < argc && strcmp(argv[at], "statusline") == 0
	       && statusline_parse(argc - at, argv + at, options);
}

/* Becomes swatch-commands, beside this program (in a build folder) or where it was installed. */
static int become_commands(char **argv)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - sizeof(COMMANDS));
	if (len > 0) {
		path[len] = '\0';
		char *slash = strrchr(path, '/');
		if (slash) {
			memcpy(slash + 1, COMMANDS, sizeof(COMMANDS));
			execv(path, argv);
		}
	}
	execv(SWATCH_LIBEXECDIR "/swatch/" COMMANDS, argv);
	terminal_error("cannot run %s: %s; is swatch installed as a whole?",
		       SWATCH_LIBEXECDIR "/swatch/" COMMANDS, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	struct statusline_options options = { 0 };
	if (!streams_make_safe())
		return 1;
	return is_statusline(argc, argv, &options) ? statusline_run(&options) : become_commands(argv);
}
