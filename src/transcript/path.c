#include "transcript/path.h"

#include <string.h>

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
	out->subagent = second != NULL;
	out->session_id.data = start;
	out->session_id.len =
		second ? (size_t)(second - start) : (size_t)(relative + len - ending_len - start);
	return true;
}
