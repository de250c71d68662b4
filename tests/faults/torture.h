/*
 * torture: what the parts of the driver share (torture.c has the loop, torture_world.c a home with
 * transcripts, torture_process.c the program under test, torture_steps.c what is done with the daemon,
 * torture_commands.c the commands).
 */
#ifndef SWATCH_FAULTS_TORTURE_H
#define SWATCH_FAULTS_TORTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/strmap.h"
#include "faults.h"

#define WORLD_SESSIONS_MAX 16
/* Nothing here takes longer, on a slow machine neither; what does hangs. */
#define TORTURE_HANG_MS INT64_C(30000)
/* A call of the socket that goes wrong ends sooner than this. */
#define TORTURE_ANSWER_MS INT64_C(15000)

struct programs {
	char daemon[1024], commands[1024], front[1024], top[1024], shim[1024];
};
extern struct programs programs;

/* ---- torture_world.c ---- */

struct world_session {
	char id[64];
	char path[512];
	int messages;       /* in the transcript */
	int ever;           /* that were written, in any transcript of this session */
	bool exists;
};

struct world {
	char home[128], projects[256], cache[256], config[512], socket[256];
	struct world_session sessions[WORLD_SESSIONS_MAX];
	size_t count;
	int messages;       /* in all sessions, ever */
	struct strmap times;  /* of cache files: their name -> the time in them, in ms */
};

/* Makes a home with four sessions, a living process and a config; with `ccusage`, one that a refresh runs. */
void world_make(struct world *world, bool ccusage);
void world_remove(struct world *world);

/* A new transcript of the session (which may have had others), with so many messages; `folder` NULL: "-p". */
struct world_session *world_add(struct world *world, const char *folder, const char *id, int messages);
/* The session "idle", whose transcript is two hours old. */
void world_add_idle(struct world *world);
void world_append(struct world *world, struct world_session *session, int messages);
void world_delete(struct world *world, struct world_session *session);
void world_write(const char *path, const char *text);
/* [ccusage] and [billing] as in world_make(), and `more`. */
void world_configure(const struct world *world, bool ccusage, const char *more);

/* Every cache file is whole and no older than at the last look; no temp file stays behind. Returns false
 * after a word. */
bool world_files_hold(struct world *world, struct buf *why);

/* Every figure is that of what was written. */
bool world_figures_hold(struct world *world, bool ccusage, struct buf *why);

/* ---- torture_process.c ---- */

struct process {
	pid_t pid;                /* 0: it ended, or never ran */
	int status;               /* of waitpid(2), once it ended */
	struct faults *faults;    /* shared with the shim */
	char faults_path[256], log_path[256], out_path[256];
	int64_t log_seen;         /* bytes of the log at process_mark_log() */
	int terminal;             /* the other side of the one that it runs on; -1: on none */
};

/* The file of faults, and where the log and the output go. */
void process_init(struct process *process, const struct world *world, const char *name);
void process_release(struct process *process);

/* The next program runs on a terminal, on which somebody types q from time to time. */
void process_give_terminal(struct process *process);

/* Starts a program with the shim (or without), in the world's home. stdin: a file, or NULL. */
void process_start(struct process *process, const struct world *world, char *const argv[], bool shim,
		   const char *in);

void process_arm(struct process *process, enum fault_kind kind, int error, uint64_t first, uint64_t last);
void process_disarm(struct process *process);

/* Waits for its end. False: it did not end (and was killed). */
bool process_wait_end(struct process *process, int64_t timeout_ms);
/* True when it is gone; takes its status. */
bool process_has_ended(struct process *process);
/* Waits until it ended, or has nothing to do. False: neither. */
bool process_wait_quiet(struct process *process, int64_t timeout_ms);

void process_mark_log(struct process *process);
/* True when something was said since the mark that is not said when all goes well. */
bool process_said(const struct process *process);
/* True when one of these lines says what `error` is, so that a person can do something. Otherwise they go to
 * `why`. */
bool process_named(const struct process *process, int error, struct buf *why);
int process_count_fds(const struct process *process);

/* The daemon: started and answering, or ended (false). */
bool daemon_wait_ready(struct process *process, const struct world *world);
/* Sends a request, and waits for the answer. 1: good; 0: a no, or closed; -1: no answer came. */
int daemon_request(const struct world *world, const char *request, int64_t timeout_ms);
/* TERM, and its end. */
bool daemon_end(struct process *process);

/* ---- torture_steps.c, torture_commands.c ---- */

struct trial {
	struct world *world;
	struct process *process;
	enum fault_kind kind;
	int error;
	uint64_t first, last;
	unsigned number;          /* of the trial in its daemon's life */
	bool ccusage;
	bool answered_no;         /* a client was told that it went wrong */
	bool is_nameless;         /* the message need not name the error */
	const void *what;         /* the scenario's own */
	struct buf why;           /* what is wrong */
};

struct scenario {
	const char *name;
	bool ccusage;
	bool lasts;               /* one daemon takes many trials */
	bool command;             /* it is a command that fails, not the daemon */
	bool alone;               /* and no daemon runs */
	/* Arms, does it, disarms. Returns false after a word in trial->why. */
	bool (*step)(struct trial *trial);
	/* The next event, after which all must be well; NULL: a sync is enough. */
	bool (*recover)(struct trial *trial);
	const void *what;
};

/* The n-th; NULL: no more. */
const struct scenario *steps_scenario(size_t n);
const struct scenario *commands_scenario(size_t n);

int64_t now_ms(void);
void nap_ms(int64_t ms);
/* Ends the driver: the test itself is broken. */
_Noreturn void broken(const char *what, const char *name);

#endif
