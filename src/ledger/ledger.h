/*
 * ledger: the accounts. Every usage record that was seen, once; what it cost; sessions, days and 5-hour blocks.
 *
 * For: swatchd, which adds records as transcripts grow and asks for figures when it publishes. Pure: no clock, no
 * files, no loop.
 *
 * The rules are FORMATS section 3. Nothing is forgotten: the ledger holds the union of all lines seen, so a
 * transcript that is read again, truncated or deleted changes no figure by that alone. What is kept among duplicates
 * never depends on the order of arrival: ties go by path, then by position.
 *
 * Of a message with a sidechain copy under another requestId ccusage 20.0.24 counts one, but only when both have the
 * same timestamp: so does the ledger. (Of a message on several lines with several timestamps, copied line by line,
 * ccusage counts one or two, depending on which file's path comes first; the ledger always counts one.)
 */
#ifndef SWATCH_LEDGER_LEDGER_H
#define SWATCH_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/record.h"

/* A block lasts this long, and a silence of more than this ends it. */
#define LEDGER_BLOCK_MS (INT64_C(5) * 3600 * 1000)
/* Models that are told apart; further ones are counted under the last row, "(other models)", each at its own price. */
#define LEDGER_MODELS_MAX 64
/* Limit markers that are kept; the oldest go first. */
#define LEDGER_LIMITS_MAX 1024

struct ledger;

/* Sums over some entries. */
struct ledger_sums {
	uint64_t entries;
	struct price_tokens tokens;
	double cost_usd;
	/*
	 * What ccusage 20.0.24 counts for the same entries: without the lines that F1 loses (where another line of the
	 * message is left, that one), without the models of F7, at the compiled-in prices.
	 */
	double reference_usd;
	uint64_t unpriced;      /* entries with tokens that have no price: they count as 0 USD */
};

struct ledger_model {
	const char *name;       /* "-fast" added for speed "fast"; lives as long as the ledger */
	bool unpriced;          /* some of its tokens have no price: they count as 0 USD */
	struct ledger_sums sums;
};

struct ledger_block {
	int64_t start_ms, end_ms;       /* end: start + 5 h */
	int64_t first_ms, last_ms;      /* of its entries */
	struct ledger_sums sums;
	/* Rates over the time from the first to the last entry; NaN when that is 0. */
	double tokens_per_minute;
	double indicator_tokens_per_minute;   /* input and output only */
	double cost_per_hour_usd;
	uint64_t models;                /* bit n: model n, see ledger_model_at() */
	/* When the first usage limit that was hit in it is over; 0: none was. ccusage sees the old form alone (F4). */
	int64_t limit_resets_ms;
	int64_t reference_limit_resets_ms;
};

/* A usage limit that was hit. */
struct ledger_limit {
	int64_t noted_ms;               /* the time of its marker */
	int64_t resets_ms;
	enum scan_limit_kind kind;
	const char *session_id;         /* of the transcript that told; lives as long as the ledger */
};

struct ledger_session {
	struct ledger_sums sums;
	uint64_t subagents;             /* transcripts of subagents with at least one record */
	double subagents_usd;
	double block_usd_per_hour;      /* its cost in the active block over its own time there; NaN when that is 0 */
	int64_t first_ms, last_ms;      /* of its records; 0: none */
	size_t model_count;
	struct ledger_model models[LEDGER_MODELS_MAX];
};

/* One entry, for reports. */
struct ledger_entry_view {
	int64_t time_ms;
	struct price_tokens tokens;
	double cost_usd;
	double reference_usd;           /* as in ledger_sums */
	unsigned model;                 /* a number below LEDGER_MODELS_MAX, see ledger_model_at() */
	const char *model_name;
	bool model_silent;              /* <synthetic>, or no name: left out of lists of models */
	bool unpriced;
	bool lost_by_reference;         /* F1 */
	bool sidechain;
	/* The transcript of the record that was kept, and where in it its line begins. */
	const char *path;
	size_t root_len;                /* path + root_len: the path below projects/ */
	int64_t offset;
	unsigned file;                  /* its number, see ledger_path() */
	/* Where the first line of the message stands: what decides the order of lists. */
	unsigned first_file;
	int64_t first_offset;
	unsigned session;               /* a number: the same for all transcripts of a session */
	const char *session_id;
	bool subagent;
};

/* NULL when memory ran out. It prices by the compiled-in table. */
struct ledger *ledger_new(void);

/* Prices by a book from now on: before the first record. The ledger does not own it, and it must live as long. */
void ledger_set_prices(struct ledger *ledger, const struct price_book *book);

/*
 * Prices by another book (NULL: none) from now on, the entries that are there as well; what a line says itself that it
 * cost stays. The old book is not needed any more. O(entries).
 */
void ledger_reprice(struct ledger *ledger, const struct price_book *book);

/* What a model costs by the prices in force; NULL when there is no price. `factor` as in price_find(). */
const struct price *ledger_price(const struct ledger *ledger, const char *model, double *factor);

void ledger_free(struct ledger *ledger);

/*
 * Names a transcript: `path` decides ties, `session_id` gets its usage. `root_len` bytes of the path lead to the
 * projects/ directory, its slash included. The same path gives the same number.
 * Returns the number, or -1 when memory ran out.
 */
int ledger_add_file(struct ledger *ledger, const char *path, size_t root_len, const char *session_id, bool subagent);

/*
 * The transcript was deleted, or no longer begins as it did. What was seen in it counts on here; ccusage, which reads
 * what is there, may count it no more.
 */
void ledger_doubt_file(struct ledger *ledger, int file);

/*
 * Adds a record (usage->present) that stands at `offset` of a file, and those of the advisors in it. Returns 1 when a
 * figure changed, 0 when not (a duplicate), -1 when memory ran out. The slices are not kept. Amortised O(1) in any
 * order of time; the first question afterwards sorts what is new.
 */
int ledger_add(struct ledger *ledger, int file, int64_t offset, const struct scan_usage *usage);

/* The same of a record made before, on any thread; the advisors have records of their own. */
int ledger_add_record(struct ledger *ledger, int file, const struct ledger_record *record);

/*
 * Notes a limit marker whose line has no usage record; ledger_add() takes those of the others. It shows in its block
 * and in ledger_limit_in_force() (the last LEDGER_LIMITS_MAX of them do).
 */
void ledger_note_limit(struct ledger *ledger, int file, int64_t offset, int64_t time_ms, const struct scan_limit *limit);

/* The limit hit last whose reset lies ahead. Returns false when there is none. */
bool ledger_limit_in_force(const struct ledger *ledger, int64_t now_ms, struct ledger_limit *out);

/*
 * A session whose figures changed since it was last named here, in no order; NULL when there is none left. A record may
 * change the figures of other sessions than its own: a copy may become the one that counts.
 */
const char *ledger_next_changed(struct ledger *ledger);

/* Entries that count, after removing duplicates. */
size_t ledger_count(const struct ledger *ledger);

/* The block that is active at `now_ms`. Returns false when there is none. O(entries of the last block). */
bool ledger_active_block(struct ledger *ledger, int64_t now_ms, struct ledger_block *out);

/* What the entries of transcripts in doubt have in the active block's reference_usd. O(entries of the last block). */
double ledger_doubted_usd(struct ledger *ledger, int64_t now_ms);

/*
 * Whether the active block (or that there is none) would be the same whatever entries before `since_ms` may still be
 * added: a silence of more than 5 h since then says where it begins. O(entries since).
 */
bool ledger_block_is_known(struct ledger *ledger, int64_t since_ms, int64_t now_ms);

/* Whether the blocks hold every entry. False: memory ran out while they were made; they are made when it is back. */
bool ledger_has_all_blocks(struct ledger *ledger);

/* The blocks in order of time: `index` 0 is the first one. Returns false past the last one. */
bool ledger_block_at(struct ledger *ledger, size_t index, struct ledger_block *out);

/*
 * The gap between two blocks that follow each other: from 5 h after the last entry of one to the first entry of the
 * next. Returns false when the silence is not longer than 5 h: there is no gap then.
 */
bool ledger_gap_between(const struct ledger_block *block, const struct ledger_block *next, int64_t *start_ms,
			int64_t *end_ms);

/* Sums over the entries in [start_ms, end_ms): a day, say. O(entries in it). */
void ledger_sum_span(struct ledger *ledger, int64_t start_ms, int64_t end_ms, struct ledger_sums *out);

/* The figures of a session; all zero for one without records. `now_ms` says which block is active.
 * O(models of the session, and entries of the active block). */
void ledger_session(struct ledger *ledger, const char *session_id, int64_t now_ms, struct ledger_session *out);

/*
 * Entry `index` of those that count, in order of time. Returns false past the last one. The pointers hold until the
 * ledger is changed.
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
