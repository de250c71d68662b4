/* swatch __complete KIND: what stands for a session or a project, for the shells' completions. */
#include <errno.h>
#include <string.h>

#include "base/scope.h"
#include "cache/dir.h"
#include "swatch/cli/command.h"
#include "swatch/cli/names.h"
#include "swatch/ui/terminal.h"

static int run_complete(struct invocation *invocation, int argc, char **argv)
{
	AUTO_BUF out = BUF_INIT;
	AUTO_BUF error = BUF_INIT;
	int status;
	if (!command_read_options(invocation, argc, argv, NULL, &status))
		return status;
	const char *kind = optind < argc ? argv[optind] : "";
	if (strcmp(kind, "project") == 0) {
		names_list_projects(invocation->config.watch_paths, &out);
	} else if (strcmp(kind, "session") == 0) {
		AUTO_CLOSE int fd = cache_dir_open(invocation->cache_dir, false, &error);
		if (fd >= 0)
			names_list_sessions(fd, &out);
	} else {
		terminal_error("__complete takes 'project' or 'session'");
		return SWATCH_USAGE;
	}
	fputs(buf_str(&out), stdout);
	return SWATCH_OK;
}

const struct command command_complete = {
	.name = "__complete",
	.usage = "project | session",
	.summary = "list the names that the shells complete",
	.flags = COMMAND_NEEDS_CACHE,
	.max_arguments = 1,
	.run = run_complete,
};
