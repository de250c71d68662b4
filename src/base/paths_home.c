/*
 * The home directory. It has a file of its own, because the password database needs a library at run time:
 * the program `swatch`, which is linked statically if possible, has another implementation.
 */
#include "base/paths.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

const char *paths_home(void)
{
	const char *home = getenv("HOME");
	if (home && home[0] == '/')
		return home;
	const struct passwd *entry = getpwuid(geteuid());
	return entry && entry->pw_dir && entry->pw_dir[0] == '/' ? entry->pw_dir : NULL;
}

const char *paths_why_none(void)
{
	return paths_home() ? "out of memory" : "no home directory; set HOME";
}
