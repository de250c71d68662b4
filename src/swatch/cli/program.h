/*
 * program: finding and running other programs: swatchd, and the external commands swatch-NAME.
 *
 * For: commands_main.c (external commands), the commands top, refresh (the one-shot daemon) and help, setup,
 * and statusline/autostart.c. There is no shell anywhere.
 */
#ifndef SWATCH_SWATCH_CLI_PROGRAM_H
#define SWATCH_SWATCH_CLI_PROGRAM_H

#include <stdbool.h>

/*
 * The path of the swatchd that belongs to this program: the one beside it, else in SWATCH_BINDIR, else on
 * PATH. The caller frees it; NULL with errno when there is none.
 */
char *program_find_daemon(void);

/* The same of the program `swatch`, which is not this one: that is swatch-commands. */
char *program_find_swatch(void);

/*
 * The path of the external command `name`: swatch-NAME in SWATCH_LIBEXECDIR/swatch, else on PATH. The caller
 * frees it; NULL when there is none, or when `name` is not made of letters, digits, '-' and '_'.
 */
char *program_find_external(const char *name);

/*
 * The path of one of swatch's own programs, "swatch-top": beside this one, else in SWATCH_LIBEXECDIR/swatch.
 * The caller frees it; NULL when there is none.
 */
char *program_find_part(const char *name);

/*
 * Becomes the program, with these arguments, after the global options that were given (NULL:
 * not given). Returns only on failure, with a message on stderr.
 */
void program_become(const char *path, const char *config_option, const char *cache_option, int argc, char **argv);

/* Becomes the program. Returns only on failure, with errno. `argv` ends with NULL. */
void program_exec(const char *path, char *const argv[]);

/*
 * Runs the program, on the same terminal, and waits for its end. It gets SIGTERM when this process dies.
 * Returns its exit status, 128 + the signal's number when a signal ended it, -1 with errno when it could not
 * be run.
 */
int program_run(const char *path, char *const argv[]);

/*
 * Starts a program that goes on by itself: a session of its own, in "/", nothing of this process's but
 * /dev/null for its descriptors, default signals, and of the environment only what tells of the person (home,
 * PATH, language, desktop, XDG's directories, CLAUDE_CONFIG_DIR); not a child of this process. What it says
 * on stderr is added to $XDG_STATE_HOME/swatch/swatchd.log, begun anew when that is over 1 MiB. Returns 0
 * when it was started, -1 with errno.
 */
int program_start_detached(const char *path, char *const argv[]);

#endif
