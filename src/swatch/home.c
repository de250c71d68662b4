/*
 * The home directory as a statusline knows it: Claude Code's environment has HOME. The password database, where base/
 * looks when it is missing, cannot be had in a program without libraries.
 */
#include <stdlib.h>

#include "base/paths.h"

const char *paths_home(void)
{
	const char *home = getenv("HOME");
	return home && home[0] == '/' ? home : NULL;
}
