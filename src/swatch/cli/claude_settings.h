/*
 * cli/claude_settings: what Claude Code takes from its settings files, as far as the statusline goes.
 *
 * For: doctor and setup, so that both judge alike.
 */
#ifndef SWATCH_SWATCH_CLI_CLAUDE_SETTINGS_H
#define SWATCH_SWATCH_CLI_CLAUDE_SETTINGS_H

#include <json-c/json.h>

#include "base/buf.h"

/* The setting that turns off hooks, and statuslines with them (seen in Claude Code 2.1.332). */
#define CLAUDE_SETTINGS_OFF "\"disableAllHooks\""
#define CLAUDE_SETTINGS_MANAGED "/etc/claude-code/managed-settings.json"

/*
 * Reads a settings.json, through links. A missing or blank file is an empty object, and a byte order mark
 * does not matter, as for Claude Code. The caller json_object_put()s it; NULL with a message without the
 * path.
 */
struct json_object *claude_settings_read(const char *path, struct buf *error);

/*
 * Returns which file turns statuslines off: `path`, whose settings these are (NULL: it has none), or the
 * administrator's. NULL: neither does.
 */
const char *claude_settings_find_off(const char *path, struct json_object *settings);

#endif
