/* swatch backup: copies the ledger's file, also while swatchd writes it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/paths.h"
#include "base/scope.h"
#include "ledger/store/database.h"
#include "swatch/cli/command.h"
#include "swatch/kept/file.h"
#include "swatch/ui/human.h"
#include "swatch/ui/page.h"
#include "swatch/ui/terminal.h"

/*
 * A file that nobody was writing when it was opened is read without locks: a swatchd that starts at that
 * moment may spoil the copy, and then the next one is made with locks.
 */
#define ATTEMPTS 2

/* Makes the empty file. Returns false after an error message. */
static bool make_file(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		return true;
	if (errno == EEXIST)
		terminal_error("backup: cannot write %s: it exists already; name another file", path);
	else
		terminal_error("backup: cannot write %s: %s", path, strerror(errno));
	return false;
}

/* Waits until what was written is on the disk. Returns false with errno. */
static bool sync_path(const char *path, int flags)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	return fd >= 0 && fsync(fd) == 0;
}

static bool sync_copy(const char *path)
{
	AUTO_FREE char *folder = paths_parent(path);
	/* Not every file system can do that for a folder. */
	return sync_path(path, O_NOFOLLOW) && folder
	       && (sync_path(folder, O_DIRECTORY) || errno == EINVAL || errno == EACCES);
}

/* Counts what is in the copy. Returns false when it does not hang together, or with the reason in `error`. */
static bool check_copy(const char *path, struct store_census *census, struct buf *error)
{
	sqlite3 *db;
	if (store_database_open_read_only(path, &db, error) != STORE_OPENED)
		return false;
	int result = store_database_is_sound(db) ? store_census_take(db, census) : SQLITE_CORRUPT;
	if (result != SQLITE_OK)
		buf_printf(error, "cannot read %s: %s", path, sqlite3_errstr(result));
	store_database_close(db);
	return result == SQLITE_OK;
}

/* Copies once, into an empty file. Returns false with the reason. */
static bool copy(const char *to, struct store_census *census, struct buf *error)
{
	struct kept_file file;
	bool good = kept_file_open(&file, error) == STORE_OPENED;
	if (good) {
		int result = store_copy(file.db, to);
		good = result == SQLITE_OK;
		if (!good)
			buf_printf(error, "cannot copy %s to %s: %s", file.path, to, sqlite3_errstr(result));
	}
	kept_file_release(&file);
	if (good && !sync_copy(to)) {
		buf_printf(error, "cannot write %s: %s", to, strerror(errno));
		return false;
	}
	return good && check_copy(to, census, error);
}

static bool say(const char *path, const struct store_census *census)
{
	struct page page;
	char since[CLOCK_DATE_SIZE];
	clock_format_local_date(census->first_ms, since);
	page_init(&page, terminal_wants_colour(STDOUT_FILENO));
	page_line(&page, STYLE_PLAIN, 0, "wrote %s: %s%s%s, %s", path,
		  human_counted(census->messages, "message", HUMAN_TEXT),
		  census->messages > 0 ? " since " : "", census->messages > 0 ? since : "",
		  human_bytes(kept_file_bytes(path), HUMAN_TEXT));
	return page_print(&page);
}

static int back_up(const char *to)
{
	struct store_census census;
	bool good = false;
	AUTO_BUF error = BUF_INIT;
	if (!make_file(to))
		return SWATCH_FAILED;
	for (int attempt = 0; attempt < ATTEMPTS && !good; attempt++) {
		buf_clear(&error);
		good = (attempt == 0 || truncate(to, 0) == 0) && copy(to, &census, &error);
	}
	if (good)
		return say(to, &census) ? SWATCH_OK : SWATCH_FAILED;
	terminal_error("backup: %s", buf_message(&error));
	if (unlink(to) != 0)
		terminal_error("backup: cannot remove %s: %s", to, strerror(errno));
	return SWATCH_FAILED;
}

static int run_backup(struct invocation *invocation, int argc, char **argv)
{
	struct kept_file file;
	AUTO_BUF to = BUF_INIT;
	int status;
	if (!command_read_options(invocation, argc, argv, NULL, &status))
		return status;
	if (optind >= argc || !*argv[optind]) {
		terminal_error("backup: name the file to write, such as: swatch backup ledger-2026-11-30.db");
		return SWATCH_USAGE;
	}
	/* SQLite takes such a name for an address. */
	buf_printf(&to, "%s%s", strncmp(argv[optind], "file:", 5) == 0 ? "./" : "", argv[optind]);
	if (to.failed) {
		terminal_error("out of memory");
		return SWATCH_FAILED;
	}
	invocation_use_zone(invocation);
	status = kept_file_need(&file);
	kept_file_release(&file);
	return status == SWATCH_OK ? back_up(buf_str(&to)) : status;
}

const struct command command_backup = {
	.name = "backup",
	.usage = "FILE",
	.summary = "copy what is kept into a new file",
	.flags = COMMAND_NEEDS_CACHE | COMMAND_ACTS,
	.max_arguments = 1,
	.run = run_backup,
};
