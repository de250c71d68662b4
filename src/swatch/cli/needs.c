/* Finds what a command needs: the config, the cache directory and its socket. */
#include "swatch/cli/command.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/paths.h"
#include "base/scope.h"
#include "base/zone.h"
#include "cache/dir.h"
#include "ipc/socket.h"
#include "swatch/ui/terminal.h"

static void say_faults(struct buf *errors)
{
	const char *line = buf_message(errors);
	while (*line) {
		int len = (int)strcspn(line, "\n");
		if (len > 0)
			terminal_error("%.*s", len, line);
		line += len;
		line += *line == '\n';
	}
	terminal_error("a running swatchd keeps its old settings");
}

static int load_config(struct invocation *invocation)
{
	AUTO_BUF errors = BUF_INIT;
	errno = 0;
	AUTO_FREE char *path =
		invocation->config_option ? strdup(invocation->config_option) : config_default_path();
	if ((!path && errno == ENOMEM) || !config_init(&invocation->config)) {
		terminal_error("out of memory");
		return SWATCH_FAILED;
	}
	if (path
	    && config_read_file(&invocation->config, path, invocation->config_option != NULL, &errors) != 0) {
		say_faults(&errors);
		return SWATCH_USAGE;
	}
	return SWATCH_OK;
}

bool invocation_locate_cache(struct invocation *invocation)
{
	invocation->cache_dir = cache_dir_locate(&invocation->config, invocation->cache_option);
	if (!invocation->cache_dir) {
		terminal_error("cannot tell where the cache is: %s", paths_why_none());
		return false;
	}
	errno = 0;
	invocation->socket_path = cache_socket_find(invocation->cache_dir);
	invocation->socket_errno = invocation->socket_path ? 0 : errno;
	return true;
}

int invocation_find_cache(struct invocation *invocation)
{
	int status = load_config(invocation);
	if (status != SWATCH_OK)
		return status;
	return invocation_locate_cache(invocation) ? SWATCH_OK : SWATCH_FAILED;
}

void invocation_warn_of_zone(void)
{
	AUTO_BUF why = BUF_INIT;
	if (!zone_is_read(&why))
		terminal_error("%s; days and times are in UTC; " ZONE_REMEDY, buf_message(&why));
}

bool invocation_take_zone(const struct invocation *invocation, const char *asked)
{
	AUTO_BUF why = BUF_INIT;
	const char *zone = asked ? asked : invocation->config.billing_timezone;
	bool is_local = (!asked && !*zone) || strcmp(zone, "local") == 0;
	if (asked && !is_local && (!*zone || !config_is_time_zone(zone))) {
		terminal_error(
			"%s: --timezone '%s' is not a time zone of this machine; give a name of the tz "
			"database, such as Europe/Berlin, or 'local'",
			invocation->command->name, zone);
		return false;
	}
	if (!is_local && !zone_set(zone)) {
		terminal_error("out of memory");
		return false;
	}
	if (asked && !is_local && !zone_is_read(&why)) {
		terminal_error("%s: --timezone: %s; " ZONE_REMEDY, invocation->command->name,
			       buf_message(&why));
		return false;
	}
	invocation_warn_of_zone();
	return true;
}

void invocation_use_zone(const struct invocation *invocation)
{
	(void)invocation_take_zone(invocation, NULL);
}

void command_end_by(int signal_number)
{
	if (signal_number == 0)
		return;
	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
}

void invocation_release(struct invocation *invocation)
{
	config_release(&invocation->config);
	free(invocation->cache_dir);
	free(invocation->socket_path);
	invocation->cache_dir = invocation->socket_path = NULL;
}
