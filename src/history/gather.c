#include "history/gather.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/strmap.h"
#include "transcript/find.h"

/* Where the reading of one file stands. */
struct reading {
	struct gather *gather;
	struct gather_file *out;
	int fd;
	int64_t base;         /* the offset in the file of buffer[0] */
	size_t have;          /* bytes in the buffer */
	size_t searched;      /* of these, bytes that hold no key and no newline */
	int64_t line_base;    /* inside a line that is passed over as it comes: where it began; -1: not */
	bool keep_line;       /* the line at buffer[0] may hold a record: it has to fit */
	bool skip_line;       /* it is too long for that */
	bool stopped;
	char last[TRANSCRIPT_MARK_BYTES];  /* what was taken off the buffer last: the bytes before `base` */
	size_t last_len;
};

static ssize_t pread_again(int fd, void *into, size_t len, int64_t at)
{
	ssize_t got;
	do
		got = pread(fd, into, len, (off_t)at);
	while (got < 0 && errno == EINTR);
	return got;
}

static bool give(struct gather *gather, const struct scan_usage *usage, int64_t offset)
{
	struct ledger_record record;
	ledger_record_make(usage, offset, &record);
	return gather->record(gather->ctx, &record);
}

/* A line that may hold records. Returns false to stop. */
static bool take_line(struct reading *r, const char *line, size_t len, int64_t offset)
{
	struct scan_reader reader = { .line = line, .len = len };
	struct scan_facts facts;
	enum malformed malformed = MALFORMED_NOT;
	bool more = true;
	while (more && scan_next_record(&reader, &facts)) {
		struct scan_usage advisor;
		struct scan_cursor cursor = { 0 };
		int64_t start = offset + (int64_t)reader.start;
		malformed = malformed ? malformed : facts.malformed;
		if (!facts.usage.present)
			continue;
		more = give(r->gather, &facts.usage, start);
		while (more && scan_next_advisor(&facts.usage, &cursor, &advisor))
			more = give(r->gather, &advisor, start);
	}
	malformed_note(&r->out->malformed, malformed || !reader.is_damaged ? malformed : MALFORMED_DAMAGED);
	return more;
}

/* The lines of buffer[0..len), which ends with a newline: from one key to the next. */
static bool take_lines(struct reading *r, size_t len)
{
	const char *start = r->gather->buffer, *end = start + len;
	const char *line = start, *hit;
	while ((hit = scan_find_usage(line, end))) {
		const char *before = memrchr(line, '\n', (size_t)(hit - line));
		line = before ? before + 1 : line;
		const char *line_end = memchr(hit, '\n', (size_t)(end - hit));
		if (scan_hit_may_count(line, hit, line_end)
		    && !take_line(r, line, (size_t)(line_end - line), r->base + (line - start)))
			return false;
		line = line_end + 1;
	}
	return true;
}

/* Keeps the end of what goes: it is the file's mark when nothing more comes. */
static void keep_last(struct reading *r, const char *gone, size_t len)
{
	size_t keep = len < sizeof(r->last) ? sizeof(r->last) - len : 0;
	if (keep > r->last_len)
		keep = r->last_len;
	memmove(r->last, r->last + r->last_len - keep, keep);
	size_t take = len < sizeof(r->last) - keep ? len : sizeof(r->last) - keep;
	memcpy(r->last + keep, gone + len - take, take);
	r->last_len = keep + take;
}

/* Takes `len` bytes off the front of the buffer. */
static void drop(struct reading *r, size_t len)
{
	keep_last(r, r->gather->buffer, len);
	r->have -= len;
	r->base += (int64_t)len;
	if (r->have > 0)
		memmove(r->gather->buffer, r->gather->buffer + len, r->have);
	r->searched = 0;
}

static bool resize(struct gather *gather, size_t cap)
{
	char *buffer = realloc(gather->buffer, cap);
	if (!buffer)
		return false;
	gather->buffer = buffer;
	gather->cap = cap;
	return true;
}

/* A line that was passed over as it came may hold a record after all: it is read again, whole. */
static void read_line_again(struct reading *r)
{
	r->base = r->line_base;
	r->last_len = 0;
	r->have = r->searched = 0;
	r->line_base = -1;
	r->keep_line = true;
}

/* The buffer is full of one line without its end. Returns false when memory ran out. */
static bool pass_long_line(struct reading *r)
{
	struct gather *gather = r->gather;
	if (!r->keep_line && !r->skip_line && scan_find_usage(gather->buffer, gather->buffer + r->have)) {
		if (r->line_base >= 0) {
			read_line_again(r);
			return true;
		}
		r->keep_line = true;
	}
	if (r->keep_line && gather->cap < TRANSCRIPT_MAX_LINE_BYTES)
		return resize(gather, gather->cap < READ_BUFFER_BYTES ? READ_BUFFER_BYTES : gather->cap * 2);
	if (r->keep_line) {
		r->out->skipped_lines++;
		r->skip_line = true;
		r->keep_line = false;
	}
	if (r->line_base < 0)
		r->line_base = r->base;
	/* A key may lie across the edge. */
	drop(r, r->have - (SCAN_USAGE_KEY_LEN - 1));
	return true;
}

/*
 * The rest of a line that was passed over as it came. Returns how far it goes in the buffer; 0: it was no
 * such line.
 */
static size_t end_long_line(struct reading *r, size_t line_end)
{
	const char *start = r->gather->buffer;
	if (r->line_base < 0)
		return 0;
	if (!r->skip_line && scan_find_usage(start, start + line_end)) {
		read_line_again(r);
		return 0;
	}
	r->line_base = -1;
	r->skip_line = false;
	return line_end + 1;
}

/* Takes the lines in the buffer. Returns false when memory ran out, or record() wants no more. */
static bool take_buffer(struct reading *r)
{
	const char *start = r->gather->buffer;
	if (r->line_base >= 0) {
		const char *newline = memchr(start, '\n', r->have);
		size_t gone = newline ? end_long_line(r, (size_t)(newline - start)) : 0;
		drop(r, gone);
		if (r->have == 0 || !newline)
			return r->have < r->gather->cap || pass_long_line(r);
	}
	const char *last = memrchr(start + r->searched, '\n', r->have - r->searched);
	if (!last) {
		r->searched = r->have;
		return r->have < r->gather->cap || pass_long_line(r);
	}
	size_t len = (size_t)(last + 1 - start);
	if (!take_lines(r, len)) {
		r->stopped = true;
		return false;
	}
	r->keep_line = false;
	drop(r, len);
	return true;
}

/* The bytes before `offset`: at hand, unless a line was passed over as it came. */
static void set_mark(struct reading *r)
{
	struct gather_file *out = r->out;
	if (out->offset != r->base) {
		size_t len =
			out->offset < TRANSCRIPT_MARK_BYTES ? (size_t)out->offset : TRANSCRIPT_MARK_BYTES;
		ssize_t got = pread_again(r->fd, r->last, len, out->offset - (int64_t)len);
		r->last_len = got == (ssize_t)len ? len : 0;
	}
	out->mark_len = r->last_len;
	out->mark = r->last_len ? strmap_hash(r->last, r->last_len) : 0;
}

static enum gather_result read_open_file(struct reading *r)
{
	struct gather *gather = r->gather;
	/* Lines that are written after the file was opened make an event, and are read then. */
	while (r->base + (int64_t)r->have < r->out->st.st_size) {
		ssize_t got = pread_again(r->fd, gather->buffer + r->have, gather->cap - r->have,
					  r->base + (int64_t)r->have);
		if (got < 0) {
			r->out->why = errno;
			return GATHER_FAILED;
		}
		if (got == 0)
			break;
		r->have += (size_t)got;
		if (!take_buffer(r)) {
			r->out->why = ENOMEM;
			return r->stopped ? GATHER_STOPPED : GATHER_FAILED;
		}
	}
	r->out->offset = r->line_base >= 0 ? r->line_base : r->base;
	set_mark(r);
	return GATHER_DONE;
}

enum gather_result gather_read(struct gather *gather, const char *path, int64_t from,
			       struct gather_file *out)
{
	memset(out, 0, sizeof(*out));
	out->result = GATHER_FAILED;
	if (gather->cap != READ_BUFFER_BYTES && !resize(gather, READ_BUFFER_BYTES)) {
		out->why = ENOMEM;
		return out->result;
	}
	/* O_NONBLOCK: what was a transcript a moment ago may be a FIFO by now. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		out->why = errno;
		if (paths_is_gone(errno))
			out->result = GATHER_GONE;
		return out->result;
	}
	struct reading r = { .gather = gather, .out = out, .fd = fd, .base = from, .line_base = -1 };
	if (fstat(fd, &out->st) != 0)
		out->why = errno;
	else
		out->result = S_ISREG(out->st.st_mode) ? read_open_file(&r) : GATHER_GONE;
	close(fd);
	return out->result;
}

void gather_release(struct gather *gather)
{
	free(gather->buffer);
	gather->buffer = NULL;
	gather->cap = 0;
}
