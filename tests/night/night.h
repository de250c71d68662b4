/*
 * night: what the parts of the driver share. night.c has the course of a night, night_faults.c the daemon and
 * what happens to it, night_sessions.c the sessions that write, night_people.c the statuslines and clients,
 * night_samples.c what is measured, night_judge.c what must be right in the end.
 *
 * Three processes beside the daemon: the driver (faults, samples, judgement), the sessions, the people. They
 * meet in struct night_shared. Readers of the cache files are tests/integration/cache-reader.
 */
#ifndef SWATCH_NIGHT_NIGHT_H
#define SWATCH_NIGHT_NIGHT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <json-c/json.h>

#include "base/buf.h"

#define NIGHT_SESSIONS_MAX 64
#define NIGHT_SPEED 100
#define NIGHT_LATENCIES_MAX 600000
#define NIGHT_RUNS_MAX 60000
/* Nothing that goes well takes so long, on a slow machine and sanitized neither. */
#define NIGHT_ANSWER_MS INT64_C(60000)

enum night_count {
	COUNT_LINES,
	COUNT_BYTES,
	COUNT_SESSIONS,
	COUNT_FOLDERS,
	COUNT_AGENTS,
	COUNT_RESUMES,
	COUNT_COMPACTIONS,
	COUNT_DELETED,
	COUNT_CUT,
	COUNT_REWRITTEN,
	COUNT_STATUSLINES,
	COUNT_STATUSLINE_FAILURES,
	COUNT_SUBSCRIBERS,
	COUNT_LEAVERS,
	COUNT_GARBAGE,
	COUNT_REPORTS,
	COUNT_RESCANS,
	COUNT_REFRESHES,
	COUNT_COMMANDS,
	COUNTS
};

/* A session as its statusline knows it. */
struct night_session {
	char id[40], path[512], cwd[128];
	int64_t context_tokens;
	double cost_usd;
};

struct night_shared {
	_Atomic int hush;                    /* 1: everybody finishes what is begun, and waits */
	_Atomic int sessions_quiet, people_quiet;
	_Atomic uint64_t epoch;              /* odd: something is being done to the daemon */
	_Atomic uint64_t counts[COUNTS];
	/* Held while something is done to the daemon; transcripts are deleted and cut only while it is not.
	 */
	pthread_mutex_t faults;
	/* Append to session file, ms: those during which nothing was done to the daemon. */
	_Atomic size_t latency_count;
	float latencies[NIGHT_LATENCIES_MAX];
	_Atomic uint64_t disturbed_count;    /* the others */
	_Atomic size_t run_count;            /* statuslines */
	float runs_ms[NIGHT_RUNS_MAX];
	pthread_mutex_t table;
	struct night_session sessions[NIGHT_SESSIONS_MAX];
};

struct night {
	/* options */
	double minutes;
	long session_count;
	uint64_t seed;
	const char *ccusage;                 /* NULL: none */
	const char *seed_bytes;
	/* places */
	char build[400];
	char home[64], projects[128], attic[128], lost[128], cache[128], config[160], log[128], socket[160];
	char daemon_path[512], swatch_path[512];
	bool has_small_disk;                 /* the cache is on a filesystem of its own that can be filled */
	struct night_shared *shared;
	/* the daemon */
	pid_t daemon;
	struct buf problems;                 /* a line each */
	size_t problem_count;
};

extern struct night night;

/* ---- night.c ---- */

double now_ms(void);
void nap_ms(double ms);
/* Ends the driver: the test itself is broken. */
_Noreturn void broken(const char *what, const char *name);
void problem(const char *format, ...) __attribute__((format(printf, 1, 2)));
void write_file(const char *path, const char *text);
/* Runs a program to its end; its output goes to `out` (NULL: nowhere). Returns its exit status; 128 + n for a
 * signal. */
int run_program(char *const argv[], const char *home, const char *out);
int run_shell(const char *script);

/* ---- night_sessions.c, night_people.c: a process each; they end when their parent does ---- */

_Noreturn void sessions_live(void);
_Noreturn void people_live(void);

/* ---- night_faults.c ---- */

void faults_write_ccusage(void);
void faults_write_config(const char *more);
void daemon_start(void);
/* Asks, and waits for the answer. NULL: no good answer. The caller json_object_put()s it. */
struct json_object *daemon_ask(const char *request, int64_t timeout_ms);
bool daemon_sync(void);
/* TERM; a problem when it does not end well. */
void daemon_end(void);
/* Notices a daemon that ended by itself. */
void daemon_look(void);
/* Everybody waits, and all that was written is published. */
void hush_begin(void);
void hush_end(void);
/* Does something to the daemon; kills it only when `may_kill`. Returns a word for the table. */
const char *fault_next(bool may_kill);
/* One line: how often each was done. */
void faults_print(void);

/* ---- night_samples.c ---- */

struct sample {
	double at_s, cpu_percent, p50_ms, p99_ms;
	size_t latencies;
	int64_t rss_bytes, entries, transcripts, sessions, cache_bytes;
	int fds, ledger_fds;         /* the second: of the first, those of ledger.db itself */
	int watches, threads, children, zombies, temp_files, cache_files;
};

void sample_take(struct sample *sample, double start_ms);
void sample_print_head(void);
void sample_print(const struct sample *sample, const char *faults);

/* ---- night_judge.c ---- */

/* Holds the cache files against those of a fresh `swatchd --once`, which sees what was deleted and cut as
 * well. */
void judge_figures(void);
/* After a restart, where the daemon knows nothing else than what is there: the same, and `swatch verify`. */
void judge_verify(void);

#endif
