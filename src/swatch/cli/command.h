/*
 * cli/command: what a command of `swatch` is, and the table of them all.
 *
 * For: commands_main.c, which looks commands up in the table, and commands/NAME.c, each of which has one
 * `struct command`. "Adding a command" in CONTRIBUTING.md lists the steps; the extern below is one of them.
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

/* A long option. Every command has --help and -h; they are not listed. */
struct command_option {
	const char *name;      /* without the dashes; NULL ends the list */
	int letter;            /* what command_next_option() returns for it */
	const char *argument;  /* how the usage names its argument; NULL: it takes none */
	const char *text;      /* one line of help; begins with the text in commands.tsv */
};

/* commands_main.c reads the config and finds the cache directory and the socket before it calls run(). */
#define COMMAND_NEEDS_CACHE 1U
/* It writes, or runs what the config names: root may not do that in somebody else's home. */
#define COMMAND_ACTS 2U

struct invocation;

struct command {
	const char *name;
	const char *usage;     /* after "swatch NAME"; may be "" */
	const char *summary;   /* one line, lower case */
	const struct command_option *options; /* NULL: only --help */
	unsigned flags;        /* COMMAND_* */
	int max_arguments;     /* more of them are a usage error */
	/* `argv[0]` is the name. Prints to stdout, which main() checks. Returns an exit status. */
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
	char *socket_path;           /* NULL: `socket_errno` says why */
	int socket_errno;
};

/*
 * Reads the config and finds the cache directory. Returns SWATCH_OK, or the exit status after an error
 * message. Call invocation_release() in either case.
 */
int invocation_find_cache(struct invocation *invocation);

/* Finds the cache directory by a config that was read already. Returns false after an error message. */
bool invocation_locate_cache(struct invocation *invocation);

/*
 * Takes the zone of --timezone as this process's, in which days end at midnight; NULL, when it was not given:
 * that of [billing] timezone. Warns when it cannot be read, so that times are in UTC. Returns false after an
 * error message when --timezone has none of this machine.
 */
bool invocation_take_zone(const struct invocation *invocation, const char *asked);

/* The same without --timezone. */
void invocation_use_zone(const struct invocation *invocation);

/* Warns when local times are in UTC because the zone cannot be read. */
void invocation_warn_of_zone(void);

void invocation_release(struct invocation *invocation);

/* The table, in the order in which help shows it; ends with NULL. */
extern const struct command *const command_table[];

/* The command of that name, or NULL. */
const struct command *command_find(const char *name);

/* The name of the command that was probably meant; NULL when no name is near. */
const char *command_suggest(const char *name);

/* Prints an error: no such command, and which one was probably meant. Returns SWATCH_USAGE. */
int command_say_unknown(const char *name);

/* Prints "usage: swatch NAME ..." and, if `whole`, the summary, the options and the manual page. */
void command_print_usage(FILE *out, const struct command *command, bool whole);

/* Where an option goes: it sets `*flag`, or puts its argument into `*argument`. */
struct command_target {
	int letter;            /* of the option; 0 ends the list */
	bool *flag;
	const char **argument;
};

/*
 * Reads all options of the running command into `targets` (NULL: it has only --help). Returns true with
 * `optind` at the first argument. Returns false with the exit status after it printed the help, or what is
 * wrong with the options.
 */
bool command_read_options(const struct invocation *invocation, int argc, char **argv,
			  const struct command_target *targets, int *status);

/* The same one by one. The next option's letter, with its argument in `optarg`, or one of these: */
#define COMMAND_OPTIONS_END (-1)    /* `optind` is at the first argument */
#define COMMAND_OPTIONS_HELP (-2)   /* help was printed: return command_options_status() */
#define COMMAND_OPTIONS_BAD (-3)    /* the fault and the usage were printed: the same */
int command_next_option(const struct invocation *invocation, int argc, char **argv);
int command_options_status(int option);

/* Ends this process by the signal, so that whoever sent it can tell; does nothing for 0. */
void command_end_by(int signal_number);

extern const struct command command_status;
extern const struct command command_statusline;
extern const struct command command_top;
extern const struct command command_blocks;
extern const struct command command_daily;
extern const struct command command_weekly;
extern const struct command command_monthly;
extern const struct command command_sessions;
extern const struct command command_history;
extern const struct command command_export;
extern const struct command command_import;
extern const struct command command_backup;
extern const struct command command_purge;
extern const struct command command_reprice;
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
extern const struct command command_version;
extern const struct command command_help;
/* Not in the table: `swatch` alone, and what only completions call. */
extern const struct command command_glance;
extern const struct command command_complete;

#endif
