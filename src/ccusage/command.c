#include "ccusage/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "program/argv.h"

const char *const ccusage_refresh_arguments[] = { "blocks", "--active", "--json", "--offline", NULL };

/* In a command without a report, the first word is ccusage, and the others are options. */
static size_t find_report(char *const *words)
{
	for (size_t i = 1; words[i]; i++)
		if (strcmp(words[i], ccusage_refresh_arguments[0]) == 0)
			return i;
	return 1;
}

bool ccusage_command_parse(struct ccusage_command *command, const char *text, bool has_report,
			   struct buf *error)
{
	*command = (struct ccusage_command){ .words = argv_split(text, error) };
	if (!command->words)
		return false;
	command->program_words = has_report ? find_report(command->words) : argv_count(command->words);
	command->path = argv_find_program(command->words[0]);
	command->why_not_found = command->path ? 0 : errno;
	return true;
}

void ccusage_command_release(struct ccusage_command *command)
{
	argv_free(command->words);
	free(command->path);
	*command = (struct ccusage_command){ .words = NULL };
}

const char *ccusage_command_name(const struct ccusage_command *command)
{
	bool is_path = command->program_words == 1 && command->path;
	return is_path ? command->path : command->words[command->program_words - 1];
}
