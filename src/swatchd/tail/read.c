#include "swatchd/tail/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/paths.h"

static int64_t ms_of(const struct timespec *ts)
{
	return (int64_t)ts->tv_sec * 1000 + ts->tv_nsec / 1000000;
}

void tail_read_note_stat(struct transcript *t, const struct stat *st)
{
	t->size_bytes = st->st_size;
	t->modified_ms = ms_of(&st->st_mtim);
	t->modified_ns = st->st_mtim.tv_nsec;
}

void tail_read_adopt(struct transcript *t, const struct gather_file *file)
{
	tail_read_restart(t);
	tail_read_note_stat(t, &file->st);
	t->known = true;
	t->dev = file->st.st_dev;
	t->ino = file->st.st_ino;
	t->offset = file->offset;
	t->mark = file->mark;
	t->mark_len = file->mark_len;
}

bool tail_read_is_changed(const struct transcript *t, const struct stat *st)
{
	return !t->known || t->failing || t->missed || t->dev != st->st_dev || t->ino != st->st_ino || t->size_bytes != st->st_size
	       || t->modified_ms != ms_of(&st->st_mtim) || t->modified_ns != st->st_mtim.tv_nsec;
}

void tail_read_restart(struct transcript *t)
{
	t->offset = 0;
	t->searched = 0;
	t->mark = 0;
	t->mark_len = 0;
	t->skipping = false;
}

static ssize_t pread_again(int fd, void *into, size_t len, int64_t at)
{
	ssize_t got;
	do
		got = pread(fd, into, len, (off_t)at);
	while (got < 0 && errno == EINTR);
	return got;
}

/* True when the bytes before the offset are the ones that were read there. */
static bool mark_holds(int fd, const struct transcript *t)
{
	char bytes[TAIL_MARK_BYTES];
	if (t->mark_len == 0)
		return true;
	ssize_t got = pread_again(fd, bytes, t->mark_len, t->offset - (int64_t)t->mark_len);
	if (got < 0)
		return true;  /* the read of what follows will tell */
	return got == (ssize_t)t->mark_len && strmap_hash(bytes, t->mark_len) == t->mark;
}

static void set_mark(int fd, struct transcript *t)
{
	char bytes[TAIL_MARK_BYTES];
	size_t len = t->offset < TAIL_MARK_BYTES ? (size_t)t->offset : TAIL_MARK_BYTES;
	ssize_t got = pread_again(fd, bytes, len, t->offset - (int64_t)len);
	/* Without a mark the file is still followed; only a rewrite in place would pass unseen. */
	t->mark_len = got == (ssize_t)len ? len : 0;
	t->mark = t->mark_len ? strmap_hash(bytes, t->mark_len) : 0;
}

/* The same where the bytes before the offset, which end at `end`, were just read. */
static void set_mark_of(struct transcript *t, const char *end)
{
	t->mark_len = TAIL_MARK_BYTES;
	t->mark = strmap_hash(end - TAIL_MARK_BYTES, TAIL_MARK_BYTES);
}

/* Sees whether the file is still the one that was read, and all of it kept; starts again where it is not. */
static void check_identity(struct tail *tail, struct transcript *t, int fd, const struct stat *st)
{
	bool same = t->dev == st->st_dev && t->ino == st->st_ino && st->st_size >= t->offset && !t->missed
		    && mark_holds(fd, t);
	t->missed = false;
	if (t->known && !same) {
		tail_read_restart(t);
		tail->stats.resets++;
		tail->callbacks.reset(tail->ctx, t);
	}
	t->known = true;
	t->dev = st->st_dev;
	t->ino = st->st_ino;
	if (t->offset + t->searched > st->st_size)
		t->searched = 0;
}

static bool grow_chunk(struct tail *tail)
{
	size_t cap = tail->chunk_cap > 0 ? tail->chunk_cap * 2 : READ_BUFFER_BYTES;
	char *grown = realloc(tail->chunk, cap);
	if (!grown)
		return false;
	tail->chunk = grown;
	tail->chunk_cap = cap;
	return true;
}

static void shrink_chunk(struct tail *tail)
{
	if (tail->chunk_cap <= READ_BUFFER_BYTES)
		return;
	char *small = realloc(tail->chunk, READ_BUFFER_BYTES);
	if (small) {
		tail->chunk = small;
		tail->chunk_cap = READ_BUFFER_BYTES;
	}
}

/* Passes on the complete lines of chunk[0..have); returns how many bytes they were. */
static size_t pass_lines(struct tail *tail, struct transcript *t, size_t have, size_t search_from, uint64_t *lines)
{
	size_t start = 0;
	const char *newline;
	while ((newline = memchr(tail->chunk + search_from, '\n', have - search_from))) {
		size_t end = (size_t)(newline - tail->chunk);
		if (t->skipping) {
			t->skipping = false;
			t->has_skipped = true;
			tail->stats.skipped_lines++;
		} else if (end > start) {
			tail->callbacks.line(tail->ctx, t, t->offset + (int64_t)start, tail->chunk + start, end - start);
		}
		(*lines)++;
		start = search_from = end + 1;
	}
	return start;
}

/* There is no newline in a full chunk: make room, or give the line up. */
static bool make_room(struct tail *tail, struct transcript *t, size_t have)
{
	if (t->skipping || have >= TAIL_MAX_LINE_BYTES) {
		if (!t->skipping)
			log_warning("transcript %s: a line of more than %zu MiB at byte %lld is skipped", t->path,
				    TAIL_MAX_LINE_BYTES >> 20, (long long)t->offset);
		t->skipping = true;
		t->offset += (int64_t)have;
		tail->stats.bytes += have;
		return true;
	}
	return grow_chunk(tail);
}

/* The tail end of a file that has no newline yet is searched once, not at every append. */
static bool still_no_newline(struct tail *tail, struct transcript *t, int fd)
{
	while (t->searched > 0) {
		ssize_t got = pread_again(fd, tail->chunk, tail->chunk_cap, t->offset + t->searched);
		if (got <= 0)
			return got == 0;
		if (memchr(tail->chunk, '\n', (size_t)got))
			return false;
		t->searched += got;
		if (t->searched > (int64_t)TAIL_MAX_LINE_BYTES)
			return false;
	}
	return false;
}

/* Up to `end`, the file's size. */
static enum tail_read_result read_open_file(struct tail *tail, struct transcript *t, int fd, int64_t end,
					    size_t budget_bytes, uint64_t *lines)
{
	if (still_no_newline(tail, t, fd))
		return TAIL_READ_DONE;
	size_t have = 0, spent = 0;
	for (;;) {
		ssize_t got = pread_again(fd, tail->chunk + have, tail->chunk_cap - have, t->offset + (int64_t)have);
		if (got < 0)
			return TAIL_READ_FAILED;
		if (got == 0)
			break;
		size_t searched = have;
		have += (size_t)got;
		spent += (size_t)got;
		size_t passed = pass_lines(tail, t, have, searched, lines);
		tail->stats.bytes += passed;
		t->offset += (int64_t)passed;
		if (passed >= TAIL_MARK_BYTES)
			set_mark_of(t, tail->chunk + passed);
		else if (passed > 0)
			set_mark(fd, t);
		have -= passed;
		if (passed > 0 && have > 0)
			memmove(tail->chunk, tail->chunk + passed, have);
		if (have == tail->chunk_cap || (t->skipping && have > 0)) {
			if (!make_room(tail, t, have)) {
				errno = ENOMEM;
				return TAIL_READ_FAILED;
			}
			if (t->skipping) {
				have = 0;
				set_mark(fd, t);
			}
		}
		if (spent >= budget_bytes && (have == 0 || passed > 0)) {
			t->searched = 0;
			return TAIL_READ_MORE;
		}
		/* What came after it was looked at is reported. */
		if (t->offset + (int64_t)have >= end)
			break;
	}
	t->searched = (int64_t)have;
	return TAIL_READ_DONE;
}

enum tail_read_result tail_read_lines(struct tail *tail, struct transcript *t, size_t budget_bytes)
{
	/* O_NONBLOCK: what was a transcript a moment ago may be a FIFO by now. */
	int fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return paths_is_gone(errno) ? TAIL_READ_GONE : TAIL_READ_FAILED;
	struct stat st;
	bool looked = fstat(fd, &st) == 0;
	if (!looked || !S_ISREG(st.st_mode)) {
		int why = errno;
		close(fd);
		errno = why;
		return looked ? TAIL_READ_GONE : TAIL_READ_FAILED;
	}
	check_identity(tail, t, fd, &st);
	uint64_t lines = 0;
	enum tail_read_result result = read_open_file(tail, t, fd, st.st_size, budget_bytes, &lines);
	int why = errno;
	tail->stats.lines += lines;
	close(fd);
	shrink_chunk(tail);
	tail_read_note_stat(t, &st);
	if (result != TAIL_READ_FAILED)
		tail->callbacks.advanced(tail->ctx, t, lines);
	errno = why;
	return result;
}
