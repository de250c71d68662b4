#include "swatch/statusline/format_check.h"

#include <stddef.h>
#include <string.h>

#include "config/keys.h"
#include "swatch/statusline/format.h"

/* Returns the line on which the file sets the format; 0: it does not. */
static int find_line(const struct config *config)
{
	for (size_t i = 0; i < config_key_count; i++)
		if (config_keys[i].offset == offsetof(struct config, statusline_format))
			return config->lines[i];
	return 0;
}

bool config_format_check(const struct config *config, const char *path, struct buf *faults)
{
	AUTO_BUF fault = BUF_INIT;
	const char *format = config->statusline_format;
	if (format[0] == '\0' || statusline_format_check(format, &fault))
		return true;
	buf_printf(faults, "%s:%d: [statusline] format: %s; the language: swatch-statusline(1)\n", path,
		   find_line(config), buf_str(&fault));
	return false;
}
