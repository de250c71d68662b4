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

/* Resolves links, which systemd's ReadWritePaths= does not follow; of what does not exist, those above it. */
static char *resolve(const char *path)
{
	char *real = realpath(path, NULL);
	const char *slash = strrchr(path, '/');
	if (real || !slash || slash == path)
		return real ? real : strdup(path);
	AUTO_FREE char *parent = strndup(path, (size_t)(slash - path));
	AUTO_FREE char *real_parent = parent ? resolve(parent) : NULL;
	return real_parent ? paths_join(real_parent, slash + 1) : NULL;
}

static bool is_below_home(const char *directory, const char *name)
{
	const char *home = paths_home();
	AUTO_FREE char *expected = home ? paths_join(home, name) : NULL;
	return expected && strcmp(expected, directory) == 0;
}

static void put_directories(const char *cache, const char *state, struct buf *out)
{
	buf_append_str(out, "ExecStartPre=\nExecStartPre=+/bin/mkdir -p -m 0700 ");
	put_quoted(cache, true, out);
	buf_append_char(out, ' ');
	put_quoted(state, true, out);
	buf_append_str(out, "\nReadWritePaths=\nReadWritePaths=");
	put_quoted(cache, false, out);
	buf_append_char(out, ' ');
	put_quoted(state, false, out);
	buf_append_char(out, '\n');
}

void setup_unit_write_extra(const char *cache_dir, struct buf *out)
{
	AUTO_BUF lines = BUF_INIT;
	AUTO_FREE char *state_home = paths_state_home();
	AUTO_FREE char *state_dir = state_home ? paths_join(state_home, "swatch") : NULL;
	AUTO_FREE char *cache = resolve(cache_dir);
	AUTO_FREE char *state = state_dir ? resolve(state_dir) : NULL;
	put_environment("CLAUDE_CONFIG_DIR", &lines);
	put_environment("XDG_CONFIG_HOME", &lines);
	put_environment("XDG_STATE_HOME", &lines);
	if (cache && state && !(is_below_home(cache, ".claude/session-health")
				&& is_below_home(state, ".local/state/swatch")))
		put_directories(cache, state, &lines);
	/* The unit's conditions use the service manager's environment, which lacks these directories. */
	if (lines.len > 0)
		buf_printf(out, OURS "\n[Unit]\nConditionPathIsDirectory=\n\n[Service]\n%s", buf_str(&lines));
	out->failed = out->failed || lines.failed || !cache || !state;
}

bool setup_unit_is_ours(const char *text)
{
	return strncmp(text, OURS, strlen(OURS)) == 0;
}
