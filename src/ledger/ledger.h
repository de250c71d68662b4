/*
 * ledger: the accounts. Every usage record that was seen, once; what it cost; sessions, days and 5-hour
 * blocks.
 *
 * For: swatchd, which adds records as transcripts grow and asks for figures when it publishes; the reports,
 * which add a whole history first. Pure: no clock, no files, no loop.
 *
 * Nothing is forgotten: the ledger holds the union of all lines seen, so a transcript that is read again,
 * truncated or deleted changes no figure by that alone. Which of several duplicates is kept never depends on
 * the order in which they arrive: ties go by path, then by position.
 *
 * Of a message with a sidechain copy under another requestId ccusage 20.0.24 counts one, but only when both
 * have the same timestamp: so does the ledger. (Of a message on several lines with several timestamps, copied
 * line by line, ccusage counts one or two, depending on which file's path comes first; the ledger always
 * counts one.)
 */
#ifndef SWATCH_LEDGER_LEDGER_H
#define SWATCH_LEDGER_LEDGER_H

#include "ledger/figures.h"
#include "ledger/record.h"

struct ledger;

/* Returns NULL when memory ran out. It prices by the compiled-in table. */
struct ledger *ledger_new(void);

/* Prices by a book, which the caller keeps as long as the ledger. Call it before the first record. */
void ledger_set_prices(struct ledger *ledger, const struct price_book *book);

/*
 * Whether costs have web searches and surcharges in them (struct price_extras); at first not, as ccusage's.
 * Where entries are there already, call ledger_reprice() then.
 */
void ledger_set_extras(struct ledger *ledger, bool extras);

/*
 * Prices by another book (NULL: none) from now on, also the entries that are there, but for those whose line
 * says itself what it cost. The old book is not needed any more. O(entries).
 */
void ledger_reprice(struct ledger *ledger, const struct price_book *book);

/* What a model costs by the prices in force; NULL when it has no price. `factor` as in price_find(). */
const struct price *ledger_price(const struct ledger *ledger, const char *model, double *factor);

/* The context window of a model by these prices, in tokens; 0 when it is not known, as for NULL. */
int64_t ledger_window_tokens(const struct ledger *ledger, const char *model);

void ledger_free(struct ledger *ledger);

/* A line that is about to be taken in. The slices are good during the call. */
struct ledger_question {
	int64_t time_ms;
	bool has_id;
	uint64_t key;                /* of the message and its advisor, when has_id */
	uint32_t request;
	struct slice project;        /* the folder of its transcript; empty for a transcript in none */
	struct slice session;        /* that paid, as far as the line says it, or its transcript's */
};

/*
 * Takes no line in for which `refuses` says true: it was purged. Call it before the first record. `forget`
 * frees `ctx` at the end, or when another guard takes its place.
 */
void ledger_set_guard(struct ledger *ledger,
		      bool (*refuses)(void *ctx, const struct ledger_question *question),
		      void (*forget)(void *ctx), void *ctx);

/*
 * Names a transcript: `path` decides ties, `session_id` gets its usage, but for lines that say that another
 * session paid. session_id NULL: only its lines tell. `root_len` bytes of the path lead to the projects/
 * directory, its slash included. The same path gives the same number, until that one is lost. Returns the
 * number, or -1 with errno: ENOMEM, or EIO when the archive cannot say now how it knows the path.
 */
int ledger_add_file(struct ledger *ledger, const char *path, size_t root_len, const char *session_id,
		    bool subagent);

/*
 * The transcript is not there any more. What was seen in it still counts here; ccusage, which reads only what
 * is there, does not count it any more. Another transcript with the same lines takes its place
 * (it was moved: read that one after this call); until then it still counts.
 */
void ledger_lose_file(struct ledger *ledger, int file);

/* Names one that is lost already: its records follow. Arguments and answer are ledger_add_file()'s. */
int ledger_add_lost_file(struct ledger *ledger, const char *path, size_t root_len, const char *session_id,
			 bool subagent);

/* The number of a path whose last transcript is lost; -1 for any other. */
int ledger_find_lost_file(const struct ledger *ledger, const char *path);

/*
 * The transcript begins with other lines now: what was seen in it is lost, as it were, and what is read from
 * now on is another transcript's of the same path. Returns its number, or -1 as ledger_add_file() does: then
 * nothing has changed.
 */
int ledger_replace_file(struct ledger *ledger, int file);

/* The session of a transcript; "" while only its lines can tell. It lives as long as the ledger. */
const char *ledger_session_of_file(const struct ledger *ledger, int file);

/* A line of a message, in a transcript of one session, says that another session paid. */
struct ledger_kept_claim {
	const char *from, *to;           /* ids of sessions */
	bool told;                       /* by a field for that */
};

/* An entry as a record that can be added again, and the transcript that it stood in. */
struct ledger_kept {
	struct ledger_record record; /* its slices hold until the ledger is changed, as all pointers here */
	unsigned file;
	const char *path;
	size_t root_len;
	const char *session_id;
	int64_t session_first_ms, session_last_ms;  /* of its records, also of those that do not count */
	bool subagent;
	bool gone;                       /* the transcript is not there any more */
	unsigned version;                /* how many of the same path there were before it */
	const char *branch;              /* of Git; "": not known; NULL of a limit marker */
	double cost_usd, reference_usd;
	bool unpriced;                   /* no price is known for it */
	bool hidden;                     /* a copy, which does not count */
	size_t claim_count;
	struct ledger_kept_claim claims[LEDGER_CLAIMS_MAX];
	bool only_limit; /* its line has no usage: record has the place, the time and the limit */
};

/*
 * Entry `index` of those that count, as ledger_entry_at() does, when its transcript is lost: for a state
 * file, from which the next start adds it again. Returns false for any other entry, and for one whose model's
 * name is not known any more.
 */
bool ledger_kept_at(struct ledger *ledger, size_t index, struct ledger_kept *out);

/* From now on the ledger notes what ledger_next_unsaved() has to hand on. */
void ledger_want_unsaved(struct ledger *ledger);

/*
 * What stands in a file before `offset` is saved already, under this version of its path. Call it before the
 * file's first record.
 */
void ledger_set_saved(struct ledger *ledger, int file, unsigned version, int64_t offset);

/* Fills in what is known of a transcript: path to gone. */
void ledger_file_facts(const struct ledger *ledger, int file, struct ledger_kept *out);

/* How many entries changed and were not handed on yet. */
size_t ledger_unsaved_count(const struct ledger *ledger);

/*
 * Hands on an entry that came or changed, hidden ones too; false when none is left. Many that wait come in
 * order of time. One whose model's name is not known any more is passed over.
 */
bool ledger_next_unsaved(struct ledger *ledger, struct ledger_kept *out);

/*
 * Whether memory ran out for noting some entry that changed: ledger_forget_saved() finds it again, and until
 * then nothing may be called saved.
 */
bool ledger_has_missed_unsaved(const struct ledger *ledger);

/* Every entry counts as changed: what was saved is lost, or not known. */
void ledger_forget_saved(struct ledger *ledger);

/*
 * Limit marker `index`, and the transcript that it stands in; out->only_limit: its line has no usage record.
 * Returns false past the last one. A marker may come twice, and there may be none in its place: then
 * out->path is NULL.
 */
bool ledger_kept_limit_at(struct ledger *ledger, size_t index, struct ledger_kept *out);

/*
 * Adds a record (usage->present) that stands at `offset` of a file, and those of the advisors in it. Returns
 * 1 when a figure changed, 0 for a duplicate, -1 when memory ran out. The slices are not kept. Amortised O(1)
 * in any order of time; the first question afterwards sorts what is new.
 */
int ledger_add(struct ledger *ledger, int file, int64_t offset, const struct scan_usage *usage);

/* The same for a record that was made before, on any thread; the advisors have records of their own. */
int ledger_add_record(struct ledger *ledger, int file, const struct ledger_record *record);

/*
 * Notes a limit marker whose line has no usage record; ledger_add() takes those of the others. It shows in
 * its block (the last LEDGER_LIMITS_MAX of them do) and in ledger_find_limits().
 */
void ledger_note_limit(struct ledger *ledger, int file, int64_t offset, int64_t time_ms,
		       const struct scan_limit *limit);

/*
 * The same for a marker that was noted before; `record` has its place, time and limit. `in_message`: its line
 * has a usage record, too, with which it shows in its block.
 */
void ledger_note_kept_limit(struct ledger *ledger, int file, const struct ledger_record *record,
			    bool in_message);

/*
 * The limits that are in force, the one hit last first: hit, not reset yet, and not answered since by a model
 * that they hold for. Returns how many.
 */
size_t ledger_find_limits(struct ledger *ledger, int64_t now_ms,
			  struct ledger_limit out[LEDGER_LIMIT_NAMES_MAX]);

/*
 * Whether a model that a limit holds for (its name in either spelling) answered after `since_ms`: then that
 * limit is over. Call it after a question that sorts, such as ledger_find_limits().
 */
bool ledger_has_answered(const struct ledger *ledger, const char *limit, int64_t since_ms, int64_t now_ms);

/* The time of a session's last record, its subagents' included; 0 without one. */
int64_t ledger_session_last_ms(struct ledger *ledger, const char *session_id);

/*
 * A session whose figures changed since it was last named here, in no order; NULL when no more did. A record
 * may change the figures of other sessions than its own: a copy may become the one that counts.
 */
const char *ledger_next_changed(struct ledger *ledger);

/* Entries that count, after removing duplicates. */
size_t ledger_count(const struct ledger *ledger);

/* The block that is active at `now_ms`. Returns false, and leaves *out alone, when no block is. O(its
 * entries). */
bool ledger_active_block(struct ledger *ledger, int64_t now_ms, struct ledger_block *out);

/*
 * What the entries of lost transcripts add to the active block's reference_usd. O(entries of the last
 * block).
 */
double ledger_lost_usd(struct ledger *ledger, int64_t now_ms);

/*
 * Whether the active block (or that there is none) would be the same whatever entries before `since_ms` may
 * still be added: a silence of more than 5 h since then says where it begins. O(entries since).
 */
bool ledger_block_is_known(struct ledger *ledger, int64_t since_ms, int64_t now_ms);

/*
 * Whether the blocks hold every entry. False when memory ran out while they were made; the next question
 * tries again.
 */
bool ledger_has_all_blocks(struct ledger *ledger);

/* The blocks in order of time: `index` 0 is the first one. Returns false past the last one. */
bool ledger_block_at(struct ledger *ledger, size_t index, struct ledger_block *out);

/*
 * The gap between two blocks that follow each other: from 5 h after the last entry of one to the first entry
 * of the next. Returns false when the silence is no longer than 5 h: there is no gap then.
 */
bool ledger_gap_between(const struct ledger_block *block, const struct ledger_block *next, int64_t *start_ms,
			int64_t *end_ms);

/* Sums over the entries in [start_ms, end_ms): a day, say. O(entries in it). */
void ledger_sum_span(struct ledger *ledger, int64_t start_ms, int64_t end_ms, struct ledger_sums *out);

/*
 * Whether what is archived of a session is in its figures, or can be taken in now. If not, they are too
 * small, and errno is EIO, ENOMEM, or EBUSY while the archive is closed.
 */
bool ledger_knows_session(struct ledger *ledger, const char *session_id);

/* The figures of a session; all zero for one without records. `now_ms` says which block is active.
 * O(models of the session, and entries of the active block). */
void ledger_session(struct ledger *ledger, const char *session_id, int64_t now_ms,
		    struct ledger_session *out);

/*
 * Entry `index` of those that count, in order of time. Returns false past the last one. The pointers hold
 * until the ledger is changed.
 */
bool ledger_entry_at(struct ledger *ledger, size_t index, struct ledger_entry_view *out);

/* How many transcripts were named, and the path of one of them; it lives as long as the ledger. */
size_t ledger_file_count(const struct ledger *ledger);
const char *ledger_path(const struct ledger *ledger, unsigned file, size_t *root_len);

/* The index of the first entry that is not before `time_ms`. */
size_t ledger_entries_before(struct ledger *ledger, int64_t time_ms);

/* Model `index` and its sums over everything; false past the last one. */
bool ledger_model_at(const struct ledger *ledger, size_t index, struct ledger_model *out);

#endif
