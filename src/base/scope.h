/*
 * scope: frees what a local variable holds when its block ends, on every way out.
 *
 * For: functions with several ways out, in every room. Write AUTO_FREE char *path = paths_join(...); and
 * return wherever you like. Initialise the variable where you declare it. To hand its content on, return
 * SCOPE_KEEP(path) or scope_keep_fd(&fd). AUTO_BUF and AUTO_JSON are beside their types, in base/buf.h and
 * json/get.h. All of them preserve errno.
 *
 * gcc and clang have the attribute; systemd and glib free their locals in the same way.
 */
#ifndef SWATCH_BASE_SCOPE_H
#define SWATCH_BASE_SCOPE_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Closes a descriptor, if it is one (0 or more), and leaves errno as it was. */
static inline void close_quietly(int fd)
{
	int why = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = why;
}

static inline void scope_free(void *variable)
{
	int why = errno;
	free(*(void **)variable);
	errno = why;
}

static inline void scope_close(const int *fd)
{
	close_quietly(*fd);
}

/* Takes the descriptor out of a variable, so that its scope closes nothing. */
static inline int scope_keep_fd(int *fd)
{
	int kept = *fd;
	*fd = -1;
	return kept;
}

#define AUTO_FREE __attribute__((cleanup(scope_free)))
#define AUTO_CLOSE __attribute__((cleanup(scope_close)))

/* Takes the pointer out of a variable, so that its scope frees nothing. */
#define SCOPE_KEEP(variable) \
	__extension__({ __auto_type scope_kept = (variable); (variable) = NULL; scope_kept; })

#endif
