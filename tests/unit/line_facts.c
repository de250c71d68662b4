#include "line_facts.h"

#include "unit.h"

struct scan_facts facts_of(const char *line)
{
	struct scan_facts facts;
	assert_true(scan_line(line, strlen(line), &facts, NULL, NULL));
	return facts;
}

struct scan_facts facts_with(const char *from, const char *to)
{
	static const char line[] = LINE_HEAD LINE_USAGE LINE_TAIL;
	char text[4096];
	const char *at = strstr(line, from);
	assert_non_null(at);
	int len = snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - line), line, to, at + strlen(from));
	assert_true(len > 0 && (size_t)len < sizeof(text));
	/* The facts' slices point into it until the next call. */
	static char kept[4096];
	memcpy(kept, text, (size_t)len + 1);
	return facts_of(kept);
}
