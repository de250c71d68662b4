#include "swatchd/alerts/records.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* A record's key: the rule, the limit's bytes, the subject. */
struct key {
	char bytes[1 + sizeof(double) + ALERTS_SUBJECT_SIZE];
	size_t len;
};

static struct key key_of(int rule, double limit, const char *subject)
{
	struct key key;
	size_t len = strnlen(subject, ALERTS_SUBJECT_SIZE - 1);
	key.bytes[0] = (char)rule;
	memcpy(key.bytes + 1, &limit, sizeof(limit));
	memcpy(key.bytes + 1 + sizeof(limit), subject, len);
	key.len = 1 + sizeof(limit) + len;
	return key;
}

struct alert_record *alert_records_find(const struct alert_records *records, int rule, double limit,
					const char *subject)
{
	const struct key key = key_of(rule, limit, subject);
	return records->count > 0 ? strmap_get_len(&records->by_subject, key.bytes, key.len) : NULL;
}

struct alert_record *alert_records_add(struct alert_records *records, int rule, double limit,
				       const char *subject)
{
	const struct key key = key_of(rule, limit, subject);
	records->is_full = records->is_full || records->count == ALERTS_RECORDS_MAX;
	if (records->count == ALERTS_RECORDS_MAX
	    || !array_reserve(&records->list, &records->capacity, records->count + 1,
			      sizeof(struct alert_record *)))
		return NULL;
	struct alert_record *record = calloc(1, sizeof(*record));
	if (!record || !strmap_put_len(&records->by_subject, key.bytes, key.len, record)) {
		free(record);
		return NULL;
	}
	record->rule = rule;
	record->limit = limit;
	strncpy(record->subject, subject, sizeof(record->subject) - 1);
	record->at = records->count;
	records->list[records->count++] = record;
	records->changed = true;
	return record;
}

void alert_records_drop(struct alert_records *records, struct alert_record *record)
{
	const struct key key = key_of(record->rule, record->limit, record->subject);
	struct alert_record *last = records->list[--records->count];
	(void)strmap_remove_len(&records->by_subject, key.bytes, key.len);
	records->list[record->at] = last;
	last->at = record->at;
	records->changed = true;
	free(record);
}

void alert_records_set_mark(struct alert_records *records, struct alert_record *record, int64_t mark_ms)
{
	records->changed = records->changed || record->mark_ms != mark_ms;
	record->mark_ms = mark_ms;
}

void alert_records_release(struct alert_records *records)
{
	for (size_t i = 0; i < records->count; i++)
		free(records->list[i]);
	free(records->list);
	strmap_release(&records->by_subject);
	*records = (struct alert_records){ 0 };
}
