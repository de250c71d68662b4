#include "swatchd/session/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "secret/find.h"

void sessions_init(struct sessions *sessions, int64_t preview_chars)
{
	memset(sessions, 0, sizeof(*sessions));
	sessions->preview_chars = preview_chars;
	sessions->unnamed.id = "";
	sessions->unnamed.state = SESSION_IDLE;
	sessions->unnamed.excluded = true;
}

void sessions_set_preview(struct sessions *sessions, int64_t chars)
{
	sessions->preview_chars = chars;
}

bool sessions_set_secrets(struct sessions *sessions, bool look)
{
	size_t cursor = 0;
	struct session *session;
	bool begins = look && !sessions->look_for_secrets;
	sessions->look_for_secrets = look;
	while ((session = sessions_each(sessions, &cursor))) {
		session->looks_for_secrets = look;
		if (!look)
			session_secrets_forget(&session->secrets, NULL);
	}
	return begins;
}

struct session *sessions_add(struct sessions *sessions, const char *id)
{
	if (!id[0])
		return &sessions->unnamed;
	struct session *session = sessions_find(sessions, id);
	if (session)
		return session;
	session = calloc(1, sizeof(*session));
	if (!session)
		return NULL;
	/* Until expire looks at it. */
	session->state = SESSION_IDLE;
	session->excluded = true;
	session->first_seen_ms = clock_wall_ms();
	session->looks_for_secrets = sessions->look_for_secrets;
	if (!strmap_put(&sessions->by_id, id, session)) {
		free(session);
		return NULL;
	}
	session->id = strmap_key(&sessions->by_id, id);
	return session;
}

/* Returns true when the session's last activity moved on. */
static bool take_activity(struct session_transcript *part)
{
	struct session *session = part->session;
	int64_t at_ms = part->file->modified_ms;
	int64_t now_ms = clock_wall_ms();
	/* A file time in the future (a clock that was set back) would keep the session active until then. */
	if (at_ms > now_ms)
		at_ms = now_ms;
	if (at_ms <= session->last_activity_ms)
		return false;
	session->last_activity_ms = at_ms;
	return true;
}

struct session_transcript *sessions_open_transcript(struct sessions *sessions, const char *id, bool subagent,
						    struct transcript *file, int ledger_file, bool wanted)
{
	struct session_transcript *part = calloc(1, sizeof(*part));
	struct session *session = part ? sessions_add(sessions, id) : NULL;
	if (!session) {
		free(part);
		return NULL;
	}
	part->session = session;
	part->file = file;
	part->subagent = subagent;
	part->ledger_file = ledger_file;
	part->wanted = wanted && id[0];
	part->context_tokens = -1;
	part->next = session->transcripts;
	session->transcripts = part;
	(void)take_activity(part);
	return part;
}

void sessions_free_facts(struct session_transcript *part)
{
	free(part->cwd);
	free(part->branch);
	free(part->model);
	free(part->preview);
	free(part->cost_state);
	part->cwd = part->branch = part->model = part->preview = NULL;
	part->cost_state = NULL;
}

static void unlink_transcript(struct session_transcript *part)
{
	for (struct session_transcript **at = &part->session->transcripts; *at; at = &(*at)->next) {
		if (*at == part) {
			*at = part->next;
			break;
		}
	}
}

void sessions_close_transcript(struct session_transcript *part)
{
	struct session *session = part->session;
	unlink_transcript(part);
	if (!part->subagent && session->state == SESSION_ACTIVE && !session_main(session))
		session->vanished_active = true;
	session_secrets_forget(&session->secrets, part->file->path);
	sessions_free_facts(part);
	free(part);
}

bool sessions_move_transcript(struct sessions *sessions, struct session_transcript *part, const char *id)
{
	struct session *session = sessions_add(sessions, id);
	if (!session)
		return false;
	unlink_transcript(part);
	session_secrets_move(&part->session->secrets, &session->secrets, part->file->path);
	part->session = session;
	part->next = session->transcripts;
	session->transcripts = part;
	(void)take_activity(part);
	return true;
}

void sessions_reset_transcript(struct session_transcript *part)
{
	sessions_free_facts(part);
	session_secrets_forget(&part->session->secrets, part->file->path);
	memset(&part->malformed, 0, sizeof(part->malformed));
	part->facts_to = 0;
	part->messages = part->last_message_hash = 0;
	part->last_message_ms = 0;
	part->context_tokens = -1;
	part->context_at_ms = 0;
	part->cache_written_ms = part->compacted_ms = 0;
	part->cache_is_1h = false;
	part->model_at_ms = 0;
}

/* Keeps a string's newest value; allocates only when it changes. */
static void keep(char **field, struct slice text, size_t size, size_t max_chars)
{
	char value[SESSION_PATH_MAX];
	if (!text.data || text.len == 0)
		return;
	size_t len = scan_unescape(text, value, size < sizeof(value) ? size : sizeof(value), max_chars);
	if (*field && strcmp(*field, value) == 0)
		return;
	char *copy = malloc(len + 1);
	if (!copy)
		return;  /* the older value stays: it was true a moment ago */
	memcpy(copy, value, len + 1);
	free(*field);
	*field = copy;
}

/* "HEAD" stands for a folder that is no repository, or no branch; older versions wrote nothing there. */
static void keep_branch(struct session_transcript *part, struct slice branch)
{
	if (branch.data && (branch.len == 0 || slice_equals(branch, "HEAD"))) {
		free(part->branch);
		part->branch = NULL;
		return;
	}
	keep(&part->branch, branch, SESSION_NAME_MAX, SESSION_NAME_MAX);
}

static void take_cost_state(struct session_transcript *part, const struct scan_facts *facts)
{
	if (!part->cost_state)
		part->cost_state = malloc(sizeof(*part->cost_state));
	if (!part->cost_state)
		return;  /* no total is shown */
	cost_state_take(facts, part->cost_state);
	part->cost_state_is_behind = false;
}

static void take_usage(struct session_transcript *part, const struct scan_facts *facts)
{
	const struct price_tokens *tokens = &facts->usage.tokens;
	part->cost_state_is_behind = true;
	/* An answer that was cut off at its start has no counts yet. */
	if (facts->context_tokens > 0) {
		part->context_tokens = facts->context_tokens;
		part->context_at_ms = facts->timestamp_ms;
	}
	if (facts->asked_5m || facts->asked_1h)
		part->cache_is_1h = facts->asked_1h;
	else if (facts->wrote_5m || facts->wrote_1h)
		part->cache_is_1h = facts->wrote_1h;
	if ((facts->wrote_5m || facts->wrote_1h || tokens->cache_read > 0) && facts->timestamp_ms > 0)
		part->cache_written_ms = facts->timestamp_ms;
}

void sessions_take_facts(struct sessions *sessions, struct session_transcript *part,
			 const struct scan_facts *facts)
{
	if (!part->wanted || part->subagent)
		return;
	keep(&part->cwd, facts->cwd, SESSION_PATH_MAX, SESSION_PATH_MAX);
	keep_branch(part, facts->git_branch);
	if (facts->compact_boundary && !facts->sidechain) {
		/* Where the line does not say how much is left, only the next message does. */
		part->context_tokens = facts->compacted_tokens;
		part->context_at_ms = facts->timestamp_ms;
		part->compacted_ms = facts->timestamp_ms;
	}
	if (facts->has_cost_state)
		take_cost_state(part, facts);
	if (!facts->is_message)
		return;
	struct slice id = facts->usage.message_id;
	uint64_t hash = id.data && id.len > 0 ? strmap_hash(id.data, id.len) : 0;
	part->messages += hash == 0 || hash != part->last_message_hash;
	part->last_message_hash = hash;
	part->preview_chars = sessions->preview_chars;
	if (facts->timestamp_ms > 0)
		part->last_message_ms = facts->timestamp_ms;
	if (facts->preview.data)
		keep(&part->preview, facts->preview, SESSION_PREVIEW_MAX, (size_t)sessions->preview_chars);
	if (!facts->has_context)
		return;
	keep(&part->model, facts->model, SESSION_NAME_MAX, SESSION_NAME_MAX);
	part->model_at_ms = facts->timestamp_ms;
	take_usage(part, facts);
}

struct line_search {
	struct session_transcript *part;
	int64_t offset, at_ms;
	bool found;
};

static void note_secret(void *ctx, enum secret_kind kind, size_t at)
{
	struct line_search *search = ctx;
	search->found = true;
	(void)session_secrets_note(&search->part->session->secrets, kind, search->part->file->path,
				   search->offset + (int64_t)at, search->at_ms);
}

bool sessions_take_secrets(struct sessions *sessions, struct session_transcript *part, struct slice line,
			   int64_t offset, int64_t at_ms)
{
	struct line_search search = { part, offset, at_ms, false };
	if (sessions->look_for_secrets && part->wanted)
		secret_find(line.data, line.len, note_secret, &search);
	return search.found;
}

void sessions_note_malformed(struct session_transcript *part, enum malformed kind)
{
	malformed_note(&part->malformed, kind);
}

void sessions_add_malformed(struct session_transcript *part, const struct malformed_lines *lines)
{
	malformed_add(&part->malformed, lines);
}

void sessions_hide_preview(struct session_transcript *part)
{
	static const char instead[] = "(a message with a token or key)";
	if (!part->preview)
		return;
	explicit_bzero(part->preview, strlen(part->preview));
	keep(&part->preview, (struct slice){ instead, strlen(instead) }, SESSION_PREVIEW_MAX,
	     SESSION_PREVIEW_MAX);
}

void sessions_note_saved(struct session_transcript *part, int64_t offset,
			 const struct malformed_lines *malformed)
{
	part->saved_to = part->facts_to = offset;
	part->malformed = *malformed;
}

bool sessions_want_facts(struct session_transcript *part)
{
	if (part->wanted || part->subagent)
		return false;
	part->wanted = true;
	sessions_reset_transcript(part);
	return true;
}

static void show(struct sessions *sessions, struct session *session)
{
	session->previous_shown = NULL;
	session->next_shown = sessions->shown;
	if (sessions->shown)
		sessions->shown->previous_shown = session;
	sessions->shown = session;
}

static void hide(struct sessions *sessions, struct session *session)
{
	if (session->next_shown)
		session->next_shown->previous_shown = session->previous_shown;
	if (session->previous_shown)
		session->previous_shown->next_shown = session->next_shown;
	else
		sessions->shown = session->next_shown;
}

void session_exclude(struct sessions *sessions, struct session *session, bool excluded)
{
	if (session->excluded == excluded)
		return;
	session->excluded = excluded;
	if (excluded)
		hide(sessions, session);
	else
		show(sessions, session);
}

const struct session_status *session_status(const struct session *session)
{
	static const struct session_status unknown = { .doing = SESSION_UNKNOWN };
	return session->status ? session->status : &unknown;
}

bool session_note_status(struct session *session, const struct session_status *status)
{
	bool changed = !session_status_is_same(session_status(session), status);
	if (status->doing == SESSION_UNKNOWN) {
		free(session->status);
		session->status = NULL;
		return changed;
	}
	if (!session->status)
		session->status = malloc(sizeof(*session->status));
	if (!session->status)
		return false;
	*session->status = *status;
	return changed;
}

/* Called when the transcript has been read up to its end: an older context says nothing of the window now. */
static void judge_window(struct session *session)
{
	const struct session_transcript *part = session_main(session);
	uint64_t model = part && part->model ? strmap_hash(part->model, strlen(part->model)) : 0;
	/* The client may be right about another model. */
	if (session->window_model != 0 && model != session->window_model)
		session->window_refuted = false;
	session->window_model = model;
	if (part && session->told_window > 0 && part->context_tokens > session->told_window)
		session->window_refuted = true;
}

bool sessions_note_read(struct session_transcript *part)
{
	part->session->vanished_active = false;
	judge_window(part->session);
	return take_activity(part);
}

void session_note_processes(struct session *session, unsigned living, int64_t now_ms)
{
	if (living > 0)
		session->process_ended_ms = 0;
	else if (session->live_processes > 0)
		session->process_ended_ms = now_ms;
	session->live_processes = living;
}

static bool is_window(int64_t tokens)
{
	return tokens >= 1000 && tokens <= INT64_C(100000000);
}

static void set_window(struct session *session, int64_t tokens, bool refuted)
{
	session->told_window = tokens;
	session->window_refuted = refuted;
	judge_window(session);
}

int64_t session_window_told(const struct session *session)
{
	return session->window_refuted ? 0 : session->told_window;
}

void session_note_earlier_window(struct session *session, int64_t tokens, bool believed)
{
	if (is_window(tokens) && (session->told_window == 0 || session->told_window == tokens))
		set_window(session, tokens, !believed);
}

bool session_note_tick(struct session *session, int64_t window_tokens, double cost_usd)
{
	bool new_window = is_window(window_tokens) && window_tokens != session->told_window;
	bool new_cost = cost_usd >= 0. && cost_usd <= 1e9
			&& (!session->told || cost_usd > session->told_usd);
	if (new_window)
		set_window(session, window_tokens, false);
	if (new_cost)
		session->told_usd = cost_usd;
	session->told = session->told || new_cost;
	return new_window || new_cost;
}

const struct session_transcript *session_main(const struct session *session)
{
	const struct session_transcript *newest = NULL;
	for (const struct session_transcript *part = session->transcripts; part; part = part->next) {
		if (part->subagent)
			continue;
		if (!newest || part->file->modified_ms > newest->file->modified_ms
		    || (part->file->modified_ms == newest->file->modified_ms
			&& strcmp(part->file->path, newest->file->path) < 0))
			newest = part;
	}
	return newest;
}

int64_t session_cache_life_ms(const struct session_transcript *part)
{
	if (!part || part->cache_written_ms == 0)
		return 0;
	return part->cache_is_1h ? CLOCK_HOUR_MS : 5 * CLOCK_MINUTE_MS;
}

int64_t session_cache_cold_ms(const struct session_transcript *part)
{
	int64_t life_ms = session_cache_life_ms(part);
	return life_ms > 0 ? part->cache_written_ms + life_ms : 0;
}

struct session *sessions_find(const struct sessions *sessions, const char *id)
{
	return strmap_get(&sessions->by_id, id);
}

void sessions_remove(struct sessions *sessions, struct session *session)
{
	session_exclude(sessions, session, true);
	strmap_remove(&sessions->by_id, session->id);
	session_resume_forget(session);
	session_secrets_release(&session->secrets);
	free(session->status);
	free(session);
}

struct session *sessions_each(const struct sessions *sessions, size_t *cursor)
{
	const struct strmap_slot *slot = strmap_each(&sessions->by_id, cursor);
	return slot ? slot->value : NULL;
}

size_t sessions_count(const struct sessions *sessions)
{
	return sessions->by_id.used;
}

/* At the end, when tail may have freed its transcripts already. */
static void free_transcripts(struct session *session)
{
	struct session_transcript *next;
	for (struct session_transcript *part = session->transcripts; part; part = next) {
		next = part->next;
		sessions_free_facts(part);
		free(part);
	}
	session->transcripts = NULL;
}

void sessions_release(struct sessions *sessions)
{
	size_t cursor = 0;
	struct session *session;
	free_transcripts(&sessions->unnamed);
	while ((session = sessions_each(sessions, &cursor))) {
		free_transcripts(session);
		session_resume_forget(session);
		session_secrets_release(&session->secrets);
		free(session->status);
		free(session);
	}
	strmap_release(&sessions->by_id);
}
