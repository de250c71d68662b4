/*
 * cli/program: finds and runs other programs: swatchd, and the external commands swatch-NAME.
 *
 * For: commands_main.c (external commands), the commands top, refresh (the one-shot daemon) and help, setup,
 * and statusline/autostart.c. There is no shell anywhere.
 */
#ifndef SWATCH_SWATCH_CLI_PROGRAM_H
#define SWATCH_SWATCH_CLI_PROGRAM_H

#include <stdbool.h>

struct invocation;

/*
 * The path of the swatchd that belongs to this program: the one beside it, else in SWATCH_BINDIR, else on
 * PATH. The caller frees it; NULL with errno when it is missing.
 */
char *program_find_daemon(void);

/*
 * A path of "swatch" (this program is swatch-commands) or "swatchd" to write down. Package managers such as
 * nix, Homebrew and stow keep a program under a path with its version, with a link to it on PATH: this then
 * returns the link's path, which stays right when another version is installed. The caller frees it; NULL
 * with errno.
 */
char *program_find_lasting(const char *name);

/*
 * The path of the external command `name`: swatch-NAME in SWATCH_LIBEXECDIR/swatch, else on PATH. The caller
 * frees it; NULL when it is missing, or when `name` has other characters than letters, digits, '-' and '_'.
 */
char *program_find_external(const char *name);

/*
 * The path of one of swatch's own programs, "swatch-top": beside this one, else in SWATCH_LIBEXECDIR/swatch.
 * The caller frees it; NULL when it is missing.
 */
char *program_find_part(const char *name);

/*
 * Becomes the program, with the global options that were given before these arguments.
 * Returns only on failure, after an error message.
 */
void program_become(const char *path, const struct invocation *invocation, int argc, char **argv);

/*
 * The words of `argv` with the global options that were given after the first. The caller frees the array,
 * but not the words; NULL when memory ran out.
 */
char **program_words(const struct invocation *invocation, int argc, char **argv);

/*
 * Runs the program on the same terminal, and waits for its end. It gets SIGTERM when this process dies.
 * Returns its exit status; 128 + the signal's number when a signal ended it; -1 with errno when it could not
 * be run.
 */
int program_run(const char *path, char *const argv[]);

/*
 * Starts a program that outlives this process and is not its child: in a session of its own, in "/", with
 * default signals, and with /dev/null for its descriptors. Of the environment it gets only what belongs to
 * the person (home, PATH, language, desktop, XDG's directories, CLAUDE_CONFIG_DIR). Its stderr is appended to
 * $XDG_STATE_HOME/swatch/swatchd.log, which starts again when it is over 1 MiB. Returns 0 when it was
 * started, -1 with errno.
 */
int program_start_detached(const char *path, char *const argv[]);

#endif
