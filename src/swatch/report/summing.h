/*
 * report/summing: the entries of a report that is made of the ledger's file: their names, and where they
 * belong.
 *
 * For: summed.c, which reads the sums of the file; grown.c, which adds what transcripts say beyond it;
 * summed_blocks.c, which makes blocks of them.
 */
#ifndef SWATCH_SWATCH_REPORT_SUMMING_H
#define SWATCH_SWATCH_REPORT_SUMMING_H

#include "base/strmap.h"
#include "ledger/store/rolled.h"
#include "report/report.h"

struct summing_transcript {
	char *path;
	size_t root_len;
	int64_t session; /* its number; 0: not known */
	bool subagent, gone;
	uint32_t rank; /* in the order of paths */
	int64_t id, version; /* its number in the file, and which one of this path it is */
	int64_t size_bytes, modified_ns; /* when swatchd read it last */
};

/* A model as lists show it. */
struct summing_model {
	char *name;
	bool silent;
	unsigned number;
};

struct summing {
	sqlite3 *db;
	struct store_names names;
	struct summing_transcript *transcripts;
	size_t transcript_count, transcript_cap;
	uint32_t *by_id; /* index + 1 in `transcripts` by the file's number */
	size_t by_id_count;
	struct summing_session *sessions; /* by number */
	size_t session_count, session_cap;
	struct strmap by_session; /* its id -> number + 1 */
	struct summing_model models[LEDGER_MODELS_MAX];
	unsigned model_count;
	struct strmap by_model; /* name and speed -> number in `models` + 1 */
	/* The same by the file's number, without and with fast mode; 0: not asked. */
	unsigned char of_number[2][256];
	struct report_entry *entries;
	size_t count, cap;
	size_t elsewhere; /* transcripts below other directories */
	bool failed;	  /* memory ran out, or the file is not one of ours */
};

/* One of its entries, before it has names. */
struct summing_entry {
	size_t transcript; /* its index */
	int64_t session;   /* that paid: its number */
	const struct summing_model *model;
	const struct store_sums *sums;
	double cost_usd;
};

/*
 * Takes the names and the transcripts below `roots` out of the file; these in the order of paths, and of
 * versions. Returns false when that fails.
 */
bool summing_open(struct summing *summing, const struct store_roots *roots);

/* Finds the last transcript of a path, before any is added; NULL when the file has no such path. */
struct summing_transcript *summing_find_transcript(const struct summing *summing, const char *path);

/* Adds a transcript that the file does not have. Returns its index; SIZE_MAX when memory ran out. */
size_t summing_add_transcript(struct summing *summing, const struct summing_transcript *transcript);

/* The transcript with this index is there, whatever the file says. */
void summing_find_again(struct summing *summing, size_t transcript);

/* All of that path are gone. */
void summing_lose_transcript(struct summing *summing, const char *path);

/* The number of a session, which is a new one if need be; 0 for "". */
int64_t summing_number_session(struct summing *summing, const char *name);

/* A model by its name ("": none). NULL when memory ran out. */
const struct summing_model *summing_model_named(struct summing *summing, const char *name, bool fast);

/* All transcripts are there: ranks them, and finds the one that names each session's project. */
void summing_find_homes(struct summing *summing);

/* Adds an entry. */
void summing_add(struct summing *summing, const struct summing_entry *entry);

/* Adds a row of the file's sums; one of a transcript below another directory is passed over. */
void summing_add_rolled(struct summing *summing, const struct store_rolled *rolled);

void summing_release(struct summing *summing);

#endif
