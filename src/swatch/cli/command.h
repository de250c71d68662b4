/*
 * command: what a command of `swatch` is, and the table of them all.
 *
 * For: main.c, which dispatches over the table; cmd-NAME.c, each of which exports one `struct command`.
 *
 * To add a command:
 *   1. cmd-NAME.c with its `const struct command command_NAME`;
 *   2. its extern below and its line in command_table.c;
 *   3. cmd-NAME.c in Makemodule.am, and its lines in contrib/completions/commands.tsv (run generate.sh there);
 *   4. man/swatch-NAME.1 and a test.
 * A command that needs a heavy library is a program of its own, swatch-NAME in libexec/swatch/ (program.h).
 */
#ifndef SWATCH_SWATCH_CLI_COMMAND_H
#define SWATCH_SWATCH_CLI_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

/* The exit statuses of every command. */
enum {
	SWATCH_OK = 0,
	SWATCH_FAILED = 1,
	SWATCH_USAGE = 2,
	SWATCH_NO_DAEMON = 3,
	SWATCH_NO_REFERENCE = 4   /* verify: no ccusage to verify with */
};

/* A long option. --help and -h are every command's and not listed. */
struct command_option {
	const char *name;      /* without the dashes; NULL ends the list */
	int letter;            /* what command_next_option() returns for it */
	const char *argument;  /* how the usage names its argument; NULL: it takes none */
	const char *text;      /* one line of help */
};

/* The command needs the config, the cache directory's path and the socket's: the dispatcher sees to them before run(). */
#define COMMAND_NEEDS_CACHE 1U

struct invocation;

struct command {
	const char *name;
	const char *usage;     /* what follows "swatch NAME", "" when nothing */
	const char *summary;   /* one line, lower case */
	const struct command_option *options; /* NULL: none but --help */
	unsigned flags;        /* COMMAND_* */
	int max_arguments;     /* more of them are a usage error */
	/* `argv[0]` is the command's name. Writes to stdout; the dispatcher flushes and checks it. Returns an exit status. */
	int (*run)(struct invocation *invocation, int argc, char **argv);
};

/* One call of `swatch`. */
struct invocation {
	const struct command *command;
	const char *config_option;   /* --config; NULL when not given */
	const char *cache_option;    /* --cache; NULL when not given */
	/* With COMMAND_NEEDS_CACHE: */
	struct config config;
	char *cache_dir;             /* absolute; it need not exist */
	char *socket_path;           /* NULL when `socket_errno` says why there can be none */
	int socket_errno;
};

/*
 * Reads the config and finds the cache directory; what is wrong is said on stderr. Returns SWATCH_OK or the exit status;
 * invocation_release() in every case.
 */
int invocation_find_cache(struct invocation *invocation);

/* The second half of it, for who has read the config already. Returns false after saying that there is no home. */
bool invocation_locate_cache(struct invocation *invocation);

void invocation_release(struct invocation *invocation);

/* The table, in the order in which help shows it; ends with NULL. */
extern const struct command *const command_table[];

/* The command of that name, or NULL. */
const struct command *command_find(const char *name);

/* The name of the command that was probably meant, or NULL when none is near. */
const char *command_suggest(const char *name);

/* Says on stderr that there is no such command, and which one was probably meant. Returns SWATCH_USAGE. */
int command_say_unknown(const char *name);

/* Writes "usage: swatch NAME ..." and, with `whole`, the summary, the options and the manual page's name. */
void command_print_usage(FILE *out, const struct command *command, bool whole);

/* What command_next_option() returns besides the options' letters. */
#define COMMAND_OPTIONS_END (-1)
#define COMMAND_OPTIONS_HELP (-2)
#define COMMAND_OPTIONS_BAD (-3)

/*
 * The next option of the running command (argument in `optarg`); _END, and then `optind` is the first argument's.
 * _HELP: help was printed. _BAD: the fault and the usage were printed. Leave run() with command_options_status() then.
 */
int command_next_option(const struct invocation *invocation, int argc, char **argv);
int command_options_status(int option);

extern const struct command command_status;
extern const struct command command_statusline;
extern const struct command command_top;
extern const struct command command_blocks;
extern const struct command command_daily;
extern const struct command command_weekly;
extern const struct command command_monthly;
extern const struct command command_sessions;
extern const struct command command_pricing;
extern const struct command command_verify;
extern const struct command command_check;
extern const struct command command_config;
extern const struct command command_doctor;
extern const struct command command_setup;
extern const struct command command_refresh;
extern const struct command command_expire;
extern const struct command command_events;
extern const struct command command_sync;
extern const struct command command_rescan;
extern const struct command command_help;

#endif
