/* swatch import: takes in what another file, another machine or another program has kept. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/paths.h"
#include "base/scope.h"
#include "json/get.h"
#include "json/parse.h"
#include "ledger/store/database.h"
#include "swatch/cli/command.h"
#include "swatch/kept/fact_line.h"
#include "swatch/kept/message_line.h"
#include "swatch/kept/other_counts.h"
#include "swatch/kept/writer.h"
#include "swatch/ui/human.h"
#include "swatch/ui/page.h"
#include "swatch/ui/terminal.h"
#include "transcript/data_dirs.h"

#define LINE_MAX_BYTES ((size_t)64 << 10)
#define LINE_MAX_DEPTH 4
/* ccusage's days of ten years are a few megabytes. */
#define DOCUMENT_MAX_BYTES ((size_t)64 << 20)
#define DOCUMENT_MAX_DEPTH 16
#define HOST_SIZE 256

struct import {
	sqlite3 *db;
	const char *file; /* that is being read */
	char host[HOST_SIZE];
	char *root;		    /* this machine's projects/ directory */
	struct store_import *store; /* while messages are taken in */
	struct store_import_counts counts;
};

static int say_write_error(const char *why)
{
	terminal_error("import: cannot write the ledger's file: %s; nothing was imported", why);
	return SWATCH_FAILED;
}

/* ---- lines of swatch export ---- */

static int say_bad_line(const struct import *import, size_t number, const char *fault)
{
	terminal_error("import: %s, line %zu: %s; nothing was imported", import->file, number, fault);
	return SWATCH_FAILED;
}

static int add(struct import *import, const struct store_line *line)
{
	int result = store_import_add(import->store, line);
	return result == SQLITE_OK ? SWATCH_OK : say_write_error(sqlite3_errstr(result));
}

static int add_hit(struct import *import, const struct store_hit_line *hit)
{
	int result = store_import_add_hit(import->store, hit);
	return result == SQLITE_OK ? SWATCH_OK : say_write_error(sqlite3_errstr(result));
}

static int take_hit(struct import *import, struct json_object *object, size_t number)
{
	struct store_hit_line hit;
	const char *fault = message_line_read_hit(object, &hit);
	return fault ? say_bad_line(import, number, fault) : add_hit(import, &hit);
}

static int add_reading(struct import *import, const struct store_reading_line *reading)
{
	int result = store_import_add_reading(import->store, reading);
	return result == SQLITE_OK ? SWATCH_OK : say_write_error(sqlite3_errstr(result));
}

static int take_reading(struct import *import, struct json_object *object, size_t number)
{
	struct store_reading_line reading;
	const char *fault = fact_line_read_reading(object, &reading);
	return fault ? say_bad_line(import, number, fault) : add_reading(import, &reading);
}

static int take_line(struct import *import, const char *text, size_t len, size_t number)
{
	AUTO_JSON *object = json_parse(text, len, LINE_MAX_DEPTH, NULL);
	AUTO_BUF path = BUF_INIT;
	struct store_line line;
	const char *type = json_get_string(object, "type"), *fault;
	if (!json_object_is_type(object, json_type_object))
		return say_bad_line(import, number, "it is not a JSON object");
	if (type && strcmp(type, MESSAGE_LINE_HIT_TYPE) == 0)
		return take_hit(import, object, number);
	if (type && strcmp(type, FACT_LINE_READING_TYPE) == 0)
		return take_reading(import, object, number);
	if (type && strcmp(type, MESSAGE_LINE_TYPE) == 0)
		fault = message_line_read(object, &line);
	else if (!type && json_object_object_get_ex(object, "hour", NULL))
		fault = message_line_read_hour(object, import->root, &path, &line);
	else if (type)
		return SWATCH_OK; /* a cursor, or what a later version adds */
	else
		fault = "it is not a line of swatch export";
	return fault ? say_bad_line(import, number, fault) : add(import, &line);
}

/* Reads lines until the end. */
static int take_lines(struct import *import, FILE *in)
{
	AUTO_FREE char *text = malloc(LINE_MAX_BYTES);
	int status = text ? SWATCH_OK : say_write_error("out of memory");
	for (size_t number = 1; status == SWATCH_OK && fgets(text, (int)LINE_MAX_BYTES, in); number++) {
		size_t len = strlen(text);
		bool is_whole = len > 0 && text[len - 1] == '\n';
		if (!is_whole && len == LINE_MAX_BYTES - 1)
			status = say_bad_line(import, number, "it is longer than 64 KiB");
		else if (!is_whole)
			status = say_bad_line(import, number, "it is cut off");
		else if (len > 1)
			status = take_line(import, text, len - 1, number);
	}
	if (status == SWATCH_OK && ferror(in)) {
		terminal_error("import: cannot read %s: %s; nothing was imported", import->file,
			       strerror(errno));
		status = SWATCH_FAILED;
	}
	return status;
}

/* ---- another ledger's file: a backup ---- */

static bool take_stored(void *ctx, const struct store_line *line)
{
	struct import *import = ctx;
	struct store_line with_host = *line;
	if (!line->host[0])
		with_host.host = import->host;
	return add(import, &with_host) == SWATCH_OK;
}

static bool take_stored_hit(void *ctx, const struct store_hit_line *hit)
{
	struct import *import = ctx;
	struct store_hit_line with_host = *hit;
	if (!hit->at.host[0])
		with_host.at.host = import->host;
	return add_hit(import, &with_host) == SWATCH_OK;
}

static bool take_stored_reading(void *ctx, const struct store_reading_line *reading)
{
	struct import *import = ctx;
	struct store_reading_line with_host = *reading;
	if (!reading->host[0])
		with_host.host = import->host;
	return add_reading(import, &with_host) == SWATCH_OK;
}

static int take_database(struct import *import)
{
	AUTO_BUF error = BUF_INIT;
	sqlite3 *db;
	int64_t last_ms;
	if (store_database_open_read_only(import->file, &db, &error) != STORE_OPENED) {
		terminal_error("import: %s", buf_message(&error));
		return SWATCH_FAILED;
	}
	int result = store_lines_read(db, 0, take_stored, import, &last_ms);
	if (result == SQLITE_OK)
		result = store_lines_read_hits(db, 0, take_stored_hit, import);
	if (result == SQLITE_OK)
		result = store_readings_read(db, 0, take_stored_reading, import);
	store_database_close(db);
	if (result != SQLITE_OK && result != SQLITE_ABORT)
		terminal_error("import: cannot read %s: %s; nothing was imported", import->file,
			       sqlite3_errstr(result));
	return result == SQLITE_OK ? SWATCH_OK : SWATCH_FAILED;
}

static bool is_database(FILE *in)
{
	static const char magic[] = "SQLite format 3";
	char head[sizeof(magic)];
	size_t got = fread(head, 1, sizeof(head), in);
	rewind(in);
	return got == sizeof(head) && memcmp(head, magic, sizeof(magic)) == 0;
}

static int take_file(struct import *import, const char *name)
{
	bool is_stdin = strcmp(name, "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(name, "re");
	import->file = is_stdin ? "standard input" : name;
	if (!in) {
		terminal_error("import: cannot read %s: %s", name, strerror(errno));
		return SWATCH_FAILED;
	}
	int status = !is_stdin && is_database(in) ? take_database(import) : take_lines(import, in);
	if (!is_stdin)
		(void)fclose(in);
	return status;
}

static int take_files(struct import *import, int count, char **names)
{
	int status = SWATCH_OK;
	import->store = store_import_begin(import->db, import->host, import->root);
	if (!import->store)
		return say_write_error(sqlite3_errmsg(import->db));
	for (int i = 0; i < count && status == SWATCH_OK; i++)
		status = take_file(import, names[i]);
	int result = store_import_end(import->store, status == SWATCH_OK, &import->counts);
	if (status == SWATCH_OK && result != SQLITE_OK)
		status = say_write_error(sqlite3_errstr(result));
	return status;
}

/* ---- what other programs counted ---- */

static int take_row(void *ctx, const struct store_imported *row)
{
	struct import *import = ctx;
	return store_imported_put(import->db, row, &import->counts);
}

static struct json_object *read_document(struct import *import)
{
	AUTO_BUF text = BUF_INIT;
	AUTO_CLOSE int opened = -1;
	bool is_stdin = strcmp(import->file, "-") == 0;
	if (!is_stdin)
		opened = open(import->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if ((!is_stdin && opened < 0)
	    || !file_read_all(is_stdin ? STDIN_FILENO : opened, DOCUMENT_MAX_BYTES, &text)) {
		terminal_error("import: cannot read %s: %s", import->file,
			       errno == EFBIG ? "it is larger than 64 MiB" : strerror(errno));
		return NULL;
	}
	struct json_object *document = json_parse(buf_str(&text), text.len, DOCUMENT_MAX_DEPTH, NULL);
	if (!document)
		terminal_error("import: %s is not JSON", import->file);
	return document;
}

static int take_counts(struct import *import, bool is_ccusage)
{
	AUTO_JSON *document = read_document(import);
	AUTO_BUF error = BUF_INIT;
	if (!document)
		return SWATCH_FAILED;
	int result = sqlite3_exec(import->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = is_ccusage ? other_counts_read_ccusage(document, take_row, import, &error)
				    : other_counts_read_stats_cache(document, take_row, import, &error);
	if (result == SQLITE_OK)
		result = sqlite3_exec(import->db, "COMMIT", NULL, NULL, NULL);
	if (result == SQLITE_OK)
		return SWATCH_OK;
	(void)sqlite3_exec(import->db, "ROLLBACK", NULL, NULL, NULL);
	if (error.len == 0)
		return say_write_error(sqlite3_errstr(result));
	terminal_error("import: %s: %s; nothing was imported", import->file, buf_message(&error));
	return SWATCH_FAILED;
}

/* ---- the command ---- */

static bool say(const struct store_import_counts *counts)
{
	struct page page;
	page_init(&page, terminal_wants_colour(STDOUT_FILENO));
	page_row(&page, "imported");
	page_item(&page, STYLE_STRONG, "%s added", human_count(counts->added, HUMAN_TEXT));
	page_item(&page, STYLE_PLAIN, "%s raised", human_count(counts->raised, HUMAN_TEXT));
	page_item(&page, STYLE_PLAIN, "%s same", human_count(counts->same, HUMAN_TEXT));
	if (counts->purged > 0)
		page_item(&page, STYLE_PLAIN, "%s purged, and not taken in again",
			  human_count(counts->purged, HUMAN_TEXT));
	return page_print(&page);
}

static bool find_place(const struct invocation *invocation, struct import *import)
{
	struct data_dirs dirs;
	if (gethostname(import->host, sizeof(import->host) - 1) != 0 || !import->host[0])
		snprintf(import->host, sizeof(import->host), "localhost");
	if (data_dirs_find(&dirs, invocation->config.watch_paths) == 0 && dirs.count > 0)
		import->root = strdup(dirs.projects[dirs.count - 1]);
	data_dirs_release(&dirs);
	if (!import->root)
		terminal_error("import: cannot tell where the transcripts are: %s", paths_why_none());
	return import->root != NULL;
}

/* ~/.claude/stats-cache.json, beside the projects/ directory. */
static char *find_stats_cache(const struct import *import)
{
	AUTO_FREE char *folder = paths_parent(import->root);
	return folder ? paths_join(folder, "stats-cache.json") : NULL;
}

static int import_all(const struct invocation *invocation, struct import *import, const char *ccusage,
		      bool stats_cache, int count, char **names)
{
	struct kept_writer writer;
	int status = kept_writer_take(invocation, &writer, true);
	AUTO_FREE char *own = stats_cache && count == 0 ? find_stats_cache(import) : NULL;
	import->db = writer.db;
	import->file = ccusage ? ccusage : count > 0 ? names[0] : own;
	if (status == SWATCH_OK && !import->file)
		status = say_write_error("out of memory");
	if (status == SWATCH_OK)
		status = ccusage || stats_cache ? take_counts(import, ccusage != NULL)
						: take_files(import, count, names);
	kept_writer_release(&writer);
	return status == SWATCH_OK && !say(&import->counts) ? SWATCH_FAILED : status;
}

static int run_import(struct invocation *invocation, int argc, char **argv)
{
	struct import import = { .db = NULL };
	const char *ccusage = NULL;
	bool stats_cache = false;
	int status;
	const struct command_target targets[] = { { 'c', NULL, &ccusage },
						  { 's', &stats_cache, NULL },
						  { 0 } };
	if (!command_read_options(invocation, argc, argv, targets, &status))
		return status;
	int count = argc - optind;
	if ((ccusage && (stats_cache || count > 0)) || (stats_cache && count > 1)
	    || (!ccusage && !stats_cache && count == 0)) {
		terminal_error(
			"import: give files of swatch export, or --ccusage FILE, or --stats-cache [FILE]");
		return SWATCH_USAGE;
	}
	invocation_use_zone(invocation);
	status = find_place(invocation, &import)
		       ? import_all(invocation, &import, ccusage, stats_cache, count, argv + optind)
		       : SWATCH_FAILED;
	free(import.root);
	return status;
}

static const struct command_option options[] = {
	{ "ccusage", 'c', "FILE", "take in the days of 'ccusage daily --json', kept apart" },
	{ "stats-cache", 's', NULL, "take in the days of Claude Code's stats-cache.json, kept apart" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_import = {
	.name = "import",
	.usage = "[FILE ...] [--ccusage FILE] [--stats-cache [FILE]]",
	.summary = "take in what another machine or program has kept",
	.options = options,
	.flags = COMMAND_NEEDS_CACHE | COMMAND_ACTS,
	.max_arguments = 64,
	.run = run_import,
};
