#include "swatchd/daemon/lines.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/unused.h"
#include "swatchd/daemon/facts.h"
#include "swatchd/daemon/gone.h"
#include "swatchd/daemon/history.h"
#include "swatchd/daemon/keep.h"
#include "swatchd/daemon/progress.h"
#include "swatchd/daemon/sessions.h"
#include "transcript/path.h"

/* ---- transcripts come ---- */

/* Finds the session's id, "" when the name is no id. Returns false when the path is not a transcript's. */
static bool take_name(const struct transcript *transcript, char id[CACHE_SESSION_ID_MAX + 1],
		      struct transcript_path *out)
{
	struct transcript_path parts;
	if (!transcript_path_parse(transcript->path + transcript->root_len, &parts))
		return false;
	*out = parts;
	id[0] = '\0';
	if (parts.by_lines)
		return true;
	if (cache_session_id_is_valid(parts.session_id.data, parts.session_id.len)) {
		memcpy(id, parts.session_id.data, parts.session_id.len);
		id[parts.session_id.len] = '\0';
	} else {
		log_debug("%s gets no session file: its name is not a session id", transcript->path);
	}
	return true;
}

/* A session that was not known before. */
static void greet_session(struct daemon *daemon, struct session *session)
{
	daemon_take_processes(daemon, session);
	if (!daemon->history.first_walk)
		events_emit_string(&daemon->events, "session-started", "sessionId", session->id);
}

/* Only the lines of a subagent beside the sessions say whose it is: it is without a session until then. */
static void find_its_session(struct daemon *daemon, struct session_transcript *part)
{
	const char *id = ledger_session_of_file(daemon->ledger, part->ledger_file);
	if (part->session->id[0] || !part->subagent || !cache_session_id_is_valid(id, strlen(id)))
		return;
	bool is_new = !sessions_find(&daemon->sessions, id);
	if (sessions_move_transcript(&daemon->sessions, part, id) && is_new)
		greet_session(daemon, part->session);
}

void *daemon_open_transcript(void *ctx, struct transcript *transcript)
{
	struct daemon *daemon = ctx;
	char id[CACHE_SESSION_ID_MAX + 1];
	struct transcript_path parts;
	if (!take_name(transcript, id, &parts)) {
		errno = 0;
		return NULL;
	}
	bool is_new = id[0] && !sessions_find(&daemon->sessions, id);
	struct store_known *known = daemon_progress_find(daemon, transcript);
	/* What only its lines tell, the ledger's file may remember. */
	const char *session_id = known && known->session_id[0] ? known->session_id : NULL;
	int ledger_file = ledger_add_file(daemon->ledger, transcript->path, transcript->root_len,
					  parts.by_lines ? session_id : id, parts.subagent);
	struct session_transcript *part = NULL;
	/* During the first walk no facts are wanted yet: expire decides which sessions get a file. */
	if (ledger_file >= 0)
		part = sessions_open_transcript(&daemon->sessions, id, parts.subagent, transcript,
						ledger_file, !daemon->history.first_walk);
	if (!part) {
		/* EIO: the ledger's file cannot be read. */
		if (ledger_file >= 0)
			errno = ENOMEM;
		return NULL;
	}
	daemon_progress_opened(daemon, part, known);
	if (is_new)
		greet_session(daemon, part->session);
	find_its_session(daemon, part);
	return part;
}

bool daemon_wants_lines(void *ctx UNUSED, const struct transcript *transcript)
{
	const struct session_transcript *part = transcript->owner;
	return part->wanted;
}

/* ---- a batch ---- */

/*
 * Memory ran out for a message, or nobody can tell whether it is one of the past: the whole transcript comes
 * again. While a command has the ledger's file this is no failure: the daemon begins anew afterwards.
 */
static void note_missed(struct daemon *daemon, struct transcript *transcript)
{
	if (!transcript->missed && !daemon->lend.is_lent)
		log_error(
			"cannot account a message of %s: out of memory, or the ledger's file cannot be read;"
			" reading the transcript again",
			transcript->path);
	tail_note_missed(daemon->tail, transcript);
}

/* The lines come again: forgets the earlier ones. */
static void forget_lines(struct daemon *daemon, struct session_transcript *part)
{
	daemon_progress_lost(daemon, part);
	int file = ledger_replace_file(daemon->ledger, part->ledger_file);
	/* Until it has a number of its own, the new lines count as the old one's, or not at all. */
	if (file >= 0)
		part->ledger_file = file;
	else
		note_missed(daemon, part->file);
	daemon_note_gone(daemon, NULL);
	sessions_reset_transcript(part);
	sessions_note_saved(part, 0, &(struct malformed_lines){ { 0 } });
}

static void take_facts(struct daemon *daemon, struct transcript *transcript, int64_t offset,
		       const struct scan_facts *facts)
{
	struct session_transcript *part = transcript->owner;
	if (offset >= part->facts_to) {
		drift_note_line(&daemon->drift, facts);
		sessions_take_facts(&daemon->sessions, part, facts);
	}
	/* Lines that only give their facts again: the ledger's file has what they cost. */
	if (offset < part->saved_to)
		return;
	if (facts->usage.present && ledger_add(daemon->ledger, part->ledger_file, offset, &facts->usage) < 0)
		note_missed(daemon, transcript);
	if (facts->limit.present && !facts->usage.present)
		ledger_note_limit(daemon->ledger, part->ledger_file, offset, facts->timestamp_ms,
				  &facts->limit);
	if (facts->limit.present)
		daemon_note_hit(daemon, part->ledger_file, offset, facts->timestamp_ms, &facts->limit,
				facts->usage.present);
}

static void take_line(struct daemon *daemon, struct transcript *transcript, const struct tail_line *line)
{
	struct session_transcript *part = transcript->owner;
	bool is_new = line->offset >= part->facts_to;
	struct scan_reader reader = { .line = line->text, .len = line->len,
				      .unknown = is_new ? drift_note_field : NULL, .ctx = &daemon->drift };
	struct scan_facts facts;
	enum malformed malformed = MALFORMED_NOT;
	bool previewed = false;
	int64_t at_ms = 0;
	if ((!part->wanted && !scan_may_have_usage(line->text, line->len))
	    || (!is_new && line->offset < part->saved_to))
		return;
	while (scan_next_record(&reader, &facts)) {
		malformed = malformed ? malformed : facts.malformed;
		previewed = previewed || facts.preview.data;
		at_ms = facts.timestamp_ms > 0 ? facts.timestamp_ms : at_ms;
		take_facts(daemon, transcript, line->offset + (int64_t)reader.start, &facts);
	}
	if (!is_new)
		return;
	sessions_note_malformed(part, malformed || !reader.is_damaged ? malformed : MALFORMED_DAMAGED);
	bool has_secret = sessions_take_secrets(&daemon->sessions, part,
						(struct slice){ line->text, line->len }, line->offset, at_ms);
	if (has_secret && previewed)
		sessions_hide_preview(transcript->owner);
}

static void take_record(struct daemon *daemon, struct transcript *transcript,
			const struct ledger_record *record)
{
	const struct session_transcript *part = transcript->owner;
	if (ledger_add_record(daemon->ledger, part->ledger_file, record) < 0)
		note_missed(daemon, transcript);
	if (record->is_limit)
		daemon_note_record_hit(daemon, part->ledger_file, record, true);
}

static void note_read(struct daemon *daemon, struct session_transcript *part, uint64_t lines_read)
{
	struct session *session = part->session;
	bool moved = sessions_note_read(part);
	publish_note_change(&daemon->publish, session, lines_read > 0 ? PUBLISH_LINES : PUBLISH_TRANSCRIPT);
	if (!daemon_is_news(daemon))
		return;
	if (session->id[0] && (moved || session->excluded))
		expire_note(&daemon->expire, session);
	watch_note_activity(daemon->watch);
	if (lines_read == 0)
		return;
	billing_note_activity(&daemon->billing, clock_wall_ms());
	refresh_note_activity(&daemon->refresh);
}

/*
 * A transcript that was moved counts in its new place: with what is read there from now on, and what was read
 * there before the old one went.
 */
static void read_moved(struct daemon *daemon, const struct session_transcript *gone)
{
	const char *name = strrchr(gone->file->path, '/');
	for (struct session_transcript *part = gone->session->transcripts; part; part = part->next) {
		const char *other = strrchr(part->file->path, '/');
		if (part == gone || !name || !other || strcmp(name, other) != 0)
			continue;
		sessions_note_saved(part, 0, &part->malformed);
		tail_reread(daemon->tail, part->file);
	}
}

static void close_transcript(struct daemon *daemon, struct session_transcript *part)
{
	struct session *session = part->session;
	daemon_progress_lost(daemon, part);
	ledger_lose_file(daemon->ledger, part->ledger_file);
	read_moved(daemon, part);
	sessions_close_transcript(part);
	publish_note_change(&daemon->publish, session, PUBLISH_STATE);
	daemon_note_gone(daemon, session->transcripts ? NULL : session);
}

void daemon_take_batch(void *ctx, const struct tail_batch *batch)
{
	struct daemon *daemon = ctx;
	struct transcript *transcript = batch->transcript;
	if (batch->restarted)
		forget_lines(daemon, transcript->owner);
	if (batch->again)
		sessions_reset_transcript(transcript->owner);
	for (size_t i = 0; i < batch->line_count; i++)
		take_line(daemon, transcript, &batch->lines[i]);
	for (size_t i = 0; i < batch->record_count; i++)
		take_record(daemon, transcript, &batch->records[i]);
	if (batch->malformed)
		sessions_add_malformed(transcript->owner, batch->malformed);
	if (batch->read_ended) {
		find_its_session(daemon, transcript->owner);
		daemon_progress_read(daemon, transcript->owner);
		note_read(daemon, transcript->owner, batch->lines_read);
	}
	if (batch->gone)
		close_transcript(daemon, transcript->owner);
	if (batch->record_count > 0)
		daemon_keep_make_room(daemon);
	if (batch->turn_ended)
		daemon_end_turn(daemon);
	if (batch->turn_ended || batch->caught_up)
		daemon_keep_soon(daemon);
	if (batch->caught_up)
		daemon_note_caught_up(daemon);
}
