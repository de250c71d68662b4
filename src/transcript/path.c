#include "transcript/path.h"

#include <string.h>

static bool is_id_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'
	    || c == '-';
}

bool transcript_session_id_is_valid(const char *id, size_t len)
{
	if (len == 0 || len > TRANSCRIPT_SESSION_ID_MAX || !is_id_char(id[0]))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_id_char(id[i]) && id[i] != '.')
			return false;
	return true;
}

bool transcript_path_parse(const char *relative, struct transcript_path *out)
{
	static const char ending[] = ".jsonl";
	size_t len = strlen(relative), ending_len = sizeof(ending) - 1;
	memset(out, 0, sizeof(*out));
	if (len <= ending_len || strcmp(relative + len - ending_len, ending) != 0
	    || relative[len - ending_len - 1] == '/')
		return false;
	const char *first = strchr(relative, '/');
	const char *second = first ? strchr(first + 1, '/') : NULL;
	out->project = (struct slice){ relative, first ? (size_t)(first - relative) : 0 };
	const char *start = first ? first + 1 : relative;
	out->by_lines = first && !second && strncmp(start, "agent-", strlen("agent-")) == 0;
	out->subagent = second || out->by_lines;
	if (out->by_lines)
		return true;
	out->session_id.data = start;
	out->session_id.len =
		second ? (size_t)(second - start) : (size_t)(relative + len - ending_len - start);
	return true;
}
