/*
 * ledger/figures: what the ledger answers with.
 *
 * For: ledger.h, whose functions fill these, and the parts of the ledger.
 */
#ifndef SWATCH_LEDGER_FIGURES_H
#define SWATCH_LEDGER_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "price/price.h"
#include "transcript/scan.h"

/* A block lasts this long, and a longer silence ends it. */
#define LEDGER_BLOCK_MS (INT64_C(5) * 3600 * 1000)
/*
 * Models that are told apart; further ones are counted under the last row, "(other models)", each at its own
 * price.
 */
#define LEDGER_MODELS_MAX 64
/* Limit markers that are kept; the oldest go first. */
#define LEDGER_LIMITS_MAX 1024
/* Limits by name; of more, the one that was hit longest ago goes. */
#define LEDGER_LIMIT_NAMES_MAX 16
#define LEDGER_LIMIT_NAME_SIZE 40
/* Further claims about who paid for one message are ignored: nobody forks that often. */
#define LEDGER_CLAIMS_MAX 32

/* Sums over some entries. */
struct ledger_sums {
	uint64_t entries;
	struct price_tokens tokens;
	double cost_usd;
	/*
	 * What ccusage 20.0.24 counts for the same entries: without the lines that it loses (where another
	 * line of the message is left, it counts that one), without models that are newer than it, at the
	 * compiled-in prices.
	 */
	double reference_usd;
	uint64_t unpriced;      /* entries with tokens that have no price: they count as 0 USD */
};

struct ledger_model {
	const char *name;       /* with "-fast" at the end for speed "fast"; lives as long as the ledger */
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
	/*
	 * When the first usage limit that was hit in it is over, 0 without one. ccusage sees only the old
	 * form of markers.
	 */
	int64_t limit_resets_ms;
	int64_t reference_limit_resets_ms;
};

/* A usage limit that was hit. */
struct ledger_limit {
	int64_t noted_ms;               /* the time of its last marker */
	int64_t resets_ms;              /* 0: not known */
	/* As the server writes it, "seven_day_opus"; "" when the line did not say. Good until the ledger
	 * changes. */
	const char *name;
	const char *session_id;         /* of the transcript with the marker; lives as long as the ledger */
	uint64_t place;                 /* for the ledger */
};

struct ledger_session {
	struct ledger_sums sums;
	uint64_t subagents;             /* transcripts of subagents with at least one record */
	double subagents_usd;
	double block_usd_per_hour;      /* cost in the active block over its time there; NaN when that is 0 */
	int64_t first_ms, last_ms;      /* of its records; 0 without any */
	bool has_extras;                /* costs have web searches and surcharges in them */
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
	bool has_extras;                /* cost_usd has fees or surcharges in it */
	bool lost_by_reference;         /* ccusage loses its line */
	bool sidechain;
	/* The transcript of the record that was kept, and where in it its line begins. */
	const char *path;
	size_t root_len;                /* path + root_len: the path below projects/ */
	int64_t offset;
	unsigned file;                  /* its number, see ledger_path() */
	/* Where the first line of the message stands, which decides the order of lists. */
	unsigned first_file;
	int64_t first_offset;
	/* The session that paid, and a transcript below whose project its figures stand: mostly `path`
	 * itself. */
	unsigned session;               /* a number: the same for all transcripts of a session */
	const char *session_id;
	const char *home;
	size_t home_root_len;           /* home + home_root_len: the path below projects/ */
	bool subagent;
};

#endif
