/* swatch config: shows the settings in force and their origins, checks a config file, prints the defaults. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/printable.h"
#include "base/width.h"
#include "cache/dir.h"
#include "config/config.h"
#include "config/keys.h"
#include "json/pretty.h"
#include "json/write.h"
#include "swatch/cli/command.h"
#include "swatch/statusline/format_check.h"
#include "swatch/ui/page.h"
#include "swatch/ui/terminal.h"
#include "transcript/data_dirs.h"

/* Where the origins begin. */
#define ORIGIN_COLUMN 48

struct settings {
	struct config config;
	char *path;                  /* of the config file; NULL: no home directory */
	bool exists;                 /* that file does */
	char *cache_dir;
	const char *cache_origin;
	struct data_dirs projects;
	const char *projects_origin;
	char *pricing;
	bool has_pricing;
};

/* ---- finding ---- */

static void find_directories(const struct invocation *invocation, struct settings *found)
{
	const char *claude = getenv("CLAUDE_CONFIG_DIR");
	const char *unset = claude && *claude ? "CLAUDE_CONFIG_DIR" : "default";
	found->cache_dir = cache_dir_locate(&found->config, invocation->cache_option);
	found->cache_origin = invocation->cache_option ? "--cache"
			      : *found->config.cache_directory ? "[cache] directory" : unset;
	(void)data_dirs_find(&found->projects, found->config.watch_paths);
	found->projects_origin = *found->config.watch_paths ? "[watch] paths" : unset;
	found->pricing = config_pricing_path(invocation->config_option);
	found->has_pricing = found->pricing && access(found->pricing, F_OK) == 0;
}

static void settings_release(struct settings *found)
{
	config_release(&found->config);
	data_dirs_release(&found->projects);
	free(found->path);
	free(found->cache_dir);
	free(found->pricing);
}

/* ---- for people ---- */

static void append_styled(struct buf *out, bool colour, enum page_style style, const struct buf *text)
{
	if (colour)
		buf_append_str(out, page_style_code(style));
	printable_clean(out, buf_str(text), text->len);
	if (colour)
		buf_append_str(out, PAGE_STYLE_END);
}

/* The text and, as a comment, its origin: the page is a config file too. */
static void append_line(struct buf *out, bool colour, const struct buf *text, const struct buf *origin,
			bool is_set)
{
	size_t width = width_of(buf_str(text), text->len);
	printable_clean(out, buf_str(text), text->len);
	do
		buf_append_char(out, ' ');
	while (++width < ORIGIN_COLUMN);
	append_styled(out, colour, is_set ? STYLE_GOOD : STYLE_QUIET, origin);
	buf_append_char(out, '\n');
}

static void append_setting(const struct settings *found, size_t index, bool colour, struct buf *out)
{
	const struct config_key *key = &config_keys[index];
	AUTO_BUF text = BUF_INIT, origin = BUF_INIT;
	int line = found->config.lines[index];
	if (index == 0 || strcmp(key->section, config_keys[index - 1].section) != 0)
		buf_printf(out, "\n[%s]\n", key->section);
	buf_printf(&text, "%s = ", key->name);
	config_append_value(&found->config, key, &text);
	buf_append_str(&origin, "; ");
	if (line > 0 && found->path) {
		paths_shorten(&origin, found->path);
		buf_printf(&origin, ":%d", line);
	} else {
		buf_append_str(&origin, "default");
	}
	append_line(out, colour, &text, &origin, line > 0);
	out->failed = out->failed || text.failed || origin.failed;
}

static void append_place(struct buf *out, bool colour, const char *name, const char *path, const char *origin)
{
	AUTO_BUF text = BUF_INIT, behind = BUF_INIT;
	buf_printf(&text, "; %-12s ", name);
	paths_shorten(&text, path);
	buf_printf(&behind, "; %s", origin);
	append_line(out, colour, &text, &behind, strcmp(origin, "default") != 0);
	out->failed = out->failed || text.failed || behind.failed;
}

static int show_page(const struct invocation *invocation, const struct settings *found)
{
	AUTO_BUF out = BUF_INIT;
	bool colour = terminal_wants_colour(STDOUT_FILENO);
	if (found->path)
		append_place(&out, colour, "config", found->path, !found->exists
			     ? "does not exist; all settings are defaults"
			     : invocation->config_option ? "--config" : "default");
	if (found->cache_dir)
		append_place(&out, colour, "cache", found->cache_dir, found->cache_origin);
	for (size_t i = 0; i < found->projects.count; i++)
		append_place(&out, colour, "transcripts", found->projects.projects[i],
			     access(found->projects.projects[i], F_OK) == 0 ? found->projects_origin
									    : "does not exist");
	if (found->has_pricing)
		append_place(&out, colour, "prices", found->pricing, "beside the config");
	for (size_t i = 0; i < config_key_count; i++)
		append_setting(found, i, colour, &out);
	return terminal_print(&out) ? SWATCH_OK : SWATCH_FAILED;
}

/* ---- for programs ---- */

static void put_setting(const struct settings *found, size_t index, struct jsonw *w)
{
	const struct config_key *key = &config_keys[index];
	AUTO_BUF value = BUF_INIT, allowed = BUF_INIT;
	int line = found->config.lines[index];
	config_append_value(&found->config, key, &value);
	config_append_allowed(key, &allowed);
	jsonw_begin_object(w);
	jsonw_put_string(w, "section", key->section);
	jsonw_put_string(w, "key", key->name);
	jsonw_put_string(w, "value", buf_str(&value));
	jsonw_put_string(w, "default", key->default_text);
	jsonw_put_string(w, "file", line > 0 ? found->path : NULL);
	jsonw_put_int_or_null(w, "line", line);
	jsonw_put_string(w, "allowed", buf_str(&allowed));
	jsonw_put_string(w, "help", key->help);
	jsonw_end_object(w);
	w->out->failed = w->out->failed || value.failed || allowed.failed;
}

static int show_json(const struct settings *found)
{
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	jsonw_put_string(&w, "configFile", found->path);
	jsonw_put_bool(&w, "configFileExists", found->exists);
	jsonw_put_string(&w, "pricingFile", found->has_pricing ? found->pricing : NULL);
	jsonw_put_string(&w, "cacheDirectory", found->cache_dir);
	jsonw_put_string(&w, "cacheDirectoryFrom", found->cache_origin);
	jsonw_key(&w, "projects");
	jsonw_begin_array(&w);
	for (size_t i = 0; i < found->projects.count; i++)
		jsonw_string(&w, found->projects.projects[i]);
	jsonw_end_array(&w);
	jsonw_put_string(&w, "projectsFrom", found->projects_origin);
	jsonw_key(&w, "settings");
	jsonw_begin_array(&w);
	for (size_t i = 0; i < config_key_count; i++)
		put_setting(found, i, &w);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return terminal_print_json(&out) ? SWATCH_OK : SWATCH_FAILED;
}

/* ---- faults ---- */

/* Splits "FILE:LINE: what" or "FILE: what". */
static void put_fault(struct jsonw *w, const char *path, const char *fault, size_t len)
{
	size_t skip = strlen(path);
	const char *text = len > skip ? fault + skip + 1 : fault;
	char *end = NULL;
	long line = len > skip ? strtol(text, &end, 10) : 0;
	if (line > 0 && end && *end == ':')
		text = end + 1;
	else
		line = 0;
	text += *text == ' ';
	jsonw_begin_object(w);
	jsonw_put_string(w, "file", path);
	jsonw_put_int_or_null(w, "line", line);
	jsonw_key(w, "error");
	jsonw_string_len(w, text, len - (size_t)(text - fault));
	jsonw_end_object(w);
}

static bool show_faults_json(const char *path, const struct buf *faults)
{
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	jsonw_put_bool(&w, "ok", faults->len == 0);
	jsonw_put_string(&w, "configFile", path);
	jsonw_key(&w, "errors");
	jsonw_begin_array(&w);
	const char *line = buf_str(faults);
	while (*line) {
		size_t len = strcspn(line, "\n");
		put_fault(&w, path, line, len);
		line += len + (line[len] == '\n');
	}
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return terminal_print_json(&out);
}

/* Prints every fault on a line of stderr, as a compiler does. */
static void say_faults(const struct buf *faults)
{
	const char *line = buf_str(faults);
	while (*line) {
		AUTO_BUF clean = BUF_INIT;
		size_t len = strcspn(line, "\n");
		printable_clean(&clean, line, len);
		fprintf(stderr, "%s\n", buf_str(&clean));
		line += len + (line[len] == '\n');
	}
}

static int check_file(const char *path, bool as_json)
{
	struct config config;
	AUTO_BUF faults = BUF_INIT, praise = BUF_INIT;
	if (!config_init(&config)) {
		terminal_error("out of memory");
		return SWATCH_FAILED;
	}
	bool good = config_read_file(&config, path, true, &faults) == 0;
	good = config_format_check(&config, path, &faults) && good;
	config_release(&config);
	printable_clean(&praise, path, strlen(path));
	buf_append_str(&praise, ": no faults\n");
	if (faults.failed)
		terminal_error("out of memory");
	else if (as_json)
		good = show_faults_json(path, &faults) && good;
	else if (good)
		good = terminal_print(&praise);
	else
		say_faults(&faults);
	return good && !faults.failed ? SWATCH_OK : SWATCH_FAILED;
}

/* ---- the command ---- */

static int show_settings(const struct invocation *invocation, bool as_json)
{
	struct settings found = { 0 };
	AUTO_BUF faults = BUF_INIT;
	bool must_exist = invocation->config_option != NULL;
	int status;
	found.path = must_exist ? strdup(invocation->config_option) : config_default_path();
	if (!config_init(&found.config)) {
		terminal_error("out of memory");
		status = SWATCH_FAILED;
	} else if (found.path && config_read_file(&found.config, found.path, must_exist, &faults) != 0) {
		say_faults(&faults);
		terminal_error("a running swatchd keeps its old settings");
		status = SWATCH_USAGE;
	} else {
		found.exists = found.path && access(found.path, F_OK) == 0;
		find_directories(invocation, &found);
		status = as_json ? show_json(&found) : show_page(invocation, &found);
	}
	settings_release(&found);
	return status;
}

static int show_defaults(void)
{
	AUTO_BUF out = BUF_INIT;
	config_write_defaults(&out);
	return terminal_print(&out) ? SWATCH_OK : SWATCH_FAILED;
}

static int run_config(struct invocation *invocation, int argc, char **argv)
{
	const char *file = NULL;
	bool as_json = false, defaults = false;
	int status;
	const struct command_target targets[] = {
		{ 'j', &as_json, NULL }, { 'd', &defaults, NULL }, { 'c', NULL, &file }, { 0 }
	};
	if (!command_read_options(invocation, argc, argv, targets, &status))
		return status;
	if (defaults && (file || as_json)) {
		terminal_error("config: --defaults goes with no other option");
		return SWATCH_USAGE;
	}
	if (defaults)
		return show_defaults();
	return file ? check_file(file, as_json) : show_settings(invocation, as_json);
}

static const struct command_option options[] = {
	{ "check", 'c', "FILE", "report every fault of this config file, with its line" },
	{ "defaults", 'd', NULL, "print a complete config file with the defaults, and explain each setting" },
	{ "json", 'j', NULL, "print JSON, for programs" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_config = {
	.name = "config",
	.usage = "[--json] [--check FILE] [--defaults]",
	.summary = "show the settings in force, and where each comes from",
	.options = options,
	.run = run_config,
};
