/*
 * ledger/archive: what the ledger does not keep in memory. Messages of the past lie in the ledger's file; the
 * ledger asks for one when a record comes that may be a copy of it, and for a session's sums the first time
 * that something changes them.
 *
 * For: store/archive.c, which answers out of the file; the daemon, which joins the two. Everything here runs
 * on one thread.
 */
#ifndef SWATCH_LEDGER_ARCHIVE_H
#define SWATCH_LEDGER_ARCHIVE_H

#include "base/clock.h"
#include "ledger/ledger.h"

/* Messages of this time are in memory, at the least: the longest window of a limit, and a day for clocks that
 * differ. */
#define LEDGER_HELD_MS (8 * CLOCK_DAY_MS)

/* How a transcript stands in the archive. */
struct ledger_archived_transcript {
	uint64_t path_hash; /* strmap_hash() of its real path: it stands for the id of lines without one */
	unsigned version;            /* which one of its path a transcript is that is there now */
	int64_t saved_to;            /* what stands before this offset is archived */
	uint32_t messages;           /* of this version, that count */
};

/* What the archive knows of a session besides its sums by model. */
struct ledger_archived_session {
	int64_t first_ms, last_ms;   /* 0: no message */
	uint64_t subagents;          /* transcripts of subagents with messages that count */
	double subagents_usd;
	bool has_transcript;         /* some transcript is or was named after it */
};

/* Each returns false with errno when nobody can tell now: EIO when the file cannot be read, or ENOMEM. */
struct ledger_archive_calls {
	/* Hands every message with this key to ledger_adopt(); *count: how many. */
	bool (*find)(void *ctx, struct ledger *ledger, uint64_t key, size_t *count);
	/* Hands the session's sums to ledger_adopt_sums(), all of them or none, and fills in the rest. */
	bool (*sum_session)(void *ctx, struct ledger *ledger, const char *session_id,
			    struct ledger_archived_session *out);
	/* `version` UINT_MAX: the one that is there now, which may be the first. */
	bool (*find_transcript)(void *ctx, const char *path, size_t root_len, unsigned version,
				struct ledger_archived_transcript *out);
};

/*
 * From now on the ledger holds only a part of the messages; the rest is in the archive. Call it before the
 * first transcript is named. The caller keeps `calls` and `ctx` as long as the ledger.
 */
void ledger_set_archive(struct ledger *ledger, const struct ledger_archive_calls *calls, void *ctx);

/*
 * The archive is closed. A ledger that does not hold everything cannot tell any more whether a message is one
 * that it let go: it takes none in that is not in memory, until there is an archive again, or none at all
 * (ledger_set_archive() with NULL).
 */
void ledger_close_archive(struct ledger *ledger);

/* Whether all messages are in memory: without an archive they are. */
bool ledger_is_whole(const struct ledger *ledger);

/*
 * So many transcripts, each perhaps of a session of its own, and messages will be in memory: makes room for
 * them at once, since arrays that grow bit by bit are copied again and again. Failing that, it is made as
 * they come.
 */
void ledger_expect(struct ledger *ledger, size_t transcripts, size_t messages);

/*
 * Takes in a message that is archived as `kept` says, and that all archived sums have in them already. One
 * that is known in memory stays as it is. Returns false when memory ran out.
 */
bool ledger_adopt(struct ledger *ledger, int file, const struct ledger_kept *kept);

/* Takes in what a session's messages of one model sum up to; `model` names it, as a record does. */
bool ledger_adopt_sums(struct ledger *ledger, const char *session_id, const struct ledger_record *model,
		       const struct ledger_sums *sums);

/* Takes in what all messages of a model sum up to, and when it last answered. */
bool ledger_adopt_model(struct ledger *ledger, const struct ledger_record *model,
			const struct ledger_sums *sums, int64_t last_ms);

/*
 * Names a transcript of an archived message: path to gone of `transcript`, and `known` but for its messages.
 * The same version of a path gives the same number. Returns -1 when memory ran out.
 */
int ledger_adopt_file(struct ledger *ledger, const struct ledger_kept *transcript,
		      const struct ledger_archived_transcript *known);

/*
 * Lets go of all messages and sums, which come back out of the archive; numbers of transcripts and sessions,
 * and limits, stay. Call it only when everything is saved, and adopt afterwards what is to be in memory.
 */
void ledger_let_go(struct ledger *ledger);

/*
 * All archived messages are in memory: from now on (`on`) the ledger knows which keys ledger_let_go() leaves
 * to the archive alone, in 4 MB, and looks up only those: for a first read, in which nearly all are new.
 * Turn it off when that is over, and when anybody else writes the archive.
 */
void ledger_filter_keys(struct ledger *ledger, bool on);

/* How many messages are in memory, hidden ones too. */
size_t ledger_held_count(const struct ledger *ledger);

/*
 * Whether the archive could not be asked for some session's sums, which are too small then: let go, and
 * adopt again.
 */
bool ledger_lacks_sums(const struct ledger *ledger);

#endif
