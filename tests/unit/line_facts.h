/*
 * line_facts: what scan makes of a line, for the tests of scan: of a text, or of a made-up assistant line
 * (LINE_HEAD LINE_USAGE LINE_TAIL) in which a test replaces a part.
 */
#ifndef SWATCH_TESTS_LINE_FACTS_H
#define SWATCH_TESTS_LINE_FACTS_H

#include "transcript/scan.h"

#define LINE_HEAD \
	"{\"type\":\"assistant\",\"sessionId\":\"s1\",\"cwd\":\"/home/u/p\",\"version\":\"2.1.39\"," \
	"\"gitBranch\":\"main\",\"isSidechain\":false,\"requestId\":\"req_1\"," \
	"\"message\":{\"id\":\"msg_1\"," \
	"\"model\":\"claude-opus-4-6\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\"," \
	"\"text\":\"hello\"}],"
#define LINE_USAGE \
	"\"usage\":{\"input_tokens\":3,\"output_tokens\":10,\"cache_creation_input_tokens\":8037," \
	"\"cache_read_input_tokens\":17842,\"cache_creation\":{\"ephemeral_5m_input_tokens\":37," \
	"\"ephemeral_1h_input_tokens\":8000},\"speed\":\"fast\"}"
#define LINE_TAIL "},\"timestamp\":\"2026-02-11T20:36:47.925Z\"}"

/* The facts of a line that scan takes; its slices point into `line`. */
struct scan_facts facts_of(const char *line);

/* Those of the made-up line with the first `from` replaced by `to`; the slices live until the next call. */
struct scan_facts facts_with(const char *from, const char *to);

#define assert_slice(slice, text) \
	do { \
		assert_int_equal((slice).len, strlen(text)); \
		assert_memory_equal((slice).data, text, strlen(text)); \
	} while (0)

#endif
