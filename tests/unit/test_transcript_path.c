/* transcript_path: whose transcript a file is. */
#include "unit.h"
#include "transcript/path.h"

static void check(const char *path, const char *project, const char *session, bool subagent)
{
	struct transcript_path got;
	assert_true(transcript_path_parse(path, &got));
	assert_int_equal(got.project.len, strlen(project));
	assert_memory_equal(got.project.data, project, strlen(project));
	assert_int_equal(got.session_id.len, strlen(session));
	assert_memory_equal(got.session_id.data, session, strlen(session));
	assert_int_equal(got.subagent, subagent);
}

static void transcripts_have_a_project_and_a_session(void **state)
{
	(void)state;
	check("-home-u-p/S.jsonl", "-home-u-p", "S", false);
	check("-home-u-p/a.b.jsonl", "-home-u-p", "a.b", false);
	check("S.jsonl", "", "S", false);
}

static void what_lies_under_a_session_belongs_to_it(void **state)
{
	(void)state;
	check("P/S/subagents/agent-1.jsonl", "P", "S", true);
	check("P/S/subagents/workflows/wf_9/agent-1.jsonl", "P", "S", true);
	check("P/S/subagents/workflows/wf_9/journal.jsonl", "P", "S", true);
	check("P/S/x.jsonl", "P", "S", true);
}

static void only_the_lines_of_an_agent_beside_the_sessions_tell(void **state)
{
	(void)state;
	struct transcript_path got;
	assert_true(transcript_path_parse("P/agent-a1b2.jsonl", &got));
	assert_true(got.by_lines && got.subagent && !got.session_id.data);
	assert_int_equal(got.project.len, 1);
	/* Not in projects/ itself, nor below a session. */
	check("agent-1.jsonl", "", "agent-1", false);
	check("P/S/agent-1.jsonl", "P", "S", true);
	check("P/agent.jsonl", "P", "agent", false);
}

static void other_files_are_none(void **state)
{
	(void)state;
	static const char *const paths[] = { "",
					     "P",
					     "P/",
					     ".jsonl",
					     "P/.jsonl",
					     "P/S/.jsonl",
					     "P/S.json",
					     "P/S.jsonl.tmp",
					     "P/S.JSONL",
					     "P/S/subagents/agent-1.meta.json",
					     "P/sessions-index.json",
					     "P/S.jsonl/x.txt",
					     "jsonl" };
	struct transcript_path got;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (transcript_path_parse(paths[i], &got))
			fail_msg("%s is none", paths[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transcripts_have_a_project_and_a_session),
		cmocka_unit_test(what_lies_under_a_session_belongs_to_it),
		cmocka_unit_test(only_the_lines_of_an_agent_beside_the_sessions_tell),
		cmocka_unit_test(other_files_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
