/* statusLine in Claude Code's settings.json. */
#include "swatch/setup/setup.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program/argv.h"
#include "base/paths.h"
#include "base/scope.h"
#include "cache/read.h"
#include "json/edit.h"
#include "json/get.h"
#include "json/write.h"
#include "swatch/cli/claude_settings.h"
#include "swatch/cli/program.h"
#include "swatch/setup/person_file.h"

#define TRIES 3

/* ---- the command ---- */

/* Quotes a word for the shell with which Claude Code runs the command. */
static void quote_for_shell(const char *word, struct buf *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%:,";
	if (word[strspn(word, plain)] == '\0') {
		buf_append_str(out, word);
		return;
	}
	buf_append_char(out, '\'');
	for (const char *c = word; *c; c++) {
		if (*c == '\'')
			buf_append_str(out, "'\\''");
		else
			buf_append_char(out, *c);
	}
	buf_append_char(out, '\'');
}

/* Whether a command calls swatch; *runs: its program exists, as far as we can tell. */
static bool is_swatch(const char *command, bool *runs)
{
	AUTO_BUF error = BUF_INIT;
	*runs = true;
	if (!strstr(command, "swatch"))
		return false;
	/* Shell syntax is somebody's own way of calling it. */
	if (command[strcspn(command, "|&;<>()$`*?[]#{}\n")] != '\0')
		return true;
	char **words = argv_split(command, &error);
	AUTO_FREE char *path = words ? argv_find_program(words[0]) : NULL;
	*runs = path != NULL;
	argv_free(words);
	return true;
}

/* Idle sessions run no statusline but at this interval, in seconds: the times left count down in minutes. */
#define REFRESH_INTERVAL "30"

/* Writes the value in the document's layout; a line of its top object begins with `line`. */
static void write_value(const char *command, const char *line, struct buf *out)
{
	const char *indent = strchr(line, '\n'), *unit = indent ? indent + 1 : "", *blank = *line ? "" : " ";
	struct jsonw w;
	buf_printf(out, "{%s%s\"type\": \"command\",%s%s%s\"command\": ", line, unit, line, unit, blank);
	jsonw_init(&w, out);
	jsonw_string(&w, command);
	buf_printf(out, ",%s%s%s\"padding\": 0,%s%s%s\"refreshInterval\": " REFRESH_INTERVAL "%s}", line,
		   unit, blank, line, unit, blank, line);
}

/* ---- one file ---- */

struct job {
	char *path;                    /* settings.json */
	struct person_file file;
	bool has_object;               /* false: it does not exist, or nothing is in it */
	bool is_off;                   /* Claude Code shows no statusline, whichever is set */
	struct json_edit_member member;
	struct buf command;            /* ours */
	struct buf value, text;        /* ours; the whole file with it */
	char *present;                 /* the file's value; NULL: none */
	const struct setup_change *old; /* the record of that value; NULL: it is not ours */
};

/* Reads the file. Returns false after setup_fail(). */
static bool look(struct setup *setup, struct job *job)
{
	AUTO_BUF error = BUF_INIT;
	const struct buf *text = &job->file.text;
	bool good = person_file_read(job->path, JSON_EDIT_MAX_BYTES, &job->file, &error);
	job->has_object = good && job->file.exists && !json_edit_is_blank(buf_str(text), text->len);
	good = good && (!job->has_object
			|| json_edit_find(buf_str(text), text->len, "statusLine", &job->member, &error));
	if (!good)
		setup_fail(setup, "%s cannot be read: %s; it stays as it is", setup_path(job->path),
			   buf_message(&error));
	if (!good || !job->member.found)
		return good;
	job->present = strndup(text->data + job->member.value_at, job->member.value_len);
	job->old = setup_record_find(&setup->record, SETUP_STATUSLINE, job->path, NULL, NULL);
	if (job->old && (!job->present || strcmp(job->old->value, job->present) != 0))
		job->old = NULL;
	return true;
}

/* Composes the new text. Returns false after setup_fail(). */
static bool compose(struct setup *setup, struct job *job)
{
	AUTO_BUF error = BUF_INIT;
	bool good = true;
	if (!person_file_may_write(&job->file, &error)) {
		write_value(buf_str(&job->command), "", &job->value);
		setup_fail(setup, "%s stays as it is: %s", setup_path(job->path), buf_message(&error));
		setup_item(setup, STYLE_PLAIN, "what belongs into it: \"statusLine\": %s",
			   buf_str(&job->value));
		return false;
	}
	if (job->has_object) {
		const struct buf *text = &job->file.text;
		write_value(buf_str(&job->command), job->member.line, &job->value);
		good = json_edit_set(text->data, text->len, "statusLine", buf_str(&job->value), &job->text,
				     &error);
	} else {
		write_value(buf_str(&job->command), "\n  ", &job->value);
		buf_printf(&job->text, "{\n  \"statusLine\": %s\n}\n", buf_str(&job->value));
	}
	good = good && !job->value.failed && !job->text.failed;
	if (!good)
		setup_fail(setup, "%s cannot be edited: %s", setup_path(job->path), buf_message(&error));
	return good;
}

/*
 * Shows the present statusLine, and whatever keeps Claude Code from showing any. Returns true when it is ours
 * and runs: nothing is left to do.
 */
static bool is_connected(struct setup *setup, struct job *job, bool *foreign)
{
	AUTO_BUF ignored = BUF_INIT;
	const struct buf *text = &job->file.text;
	AUTO_JSON *settings = job->has_object ? json_edit_parse(text->data, text->len, &ignored) : NULL;
	struct json_object *value = json_get_object(settings, "statusLine");
	const char *command = json_get_string(value, "command");
	bool counts_down = value && json_object_object_get_ex(value, "refreshInterval", NULL);
	const char *off_by = claude_settings_find_off(job->path, settings);
	bool runs = false, ours = command && is_swatch(command, &runs);
	*foreign = job->present && !ours;
	if (ours && runs)
		setup_item(setup, STYLE_GOOD, "already so in %s: %s", setup_path(job->path), command);
	else if (ours)
		setup_item(setup, STYLE_NOTE, "%s runs a swatch that does not exist: %s",
			   setup_path(job->path), command);
	else if (job->present)
		setup_item(setup, STYLE_NOTE, "%s has another program's: %s", setup_path(job->path),
			   command ? command : job->present);
	job->is_off = off_by != NULL;
	if (off_by)
		setup_item(setup, STYLE_NOTE, CLAUDE_SETTINGS_OFF " in %s turns off statuslines, too: no "
			   "session will show one until it is taken out", setup_path(off_by));
	if (ours && runs && !counts_down)
		setup_item(setup, STYLE_PLAIN,
			   "\"refreshInterval\": " REFRESH_INTERVAL " there lets the times left count "
			   "down in idle sessions, too");
	/* A value that setup wrote, it also brings up to date. */
	return ours && runs && (counts_down || !job->old);
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

/*
 * When it replaces one of ours, the record keeps the one from before that. Returns false when memory ran out.
 */
static bool describe(const struct job *job, char *backup, struct setup_change *change)
{
	const struct setup_change *old = job->old;
	const char *previous = old ? old->previous : job->present;
	*change = (struct setup_change){ .kind = SETUP_STATUSLINE, .path = strdup(job->path),
					 .value = strdup(buf_str(&job->value)),
					 .previous = copy(previous),
					 .backup = old ? copy(old->backup) : backup,
					 .created = old ? old->created : !job->file.exists };
	return change->path && change->value && (change->previous || !previous)
	       && (change->backup || !old || !old->backup);
}

/* Records the change and makes it. Returns false with a message, or after setup_fail() without one. */
static bool put_in(struct setup *setup, struct job *job, char *backup, struct buf *error)
{
	struct setup_change change;
	if (!describe(job, backup, &change)) {
		setup_change_release(&change);
		return false;
	}
	if (!setup_begin(setup, &change))
		return false;
	bool good = person_file_replace(&job->file, job->text.data, job->text.len, NULL, NULL, error);
	setup_end(setup, good);
	return good;
}

/* Returns false with a message, or after setup_fail() without one. */
static bool back_up_and_put_in(struct setup *setup, struct job *job, struct buf *error)
{
	bool made = false, wants_backup = job->file.exists && !job->old;
	char *backup = wants_backup ? person_file_back_up(&job->file, job->path, &made, error) : NULL;
	if (wants_backup && !backup)
		return false;
	AUTO_FREE char *new_backup = made ? copy(backup) : NULL;
	/* The record owns `backup` from here on. */
	bool good = put_in(setup, job, backup, error);
	if (!good && new_backup)
		(void)unlink(new_backup);
	if (good && new_backup)
		setup_item(setup, STYLE_PLAIN, "backup: %s", setup_path(new_backup));
	return good;
}

static void show_edit(struct setup *setup, const struct job *job, bool foreign)
{
	setup_item(setup, STYLE_PLAIN, "%s %s%s so that \"statusLine\" runs",
		   job->file.exists ? "edit" : "write", setup_path(job->path),
		   job->file.is_link ? " (through its link)" : "");
	setup_item(setup, STYLE_STRONG, "%s", buf_str(&job->command));
	if (foreign)
		setup_item(setup, STYLE_NOTE, "in the place of the other program's; --undo puts that back");
	if (job->file.names > 1)
		setup_item(setup, STYLE_NOTE, "the file has %ju names (hard links): only this one will have "
			   "the new text, the others keep the old one", (uintmax_t)job->file.names);
}

/* Returns false when somebody changed the file at that moment, after it said so. */
static bool connect_once(struct setup *setup, struct job *job, bool is_last)
{
	AUTO_BUF error = BUF_INIT;
	bool foreign, failed_before = setup->failed;
	if (!look(setup, job) || is_connected(setup, job, &foreign) || !compose(setup, job))
		return true;
	show_edit(setup, job, foreign);
	if (!setup_agree(setup, !foreign) || !setup_make_parents(setup, job->path))
		return true;
	if (back_up_and_put_in(setup, job, &error)) {
		setup_done(setup, job->is_off ? "done" : "done: Claude Code shows it with the next message");
		return true;
	}
	if (job->file.changed && !is_last) {
		setup_item(setup, STYLE_NOTE, "somebody changed %s meanwhile; once more",
			   setup_path(job->path));
		return false;
	}
	if (error.len > 0 || setup->failed == failed_before)
		setup_fail(setup, "%s stays as it is: %s", setup_path(job->path), buf_message(&error));
	return true;
}

/* Claude Code may write the file at any time, but not all the time. */
static void connect(struct setup *setup, const char *directory, const char *program)
{
	bool again = true;
	for (int left = TRIES; again && left > 0; left--) {
		struct job job = { .path = paths_join(directory, "settings.json") };
		quote_for_shell(program, &job.command);
		buf_append_str(&job.command, " statusline");
		if (job.path && !job.command.failed)
			again = !connect_once(setup, &job, left == 1);
		else
			setup_fail(setup, "out of memory");
		free(job.path);
		free(job.present);
		person_file_release(&job.file);
		buf_release(&job.command);
		buf_release(&job.value);
		buf_release(&job.text);
	}
}

void setup_statusline(struct setup *setup)
{
	AUTO_FREE char *program = program_find_lasting("swatch");
	setup_row(setup, "statusline");
	if (!program) {
		setup_fail(setup,
			   "the program swatch is not beside this one, in " SWATCH_BINDIR " or on PATH; "
			   "is swatch installed as a whole?");
		return;
	}
	for (size_t i = 0; i < setup->claude_count; i++)
		connect(setup, setup->claude[i], program);
	setup_flush(setup);
}
