#include "config/edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/ini.h"

/* ---- reading ---- */

/* The place of a setting and its section. */
struct place {
	bool found;                    /* the setting: [at, end) */
	size_t at, end;
	bool interrupted;              /* by a comment between its lines */
	bool has_section;
	size_t insert_at;              /* after the section's last setting, or its own line */
};

static void find_place(const char *text, size_t len, const char *section, const char *key,
		       struct place *place)
{
	struct ini_reader reader = { .text = text, .len = len };
	struct ini_line line;
	bool in_setting = false, idle_since = false;
	memset(place, 0, sizeof(*place));
	while (ini_next(&reader, &line)) {
		bool inside = slice_equals(reader.section, section);
		if (line.kind == INI_NOTHING) {
			idle_since = true;
			continue;
		}
		if (line.kind == INI_MORE && in_setting) {
			place->end = line.end;
			place->interrupted = place->interrupted || idle_since;
		} else if (line.kind != INI_MORE) {
			in_setting = line.kind == INI_SETTING && inside && slice_equals(line.name, key);
		}
		if (in_setting && line.kind == INI_SETTING) {
			place->found = true;
			place->interrupted = false;
			place->at = line.start;
			place->end = line.end;
		}
		idle_since = false;
		if (inside) {
			place->has_section = true;
			place->insert_at = line.next;
		}
	}
}

/* Returns the kind of the first line from `at` on that is neither empty nor a comment; else INI_NOTHING. */
static enum ini_kind next_kind(const char *text, size_t len, size_t at, bool has_setting)
{
	struct ini_reader reader = { .text = text, .len = len, .at = at, .has_setting = has_setting };
	struct ini_line line = { .kind = INI_NOTHING };
	while (line.kind == INI_NOTHING && ini_next(&reader, &line)) {
	}
	return line.kind;
}

bool config_edit_find(const char *text, size_t len, const char *section, const char *key, size_t *at,
		      size_t *setting_len)
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

/* Writes "key = word word" in as many lines as needed. Returns false when a word does not fit on a line. */
static bool write_setting(const char *key, const char *const *words, const char *newline, struct buf *out,
			  struct buf *error)
{
	buf_printf(out, "%s =", key);
	size_t line_start = 0;
	for (size_t i = 0; words[i]; i++) {
		size_t len = strlen(words[i]);
		if (i > 0 && out->len - line_start + 1 + len > INI_LINE_MAX_BYTES) {
			buf_printf(out, "%s   ", newline);
			line_start = out->len - 3;
		}
		buf_printf(out, " %s", words[i]);
		if (out->len - line_start > INI_LINE_MAX_BYTES) {
			buf_printf(error, "a line of swatch.conf has %d bytes at most, too few for: %s",
				   INI_LINE_MAX_BYTES, words[i]);
			return false;
		}
		if (strpbrk(words[i], "\r\n")) {
			buf_append_str(error, "swatch.conf cannot hold a newline in a value");
			return false;
		}
	}
	return !out->failed;
}

/* Composes the text that adds a key; returns its place. */
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

/* Appends the text with [from, to) replaced; nothing when memory ran out. */
static bool replace_part(const char *text, size_t len, size_t from, size_t to, const char *what,
			 struct buf *out)
{
	size_t what_len = strlen(what);
	if (!buf_reserve(out, len + what_len))
		return false;
	out->data[out->len] = '\0';
	buf_append(out, text, from);
	buf_append(out, what, what_len);
	buf_append(out, text + to, len - to);
	return true;
}

bool config_edit_set(const char *text, size_t len, const char *section, const char *key,
		     const char *const *words, struct config_change *change, struct buf *out,
		     struct buf *error)
{
	struct place place;
	AUTO_BUF lines = BUF_INIT, added = BUF_INIT;
	const char *newline = newline_of(text, len);
	memset(change, 0, sizeof(*change));
	/* `change` keeps the replaced lines as a string. */
	if (len > 0 && memchr(text, '\0', len)) {
		buf_append_str(error, "it contains a NUL byte, so it is not text");
		return false;
	}
	find_place(text, len, section, key, &place);
	/*
	 * The next line would continue a setting inserted here, so it goes to the end, in a section of its
	 * own.
	 */
	if (!place.found && place.has_section && next_kind(text, len, place.insert_at, true) == INI_MORE)
		place.has_section = false;
	if (place.interrupted) {
		buf_printf(error, "the value of %s goes on below a comment", key);
		return false;
	}
	if (!write_setting(key, words, newline, &lines, error))
		return false;
	size_t from = place.at, to = place.end;
	if (place.found) {
		change->previous = strndup(text + from, to - from);
		buf_append_str(&added, buf_str(&lines));
	} else {
		from = to = compose_addition(text, len, section, &place, buf_str(&lines), newline, &added);
		change->added = strdup(buf_str(&added));
	}
	change->section = strdup(section);
	change->key = strdup(key);
	change->lines = strdup(buf_str(&lines));
	bool good = change->section && change->key && change->lines && (change->previous || change->added)
		    && !added.failed && replace_part(text, len, from, to, buf_str(&added), out);
	if (!good)
		config_change_release(change);
	return good;
}

/* ---- taking it back ---- */

/* Whether the text that came in is still one piece around the setting, and can go as one. */
static bool find_addition(const char *text, size_t len, const struct config_change *change, size_t setting_at,
			  size_t *from, size_t *to)
{
	size_t added_len = strlen(change->added);
	const char *within = strstr(change->added, change->lines);
	size_t before = within ? (size_t)(within - change->added) : 0;
	if (!within || setting_at < before || len - (setting_at - before) < added_len
	    || memcmp(text + setting_at - before, change->added, added_len) != 0)
		return false;
	size_t end = setting_at - before + added_len;
	/* A piece that does not end with a newline was the end of the text, and must still be. */
	if (text[end - 1] != '\n' && end != len)
		return false;
	bool with_section = before > 0 && memchr(change->added, '[', before) != NULL;
	/* Without the section's line, settings after it would belong to another section. */
	enum ini_kind next = with_section ? next_kind(text, len, end, false) : INI_NOTHING;
	if (next != INI_NOTHING && next != INI_SECTION)
		return false;
	*from = setting_at - before;
	*to = end;
	return true;
}

/* Adds a newline to the setting's lines. */
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

enum config_undo config_edit_undo(const char *text, size_t len, const struct config_change *change,
				  struct buf *out)
{
	struct place place;
	const char *back = change->previous ? change->previous : "";
	find_place(text, len, change->section, change->key, &place);
	if (!place.found)
		return CONFIG_EDIT_GONE;
	size_t from = place.at, to = place.end;
	if (to - from != strlen(change->lines) || memcmp(text + from, change->lines, to - from) != 0)
		return CONFIG_EDIT_CHANGED;
	if (!change->previous && !(change->added && find_addition(text, len, change, place.at, &from, &to)))
		find_lines(text, len, &from, &to);
	return replace_part(text, len, from, to, back, out) ? CONFIG_EDIT_UNDONE : CONFIG_EDIT_NO_MEMORY;
}

void config_change_release(struct config_change *change)
{
	free(change->section);
	free(change->key);
	free(change->lines);
	free(change->previous);
	free(change->added);
	memset(change, 0, sizeof(*change));
}
