#include "swatch/cli/program.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/paths.h"
#include "swatch/ui/terminal.h"

#define EXTERNAL_MAX_NAME 64
#define LOG_MAX_BYTES (1 << 20)

/* DIRECTORY/NAME when that can be run, else NULL with errno. */
static char *try_directory(const char *directory, size_t directory_len, const char *name)
{
	struct buf path = BUF_INIT;
	struct stat st;
	int why = 0;
	buf_append(&path, directory, directory_len);
	buf_append_char(&path, '/');
	buf_append_str(&path, name);
	if (path.failed)
		why = ENOMEM;
	else if (stat(path.data, &st) != 0 || access(path.data, X_OK) != 0)
		why = errno;
	else if (!S_ISREG(st.st_mode))
		why = ENOENT;
	if (why == 0)
		return buf_detach(&path);
	buf_release(&path);
	errno = why;
	return NULL;
}

/* Empty and relative items of PATH are passed over: what runs must not depend on where one stands. */
static char *search_path(const char *name)
{
	const char *at = getenv("PATH");
	while (at) {
		size_t len = strcspn(at, ":");
		char *found = len > 0 && *at == '/' ? try_directory(at, len, name) : NULL;
		if (found)
			return found;
		at = at[len] == ':' ? at + len + 1 : NULL;
	}
	errno = ENOENT;
	return NULL;
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
	return slash ? try_directory(self, (size_t)(slash - self), name) : NULL;
}

static char *try_libexec(const char *name)
{
	static const char directory[] = SWATCH_LIBEXECDIR "/swatch";
	return try_directory(directory, sizeof(directory) - 1, name);
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
		found = try_directory(SWATCH_BINDIR, strlen(SWATCH_BINDIR), name);
	if (!found)
		found = search_path(name);
	/* What is beside this program would have been it. */
	errno = why;
	return found;
}

char *program_find_daemon(void)
{
	return find_own("swatchd");
}

char *program_find_swatch(void)
{
	return find_own("swatch");
}

char *program_find_external(const char *name)
{
	size_t len = strlen(name);
	if (len == 0 || len > EXTERNAL_MAX_NAME || name[0] == '-')
		return NULL;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '-' && name[i] != '_')
			return NULL;
	struct buf program = BUF_INIT;
	buf_append_str(&program, "swatch-");
	buf_append_str(&program, name);
	char *found = NULL;
	if (!program.failed) {
		found = try_libexec(program.data);
		if (!found)
			found = search_path(program.data);
	}
	buf_release(&program);
	return found;
}

void program_become(const char *path, const char *config_option, const char *cache_option, int argc, char **argv)
{
	char config[] = "--config", cache[] = "--cache";
	char **whole = calloc((size_t)argc + 5, sizeof(*whole));
	char *config_value = config_option ? strdup(config_option) : NULL;
	char *cache_value = cache_option ? strdup(cache_option) : NULL;
	size_t count = 0;
	if (whole && !config_value == !config_option && !cache_value == !cache_option) {
		whole[count++] = argv[0];
		if (config_value) {
			whole[count++] = config;
			whole[count++] = config_value;
		}
		if (cache_value) {
			whole[count++] = cache;
			whole[count++] = cache_value;
		}
		for (int i = 1; i < argc; i++)
			whole[count++] = argv[i];
		program_exec(path, whole);
		terminal_error("cannot run %s: %s", path, strerror(errno));
	} else {
		terminal_error("out of memory");
	}
	free(whole);
	free(config_value);
	free(cache_value);
}

void program_exec(const char *path, char *const argv[])
{
	execv(path, argv);
}

/* In the child: only async-signal-safe calls. Reports a failed exec through the pipe. */
static void become_child(const char *path, char *const argv[], pid_t parent, int report_fd)
{
	/* The parent may be gone already: then the signal was for somebody else's death. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent)
		execv(path, argv);
	int why = errno;
	ssize_t written = write(report_fd, &why, sizeof(why));
	(void)written;
	_exit(127);
}

static int wait_for(pid_t child)
{
	int status;
	pid_t ended;
	do
		ended = waitpid(child, &status, 0);
	while (ended < 0 && errno == EINTR);
	if (ended < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int program_run(const char *path, char *const argv[])
{
	int report[2];
	int why = 0;
	if (pipe2(report, O_CLOEXEC) != 0)
		return -1;
	pid_t parent = getpid();
	pid_t child = fork();
	if (child < 0) {
		why = errno;
		close(report[0]);
		close(report[1]);
		errno = why;
		return -1;
	}
	if (child == 0)
		become_child(path, argv, parent, report[1]);
	close(report[1]);
	ssize_t got;
	do
		got = read(report[0], &why, sizeof(why));
	while (got < 0 && errno == EINTR);
	close(report[0]);
	int status = wait_for(child);
	if (got == (ssize_t)sizeof(why)) {
		errno = why;
		return -1;
	}
	return status;
}

/* ---- a program that goes on by itself ---- */

/* Claude Code's own variables, a service manager's and a terminal's must not stay in it. */
static bool is_persons_variable(const char *entry)
{
	static const char *const names[] = {
		"HOME", "PATH", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TZDIR", "TMPDIR", "CLAUDE_CONFIG_DIR",
		"DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", NULL
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

/* Makes the folders of a path, but not its last part. Those that are there already are as good. */
static void make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
}

/* -1 where it cannot be had: the program is started all the same. */
static int open_detached_log(void)
{
	char *state = paths_state_home();
	char *path = state ? paths_join(state, "swatch/swatchd.log") : NULL;
	struct stat st;
	int fd = -1;
	if (path) {
		make_parents(path);
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	}
	/* Only a file that is this person's, and under this name alone: what is in it tells of them, and it is emptied. */
	bool good = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1
		    && (st.st_mode & 0022) == 0 && (st.st_size <= LOG_MAX_BYTES || ftruncate(fd, 0) == 0);
	if (fd >= 0 && !good) {
		close(fd);
		fd = -1;
	}
	free(path);
	free(state);
	return fd;
}

struct detached {
	const char *path;
	char *const *argv;
	char **environment;
	int log_fd;
	int report_fd;
};

/* In the child of the child. */
static void become_detached(const struct detached *program)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t none;
	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &by_default, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* What this process was started with may be open for its children, too. */
	(void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int error_fd = program->log_fd >= 0 ? program->log_fd : null_fd;
	if (null_fd >= 0 && dup2(null_fd, 0) >= 0 && dup2(null_fd, 1) >= 0 && dup2(error_fd, 2) >= 0 && chdir("/") == 0)
		execve(program->path, program->argv, program->environment);
	int why = errno;
	ssize_t written = write(program->report_fd, &why, sizeof(why));
	(void)written;
	_exit(127);
}

/* In the child. Twice a child: whoever leads no session gets no terminal again, and init reaps it. */
static void leave(const struct detached *program)
{
	pid_t child = -1;
	if (setsid() < 0 || (child = fork()) < 0) {
		int why = errno;
		ssize_t written = write(program->report_fd, &why, sizeof(why));
		(void)written;
		_exit(127);
	}
	if (child > 0)
		_exit(0);
	become_detached(program);
}

/* Returns 0, or why it was not started. */
static int start_and_hear(struct detached *program)
{
	int report[2], why = 0;
	if (pipe2(report, O_CLOEXEC) != 0)
		return errno;
	program->report_fd = report[1];
	pid_t child = fork();
	if (child == 0)
		leave(program);
	why = child < 0 ? errno : 0;
	close(report[1]);
	if (child > 0) {
		ssize_t got;
		do
			got = read(report[0], &why, sizeof(why));
		while (got < 0 && errno == EINTR);
		why = got == 0 ? 0 : why ? why : EIO;
		(void)wait_for(child);
	}
	close(report[0]);
	return why;
}

int program_start_detached(const char *path, char *const argv[])
{
	struct detached program = { .path = path, .argv = argv, .environment = make_environment(), .log_fd = -1 };
	if (!program.environment)
		return -1;
	program.log_fd = open_detached_log();
	int why = start_and_hear(&program);
	if (program.log_fd >= 0)
		close(program.log_fd);
	free(program.environment);
	errno = why;
	return why == 0 ? 0 : -1;
}
