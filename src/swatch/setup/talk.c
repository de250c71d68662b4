/* How setup talks with people, and how it records a change. */
#include "swatch/setup/setup.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/scope.h"
#include "swatch/ui/terminal.h"

/* ---- output ---- */

void setup_row(struct setup *setup, const char *label)
{
	setup_flush(setup);
	page_row(&setup->page, label);
}

static void add_item(struct setup *setup, enum page_style style, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static void add_item(struct setup *setup, enum page_style style, const char *format, va_list args)
{
	AUTO_BUF text = BUF_INIT;
	buf_vprintf(&text, format, args);
	if (!setup->page.row_open)
		page_row(&setup->page, "");
	page_break(&setup->page);
	page_item(&setup->page, style, "%s", buf_str(&text));
	setup->page.out.failed = setup->page.out.failed || text.failed;
}

void setup_item(struct setup *setup, enum page_style style, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_item(setup, style, format, args);
	va_end(args);
}

void setup_flush(struct setup *setup)
{
	if (!page_print(&setup->page))
		setup->failed = true;
	page_release(&setup->page);
	page_init(&setup->page, terminal_wants_colour(STDOUT_FILENO));
	(void)terminal_flush();
}

void setup_done(struct setup *setup, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_item(setup, STYLE_GOOD, format, args);
	va_end(args);
	setup_flush(setup);
}

void setup_fail(struct setup *setup, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_item(setup, STYLE_BAD, format, args);
	va_end(args);
	setup_flush(setup);
	setup->failed = true;
}

/* ---- asking ---- */

static bool read_answer(bool default_yes)
{
	AUTO_FREE char *line = NULL;
	size_t cap = 0;
	ssize_t len = getline(&line, &cap, stdin);
	const char *answer = len > 0 ? line + strspn(line, " \t") : "n";
	bool yes = *answer == 'y' || *answer == 'Y' || (default_yes && (*answer == '\n' || *answer == '\0'));
	if (len <= 0)
		putchar('\n');
	return yes;
}

bool setup_agree(struct setup *setup, bool default_yes)
{
	setup->changes++;
	setup_flush(setup);
	if (setup->dry_run || setup->interrupted)
		return false;
	if (setup->assume_yes)
		return true;
	if (!setup->can_ask)
		return false;
	printf("%*s%s", PAGE_LABEL_COLUMNS, "", default_yes ? "Do this? [Y/n] " : "Do this? [y/N] ");
	(void)terminal_flush();
	if (read_answer(default_yes))
		return true;
	setup->declined++;
	setup_item(setup, STYLE_NOTE, "left as it is");
	setup_flush(setup);
	return false;
}

/* ---- recording ---- */

/* Takes the last change that was begun out of the record again. */
static void forget(struct setup *setup)
{
	struct setup_change *change = &setup->record.changes[setup->begun];
	if (setup->replaced.kind == SETUP_NOTHING) {
		setup_record_drop(&setup->record, setup->begun);
		return;
	}
	setup_change_release(change);
	*change = setup->replaced;
	memset(&setup->replaced, 0, sizeof(setup->replaced));
}

bool setup_begin(struct setup *setup, struct setup_change *change)
{
	AUTO_BUF error = BUF_INIT;
	struct setup_change *same = setup_record_find_same(&setup->record, change);
	setup->begun = same ? (size_t)(same - setup->record.changes) : setup->record.count;
	if (!change->path || !setup_record_put(&setup->record, change, &setup->replaced)) {
		setup_change_release(change);
		setup_fail(setup, "%s", buf_message(&error));
		return false;
	}
	if (setup_record_save(&setup->record, &error))
		return true;
	forget(setup);
	setup_fail(setup, "not done, because it cannot be recorded: %s", buf_message(&error));
	return false;
}

void setup_end(struct setup *setup, bool made)
{
	AUTO_BUF error = BUF_INIT;
	if (!made) {
		forget(setup);
		if (!setup_record_save(&setup->record, &error))
			setup_fail(setup, "%s", buf_message(&error));
	}
	setup_change_release(&setup->replaced);
}

/* Makes one directory, unless it exists. */
static bool make_directory(void *ctx, const char *path)
{
	struct setup *setup = ctx;
	struct stat st;
	if (stat(path, &st) == 0)
		return true;
	struct setup_change change = { .kind = SETUP_DIRECTORY, .path = strdup(path) };
	if (!setup_begin(setup, &change))
		return false;
	bool good = mkdir(path, 0700) == 0;
	int why = errno;
	setup_end(setup, good);
	if (!good)
		setup_fail(setup, "cannot make %s: %s", setup_path(path), strerror(why));
	return good;
}

bool setup_make_parents(struct setup *setup, const char *path)
{
	return setup_each_parent(path, make_directory, setup);
}

/* ---- paths for people ---- */

const char *setup_path(const char *path)
{
	static struct buf kept[4];
	static unsigned next;
	struct buf *out = &kept[next++ % 4];
	buf_clear(out);
	paths_shorten(out, path);
	return out->failed ? path : buf_str(out);
}
