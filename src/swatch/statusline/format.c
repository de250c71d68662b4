#include "swatch/statusline/format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/width.h"
#include "swatch/statusline/fields.h"
#include "swatch/statusline/lines.h"
#include "swatch/statusline/style.h"
#include "swatch/statusline/text.h"

#define DEFAULT_SEPARATOR " | "
/* {field.N}: more columns than any screen has. */
#define MAX_COLUMNS 1000

struct rendering {
	const char *format, *at, *end;
	const struct statusline_facts *facts;   /* NULL: check the format, show nothing */
	struct statusline_lines lines;
	struct statusline_style wanted;         /* of the text that follows */
	struct buf *error;
	bool is_right;                          /* the format has no faults, as an earlier rendering showed */
	bool failed;
	int depth;
};

static bool fail(struct rendering *r, const char *where, const char *what)
{
	if (!r->failed)
		buf_printf(r->error, "at byte %zu: %s", (size_t)(where - r->format) + 1, what);
	r->failed = true;
	return false;
}

static void show_text(struct rendering *r, const char *text, size_t len)
{
	if (r->facts)
		statusline_lines_add(&r->lines, &r->wanted, text, len);
}

/* ---- names and numbers in braces ---- */

static size_t name_len(const char *at, const char *end)
{
	const char *start = at;
	while (at < end && ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '_'))
		at++;
	return (size_t)(at - start);
}

/* Takes a field's name. Returns NULL after a fault. */
static const struct statusline_field *take_field(struct rendering *r)
{
	const char *name = r->at;
	size_t len = name_len(name, r->end);
	const struct statusline_field *field = len > 0 ? statusline_field_find(name, len) : NULL;
	if (field) {
		r->at += len;
		return field;
	}
	if (!r->failed)
		buf_printf(r->error, "at byte %zu: there is no field '%.*s'", (size_t)(name - r->format) + 1,
			   len < 40 ? (int)len : 40, name);
	r->failed = true;
	return NULL;
}

/* A plain decimal number. */
static bool take_number(struct rendering *r, double *out)
{
	char text[24];
	size_t len = 0;
	while (r->at + len < r->end && strchr("0123456789.", r->at[len]) && r->at[len])
		len++;
	if (len == 0 || len >= sizeof(text))
		return fail(r, r->at, "a number is missing here");
	memcpy(text, r->at, len);
	text[len] = '\0';
	char *rest;
	*out = strtod(text, &rest);
	if (*rest)
		return fail(r, r->at, "this is not a number");
	r->at += len;
	return true;
}

static bool take_char(struct rendering *r, char c, const char *what)
{
	if (r->at >= r->end || *r->at != c)
		return fail(r, r->at, what);
	r->at++;
	return true;
}

/* ---- {field} ---- */

static bool render_field(struct rendering *r)
{
	char value[FIELD_VALUE_SIZE];
	const struct statusline_field *field = take_field(r);
	double columns = 0.;
	if (!field)
		return false;
	if (r->at < r->end && *r->at == '.') {
		r->at++;
		const char *where = r->at;
		if (!take_number(r, &columns))
			return false;
		if (columns < 1. || columns > MAX_COLUMNS || columns != (double)(int)columns)
			return fail(r, where, "a field is shortened to 1 to 1000 columns");
	}
	if (!take_char(r, '}', "a } is missing here"))
		return false;
	if (!r->facts)
		return true;
	size_t len = statusline_field_text(field, r->facts, value);
	bool is_warning = statusline_field_is_warning(field);
	if (is_warning)
		statusline_lines_begin_warning(&r->lines);
	if (columns >= 1. && len > 0) {
		AUTO_BUF cut = BUF_INIT;
		width_clip(&cut, value, len, (size_t)columns);
		show_text(r, buf_str(&cut), cut.len);
		r->lines.failed = r->lines.failed || cut.failed;
	} else {
		show_text(r, value, len);
	}
	if (is_warning)
		statusline_lines_end_warning(&r->lines);
	return true;
}

/* ---- {?field:...} ---- */

static bool render_until(struct rendering *r, bool in_braces);

/* Skips a condition's body in a format without faults. */
static bool skip_body(struct rendering *r)
{
	for (size_t depth = 1; depth > 0 && r->at < r->end; r->at++) {
		if (*r->at == '\\')
			r->at++;
		else if (*r->at == '{')
			depth++;
		else if (*r->at == '}')
			depth--;
	}
	return true;
}

/* Reads a condition's body, for its faults, and shows it when the condition holds. */
static bool render_body(struct rendering *r, bool shown)
{
	if (!shown && r->is_right)
		return skip_body(r);
	const struct statusline_facts *facts = r->facts;
	struct statusline_style wanted = r->wanted;
	if (++r->depth > STATUSLINE_FORMAT_MAX_DEPTH)
		return fail(r, r->at, "conditions are nested too deeply");
	if (!shown)
		r->facts = NULL;
	bool good = render_until(r, true);
	r->facts = facts;
	r->depth--;
	/* A colour that is set in a hidden body has no effect after it. */
	if (!shown)
		r->wanted = wanted;
	return good;
}

enum comparison { IS_KNOWN, IS_ABOVE, IS_AT_LEAST, IS_BELOW, IS_AT_MOST, IS_WORD };

static enum comparison take_comparison(struct rendering *r)
{
	char c = r->at < r->end ? *r->at : '\0';
	if (c != '>' && c != '<' && c != '=')
		return IS_KNOWN;
	r->at++;
	if (c == '=')
		return IS_WORD;
	bool or_equal = r->at < r->end && *r->at == '=';
	r->at += or_equal;
	if (c == '>')
		return or_equal ? IS_AT_LEAST : IS_ABOVE;
	return or_equal ? IS_AT_MOST : IS_BELOW;
}

static bool compare(double number, enum comparison how, double limit)
{
	switch (how) {
	case IS_ABOVE:
		return number > limit;
	case IS_AT_LEAST:
		return number >= limit;
	case IS_BELOW:
		return number < limit;
	default:
		return number <= limit;
	}
}

/* Takes "field", "field>80" or "field=word". *is_warning: the field is one. */
static bool take_condition(struct rendering *r, bool *holds, bool *is_warning)
{
	char value[FIELD_VALUE_SIZE];
	const char *where = r->at;
	const struct statusline_field *field = take_field(r);
	if (!field)
		return false;
	*is_warning = statusline_field_is_warning(field);
	enum comparison how = take_comparison(r);
	*holds = r->facts && statusline_field_is_known(field, r->facts);
	if (how == IS_KNOWN)
		return true;
	if (how == IS_WORD) {
		const char *word = r->at;
		while (r->at < r->end && *r->at != ':' && *r->at != '{' && *r->at != '}')
			r->at++;
		size_t len = *holds ? statusline_field_text(field, r->facts, value) : 0;
		*holds = *holds && (size_t)(r->at - word) == len && memcmp(word, value, len) == 0;
		return true;
	}
	double limit;
	if (field->kind == FIELD_TEXT || field->kind == FIELD_CLOCK)
		return fail(r, where, "this field is not a number: it can only be compared with =");
	if (!take_number(r, &limit))
		return false;
	*holds = *holds && compare(statusline_field_number(field, r->facts), how, limit);
	return true;
}

static bool render_condition(struct rendering *r, bool negated)
{
	bool holds = false;
	bool is_warning = false;
	if (!take_condition(r, &holds, &is_warning)
	    || !take_char(r, ':', "a : is missing here, as in {?field:text}"))
		return false;
	is_warning = is_warning && holds && !negated;
	if (is_warning)
		statusline_lines_begin_warning(&r->lines);
	bool good = render_body(r, r->facts && holds != negated);
	if (is_warning)
		statusline_lines_end_warning(&r->lines);
	return good;
}

/* ---- {@limits:...} ---- */

/* Shows the body once for each limit, with the fields limit_* of that one. */
static bool render_limits(struct rendering *r)
{
	static const char opening[] = "limits:";
	const struct statusline_facts *facts = r->facts;
	if ((size_t)(r->end - r->at) < strlen(opening) || memcmp(r->at, opening, strlen(opening)) != 0)
		return fail(r, r->at, "after {@ comes limits:, as in {@limits:text}");
	r->at += strlen(opening);
	if (!facts || facts->limits.count == 0)
		return render_body(r, false);
	const char *body = r->at;
	struct statusline_facts one = *facts;
	bool good = true;
	r->facts = &one;
	for (size_t i = 0; good && i < facts->limits.count; i++) {
		r->at = body;
		facts_select_limit(&one, i);
		good = render_body(r, true);
	}
	r->facts = facts;
	return good;
}

/* ---- {|} ---- */

static bool render_separator(struct rendering *r, bool is_arrow)
{
	struct statusline_separator found = { .is_arrow = is_arrow, .text = r->at, .style = r->wanted };
	while (r->at < r->end && *r->at != '}' && *r->at != '{')
		r->at++;
	found.len = (size_t)(r->at - found.text);
	if (is_arrow && found.len > 0)
		return fail(r, found.text, "{>} takes nothing");
	if (!take_char(r, '}', "a } is missing here"))
		return false;
	if (found.len == 0 && !is_arrow) {
		found.is_default = true;
		found.text = DEFAULT_SEPARATOR;
		found.len = strlen(DEFAULT_SEPARATOR);
	}
	if (r->facts)
		statusline_lines_separate(&r->lines, &found);
	return true;
}

/* ---- {#red} ---- */

/* Takes the words of a style, up to one of `stops`, and adds them to `style`. */
static bool take_style(struct rendering *r, const char *stops, struct statusline_style *style)
{
	const char *words = r->at;
	struct statusline_style added = *style;
	while (r->at < r->end && !strchr(stops, *r->at))
		r->at++;
	if (!statusline_style_add(&added, words, (size_t)(r->at - words)))
		return fail(r, words, "no such colour or style");
	*style = added;
	return true;
}

/* "green,50:yellow,80:red}" after "field:": the last style whose number is not above the value counts. */
static bool render_thresholds(struct rendering *r, const struct statusline_field *field)
{
	const char *where = r->at;
	if (field->kind == FIELD_TEXT || field->kind == FIELD_CLOCK)
		return fail(r, where, "a colour by value needs a field that is a number");
	double value = r->facts ? statusline_field_number(field, r->facts) : NAN, last = -1.;
	struct statusline_style before = r->wanted, chosen = before;
	for (bool is_first = true;; is_first = false) {
		double from = 0.;
		struct statusline_style style = before;
		if (!is_first
		    && (!take_number(r, &from) || !take_char(r, ':', "a : is missing here, as in 80:red")))
			return false;
		if (!is_first && from <= last)
			return fail(r, where, "numbers must grow from one colour to the next");
		last = is_first ? last : from;
		if (!take_style(r, ",}", &style))
			return false;
		if (is_first ? !isnan(value) : value >= from)
			chosen = style;
		if (r->at < r->end && *r->at == ',')
			r->at++;
		else
			break;
	}
	r->wanted = chosen;
	return take_char(r, '}', "a } is missing here");
}

static bool render_style(struct rendering *r)
{
	size_t len = name_len(r->at, r->end);
	if (r->at < r->end && *r->at == '}') {
		r->wanted = statusline_style_none;
		r->at++;
		return true;
	}
	if (len > 0 && r->at + len < r->end && r->at[len] == ':') {
		const struct statusline_field *field = take_field(r);
		r->at += field != NULL;
		return field && render_thresholds(r, field);
	}
	return take_style(r, "}{:,", &r->wanted) && take_char(r, '}', "a } is missing here");
}

/* ---- all of it ---- */

static bool render_braces(struct rendering *r)
{
	const char *opening = r->at++;
	if (r->at >= r->end)
		return fail(r, opening, "this { is not closed");
	switch (*r->at) {
	case '?':
	case '!':
		return r->at++, render_condition(r, r->at[-1] == '!');
	case '@':
		return r->at++, render_limits(r);
	case '|':
	case '>':
		return r->at++, render_separator(r, r->at[-1] == '>');
	case '#':
		return r->at++, render_style(r);
	default:
		return render_field(r);
	}
}

static bool render_backslash(struct rendering *r)
{
	const char *here = r->at;
	if (here + 1 >= r->end || !strchr("n\\{}", here[1]))
		return fail(r, here, "after a \\ comes n, \\, { or }");
	r->at += 2;
	if (here[1] != 'n')
		show_text(r, here + 1, 1);
	else if (r->facts)
		statusline_lines_end(&r->lines);
	return true;
}

/* Renders up to the end, or past the } that ends a condition. */
static bool render_until(struct rendering *r, bool in_braces)
{
	const char *opening = r->at;
	while (r->at < r->end) {
		const char *text = r->at;
		while (r->at < r->end && *r->at != '{' && *r->at != '}' && *r->at != '\\')
			r->at++;
		show_text(r, text, (size_t)(r->at - text));
		if (r->at >= r->end)
			break;
		if (*r->at == '}') {
			if (!in_braces)
				return fail(r, r->at, "this } closes nothing; a } that is text is \\}");
			r->at++;
			return true;
		}
		if (*r->at == '{' ? !render_braces(r) : !render_backslash(r))
			return false;
	}
	return !in_braces || fail(r, opening, "the condition that begins here is not closed: a } is missing");
}

static bool is_printable(struct rendering *r)
{
	const char *at;
	const char *fault = statusline_text_find_fault(r->format, (size_t)(r->end - r->format), &at);
	return !fault || fail(r, at, fault);
}

/* Writes the lines. `is_right`: the format has no faults. */
static bool render(const char *format, const struct statusline_facts *facts,
		   const struct statusline_look *look, bool is_right, struct buf *lines, struct buf *error,
		   bool *was_cut)
{
	size_t len = strlen(format);
	struct rendering r = {
		.format = format, .at = format, .end = format + len, .facts = facts, .error = error,
		.wanted = statusline_style_none, .is_right = is_right,
	};
	buf_clear(lines);
	statusline_lines_begin(&r.lines, look, lines);
	bool is_short = len <= STATUSLINE_FORMAT_MAX_BYTES;
	bool good = is_right || ((is_short || fail(&r, format, "longer than 4096 bytes"))
				 && is_printable(&r));
	good = good && render_until(&r, false);
	if (good && facts)
		statusline_lines_end(&r.lines);
	*was_cut = r.lines.was_cut;
	return statusline_lines_release(&r.lines) && good;
}

/*
 * Writes the lines with the largest room at which no line is cut, or with room 0. Lines get longer with the
 * room, so bisection finds it quickly.
 */
static bool render_fitting(const char *format, const struct statusline_facts *facts,
			   const struct statusline_look *look, struct buf *lines, struct buf *error)
{
	struct statusline_facts fitted = *facts;
	AUTO_BUF trial = BUF_INIT;
	int fits = -1, too_much = (int)facts->number[FACT_ROOM];
	bool good = true, was_cut;
	while (good && too_much - fits > 1) {
		int room = (fits + too_much) / 2;
		fitted.number[FACT_ROOM] = room;
		good = render(format, &fitted, look, true, &trial, error, &was_cut);
		/* Room 0 is the last resort: take those lines even when they are cut. */
		if (!was_cut || room == 0) {
			struct buf before = *lines;
			*lines = trial;
			trial = before;
		}
		if (was_cut)
			too_much = room;
		else
			fits = room;
	}
	return good;
}

bool statusline_format(const char *format, const struct statusline_facts *facts,
		       const struct statusline_look *look, struct buf *out, struct buf *error)
{
	AUTO_BUF lines = BUF_INIT;
	bool was_cut;
	bool good = render(format, facts, look, false, &lines, error, &was_cut);
	if (good && was_cut && facts && strstr(format, "room"))
		good = render_fitting(format, facts, look, &lines, error);
	if (good)
		buf_append(out, buf_str(&lines), lines.len);
	return good;
}

bool statusline_format_check(const char *format, struct buf *error)
{
	static const struct statusline_look plain = { .colour = false, .columns = 0 };
	AUTO_BUF nothing = BUF_INIT;
	return statusline_format(format, NULL, &plain, &nothing, error);
}
