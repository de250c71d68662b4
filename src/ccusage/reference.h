/*
 * reference: what ccusage 20.0.24 counts of the same transcripts: its own rules for duplicates, faults
 * included. They were found by running it on made-up transcripts (differences.h names them).
 *
 * For: `swatch verify`, which holds it against what ccusage prints: where both agree, each difference between
 * swatch and ccusage is the difference between the ledger's entries and the ones here. Not for figures that
 * people are shown.
 *
 * Calling sequence: reference_new(); reference_read() once; reference_keep() for either rule;
 * reference_free().
 */
#ifndef SWATCH_CCUSAGE_REFERENCE_H
#define SWATCH_CCUSAGE_REFERENCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "json/walk.h"
#include "price/price.h"
#include "transcript/data_dirs.h"

/* What keeps a record from ccusage, or from swatch. */
enum reference_lost {
	REFERENCE_LOST_NULL = 1,     /* a field name that must not be null is */
	REFERENCE_LOST_SPACE = 2,    /* "usage": { with a space */
	REFERENCE_REFUSED_COUNT = 4, /* a count that cannot be: swatch does not take the line */
	REFERENCE_REFUSED_COST = 8,  /* a costUSD that cannot be: swatch goes by the tokens */
	REFERENCE_UNFINISHED = 16,   /* the last line, without its newline yet: swatch waits for that */
	REFERENCE_LOST_FORM = 32,    /* a form that ccusage does not read */
	REFERENCE_LOST_DAMAGE = 64,  /* a whole record on a damaged line */
	REFERENCE_LOST_HIDDEN = 128, /* an advisor beside an iteration without counts */
	REFERENCE_LOST_ERROR_MARK =
		256 /* isApiErrorMessage is no boolean; REFERENCE_DAILY does not look at it */
};

#define REFERENCE_LOST \
	(REFERENCE_LOST_NULL | REFERENCE_LOST_SPACE | REFERENCE_LOST_FORM | REFERENCE_LOST_DAMAGE \
	 | REFERENCE_LOST_HIDDEN | REFERENCE_LOST_ERROR_MARK)

/* Why ccusage counts other tokens for a record than swatch. */
enum reference_tokens {
	REFERENCE_TOKENS_SAME,
	REFERENCE_TOKENS_CREATION,      /* the parts of its cache writes do not add up to their sum */
	REFERENCE_TOKENS_COMPACTION,
	REFERENCE_TOKENS_PAUSED
};

/* One record of a line: of a message, an advisor in it, or the message of an agent_progress line. */
struct reference_record {
	int64_t time_ms;
	int64_t offset;                 /* where its line begins */
	struct price_tokens tokens;     /* what ccusage counts */
	struct price_tokens our_tokens; /* what swatch counts */
	double usd;                     /* what ccusage charges */
	int64_t limit_resets_ms;        /* of a limit marker; 0 in other records */
	uint64_t message_hash;          /* of message.id; 0: none */
	uint64_t request_hash;          /* of requestId; 0: none */
	uint64_t session_hash; /* of sessionId, or where the line has none, of the session that its path names
				*/
	uint32_t file, line;            /* line: its number, from 1 */
	uint16_t model;                 /* reference_model() */
	uint16_t advisor;               /* 0: the message itself; n: its n-th advisor */
	uint16_t lost;                  /* enum reference_lost, or-ed */
	uint8_t other_tokens;           /* enum reference_tokens */
	bool sidechain : 1, has_speed : 1, fast : 1, progress : 1;
	bool newer : 1;                 /* DIFFERENCE_NEWER_MODEL */
	bool unpriced : 1;              /* no price is compiled in for its tokens */
	bool guessed : 1; /* `usd` is swatch's, ccusage's cannot be foreseen: DIFFERENCE_MODEL_NAME, or
			     unpriced */
	bool new_limit : 1;             /* DIFFERENCE_NEW_LIMIT_MARKER */
};

struct reference_file {
	char *path;
	size_t root_len;                /* path + root_len: the path below projects/ */
	char *session; /* the session and the project under which ccusage files it (DIFFERENCE_OTHER_SESSION)
			*/
	char *project;
};

struct reference;

/* NULL when memory ran out. */
struct reference *reference_new(void);
void reference_free(struct reference *reference);

/*
 * Reads the transcripts below the directories, in ccusage's order: the one of their paths. Those that were
 * not changed since `since_ms` are left out (0: reads all). What cannot be read is passed over, as ccusage
 * does. Another thread may set *stop (NULL: nobody does), which ends the reading soon. Returns 0; -1 with a
 * message for people in `error` when memory ran out, or it was stopped.
 */
int reference_read(struct reference *reference, const struct data_dirs *dirs, int64_t since_ms,
		   const atomic_bool *stop, struct buf *error);

/* Records in their order; the number of a record is its index. */
size_t reference_count(const struct reference *reference);
const struct reference_record *reference_record_at(const struct reference *reference, size_t index);
size_t reference_file_count(const struct reference *reference);
const struct reference_file *reference_file_at(const struct reference *reference, size_t file);

/* The model as the line has it, escapes as written; data NULL: none. It lives as long as the reference. */
struct slice reference_model(const struct reference *reference, const struct reference_record *record);

/* The records [*first, *end) of the line that begins there: none where *first == *end. */
void reference_find(const struct reference *reference, const char *path, int64_t offset, size_t *first,
		    size_t *end);

/*
 * What counts, as `ccusage claude daily` has it or as its blocks, weekly, monthly and session do: kept[n]
 * says so of record n. The caller frees it; NULL when memory ran out.
 */
enum reference_rule { REFERENCE_BLOCKS, REFERENCE_DAILY };
#define REFERENCE_RULES 2
bool *reference_keep(const struct reference *reference, enum reference_rule rule);

/* ---- for reference_read.c ---- */

/*
 * Adds a file, whose strings become the reference's, also on failure, or a record. False when memory ran out.
 */
bool reference_add_file(struct reference *reference, const struct reference_file *file);
bool reference_add(struct reference *reference, const struct reference_record *record);

/* The number of a model; -1 when memory ran out. */
int reference_model_number(struct reference *reference, struct slice model);

/* The session and the project that ccusage reads off a path. Both malloc'd. False when memory ran out. */
bool reference_session_of_path(const char *path, char **session, char **project);

#endif
