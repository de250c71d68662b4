/*
 * ledger_internal: what ledger.c (who is an entry) and ledger_blocks.c (figures by time) share.
 */
#ifndef SWATCH_USAGE_LEDGER_INTERNAL_H
#define SWATCH_USAGE_LEDGER_INTERNAL_H

#include "base/strmap.h"
#include "usage/ledger.h"

#define LEDGER_NONE UINT32_MAX

/* One entry, as small as it may be: there are a hundred thousand of them. */
struct ledger_entry {
	uint64_t id_hash;        /* of message.id; or of file, offset and tokens for a record without one */
	uint64_t request_hash;   /* of requestId; 0: none */
	int64_t time_ms;
	int64_t offset;
	double cost_usd;
	uint32_t input, output, creation_5m, creation_1h, cache_read;
	uint32_t file;
	uint32_t next;           /* of the same id_hash's bucket */
	uint8_t model;
	bool sidechain : 1, has_speed : 1, lost_by_reference : 1;
};

struct ledger_file {
	char *path;
	uint32_t session;
	uint32_t entries;
	bool subagent;
};

struct ledger_session_row {
	struct ledger_sums *by_model;   /* as long as the highest model number needs */
	size_t by_model_len;
	double subagents_usd;
	uint64_t subagents;
};

struct ledger_model_row {
	char *name;
	const struct price *price;
	double factor;
	bool fast;
	bool silent;             /* <synthetic>: never shown in a list */
	struct ledger_sums sums;
};

struct ledger {
	struct ledger_entry *entries;
	size_t entry_count, entry_cap;
	uint32_t *buckets;       /* by id_hash */
	size_t bucket_count;
	struct strmap files_by_path;       /* -> number + 1 */
	struct ledger_file *files;
	size_t file_count, file_cap;
	struct strmap sessions_by_id;      /* -> number + 1 */
	struct ledger_session_row *sessions;
	size_t session_count, session_cap;
	struct ledger_model_row models[LEDGER_MODELS_MAX];
	size_t model_count;
	/* ledger_blocks.c: entries in order of time, and the blocks that they make. */
	uint32_t *order;
	size_t order_len, order_cap;
	size_t unsorted_from;    /* order[unsorted_from..] came since the last sort */
	struct ledger_span { size_t first, last; } *blocks;
	size_t block_count, block_cap;
	size_t blocks_good_to;   /* blocks made of order[0..blocks_good_to) hold */
};

/* Takes an entry into the order of time. Returns false when memory ran out. */
bool ledger_order_add(struct ledger *ledger, uint32_t entry);

/* An entry is about to change: it is taken out of its place and counts as new. */
void ledger_order_touch(struct ledger *ledger, uint32_t entry);

/* Adds one entry to sums, or takes it out again. */
void ledger_sums_add(struct ledger_sums *sums, const struct ledger_entry *entry, int sign);

#endif
