/*
 * The home directory, for the program swatch: from HOME only, which Claude Code sets. base/ also asks the
 * password database, which a program without libraries cannot do.
 */
#include <stdlib.h>

#include "base/paths.h"

const char *paths_home(void)
{
	const char *home = getenv("HOME");
	return home && home[0] == '/' ? home : NULL;
}
