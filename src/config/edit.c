#include "config/edit.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading, as libinih does ---- */

enum line_kind {
	LINE_IDLE,        /* blank, or a comment */
	LINE_SECTION,
	LINE_SETTING,
	LINE_MORE         /* goes on with the setting before it */
};

struct line {
	enum line_kind kind;
	size_t start, end;             /* without its newline */
	size_t next;                   /* where the next one starts */
	const char *name;              /* of the section or the key */
	size_t name_len;
};

struct reader {
	const char *text;
	size_t len, at;
	bool has_setting;              /* this section has had one: an indented line goes on with it */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void find_bounds(struct reader *reader, struct line *line)
{
	const char *newline = memchr(reader->text + reader->at, '\n', reader->len - reader->at);
	line->start = reader->at;
	line->next = newline ? (size_t)(newline - reader->text) + 1 : reader->len;
	line->end = newline ? line->next - 1 : line->next;
	if (newline && line->end > line->start && reader->text[line->end - 1] == '\r')
		line->end--;
	reader->at = line->next;
}

static void take_name(struct line *line, const char *name, const char *end)
{
	while (end > name && is_blank(end[-1]))
		end--;
	line->name = name;
	line->name_len = (size_t)(end - name);
}

/* The next line; false at the end. */
static bool read_line(struct reader *reader, struct line *line)
{
	if (reader->at >= reader->len)
		return false;
	bool is_first = reader->at == 0;
	find_bounds(reader, line);
	const char *c = reader->text + line->start, *end = reader->text + line->end;
	if (is_first && end - c >= 3 && memcmp(c, "\xEF\xBB\xBF", 3) == 0)
		c += 3;
	const char *from = c;
	while (c < end && is_blank(*c))
		c++;
	line->kind = LINE_IDLE;
	if (c == end || *c == ';' || *c == '#')
		return true;
	if (c > from && reader->has_setting) {
		line->kind = LINE_MORE;
	} else if (*c == '[') {
		const char *close = memchr(c, ']', (size_t)(end - c));
		line->kind = LINE_SECTION;
		line->name = c + 1;
		line->name_len = (size_t)((close ? close : end) - c - 1);
		reader->has_setting = false;
	} else {
		const char *stop = c;
		while (stop < end && *stop != '=' && *stop != ':')
			stop++;
		line->kind = LINE_SETTING;
		take_name(line, c, stop);
		reader->has_setting = true;
	}
	return true;
}

static bool is_named(const struct line *line, const char *name)
{
	return line->name_len == strlen(name) && memcmp(line->name, name, line->name_len) == 0;
}

/* What is where. */
struct place {
	bool found;                    /* the setting: [at, end) */
	size_t at, end;
	bool interrupted;              /* a comment stands between its lines */
	bool has_section;
	size_t insert_at;              /* behind the section's last setting, or its own line */
};

static void find_place(const char *text, size_t len, const char *section, const char *key, struct place *place)
{
	struct reader reader = { .text = text, .len = len };
	struct line line;
	bool inside = false, in_setting = false, idle_since = false;
	memset(place, 0, sizeof(*place));
	while (read_line(&reader, &line)) {
		switch (line.kind) {
		case LINE_IDLE:
			idle_since = true;
			continue;
		case LINE_SECTION:
			inside = is_named(&line, section);
			in_setting = false;
			break;
		case LINE_SETTING:
			in_setting = inside && is_named(&line, key);
			if (in_setting) {
				place->found = true;
				place->interrupted = false;
				place->at = line.start;
				place->end = line.end;
			}
			break;
		case LINE_MORE:
			if (in_setting) {
				place->end = line.end;
				place->interrupted = place->interrupted || idle_since;
			}
			break;
		}
		idle_since = false;
		if (inside) {
			place->has_section = true;
			place->insert_at = line.next;
		}
	}
}

bool conf_edit_find(const char *text, size_t len, const char *section, const char *key, size_t *at, size_t *setting_len)
{
	struct place place;
	find_place(text, len, section, key, &place);
	*at = place.at;
	*setting_len = place.end - place.at;
	return place.found;
}

/* ---- writing ---- */

static const char *newline_of(const char *text, size_t len)
{
	for (const char *c = text; c && (c = memchr(c, '\n', len - (size_t)(c - text))); c++)
		if (c > text && c[-1] == '\r')
			return "\r\n";
	return "\n";
}

/* "key = word word", as many lines as it takes. Returns false when a word cannot be on a line. */
static bool write_setting(const char *key, const char *const *words, const char *newline, struct buf *out,
			  struct buf *error)
{
	buf_printf(out, "%s =", key);
	size_t line_start = 0;
	for (size_t i = 0; words[i]; i++) {
		size_t len = strlen(words[i]);
		if (i > 0 && out->len - line_start + 1 + len > CONF_EDIT_LINE_MAX_BYTES) {
			buf_printf(out, "%s   ", newline);
			line_start = out->len - 3;
		}
		buf_printf(out, " %s", words[i]);
		if (out->len - line_start > CONF_EDIT_LINE_MAX_BYTES) {
			buf_printf(error, "a line of swatch.conf has %d bytes at most, which is too little for: %s",
				   CONF_EDIT_LINE_MAX_BYTES, words[i]);
			return false;
		}
		if (strpbrk(words[i], "\r\n")) {
			buf_append_str(error, "swatch.conf cannot hold a newline in a value");
			return false;
		}
	}
	if (out->failed)
		buf_append_str(error, "out of memory");
	return !out->failed;
}

static char *copy_part(const char *text, size_t from, size_t to)
{
	char *copy = malloc(to - from + 1);
	if (copy) {
		memcpy(copy, text + from, to - from);
		copy[to - from] = '\0';
	}
	return copy;
}

/* What is put in where the key is not there, and where. */
static size_t compose_addition(const char *text, size_t len, const char *section, const struct place *place,
			       const char *lines, const char *newline, struct buf *added)
{
	size_t at = place->has_section ? place->insert_at : len;
	bool at_line_start = at == 0 || text[at - 1] == '\n';
	if (!at_line_start)
		buf_append_str(added, newline);
	if (!place->has_section)
		buf_printf(added, "%s[%s]%s", len > 0 ? newline : "", section, newline);
	buf_append_str(added, lines);
	if (at_line_start || !place->has_section)
		buf_append_str(added, newline);
	return at;
}

/* Whether the line behind `at` would go on with a setting that is put in there: an indented section's, where none was. */
static bool swallows_next(const char *text, size_t len, size_t at)
{
	struct reader reader = { .text = text, .len = len, .at = at, .has_setting = true };
	struct line line;
	while (read_line(&reader, &line))
		if (line.kind != LINE_IDLE)
			return line.kind == LINE_MORE;
	return false;
}

bool conf_edit_set(const char *text, size_t len, const char *section, const char *key, const char *const *words,
		   struct conf_change *change, struct buf *out, struct buf *error)
{
	struct place place;
	struct buf lines = BUF_INIT, added = BUF_INIT;
	const char *newline = newline_of(text, len);
	size_t from, to;
	memset(change, 0, sizeof(*change));
	/* What is taken out is kept as a string. */
	if (len > 0 && memchr(text, '\0', len)) {
		buf_append_str(error, "it contains a NUL byte, so it is not text");
		return false;
	}
	find_place(text, len, section, key, &place);
	/* A section may stand in a file twice. */
	if (!place.found && place.has_section && swallows_next(text, len, place.insert_at))
		place.has_section = false;
	if (place.interrupted) {
		buf_printf(error, "the value of %s goes on below a comment", key);
		return false;
	}
	if (!write_setting(key, words, newline, &lines, error)) {
		buf_release(&lines);
		return false;
	}
	if (place.found) {
		from = place.at;
		to = place.end;
		change->previous = copy_part(text, from, to);
		buf_append_str(&added, buf_str(&lines));
	} else {
		from = to = compose_addition(text, len, section, &place, buf_str(&lines), newline, &added);
		change->added = copy_part(buf_str(&added), 0, added.len);
	}
	change->section = strdup(section);
	change->key = strdup(key);
	change->lines = copy_part(buf_str(&lines), 0, lines.len);
	/* In one go, so that nothing was appended where memory ran out. */
	bool good = change->section && change->key && change->lines && (change->previous || change->added)
		    && !added.failed && buf_reserve(out, len + added.len);
	if (good) {
		out->data[out->len] = '\0';
		buf_append(out, text, from);
		buf_append(out, buf_str(&added), added.len);
		buf_append(out, text + to, len - to);
	} else {
		buf_append_str(error, "out of memory");
		conf_change_release(change);
	}
	buf_release(&lines);
	buf_release(&added);
	return good;
}

/* ---- taking it back ---- */

/* True when no setting would fall to another section if the section's line above `at` went. */
static bool section_ends(const char *text, size_t len, size_t at)
{
	struct reader reader = { .text = text, .len = len, .at = at };
	struct line line;
	while (read_line(&reader, &line))
		if (line.kind != LINE_IDLE)
			return line.kind == LINE_SECTION;
	return true;
}

/* Whether all that was put in still stands there as one piece around the setting, and may go as one. */
static bool find_addition(const char *text, size_t len, const struct conf_change *change, size_t setting_at,
			  size_t *from, size_t *to)
{
	size_t added_len = strlen(change->added);
	const char *within = strstr(change->added, change->lines);
	size_t before = within ? (size_t)(within - change->added) : 0;
	if (!within || setting_at < before || len - (setting_at - before) < added_len
	    || memcmp(text + setting_at - before, change->added, added_len) != 0)
		return false;
	size_t end = setting_at - before + added_len;
	/* With a newline at its end, or at its beginning only: then it has to be the end of the text still. */
	if (text[end - 1] != '\n' && end != len)
		return false;
	bool with_section = before > 0 && memchr(change->added, '[', before) != NULL;
	if (with_section && !section_ends(text, len, end))
		return false;
	*from = setting_at - before;
	*to = end;
	return true;
}

/* The setting's lines with a newline of theirs. */
static void find_lines(const char *text, size_t len, size_t *from, size_t *to)
{
	if (*to < len) {
		*to += text[*to] == '\r' && *to + 1 < len;
		*to += *to < len && text[*to] == '\n';
	} else if (*from > 0) {
		*from -= 1;
		*from -= *from > 0 && text[*from - 1] == '\r';
	}
}

enum conf_undo conf_edit_undo(const char *text, size_t len, const struct conf_change *change, struct buf *out)
{
	struct place place;
	const char *back = change->previous ? change->previous : "";
	find_place(text, len, change->section, change->key, &place);
	if (!place.found)
		return CONF_GONE;
	size_t from = place.at, to = place.end;
	if (to - from != strlen(change->lines) || memcmp(text + from, change->lines, to - from) != 0)
		return CONF_CHANGED;
	if (!change->previous && !(change->added && find_addition(text, len, change, place.at, &from, &to)))
		find_lines(text, len, &from, &to);
	if (!buf_reserve(out, len + strlen(back)))
		return CONF_NO_MEMORY;
	out->data[out->len] = '\0';
	buf_append(out, text, from);
	buf_append_str(out, back);
	buf_append(out, text + to, len - to);
	return CONF_UNDONE;
}

void conf_change_release(struct conf_change *change)
{
	free(change->section);
	free(change->key);
	free(change->lines);
	free(change->previous);
	free(change->added);
	memset(change, 0, sizeof(*change));
}
