#include "config/few.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As in base/config_file.c. */
#define CONFIG_MAX_BYTES 65536

struct parsing {
	struct statusline_config *config;
	char section[32];
	struct buf *value;      /* of the last setting; NULL: one that is passed over */
	bool has_setting;       /* this section has had one: an indented line goes on with its value */
};

struct piece {
	const char *data;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static struct piece trim(struct piece piece)
{
	while (piece.len > 0 && is_blank(piece.data[0])) {
		piece.data++;
		piece.len--;
	}
	while (piece.len > 0 && is_blank(piece.data[piece.len - 1]))
		piece.len--;
	return piece;
}

/* Without what begins with a ; after a blank. */
static struct piece cut_comment(struct piece piece)
{
	for (size_t i = 1; i < piece.len; i++)
		if (piece.data[i] == ';' && is_blank(piece.data[i - 1]))
			piece.len = i;
	return piece;
}

static bool equals(struct piece piece, const char *text)
{
	return strlen(text) == piece.len && memcmp(piece.data, text, piece.len) == 0;
}

static struct buf *find_value(struct parsing *parsing, struct piece name)
{
	struct statusline_config *config = parsing->config;
	if (strcmp(parsing->section, "cache") == 0)
		return equals(name, "directory") ? &config->cache_directory : NULL;
	if (strcmp(parsing->section, "daemon") == 0)
		return equals(name, "autostart") ? &config->autostart : NULL;
	if (strcmp(parsing->section, "statusline") != 0)
		return NULL;
	if (equals(name, "format"))
		return &config->format;
	return equals(name, "preset") ? &config->preset : NULL;
}

static void take_section(struct parsing *parsing, struct piece line)
{
	const char *closing = memchr(line.data, ']', line.len);
	size_t len = closing ? (size_t)(closing - line.data) - 1 : 0;
	if (len >= sizeof(parsing->section))
		len = 0;
	memcpy(parsing->section, line.data + 1, len);
	parsing->section[len] = '\0';
	parsing->has_setting = false;
}

static void take_setting(struct parsing *parsing, struct piece line)
{
	size_t separator = 0;
	while (separator < line.len && line.data[separator] != '=' && line.data[separator] != ':')
		separator++;
	parsing->has_setting = true;
	parsing->value = NULL;
	if (separator == line.len)
		return;
	parsing->value = find_value(parsing, trim((struct piece){ line.data, separator }));
	if (!parsing->value)
		return;
	struct piece value = { line.data + separator + 1, line.len - separator - 1 };
	value = trim(cut_comment(value));
	buf_clear(parsing->value);
	buf_append(parsing->value, value.data, value.len);
}

static void take_line(struct parsing *parsing, struct piece line)
{
	bool indented = line.len > 0 && is_blank(line.data[0]);
	struct piece content = trim(line);
	if (content.len == 0 || content.data[0] == ';' || content.data[0] == '#')
		return;
	if (indented && parsing->has_setting) {
		content = trim(cut_comment(content));
		if (parsing->value) {
			if (parsing->value->len > 0)
				buf_append_char(parsing->value, ' ');
			buf_append(parsing->value, content.data, content.len);
		}
	} else if (content.data[0] == '[') {
		take_section(parsing, content);
	} else {
		take_setting(parsing, content);
	}
}

void statusline_config_parse(struct statusline_config *config, const char *text, size_t len)
{
	struct parsing parsing = { .config = config };
	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
		text += 3;
		len -= 3;
	}
	while (len > 0) {
		const char *newline = memchr(text, '\n', len);
		size_t line = newline ? (size_t)(newline - text) : len;
		take_line(&parsing, (struct piece){ text, line });
		text += line + (newline != NULL);
		len -= line + (newline != NULL);
	}
}

void statusline_config_read(struct statusline_config *config, const char *path)
{
	char text[CONFIG_MAX_BYTES];
	struct stat st;
	size_t len = 0;
	ssize_t got = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return;
	bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	while (regular && got > 0 && len < sizeof(text)) {
		got = read(fd, text + len, sizeof(text) - len);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			len += (size_t)got;
	}
	close(fd);
	if (regular)
		statusline_config_parse(config, text, len);
}

void statusline_config_release(struct statusline_config *config)
{
	buf_release(&config->cache_directory);
	buf_release(&config->autostart);
	buf_release(&config->format);
	buf_release(&config->preset);
}
