#include "swatch/setup/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/paths.h"
#include "cache/read.h"
#include "json/pretty.h"
#include "json/write.h"
#include "swatch/setup/person_file.h"

#define RECORD_VERSION 1

static const char *const kind_names[] = {
	[SETUP_NOTHING] = "", [SETUP_STATUSLINE] = "statusLine", [SETUP_CONFIG] = "config", [SETUP_FILE] = "file",
	[SETUP_DIRECTORY] = "directory", [SETUP_SERVICE] = "service", [SETUP_DAEMON] = "daemon",
};
#define KINDS (sizeof(kind_names) / sizeof(kind_names[0]))

/* ---- strings that may hold any byte ---- */

static void put_bytes(struct jsonw *w, const char *key, const char *text)
{
	struct buf out = BUF_INIT;
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
	buf_release(&out);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Returns false when it is no such string; an absent one is NULL. */
static bool take_bytes(struct json_object *object, const char *key, char **out)
{
	const char *text = json_get_string(object, key);
	struct buf bytes = BUF_INIT;
	*out = NULL;
	if (!text)
		return !json_object_object_get_ex(object, key, NULL);
	/* An empty string is one, too. */
	(void)buf_reserve(&bytes, 1);
	for (const char *c = text; *c; c++) {
		int high = *c == '%' ? hex_digit(c[1]) : -1;
		int low = high >= 0 ? hex_digit(c[2]) : -1;
		if (*c == '%' && (low < 0 || (high == 0 && low == 0))) {
			buf_release(&bytes);
			return false;
		}
		buf_append_char(&bytes, *c == '%' ? (char)(high * 16 + low) : *c);
		c += *c == '%' ? 2 : 0;
	}
	if (bytes.data && bytes.len == 0)
		bytes.data[0] = '\0';
	*out = buf_detach(&bytes);
	return *out != NULL;
}

/* ---- the file ---- */

static char *locate(void)
{
	char *state = paths_state_home();
	char *path = state ? paths_join(state, "swatch/setup.json") : NULL;
	free(state);
	return path;
}

static bool is_complete(const struct setup_change *change)
{
	return change->path
	       && (change->kind != SETUP_CONFIG || (change->section && change->key && change->value))
	       && ((change->kind != SETUP_STATUSLINE && change->kind != SETUP_FILE) || change->value);
}

static bool take_change(struct json_object *object, struct setup_change *change)
{
	const char *kind = json_get_string(object, "kind");
	memset(change, 0, sizeof(*change));
	for (size_t i = 1; kind && i < KINDS; i++)
		if (strcmp(kind, kind_names[i]) == 0)
			change->kind = (enum setup_kind)i;
	change->created = json_get_bool(object, "created", false);
	change->was_enabled = json_get_bool(object, "wasEnabled", false);
	change->was_active = json_get_bool(object, "wasActive", false);
	return change->kind != SETUP_NOTHING && take_bytes(object, "path", &change->path)
	       && take_bytes(object, "section", &change->section) && take_bytes(object, "key", &change->key)
	       && take_bytes(object, "value", &change->value) && take_bytes(object, "previous", &change->previous)
	       && take_bytes(object, "added", &change->added) && take_bytes(object, "backup", &change->backup)
	       && is_complete(change);
}

static bool take_changes(struct setup_record *record, struct json_object *object)
{
	struct json_object *changes;
	if (json_get_int(object, "version", 0) != RECORD_VERSION
	    || !json_object_object_get_ex(object, "changes", &changes) || !json_object_is_type(changes, json_type_array))
		return false;
	size_t count = json_object_array_length(changes);
	record->changes = calloc(count + 1, sizeof(*record->changes));
	for (size_t i = 0; record->changes && i < count; i++)
		if (!take_change(json_object_array_get_idx(changes, i), &record->changes[record->count++]))
			return false;
	return record->changes != NULL;
}

bool setup_record_load(struct setup_record *record, struct buf *error)
{
	memset(record, 0, sizeof(*record));
	record->path = locate();
	if (!record->path) {
		buf_printf(error, "cannot tell where to keep a record: %s", paths_why_none());
		return false;
	}
	struct person_file file;
	struct buf why = BUF_INIT;
	bool good = person_file_read(record->path, CACHE_READ_MAX_BYTES, &file, &why);
	bool is_new = good && !file.exists;
	/* It says what is written into settings.json, and which files are removed. */
	if (good && (file.mode & 0022) != 0)
		buf_printf(&why, "others may write in it (look what is in it, then chmod 600 %s)", record->path);
	struct json_object *object = good && !is_new && why.len == 0 ? cache_parse_json(&file.text) : NULL;
	/* Only memory that runs out has one from here on. */
	if (object)
		errno = 0;
	good = is_new || (object && take_changes(record, object));
	if (!good && why.len == 0)
		buf_append_str(&why, errno == ENOMEM ? "out of memory" : object ? "it is not a record of this version"
				     : errno == EBADMSG ? "it is not a JSON object" : strerror(errno));
	json_object_put(object);
	person_file_release(&file);
	if (!good)
		buf_printf(error, "cannot read %s, the record of what setup has done: %s; "
			   "mend it, or move it away to do without", record->path, buf_message(&why));
	buf_release(&why);
	return good;
}

static void write_change(struct jsonw *w, const struct setup_change *change)
{
	jsonw_begin_object(w);
	jsonw_put_string(w, "kind", kind_names[change->kind]);
	put_bytes(w, "path", change->path);
	put_bytes(w, "section", change->section);
	put_bytes(w, "key", change->key);
	put_bytes(w, "value", change->value);
	put_bytes(w, "previous", change->previous);
	put_bytes(w, "added", change->added);
	put_bytes(w, "backup", change->backup);
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
	struct buf json = BUF_INIT;
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
	buf_release(&json);
}

/* The directory of the record, which need not be there. */
static bool make_directory(const char *path)
{
	char *partial = strdup(path);
	bool good = partial != NULL;
	for (char *slash = partial ? strchr(partial + 1, '/') : NULL; good && slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		struct stat st;
		good = mkdir(partial, 0700) == 0 || stat(partial, &st) == 0;
		*slash = '/';
	}
	int why = errno;
	free(partial);
	errno = why;
	return good;
}

/* The record goes, and its directory when nothing else is in it. */
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
	struct person_file file = { 0 };
	struct buf out = BUF_INIT, why = BUF_INIT;
	if (record->count == 0)
		return remove_record(record, error);
	write_record(record, &out);
	if (out.failed)
		buf_append_str(&why, "out of memory");
	else if (!make_directory(record->path))
		buf_append_str(&why, strerror(errno));
	bool good = why.len == 0 && person_file_read(record->path, CACHE_READ_MAX_BYTES, &file, &why);
	if (good) {
		file.mode = 0600;
		good = person_file_replace(&file, out.data, out.len, NULL, NULL, &why);
	}
	person_file_release(&file);
	if (!good)
		buf_printf(error, "cannot write %s: %s", record->path, buf_message(&why));
	buf_release(&out);
	buf_release(&why);
	return good;
}

/* ---- the list ---- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

struct setup_change *setup_record_find(const struct setup_record *record, enum setup_kind kind, const char *path,
				       const char *section, const char *key)
{
	for (size_t i = 0; i < record->count; i++) {
		struct setup_change *change = &record->changes[i];
		if (change->kind == kind && same_text(change->path, path)
		    && (kind != SETUP_CONFIG || (same_text(change->section, section) && same_text(change->key, key))))
			return change;
	}
	return NULL;
}

bool setup_record_put(struct setup_record *record, struct setup_change *change, struct setup_change *old)
{
	struct setup_change *same = setup_record_find(record, change->kind, change->path, change->section, change->key);
	memset(old, 0, sizeof(*old));
	if (!same) {
		struct setup_change *grown = realloc(record->changes, (record->count + 1) * sizeof(*grown));
		if (!grown)
			return false;
		record->changes = grown;
		same = &grown[record->count++];
	} else {
		*old = *same;
	}
	*same = *change;
	memset(change, 0, sizeof(*change));
	return true;
}

void setup_record_drop(struct setup_record *record, size_t index)
{
	setup_change_release(&record->changes[index]);
	record->count--;
	memmove(&record->changes[index], &record->changes[index + 1], (record->count - index) * sizeof(*record->changes));
}

void setup_change_release(struct setup_change *change)
{
	free(change->path);
	free(change->section);
	free(change->key);
	free(change->value);
	free(change->previous);
	free(change->added);
	free(change->backup);
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
