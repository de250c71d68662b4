/*
 * ledger_internal: what ledger.c (who is an entry), ledger_sums.c (figures by name), ledger_order.c and
 * ledger_blocks.c (by time), ledger_prices.c and ledger_limits.c share.
 */
#ifndef SWATCH_LEDGER_INTERNAL_H
#define SWATCH_LEDGER_INTERNAL_H

#include "base/strmap.h"
#include "ledger/ledger.h"

#define LEDGER_NONE UINT32_MAX

/* A record's place: 24 bits of file, 40 bits of offset (a terabyte). */
#define LEDGER_OFFSET_BITS 40
#define LEDGER_FILES_MAX (1 << 24)

/*
 * One entry, as small as it may be: there are a hundred thousand of them. It is the best record of its message.id and
 * requestId; one that is hidden is a sidechain copy of another entry, and counts nowhere.
 */
struct ledger_entry {
	uint64_t id_hash;        /* of message.id; or of place, time and tokens for a record without one */
	int64_t time_ms;
	uint64_t place;
	uint64_t first_place;    /* of the first line of its message and requestId, which may be another one */
	double cost_usd;
	double reference_usd;    /* what ccusage counts for it */
	uint32_t input, output, creation_5m, creation_1h, cache_read;
	uint32_t request_hash;   /* of requestId; 0: none */
	uint32_t next;           /* of the same id_hash's bucket */
	uint8_t model;
	bool sidechain : 1, has_speed : 1, lost : 1 /* F1 */, unpriced : 1, hidden : 1;
	bool has_cost : 1, fast : 1, limit : 1 /* a limit marker: see `limits` */;
	uint16_t other;          /* of model "(other models)": its number among `others`, LEDGER_OTHERS_MAX for none */
};

/* A block: order[first..last]. */
struct ledger_span {
	size_t first, last;
};

/* A limit marker. */
struct ledger_limit_row {
	int64_t time_ms, resets_ms;
	uint64_t place;
	uint8_t kind;
	bool has_entry;          /* its line has a usage record: it shows in its block while that counts */
	bool old_form;
};

struct ledger_file {
	const char *path;        /* the key of files_by_path, as a session's id is of sessions_by_id */
	uint32_t root_len;
	uint32_t session;
	uint32_t entries;
	bool subagent;
	bool doubted;            /* ledger_doubt_file() */
};

/*
 * Sums over a span of time that was asked for, kept up to date from then on: the day and the block are asked for with
 * every message.
 */
#define LEDGER_SPANS_KEPT 4
struct ledger_kept_span {
	int64_t start_ms, end_ms;       /* equal: not in use */
	uint64_t asked;                 /* when last, in questions */
	struct ledger_sums sums;
	uint32_t by_model[LEDGER_MODELS_MAX];
};

struct ledger_session_row {
	const char *id;
	struct ledger_sums *by_model;   /* as long as the highest model number needs */
	size_t by_model_len;
	double subagents_usd;
	uint64_t subagents;
	int64_t first_ms, last_ms;
	/* Its part in the last block, kept up to date; block_of_ms is that block's first entry's, 0: not known. */
	int64_t block_of_ms, block_first_ms, block_last_ms;
	double block_usd;
	bool changed;                   /* in the list of ledger_next_changed() */
	uint32_t next_changed;          /* its number + 1; 0: none */
};

struct ledger_model_row {
	char *name;
	char *priced_as;         /* the name that its prices are looked up by; NULL: there are none */
	uint16_t other;          /* its number among `others`, LEDGER_OTHERS_MAX: it is none of them */
	const struct price *price;
	double factor;
	const struct price *reference;  /* the compiled-in price; NULL: ccusage counts it as 0 */
	double reference_factor;
	bool silent;             /* <synthetic>, or no name: never shown in a list */
	struct ledger_sums sums;
};

struct ledger {
	const struct price_book *book;
	struct ledger_entry *entries;
	size_t entry_count, entry_cap;
	size_t hidden_count;
	uint32_t *buckets;       /* by id_hash */
	size_t bucket_count;
	uint64_t secret;         /* of this process: nobody can write ids that all go into one bucket */
	struct strmap crowds;    /* id_hash -> struct ledger_crowd: ledger_crowd.c */
	struct strmap twins;     /* entry number -> struct ledger_entry: the best record that F1 leaves to ccusage */
	struct strmap files_by_path;       /* -> number + 1 */
	struct ledger_file *files;
	size_t file_count, file_cap;
	struct strmap sessions_by_id;      /* -> number + 1 */
	struct ledger_session_row *sessions;
	size_t session_count, session_cap;
	uint32_t changed;        /* the first session of a list: its number + 1; 0: none */
	struct ledger_limit_row *limits;   /* in no order */
	size_t limit_count, limit_cap;
	struct ledger_model_row models[LEDGER_MODELS_MAX];
	size_t model_count;
	/* What "(other models)" are, for their prices; further ones keep what they cost when they came. */
	struct strmap others_by_name;      /* -> struct ledger_model_row */
	struct ledger_model_row **others;
	size_t other_count, other_cap;
	char last_model[PRICE_MODEL_MAX];  /* as the last record had it; length 0: none */
	size_t last_model_len, last_model_number;
	bool last_model_fast;
	/* ledger_order.c: the entries that count in order of time; ledger_blocks.c: the blocks that they make. */
	uint32_t *order;
	size_t order_len, order_cap;
	size_t unsorted_from;    /* order[unsorted_from..] came since the last sort */
	struct ledger_span *blocks;
	size_t block_count, block_cap;
	size_t blocks_good_to;   /* blocks made of order[0..blocks_good_to) hold */
	struct ledger_kept_span kept[LEDGER_SPANS_KEPT];
	uint64_t questions;
};

static inline size_t ledger_file_of(const struct ledger_entry *entry)
{
	return (size_t)(entry->place >> LEDGER_OFFSET_BITS);
}

/* Makes room for one more element. */
bool ledger_grow(void *array, size_t count, size_t *cap, size_t element_size);

/* The first entry in the bucket of an id_hash; LEDGER_NONE: there is none. */
uint32_t ledger_first_of(const struct ledger *ledger, uint64_t id_hash);

/* Whether of two records of a message `a` is the one to keep. */
bool ledger_is_better(const struct ledger *ledger, const struct ledger_entry *a, const struct ledger_entry *b);

/* ---- ledger_crowd.c ---- */

/* Entries of one id_hash that are looked through one by one; one more makes a crowd of them. */
#define LEDGER_CROWD_MIN 16

struct ledger_crowd;

/* The crowd of an id_hash; NULL: it has none. */
struct ledger_crowd *ledger_crowd_of(const struct ledger *ledger, uint64_t id_hash);

/* Makes one of the entries that have this id_hash, with room for another one. NULL when memory ran out. */
struct ledger_crowd *ledger_crowd_make(struct ledger *ledger, uint64_t id_hash);

/* Makes room for one more. */
bool ledger_crowd_reserve(struct ledger_crowd *crowd);

/* Takes in an entry; there is room. O(log n), but for moving the numbers behind it. */
void ledger_crowd_add(const struct ledger *ledger, struct ledger_crowd *crowd, uint32_t entry);

/* The entry of a request; LEDGER_NONE: there is none. */
uint32_t ledger_crowd_find(const struct ledger *ledger, const struct ledger_crowd *crowd, uint32_t request_hash);

/* Around a change of an entry's time or rank: before it, and after it. */
void ledger_crowd_take_out(const struct ledger *ledger, struct ledger_crowd *crowd, uint32_t entry);
void ledger_crowd_put_back(const struct ledger *ledger, struct ledger_crowd *crowd, uint32_t entry);

/* The best entry of that time and the one after it; returns how many there are, up to two. */
size_t ledger_crowd_best_of(const struct ledger *ledger, const struct ledger_crowd *crowd, int64_t time_ms, uint32_t best[2]);

void ledger_crowds_release(struct ledger *ledger);

/* ---- ledger_prices.c ---- */

/* Models beyond the table whose prices are kept. */
#define LEDGER_OTHERS_MAX 4096

/* Fills in the prices of the row's priced_as. */
void ledger_find_prices(const struct ledger *ledger, struct ledger_model_row *row);

/* *out: the text that a model's prices are looked up by, malloc'd; NULL when it has none. False when memory ran out. */
bool ledger_priced_as(struct slice model, char **out);

/* Sets what an entry without a cost of its own costs by the row's prices, and whether it has one at all. */
void ledger_price_entry(struct ledger_entry *entry, const struct ledger_model_row *row);

/* The row of a model beyond the table; NULL when it has none yet. */
const struct ledger_model_row *ledger_other_model(const struct ledger *ledger, const char *name);

/* Makes it one, as `found` is, which it then owns. Returns NULL when there are too many, or no memory: nothing changed. */
const struct ledger_model_row *ledger_add_other_model(struct ledger *ledger, const char *name,
						      const struct ledger_model_row *found);

/* ---- ledger_limits.c ---- */

/* Keeps the marker that an entry is. */
void ledger_limit_of_entry(struct ledger *ledger, const struct ledger_entry *entry, const struct ledger_record *record);

/* Fills in what limits were hit in a block, of which the entries order[first..last] count. */
void ledger_limits_of_block(const struct ledger *ledger, const struct ledger_span *span, struct ledger_block *out);

/* ---- ledger_sums.c ---- */

/*
 * The number of a model's row (one is made); -1 when memory ran out. The last row takes what comes when the table is
 * full; `*priced` has the model's own prices in any case, and may be `scratch`, filled.
 */
int ledger_model_number(struct ledger *ledger, const struct ledger_record *record,
			const struct ledger_model_row **priced, struct ledger_model_row *scratch);

/* Makes sure that the session's row can hold sums of the model. */
bool ledger_prepare_session(struct ledger *ledger, uint32_t session, size_t model);

/*
 * Adds an entry to all sums (sign 1), or takes it out again (-1). `stays`: it is taken out for another one of the same
 * session and time, or is that one.
 */
void ledger_account(struct ledger *ledger, const struct ledger_entry *entry, int sign, bool stays);

/* Adds one entry to sums, or takes it out again. */
void ledger_sums_add(struct ledger_sums *sums, const struct ledger_entry *entry, int sign);

/* ---- ledger_order.c ---- */

/* Makes room for `count` entries in the order of time. Returns false when memory ran out. */
bool ledger_order_reserve(struct ledger *ledger, size_t count);

/* Takes an entry into the order of time, or out of it; there is room. It is to be out while its time or place changes. */
void ledger_order_add(struct ledger *ledger, uint32_t entry);
void ledger_order_remove(struct ledger *ledger, uint32_t entry);

/* Puts those that were added in their places. */
void ledger_order_sort(struct ledger *ledger);

/* The first place in the order, which is sorted, whose time is not before `time_ms`. */
size_t ledger_order_find(const struct ledger *ledger, int64_t time_ms);

static inline int64_t ledger_time_at(const struct ledger *ledger, size_t place)
{
	return ledger->entries[ledger->order[place]].time_ms;
}

/* ---- ledger_blocks.c ---- */

/* Keeps the spans that were asked for up to date. */
void ledger_spans_add(struct ledger *ledger, const struct ledger_entry *entry, int sign);

#endif
