#include "swatch/cli/claude_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "json/edit.h"
#include "json/get.h"

struct json_object *claude_settings_read(const char *path, struct buf *error)
{
	AUTO_BUF text = BUF_INIT;
	if (!file_read_regular(AT_FDCWD, path, 0, JSON_EDIT_MAX_BYTES, &text)) {
		if (errno == ENOENT)
			return json_object_new_object();
		if (errno != ENOMEM)
			buf_append_str(error, errno == EINVAL ? "it is not a regular file" : strerror(errno));
		return NULL;
	}
	if (json_edit_is_blank(buf_str(&text), text.len))
		return json_object_new_object();
	return json_edit_parse(buf_str(&text), text.len, error);
}

const char *claude_settings_find_off(const char *path, struct json_object *settings)
{
	static const char key[] = "disableAllHooks";
	AUTO_BUF ignored = BUF_INIT;
	if (json_get_bool(settings, key, false))
		return path;
	AUTO_JSON *managed = claude_settings_read(CLAUDE_SETTINGS_MANAGED, &ignored);
	return json_get_bool(managed, key, false) ? CLAUDE_SETTINGS_MANAGED : NULL;
}
