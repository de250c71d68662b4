/*
 * store/batch: what one commit writes: transcripts, with how far they were read, messages, and facts.
 *
 * For: the daemon, which fills it on its loop; write.c, which writes it on the store's thread. It holds
 * copies, so that the ledger may change meanwhile.
 */
#ifndef SWATCH_LEDGER_STORE_BATCH_H
#define SWATCH_LEDGER_STORE_BATCH_H

#include "base/buf.h"
#include "base/strmap.h"
#include "ledger/ledger.h"
#include "ledger/store/facts.h"
#include "ledger/store/roots.h"
#include "transcript/malformed.h"

/* How far a transcript was read, and how to know later that it is still the same. */
struct store_progress {
	uint64_t dev, ino;
	int64_t size_bytes, modified_ns;
	int64_t offset;              /* all messages before it are in the ledger */
	uint64_t mark;               /* strmap_hash() of the mark_len bytes before it */
	size_t mark_len;
	struct malformed_lines malformed;
	bool has_skipped;            /* a line was too long to be read */
};

struct store_transcript {
	size_t path, session;        /* where their text begins in batch->text */
	size_t root_len;
	unsigned version;
	int64_t session_first_ms, session_last_ms;  /* as in struct ledger_kept */
	bool subagent, gone;
	bool buried;                 /* it was purged: its name is not written */
	bool has_progress;
	struct store_progress progress;
	size_t faults;               /* of its lines, as JSON: where the text begins; SIZE_MAX: none */
};

struct store_message {
	struct ledger_record record; /* without its slices */
	double cost_usd, reference_usd;
	bool unpriced, hidden;
	uint64_t key;
	size_t transcript;           /* its index in the batch */
	size_t model, payer, branch; /* where their text begins; SIZE_MAX: none */
	size_t first_claim, claim_count;  /* in batch->claims */
};

struct store_claim {
	size_t from, to;             /* where their text begins */
	bool told;
};

#define STORE_META_MAX_BYTES 32768
/* So many values of the table meta one batch sets. */
#define STORE_BATCH_METAS_MAX 4

struct store_meta {
	size_t key, value;           /* where their text begins */
};

struct store_batch {
	struct store_roots *roots;
	struct store_transcript *transcripts;
	size_t transcript_count, transcript_cap;
	struct store_message *messages;
	size_t message_count, message_cap;
	struct store_facts facts;
	struct store_claim *claims;
	size_t claim_count, claim_cap;
	struct store_meta metas[STORE_BATCH_METAS_MAX];
	size_t meta_count;
	struct buf text;             /* strings, each with its NUL */
	struct strmap by_name;       /* path and version -> index + 1 */
	struct buf name;             /* of the one that was looked for */
	bool failed;                 /* memory ran out: something is missing */
};

/* Returns an empty batch; NULL when memory ran out. The caller keeps `roots` while it adds. */
struct store_batch *store_batch_new(struct store_roots *roots);

/* Adds an entry, and its transcript. */
void store_batch_add(struct store_batch *batch, const struct ledger_kept *kept);

/*
 * Adds a transcript, or what is new of it: `progress` as of now (NULL: no news of it), and whether it is
 * gone.
 */
void store_batch_add_transcript(struct store_batch *batch, const struct ledger_kept *transcript,
				const struct store_progress *progress);

/*
 * Adds a limit that was hit, and the transcript whose line says so; hit->transcript is set here. The same for
 * a limit that a statusline told, of the profile with this projects/ directory ("": not known).
 */
void store_batch_add_hit(struct store_batch *batch, const struct ledger_kept *transcript,
			 const struct store_hit *hit);
void store_batch_add_reading(struct store_batch *batch, const char *root, const struct rate_limit *limit);
void store_batch_add_told(struct store_batch *batch, const struct store_told *told);
void store_batch_add_alert(struct store_batch *batch, const struct store_alert *alert);
/* A model's price from now on; `factor` as in price_find(). */
void store_batch_add_price(struct store_batch *batch, const char *model, const struct price *price,
			   double factor, int64_t now_ms);

/* Sets a value of the table meta, which must be shorter than STORE_META_MAX_BYTES. */
void store_batch_set_meta(struct store_batch *batch, const char *key, const char *value);

/* The text at a place; NULL for SIZE_MAX. */
const char *store_batch_text(const struct store_batch *batch, size_t at);

void store_batch_free(struct store_batch *batch);

#endif
