#include "swatch/cli/program.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program/argv.h"
#include "base/paths.h"
#include "base/scope.h"
#include "program/spawn.h"
#include "swatch/cli/command.h"
#include "swatch/ui/terminal.h"

#define EXTERNAL_MAX_NAME 64
#define LOG_MAX_BYTES (1 << 20)

/* DIRECTORY/NAME if that is a program, else NULL with errno. */
static char *try_directory(const char *directory, const char *name)
{
	AUTO_FREE char *path = paths_join(directory, name);
	if (!path)
		errno = ENOMEM;
	return path ? argv_find_program(path) : NULL;
}

static char *try_beside_self(const char *name)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len <= 0)
		return NULL;
	self[len] = '\0';
	char *slash = strrchr(self, '/');
	errno = ENOENT;
	if (!slash)
		return NULL;
	*slash = '\0';
	return try_directory(self, name);
}

static char *try_libexec(const char *name)
{
	return try_directory(SWATCH_LIBEXECDIR "/swatch", name);
}

char *program_find_part(const char *name)
{
	char *found = try_beside_self(name);
	return found ? found : try_libexec(name);
}

static char *find_own(const char *name)
{
	char *found = try_beside_self(name);
	int why = errno;
	if (!found)
		found = try_directory(SWATCH_BINDIR, name);
	if (!found)
		found = argv_find_program(name);
	/* The errno of the place beside this program tells most. */
	errno = why;
	return found;
}

char *program_find_daemon(void)
{
	return find_own("swatchd");
}

/* ---- the name of a program that stays when another version is installed ---- */

/* "0.1.0", "swatch-0.1.0", "v20", "node@22", "2": a part of a path that another version will not have. */
static bool is_versioned(const char *part, size_t len)
{
	size_t digits = 0;
	for (size_t i = 0; i < len; i++) {
		bool digit = isdigit((unsigned char)part[i]) != 0;
		digits += digit;
		if (digit && i > 0 && strchr("-_@.", part[i - 1]))
			return true;
	}
	return digits > 0 && (digits == len || (digits == len - 1 && part[0] == 'v'));
}

static size_t count_versions(const char *path)
{
	size_t count = 0;
	for (const char *at = path; *at;) {
		size_t len = strcspn(at, "/");
		count += is_versioned(at, len);
		at += len + (at[len] == '/');
	}
	return count;
}

/* Returns the next DIRECTORY/NAME of PATH that is the file `same`; NULL at its end. */
static char *next_same(const char **cursor, const char *name, const struct stat *same)
{
	struct stat st;
	while (**cursor) {
		size_t len = strcspn(*cursor, ":");
		AUTO_FREE char *directory = strndup(*cursor, len);
		*cursor += len + ((*cursor)[len] == ':');
		AUTO_FREE char *path = directory && directory[0] == '/' ? paths_join(directory, name) : NULL;
		if (path && stat(path, &st) == 0 && st.st_dev == same->st_dev && st.st_ino == same->st_ino)
			return SCOPE_KEEP(path);
	}
	return NULL;
}

char *program_find_lasting(const char *name)
{
	struct stat st;
	AUTO_FREE char *own = find_own(name);
	AUTO_FREE char *best = NULL;
	const char *at = getenv("PATH");
	bool own_is_on_path = false;
	if (!own || !at || stat(own, &st) != 0)
		return SCOPE_KEEP(own);
	for (char *other; (other = next_same(&at, name, &st));) {
		own_is_on_path = own_is_on_path || strcmp(own, other) == 0;
		bool is_better = !best || count_versions(other) < count_versions(best);
		free(is_better ? best : other);
		best = is_better ? other : best;
	}
	if (best && (!own_is_on_path || count_versions(best) < count_versions(own)))
		return SCOPE_KEEP(best);
	return SCOPE_KEEP(own);
}

char *program_find_external(const char *name)
{
	size_t len = strlen(name);
	if (len == 0 || len > EXTERNAL_MAX_NAME || name[0] == '-')
		return NULL;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '-' && name[i] != '_')
			return NULL;
	char program[EXTERNAL_MAX_NAME + sizeof("swatch-")];
	snprintf(program, sizeof(program), "swatch-%s", name);
	char *found = try_libexec(program);
	return found ? found : argv_find_program(program);
}

char **program_words(const struct invocation *invocation, int argc, char **argv)
{
	static char config[] = "--config", cache[] = "--cache";
	char **words = calloc((size_t)argc + 5, sizeof(*words));
	size_t count = 0;
	if (!words)
		return NULL;
	words[count++] = argv[0];
	if (invocation->config_option) {
		words[count++] = config;
		words[count++] = (char *)(uintptr_t)invocation->config_option;
	}
	if (invocation->cache_option) {
		words[count++] = cache;
		words[count++] = (char *)(uintptr_t)invocation->cache_option;
	}
	memcpy(&words[count], argv + 1, (size_t)(argc - 1) * sizeof(*words));
	return words;
}

void program_become(const char *path, const struct invocation *invocation, int argc, char **argv)
{
	AUTO_FREE char **whole = program_words(invocation, argc, argv);
	if (!whole) {
		terminal_error("out of memory");
		return;
	}
	execv(path, whole);
	terminal_error("cannot run %s: %s", path, strerror(errno));
}

int program_run(const char *path, char *const argv[])
{
	const struct spawn_plan plan = { .kind = SPAWN_ON_TERMINAL, .path = path, .argv = argv };
	struct spawned spawned;
	int status;
	errno = spawn_start(&plan, &spawned);
	if (errno != 0)
		return -1;
	while (waitpid(spawned.pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- a program that outlives this one ---- */

/* Variables of Claude Code, of a service manager or of a terminal must not reach the program. */
static bool is_persons_variable(const char *entry)
{
	static const char *const names[] = {
		"HOME", "PATH", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TZDIR", "TMPDIR",
		"CLAUDE_CONFIG_DIR", "DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", NULL
	};
	size_t len = strcspn(entry, "=");
	if (strncmp(entry, "LC_", 3) == 0 || strncmp(entry, "XDG_", 4) == 0)
		return true;
	for (size_t i = 0; names[i]; i++)
		if (strlen(names[i]) == len && memcmp(names[i], entry, len) == 0)
			return true;
	return false;
}

/* Pointers into this process's environment; NULL when memory ran out. */
static char **make_environment(void)
{
	size_t count = 0, kept = 0;
	while (environ[count])
		count++;
	char **kept_entries = calloc(count + 1, sizeof(*kept_entries));
	for (size_t i = 0; kept_entries && i < count; i++)
		if (is_persons_variable(environ[i]))
			kept_entries[kept++] = environ[i];
	return kept_entries;
}

/* Makes the folders of a path, but not its last part. They may exist already. */
static void make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
}

/* Returns -1 when the log cannot be opened; the program starts all the same. */
static int open_detached_log(void)
{
	AUTO_FREE char *state = paths_state_home();
	AUTO_FREE char *path = state ? paths_join(state, "swatch/swatchd.log") : NULL;
	struct stat st;
	if (!path)
		return -1;
	make_parents(path);
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	AUTO_CLOSE int fd = open(path, flags, 0600);
	/* The log is private, and emptied when it is large: it must be this person's only. */
	bool good = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid()
		    && st.st_nlink == 1 && (st.st_mode & 0022) == 0
		    && (st.st_size <= LOG_MAX_BYTES || ftruncate(fd, 0) == 0);
	return good ? scope_keep_fd(&fd) : -1;
}

int program_start_detached(const char *path, char *const argv[])
{
	AUTO_FREE char **environment = make_environment();
	if (!environment)
		return -1;
	AUTO_CLOSE int log_fd = open_detached_log();
	const struct spawn_plan plan = {
		.kind = SPAWN_DETACHED, .path = path, .argv = argv, .environment = environment,
		.log_fd = log_fd >= 0 ? &log_fd : NULL,
	};
	struct spawned spawned;
	errno = spawn_start(&plan, &spawned);
	return errno == 0 ? 0 : -1;
}
