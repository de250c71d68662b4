/*
 * A report's rows: swatch's, ccusage's, and the ones that ccusage is expected to print.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/strmap.h"
#include "cache/read.h"
#include "json/parse.h"
#include "report/json.h"
#include "swatch/verify/figures.h"
#include "swatch/verify/same.h"
#include "swatch/verify/verify.h"
#include "transcript/counts.h"

enum side { OURS, THEIRS, EXPECTED };

/* ---- rows, and what they are called ---- */

/* The member that names a row. */
static const char *const names[REPORT_KINDS] = {
	[REPORT_BLOCKS] = "id", [REPORT_DAILY] = "date", [REPORT_WEEKLY] = "week", [REPORT_MONTHLY] = "month",
	[REPORT_SESSIONS] = "sessionId",
};

static char *session_key(const char *session, size_t session_len, const char *project, size_t project_len)
{
	struct buf key = BUF_INIT;
	buf_append(&key, session, session_len);
	buf_append_str(&key, " in ");
	buf_append(&key, project, project_len);
	return buf_detach(&key);
}

/* What a row is called; NULL when it has no name, or memory ran out. */
static char *key_of_row(enum report_kind kind, struct json_object *row)
{
	const char *name = json_get_string(row, names[kind]);
	if (!name || kind != REPORT_SESSIONS)
		return name ? strdup(name) : NULL;
	const char *project = json_get_string(row, "projectPath");
	project = project ? project : "";
	return session_key(name, strlen(name), project, strlen(project));
}

/* The rows of a ledger as a JSON array; NULL with the reason in `problem`. */
static struct json_object *rows_of_ledger(struct ledger *ledger, enum report_kind kind, struct buf *problem)
{
	struct report_options options = { .kind = kind, .now_ms = clock_wall_ms() };
	struct json_object *rows = json_object_new_array();
	struct report report;
	bool good = report_make(ledger, &options, &report, problem) == 0 && rows;
	for (size_t i = 0; good && i < report.row_count; i++) {
		AUTO_BUF text = BUF_INIT;
		struct jsonw w;
		jsonw_init(&w, &text);
		report_write_row(&w, kind, &report.rows[i]);
		struct json_object *row =
			text.failed ? NULL : json_parse(text.data, text.len, JSON_PARSE_MAX_DEPTH, NULL);
		good = row && json_object_array_add(rows, row) == 0;
		if (!good)
			json_object_put(row);
	}
	report_release(&report);
	if (good)
		return rows;
	if (problem->len == 0)
		buf_append_str(problem, "out of memory");
	json_object_put(rows);
	return NULL;
}

/* Takes `value`; false when it is NULL or memory ran out. */
static bool put_member(struct json_object *row, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(row, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

/* Takes a session's name and its project, which expected.c put into one, apart again. */
static bool part_names(struct json_object *rows)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		const char *name = json_get_string(row, "sessionId");
		const char *newline = name ? strchr(name, '\n') : NULL;
		if (!newline)
			continue;
		if (!put_member(row, "projectPath", json_object_new_string(newline + 1))
		    || !put_member(row, "sessionId", json_object_new_string_len(name, (int)(newline - name))))
			return false;
	}
	return true;
}

static struct verify_row *find_row(struct verify_report *report, const struct strmap *numbers,
				   const char *key)
{
	uintptr_t number = (uintptr_t)strmap_get(numbers, key);
	return number ? &report->rows[number - 1] : NULL;
}

/* Finds the row of that name, or makes it. Returns NULL when memory ran out. Takes `key`. */
static struct verify_row *get_row(struct verify_report *report, struct strmap *numbers, char *key)
{
	struct verify_row *row = find_row(report, numbers, key);
	if (row) {
		free(key);
		return row;
	}
	if (report->row_count == report->row_cap) {
		size_t cap = report->row_cap ? report->row_cap * 2 : 64;
		struct verify_row *grown = reallocarray(report->rows, cap, sizeof(*grown));
		if (grown)
			report->rows = grown;
		report->row_cap = grown ? cap : report->row_cap;
	}
	if (report->row_count == report->row_cap
	    || !strmap_put(numbers, key, (void *)(uintptr_t)(report->row_count + 1))) {
		free(key);
		return NULL;
	}
	row = &report->rows[report->row_count++];
	*row = (struct verify_row){ .key = key, .reason = DIFFERENCE_UNKNOWN };
	return row;
}

static bool add_rows(struct verify_report *report, struct strmap *numbers, enum side side,
		     struct json_object *rows)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *object = json_object_array_get_idx(rows, i);
		char *key = key_of_row(report->kind, object);
		struct verify_row *row = key ? get_row(report, numbers, key) : NULL;
		if (!row) {
			buf_printf(&report->problem,
				   key ? "out of memory" : "row %zu of ccusage's answer has no %s", i,
				   names[report->kind]);
			return false;
		}
		*(side == OURS ? &row->ours : side == THEIRS ? &row->theirs : &row->expected) = object;
	}
	return true;
}

/* ---- which entries belong to a row ---- */

static bool put_in_row(struct verify_report *report, size_t row_number, size_t entry)
{
	struct verify_row *row = &report->rows[row_number];
	if (row->entry_count > 0 && row->entries[row->entry_count - 1] == entry)
		return true;
	if (row->entry_count == row->entry_cap) {
		size_t cap = row->entry_cap ? row->entry_cap * 2 : 8;
		size_t *grown = reallocarray(row->entries, cap, sizeof(*grown));
		if (!grown)
			return false;
		row->entries = grown;
		row->entry_cap = cap;
	}
	row->entries[row->entry_count++] = entry;
	return true;
}

/* The day, the week's Sunday, or the month of a moment. */
static void key_of_time(enum report_kind kind, int64_t at_ms, char out[CLOCK_DATE_SIZE])
{
	char day[CLOCK_DATE_SIZE];
	clock_format_local_date(at_ms, day);
	if (kind == REPORT_WEEKLY)
		clock_format_week(day, out);
	else
		snprintf(out, CLOCK_DATE_SIZE, "%.*s", kind == REPORT_MONTHLY ? 7 : 10, day);
}

static size_t number_of(const struct strmap *numbers, const char *key)
{
	uintptr_t number = key ? (uintptr_t)strmap_get(numbers, key) : 0;
	return number ? (size_t)number - 1 : VERIFY_NO_ROW;
}

/* The sessions under which an entry stands on either side. */
static bool find_sessions(const struct verify *verify, const struct strmap *numbers,
			  struct compare_entry *entry)
{
	const struct reference_file *file = reference_file_at(verify->reference, entry->record->file);
	struct slice session, project;
	AUTO_FREE char *theirs =
		session_key(file->session, strlen(file->session), file->project, strlen(file->project));
	entry->their_row = number_of(numbers, theirs);
	if (!compare_our_session(&verify->compare, entry->record, &session, &project))
		return theirs != NULL;
	AUTO_FREE char *ours = session_key(session.data, session.len, project.data, project.len);
	entry->our_row = number_of(numbers, ours);
	return theirs && ours;
}

static void find_blocks(const struct verify_report *report, struct compare_entry *entry)
{
	int64_t at_ms = entry->record->time_ms;
	for (size_t i = 0; i < report->row_count; i++) {
		const struct verify_row *row = &report->rows[i];
		if (row->our_end_ms != 0 && at_ms >= row->our_start_ms && at_ms <= row->our_end_ms)
			entry->our_row = i;
		if (row->their_end_ms != 0 && at_ms >= row->their_start_ms && at_ms <= row->their_end_ms)
			entry->their_row = i;
	}
}

static bool assign_entries(const struct verify *verify, struct verify_report *report,
			   const struct strmap *numbers)
{
	for (size_t i = 0; i < report->entries.count; i++) {
		struct compare_entry *entry = &report->entries.list[i];
		char key[16];
		bool good = true;
		entry->our_row = entry->their_row = VERIFY_NO_ROW;
		if (report->kind == REPORT_BLOCKS) {
			find_blocks(report, entry);
		} else if (report->kind == REPORT_SESSIONS) {
			good = find_sessions(verify, numbers, entry);
		} else {
			key_of_time(report->kind, entry->record->time_ms, key);
			entry->our_row = entry->their_row = number_of(numbers, key);
		}
		if (good && entry->ours && entry->our_row != VERIFY_NO_ROW)
			good = put_in_row(report, entry->our_row, i);
		if (good && entry->theirs && entry->their_row != VERIFY_NO_ROW)
			good = put_in_row(report, entry->their_row, i);
		if (!good)
			return false;
	}
	return true;
}

/* ---- the judgement ---- */

static int64_t time_of(struct json_object *row, const char *member)
{
	const char *text = row ? json_get_string(row, member) : NULL;
	int64_t at_ms = 0;
	if (text)
		(void)clock_parse_rfc3339(text, strlen(text), &at_ms);
	return at_ms;
}

static void note_times(struct verify_report *report)
{
	for (size_t i = 0; i < report->row_count && report->kind == REPORT_BLOCKS; i++) {
		struct verify_row *row = &report->rows[i];
		row->our_start_ms = time_of(row->ours, "startTime");
		row->our_end_ms = time_of(row->ours, "actualEndTime");
		row->their_start_ms = time_of(row->theirs, "startTime");
		row->their_end_ms = time_of(row->theirs, "actualEndTime");
	}
}

/* Whether the row has money of ccusage's that cannot be foreseen. */
static bool has_guessed(const struct verify_report *report, const struct verify_row *row)
{
	for (size_t i = 0; i < row->entry_count; i++) {
		const struct compare_entry *entry = &report->entries.list[row->entries[i]];
		if (entry->theirs && entry->record->guessed)
			return true;
	}
	return false;
}

static bool is_huge(const struct price_tokens *t)
{
	return t->input >= SCAN_TOKENS_HUGE || t->output >= SCAN_TOKENS_HUGE
	    || t->cache_creation_5m >= SCAN_TOKENS_HUGE || t->cache_creation_1h >= SCAN_TOKENS_HUGE
	    || t->cache_read >= SCAN_TOKENS_HUGE;
}

/* Whether ccusage counts tokens beyond 2^53 in the row: no sum can be foreseen then. */
static bool has_huge(const struct verify_report *report, const struct verify_row *row)
{
	for (size_t i = 0; i < row->entry_count; i++) {
		const struct compare_entry *entry = &report->entries.list[row->entries[i]];
		if (entry->theirs && is_huge(&entry->record->tokens))
			return true;
	}
	return false;
}

/* Whether ccusage leaves the row out: a session without any tokens. */
static bool is_left_out(const struct verify_report *report, const struct verify_row *row)
{
	return report->kind == REPORT_SESSIONS && !row->theirs && verify_row_tokens(row->expected) == 0;
}

static bool is_empty_session(const struct verify_report *report, const struct verify_row *row)
{
	return is_left_out(report, row) && verify_row_tokens(row->ours) == 0;
}

/* Whether ccusage printed the row that it was expected to print. */
static bool is_as_expected(const struct verify_report *report, struct verify_row *row)
{
	bool is_block = report->kind == REPORT_BLOCKS;
	if (verify_same_rows(row->theirs, row->expected, is_block, &row->difference))
		return true;
	if (has_huge(report, row) || is_left_out(report, row))
		return true;
	/* With a count that no ledger holds, the sums tell. */
	struct row_figures expected = row_figures_of(report, row->expected);
	struct row_figures theirs = row_figures_of(report, row->theirs);
	bool any = has_guessed(report, row);
	if (any)
		expected.usd = theirs.usd;
	for (size_t i = 0; i < row->entry_count; i++) {
		const struct compare_entry *entry = &report->entries.list[row->entries[i]];
		if (entry->theirs && entry->record->lost & REFERENCE_REFUSED_COUNT) {
			struct price_tokens held = verify_cut_tokens(&entry->record->tokens);
			row_figures_add(&expected, &entry->record->tokens, 1, 0.);
			row_figures_add(&expected, &held, -1, 0.);
			any = true;
		}
	}
	return any && row->expected && row->theirs && row_figures_equal(&expected, &theirs);
}

/* Whether the row's entries come to the difference between both sides. */
static bool entries_account(const struct verify_report *report, struct verify_row *row)
{
	size_t number = (size_t)(row - report->rows);
	struct row_figures ours = row_figures_of(report, row->ours);
	struct row_figures theirs = row_figures_of(report, row->theirs);
	for (size_t i = 0; i < row->entry_count; i++) {
		const struct compare_entry *entry = &report->entries.list[row->entries[i]];
		if (entry->reason == DIFFERENCE_UNKNOWN) {
			buf_append_str(&row->difference, "entries differ for no reason that is known");
			return false;
		}
		if (entry->ours && entry->our_row == number)
			row_figures_add(&ours, &entry->record->our_tokens, -1, entry->our_usd);
		if (entry->theirs && entry->their_row == number)
			row_figures_add(&theirs, &entry->record->tokens, -1, entry->their_usd);
	}
	if (has_huge(report, row))
		return true;
	if (has_guessed(report, row))
		ours.usd = theirs.usd;
	/* A block of other bounds holds other entries, which do not differ themselves. */
	bool moved = row->our_start_ms != row->their_start_ms || row->our_end_ms != row->their_end_ms
		     || (report->kind == REPORT_BLOCKS && row->our_end_ms == 0 && row->their_end_ms == 0);
	if (moved ? report->entries.count > 0 : row_figures_equal(&ours, &theirs) && row->entry_count > 0)
		return true;
	buf_clear(&row->difference);
	verify_same_rows(row->ours, row->theirs, report->kind == REPORT_BLOCKS, &row->difference);
	return false;
}

static void set_empty(struct verify_row *row)
{
	row->state = row->ours ? VERIFY_EXPLAINED : VERIFY_EQUAL;
	row->reason = DIFFERENCE_EMPTY_SESSION;
}

static void judge(const struct verify *verify, struct verify_report *report, struct verify_row *row)
{
	struct buf unused = BUF_INIT;
	struct row_figures ours = row_figures_of(report, row->ours);
	struct row_figures theirs = row_figures_of(report, row->theirs);
	/* What an older one prints is not foreseen here. */
	if (verify->version.is_older)
		row->state = row_figures_equal(&ours, &theirs) ? VERIFY_EQUAL : VERIFY_UNEXPLAINED;
	else if (is_empty_session(report, row))
		set_empty(row);
	else if (!is_as_expected(report, row))
		row->state = VERIFY_UNEXPLAINED;
	else if (verify_same_rows(row->ours, row->theirs, report->kind == REPORT_BLOCKS, &unused))
		row->state = VERIFY_EQUAL;
	else
		row->state = entries_account(report, row) ? VERIFY_EXPLAINED : VERIFY_UNEXPLAINED;
	buf_release(&unused);
	if (row->state != VERIFY_UNEXPLAINED)
		buf_clear(&row->difference);
	report->equal += row->state == VERIFY_EQUAL;
	report->explained += row->state == VERIFY_EXPLAINED;
	report->unexplained += row->state == VERIFY_UNEXPLAINED;
}

static int compare_keys(const void *a, const void *b)
{
	const struct verify_row *left = a, *right = b;
	/* A gap's key begins with a word: its time is what counts. */
	const char *l = strncmp(left->key, "gap-", 4) == 0 ? left->key + 4 : left->key;
	const char *r = strncmp(right->key, "gap-", 4) == 0 ? right->key + 4 : right->key;
	return strcmp(l, r);
}

/* The rows of all three sides by name; `numbers` then tells where each stands. */
static bool set_side_by_side(struct verify_report *report, struct strmap *numbers,
			     struct json_object *const sides[3])
{
	for (int side = 0; side < 3; side++)
		if (!add_rows(report, numbers, (enum side)side, sides[side]))
			return false;
	if (report->row_count > 0)
		qsort(report->rows, report->row_count, sizeof(*report->rows), compare_keys);
	for (size_t i = 0; i < report->row_count; i++)
		if (!strmap_put(numbers, report->rows[i].key, (void *)(uintptr_t)(i + 1)))
			return false;
	return true;
}

bool verify_compare(const struct verify *verify, struct verify_report *report, struct json_object *theirs)
{
	struct strmap numbers = STRMAP_INIT;
	struct json_object *rows = json_object_object_get(theirs, ccusage_list_name(report->kind));
	report->own[THEIRS] = theirs;
	report->own[OURS] = rows_of_ledger(verify->ledger, report->kind, &report->problem);
	report->own[EXPECTED] = report->own[OURS]
				      ? rows_of_ledger(verify->expected[compare_rule(report->kind)],
						       report->kind, &report->problem)
				      : NULL;
	if (!report->own[EXPECTED])
		return false;
	struct json_object *const sides[] = { report->own[OURS], rows, report->own[EXPECTED] };
	bool good = (report->kind != REPORT_SESSIONS || part_names(report->own[EXPECTED]))
		 && set_side_by_side(report, &numbers, sides)
		 && compare_find(&verify->compare, report->kind, &report->entries);
	note_times(report);
	good = good && assign_entries(verify, report, &numbers);
	for (size_t i = 0; i < report->row_count && good; i++)
		judge(verify, report, &report->rows[i]);
	strmap_release(&numbers);
	if (!good && report->problem.len == 0)
		buf_append_str(&report->problem, "out of memory");
	report->is_compared = good;
	return good;
}

void verify_report_release(struct verify_report *report)
{
	for (size_t i = 0; i < report->row_count; i++) {
		free(report->rows[i].key);
		free(report->rows[i].entries);
		buf_release(&report->rows[i].difference);
	}
	free(report->rows);
	free(report->entries.list);
	for (int side = 0; side < 3; side++)
		json_object_put(report->own[side]);
	buf_release(&report->problem);
	memset(report, 0, sizeof(*report));
}
