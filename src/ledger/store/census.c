#include "ledger/store/census.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/strmap.h"
#include "ledger/store/place.h"
#include "ledger/store/rows.h"
#include "ledger/store/sums.h"

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
	int64_t *times;              /* of the first and the last message of each hour */
	size_t time_count, time_cap;
};

/* ---- days ---- */

static int compare_times(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

/* An hour lies in two days at most: its first message is in the one, or its last one in the other. */
static bool note_times(struct counting *counting, const struct store_sums *sums)
{
	if (!array_reserve_many(&counting->times, &counting->time_cap, counting->time_count + 2,
				sizeof(*counting->times)))
		return false;
	counting->times[counting->time_count++] = sums->first_ms;
	counting->times[counting->time_count++] = sums->last_ms;
	return true;
}

static void count_days(struct counting *counting)
{
	struct clock_day day = { .start_ms = 0 };
	if (counting->time_count > 0)
		qsort(counting->times, counting->time_count, sizeof(*counting->times), compare_times);
	for (size_t i = 0; i < counting->time_count; i++)
		counting->census->days += clock_day_follow(&day, counting->times[i]);
}

/* ---- hours ---- */

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

static bool count_hour(struct counting *counting, const struct key *key, const struct store_sums *sums)
{
	struct store_census *census = counting->census;
	struct part *part = find_part(counting, key);
	if (!part)
		return false;
	store_rows_add(&part->messages, sums->messages);
	store_rows_add(&part->nano_usd, sums->nano_usd);
	store_rows_add(&census->messages, sums->messages);
	store_rows_add(&census->unpriced, sums->unpriced);
	store_rows_add(&census->nano_usd, sums->nano_usd);
	if (census->first_ms == 0 || sums->first_ms < census->first_ms)
		census->first_ms = sums->first_ms;
	if (sums->last_ms > census->last_ms)
		census->last_ms = sums->last_ms;
	return note_times(counting, sums);
}

static int count_hours(sqlite3 *db, struct counting *counting)
{
	sqlite3_stmt *rows = NULL;
	int result = sqlite3_prepare_v2(db, "SELECT transcript, payer, " STORE_SUM_COLUMNS " FROM hour", -1,
					&rows, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW) {
		const struct key key = { sqlite3_column_int64(rows, 0), sqlite3_column_int64(rows, 1) };
		struct store_sums sums;
		bool counts = store_sums_take(rows, 2, &sums);
		result = !counts || count_hour(counting, &key, &sums) ? SQLITE_OK : SQLITE_NOMEM;
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
		store_rows_add(&census->gone_messages, gone ? part->messages : 0);
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
	int result = count_hours(db, &counting);
	if (result == SQLITE_OK)
		result = count_names(db, &counting);
	count_days(&counting);
	strmap_release(&counting.by_key);
	free(counting.times);
	free(counting.parts);
	return result;
}
