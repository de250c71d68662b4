#include "swatch/top/files.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/scope.h"
#include "cache/dir.h"
#include "cache/read.h"

void top_files_init(struct top_files *files, const char *cache_dir)
{
	memset(files, 0, sizeof(*files));
	files->cache_dir = cache_dir;
	files->dir_fd = -1;
	files->all_pending = true;
}

void top_files_release(struct top_files *files)
{
	close_quietly(files->dir_fd);
	files->dir_fd = -1;
}

static bool is_shared(const char *name)
{
	return strcmp(name, CACHE_BILLING_FILE) == 0 || strcmp(name, CACHE_SESSIONS_FILE) == 0;
}

void top_files_mark(struct top_files *files, const char *name)
{
	char id[CACHE_SESSION_ID_MAX + 1];
	if (files->all_pending || (!is_shared(name) && !cache_session_id_of_file(name, id)))
		return;
	for (size_t i = 0; i < files->pending_count; i++)
		if (strcmp(files->pending[i], name) == 0)
			return;
	if (files->pending_count == TOP_FILES_PENDING_MAX)
		files->all_pending = true;
	else
		snprintf(files->pending[files->pending_count++], CACHE_NAME_SIZE, "%s", name);
}

void top_files_mark_all(struct top_files *files)
{
	files->all_pending = true;
}

static void read_billing(const struct top_files *files, struct top_model *model)
{
	top_model_take_billing(model, cache_read_json(files->dir_fd, CACHE_BILLING_FILE));
}

static void read_list(const struct top_files *files, struct top_model *model)
{
	AUTO_JSON *list = cache_read_json(files->dir_fd, CACHE_SESSIONS_FILE);
	top_model_take_list(model, list);
}

static void read_session(const struct top_files *files, struct top_model *model, const char *name)
{
	char id[CACHE_SESSION_ID_MAX + 1];
	if (cache_session_id_of_file(name, id))
		top_model_take_session(model, id, cache_read_json(files->dir_fd, name));
}

static void read_sessions(const struct top_files *files, struct top_model *model)
{
	DIR *dir = file_open_directory(files->dir_fd, ".", 0);
	top_model_clear_sessions(model);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (!is_shared(entry->d_name))
			read_session(files, model, entry->d_name);
	if (dir)
		closedir(dir);
}

/* Opens it again: it may have been replaced. */
static void open_directory(struct top_files *files)
{
	AUTO_BUF error = BUF_INIT;
	top_files_release(files);
	files->dir_fd = cache_dir_open(files->cache_dir, false, &error);
}

bool top_files_read(struct top_files *files, struct top_model *model)
{
	bool has_billing = files->all_pending;
	if (files->all_pending) {
		open_directory(files);
		if (files->dir_fd < 0) {
			top_model_take_billing(model, NULL);
			top_model_clear_sessions(model);
		} else {
			read_billing(files, model);
			read_sessions(files, model);
			read_list(files, model);
		}
	}
	for (size_t i = 0; i < files->pending_count && !files->all_pending && files->dir_fd >= 0; i++) {
		const char *name = files->pending[i];
		if (strcmp(name, CACHE_BILLING_FILE) == 0) {
			read_billing(files, model);
			has_billing = true;
		} else if (strcmp(name, CACHE_SESSIONS_FILE) == 0) {
			read_list(files, model);
		} else {
			read_session(files, model, name);
		}
	}
	model->is_unwritten = model->is_connected && files->dir_fd >= 0 && cache_is_unwritten(files->dir_fd);
	files->pending_count = 0;
	files->all_pending = false;
	return has_billing;
}
