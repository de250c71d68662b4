#include "swatch/statusline/format_check.h"

#include <stddef.h>
#include <string.h>

#include "config/keys.h"
#include "swatch/statusline/format.h"

/* The line on which the file sets it; 0: the file does not set it. */
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
	bool good = config->statusline_format[0] == '\0' || statusline_format_check(config->statusline_format, &fault);
	if (!good)
		buf_printf(faults, "%s:%d: [statusline] format: %s; the language: swatch-statusline(1)\n", path,
			   find_line(config), buf_str(&fault));
	return good;
}
