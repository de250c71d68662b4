/*
 * packages: programs that fetch a package and run it (npx, bunx, pnpm dlx, ...), and where they keep
 * packages.
 *
 * For: sandbox.c. With [sandbox] package_runner = yes a refresh may write there.
 */
#ifndef SWATCH_SANDBOX_PACKAGES_H
#define SWATCH_SANDBOX_PACKAGES_H

#include <stdbool.h>

/* Whether a command runs one of them. NULL: no command. */
bool packages_is_runner(char *const *words);

/*
 * Makes the directories of the runners in the command, because a rule can only name what exists. Returns the
 * directories of all runners, NULL-ended, which argv_free() frees; NULL when memory ran out.
 */
char **packages_make_directories(const char *command);

#endif
