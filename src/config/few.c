#include "config/few.h"

#include <fcntl.h>

#include "base/array.h"
#include "base/file.h"
#include "base/ini.h"
#include "config/config.h"

/* Returns the buffer for a setting's value; NULL when a statusline does not need it. */
static struct buf *find_value(struct config_few *few, struct slice section, struct slice name)
{
	const struct {
		const char *section, *name;
		struct buf *value;
	} settings[] = {
		{ "cache", "directory", &few->cache_directory },
		{ "daemon", "autostart", &few->autostart },
		{ "statusline", "format", &few->format },
		{ "statusline", "preset", &few->preset },
	};
	for (size_t i = 0; i < ARRAY_COUNT(settings); i++)
		if (slice_equals(section, settings[i].section) && slice_equals(name, settings[i].name))
			return settings[i].value;
	return NULL;
}

void config_few_parse(struct config_few *few, const char *text, size_t len)
{
	struct ini_reader reader = { .text = text, .len = len };
	struct ini_line line;
	struct buf *value = NULL;
	while (ini_next(&reader, &line)) {
		if (line.kind == INI_SETTING) {
			value = find_value(few, reader.section, line.name);
			if (value)
				buf_clear(value);
		} else if (line.kind != INI_MORE) {
			continue;
		}
		if (!value)
			continue;
		if (line.kind == INI_MORE && value->len > 0)
			buf_append_char(value, ' ');
		buf_append(value, line.value.data, line.value.len);
	}
}

void config_few_read(struct config_few *few, const char *path)
{
	AUTO_BUF text = BUF_INIT;
	if (file_read_regular(AT_FDCWD, path, 0, CONFIG_FILE_MAX_BYTES, &text))
		config_few_parse(few, buf_str(&text), text.len);
}

void config_few_release(struct config_few *few)
{
	buf_release(&few->cache_directory);
	buf_release(&few->autostart);
	buf_release(&few->format);
	buf_release(&few->preset);
}
