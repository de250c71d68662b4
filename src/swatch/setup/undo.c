/* Everything back, in the reverse order: what is still as setup left it. What was changed since stays, which is said. */
#include "swatch/setup/setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json/edit.h"
#include "swatch/cli/user_service.h"
#include "swatch/setup/person_file.h"

#define FILE_MAX_BYTES ((size_t)65536)

enum verdict {
	UNDONE,      /* or there is nothing left to undo: it leaves the record */
	KEPT         /* declined, or it failed: it stays in the record */
};

/* ---- statusLine ---- */

enum likeness { SAME, OTHER, UNTOLD };

/*
 * Both are values; how they are set out does not matter: Claude Code writes the file anew when it changes a setting.
 * UNTOLD, with why in `error` (nothing: memory ran out): nothing is undone then, and nothing forgotten.
 */
static enum likeness compare_values(const char *a, const char *b, struct buf *error)
{
	struct buf one = BUF_INIT, other = BUF_INIT;
	buf_printf(&one, "{\"v\":%s}", a);
	buf_printf(&other, "{\"v\":%s}", b);
	struct json_object *left = one.failed || other.failed ? NULL : json_edit_parse(one.data, one.len, error);
	struct json_object *right = left ? json_edit_parse(other.data, other.len, error) : NULL;
	enum likeness likeness = !right ? UNTOLD : json_object_equal(left, right) == 1 ? SAME : OTHER;
	json_object_put(left);
	json_object_put(right);
	buf_release(&one);
	buf_release(&other);
	return likeness;
}

/* A file that setup made goes when nothing else has come into it. */
static enum likeness compare_to_ours(const struct setup_change *change, const struct person_file *file, struct buf *error)
{
	struct buf whole = BUF_INIT;
	enum likeness likeness = OTHER;
	if (change->created) {
		buf_printf(&whole, "{\"statusLine\":%s}", change->value);
		likeness = whole.failed ? UNTOLD : compare_values(buf_str(&file->text), whole.data, error);
	}
	buf_release(&whole);
	return likeness;
}

/* The backup is of no use when the file says the same again. */
static void remove_backup(struct setup *setup, const struct setup_change *change, const struct buf *text)
{
	struct person_file backup;
	struct buf ignored = BUF_INIT;
	if (!change->backup)
		return;
	bool read = person_file_read(change->backup, JSON_EDIT_MAX_BYTES, &backup, &ignored) && backup.exists;
	if (read && backup.text.len == text->len && memcmp(buf_str(&backup.text), buf_str(text), text->len) == 0)
		(void)unlink(change->backup);
	else if (read)
		setup_item(setup, STYLE_NOTE, "the rest of the file was changed since: the backup stays, %s",
			   setup_path(change->backup));
	person_file_release(&backup);
	buf_release(&ignored);
}

static enum verdict restore_statusline(struct setup *setup, const struct setup_change *change,
				       const struct person_file *file)
{
	struct buf text = BUF_INIT, error = BUF_INIT;
	enum likeness ours = compare_to_ours(change, file, &error);
	bool remove = ours == SAME, good;
	const char *what = remove ? "remove it, nothing else is in it"
			   : change->previous ? "put back the statusLine that was there" : "take statusLine out again";
	setup_item(setup, STYLE_PLAIN, "%s: %s", setup_path(change->path), what);
	if (ours != UNTOLD && !setup_agree(setup, true))
		return KEPT;
	if (ours == UNTOLD)
		good = false;
	else if (remove)
		good = person_file_remove(file, &error);
	else if (change->previous)
		good = json_edit_set(file->text.data, file->text.len, "statusLine", change->previous, &text, &error)
		       && person_file_replace(file, text.data, text.len, NULL, NULL, &error);
	else
		good = json_edit_unset(file->text.data, file->text.len, "statusLine", &text, &error)
		       && person_file_replace(file, text.data, text.len, NULL, NULL, &error);
	if (good) {
		remove_backup(setup, change, &text);
		setup_done(setup, "done");
	} else {
		setup_fail(setup, "%s stays as it is: %s", setup_path(change->path), buf_message(&error));
	}
	buf_release(&text);
	buf_release(&error);
	return good ? UNDONE : KEPT;
}

static enum verdict undo_statusline(struct setup *setup, const struct setup_change *change)
{
	struct person_file file;
	struct json_edit_member member = { .found = false };
	struct buf error = BUF_INIT;
	enum verdict verdict = UNDONE;
	enum likeness likeness;
	setup_row(setup, "statusline");
	bool good = person_file_read(change->path, JSON_EDIT_MAX_BYTES, &file, &error)
		    && (!file.exists || json_edit_find(buf_str(&file.text), file.text.len, "statusLine", &member, &error));
	char *present = member.found ? strndup(file.text.data + member.value_at, member.value_len) : NULL;
	if (!good) {
		setup_fail(setup, "%s cannot be read: %s", setup_path(change->path), buf_message(&error));
		verdict = KEPT;
	} else if (!member.found) {
		setup_item(setup, STYLE_NOTE, "%s has no statusLine any more: nothing to undo",
			   setup_path(change->path));
	} else if (!present) {
		setup_fail(setup, "out of memory");
		verdict = KEPT;
	} else if ((likeness = compare_values(present, change->value, &error)) == UNTOLD) {
		setup_fail(setup, "%s stays as it is: %s", setup_path(change->path), buf_message(&error));
		verdict = KEPT;
	} else if (likeness == OTHER) {
		setup_item(setup, STYLE_NOTE, "%s: statusLine was changed since, and stays as it is",
			   setup_path(change->path));
	} else {
		verdict = restore_statusline(setup, change, &file);
	}
	free(present);
	person_file_release(&file);
	buf_release(&error);
	return verdict;
}

/* ---- swatch.conf ---- */

static enum verdict restore_config(struct setup *setup, const struct setup_change *change, const struct person_file *file,
				   const struct buf *text)
{
	struct buf error = BUF_INIT;
	bool remove = change->created && text->len == 0;
	setup_item(setup, STYLE_PLAIN, "%s: %s [%s] %s", setup_path(change->path),
		   remove ? "remove it, nothing is in it but" : change->previous ? "put back the former" : "take out",
		   change->section, change->key);
	if (!setup_agree(setup, true))
		return KEPT;
	bool good = remove ? person_file_remove(file, &error)
			   : person_file_replace(file, buf_str(text), text->len, NULL, NULL, &error);
	if (good) {
		setup_tell_daemon(setup);
		setup_done(setup, "done");
	} else {
		setup_fail(setup, "%s stays as it is: %s", setup_path(change->path), buf_message(&error));
	}
	buf_release(&error);
	return good ? UNDONE : KEPT;
}

static enum verdict undo_config(struct setup *setup, const struct setup_change *change)
{
	const struct config_change made = { .section = change->section, .key = change->key, .lines = change->value,
					  .previous = change->previous, .added = change->added };
	struct person_file file;
	struct buf text = BUF_INIT, error = BUF_INIT;
	enum verdict verdict = UNDONE;
	setup_row(setup, "config");
	if (!person_file_read(change->path, FILE_MAX_BYTES, &file, &error)) {
		setup_fail(setup, "%s cannot be read: %s", setup_path(change->path), buf_message(&error));
		verdict = KEPT;
	} else {
		switch (config_edit_undo(buf_str(&file.text), file.text.len, &made, &text)) {
		case CONFIG_EDIT_UNDONE:
			verdict = restore_config(setup, change, &file, &text);
			break;
		case CONFIG_EDIT_GONE:
			setup_item(setup, STYLE_NOTE, "%s has no [%s] %s any more: nothing to undo",
				   setup_path(change->path), change->section, change->key);
			break;
		case CONFIG_EDIT_CHANGED:
			setup_item(setup, STYLE_NOTE, "%s: [%s] %s was changed since, and stays as it is",
				   setup_path(change->path), change->section, change->key);
			break;
		case CONFIG_EDIT_NO_MEMORY:
			setup_fail(setup, "out of memory");
			verdict = KEPT;
			break;
		}
	}
	person_file_release(&file);
	buf_release(&text);
	buf_release(&error);
	return verdict;
}

/* ---- files, directories ---- */

static enum verdict undo_file(struct setup *setup, const struct setup_change *change)
{
	struct person_file file;
	struct buf error = BUF_INIT;
	enum verdict verdict = UNDONE;
	setup_row(setup, "file");
	if (!person_file_read(change->path, FILE_MAX_BYTES, &file, &error)) {
		setup_fail(setup, "%s cannot be read: %s", setup_path(change->path), buf_message(&error));
		verdict = KEPT;
	} else if (!file.exists) {
		setup_item(setup, STYLE_NOTE, "%s is gone already", setup_path(change->path));
	} else if (strcmp(buf_str(&file.text), change->value) != 0) {
		setup_item(setup, STYLE_NOTE, "%s was changed since, and stays as it is", setup_path(change->path));
	} else {
		setup_item(setup, STYLE_PLAIN, "remove %s", setup_path(change->path));
		verdict = setup_agree(setup, true) ? UNDONE : KEPT;
		if (verdict == UNDONE && !person_file_remove(&file, &error)) {
			setup_fail(setup, "cannot remove %s: %s", setup_path(change->path), buf_message(&error));
			verdict = KEPT;
		} else if (verdict == UNDONE) {
			setup_done(setup, "done");
		}
	}
	person_file_release(&file);
	buf_release(&error);
	return verdict;
}

/* Nothing is asked for an empty directory; one that is used stays. */
static enum verdict undo_directory(struct setup *setup, const struct setup_change *change)
{
	if (setup->dry_run || (!setup->assume_yes && !setup->can_ask))
		return KEPT;
	return rmdir(change->path) == 0 || errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST ? UNDONE : KEPT;
}

/* ---- the service, the daemon ---- */

/* How the service has to be made what it was; NULL: it is. */
static const char *service_verb(const struct setup_change *change, const struct user_service *service, bool *now)
{
	bool enabled = strncmp(service->file, "enabled", 7) == 0, active = strcmp(service->active, "active") == 0;
	*now = active && !change->was_active;
	if (enabled && !change->was_enabled)
		return "disable";
	return *now ? "stop" : NULL;
}

static enum verdict undo_service(struct setup *setup, const struct setup_change *change)
{
	struct user_service service;
	struct buf why = BUF_INIT;
	enum verdict verdict = UNDONE;
	bool now = false;
	setup_row(setup, "service");
	bool answered = user_service_ask(&service, &why, &setup->interrupted) == USER_SERVICE_ANSWERED;
	const char *verb = answered ? service_verb(change, &service, &now) : NULL;
	if (!answered && !setup->interrupted) {
		setup_fail(setup, "the user's systemd does not answer: %s", buf_message(&why));
		verdict = KEPT;
	} else if (!verb) {
		setup_item(setup, STYLE_NOTE, USER_SERVICE_UNIT " is as it was before already");
	} else {
		bool with_now = now && strcmp(verb, "disable") == 0;
		const char *words[] = { verb, with_now ? "--now" : USER_SERVICE_UNIT,
					with_now ? USER_SERVICE_UNIT : NULL, NULL };
		setup_item(setup, STYLE_PLAIN, "systemctl --user %s%s " USER_SERVICE_UNIT, verb,
			   with_now ? " --now" : "");
		verdict = setup_agree(setup, true) ? UNDONE : KEPT;
		if (verdict == UNDONE && user_service_do(words, &why, &setup->interrupted) != USER_SERVICE_ANSWERED) {
			setup_fail(setup, "systemctl --user %s failed: %s", verb, buf_message(&why));
			verdict = KEPT;
		} else if (verdict == UNDONE) {
			setup_done(setup, "done");
		}
	}
	buf_release(&why);
	return verdict;
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

/* Systemd is told when its files are gone. */
static void reload_systemd(struct setup *setup)
{
	static const char *const words[] = { "daemon-reload", NULL };
	struct buf why = BUF_INIT;
	if (user_service_do(words, &why, &setup->interrupted) == USER_SERVICE_SILENT)
		setup_fail(setup, "systemctl --user daemon-reload failed: %s", buf_message(&why));
	buf_release(&why);
}

void setup_undo(struct setup *setup)
{
	bool files_went = false;
	struct buf error = BUF_INIT;
	if (setup->record.count == 0) {
		setup_row(setup, "undo");
		setup_item(setup, STYLE_PLAIN, "nothing is to be undone: %s is not there", setup_path(setup->record.path));
	}
	for (size_t i = setup->record.count; i-- > 0 && !setup->interrupted;) {
		bool is_file = setup->record.changes[i].kind == SETUP_FILE;
		if (undo_change(setup, &setup->record.changes[i]) == KEPT || setup->dry_run || setup->interrupted)
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
	buf_release(&error);
	setup_flush(setup);
}
