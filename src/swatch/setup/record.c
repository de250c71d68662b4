#include "swatch/setup/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/paths.h"
#include "base/scope.h"
#include "cache/read.h"
#include "json/get.h"
#include "json/pretty.h"
#include "json/write.h"
#include "swatch/setup/person_file.h"

#define RECORD_VERSION 1

static const char *const kind_names[] = {
	[SETUP_NOTHING] = "",          [SETUP_STATUSLINE] = "statusLine", [SETUP_CONFIG] = "config",
	[SETUP_FILE] = "file",         [SETUP_DIRECTORY] = "directory",   [SETUP_SERVICE] = "service",
	[SETUP_DAEMON] = "daemon",
};

#define TEXT(name, needed_by) { #name, offsetof(struct setup_change, name), needed_by }

/* The texts of a change, by their names in the file. */
static const struct text {
	const char *name;
	size_t offset;
	unsigned needed_by;            /* the kinds that must have it, as 1 << kind */
} texts[] = {
	TEXT(path, ~0U),
	TEXT(section, 1U << SETUP_CONFIG),
	TEXT(key, 1U << SETUP_CONFIG),
	TEXT(value, 1U << SETUP_CONFIG | 1U << SETUP_STATUSLINE | 1U << SETUP_FILE),
	TEXT(previous, 0),
	TEXT(added, 0),
	TEXT(backup, 0),
};

static char **text_of(struct setup_change *change, const struct text *text)
{
	return (char **)((char *)change + text->offset);
}

/* ---- strings that may hold any byte ---- */

static void put_bytes(struct jsonw *w, const char *key, const char *text)
{
	AUTO_BUF out = BUF_INIT;
	if (!text)
		return;
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '%' || *c >= 0x7F || (*c < 0x20 && *c != '\n' && *c != '\t'))
			buf_printf(&out, "%%%02X", *c);
		else
			buf_append_char(&out, (char)*c);
	}
	w->out->failed = w->out->failed || out.failed;
	jsonw_put_string(w, key, buf_str(&out));
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads what put_bytes() wrote; a missing member is NULL. Returns false for anything else. */
static bool take_bytes(struct json_object *object, const char *key, char **out)
{
	const char *text = json_get_string(object, key);
	AUTO_BUF bytes = BUF_INIT;
	if (!text)
		return !json_object_object_get_ex(object, key, NULL);
	for (const char *c = text; *c; c++) {
		int high = *c == '%' ? hex_digit(c[1]) : -1;
		int low = high >= 0 ? hex_digit(c[2]) : -1;
		if (*c == '%' && (low < 0 || (high == 0 && low == 0)))
			return false;
		buf_append_char(&bytes, *c == '%' ? (char)(high * 16 + low) : *c);
		c += *c == '%' ? 2 : 0;
	}
	*out = buf_detach(&bytes);
	return *out != NULL;
}

/* ---- the file ---- */

static char *locate(void)
{
	AUTO_FREE char *state = paths_state_home();
	return state ? paths_join(state, "swatch/setup.json") : NULL;
}

static bool take_change(struct json_object *object, struct setup_change *change)
{
	const char *kind = json_get_string(object, "kind");
	for (size_t i = 1; kind && i < ARRAY_COUNT(kind_names); i++)
		if (strcmp(kind, kind_names[i]) == 0)
			change->kind = (enum setup_kind)i;
	change->created = json_get_bool(object, "created", false);
	change->was_enabled = json_get_bool(object, "wasEnabled", false);
	change->was_active = json_get_bool(object, "wasActive", false);
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		char **text = text_of(change, &texts[i]);
		bool is_needed = (texts[i].needed_by & 1U << change->kind) != 0;
		if (!take_bytes(object, texts[i].name, text) || (is_needed && !*text))
			return false;
	}
	return change->kind != SETUP_NOTHING;
}

static bool take_changes(struct setup_record *record, struct json_object *object)
{
	struct json_object *changes;
	if (json_get_int(object, "version", 0) != RECORD_VERSION
	    || !json_object_object_get_ex(object, "changes", &changes)
	    || !json_object_is_type(changes, json_type_array))
		return false;
	size_t count = json_object_array_length(changes);
	record->changes = calloc(count + 1, sizeof(*record->changes));
	record->cap = record->changes ? count + 1 : 0;
	for (size_t i = 0; record->changes && i < count; i++)
		if (!take_change(json_object_array_get_idx(changes, i), &record->changes[record->count++]))
			return false;
	return record->changes != NULL;
}

/* Reads the changes. Returns false with a message without the path. */
static bool read_record(struct setup_record *record, const struct person_file *file, struct buf *why)
{
	/* Somebody else could have setup write into settings.json and remove files. */
	if ((file->mode & 0022) != 0) {
		buf_printf(why, "others may write in it (look what is in it, then chmod 600 %s)",
			   record->path);
		return false;
	}
	AUTO_JSON *object = cache_parse_json(&file->text);
	if (!object && errno == EBADMSG)
		buf_append_str(why, "it is not a JSON object");
	if (!object)
		return false;
	errno = 0;
	if (take_changes(record, object))
		return true;
	if (errno != ENOMEM)
		buf_append_str(why, "it is not a record of this version");
	return false;
}

bool setup_record_load(struct setup_record *record, struct buf *error)
{
	AUTO_PERSON_FILE file = { 0 };
	AUTO_BUF why = BUF_INIT;
	memset(record, 0, sizeof(*record));
	record->path = locate();
	if (!record->path) {
		buf_printf(error, "cannot tell where to keep a record: %s", paths_why_none());
		return false;
	}
	bool good = person_file_read(record->path, CACHE_READ_MAX_BYTES, &file, &why)
		    && (!file.exists || read_record(record, &file, &why));
	if (!good)
		buf_printf(error, "cannot read %s, the record of what setup has done: %s; "
			   "mend it, or move it away to do without", record->path, buf_message(&why));
	return good;
}

static void write_change(struct jsonw *w, struct setup_change *change)
{
	jsonw_begin_object(w);
	jsonw_put_string(w, "kind", kind_names[change->kind]);
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
		put_bytes(w, texts[i].name, *text_of(change, &texts[i]));
	if (change->created)
		jsonw_put_bool(w, "created", true);
	if (change->kind == SETUP_SERVICE) {
		jsonw_put_bool(w, "wasEnabled", change->was_enabled);
		jsonw_put_bool(w, "wasActive", change->was_active);
	}
	jsonw_end_object(w);
}

static void write_record(const struct setup_record *record, struct buf *out)
{
	AUTO_BUF json = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &json);
	jsonw_begin_object(&w);
	jsonw_put_string(&w, "writer", "swatch " PACKAGE_VERSION);
	jsonw_put_int(&w, "version", RECORD_VERSION);
	jsonw_put_int(&w, "writtenAt", clock_wall_ms());
	jsonw_key(&w, "changes");
	jsonw_begin_array(&w);
	for (size_t i = 0; i < record->count; i++)
		write_change(&w, &record->changes[i]);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	if (!json.failed)
		json_pretty(out, buf_str(&json), json.len, 0);
	buf_append_char(out, '\n');
	out->failed = out->failed || json.failed;
}

bool setup_each_parent(const char *path, bool (*make)(void *ctx, const char *directory), void *ctx)
{
	AUTO_FREE char *partial = strdup(path);
	bool good = partial != NULL;
	char *slash = partial;
	while (good && (slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		good = make(ctx, partial);
		*slash = '/';
	}
	return good;
}

/* Makes a directory unless it exists. Returns false with errno. */
static bool make_directory(void *ctx, const char *path)
{
	struct stat st;
	(void)ctx;
	if (mkdir(path, 0700) == 0)
		return true;
	int why = errno;
	bool exists = stat(path, &st) == 0;
	errno = why;
	return exists;
}

/* Removes the record, and its directory when nothing else is in it. */
static bool remove_record(const struct setup_record *record, struct buf *error)
{
	if (unlink(record->path) != 0 && errno != ENOENT) {
		buf_printf(error, "cannot remove %s: %s", record->path, strerror(errno));
		return false;
	}
	char *slash = strrchr(record->path, '/');
	*slash = '\0';
	(void)rmdir(record->path);
	*slash = '/';
	return true;
}

bool setup_record_save(const struct setup_record *record, struct buf *error)
{
	AUTO_PERSON_FILE file = { 0 };
	AUTO_BUF out = BUF_INIT, why = BUF_INIT;
	if (record->count == 0)
		return remove_record(record, error);
	write_record(record, &out);
	if (!out.failed && !setup_each_parent(record->path, make_directory, NULL))
		buf_append_str(&why, strerror(errno));
	bool good = !out.failed && why.len == 0
		    && person_file_read(record->path, CACHE_READ_MAX_BYTES, &file, &why);
	file.mode = 0600;
	good = good && person_file_replace(&file, out.data, out.len, NULL, NULL, &why);
	if (!good)
		buf_printf(error, "cannot write %s: %s", record->path, buf_message(&why));
	return good;
}

/* ---- the list ---- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

struct setup_change *setup_record_find(const struct setup_record *record, enum setup_kind kind,
				       const char *path, const char *section, const char *key)
{
	for (size_t i = 0; i < record->count; i++) {
		struct setup_change *change = &record->changes[i];
		if (change->kind != kind || !same_text(change->path, path))
			continue;
		if (kind != SETUP_CONFIG
		    || (same_text(change->section, section) && same_text(change->key, key)))
			return change;
	}
	return NULL;
}

struct setup_change *setup_record_find_same(const struct setup_record *record,
					    const struct setup_change *change)
{
	return setup_record_find(record, change->kind, change->path, change->section, change->key);
}

bool setup_record_put(struct setup_record *record, struct setup_change *change, struct setup_change *old)
{
	struct setup_change *same = setup_record_find_same(record, change);
	*old = same ? *same : (struct setup_change){ 0 };
	if (!same) {
		if (!array_reserve(&record->changes, &record->cap, record->count + 1, sizeof(*same)))
			return false;
		same = &record->changes[record->count++];
	}
	*same = *change;
	memset(change, 0, sizeof(*change));
	return true;
}

void setup_record_drop(struct setup_record *record, size_t index)
{
	struct setup_change *change = &record->changes[index];
	setup_change_release(change);
	record->count--;
	memmove(change, change + 1, (record->count - index) * sizeof(*change));
}

void setup_change_release(struct setup_change *change)
{
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
		free(*text_of(change, &texts[i]));
	memset(change, 0, sizeof(*change));
}

void setup_record_release(struct setup_record *record)
{
	for (size_t i = 0; i < record->count; i++)
		setup_change_release(&record->changes[i]);
	free(record->changes);
	free(record->path);
	memset(record, 0, sizeof(*record));
}
