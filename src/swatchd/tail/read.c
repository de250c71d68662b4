#include "swatchd/tail/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/paths.h"
#include "base/scope.h"

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

/* Forgets how far the transcript was read. */
static void begin_again(struct transcript *t)
{
	t->offset = 0;
	t->searched = 0;
	t->mark = 0;
	t->mark_len = 0;
	t->skipping = false;
}

void tail_read_adopt(struct transcript *t, const struct gather_file *file)
{
	begin_again(t);
	tail_read_note_stat(t, &file->st);
	t->known = true;
	t->dev = file->st.st_dev;
	t->ino = file->st.st_ino;
	t->offset = file->offset;
	t->mark = file->mark;
	t->mark_len = (uint16_t)file->mark_len;
}

#define NS_IN_S INT64_C(1000000000)

int64_t tail_modified_ns(const struct transcript *t)
{
	return t->modified_ms / 1000 * NS_IN_S + t->modified_ns;
}

bool tail_get_place(const struct transcript *t, struct tail_place *out)
{
	if (!t->known || t->missed || t->behind || t->restart || t->mark_len == 0)
		return false;
	*out = (struct tail_place){
		.dev = t->dev,
		.ino = t->ino,
		.size_bytes = t->size_bytes,
		.modified_ns = tail_modified_ns(t),
		.offset = t->offset,
		.mark = t->mark,
		.mark_len = t->mark_len,
		.has_skipped = t->has_skipped,
	};
	return true;
}

void tail_resume(struct transcript *t, const struct tail_place *place)
{
	bool is_same = t->dev == place->dev && t->ino == place->ino && t->size_bytes == place->size_bytes
		       && tail_modified_ns(t) == place->modified_ns;
	begin_again(t);
	t->known = true;
	/* The numbers of devices change when a machine starts anew: the mark tells then. */
	t->behind = !is_same;
	/* lstat() failed: the next look compares with what was there then. */
	if (t->ino == 0) {
		t->dev = place->dev;
		t->ino = place->ino;
	}
	t->offset = place->offset;
	t->mark = place->mark;
	t->mark_len = (uint16_t)place->mark_len;
	t->has_skipped = place->has_skipped;
}

bool tail_read_is_changed(const struct transcript *t, const struct stat *st)
{
	return !t->known || t->failing || t->missed || t->dev != st->st_dev || t->ino != st->st_ino
	       || t->size_bytes != st->st_size || t->modified_ms != ms_of(&st->st_mtim)
	       || t->modified_ns != st->st_mtim.tv_nsec;
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
		return true;  /* the read that follows will fail too */
	return got == (ssize_t)t->mark_len && strmap_hash(bytes, t->mark_len) == t->mark;
}

static void set_mark(int fd, struct transcript *t)
{
	char bytes[TAIL_MARK_BYTES];
	size_t len = t->offset < TAIL_MARK_BYTES ? (size_t)t->offset : TAIL_MARK_BYTES;
	ssize_t got = pread_again(fd, bytes, len, t->offset - (int64_t)len);
	/* Without a mark the file is still followed; only a rewrite in place would pass unseen. */
	t->mark_len = got == (ssize_t)len ? (uint16_t)len : 0;
	t->mark = t->mark_len ? strmap_hash(bytes, t->mark_len) : 0;
}

/* The same when the bytes before the offset, which end at `end`, were just read. */
static void set_mark_of(struct transcript *t, const char *end)
{
	t->mark_len = TAIL_MARK_BYTES;
	t->mark = strmap_hash(end - TAIL_MARK_BYTES, TAIL_MARK_BYTES);
}

/* ---- one look, and the batches that come of it ---- */

#define BATCH_LINES 256

struct look {
	struct tail *tail;
	struct transcript *t;
	int fd;
	struct tail_line lines[BATCH_LINES];
	size_t line_count;
	uint64_t lines_read;
};

/* Hands on the lines found since the last batch. The last batch comes even without lines. */
static void hand_on(struct look *look, bool ends)
{
	const struct tail *tail = look->tail;
	const struct tail_batch batch = {
		.transcript = look->t,
		.lines = look->lines,
		.line_count = look->line_count,
		.read_ended = ends,
		.lines_read = look->lines_read,
	};
	if (!ends && look->line_count == 0)
		return;
	look->line_count = 0;
	tail->callbacks.batch(tail->ctx, &batch);
}

/* Restarts at the beginning when the file is another one, or no longer holds what was read. */
static void check_identity(struct look *look, const struct stat *st)
{
	struct transcript *t = look->t;
	bool same = t->dev == st->st_dev && t->ino == st->st_ino && st->st_size >= t->offset && !t->missed
		    && mark_holds(look->fd, t);
	t->missed = t->behind = false;
	if (t->known && !same) {
		begin_again(t);
		look->tail->stats.resets++;
		const struct tail_batch batch = { .transcript = t, .restarted = true };
		look->tail->callbacks.batch(look->tail->ctx, &batch);
	}
	if (t->restart && t->known && same)
		look->tail->callbacks.batch(look->tail->ctx,
					    &(struct tail_batch){ .transcript = t, .again = true });
	if (t->restart)
		begin_again(t);
	t->restart = false;
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

/* Finds the complete lines in chunk[0..have), with no newline before `from`. Returns their bytes. */
static size_t find_lines(struct look *look, size_t have, size_t from)
{
	struct tail *tail = look->tail;
	struct transcript *t = look->t;
	size_t start = 0;
	const char *newline;
	while ((newline = memchr(tail->chunk + from, '\n', have - from))) {
		size_t end = (size_t)(newline - tail->chunk);
		if (t->skipping) {
			t->skipping = false;
			t->has_skipped = true;
			tail->stats.skipped_lines++;
		} else if (end > start) {
			if (look->line_count == BATCH_LINES)
				hand_on(look, false);
			look->lines[look->line_count++] = (struct tail_line){
				.text = tail->chunk + start, .len = end - start,
				.offset = t->offset + (int64_t)start,
			};
		}
		look->lines_read++;
		start = from = end + 1;
	}
	return start;
}

/* Goes on behind the lines that were found in the first `bytes` of the chunk. */
static void advance(struct look *look, size_t bytes)
{
	struct transcript *t = look->t;
	look->tail->stats.bytes += bytes;
	t->offset += (int64_t)bytes;
	if (bytes >= TAIL_MARK_BYTES)
		set_mark_of(t, look->tail->chunk + bytes);
	else if (bytes > 0)
		set_mark(look->fd, t);
}

/* A full chunk has no newline: makes room, or skips the line. */
static bool make_room(struct tail *tail, struct transcript *t, size_t have)
{
	if (t->skipping || have >= TAIL_MAX_LINE_BYTES) {
		if (!t->skipping)
			log_warning("transcript %s: a line of more than %zu MiB at byte %lld is skipped",
				    t->path, TAIL_MAX_LINE_BYTES >> 20, (long long)t->offset);
		t->skipping = true;
		t->offset += (int64_t)have;
		tail->stats.bytes += have;
		return true;
	}
	return grow_chunk(tail);
}

/* Searches the half line at the end of a file once, not at every append. */
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

/* Reads up to `end`, the file's size. Leaves the lines of the last chunk in `look`. */
static enum tail_read_result read_open_file(struct look *look, int64_t end, size_t budget_bytes)
{
	struct tail *tail = look->tail;
	struct transcript *t = look->t;
	if (still_no_newline(tail, t, look->fd))
		return TAIL_READ_DONE;
	size_t have = 0, spent = 0;
	for (;;) {
		ssize_t got = pread_again(look->fd, tail->chunk + have, tail->chunk_cap - have,
					  t->offset + (int64_t)have);
		if (got < 0)
			return TAIL_READ_FAILED;
		if (got == 0)
			break;
		size_t passed = find_lines(look, have + (size_t)got, have);
		advance(look, passed);
		spent += (size_t)got;
		have += (size_t)got - passed;
		if (have == tail->chunk_cap || (t->skipping && have > 0)) {
			if (!make_room(tail, t, have)) {
				errno = ENOMEM;
				return TAIL_READ_FAILED;
			}
			if (t->skipping) {
				have = 0;
				set_mark(look->fd, t);
			}
		}
		if (spent >= budget_bytes && (have == 0 || passed > 0)) {
			t->searched = 0;
			return TAIL_READ_MORE;
		}
		/* Whatever was written after fstat() makes its own report. */
		if (t->offset + (int64_t)have >= end)
			break;
		/* The next read overwrites the lines. */
		hand_on(look, false);
		if (passed > 0 && have > 0)
			memmove(tail->chunk, tail->chunk + passed, have);
	}
	t->searched = (int64_t)have;
	return TAIL_READ_DONE;
}

enum tail_read_result tail_read_lines(struct tail *tail, struct transcript *t, size_t budget_bytes)
{
	struct look look;
	struct stat st;
	look.tail = tail;
	look.t = t;
	look.line_count = look.lines_read = 0;
	/* O_NONBLOCK: a FIFO may have taken the transcript's place. */
	look.fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (look.fd < 0)
		return paths_is_gone(errno) ? TAIL_READ_GONE : TAIL_READ_FAILED;
	bool looked = fstat(look.fd, &st) == 0;
	if (!looked || !S_ISREG(st.st_mode)) {
		close_quietly(look.fd);
		return looked ? TAIL_READ_GONE : TAIL_READ_FAILED;
	}
	check_identity(&look, &st);
	enum tail_read_result result = read_open_file(&look, st.st_size, budget_bytes);
	int why = errno;
	tail->stats.lines += look.lines_read;
	close(look.fd);
	tail_read_note_stat(t, &st);
	hand_on(&look, result != TAIL_READ_FAILED);
	shrink_chunk(tail);
	errno = why;
	return result;
}
