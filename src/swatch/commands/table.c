#include "swatch/cli/command.h"

#include <string.h>

#include "swatch/ui/suggest.h"
#include "swatch/ui/terminal.h"

const struct command *const command_table[] = {
	&command_status,
	&command_top,
	&command_statusline,
	&command_blocks,
	&command_daily,
	&command_weekly,
	&command_monthly,
	&command_sessions,
	&command_history,
	&command_export,
	&command_import,
	&command_backup,
	&command_purge,
	&command_reprice,
	&command_pricing,
	&command_verify,
	&command_check,
	&command_doctor,
	&command_config,
	&command_setup,
	&command_refresh,
	&command_expire,
	&command_events,
	&command_sync,
	&command_rescan,
	&command_version,
	&command_help,
	NULL
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; command_table[i]; i++)
		if (strcmp(command_table[i]->name, name) == 0)
			return command_table[i];
	return strcmp(name, command_complete.name) == 0 ? &command_complete : NULL;
}

const char *command_suggest(const char *name)
{
	const char *best = NULL;
	size_t best_distance = 0;
	for (size_t i = 0; command_table[i]; i++) {
		size_t distance;
		if (!suggest_is_near(name, command_table[i]->name, &distance))
			continue;
		if (!best || distance < best_distance) {
			best = command_table[i]->name;
			best_distance = distance;
		}
	}
	return best;
}

int command_say_unknown(const char *name)
{
	const char *meant = command_suggest(name);
	if (meant)
		terminal_error("'%s' is not a command; did you mean '%s'?", name, meant);
	else
		terminal_error("'%s' is not a command; see: swatch help", name);
	return SWATCH_USAGE;
}
