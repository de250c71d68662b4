/* What lines of several kinds change in the facts of a session. */
#include "unit.h"

#include <math.h>

#include "base/array.h"
#include "base/clock.h"
#include "json/get.h"
#include "made_up.h"
#include "swatchd/session/malformed.h"
#include "turned_clock.h"

#define NOW INT64_C(1795435200000)   /* 2026-11-23T12:00:00Z */

static struct made_up m;
static struct session_transcript *part;

static int set_up(void **state)
{
	(void)state;
	made_up_begin(&m, NOW);
	part = made_up_transcript(&m, "s", false, NOW);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	made_up_end(&m);
	return 0;
}

static void an_answer_tells_of_directory_branch_model_and_context(void **state)
{
	(void)state;
	assert_int_equal(part->context_tokens, -1);
	made_up_answer(&m, part, "1", NOW + 5, 1234, 10, "hello");
	assert_string_equal(part->cwd, "/home/u/project");
	assert_string_equal(part->branch, "main");
	assert_string_equal(part->model, "claude-opus-4-6");
	assert_string_equal(part->preview, "hello");
	assert_int_equal(part->context_tokens, 1234);
	assert_true(part->context_at_ms == NOW + 5 && part->model_at_ms == NOW + 5
		    && part->last_message_ms == NOW + 5);
	/* The newest value counts; what a line does not say stays. */
	made_up_line(&m, part,
		     "{\"type\":\"user\",\"timestamp\":\"2026-11-23T12:01:00Z\",\"cwd\":\"/home/u/other\","
		     "\"message\":{\"role\":\"user\",\"content\":\"and now?\"}}");
	assert_string_equal(part->cwd, "/home/u/other");
	assert_string_equal(part->branch, "main");
	assert_string_equal(part->preview, "and now?");
	assert_int_equal(part->context_tokens, 1234);
	assert_int_equal(part->context_at_ms, NOW + 5);
	assert_int_equal(part->last_message_ms, NOW + CLOCK_MINUTE_MS);
}

/* The "tail" counters of the answer, as jq -c would show them. */
static void assert_malformed(const char *wanted)
{
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	sessions_write_malformed(&m.sessions, &w);
	jsonw_end_object(&w);
	assert_string_equal(buf_str(&out), wanted);
}

static void malformed_lines_are_told_by_kind_and_file(void **state)
{
	(void)state;
	static const struct malformed_lines threads = { { 0, 0, 2, 0, 1 } };
	struct session_transcript *parts[MALFORMED_FILES_MAX + 2];
	assert_malformed("{\"malformedLines\":0,\"malformed\":{\"damaged\":0,\"negative\":0,\"noNumber\":0,"
			 "\"tooLarge\":0},\"malformedFiles\":[],\"malformedFilesTotal\":0}");
	sessions_note_malformed(part, MALFORMED_NOT);
	sessions_note_malformed(part, MALFORMED_NO_NUMBER);
	sessions_add_malformed(part, &threads);
	char wanted[512];
	snprintf(wanted, sizeof(wanted),
		 "{\"malformedLines\":4,\"malformed\":{\"damaged\":0,\"negative\":2,\"noNumber\":1,"
		 "\"tooLarge\":1},\"malformedFiles\":[{\"path\":\"%s\",\"damaged\":0,\"negative\":2,"
		 "\"noNumber\":1,\"tooLarge\":1}],\"malformedFilesTotal\":1}", part->file->path);
	assert_malformed(wanted);
	/* The file is read again. */
	sessions_reset_transcript(part);
	/* More files than are named: the list has the worst, in order. */
	for (unsigned i = 0; i < ARRAY_COUNT(parts); i++) {
		char id[8];
		snprintf(id, sizeof(id), "s%u", i);
		parts[i] = made_up_transcript(&m, id, false, NOW);
		for (unsigned n = 0; n <= (i * 5) % ARRAY_COUNT(parts); n++)
			sessions_note_malformed(parts[i], MALFORMED_NEGATIVE);
	}
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	sessions_write_malformed(&m.sessions, &w);
	jsonw_end_object(&w);
	AUTO_JSON *answer = json_tokener_parse(buf_str(&out));
	size_t count;
	struct json_object *files = json_get_array(answer, "malformedFiles", &count);
	assert_int_equal(count, MALFORMED_FILES_MAX);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(json_get_int(json_object_array_get_idx(files, i), "negative", 0),
				 ARRAY_COUNT(parts) - i);
	assert_int_equal(json_get_int(answer, "malformedFilesTotal", 0), ARRAY_COUNT(parts));
}

static void lines_of_one_message_count_once(void **state)
{
	(void)state;
	made_up_answer(&m, part, "1", NOW, 1, 1, "a");
	made_up_answer(&m, part, "1", NOW, 1, 1, "b");
	assert_int_equal(part->messages, 1);
	made_up_answer(&m, part, "2", NOW, 1, 1, "c");
	assert_int_equal(part->messages, 2);
	static const char prompt[] = "{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":\"x\"}}";
	made_up_line(&m, part, prompt);
	made_up_line(&m, part, prompt);
	assert_int_equal(part->messages, 4);
	made_up_line(&m, part, "{\"type\":\"summary\",\"summary\":\"s\"}");
	assert_int_equal(part->messages, 4);
	made_up_line(&m, part,
		     "{\"type\":\"user\",\"isMeta\":true,\"message\":{\"role\":\"user\",\"content\":\"x\"}}");
	assert_int_equal(part->messages, 4);
}

static void a_compaction_makes_the_context_unknown(void **state)
{
	(void)state;
	made_up_answer(&m, part, "1", NOW, 150000, 1, "a");
	assert_int_equal(part->compacted_ms, 0);
	made_up_line(
		&m, part,
		"{\"type\":\"system\",\"subtype\":\"compact_boundary\","
		"\"timestamp\":\"2026-11-23T12:02:00Z\","
		"\"content\":\"Conversation compacted\"}");
	assert_int_equal(part->context_tokens, -1);
	assert_int_equal(part->compacted_ms, NOW + 2 * CLOCK_MINUTE_MS);
	assert_int_equal(part->context_at_ms, NOW + 2 * CLOCK_MINUTE_MS);
	made_up_answer(&m, part, "2", NOW + 3 * CLOCK_MINUTE_MS, 20000, 1, "b");
	assert_int_equal(part->context_tokens, 20000);
	assert_int_equal(part->compacted_ms, NOW + 2 * CLOCK_MINUTE_MS);
}

static void a_compaction_says_what_is_left(void **state)
{
	(void)state;
	made_up_answer(&m, part, "1", NOW, 180010, 10, "x");
	made_up_line(
		&m, part,
		"{\"type\":\"system\",\"subtype\":\"compact_boundary\","
		"\"timestamp\":\"2026-11-23T12:02:00Z\","
		"\"compactMetadata\":{\"trigger\":\"manual\",\"preTokens\":180110,\"postTokens\":18500}}");
	assert_int_equal(part->context_tokens, 18500);
	/* A subagent's own is not the session's. */
	made_up_line(&m, part, "{\"type\":\"system\",\"subtype\":\"compact_boundary\",\"isSidechain\":true}");
	assert_int_equal(part->context_tokens, 18500);
	made_up_answer(&m, part, "2", NOW + 3, 21000, 10, "x");
	assert_int_equal(part->context_tokens, 21000);
	/* An answer that was cut off before its counts came. */
	made_up_answer(&m, part, "3", NOW + 4, 0, 0, "x");
	assert_int_equal(part->context_tokens, 21000);
}

static void no_branch_is_no_branch(void **state)
{
	(void)state;
	static const char *const none[] = { "HEAD", "" };
	for (size_t i = 0; i < 2; i++) {
		char line[64];
		made_up_answer(&m, part, "1", NOW, 1, 1, "x");
		assert_string_equal(part->branch, "main");
		snprintf(line, sizeof(line), "{\"type\":\"user\",\"gitBranch\":\"%s\"}", none[i]);
		made_up_line(&m, part, line);
		assert_null(part->branch);
		/* A line that says nothing changes nothing. */
		made_up_line(&m, part, "{\"type\":\"user\"}");
		assert_null(part->branch);
	}
	made_up_line(&m, part, "{\"type\":\"user\",\"gitBranch\":\"HEADS\"}");
	assert_string_equal(part->branch, "HEADS");
}

static void a_preview_is_cut(void **state)
{
	(void)state;
	sessions_set_preview(&m.sessions, 5);
	made_up_answer(&m, part, "1", NOW, 1, 1, "h\\u00e9llo world");
	assert_string_equal(part->preview, "h\xc3\xa9llo");
	sessions_set_preview(&m.sessions, 7);
	made_up_answer(&m, part, "2", NOW, 1, 1, "one\\ntwo three");
	assert_string_equal(part->preview, "one two");
	/* A message without text keeps the one before. */
	made_up_line(
		&m, part,
		"{\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"model\":\"claude-opus-4-6\",\"content\":"
		"[{\"type\":\"tool_use\",\"name\":\"Bash\"}],\"usage\":{\"input_tokens\":1,"
		"\"output_tokens\":1}}}");
	assert_string_equal(part->preview, "one two");
}

static void a_preview_with_a_secret_is_hidden(void **state)
{
	(void)state;
	sessions_hide_preview(part);
	assert_null(part->preview);
	made_up_answer(&m, part, "1", NOW, 1, 1, "hello");
	sessions_hide_preview(part);
	assert_string_equal(part->preview, "(a message with a token or key)");
}

static void a_transcript_that_moves_joins_those_of_its_session(void **state)
{
	(void)state;
	struct session_transcript *first = made_up_transcript(&m, "t", false, NOW);
	assert_true(sessions_move_transcript(&m.sessions, part, "t"));
	assert_ptr_equal(part->session, first->session);
	assert_ptr_equal(part->session->transcripts, part);
	assert_ptr_equal(part->next, first);
	assert_null(sessions_find(&m.sessions, "s")->transcripts);
}

/* An answer with cache writes of the two kinds, at a time. */
static void write_cache(int64_t at_ms, int for_5m, int for_1h)
{
	char line[1024], at[CLOCK_RFC3339_SIZE];
	clock_format_rfc3339(at_ms, at);
	snprintf(
		line, sizeof(line),
		"{\"type\":\"assistant\",\"timestamp\":\"%s\",\"requestId\":\"r\","
		"\"message\":{\"id\":\"m%s\","
		"\"model\":\"claude-opus-4-6\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1,"
		"\"cache_creation\":"
		"{\"ephemeral_5m_input_tokens\":%d,\"ephemeral_1h_input_tokens\":%d},"
		"\"cache_creation_input_tokens\":%d}}}",
		at, at, for_5m, for_1h, for_5m + for_1h);
	made_up_line(&m, part, line);
}

static void the_prompt_cache_lasts_five_minutes_or_an_hour(void **state)
{
	(void)state;
	assert_true(session_cache_life_ms(part) == 0 && session_cache_cold_ms(part) == 0);
	assert_true(session_cache_life_ms(NULL) == 0 && session_cache_cold_ms(NULL) == 0);
	write_cache(NOW, 100, 0);
	assert_int_equal(session_cache_life_ms(part), 5 * CLOCK_MINUTE_MS);
	assert_int_equal(session_cache_cold_ms(part), NOW + 5 * CLOCK_MINUTE_MS);
	write_cache(NOW + 1, 0, 100);
	assert_int_equal(session_cache_cold_ms(part), NOW + 1 + CLOCK_HOUR_MS);
	/* Reading it keeps it warm, for as long as it was written for. */
	made_up_answer(&m, part, "read", NOW + CLOCK_MINUTE_MS, 500, 1, "x");
	assert_int_equal(session_cache_cold_ms(part), NOW + CLOCK_MINUTE_MS + CLOCK_HOUR_MS);
	/* An answer that does neither leaves it. */
	made_up_answer(&m, part, "none", NOW + 2 * CLOCK_MINUTE_MS, 0, 1, "x");
	assert_int_equal(session_cache_cold_ms(part), NOW + CLOCK_MINUTE_MS + CLOCK_HOUR_MS);
	write_cache(NOW + 3, 1, 0);
	assert_int_equal(session_cache_life_ms(part), 5 * CLOCK_MINUTE_MS);
	/* What was asked for is certain; a transcript that is read again starts from nothing. */
#define ASKED(ttl) \
	made_up_line( \
		&m, part, \
		"{\"type\":\"assistant\",\"timestamp\":\"2026-11-23T12:00:00Z\"," \
		"\"promptCacheRequested\":\"" ttl \
		"\",\"message\":{\"id\":\"m\",\"model\":\"claude-opus-4-6\",\"usage\":{\"input_tokens\":1," \
		"\"output_tokens\":1," \
		"\"cache_read_input_tokens\":7,\"cache_creation\":{\"ephemeral_1h_input_tokens\":5}}}}")
	ASKED("1h");
	assert_int_equal(session_cache_cold_ms(part), NOW + CLOCK_HOUR_MS);
	ASKED("5m");
	assert_int_equal(session_cache_cold_ms(part), NOW + 5 * CLOCK_MINUTE_MS);
	write_cache(NOW, 0, 1);
	sessions_reset_transcript(part);
	made_up_answer(&m, part, "again", NOW, 500, 1, "x");
	assert_int_equal(session_cache_life_ms(part), 5 * CLOCK_MINUTE_MS);
}

static void claude_codes_own_total_is_kept_until_there_is_more_usage(void **state)
{
	(void)state;
	assert_null(part->cost_state);
	made_up_line(&m, part, "{\"type\":\"cost-state\",\"totalCostUSD\":1.5,\"modelUsage\":{}}");
	assert_true(part->cost_state && part->cost_state->total_usd == 1.5);
	assert_false(part->cost_state_is_behind);
	made_up_answer(&m, part, "1", NOW, 1, 1, "x");
	assert_true(part->cost_state_is_behind);
}

static void subagents_and_unwanted_transcripts_give_no_facts(void **state)
{
	(void)state;
	struct session_transcript *agent = made_up_transcript(&m, "s", true, NOW + 1);
	assert_ptr_equal(agent->session, part->session);
	made_up_answer(&m, agent, "1", NOW, 1, 1, "x");
	assert_null(agent->cwd);
	assert_int_equal(agent->messages, 0);
	assert_false(sessions_want_facts(agent));
	part->wanted = false;
	made_up_answer(&m, part, "2", NOW, 1, 1, "x");
	assert_null(part->cwd);
	assert_true(sessions_want_facts(part));
	assert_false(sessions_want_facts(part));
	made_up_answer(&m, part, "3", NOW, 1, 1, "x");
	assert_non_null(part->cwd);
}

static void a_transcript_that_is_read_again_begins_anew(void **state)
{
	(void)state;
	made_up_answer(&m, part, "1", NOW, 1234, 10, "hello");
	made_up_line(&m, part, "{\"type\":\"cost-state\",\"totalCostUSD\":1.5,\"modelUsage\":{}}");
	sessions_reset_transcript(part);
	assert_true(!part->cwd && !part->branch && !part->model && !part->preview && !part->cost_state);
	assert_true(part->messages == 0 && part->context_tokens == -1 && part->last_message_ms == 0);
	assert_true(part->context_at_ms == 0 && part->model_at_ms == 0 && session_cache_life_ms(part) == 0);
	/* Also the memory of the last message: the same one counts again. */
	made_up_answer(&m, part, "1", NOW, 1234, 10, "hello");
	assert_int_equal(part->messages, 1);
}

static void the_last_active_transcript_is_the_main_one(void **state)
{
	(void)state;
	struct session *session = part->session;
	struct session_transcript *copy = made_up_transcript(&m, "s", false, NOW + 1);
	made_up_transcript(&m, "s", true, NOW + 2);
	assert_ptr_equal(session_main(session), copy);
	part->file->modified_ms = NOW + 1;
	assert_ptr_equal(session_main(session), part);   /* equal: the path decides */
	sessions_close_transcript(part);
	assert_ptr_equal(session_main(session), copy);
	sessions_close_transcript(copy);
	assert_null(session_main(session));
	assert_non_null(session->transcripts);
}

static void a_transcript_that_goes_while_active_is_noted(void **state)
{
	(void)state;
	struct session *session = part->session;
	sessions_close_transcript(part);
	assert_false(session->vanished_active);
	part = made_up_transcript(&m, "s", false, NOW);
	session->state = SESSION_ACTIVE;
	struct session_transcript *agent = made_up_transcript(&m, "s", true, NOW);
	sessions_close_transcript(agent);
	assert_false(session->vanished_active);
	sessions_close_transcript(part);
	assert_true(session->vanished_active);
	part = made_up_transcript(&m, "s", false, NOW);
	sessions_note_read(part);
	assert_false(session->vanished_active);
}

static void activity_is_the_newest_file_time_up_to_now(void **state)
{
	(void)state;
	struct session *session = part->session;
	assert_int_equal(session->last_activity_ms, NOW);
	assert_false(sessions_note_read(part));
	part->file->modified_ms = NOW - 1;
	assert_false(sessions_note_read(part));
	assert_int_equal(session->last_activity_ms, NOW);
	part->file->modified_ms = NOW + CLOCK_DAY_MS;
	assert_false(sessions_note_read(part));
	turned_clock_advance(10);
	assert_true(sessions_note_read(part));
	assert_int_equal(session->last_activity_ms, NOW + 10);
}

static void transcripts_without_an_id_are_nobodys(void **state)
{
	(void)state;
	struct session_transcript *other = made_up_transcript(&m, "", false, NOW);
	assert_ptr_equal(other->session, &m.sessions.unnamed);
	assert_false(other->wanted);
	assert_int_equal(sessions_count(&m.sessions), 1);
	assert_null(sessions_find(&m.sessions, ""));
}

static void a_tick_counts_when_it_is_possible_and_new(void **state)
{
	(void)state;
	struct session *session = part->session;
	assert_false(session_note_tick(session, 0, NAN));
	assert_false(session_note_tick(session, 999, -1.));
	assert_false(session_note_tick(session, INT64_C(100000001), 1e10));
	assert_true(session_window_told(session) == 0 && !session->told);
	assert_true(session_note_tick(session, 1000000, NAN));
	assert_false(session_note_tick(session, 1000000, NAN));
	assert_true(session_note_tick(session, 1000000, 0.));
	assert_true(session->told && session->told_usd == 0.);
	assert_false(session_note_tick(session, 0, 0.));
	assert_true(session_note_tick(session, 0, 2.5));
	assert_false(session_note_tick(session, 0, 2.25));
	assert_true(session->told_usd == 2.5 && session_window_told(session) == 1000000);
}

static void a_told_window_has_to_hold_what_is_in_it(void **state)
{
	(void)state;
	struct session *session = part->session;
	session_note_tick(session, 200000, NAN);
	made_up_answer(&m, part, "1", NOW, 250000, 1, "x");
	sessions_note_read(part);
	assert_int_equal(session_window_told(session), 0);
	/* The client does not become right by a compaction, and says the same at every turn. */
	made_up_answer(&m, part, "2", NOW, 20000, 1, "x");
	sessions_note_read(part);
	assert_false(session_note_tick(session, 200000, NAN));
	assert_int_equal(session_window_told(session), 0);
	/* It may be right about another size, or another model. */
	assert_true(session_note_tick(session, 300000, NAN));
	assert_int_equal(session_window_told(session), 300000);
	made_up_answer(&m, part, "3", NOW, 310000, 1, "x");
	sessions_note_read(part);
	assert_int_equal(session_window_told(session), 0);
	made_up_line(
		&m, part,
		"{\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"model\":\"claude-haiku-4-5\",\"usage\":"
		"{\"input_tokens\":1000,\"output_tokens\":1}}}");
	sessions_note_read(part);
	assert_int_equal(session_window_told(session), 300000);
}

static void a_told_window_outlives_a_restart(void **state)
{
	(void)state;
	struct session *session = part->session;
	session_note_earlier_window(session, 999, true);
	assert_int_equal(session_window_told(session), 0);
	session_note_earlier_window(session, 500000, true);
	assert_int_equal(session_window_told(session), 500000);
	/* What a statusline says since is newer. */
	session_note_tick(session, 200000, NAN);
	session_note_earlier_window(session, 500000, true);
	assert_int_equal(session_window_told(session), 200000);
	/* Also that an earlier run did not believe it, although the context is small now. */
	session_note_earlier_window(session, 200000, false);
	made_up_answer(&m, part, "1", NOW, 1000, 1, "x");
	sessions_note_read(part);
	assert_int_equal(session_window_told(session), 0);
}

static void the_end_of_the_last_process_is_remembered(void **state)
{
	(void)state;
	struct session *session = part->session;
	session_note_processes(session, 0, NOW);
	assert_int_equal(session->process_ended_ms, 0);
	session_note_processes(session, 2, NOW);
	session_note_processes(session, 1, NOW + 1);
	assert_true(session->live_processes == 1 && session->process_ended_ms == 0);
	session_note_processes(session, 0, NOW + 2);
	session_note_processes(session, 0, NOW + 3);
	assert_true(session->live_processes == 0 && session->process_ended_ms == NOW + 2);
	session_note_processes(session, 1, NOW + 4);
	assert_int_equal(session->process_ended_ms, 0);
}

/* ---- across a restart ---- */

static struct session *restored(const char *id, const char *file)
{
	AUTO_JSON *before = file ? json_tokener_parse(file) : NULL;
	assert_true(!file || before);
	struct session *session = sessions_add(&m.sessions, id);
	session_restore(session, before, NOW);
	return session;
}

static void a_restart_takes_back_what_no_transcript_says(void **state)
{
	(void)state;
	struct session *session = restored("a",
					   "{\"firstSeen\":1795000000000,\"billing\":{\"toldCostUSD\":12.5},"
					   "\"processEndedAt\":1795435100000,\"liveProcesses\":0}");
	assert_true(session->told && session->told_usd == 12.5);
	assert_int_equal(session->first_seen_ms, INT64_C(1795000000000));
	assert_int_equal(session->process_ended_ms, INT64_C(1795435100000));
	session_note_missed_end(session, NOW);
	assert_int_equal(session->process_ended_ms, INT64_C(1795435100000));
	/* Only once: the file may be this run's own by now. */
	AUTO_JSON *again = json_tokener_parse("{\"billing\":{\"toldCostUSD\":99}}");
	session_restore(session, again, NOW);
	assert_true(session->told_usd == 12.5);
}

static void a_process_that_ended_while_no_daemon_ran_has_ended(void **state)
{
	(void)state;
	struct session *gone = restored("a", "{\"liveProcesses\":1,\"processEndedAt\":null}");
	struct session *lives = restored("b", "{\"liveProcesses\":1}");
	session_note_processes(lives, 1, NOW);
	session_note_missed_end(gone, NOW);
	session_note_missed_end(lives, NOW);
	assert_int_equal(gone->process_ended_ms, NOW);
	assert_int_equal(lives->process_ended_ms, 0);
	session_note_processes(lives, 0, NOW + 5);
	session_note_missed_end(lives, NOW + 9);
	assert_int_equal(lives->process_ended_ms, NOW + 5);
}

static void a_transcript_that_vanished_before_is_still_missed(void **state)
{
	(void)state;
	static const char risk[] = "{\"alerts\":{\"dataLossRisk\":true},\"lastActivity\":1795435100000}";
	struct session *gone = restored("a", risk);
	assert_true(gone->vanished_active);
	assert_int_equal(gone->last_activity_ms, INT64_C(1795435100000));
	assert_false(restored("s", risk)->vanished_active);
}

static void a_restart_takes_nothing_impossible(void **state)
{
	(void)state;
	struct session *session =
		restored("a", "{\"firstSeen\":-5,\"billing\":{\"toldCostUSD\":-1},\"liveProcesses\":\"x\","
			      "\"processEndedAt\":9999999999999,\"lastActivity\":9999999999999,"
			      "\"alerts\":{\"dataLossRisk\":true}}");
	assert_false(session->told);
	assert_int_equal(session->first_seen_ms, NOW);
	assert_int_equal(session->process_ended_ms, 0);
	assert_int_equal(session->last_activity_ms, 0);
	struct session *nothing = restored("b", NULL);
	assert_true(nothing->restored && !nothing->told && !nothing->vanished_active);
	/* A statusline's word since the start is newer than the file. */
	struct session *told = sessions_add(&m.sessions, "c");
	(void)session_note_tick(told, 0, 3.);
	told = restored("c", "{\"billing\":{\"toldCostUSD\":2}}");
	assert_true(told->told_usd == 3.);
}

/* Against a look at all of them, whatever comes and goes. */
static void those_that_are_shown_are_those_that_are_not_excluded(void **state)
{
	(void)state;
	uint64_t seed = 7;
	char id[8];
	for (int step = 0; step < 2000; step++) {
		snprintf(id, sizeof(id), "x%u", (unsigned)(unit_random(&seed) % 12));
		struct session *session = sessions_add(&m.sessions, id);
		assert_non_null(session);
		if (unit_random(&seed) % 8 == 0)
			sessions_remove(&m.sessions, session);
		else
			session_exclude(&m.sessions, session, unit_random(&seed) % 2);
		size_t wanted = 0, shown = 0, cursor = 0;
		while ((session = sessions_each(&m.sessions, &cursor)))
			wanted += !session->excluded;
		for (session = m.sessions.shown; session; session = session->next_shown) {
			assert_false(session->excluded);
			assert_ptr_equal(session, sessions_find(&m.sessions, session->id));
			shown++;
		}
		assert_int_equal(shown, wanted);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_answer_tells_of_directory_branch_model_and_context),
		TEST(malformed_lines_are_told_by_kind_and_file),
		TEST(lines_of_one_message_count_once),
		TEST(a_compaction_makes_the_context_unknown),
		TEST(a_compaction_says_what_is_left),
		TEST(no_branch_is_no_branch),
		TEST(a_told_window_has_to_hold_what_is_in_it),
		TEST(a_told_window_outlives_a_restart),
		TEST(a_preview_is_cut),
		TEST(a_preview_with_a_secret_is_hidden),
		TEST(a_transcript_that_moves_joins_those_of_its_session),
		TEST(the_prompt_cache_lasts_five_minutes_or_an_hour),
		TEST(claude_codes_own_total_is_kept_until_there_is_more_usage),
		TEST(subagents_and_unwanted_transcripts_give_no_facts),
		TEST(a_transcript_that_is_read_again_begins_anew),
		TEST(the_last_active_transcript_is_the_main_one),
		TEST(a_transcript_that_goes_while_active_is_noted),
		TEST(activity_is_the_newest_file_time_up_to_now),
		TEST(transcripts_without_an_id_are_nobodys),
		TEST(a_tick_counts_when_it_is_possible_and_new),
		TEST(the_end_of_the_last_process_is_remembered),
		TEST(a_restart_takes_back_what_no_transcript_says),
		TEST(a_process_that_ended_while_no_daemon_ran_has_ended),
		TEST(a_transcript_that_vanished_before_is_still_missed),
		TEST(a_restart_takes_nothing_impossible),
		TEST(those_that_are_shown_are_those_that_are_not_excluded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
