/*
 * Transcripts as ccusage 20.0.24 reads them: every line with a usage object, those of agent_progress
 * included, each with what keeps it from ccusage or from swatch.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strmap.h"
#include "ccusage/reference.h"
#include "history/gather.h"
#include "history/history.h"
#include "ledger/record.h"
#include "transcript/find.h"
#include "transcript/scan.h"

#define CHUNK_BYTES ((size_t)1 << 20)
/* Longer ids are hashed as they are written. */
#define ID_MAX 1024

/* Where the reading stands. */
struct reader {
	struct reference *reference;
	const atomic_bool *stop;     /* NULL: nobody stops it */
	uint32_t file;
	uint64_t session_hash;       /* of the session that the path names */
	struct buf line;             /* a nested message, as a line of its own */
};

static bool is_stopped(const struct reader *reader)
{
	return reader->stop && atomic_load(reader->stop);
}

/* ---- a line ---- */

/* By what it says, however it is written. Never 0. */
static uint64_t hash_text(struct slice text)
{
	char plain[ID_MAX];
	size_t len;
	if (memchr(text.data, '\\', text.len) && slice_to_text(text, plain, sizeof(plain), &len))
		return strmap_hash(plain, len) | 1;
	return strmap_hash(text.data, text.len) | 1;
}

static void set_price(struct reference_record *record, const struct scan_usage *usage)
{
	char model[PRICE_MODEL_MAX];
	size_t len = 0;
	double factor, own_factor;
	bool named = usage->model.data && slice_to_text(usage->model, model, sizeof(model), &len);
	const struct price *price = named ? price_find_reference(model, len, &factor) : NULL;
	const struct price *own = named ? price_find(model, len, &own_factor) : NULL;
	record->usd = 0.;
	record->newer = record->unpriced = record->guessed = false;
	if (usage->has_cost || (record->lost & REFERENCE_REFUSED_COST)) {
		record->usd = usage->cost_usd;
		return;
	}
	record->newer = !price && own && own->after_reference;
	record->unpriced = !own && !ledger_model_is_silent(usage->model, usage->advisor);
	record->guessed = !price && !record->newer && (own || record->unpriced);
	if (price || (record->guessed && own))
		record->usd = price_cost_usd(price ? price : own, price ? factor : own_factor,
					     &record->tokens, record->time_ms, usage->fast);
}

static bool add_record(struct reader *reader, const struct scan_usage *usage, struct reference_record *record)
{
	record->time_ms = usage->timestamp_ms;
	record->our_tokens = usage->tokens;
	bool has_others = (usage->faults & SCAN_FAULTS_TOKENS) || usage->refused;
	record->tokens = has_others ? usage->reference_tokens : usage->tokens;
	record->other_tokens = (usage->faults & SCAN_FAULT_PAUSED)     ? REFERENCE_TOKENS_PAUSED
			       : (usage->faults & SCAN_FAULT_COMPACTION) ? REFERENCE_TOKENS_COMPACTION
			       : (usage->faults & SCAN_FAULT_CREATION) ? REFERENCE_TOKENS_CREATION
								       : REFERENCE_TOKENS_SAME;
	record->message_hash = usage->message_id.data ? hash_text(usage->message_id) : 0;
	record->request_hash = usage->request_id.data ? hash_text(usage->request_id) : 0;
	record->advisor = (uint16_t)usage->advisor;
	record->sidechain = usage->sidechain;
	record->has_speed = usage->has_speed;
	record->fast = usage->fast;
	/* The scan does not believe a cost of 0 or less, or above a million; ccusage believes all of them. */
	bool other_cost = usage->advisor == 0 && usage->has_other_cost;
	record->lost = (uint16_t)((usage->faults & SCAN_FAULT_NULL ? REFERENCE_LOST_NULL : 0)
				 | (usage->faults & SCAN_FAULT_SPACE ? REFERENCE_LOST_SPACE : 0)
				 | (usage->faults & SCAN_FAULT_FORM ? REFERENCE_LOST_FORM : 0)
				 | (usage->faults & SCAN_FAULT_DAMAGE ? REFERENCE_LOST_DAMAGE : 0)
				 | (usage->faults & SCAN_FAULT_HIDDEN ? REFERENCE_LOST_HIDDEN : 0)
				 | (usage->faults & SCAN_FAULT_ERROR_MARK ? REFERENCE_LOST_ERROR_MARK : 0)
				 | (usage->refused ? REFERENCE_REFUSED_COUNT : 0)
				 | (other_cost ? REFERENCE_REFUSED_COST : 0)
				 | (record->lost & REFERENCE_UNFINISHED));
	record->limit_resets_ms = usage->advisor == 0 ? ledger_limit_resets_ms(&usage->limit) : 0;
	record->new_limit = record->limit_resets_ms > 0 && !usage->limit.old_form;
	set_price(record, usage);
	int number = reference_model_number(reader->reference, usage->model);
	record->model = (uint16_t)number;
	return number >= 0 && reference_add(reader->reference, record);
}

static bool add_message(struct reader *reader, const struct scan_facts *facts,
			struct reference_record *record)
{
	struct scan_usage advisor;
	struct scan_cursor cursor = { .with_refused = true };
	if (facts->session_id.data)
		record->session_hash = hash_text(facts->session_id);
	if (!add_record(reader, &facts->usage, record))
		return false;
	while (scan_next_advisor(&facts->usage, &cursor, &advisor))
		if (!add_record(reader, &advisor, record))
			return false;
	return true;
}

/* ---- agent_progress ---- */

static void note_null(void *ctx, struct slice key)
{
	size_t *seen = ctx;
	*seen += scan_null_is_fatal(key);
}

/* How many nulls there are that lose a line (DIFFERENCE_LOST_LINE), at any depth. */
static size_t count_nulls(const char *text, size_t len)
{
	struct walk_item item;
	struct walk w;
	size_t seen = 0;
	walk_init(&w, text, len);
	w.null_seen = note_null;
	w.ctx = &seen;
	walk_value(&w, &item);
	return seen;
}

/* Finds an object's only member of that name; its kind is WALK_NONE when it is missing or there twice. */
static struct walk_item member_of(struct slice object, const char *name)
{
	struct walk_item found = { WALK_NONE, { NULL, 0 } }, item;
	struct slice key;
	struct walk w;
	bool first = true;
	walk_init(&w, object.data, object.len);
	if (!walk_enter(&w, '{'))
		return found;
	while (walk_next_key(&w, &first, &key)) {
		bool is_it = slice_equals(key, name);
		if (!walk_value(&w, &item))
			break;
		if (is_it && found.kind != WALK_NONE)
			return (struct walk_item){ WALK_NONE, { NULL, 0 } };
		if (is_it)
			found = item;
	}
	return found;
}

/*
 * Writes what ccusage takes of data.message as a line of its own. The rest of it, its version for one, it
 * never looks at.
 */
static bool write_nested(struct reader *reader, struct slice message)
{
	static const char *const taken[] = { "timestamp", "message", "costUSD", "requestId", "isSidechain" };
	struct walk_item item;
	struct slice key;
	struct walk w;
	bool first = true;
	buf_clear(&reader->line);
	buf_append_str(&reader->line, "{");
	walk_init(&w, message.data, message.len);
	walk_enter(&w, '{');
	while (walk_next_key(&w, &first, &key)) {
		const char *name = NULL;
		for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
			name = slice_equals(key, taken[i]) ? taken[i] : name;
		if (!walk_value(&w, &item))
			return false;
		if (!name)
			continue;
		const char *quote = item.kind == WALK_STRING ? "\"" : "";
		buf_printf(&reader->line, "%s\"%s\":%s", reader->line.len > 1 ? "," : "", name, quote);
		buf_append(&reader->line, item.text.data, item.text.len);
		buf_append_str(&reader->line, item.kind == WALK_NULL	? "null"
					      : item.kind == WALK_TRUE	? "true"
					      : item.kind == WALK_FALSE ? "false"
									: quote);
	}
	buf_append_str(&reader->line, "}");
	return !reader->line.failed;
}

/* The message of an agent_progress line, where it is one. Returns false when memory ran out. */
static bool add_progress(struct reader *reader, const char *line, size_t len, struct reference_record *record)
{
	struct scan_facts facts;
	struct walk_item session = member_of((struct slice){ line, len }, "sessionId");
	struct walk_item data = member_of((struct slice){ line, len }, "data");
	struct walk_item message = data.kind == WALK_OBJECT ? member_of(data.text, "message") : data;
	if (data.kind != WALK_OBJECT || message.kind != WALK_OBJECT)
		return true;
	if (session.kind == WALK_STRING ? session.text.len == 0 : session.kind != WALK_NONE)
		return true;
	if (!write_nested(reader, message.text))
		return !reader->line.failed;
	if (!scan_line(buf_str(&reader->line), reader->line.len, &facts, NULL, NULL))
		return true;
	if (!facts.usage.present && !facts.usage.refused)
		return true;
	/* Those of the nested message are among its faults, where they are any. */
	if (count_nulls(line, len) > count_nulls(buf_str(&reader->line), reader->line.len))
		return true;
	record->progress = true;
	if (session.kind == WALK_STRING)
		record->session_hash = hash_text(session.text);
	return add_record(reader, &facts.usage, record);
}

static bool take_line(struct reader *reader, const char *line, size_t len, int64_t offset, uint32_t number,
		      bool finished)
{
	struct scan_reader records = { .line = line, .len = len };
	struct scan_facts facts;
	if (!scan_find_usage(line, line + len))
		return true;
	while (scan_next_record(&records, &facts)) {
		struct reference_record record = { .offset = offset + (int64_t)records.start,
						   .file = reader->file,
						   .line = number,
						   .session_hash = reader->session_hash,
						   .lost = finished ? 0 : REFERENCE_UNFINISHED };
		if (facts.usage.present || facts.usage.refused) {
			if (!add_message(reader, &facts, &record))
				return false;
		} else if (!records.is_damaged && memmem(line, len, "\"usage\":{", 9)
			   && !add_progress(reader, line, len, &record)) {
			return false;
		}
	}
	return true;
}

/* ---- a file ---- */

struct lines {
	char *buffer;
	size_t cap, have;
	int64_t base;                /* the offset of buffer[0] */
	uint32_t number;             /* of the line at buffer[0] */
	bool skipping;               /* inside a line that is too long */
};

/* The whole lines in the buffer; at the end of the file also what is left. */
static bool take_lines(struct reader *reader, struct lines *lines, bool at_end)
{
	size_t start = 0;
	bool good = true;
	while (good && start < lines->have) {
		const char *line = lines->buffer + start;
		const char *newline = memchr(line, '\n', lines->have - start);
		if (!newline && !at_end)
			break;
		size_t len = newline ? (size_t)(newline - line) : lines->have - start;
		if (!lines->skipping)
			good = take_line(reader, line, len, lines->base + (int64_t)start, lines->number,
					 newline != NULL);
		lines->skipping = lines->skipping && !newline;
		lines->number++;
		start += len + (newline ? 1 : 0);
	}
	lines->have -= start;
	lines->base += (int64_t)start;
	if (lines->have > 0)
		memmove(lines->buffer, lines->buffer + start, lines->have);
	return good;
}

/* Makes room behind a line that fills the buffer. Returns false when memory ran out. */
static bool make_room(struct lines *lines)
{
	if (lines->have < lines->cap)
		return true;
	if (lines->cap >= TRANSCRIPT_MAX_LINE_BYTES) {
		lines->skipping = true;
		lines->base += (int64_t)lines->have;
		lines->have = 0;
		return true;
	}
	char *grown = realloc(lines->buffer, lines->cap * 2);
	if (!grown)
		return false;
	lines->buffer = grown;
	lines->cap *= 2;
	return true;
}

/* Returns false when memory ran out, or it was stopped; it passes over a file that cannot be read. */
static bool read_file(struct reader *reader, struct lines *lines, const char *path)
{
	bool good = true;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	lines->have = 0;
	lines->base = 0;
	lines->number = 1;
	lines->skipping = false;
	while (fd >= 0 && good) {
		ssize_t got = read(fd, lines->buffer + lines->have, lines->cap - lines->have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got > 0)
			lines->have += (size_t)got;
		good = take_lines(reader, lines, got <= 0) && make_room(lines) && !is_stopped(reader);
		if (got <= 0)
			break;
	}
	if (fd >= 0)
		close(fd);
	return good;
}

/* ---- all of them ---- */

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct history_job *)a)->path, ((const struct history_job *)b)->path);
}

static bool read_job(struct reader *reader, struct lines *lines, const struct history_job *job)
{
	char *path = strdup(job->path);
	struct reference_file file = { .path = path, .root_len = job->root_len };
	if (!path || !reference_session_of_path(path, &file.session, &file.project)) {
		free(path);
		return false;
	}
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the reference takes the path over, or frees it */
	reader->file = (uint32_t)reference_file_count(reader->reference);
	reader->session_hash = strmap_hash(file.session, strlen(file.session)) | 1;
	if (!reference_add_file(reader->reference, &file))
		return false;
	return read_file(reader, lines, job->path);
}

int reference_read(struct reference *reference, const struct data_dirs *dirs, int64_t since_ms,
		   const atomic_bool *stop, struct buf *error)
{
	struct reader reader = { .reference = reference, .stop = stop };
	struct lines lines = { .buffer = malloc(CHUNK_BYTES), .cap = CHUNK_BYTES };
	struct history_job *jobs = NULL;
	size_t count = 0;
	bool good = lines.buffer && history_list(dirs, &jobs, &count, error) == 0;
	if (good && count > 0)
		qsort(jobs, count, sizeof(*jobs), compare_paths);
	for (size_t i = 0; i < count; i++) {
		if (jobs[i].modified_ns / 1000000 >= since_ms)
			good = good && !is_stopped(&reader) && read_job(&reader, &lines, &jobs[i]);
		free(jobs[i].path);
	}
	free(jobs);
	free(lines.buffer);
	buf_release(&reader.line);
	if (!good && error->len == 0)
		buf_printf(error, "cannot read the transcripts: %s",
			   is_stopped(&reader) ? "stopped" : "out of memory");
	return good ? 0 : -1;
}

/* ---- the session that a path names ---- */

/* The components from `first` to before `end`, joined. */
static char *join_parts(char *const *parts, size_t first, size_t end)
{
	struct buf out = BUF_INIT;
	buf_append_str(&out, "");
	for (size_t i = first; i < end; i++)
		buf_printf(&out, "%s%s", i > first ? "/" : "", parts[i]);
	return buf_detach(&out);
}

/* As ccusage reads them off the components below "projects". */
static bool name_session(char *const *parts, size_t count, char **session, char **project)
{
	const char *file = parts[count - 1];
	size_t file_len = strlen(file), stem = file_len > 6 ? file_len - 6 : 0;
	if (count == 2 && stem > 0) {
		*session = strndup(file, stem);
		*project = strdup(parts[0]);
	} else if (count >= 4 && strcmp(parts[count - 2], "subagents") == 0) {
		*session = strdup(parts[count - 3]);
		*project = join_parts(parts, 0, count - 3);
	} else {
		*session = strdup(parts[count < 2 ? 0 : count - 2]);
		*project = count > 2 ? join_parts(parts, 0, count - 2) : strdup("Unknown Project");
	}
	if (*session && *project)
		return true;
	free(*session);
	free(*project);
	return false;
}

bool reference_session_of_path(const char *path, char **session, char **project)
{
	char *copy = strdup(path), *save = NULL;
	size_t count = 0, cap = 2;
	for (const char *at = path; *at; at++)
		cap += *at == '/';
	char **parts = calloc(cap, sizeof(*parts));
	bool good = copy && parts, below = false;
	if (good)
		for (char *part = strtok_r(copy, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
			/* The first one of that name, wherever it is. */
			if (below)
				parts[count++] = part;
			below = below || strcmp(part, "projects") == 0;
		}
	good = good && count > 0 && name_session(parts, count, session, project);
	free(parts);
	free(copy);
	return good;
}
