/* What a session's file gives to the next run, so that no line has to be read again. */
#include "unit.h"

#include "base/clock.h"
#include "base/scope.h"
#include "json/get.h"
#include "made_up.h"
#include "swatchd/publish/compose.h"
#include "turned_clock.h"

#define NOW INT64_C(1795435200000)   /* 2026-11-23T12:00:00Z */
#define SIZE 5000

static struct made_up m;
static struct session_transcript *part;

/* The next run finds the transcript again. `offset`: where the ledger's file has it resumed. */
static void begin_run(int64_t offset)
{
	made_up_begin(&m, NOW);
	part = made_up_transcript(&m, "s", false, NOW - CLOCK_MINUTE_MS);
	part->wanted = false;
	part->file->size_bytes = SIZE;
	part->file->offset = offset;
	part->file->mark = UINT64_C(0xfedcba9876543210);
	part->file->mark_len = 512;
}

static void end_run(void)
{
	made_up_end(&m);
}

static struct json_object *compose(struct buf *text)
{
	struct billing_view view;
	billing_make_view(&m.billing, NOW, &view);
	buf_clear(text);
	compose_session(part->session, &m.billing, &view, text);
	struct json_object *file = json_tokener_parse(buf_str(text));
	assert_non_null(file);
	return file;
}

static void take_lines(void)
{
	made_up_answer(&m, part, "1", NOW - 500000, 1234, 10, "hello");
	made_up_line(&m, part,
		     "{\"type\":\"system\",\"subtype\":\"compact_boundary\","
		     "\"timestamp\":\"2026-11-23T11:56:00Z\",\"compactMetadata\":{\"preTokens\":9}}");
	made_up_answer(&m, part, "2", NOW - 100000, 4321, 10, "a \\\"word\\\" more");
	made_up_line(&m, part,
		     "{\"type\":\"cost-state\",\"sessionId\":\"s\",\"totalCostUSD\":0.1234567,"
		     "\"modelUsage\":{\"claude-opus-4-6\":{\"inputTokens\":1,\"outputTokens\":20,"
		     "\"cacheReadInputTokens\":7,\"cacheCreationInputTokens\":8,\"webSearchRequests\":2,"
		     "\"costUSD\":0.1}}}");
	made_up_answer(&m, part, "3", NOW - 90000, 4321, 10, "the last one");
	sessions_note_malformed(part, MALFORMED_NEGATIVE);
	session_secrets_note(&part->session->secrets, SECRET_AWS, part->file->path, 17, NOW - 100000);
	part->file->size_bytes = part->file->offset = SIZE;
}

/* A run that ends with a session file, whose text is in `text`. */
static struct json_object *run_once(struct buf *text)
{
	begin_run(SIZE);
	sessions_set_secrets(&m.sessions, true);
	part->wanted = true;
	take_lines();
	struct json_object *file = compose(text);
	end_run();
	return file;
}

/* The next one begins, and takes the facts. */
static bool resumes(struct json_object *file, int64_t offset)
{
	begin_run(offset);
	sessions_set_secrets(&m.sessions, true);
	session_restore(part->session, file, NOW);
	return sessions_resume_facts(&m.sessions, part);
}

static void nothing_in_the_file_changes(void **state)
{
	(void)state;
	AUTO_BUF before = BUF_INIT;
	AUTO_BUF after = BUF_INIT;
	AUTO_JSON *file = run_once(&before);
	assert_non_null(json_get_object(json_get_object(file, "resume"), "costState"));
	assert_true(resumes(file, SIZE));
	assert_int_equal(part->malformed.of[MALFORMED_NEGATIVE], 1);
	assert_true(part->compacted_ms > 0);
	/* Their usage comes out of the ledger's file, which this test has not. */
	AUTO_JSON *again = compose(&after);
	static const char *const of_the_ledger[] = { "models", "tokens", "billing", "claudeCost" };
	for (size_t i = 0; i < sizeof(of_the_ledger) / sizeof(of_the_ledger[0]); i++) {
		json_object_object_del(file, of_the_ledger[i]);
		json_object_object_del(again, of_the_ledger[i]);
	}
	json_object_object_del(json_get_object(file, "transcript"), "firstMessageTime");
	json_object_object_del(json_get_object(again, "transcript"), "firstMessageTime");
	assert_string_equal(json_object_to_json_string(again), json_object_to_json_string(file));
	/* The next line of the same message counts no second time. */
	assert_true(part->cost_state_is_behind);
	made_up_answer(&m, part, "3", NOW - 90000, 4321, 20, "more");
	assert_int_equal(part->messages, 3);
	end_run();
}

static void only_what_is_as_of_the_place_is_taken(void **state)
{
	(void)state;
	AUTO_BUF text = BUF_INIT;
	AUTO_JSON *file = run_once(&text);
	/* The ledger's file is behind: the run was killed in between. The rest gives no facts again. */
	assert_true(resumes(file, SIZE - 1000));
	assert_int_equal(part->facts_to, SIZE);
	end_run();
	/* It is ahead. */
	assert_false(resumes(file, SIZE + 1));
	end_run();
	begin_run(SIZE);
	part->file->mark++;
	session_restore(part->session, file, NOW);
	assert_false(sessions_resume_facts(&m.sessions, part));
	end_run();
	/* Another transcript of the same session. */
	begin_run(SIZE);
	json_object_object_add(file, "transcriptPath", json_object_new_string("/p/7/s.jsonl"));
	session_restore(part->session, file, NOW);
	assert_false(sessions_resume_facts(&m.sessions, part));
	end_run();
}

static void other_facts_than_are_wanted_are_not_taken(void **state)
{
	(void)state;
	AUTO_BUF text = BUF_INIT;
	AUTO_JSON *file = run_once(&text);
	begin_run(SIZE);
	sessions_set_preview(&m.sessions, m.config.sessions_preview + 1);
	session_restore(part->session, file, NOW);
	assert_false(sessions_resume_facts(&m.sessions, part));
	end_run();
	json_object_object_add(json_get_object(file, "alerts"), "secretsDetected", NULL);
	assert_false(resumes(file, SIZE));
	end_run();
	AUTO_JSON *older = json_tokener_parse(buf_str(&text));
	json_object_object_add(older, "writer", json_object_new_string("swatchd 0.0.1"));
	assert_false(resumes(older, SIZE));
	end_run();
}

/* Each value of the file in turn is something else. */
static void spoil(struct json_object *file, struct json_object *object, const char *const *with)
{
	AUTO_JSON *copy = NULL;
	assert_int_equal(json_object_deep_copy(object, &copy, NULL), 0);
	json_object_object_foreach(copy, key, value)
	{
		struct json_object *inside = json_get_object(object, key);
		if (inside)
			spoil(file, inside, with);
		for (size_t i = 0; with[i]; i++) {
			json_object_object_add(object, key, json_tokener_parse(with[i]));
			(void)resumes(file, SIZE);
			end_run();
		}
		json_object_object_add(object, key, json_object_get(value));
	}
}

static void a_file_that_somebody_changed_does_no_harm(void **state)
{
	(void)state;
	static const char *const with[] = { "null", "-1", "9223372036854775807", "1e300", "{}",
					    "[[1]]", "\"\"", "\"0123456789abcdef\"", "true", NULL };
	AUTO_BUF text = BUF_INIT;
	AUTO_JSON *file = run_once(&text);
	spoil(file, file, with);
	assert_true(resumes(file, SIZE));
	end_run();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_in_the_file_changes),
		cmocka_unit_test(only_what_is_as_of_the_place_is_taken),
		cmocka_unit_test(other_facts_than_are_wanted_are_not_taken),
		cmocka_unit_test(a_file_that_somebody_changed_does_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
