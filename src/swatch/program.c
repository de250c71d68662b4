#include "swatch/program.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "swatch/terminal.h"

#define EXTERNAL_MAX_NAME 64

/* DIRECTORY/NAME when that can be run, else NULL. */
static char *try_directory(const char *directory, size_t directory_len, const char *name)
{
	struct buf path = BUF_INIT;
	struct stat st;
	buf_append(&path, directory, directory_len);
	buf_append_char(&path, '/');
	buf_append_str(&path, name);
	if (!path.failed && stat(path.data, &st) == 0 && S_ISREG(st.st_mode) && access(path.data, X_OK) == 0)
		return buf_detach(&path);
	buf_release(&path);
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

char *program_find_daemon(void)
{
	char *found = try_beside_self("swatchd");
	if (!found)
		found = try_directory(SWATCH_BINDIR, strlen(SWATCH_BINDIR), "swatchd");
	return found ? found : search_path("swatchd");
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
