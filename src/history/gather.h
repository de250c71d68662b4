/*
 * gather: the usage records of a transcript, read once, mostly from its start, to its last complete line, as
 * fast as memory allows. Lines without a record are passed by unread (scan_find), and nothing else is learned
 * from them.
 *
 * For: history, which runs it on threads.
 */
#ifndef SWATCH_HISTORY_GATHER_H
#define SWATCH_HISTORY_GATHER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "ledger/record.h"
#include "transcript/malformed.h"

/* The three are less in tests/fuzz/fuzz_tail, which has to reach their ends. */
#ifndef TRANSCRIPT_MAX_LINE_BYTES
/* A line longer than this is passed over. */
#define TRANSCRIPT_MAX_LINE_BYTES ((size_t)64 << 20)
/* How many bytes before the end of what was read tell later whether they are still the same. */
#define TRANSCRIPT_MARK_BYTES 512
/*
 * A reader's buffer: it stays in a core's own cache. A longer line that is wanted makes it grow while it is
 * read.
 */
#define READ_BUFFER_BYTES ((size_t)256 << 10)
#endif

/* A reader's buffer: one a thread, used for file after file. Zero it first. */
struct gather {
	char *buffer;
	size_t cap;
	/* Is given each record in turn; it points into the buffer. Returns false to stop. */
	bool (*record)(void *ctx, const struct ledger_record *record);
	void *ctx;
};

enum gather_result {
	GATHER_DONE,
	GATHER_GONE,       /* there is no such regular file */
	GATHER_FAILED,     /* errno in `why` */
	GATHER_STOPPED     /* by record() */
};

/* How far a transcript was read, and how that ended. */
struct gather_file {
	enum gather_result result;
	int why;
	struct stat st;            /* as it was opened */
	int64_t offset;            /* the end of the last complete line */
	struct malformed_lines malformed; /* of the lines that seem to have a record */
	uint64_t skipped_lines;    /* longer than TRANSCRIPT_MAX_LINE_BYTES, with what looked like a record */
	uint64_t mark;             /* strmap_hash() of the mark_len bytes before `offset` */
	size_t mark_len;
};

/*
 * Reads `path` from the byte `from` on, where a line begins: 0 for all of it. The answer is also in
 * out->result.
 */
enum gather_result gather_read(struct gather *gather, const char *path, int64_t from,
			       struct gather_file *out);

void gather_release(struct gather *gather);

#endif
