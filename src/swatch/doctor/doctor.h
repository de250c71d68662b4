/*
 * doctor: one page of checks, each with what to do about it.
 *
 * For: commands/doctor.c, which calls the checks one after the other. Each adds its findings. A finding is
 * good, a note (swatch works, but could be better), or bad: something does not work or a figure is wrong.
 * Doctor changes nothing.
 */
#ifndef SWATCH_SWATCH_DOCTOR_DOCTOR_H
#define SWATCH_SWATCH_DOCTOR_DOCTOR_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "history/history.h"
#include "ipc/client.h"
#include "swatch/cli/command.h"
#include "swatch/status/findings.h"
#include "transcript/data_dirs.h"

enum doctor_state { DOCTOR_GOOD, DOCTOR_NOTE, DOCTOR_BAD };

struct doctor_finding {
	const char *name;            /* of the check; several findings can have the same */
	enum doctor_state state;
	struct buf what;
	struct buf remedy;           /* empty: nothing to do */
};

#define DOCTOR_FINDINGS_MAX 64

/* What the checks look at; commands/doctor.c fills it in. */
struct doctor {
	const struct invocation *invocation;   /* config, cache_dir and socket_path are filled */
	char *config_path;                     /* NULL: no home directory */
	struct buf config_faults;              /* when not empty, `invocation` has the defaults */
	enum client_state daemon_state;
	struct buf daemon_why;                 /* why it does not answer */
	struct json_object *answer;            /* to "status"; NULL: it does not answer */
	struct findings by_answer;             /* what is wrong by that answer */
	struct json_object *billing;           /* billing-shared.json; NULL: missing */
	int cache_fd;                          /* -1: `cache_error` says why */
	int cache_errno;
	struct buf cache_error;
	struct data_dirs dirs;
	struct history_job *transcripts;
	size_t transcript_count;
	struct buf unread;                     /* what could not be listed */
	int64_t now_ms;
	bool costs_are_kept;                   /* swatchd runs, and keeps what transcripts say */
	int interrupted;                       /* the signal that this process got; 0: none */

	struct doctor_finding findings[DOCTOR_FINDINGS_MAX];
	size_t count;
};

/* Adds a finding. The next two append to the one added last: to its text, and what to do about it. */
void doctor_add(struct doctor *doctor, const char *name, enum doctor_state state, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void doctor_extend(struct doctor *doctor, const char *format, ...) __attribute__((format(printf, 2, 3)));
void doctor_remedy(struct doctor *doctor, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a finding of `swatch status`, in the same words. Returns false when the answer has no such finding. */
bool doctor_add_finding(struct doctor *doctor, const char *name, enum finding_reason reason);

size_t doctor_count(const struct doctor *doctor, enum doctor_state state);

/* Print to stdout. Return false after an error message when memory ran out. */
bool doctor_print_page(const struct doctor *doctor);
bool doctor_print_json(const struct doctor *doctor);

/* ---- daemon.c ---- */

void doctor_check_config(struct doctor *doctor);
void doctor_check_daemon(struct doctor *doctor);
void doctor_check_sandbox(struct doctor *doctor);
void doctor_check_service(struct doctor *doctor);
void doctor_check_inotify(struct doctor *doctor);
void doctor_check_polled(struct doctor *doctor);

/* ---- files.c ---- */

void doctor_check_transcripts(struct doctor *doctor);
void doctor_check_cache(struct doctor *doctor);

/* ---- clock.c ---- */

void doctor_check_clock(struct doctor *doctor);

/* ---- ledger.c ---- */

void doctor_check_ledger(struct doctor *doctor);

/* ---- client.c ---- */

void doctor_check_client(struct doctor *doctor);

/* ---- ccusage.c ---- */

void doctor_check_ccusage(struct doctor *doctor);
void doctor_check_figures(struct doctor *doctor);

/* ---- settings.c ---- */

void doctor_check_settings(struct doctor *doctor);

#endif
