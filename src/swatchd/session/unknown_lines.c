#include "swatchd/session/unknown_lines.h"

#include <string.h>

#include "base/array.h"
#include "json/get.h"

/* The versions whose format is known begin like this; others may write other lines. */
static const char *const known_versions[] = { "1.0.", "2.0.", "2.1." };

void drift_init(struct drift *drift)
{
	memset(drift, 0, sizeof(*drift));
}

static void count(struct drift *drift, struct strmap *names, struct slice name, uintptr_t more)
{
	size_t len = name.len < DRIFT_NAME_MAX ? name.len : DRIFT_NAME_MAX;
	uintptr_t seen = (uintptr_t)strmap_get_len(names, name.data, len);
	if (seen == 0 && names->used >= DRIFT_MAX_NAMES)
		return;
	/* Out of memory drops the count: no figure depends on it. */
	(void)strmap_put_len(names, name.data, len, (void *)(seen + more));
	drift->changes++;
}

void drift_note_line(struct drift *drift, const struct scan_facts *facts)
{
	if (facts->type == SCAN_TYPE_UNKNOWN)
		count(drift, &drift->line_types, facts->type_name, 1);
	if (!facts->version.data || facts->version.len == 0)
		return;
	for (size_t i = 0; i < ARRAY_COUNT(known_versions); i++)
		if (facts->version.len >= strlen(known_versions[i])
		    && memcmp(facts->version.data, known_versions[i], strlen(known_versions[i])) == 0)
			return;
	count(drift, &drift->versions, facts->version, 1);
}

void drift_note_field(void *ctx, struct slice field)
{
	struct drift *drift = ctx;
	count(drift, &drift->fields, field, 1);
}

static void write_names(struct jsonw *w, const char *key, const struct strmap *names)
{
	size_t cursor = 0;
	const struct strmap_slot *slot;
	jsonw_key_object(w, key);
	while ((slot = strmap_each(names, &cursor)))
		jsonw_put_int(w, slot->key, (int64_t)(uintptr_t)slot->value);
	jsonw_end_object(w);
}

void drift_write_status(const struct drift *drift, struct jsonw *w)
{
	write_names(w, "lineTypes", &drift->line_types);
	write_names(w, "fields", &drift->fields);
	write_names(w, "versions", &drift->versions);
}

static void restore_names(struct drift *drift, struct strmap *names, struct json_object *before)
{
	if (!before)
		return;
	json_object_object_foreach(before, name, value)
	{
		int64_t seen = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : 0;
		if (seen > 0 && seen < UINT32_MAX)
			count(drift, names, (struct slice){ name, strlen(name) }, (uintptr_t)seen);
	}
}

void drift_restore(struct drift *drift, struct json_object *before)
{
	restore_names(drift, &drift->line_types, json_get_object(before, "lineTypes"));
	restore_names(drift, &drift->fields, json_get_object(before, "fields"));
	restore_names(drift, &drift->versions, json_get_object(before, "versions"));
}

void drift_release(struct drift *drift)
{
	strmap_release(&drift->line_types);
	strmap_release(&drift->fields);
	strmap_release(&drift->versions);
}
