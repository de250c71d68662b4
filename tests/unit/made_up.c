#include "made_up.h"

#include <inttypes.h>

#include "unit.h"

#include "base/clock.h"
#include "turned_clock.h"

void made_up_begin(struct made_up *m, int64_t now_ms)
{
	memset(m, 0, sizeof(*m));
	turned_clock_set(now_ms);
	setenv("TZ", "UTC", 1);
	assert_true(config_init(&m->config));
	m->ledger = ledger_new();
	assert_non_null(m->ledger);
	billing_init(&m->billing, &m->config, m->ledger);
	sessions_init(&m->sessions, m->config.sessions_preview);
}

void made_up_end(struct made_up *m)
{
	sessions_release(&m->sessions);
	ledger_free(m->ledger);
	config_release(&m->config);
	turned_clock_release();
}

struct session_transcript *made_up_transcript(struct made_up *m, const char *id, bool subagent,
					      int64_t modified_ms)
{
	size_t n = m->transcript_count++;
	assert_true(n < MADE_UP_TRANSCRIPTS);
	struct transcript *file = &m->transcripts[n];
	snprintf(m->paths[n], sizeof(m->paths[n]), "/p/%zu/%s.jsonl", n, id);
	*file = (struct transcript){ .path = m->paths[n],
				     .root_len = strlen("/p/"),
				     .known = true,
				     .modified_ms = modified_ms,
				     .size_bytes = 100,
				     .offset = 100 };
	int ledger_file = ledger_add_file(m->ledger, file->path, file->root_len, id, subagent);
	struct session_transcript *part =
		sessions_open_transcript(&m->sessions, id, subagent, file, ledger_file, true);
	assert_non_null(part);
	file->owner = part;
	return part;
}

void made_up_line(struct made_up *m, struct session_transcript *part, const char *line)
{
	struct scan_facts facts;
	assert_true(scan_line(line, strlen(line), &facts, NULL, NULL));
	sessions_take_facts(&m->sessions, part, &facts);
	if (facts.usage.present)
		assert_true(ledger_add(m->ledger, part->ledger_file, part->file->offset++, &facts.usage)
			    >= 0);
	part->file->size_bytes = part->file->offset;
}

void made_up_answer(struct made_up *m, struct session_transcript *part, const char *id, int64_t at_ms,
		    int64_t context, int64_t output, const char *text)
{
	char line[4096], at[CLOCK_RFC3339_SIZE];
	clock_format_rfc3339(at_ms, at);
	int len = snprintf(
		line, sizeof(line),
		"{\"type\":\"assistant\",\"timestamp\":\"%s\",\"sessionId\":\"%s\","
		"\"cwd\":\"/home/u/project\","
		"\"gitBranch\":\"main\",\"version\":\"2.1.39\",\"requestId\":\"req_%s\","
		"\"message\":{\"id\":\"msg_%s\","
		"\"model\":\"claude-opus-4-6\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
		"\"text\":\"%s\"}],"
		"\"usage\":{\"input_tokens\":0,\"output_tokens\":%" PRId64
		",\"cache_read_input_tokens\":%" PRId64 "}}}",
		at, part->session->id, id, id, text, output, context);
	assert_true(len > 0 && (size_t)len < sizeof(line));
	made_up_line(m, part, line);
}
