/*
 * ccusage/find: looks for an installed ccusage, and for the node or bun that runs it: on PATH, and where the
 * version managers and package managers of node put programs.
 *
 * For: setup. A service has a short PATH, so setup has to write down absolute paths.
 */
#ifndef SWATCH_CCUSAGE_FIND_H
#define SWATCH_CCUSAGE_FIND_H

#include <stdbool.h>

/* The PATH that a user's service has, whatever a shell says. */
#define CCUSAGE_SERVICE_PATH "/usr/local/bin:/usr/bin:/bin"

struct ccusage_found {
	char *script;            /* ccusage itself; NULL: not found */
	char *missing;           /* a program that it needs and we did not find, mostly node; NULL: none */
	char **words;            /* the command of a refresh with absolute paths, NULL-ended */
	bool service_finds_it;   /* by its plain name */
};

/* Looks for it. Returns false when memory ran out; ccusage_found_release() in any case. */
bool ccusage_find(struct ccusage_found *found);
void ccusage_found_release(struct ccusage_found *found);

#endif
