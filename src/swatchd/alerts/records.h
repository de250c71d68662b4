/*
 * alerts/records: which crossings were announced and are not over yet.
 *
 * For: alerts.c. A record goes only when its crossing is over: when there is no room for another one, the
 * crossing is not announced, since without a record it would be announced again at every look.
 */
#ifndef SWATCH_SWATCHD_ALERTS_RECORDS_H
#define SWATCH_SWATCHD_ALERTS_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strmap.h"

/* The longest subject: a session's id, a slash and a kind of secret. */
#define ALERTS_SUBJECT_SIZE 160
/* All are written into a file whenever one changes: this many make 600 KB. */
#define ALERTS_RECORDS_MAX 4096

struct alert_record {
	int rule;                            /* enum alert_rule */
	double limit;
	char subject[ALERTS_SUBJECT_SIZE];   /* the limit's name, the session's id, "id/kind"; "": the account
					      */
	int64_t mark_ms;                     /* a block, day, window or cache that begins later is new */
	int64_t fired_ms;
	bool reset_told;                     /* of ALERT_LIMIT_REACHED */
	uint64_t look;                       /* the last look that saw it crossed */
	size_t at;                           /* its place in the list */
};

struct alert_records {
	struct alert_record **list;          /* in no order */
	size_t count, capacity;
	struct strmap by_subject;            /* by rule, limit and subject */
	bool changed;                        /* the records on disk are old */
	bool is_full;                        /* one found no room since the last look at this */
};

/* Returns NULL when the crossing is not on record. O(1). */
struct alert_record *alert_records_find(const struct alert_records *records, int rule, double limit,
					const char *subject);

/* Adds one, whose other members the caller sets. Returns NULL when there are too many, or memory ran out. */
struct alert_record *alert_records_add(struct alert_records *records, int rule, double limit,
				       const char *subject);

/* Frees a record; another one takes its place in the list. */
void alert_records_drop(struct alert_records *records, struct alert_record *record);

void alert_records_set_mark(struct alert_records *records, struct alert_record *record, int64_t mark_ms);

void alert_records_release(struct alert_records *records);

#endif
