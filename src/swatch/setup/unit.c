/* The files of the user's service: the unit as shipped, and settings that the unit lacks. */
#include "swatch/setup/setup.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/paths.h"
#include "base/scope.h"

/* contrib/systemd/swatchd.service.in as a string. */
static const char shipped[] =
#include "swatch/setup/unit_text.h"
	;

#define OURS "# Written by swatch setup; swatch setup --undo removes it."
#define PROGRAM_LINE "ExecStart=@bindir@/swatchd\n"

/* Quotes a word for a unit file. `of_command`: for a command line, where '$' is special, too. */
static void put_quoted(const char *word, bool of_command, struct buf *out)
{
	buf_append_char(out, '"');
	for (const char *c = word; *c; c++) {
		if (*c == '"' || *c == '\\')
			buf_append_char(out, '\\');
		if (*c == '%' || (of_command && *c == '$'))
			buf_append_char(out, *c);
		buf_append_char(out, *c);
	}
	buf_append_char(out, '"');
}

/*
 * Whether a line is for units that packages enable for everybody. Who runs setup wants this one to start, and
 * has no swatchd.path.
 */
static bool is_for_everybody(const char *line)
{
	static const char *const starts[] = { "Condition", "PropagatesStopTo=", "Also=" };
	for (size_t i = 0; i < ARRAY_COUNT(starts); i++)
		if (strncmp(line, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

bool setup_unit_write(const char *daemon_path, struct buf *out)
{
	bool has_program = false;
	buf_append_str(out, OURS "\n");
	/* A comment goes with the line below it. */
	for (const char *line = shipped, *comment = NULL; *line;) {
		size_t len = strcspn(line, "\n") + 1;
		if (strncmp(line, PROGRAM_LINE, len) == 0) {
			buf_append(out, comment ? comment : line, comment ? (size_t)(line - comment) : 0);
			buf_append_str(out, "ExecStart=");
			put_quoted(daemon_path, true, out);
			buf_append_char(out, '\n');
			has_program = true;
		} else if (*line == '#') {
			comment = comment ? comment : line;
		} else if (!is_for_everybody(line)) {
			const char *from = comment ? comment : line;
			buf_append(out, from, (size_t)(line - from) + len);
		}
		comment = *line == '#' ? comment : NULL;
		line += len;
	}
	return has_program && !out->failed;
}

static void put_environment(const char *name, struct buf *out)
{
	const char *value = getenv(name);
	AUTO_BUF pair = BUF_INIT;
	if (!value || !*value)
		return;
	buf_printf(&pair, "%s=%s", name, value);
	buf_append_str(out, "Environment=");
	put_quoted(buf_str(&pair), false, out);
	buf_append_char(out, '\n');
	out->failed = out->failed || pair.failed;
}

/* Resolves links, which systemd's ReadWritePaths= does not follow. */
static char *resolve(const char *cache_dir)
{
	AUTO_FREE char *parent = strdup(cache_dir);
	char *slash = parent ? strrchr(parent, '/') : NULL;
	char *real = realpath(cache_dir, NULL);
	if (!real && slash && slash > parent) {
		*slash = '\0';
		AUTO_FREE char *real_parent = realpath(parent, NULL);
		real = real_parent ? paths_join(real_parent, slash + 1) : NULL;
	}
	return real ? real : strdup(cache_dir);
}

static bool is_default(const char *directory)
{
	const char *home = paths_home();
	AUTO_FREE char *expected = home ? paths_join(home, ".claude/session-health") : NULL;
	return expected && strcmp(expected, directory) == 0;
}

static void put_cache_directory(const char *directory, struct buf *out)
{
	buf_append_str(out, "ExecStartPre=\nExecStartPre=+/bin/mkdir -p -m 0700 ");
	put_quoted(directory, true, out);
	buf_append_str(out, "\nReadWritePaths=\nReadWritePaths=");
	put_quoted(directory, false, out);
	buf_append_char(out, '\n');
}

void setup_unit_write_extra(const char *cache_dir, struct buf *out)
{
	AUTO_BUF lines = BUF_INIT;
	AUTO_FREE char *directory = resolve(cache_dir);
	put_environment("CLAUDE_CONFIG_DIR", &lines);
	put_environment("XDG_CONFIG_HOME", &lines);
	if (directory && !is_default(directory))
		put_cache_directory(directory, &lines);
	/* The unit's conditions use the service manager's environment, which lacks these directories. */
	if (lines.len > 0)
		buf_printf(out, OURS "\n[Unit]\nConditionPathIsDirectory=\n\n[Service]\n%s", buf_str(&lines));
	out->failed = out->failed || lines.failed || !directory;
}

bool setup_unit_is_ours(const char *text)
{
	return strncmp(text, OURS, strlen(OURS)) == 0;
}
