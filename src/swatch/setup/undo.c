/* Takes everything back, the last change first. A thing that somebody has changed since stays as it is. */
#include "swatch/setup/setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "json/edit.h"
#include "json/get.h"
#include "swatch/cli/user_service.h"
#include "swatch/setup/person_file.h"

#define FILE_MAX_BYTES ((size_t)65536)

enum verdict {
	UNDONE,      /* or nothing is left to undo: the change leaves the record */
	KEPT         /* the person declined, or undoing failed: it stays in the record */
};

/* Tells how it went. */
static enum verdict finish(struct setup *setup, const char *path, bool good, const struct buf *error)
{
	if (good)
		setup_done(setup, "done");
	else
		setup_fail(setup, "%s stays as it is: %s", setup_path(path), buf_message(error));
	return good ? UNDONE : KEPT;
}

static enum verdict cannot_read(struct setup *setup, const char *path, const struct buf *error)
{
	setup_fail(setup, "%s cannot be read: %s", setup_path(path), buf_message(error));
	return KEPT;
}

/* ---- statusLine ---- */

enum likeness { SAME, OTHER, UNKNOWN };

/*
 * Compares two documents, not their layout, since Claude Code writes the whole file when it changes a
 * setting. After UNKNOWN, with a message, undo nothing and forget nothing.
 */
static enum likeness compare(const struct buf *one, const struct buf *other, struct buf *error)
{
	AUTO_JSON *left = one->failed ? NULL : json_edit_parse(buf_str(one), one->len, error);
	AUTO_JSON *right = !left || other->failed ? NULL : json_edit_parse(buf_str(other), other->len, error);
	return !right ? UNKNOWN : json_object_equal(left, right) == 1 ? SAME : OTHER;
}

static void wrap(const char *value, struct buf *out)
{
	buf_printf(out, "{\"statusLine\":%s}", value);
}

static enum likeness compare_values(const char *a, const char *b, struct buf *error)
{
	AUTO_BUF one = BUF_INIT, other = BUF_INIT;
	wrap(a, &one);
	wrap(b, &other);
	return compare(&one, &other, error);
}

/* Returns SAME for a file that holds nothing but this statusLine. */
static enum likeness compare_to_ours(const char *value, const struct person_file *file, struct buf *error)
{
	AUTO_BUF whole = BUF_INIT;
	wrap(value, &whole);
	return compare(&file->text, &whole, error);
}

/* Whether the backup has the file as it was before setup, and how it was is readable. */
static bool read_backup(const struct setup_change *change, struct person_file *backup)
{
	AUTO_BUF ignored = BUF_INIT;
	return change->backup && person_file_read(change->backup, JSON_EDIT_MAX_BYTES, backup, &ignored)
	       && backup->exists;
}

/* Removes the backup when the file is again the same. */
static void remove_backup(struct setup *setup, const struct setup_change *change, const struct buf *text)
{
	AUTO_PERSON_FILE backup = { 0 };
	if (!read_backup(change, &backup))
		return;
	if (backup.text.len == text->len && memcmp(buf_str(&backup.text), buf_str(text), text->len) == 0)
		(void)unlink(change->backup);
	else
		setup_item(setup, STYLE_NOTE, "the rest of the file was changed since: the backup stays, %s",
			   setup_path(change->backup));
}

/* How a statusLine is taken back. */
enum way {
	WAY_REMOVE,      /* setup made the file, and nothing else is in it */
	WAY_BLANK,       /* there was nothing in it */
	WAY_PUT_BACK,    /* the former one */
	WAY_TAKE_OUT
};

static const char *const ways[] = {
	[WAY_REMOVE] = "remove it, nothing else is in it",
	[WAY_BLANK] = "empty it, nothing else is in it",
	[WAY_PUT_BACK] = "put back the old statusLine",
	[WAY_TAKE_OUT] = "take statusLine out again",
};

/* Composes the file's new text, but for WAY_REMOVE. Returns false with a message. */
static bool choose_way(const struct setup_change *change, const struct person_file *file, const char *present,
		       enum way *way, struct buf *text, struct buf *error)
{
	AUTO_PERSON_FILE backup = { 0 };
	const struct buf *old = &file->text;
	enum likeness ours = change->previous ? OTHER : compare_to_ours(present, file, error);
	if (ours == UNKNOWN)
		return false;
	if (ours == SAME && change->created) {
		*way = WAY_REMOVE;
		return true;
	}
	if (ours == SAME && read_backup(change, &backup)
	    && json_edit_is_blank(buf_str(&backup.text), backup.text.len)) {
		*way = WAY_BLANK;
		buf_append(text, buf_str(&backup.text), backup.text.len);
		return !text->failed;
	}
	*way = change->previous ? WAY_PUT_BACK : WAY_TAKE_OUT;
	if (change->previous)
		return json_edit_set(old->data, old->len, "statusLine", change->previous, text, error);
	return json_edit_unset(old->data, old->len, "statusLine", text, error);
}

static enum verdict restore_statusline(struct setup *setup, const struct setup_change *change,
				       struct person_file *file, const char *present)
{
	AUTO_BUF text = BUF_INIT, error = BUF_INIT;
	enum way way;
	if (!choose_way(change, file, present, &way, &text, &error))
		return finish(setup, change->path, false, &error);
	setup_item(setup, STYLE_PLAIN, "%s: %s", setup_path(change->path), ways[way]);
	if (!setup_agree(setup, true))
		return KEPT;
	const char *data = buf_str(&text);
	bool good = way == WAY_REMOVE ? person_file_remove(file, &error)
				      : person_file_replace(file, data, text.len, NULL, NULL, &error);
	if (good)
		remove_backup(setup, change, &text);
	return finish(setup, change->path, good, &error);
}

/* Returns a value's "command", which the caller frees; NULL when it has none. */
static char *command_of(const char *value)
{
	AUTO_BUF whole = BUF_INIT, ignored = BUF_INIT;
	wrap(value, &whole);
	AUTO_JSON *parsed = whole.failed ? NULL : json_edit_parse(whole.data, whole.len, &ignored);
	const char *command = json_get_string(json_get_object(parsed, "statusLine"), "command");
	return command ? strdup(command) : NULL;
}

/* Says where the statusline from before setup is, after somebody has changed ours. */
static void say_where_the_old_one_is(struct setup *setup, const struct setup_change *change)
{
	AUTO_PERSON_FILE backup = { 0 };
	AUTO_FREE char *command = change->previous ? command_of(change->previous) : NULL;
	if (change->previous)
		setup_item(setup, STYLE_PLAIN, "the one from before setup: %s", command ? command
											  : change->previous);
	if (read_backup(change, &backup))
		setup_item(setup, STYLE_PLAIN, "the backup of the file from before setup stays: %s",
			   setup_path(change->backup));
}

/*
 * Compares the present value with setup's. One that still runs our command is ours, with whatever was added.
 */
static enum verdict look_at_statusline(struct setup *setup, const struct setup_change *change,
				       struct person_file *file, const struct json_edit_member *member)
{
	AUTO_BUF error = BUF_INIT;
	if (!member->found) {
		setup_item(setup, STYLE_NOTE, "%s has no statusLine any more: nothing to undo",
			   setup_path(change->path));
		say_where_the_old_one_is(setup, change);
		return UNDONE;
	}
	AUTO_FREE char *present = strndup(file->text.data + member->value_at, member->value_len);
	enum likeness likeness = present ? compare_values(present, change->value, &error) : UNKNOWN;
	if (likeness == UNKNOWN)
		return finish(setup, change->path, false, &error);
	if (likeness == SAME)
		return restore_statusline(setup, change, file, present);
	AUTO_FREE char *command = command_of(present);
	AUTO_FREE char *ours = command_of(change->value);
	if (command && ours && strcmp(command, ours) == 0) {
		setup_item(setup, STYLE_NOTE, "%s: statusLine was changed since, but still runs swatch",
			   setup_path(change->path));
		return restore_statusline(setup, change, file, present);
	}
	setup_item(setup, STYLE_NOTE, "%s: statusLine was changed since, and stays as it is: %s",
		   setup_path(change->path), command ? command : present);
	say_where_the_old_one_is(setup, change);
	return UNDONE;
}

static enum verdict undo_statusline(struct setup *setup, const struct setup_change *change)
{
	AUTO_PERSON_FILE file = { 0 };
	struct json_edit_member member = { .found = false };
	AUTO_BUF error = BUF_INIT;
	const struct buf *text = &file.text;
	setup_row(setup, "statusline");
	bool good = person_file_read(change->path, JSON_EDIT_MAX_BYTES, &file, &error);
	bool has_object = good && file.exists && !json_edit_is_blank(buf_str(text), text->len);
	if (good && has_object)
		good = json_edit_find(buf_str(text), text->len, "statusLine", &member, &error);
	if (good)
		return look_at_statusline(setup, change, &file, &member);
	(void)cannot_read(setup, change->path, &error);
	say_where_the_old_one_is(setup, change);
	return KEPT;
}

/* ---- swatch.conf ---- */

static enum verdict restore_config(struct setup *setup, const struct setup_change *change,
				   struct person_file *file, const struct buf *text)
{
	AUTO_BUF error = BUF_INIT;
	bool remove = change->created && text->len == 0;
	const char *what = remove             ? "remove it, nothing is in it but"
			   : change->previous ? "put back the former"
					      : "take out";
	setup_item(setup, STYLE_PLAIN, "%s: %s [%s] %s", setup_path(change->path), what, change->section,
		   change->key);
	if (!setup_agree(setup, true))
		return KEPT;
	bool good = remove ? person_file_remove(file, &error)
			   : person_file_replace(file, buf_str(text), text->len, NULL, NULL, &error);
	if (good)
		setup_tell_daemon(setup);
	return finish(setup, change->path, good, &error);
}

static enum verdict undo_config(struct setup *setup, const struct setup_change *change)
{
	const struct config_change made = { .section = change->section, .key = change->key,
					    .lines = change->value, .previous = change->previous,
					    .added = change->added };
	AUTO_PERSON_FILE file = { 0 };
	AUTO_BUF text = BUF_INIT, error = BUF_INIT;
	setup_row(setup, "config");
	if (!person_file_read(change->path, FILE_MAX_BYTES, &file, &error))
		return cannot_read(setup, change->path, &error);
	switch (config_edit_undo(buf_str(&file.text), file.text.len, &made, &text)) {
	case CONFIG_EDIT_UNDONE:
		return restore_config(setup, change, &file, &text);
	case CONFIG_EDIT_GONE:
		setup_item(setup, STYLE_NOTE, "%s has no [%s] %s any more: nothing to undo",
			   setup_path(change->path), change->section, change->key);
		break;
	case CONFIG_EDIT_CHANGED:
		setup_item(setup, STYLE_NOTE, "%s: [%s] %s was changed since, and stays as it is",
			   setup_path(change->path), change->section, change->key);
		break;
	case CONFIG_EDIT_NO_MEMORY:
		return finish(setup, change->path, false, &error);
	}
	return UNDONE;
}

/* ---- files, directories ---- */

static enum verdict undo_file(struct setup *setup, const struct setup_change *change)
{
	AUTO_PERSON_FILE file = { 0 };
	AUTO_BUF error = BUF_INIT;
	const char *path = change->path;
	setup_row(setup, "file");
	if (!person_file_read(path, FILE_MAX_BYTES, &file, &error))
		return cannot_read(setup, path, &error);
	if (!file.exists) {
		setup_item(setup, STYLE_NOTE, "%s is gone already", setup_path(path));
		return UNDONE;
	}
	if (strcmp(buf_str(&file.text), change->value) != 0) {
		setup_item(setup, STYLE_NOTE, "%s was changed since, and stays as it is", setup_path(path));
		return UNDONE;
	}
	setup_item(setup, STYLE_PLAIN, "remove %s", setup_path(path));
	if (!setup_agree(setup, true))
		return KEPT;
	return finish(setup, path, person_file_remove(&file, &error), &error);
}

/* Removes an empty directory without asking; any other stays. */
static enum verdict undo_directory(struct setup *setup, const struct setup_change *change)
{
	if (setup->dry_run || (!setup->assume_yes && !setup->can_ask))
		return KEPT;
	if (rmdir(change->path) == 0)
		return UNDONE;
	return errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST ? UNDONE : KEPT;
}

/* ---- the service, the daemon ---- */

/* Returns systemctl's verb that makes the service as it was before; NULL: nothing to do. */
static const char *service_verb(const struct setup_change *change, const struct user_service *service,
				bool *now)
{
	bool enabled = strncmp(service->file, "enabled", 7) == 0;
	*now = strcmp(service->active, "active") == 0 && !change->was_active;
	if (enabled && !change->was_enabled)
		return "disable";
	return *now ? "stop" : NULL;
}

static enum verdict undo_service(struct setup *setup, const struct setup_change *change)
{
	struct user_service service;
	AUTO_BUF why = BUF_INIT;
	bool now = false;
	setup_row(setup, "service");
	bool answered = user_service_ask(&service, &why, &setup->interrupted) == USER_SERVICE_ANSWERED;
	const char *verb = answered ? service_verb(change, &service, &now) : NULL;
	if (!answered && !setup->interrupted) {
		setup_fail(setup, "the user's systemd does not answer: %s", buf_message(&why));
		return KEPT;
	}
	if (!verb) {
		setup_item(setup, STYLE_NOTE, USER_SERVICE_UNIT " is as it was before already");
		return UNDONE;
	}
	bool with_now = now && strcmp(verb, "disable") == 0;
	const char *words[4] = { verb, USER_SERVICE_UNIT };
	if (with_now) {
		words[1] = "--now";
		words[2] = USER_SERVICE_UNIT;
	}
	setup_item(setup, STYLE_PLAIN, "systemctl --user %s%s " USER_SERVICE_UNIT, verb,
		   with_now ? " --now" : "");
	if (!setup_agree(setup, true))
		return KEPT;
	if (user_service_do(words, &why, &setup->interrupted) != USER_SERVICE_ANSWERED) {
		setup_fail(setup, "systemctl --user %s failed: %s", verb, buf_message(&why));
		return KEPT;
	}
	setup_done(setup, "done");
	return UNDONE;
}

static enum verdict undo_daemon(struct setup *setup)
{
	pid_t pid = setup_find_daemon(setup, NULL);
	if (pid == 0)
		return UNDONE;
	setup_row(setup, "daemon");
	setup_item(setup, STYLE_PLAIN, "end swatchd (pid %ld)", (long)pid);
	if (!setup_agree(setup, true))
		return KEPT;
	if (setup_end_daemon(setup, pid)) {
		setup_done(setup, "done");
		return UNDONE;
	}
	setup_fail(setup, "it does not end");
	return KEPT;
}

/* ---- all of it ---- */

static enum verdict undo_change(struct setup *setup, const struct setup_change *change)
{
	switch (change->kind) {
	case SETUP_STATUSLINE:
		return undo_statusline(setup, change);
	case SETUP_CONFIG:
		return undo_config(setup, change);
	case SETUP_FILE:
		return undo_file(setup, change);
	case SETUP_DIRECTORY:
		return undo_directory(setup, change);
	case SETUP_SERVICE:
		return undo_service(setup, change);
	case SETUP_DAEMON:
		return undo_daemon(setup);
	case SETUP_NOTHING:
		break;
	}
	return UNDONE;
}

/* Makes systemd notice that its files are gone. */
static void reload_systemd(struct setup *setup)
{
	static const char *const words[] = { "daemon-reload", NULL };
	AUTO_BUF why = BUF_INIT;
	if (user_service_do(words, &why, &setup->interrupted) == USER_SERVICE_SILENT)
		setup_fail(setup, "systemctl --user daemon-reload failed: %s", buf_message(&why));
}

void setup_undo(struct setup *setup)
{
	bool files_went = false;
	AUTO_BUF error = BUF_INIT;
	if (setup->record.count == 0) {
		setup_row(setup, "undo");
		setup_item(setup, STYLE_PLAIN, "nothing to undo: %s does not exist",
			   setup_path(setup->record.path));
	}
	for (size_t i = setup->record.count; i-- > 0 && !setup->interrupted;) {
		bool is_file = setup->record.changes[i].kind == SETUP_FILE;
		bool is_kept = undo_change(setup, &setup->record.changes[i]) == KEPT;
		if (is_kept || setup->dry_run || setup->interrupted)
			continue;
		if (!setup->assume_yes && !setup->can_ask)
			continue;
		files_went = files_went || is_file;
		setup_record_drop(&setup->record, i);
		if (!setup_record_save(&setup->record, &error))
			setup_fail(setup, "%s", buf_message(&error));
		buf_clear(&error);
	}
	if (files_went)
		reload_systemd(setup);
	setup_flush(setup);
}
