#include "swatch/statusline/room.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/paths.h"
#include "base/scope.h"
#include "json/leaves.h"

/* People's settings have some KB; a much larger file is not worth the time. */
#define SETTINGS_MAX_BYTES ((size_t)256 << 10)
#define MANAGED_SETTINGS "/etc/claude-code/managed-settings.json"
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

static void take_leaf(void *ctx, const char *path, const struct walk_item *item)
{
	int *padding = ctx;
	double value;
	if (strcmp(path, "statusLine") == 0 && item->kind == WALK_OBJECT)
		*padding = 0;
	else if (strcmp(path, "statusLine.padding") == 0 && json_leaf_number(item, &value) && value >= 0.
		 && value <= ROOM_PADDING_MAX)
		*padding = (int)value;
}

int statusline_padding(const char *text, size_t len)
{
	int padding = -1;
	size_t mark = strlen(BYTE_ORDER_MARK);
	if (len >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0) {
		text += mark;
		len -= mark;
	}
	(void)json_leaves_walk(text, len, take_leaf, &padding);
	return padding;
}

static int padding_of(const char *path)
{
	AUTO_BUF text = BUF_INIT;
	/* Through links: settings.json is often one into somebody's dotfiles. */
	if (!path || !file_read_regular(AT_FDCWD, path, 0, SETTINGS_MAX_BYTES, &text))
		return -1;
	return statusline_padding(buf_str(&text), text.len);
}

static int padding_in(const char *directory, const char *name)
{
	AUTO_FREE char *path = directory && *directory ? paths_join(directory, name) : NULL;
	return padding_of(path);
}

static int users_padding(void)
{
	const char *named = getenv("CLAUDE_CONFIG_DIR"), *home = paths_home();
	if (named && *named) {
		AUTO_FREE char *first = paths_next_item(&named);
		return padding_in(first, "settings.json");
	}
	return padding_in(home, ".claude/settings.json");
}

/* In the order in which Claude Code goes by them. */
static int find_padding(const char *project_dir)
{
	int padding = padding_of(MANAGED_SETTINGS);
	if (padding < 0)
		padding = padding_in(project_dir, ".claude/settings.local.json");
	if (padding < 0)
		padding = padding_in(project_dir, ".claude/settings.json");
	if (padding < 0)
		padding = users_padding();
	return padding > 0 ? padding : 0;
}

size_t statusline_room(size_t columns, const char *project_dir)
{
	size_t taken = ROOM_MARGIN_COLUMNS + 2 * (size_t)find_padding(project_dir);
	return columns > taken ? columns - taken : 1;
}
