#include "ledger/store/census.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/strmap.h"
#include "ledger/store/place.h"
#include "ledger/store/rows.h"
#include "ledger/store/schema.h"

/* What one session paid for in one transcript. */
struct key {
	int64_t transcript, payer;
};

struct part {
	struct key key;
	int64_t messages, nano_usd;
};

struct counting {
	struct store_census *census;
	struct part *parts;
	size_t count, cap;
	struct strmap by_key;        /* -> index + 1 */
	size_t last;                 /* index + 1 of the part that was found last */
	struct clock_day day, day_before;
};

/* ---- rows ---- */

/* Messages come in order of time, but for those that were put off by up to a second. */
static void count_day(struct counting *counting, int64_t time_ms)
{
	struct clock_day *day = &counting->day, *before = &counting->day_before, found = { .start_ms = 0 };
	if (clock_day_has(day, time_ms) || clock_day_has(before, time_ms))
		return;
	(void)clock_day_follow(&found, time_ms);
	counting->census->days++;
	if (time_ms < day->start_ms) {
		*before = found;
		return;
	}
	*before = *day;
	*day = found;
}

static struct part *find_part(struct counting *counting, const struct key *key)
{
	if (counting->last > 0) {
		struct part *last = &counting->parts[counting->last - 1];
		if (last->key.transcript == key->transcript && last->key.payer == key->payer)
			return last;
	}
	counting->last =
		(size_t)(uintptr_t)strmap_get_len(&counting->by_key, (const char *)key, sizeof(*key));
	if (counting->last > 0)
		return &counting->parts[counting->last - 1];
	if (!array_reserve(&counting->parts, &counting->cap, counting->count + 1, sizeof(*counting->parts))
	    || !strmap_put_len(&counting->by_key, (const char *)key, sizeof(*key),
			       (void *)(counting->count + 1)))
		return NULL;
	counting->parts[counting->count++] = (struct part){ .key = *key };
	counting->last = counting->count;
	return &counting->parts[counting->count - 1];
}

static bool count_row(struct counting *counting, const struct store_row *row)
{
	struct store_census *census = counting->census;
	const struct key key = { row->transcript, row->payer };
	struct part *part = find_part(counting, &key);
	if (!part)
		return false;
	part->messages++;
	store_rows_add(&part->nano_usd, row->nano_usd);
	census->messages++;
	census->unpriced += (row->flags & STORE_UNPRICED) != 0;
	store_rows_add(&census->nano_usd, row->nano_usd);
	if (census->first_ms == 0 || row->time_ms < census->first_ms)
		census->first_ms = row->time_ms;
	if (row->time_ms > census->last_ms)
		census->last_ms = row->time_ms;
	count_day(counting, row->time_ms);
	return true;
}

static int count_rows(sqlite3 *db, struct counting *counting)
{
	sqlite3_stmt *rows;
	int result = store_rows_open(db, 0, &rows);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_row row;
		bool counts = store_rows_take(rows, &row) && !(row.flags & STORE_HIDDEN);
		result = !counts || count_row(counting, &row) ? SQLITE_OK : SQLITE_NOMEM;
	}
	(void)sqlite3_finalize(rows);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* ---- names ---- */

static int compare_parts(const void *a, const void *b)
{
	int64_t left = ((const struct part *)a)->key.transcript;
	int64_t right = ((const struct part *)b)->key.transcript;
	return (left > right) - (left < right);
}

/* Names that were met, each once. */
struct name_sets {
	struct strmap sessions, projects;
};

static bool note_name(struct strmap *set, const char *text, size_t len)
{
	static char here;
	return len == 0 || strmap_put_len(set, text, len, &here);
}

/* Counts a transcript: the parts from `first` on to `end`. Returns false when memory ran out. */
static bool count_transcript(struct counting *counting, struct store_names *names, size_t first, size_t end,
			     struct name_sets *sets)
{
	struct store_transcript_names transcript;
	struct store_census *census = counting->census;
	bool known = store_names_transcript(names, counting->parts[first].key.transcript, &transcript);
	/* Of a transcript that is not in the list nobody can say whether it is there. */
	bool gone = known && (transcript.replaced || store_place_is_empty(transcript.path));
	census->transcripts++;
	census->gone_transcripts += gone;
	for (size_t i = first; i < end; i++) {
		const struct part *part = &counting->parts[i];
		const char *payer = store_names_session(names, part->key.payer);
		const char *session = *payer ? payer : transcript.session;
		if (!note_name(&sets->sessions, session, strlen(session)))
			return false;
		census->gone_messages += gone ? part->messages : 0;
		store_rows_add(&census->gone_nano_usd, gone ? part->nano_usd : 0);
	}
	return note_name(&sets->projects, transcript.project.data, transcript.project.len);
}

static int count_names(sqlite3 *db, struct counting *counting)
{
	struct name_sets sets = { STRMAP_INIT, STRMAP_INIT };
	struct store_names names;
	int result = store_names_open(db, &names);
	if (counting->count > 0)
		qsort(counting->parts, counting->count, sizeof(*counting->parts), compare_parts);
	for (size_t i = 0, end; i < counting->count && result == SQLITE_OK; i = end) {
		for (end = i + 1; end < counting->count
				  && compare_parts(&counting->parts[i], &counting->parts[end]) == 0;)
			end++;
		result = count_transcript(counting, &names, i, end, &sets) ? SQLITE_OK : SQLITE_NOMEM;
		if (result == SQLITE_OK)
			result = store_names_take_result(&names);
	}
	counting->census->sessions = sets.sessions.used;
	counting->census->projects = sets.projects.used;
	store_names_release(&names);
	strmap_release(&sets.sessions);
	strmap_release(&sets.projects);
	return result;
}

int store_census_take(sqlite3 *db, struct store_census *out)
{
	struct counting counting = { .census = out };
	memset(out, 0, sizeof(*out));
	int result = count_rows(db, &counting);
	if (result == SQLITE_OK)
		result = count_names(db, &counting);
	strmap_release(&counting.by_key);
	free(counting.parts);
	return result;
}
