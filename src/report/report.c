#include "report/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "config/config.h"

static const char *const kind_names[REPORT_KINDS] = {
	[REPORT_BLOCKS] = "blocks", [REPORT_DAILY] = "daily", [REPORT_WEEKLY] = "weekly",
	[REPORT_MONTHLY] = "monthly", [REPORT_SESSIONS] = "sessions",
};

const char *report_kind_name(enum report_kind kind)
{
	return kind_names[kind];
}

bool report_kind_find(const char *name, enum report_kind *out)
{
	for (int i = 0; i < REPORT_KINDS; i++) {
		if (strcmp(kind_names[i], name) == 0) {
			*out = (enum report_kind)i;
			return true;
		}
	}
	return false;
}

/* ---- the order of transcripts ---- */

struct ranked {
	const char *path;
	uint32_t file;
};

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct ranked *)a)->path, ((const struct ranked *)b)->path);
}

static bool rank_files(struct report_work *work)
{
	size_t count = ledger_file_count(work->ledger), root_len;
	struct ranked *ranked = calloc(count + 1, sizeof(*ranked));
	work->ranks = calloc(count + 1, sizeof(*work->ranks));
	if (ranked && work->ranks) {
		for (size_t i = 0; i < count; i++)
			ranked[i] = (struct ranked){ ledger_path(work->ledger, (unsigned)i, &root_len), (uint32_t)i };
		qsort(ranked, count, sizeof(*ranked), compare_paths);
		for (size_t i = 0; i < count; i++)
			work->ranks[ranked[i].file] = (uint32_t)i;
	}
	bool good = ranked && work->ranks;
	free(ranked);
	return good;
}

struct report_place report_place_of(const struct report_work *work, const struct ledger_entry_view *entry)
{
	bool of_days = work->options->kind == REPORT_WEEKLY || work->options->kind == REPORT_MONTHLY;
	return (struct report_place){ of_days ? work->day_start_ms : 0, work->ranks[entry->first_file],
				      entry->first_offset };
}

bool report_place_is_before(struct report_place a, struct report_place b)
{
	if (a.day_ms != b.day_ms)
		return a.day_ms < b.day_ms;
	return a.rank != b.rank ? a.rank < b.rank : a.offset < b.offset;
}

/* ---- which entries ---- */

struct slice report_project_of(const struct ledger_entry_view *entry)
{
	const char *relative = entry->path + entry->root_len;
	const char *slash = strchr(relative, '/');
	return (struct slice){ relative, slash ? (size_t)(slash - relative) : 0 };
}

/* The zone is asked once for each day that an entry lies in: entries come in order of time. */
static void look_up_day(struct report_work *work, int64_t at_ms)
{
	if (at_ms >= work->day_start_ms && at_ms < work->day_end_ms)
		return;
	work->day_start_ms = clock_local_day_start_ms(at_ms);
	work->day_end_ms = clock_local_next_day_ms(at_ms);
	clock_format_local_date(at_ms, work->day);
}

/* "20261123" before, on or after "2026-11-23", as strcmp() says it. */
static int compare_day(const char digits[9], const char *day)
{
	char plain[16];
	size_t len = 0;
	for (const char *c = day; *c && len < sizeof(plain) - 1; c++)
		if (*c != '-')
			plain[len++] = *c;
	plain[len] = '\0';
	return strcmp(digits, plain);
}

bool report_wants_entry(struct report_work *work, const struct ledger_entry_view *entry)
{
	const struct report_options *options = work->options;
	look_up_day(work, entry->time_ms);
	if (options->since[0] && compare_day(options->since, work->day) > 0)
		return false;
	if (options->until[0] && compare_day(options->until, work->day) < 0)
		return false;
	return !options->project[0] || slice_equals(report_project_of(entry), options->project);
}

void report_note_unpriced(struct report_work *work, const struct ledger_entry_view *entry)
{
	uint64_t bit = UINT64_C(1) << entry->model;
	if (!entry->unpriced || (work->unpriced_seen & bit))
		return;
	work->unpriced_seen |= bit;
	work->out->unpriced[work->out->unpriced_count++] = entry->model_name;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void report_sort_unpriced(struct report_work *work)
{
	if (work->out->unpriced_count > 0)
		qsort(work->out->unpriced, work->out->unpriced_count, sizeof(work->out->unpriced[0]), compare_names);
}

/* ---- rows ---- */

void report_begin_row(struct report_work *work, struct jsonw *w)
{
	jsonw_init(w, &work->out->rows);
	jsonw_begin_object(w);
}

void report_end_row(struct report_work *work, struct jsonw *w)
{
	jsonw_end_object(w);
	buf_append_char(&work->out->rows, '\n');
	work->out->row_count++;
}

/* ---- the zone ---- */

/* Makes a zone the process's. `before` keeps the old one, for give_zone_back(); false when memory ran out. */
static bool take_zone(const char *zone, char **before)
{
	const char *old = getenv("TZ");
	*before = old ? strdup(old) : NULL;
	if ((old && !*before) || setenv("TZ", zone, 1) != 0) {
		free(*before);
		return false;
	}
	tzset();
	return true;
}

static void give_zone_back(char *before)
{
	/* What was there once fits again. */
	if (before)
		(void)setenv("TZ", before, 1);
	else
		(void)unsetenv("TZ");
	tzset();
	free(before);
}

static bool is_date(const char *text)
{
	size_t len = strlen(text);
	return len == 0 || (len == 8 && strspn(text, "0123456789") == 8);
}

static int check_options(const struct report_options *options, struct buf *error)
{
	if (!is_date(options->since) || !is_date(options->until)) {
		buf_printf(error, "not a date: '%s'; it takes YYYYMMDD",
			   is_date(options->since) ? options->until : options->since);
		return -1;
	}
	if (!config_is_time_zone(options->timezone)) {
		if (errno == 0)
			buf_printf(error, "not a time zone: '%s'; it takes a name such as Europe/Berlin or UTC",
				   options->timezone);
		else
			buf_printf(error, "cannot look up the time zone '%s': %s", options->timezone, strerror(errno));
		return -1;
	}
	return 0;
}

int report_make(struct ledger *ledger, const struct report_options *options, struct report *out, struct buf *error)
{
	struct report_work work = { .ledger = ledger, .options = options, .out = out };
	char *zone_before = NULL;
	memset(out, 0, sizeof(*out));
	if (check_options(options, error) != 0)
		return -1;
	bool other_zone = options->timezone[0] != '\0';
	bool good = rank_files(&work) && (!other_zone || take_zone(options->timezone, &zone_before));
	if (good) {
		if (options->kind == REPORT_BLOCKS)
			report_make_blocks(&work);
		else
			report_make_groups(&work);
		if (other_zone)
			give_zone_back(zone_before);
	}
	free(work.ranks);
	if (good && !work.failed && !out->rows.failed && !out->totals.failed)
		return 0;
	buf_append_str(error, "cannot make the report: out of memory");
	return -1;
}

void report_release(struct report *report)
{
	buf_release(&report->rows);
	buf_release(&report->totals);
	memset(report, 0, sizeof(*report));
}
