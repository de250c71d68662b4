/*
 * The whole records of a line that may be damaged.
 */
#include "transcript/scan.h"

/* A search may cost so many bytes for each one of the line, and so many besides. */
#define SEARCH_FACTOR 20
#define SEARCH_BYTES 65536

/* What stands between records: blanks, NUL bytes, a byte order mark. */
static bool is_between(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\0' || c == '\xef' || c == '\xbb' || c == '\xbf';
}

/* Returns the length of the whole object that begins at `at`, or 0 when it is cut off or damaged. */
static size_t walk_object(struct scan_reader *reader, size_t at)
{
	struct walk_item item;
	struct walk w;
	walk_init(&w, reader->line + at, reader->len - at);
	bool whole = walk_value(&w, &item);
	reader->walked += (size_t)((whole ? w.at : w.bad_at) - (reader->line + at));
	return whole ? item.text.len : 0;
}

/*
 * Whether the object [at, end) is a record and not a part of one that was cut off. `is_apart`: nothing but
 * what stands between records is before it.
 */
static bool is_record(const struct scan_reader *reader, size_t at, size_t end, bool is_apart,
		      const struct scan_facts *facts)
{
	char before = at > 0 ? reader->line[at - 1] : ' ';
	if (is_apart)
		return true;
	if (end < reader->len && reader->line[end] != '{' && !is_between(reader->line[end]))
		return false;
	return (before != ':' && before != ',' && before != '[') || facts->session_id.data;
}

static bool find_record(struct scan_reader *reader, struct scan_facts *out)
{
	bool is_apart = true;
	size_t at = reader->next;
	while (at < reader->len && reader->walked <= reader->len * SEARCH_FACTOR + SEARCH_BYTES) {
		if (reader->line[at] != '{') {
			is_apart = is_apart && is_between(reader->line[at]);
			at++;
			continue;
		}
		size_t len = walk_object(reader, at);
		if (len > 0 && scan_line(reader->line + at, len, out, NULL, NULL)
		    && is_record(reader, at, at + len, is_apart, out)) {
			scan_line(reader->line + at, len, out, reader->unknown, reader->ctx);
			out->usage.faults |= SCAN_FAULT_DAMAGE;
			reader->start = at;
			reader->next = at + len;
			return true;
		}
		is_apart = false;
		/* Nothing inside a whole object is a record. */
		at += len > 0 ? len : 1;
	}
	reader->next = reader->len;
	return false;
}

bool scan_next_record(struct scan_reader *reader, struct scan_facts *out)
{
	if (reader->next == 0) {
		if (scan_line(reader->line, reader->len, out, reader->unknown, reader->ctx)) {
			reader->next = reader->len + 1;
			return true;
		}
		reader->is_damaged = true;
	}
	return find_record(reader, out);
}
