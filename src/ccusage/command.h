/*
 * ccusage/command: the command that runs ccusage, such as "node /opt/ccusage blocks --active --json
 * --offline".
 *
 * For: refresh, doctor and verify, which run it, and setup, which writes it into the settings.
 */
#ifndef SWATCH_CCUSAGE_COMMAND_H
#define SWATCH_CCUSAGE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* The arguments with which a refresh asks for its figures; NULL-ended. */
extern const char *const ccusage_refresh_arguments[];

struct ccusage_command {
	char **words;            /* NULL-ended */
	size_t program_words;    /* how many of them run ccusage itself: 2 of the example */
	char *path;              /* of words[0]; NULL: not found */
	int why_not_found;       /* an errno, when path is NULL */
};

/*
 * Splits the text into words, and looks words[0] up on PATH. `has_report`: a report's name and its options
 * may follow, as in the settings. Returns false with a message when the text is not a command;
 * ccusage_command_release() in any case.
 */
bool ccusage_command_parse(struct ccusage_command *command, const char *text, bool has_report,
			   struct buf *error);

void ccusage_command_release(struct ccusage_command *command);

/* Returns the program that people know as ccusage: "/opt/ccusage" of the example. */
const char *ccusage_command_name(const struct ccusage_command *command);

#endif
