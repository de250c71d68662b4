#include "swatch/statusline/room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/scope.h"
#include "json/leaves.h"

/* People's settings have some KB; a much larger file is not worth the time. */
#define SETTINGS_MAX_BYTES (256 << 10)
/* Nearly all of them are read in one piece. */
#define PIECE_BYTES (16 << 10)
#define LINE_KEY "\"statusLine\""
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

/* The padding that the text of a settings.json gives the line; -1 when it has no statusLine. */
static int padding_in_text(const char *text, size_t len)
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

static size_t read_at(int fd, char *into, size_t len, off_t at)
{
	ssize_t got;
	do
		got = pread(fd, into, len, at);
	while (got < 0 && errno == EINTR);
	return got > 0 ? (size_t)got : 0;
}

/* Looks for the key piece by piece: people have hundreds of KB of permissions, and no statusLine there. */
static bool has_line(int fd, char *piece)
{
	off_t at = 0;
	for (size_t kept = 0, got; (got = read_at(fd, piece + kept, PIECE_BYTES - kept, at)) > 0;) {
		at += (off_t)got;
		got += kept;
		if (memmem(piece, got, LINE_KEY, strlen(LINE_KEY)))
			return true;
		/* It may lie across the edge. */
		kept = got < strlen(LINE_KEY) ? got : strlen(LINE_KEY) - 1;
		memmove(piece, piece + got - kept, kept);
	}
	return false;
}

static int padding_of(const char *path)
{
	char piece[PIECE_BYTES];
	struct stat st;
	/* Through links: settings.json is often one into somebody's dotfiles. */
	AUTO_CLOSE int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > SETTINGS_MAX_BYTES)
		return -1;
	if (st.st_size <= PIECE_BYTES)
		return padding_in_text(piece, read_at(fd, piece, sizeof(piece), 0));
	if (!has_line(fd, piece))
		return -1;
	AUTO_FREE char *text = malloc((size_t)st.st_size);
	return text ? padding_in_text(text, read_at(fd, text, (size_t)st.st_size, 0)) : -1;
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
