#include "swatch/kept/writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/paths.h"
#include "base/scope.h"
#include "cache/dir.h"
#include "cache/lock.h"
#include "json/get.h"
#include "ledger/store/database.h"
#include "ledger/store/projects.h"
#include "swatch/cli/daemon_call.h"
#include "swatch/ui/terminal.h"

/* A daemon may be writing what it read at its start, or a backup. */
#define LEND_TIMEOUT_MS CLOCK_MINUTE_MS
/* For a run of `swatchd --once`, which ends by itself. */
#define ONCE_WAIT_MS (30 * CLOCK_SECOND_MS)

/* ---- from a daemon ---- */

/* Another environment may have another file. */
static int check_path(const struct kept_writer *writer, struct json_object *answer)
{
	const char *lent = json_get_string(answer, "path");
	if (!lent || strcmp(lent, writer->path) == 0)
		return SWATCH_OK;
	terminal_error("swatchd keeps %s, and not %s; set XDG_STATE_HOME as it has it", lent, writer->path);
	return SWATCH_FAILED;
}

static int borrow(const struct invocation *invocation, struct kept_writer *writer, bool *is_absent)
{
	AUTO_JSON *answer = NULL;
	int status = daemon_ask_open(invocation, &writer->client, "{\"op\":\"lend\"}", LEND_TIMEOUT_MS,
				     &answer, is_absent);
	writer->is_lent = status == SWATCH_OK;
	return status == SWATCH_OK ? check_path(writer, answer) : status;
}

/* ---- without one ---- */

static int say_held(const struct invocation *invocation, const struct cache_lock_holder *holder)
{
	AUTO_BUF who = BUF_INIT;
	daemon_name_holder(holder, &who);
	terminal_error("swatchd (%s) is working on %s but does not listen; end it, or try again when it does",
		       buf_str(&who), invocation->cache_dir);
	return SWATCH_FAILED;
}

static int lock(const struct invocation *invocation, struct kept_writer *writer)
{
	struct cache_lock_holder holder;
	int64_t waited_ms;
	AUTO_BUF error = BUF_INIT;
	writer->dir_fd = cache_dir_open(invocation->cache_dir, true, &error);
	if (writer->dir_fd < 0) {
		terminal_error("%s", buf_message(&error));
		return SWATCH_FAILED;
	}
	/* A daemon that starts now waits for it, as for a run of --once. */
	enum cache_lock_result result = cache_lock_take(writer->dir_fd, "once", &writer->lock_fd, &holder);
	if (result == CACHE_LOCK_HELD && strcmp(holder.role, "once") == 0)
		result = cache_lock_wait(writer->dir_fd, "once", ONCE_WAIT_MS, &writer->lock_fd, &holder,
					 &waited_ms);
	if (result == CACHE_LOCK_TAKEN)
		return SWATCH_OK;
	if (result == CACHE_LOCK_HELD)
		return say_held(invocation, &holder);
	terminal_error("cannot lock %s: %s", invocation->cache_dir, strerror(errno));
	return SWATCH_FAILED;
}

/* ---- the file ---- */

/* Names of projects are in it as the config says, whoever writes it first. */
static int set_projects(const struct invocation *invocation, const struct kept_writer *writer)
{
	bool changed;
	enum ledger_projects mode = (enum ledger_projects)invocation->config.ledger_projects;
	int result = store_projects_apply(writer->db, mode, &changed);
	if (result != SQLITE_OK) {
		terminal_error("cannot change names of projects in %s to [ledger] projects = %s: %s",
			       writer->path, store_projects_name(mode), sqlite3_errstr(result));
		return SWATCH_FAILED;
	}
	result = store_projects_wipe(writer->db, writer->path);
	if (result != SQLITE_OK)
		terminal_error("cannot wipe former names of projects out of %s and its backups: %s",
			       writer->path, sqlite3_errstr(result));
	return SWATCH_OK;
}

static int open_file(const struct invocation *invocation, struct kept_writer *writer, bool make)
{
	AUTO_BUF error = BUF_INIT;
	if (!make && access(writer->path, F_OK) != 0 && paths_is_gone(errno)) {
		terminal_error("nothing is kept yet: %s does not exist; swatchd makes it", writer->path);
		return SWATCH_FAILED;
	}
	if (store_database_open(writer->path, &writer->db, &error) == STORE_OPENED)
		return set_projects(invocation, writer);
	terminal_error("%s", buf_message(&error));
	return SWATCH_FAILED;
}

int kept_writer_take(const struct invocation *invocation, struct kept_writer *writer, bool make)
{
	bool is_absent = false;
	*writer = (struct kept_writer){
		.path = store_default_path(), .dir_fd = -1, .lock_fd = -1, .client = { .fd = -1 }
	};
	if (!writer->path) {
		terminal_error("cannot tell where the ledger's file is: %s", paths_why_none());
		return SWATCH_FAILED;
	}
	int status = borrow(invocation, writer, &is_absent);
	if (is_absent)
		status = lock(invocation, writer);
	return status == SWATCH_OK ? open_file(invocation, writer, make) : status;
}

void kept_writer_release(struct kept_writer *writer)
{
	if (writer->db)
		store_database_close(SCOPE_KEEP(writer->db));
	client_close(&writer->client);
	close_quietly(writer->lock_fd);
	close_quietly(writer->dir_fd);
	free(SCOPE_KEEP(writer->path));
}

/* ---- asking ---- */

bool kept_writer_agree(const char *command, const char *question, const char *to)
{
	AUTO_FREE char *line = NULL;
	size_t cap = 0;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		terminal_error("%s: nobody can be asked here; add --yes %s", command, to);
		return false;
	}
	printf("%s [y/N] ", question);
	(void)terminal_flush();
	ssize_t len = getline(&line, &cap, stdin);
	if (len <= 0)
		putchar('\n');
	const char *answer = len > 0 ? line + strspn(line, " \t") : "n";
	return *answer == 'y' || *answer == 'Y';
}
