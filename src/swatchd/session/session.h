/*
 * session: everything that the daemon knows of a session: its facts, its transcripts, its state.
 *
 * For: the daemon passes lines on to it; publish composes the files from it; expire ages it; liveness says
 * which ones have a living process. It holds no figures of cost: those are the ledger's.
 *
 * A session's id is its transcript's file name. Two transcripts with the same id (somebody copied a project's
 * folder, say) are one session: the one with the last activity gives the facts. Facts are gathered only for
 * transcripts that were active lately enough to have a session file ("wanted").
 */
#ifndef SWATCH_SWATCHD_SESSION_SESSION_H
#define SWATCH_SWATCHD_SESSION_SESSION_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/strmap.h"
#include "cache/names.h"
#include "ledger/cost_state.h"
#include "swatchd/session/secrets.h"
#include "swatchd/session/status.h"
#include "swatchd/tail/tail.h"
#include "transcript/scan.h"

/* Longer text in transcripts is cut. */
#define SESSION_PATH_MAX 4096
#define SESSION_NAME_MAX 128
#define SESSION_PREVIEW_MAX 2048   /* bytes: 500 characters of four */

enum session_state { SESSION_ACTIVE, SESSION_IDLE };

/* One transcript's part in its session: the owner of a struct transcript. */
struct session_transcript {
	struct session *session;
	struct transcript *file;
	struct session_transcript *next;   /* of the same session */
	int ledger_file;
	bool subagent;
	bool wanted;                       /* facts are gathered */
	bool cache_is_1h;                  /* (a fact, as below) it lasts an hour, not five minutes */
	bool cost_state_is_behind;         /* (as well) there was usage after the cost-state line */
	int64_t saved_to;                  /* the ledger's file has the messages before this offset */
	int64_t facts_to;                  /* the lines before it gave their facts to an earlier run */
	struct malformed_lines malformed;  /* of the lines read so far */
	/* The facts, from the lines read so far; gathered for wanted transcripts that are no subagents'. */
	uint64_t messages;                 /* a message of several lines counts once */
	uint64_t last_message_hash;        /* of the last line's message.id; 0: no id */
	int64_t last_message_ms;           /* 0: no alert yet */
	int64_t context_tokens;            /* of the last message or compaction; -1: not known */
	int64_t context_at_ms;
	int64_t cache_written_ms;          /* the last message with cache writes or reads; 0: never */
	int64_t compacted_ms;              /* the last compaction; 0: never */
	char *cwd;                         /* the last one seen */
	char *branch;                      /* NULL: none, or not known */
	char *model;
	int64_t model_at_ms;
	char *preview;
	int64_t preview_chars;             /* it was cut to */
	struct cost_state *cost_state;     /* Claude Code's total, of its last cost-state line; or NULL */
};

/* A cache file, as publish keeps it; sessions have one each, and so have the shared figures. */
struct session_file {
	uint64_t tried_pass;               /* publish's pass in which it was composed last */
	uint64_t hash;                     /* of what a reader can see change */
	int64_t written_mono_ms;           /* when it was composed last; 0: never */
	bool exists;                       /* this run wrote it */
	bool dirty;                        /* it waits to be composed again */
	bool forced;                       /* it is written even when nothing in it has changed */
	bool at_once;                      /* it does not wait for its time to be written again */
	bool says_fresh;                   /* its copy of the shared figures says that they are fresh */
	bool outdated;                     /* they have changed since, and the copy does not follow */
	bool near_compaction;              /* as it was composed last, for the list of all sessions */
};

struct session_resume;

/* There may be a hundred thousand, all but a few of them old: no holes, and what few have is elsewhere. */
struct session {
	const char *id;                    /* the map's; "" of `unnamed` */
	struct session_transcript *transcripts;
	struct session_resume *resume;     /* its facts, until its transcript is there; or NULL */
	struct session_status *status; /* what its processes do; NULL: nothing is known (session_status()) */
	int64_t first_seen_ms;
	int64_t last_activity_ms;          /* the newest mtime among its transcripts */
	int64_t process_ended_ms;          /* when its last living process ended; 0: never */
	int64_t told_window;               /* the last size that a statusline reported; 0: none did */
	uint64_t window_model;             /* a hash of the model's name; 0: not known */
	double told_usd;                   /* the cost that Claude Code shows, if `told` */
	struct session_secrets secrets;
	/* publish alone writes these two. */
	struct session_file file;
	struct session *next_dirty;
	struct session *next_shown, *previous_shown;
	enum session_state state;
	unsigned live_processes;
	bool restored;                     /* an earlier run's file was looked for: session_restore() */
	bool lived_before;                 /* it had a living process when an earlier run wrote its file */
	bool window_refuted; /* more than that was in it: the client is wrong about this model */
	bool told;                         /* a statusline reported its cost */
	bool vanished_active;              /* its transcript went while it was active */
	bool looks_for_secrets; /* [sessions] secrets; if not, nobody knows whether there are any */
	bool excluded;                     /* it has no file: session_exclude() */
};

struct sessions {
	struct strmap by_id;               /* -> struct session */
	struct session *shown;             /* those that are not excluded; next_shown follows */
	struct session unnamed;            /* has the transcripts whose name is no session id; no file */
	int64_t preview_chars;
	bool look_for_secrets;
};

void sessions_init(struct sessions *sessions, int64_t preview_chars);

/* How many characters of the last message sessions keep from now on. */
void sessions_set_preview(struct sessions *sessions, int64_t chars);

/*
 * Whether lines are searched for secrets from now on; if not, forgets all places. Returns true when that is
 * new and the wanted transcripts have to be read again.
 */
bool sessions_set_secrets(struct sessions *sessions, bool look);

/*
 * Looks for secrets in a wanted transcript's line, which begins at `offset` and was written at `at_ms`.
 * Returns true when it has some: then a preview that came from this line has to go.
 */
bool sessions_take_secrets(struct sessions *sessions, struct session_transcript *part, struct slice line,
			   int64_t offset, int64_t at_ms);

/*
 * A transcript came. `id` is its session's, or "" when its name is no valid id: then it only counts as usage.
 * The first transcript makes the session. `wanted` says whether to gather facts. NULL when memory ran out.
 */
struct session_transcript *sessions_open_transcript(struct sessions *sessions, const char *id, bool subagent,
						    struct transcript *file, int ledger_file, bool wanted);

/* The transcript went: frees its part. The session stays until expire removes it. */
void sessions_close_transcript(struct session_transcript *part);

/* A transcript turns out to be another session's, which is made if need be. Returns false when memory ran
 * out. */
bool sessions_move_transcript(struct sessions *sessions, struct session_transcript *part, const char *id);

/* Takes a line's facts. */
void sessions_take_facts(struct sessions *sessions, struct session_transcript *part,
			 const struct scan_facts *facts);

/* Counts a malformed line (MALFORMED_NOT: none), or those that a thread counted. */
void sessions_note_malformed(struct session_transcript *part, enum malformed kind);
void sessions_add_malformed(struct session_transcript *part, const struct malformed_lines *lines);

/* Puts a word in the place of the preview, which would show a secret. */
void sessions_hide_preview(struct session_transcript *part);

/* Frees the texts among a transcript's facts. */
void sessions_free_facts(struct session_transcript *part);

/* Forgets the facts of a transcript that is read again. */
void sessions_reset_transcript(struct session_transcript *part);

/* Gathers a transcript's facts from now on. Returns true when that is new: the caller reads it again. */
bool sessions_want_facts(struct session_transcript *part);

/*
 * The ledger's file has the messages of the transcript before `offset`, and says what was malformed there.
 */
void sessions_note_saved(struct session_transcript *part, int64_t offset,
			 const struct malformed_lines *malformed);

/* The transcript was read as far as it goes. Returns true when the session's last activity moved on. */
bool sessions_note_read(struct session_transcript *part);

/* How many living processes the session has now. */
void session_note_processes(struct session *session, unsigned living, int64_t now_ms);

/* Whether it has a file and is shown; expire alone decides. A new one is excluded. */
void session_exclude(struct sessions *sessions, struct session *session, bool excluded);

/* What they do, as it was noted last; never NULL, and good until the next note. */
const struct session_status *session_status(const struct session *session);

/* Notes what they do. Returns false when they did so before, or when memory ran out. */
bool session_note_status(struct session *session, const struct session_status *status);

/*
 * The size of the context window that a statusline can be believed in, in tokens; 0: none. A refuted one is
 * not, also when the context is small again, until a statusline reports another or the session changes its
 * model.
 */
int64_t session_window_told(const struct session *session);

/* What an earlier run was told, and whether it believed that; ignored when a statusline reported another
 * since. */
void session_note_earlier_window(struct session *session, int64_t tokens, bool believed);

/*
 * A statusline's report: the size of the context window, and the session's cost so far (NaN: not reported),
 * of which the largest is kept: a second terminal on the session, or a crash, makes Claude Code's own figure
 * fall. Ignores values out of range. Returns true when something changed.
 */
bool session_note_tick(struct session *session, int64_t window_tokens, double cost_usd);

/*
 * The session with this id; makes one without transcripts if there is none. NULL when memory ran out. The
 * caller has checked the id.
 */
struct session *sessions_add(struct sessions *sessions, const char *id);

/*
 * Takes back what an earlier run knew about the session and no transcript says. `before` is the file that the
 * run wrote, NULL without one; anybody may have changed it. Only the first call counts.
 */
void session_restore(struct session *session, struct json_object *before, int64_t now_ms);

/*
 * What one run gathered from the lines of a session's main transcript, and where it stood in it, so that the
 * next run goes on from there instead of reading all lines again (resume.c). It lies in the session's file:
 * what readers see of it has its usual place there, and the object "resume" has the rest.
 *
 * Writes "resume" into an open object: null without a transcript, and for one whose lines are not wanted or
 * are to be read again.
 */
void session_resume_write(const struct session_transcript *part, struct jsonw *w);

/*
 * Keeps what an earlier run's file says of the main transcript. Anybody may have changed the file: one that
 * cannot be right, or that another version of swatchd wrote, is passed over.
 */
void session_resume_read(struct session *session, struct json_object *before, int64_t now_ms);

/*
 * Gives a transcript, which tail has resumed, the facts that session_resume_read() kept of it. Returns false
 * when there are none, or not as of that place, or others are wanted now: then its lines have to be read.
 */
bool sessions_resume_facts(const struct sessions *sessions, struct session_transcript *part);

/* Forgets what session_resume_read() kept. */
void session_resume_forget(struct session *session);

/* What was told of a session, and no transcript says. */
struct session_told {
	int64_t window_tokens;             /* 0: not told */
	bool window_believed;
	double cost_usd;                   /* NaN: not told */
	int64_t first_seen_ms, process_ended_ms;   /* 0: not known */
};

/* The same out of the ledger's file, for a session whose own file may be gone. It may be older than that. */
void session_restore_told(struct session *session, const struct session_told *told, int64_t now_ms);

/* The first walk is over, with all process files: notes the process that ended while no daemon ran. */
void session_note_missed_end(struct session *session, int64_t now_ms);

/* The main transcript with the last activity; NULL when all are gone, or are subagents'. */
const struct session_transcript *session_main(const struct session *session);

/* When a transcript's prompt cache goes cold, and how long it lasts; 0 without a cache or a transcript. */
int64_t session_cache_cold_ms(const struct session_transcript *part);
int64_t session_cache_life_ms(const struct session_transcript *part);

struct session *sessions_find(const struct sessions *sessions, const char *id);

/* Forgets a session, whose transcripts must have been closed, and frees it. */
void sessions_remove(struct sessions *sessions, struct session *session);

/* Walks all sessions: start with *cursor = 0, NULL at the end. The one just returned may be removed. */
struct session *sessions_each(const struct sessions *sessions, size_t *cursor);

size_t sessions_count(const struct sessions *sessions);

void sessions_release(struct sessions *sessions);

#endif
