#include "swatch/statusline/statusline.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/paths.h"
#include "base/scope.h"
#include "cache/dir.h"
#include "cache/lock.h"
#include "cache/names.h"
#include "config/config.h"
#include "config/few.h"
#include "swatch/statusline/autostart.h"
#include "swatch/statusline/facts.h"
#include "swatch/statusline/format.h"
#include "swatch/statusline/input.h"
#include "swatch/statusline/presets.h"
#include "swatch/statusline/room.h"
#include "swatch/statusline/subagents.h"
#include "swatch/statusline/tick.h"
#include "swatch/ui/terminal.h"

/* A session's file has 3 KB, the shared one 2 KB. A much larger one is not worth the time. */
#define FILE_MAX_BYTES ((size_t)256 << 10)
/* The line when nothing at all is known. */
#define LAST_RESORT "swatch: nothing known yet"

/* ---- options ---- */

/* Takes the argument of `name` at argv[*at]: "--name VALUE" or "--name=VALUE". */
static bool take_option(int argc, char **argv, int *at, const char *name, const char **value)
{
	size_t len = strlen(name);
	if (strncmp(argv[*at], name, len) != 0)
		return false;
	if (argv[*at][len] == '=') {
		*value = argv[*at] + len + 1;
		return true;
	}
	if (argv[*at][len] != '\0' || *at + 1 >= argc)
		return false;
	*value = argv[++*at];
	return true;
}

bool statusline_parse(int argc, char **argv, struct statusline_options *options)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--subagents") == 0)
			options->subagents = true;
		else if (!take_option(argc, argv, &i, "--format", &options->format)
			 && !take_option(argc, argv, &i, "--preset", &options->preset))
			return false;
	}
	return true;
}

/* ---- reading ---- */

/*
 * Reads a cache file, as cache_read_json() does, but without its library. Leaves `text` empty when that
 * fails.
 */
static void read_file(int dir_fd, const char *name, struct buf *text)
{
	buf_clear(text);
	if (!file_read_regular(dir_fd, name, O_NOFOLLOW, FILE_MAX_BYTES, text))
		buf_clear(text);
}

static void read_cache(const char *path, const char *format, struct statusline_facts *facts)
{
	char name[CACHE_NAME_SIZE];
	AUTO_BUF text = BUF_INIT, error = BUF_INIT;
	AUTO_CLOSE int dir_fd = cache_dir_open(path, false, &error);
	if (dir_fd < 0)
		return;
	facts->daemon_lives = cache_lock_is_held(dir_fd);
	read_file(dir_fd, CACHE_BILLING_FILE, &text);
	facts_take_billing(facts, buf_str(&text), text.len);
	facts->says_fresh = facts->says_fresh && !cache_is_unwritten(dir_fd);
	/* The list of all sessions is the longest of the files, and few formats need it. */
	if (format && strstr(format, "waiting")) {
		read_file(dir_fd, CACHE_SESSIONS_FILE, &text);
		facts_take_sessions(facts, buf_str(&text), text.len);
	}
	if (cache_session_file_name(facts->session_id, name)) {
		read_file(dir_fd, name, &text);
		facts_take_session(facts, buf_str(&text), text.len);
	}
}

static void read_config(const struct statusline_options *options, struct config_few *config)
{
	AUTO_FREE char *directory = options->config_path ? NULL : paths_config_home();
	AUTO_FREE char *file = directory ? paths_join(directory, "swatch/swatch.conf") : NULL;
	if (options->config_path || file)
		config_few_read(config, options->config_path ? options->config_path : file);
}

static char *locate_cache(const struct statusline_options *options, struct config_few *config)
{
	char none[] = "";
	struct buf *directory = &config->cache_directory;
	struct config settings = { .cache_directory = directory->len > 0 ? directory->data : none };
	return cache_dir_locate(&settings, options->cache_path);
}

/* ---- printing ---- */

static bool is_set_to(const char *variable, const char *value)
{
	const char *present = getenv(variable);
	return present && strcmp(present, value) == 0;
}

/* Claude Code reads the colours from a pipe: unlike elsewhere, they need no terminal. */
static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR");
	return !(no_color && *no_color) && !is_set_to("CLICOLOR", "0") && !is_set_to("TERM", "dumb");
}

/* The format to show: --format, else --preset, else the config's. */
struct choice {
	const char *format;   /* NULL: the preset alone */
	const struct statusline_preset *preset;
};

static struct choice choose(const struct statusline_options *options, const struct config_few *config)
{
	struct choice choice = { options->format, NULL };
	if (!choice.format && !options->preset && config->format.len > 0)
		choice.format = buf_str(&config->format);
	choice.preset = statusline_preset_find(options->preset ? options->preset : buf_str(&config->preset));
	if (!choice.preset)
		choice.preset = statusline_preset_find(STATUSLINE_DEFAULT_PRESET);
	return choice;
}

/* Bad options do not prevent a line; the line tells about them. */
static void note_bad_preset(const char *name, struct statusline_facts *facts)
{
	if (name && *name && !statusline_preset_find(name))
		snprintf(facts->note, sizeof(facts->note), "no such preset: swatch statusline --preview");
}

static void render(const struct choice *choice, struct statusline_facts *facts, bool colour, struct buf *out)
{
	double columns = facts->number[FACT_COLUMNS];
	struct statusline_look look = { .colour = colour, .columns = isnan(columns) ? 0 : (size_t)columns };
	AUTO_BUF error = BUF_INIT;
	if (choice->format && statusline_format(choice->format, facts, &look, out, &error))
		return;
	if (choice->format)
		snprintf(facts->note, sizeof(facts->note), "bad format: swatch statusline --check-format");
	buf_clear(&error);
	look.colour = look.colour && !choice->preset->without_colour;
	/* A test checks the presets, so only a lack of memory can make them fail. */
	if (!statusline_format(choice->preset->format, facts, &look, out, &error))
		out->failed = true;
}

static void print(const char *text, size_t len)
{
	/* EPIPE: Claude Code has cancelled this run. Any other reason helps a person who misses the line. */
	if (!file_write_all(STDOUT_FILENO, text, len) && errno != EPIPE)
		fprintf(stderr, "swatch: cannot write the statusline: %s\n", strerror(errno));
}

static void print_line(struct buf *line)
{
	if (line->len == 0)
		buf_append_str(line, LAST_RESORT);
	buf_append_char(line, '\n');
	if (line->failed)
		print(LAST_RESORT "\n", sizeof(LAST_RESORT));
	else
		print(line->data, line->len);
}

static int run_subagents(void)
{
	AUTO_BUF input = BUF_INIT, rows = BUF_INIT;
	errno = 0;
	bool is_whole = statusline_input_read(STDIN_FILENO, STATUSLINE_INPUT_TIMEOUT_MS, &input);
	int why = errno;
	statusline_subagents_write(buf_str(&input), input.len, clock_wall_ms(), wants_colour(), &rows);
	/* Without our rows Claude Code shows its own; a person who misses ours learns why. */
	if (rows.failed || input.failed)
		fputs("swatch: cannot show the subagents: out of memory\n", stderr);
	else if (!is_whole && why != 0)
		fprintf(stderr, "swatch: cannot read about the subagents: %s\n", strerror(why));
	if (!rows.failed)
		print(buf_str(&rows), rows.len);
	return 0;
}

int statusline_run(const struct statusline_options *options)
{
	struct config_few config = CONFIG_FEW_INIT;
	struct statusline_facts facts;
	AUTO_BUF input = BUF_INIT, line = BUF_INIT;
	if (options->subagents)
		return run_subagents();
	statusline_input_read(STDIN_FILENO, STATUSLINE_INPUT_TIMEOUT_MS, &input);
	facts_init(&facts, clock_wall_ms());
	facts_take_input(&facts, buf_str(&input), input.len);
	size_t columns = terminal_columns(STDOUT_FILENO);
	/* Claude Code is at the other ends of the pipes, and has told something. */
	if (columns > 0 && isatty(STDOUT_FILENO) != 1 && memchr(buf_str(&input), '{', input.len))
		columns = statusline_room(columns, *facts.project_path ? facts.project_path : facts.cwd);
	if (columns > 0)
		facts.number[FACT_COLUMNS] = (double)columns;
	read_config(options, &config);
	AUTO_FREE char *cache = locate_cache(options, &config);
	struct choice choice = choose(options, &config);
	if (cache)
		read_cache(cache, choice.format, &facts);
	facts_finish(&facts);
	note_bad_preset(options->preset ? options->preset : buf_str(&config.preset), &facts);
	render(&choice, &facts, wants_colour(), &line);
	print_line(&line);
	if (cache && facts.daemon_lives)
		statusline_tick_send(&facts, cache);
	else if (cache && strcmp(buf_str(&config.autostart), "yes") == 0)
		statusline_autostart(options->config_path, options->cache_path, cache);
	config_few_release(&config);
	return 0;
}

/* ---- for people ---- */

static void render_sample(const struct choice *choice, bool colour, struct buf *out)
{
	struct statusline_facts facts;
	size_t columns = terminal_columns(STDOUT_FILENO);
	facts_fill_sample(&facts, clock_wall_ms());
	facts.number[FACT_COLUMNS] = columns ? (double)columns : NAN;
	render(choice, &facts, colour, out);
}

void statusline_preview(const struct statusline_options *options, struct buf *out)
{
	bool colour = isatty(STDOUT_FILENO) == 1 ? wants_colour() : terminal_wants_colour(STDOUT_FILENO);
	if (options->format) {
		const struct choice choice = { options->format,
					       statusline_preset_find(STATUSLINE_DEFAULT_PRESET) };
		render_sample(&choice, colour, out);
		buf_append_char(out, '\n');
		return;
	}
	for (const struct statusline_preset *preset = statusline_presets; preset->name; preset++) {
		const struct choice choice = { NULL, preset };
		if (options->preset && strcmp(options->preset, preset->name) != 0)
			continue;
		buf_printf(out, "%s: %s%s\n", preset->name, preset->text,
			   strcmp(preset->name, STATUSLINE_DEFAULT_PRESET) == 0 ? " (the default)" : "");
		render_sample(&choice, colour, out);
		buf_append_str(out, "\n\n");
	}
}

static bool check_format(const char *format, struct buf *error)
{
	AUTO_BUF fault = BUF_INIT;
	bool good = statusline_format_check(format, &fault);
	if (!good)
		buf_printf(error, "the format is wrong %s", buf_str(&fault));
	return good;
}

bool statusline_check(const struct statusline_options *options, struct buf *error)
{
	struct config_few config = CONFIG_FEW_INIT;
	bool good = true;
	if (options->format) {
		good = check_format(options->format, error);
	} else {
		read_config(options, &config);
		good = config.format.len == 0 || check_format(buf_str(&config.format), error);
		if (good && config.preset.len > 0 && !statusline_preset_find(buf_str(&config.preset))) {
			buf_printf(error, "there is no preset '%s'", buf_str(&config.preset));
			good = false;
		}
	}
	config_few_release(&config);
	return good;
}
