#include "swatch/cli/names.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/paths.h"
#include "base/printable.h"
#include "base/scope.h"
#include "cache/read.h"
#include "ledger/store/folders.h"
#include "swatch/ui/suggest.h"
#include "transcript/data_dirs.h"

#define NEAR_MAX 4
/* A shorter beginning of an id is a guess. */
#define ID_MIN 4

/* ---- candidates ---- */

struct candidates {
	struct buf near;
	size_t count;
};

/* Adds a name to those that an error shows. */
static void add_near(struct candidates *found, const char *name)
{
	if (found->count++ >= NEAR_MAX)
		return;
	buf_append_str(&found->near, found->near.len > 0 ? ", " : "");
	printable_clean(&found->near, name, strlen(name));
}

static void say(struct buf *error, const char *kind, const char *text, const struct candidates *found,
		bool several)
{
	if (several)
		buf_printf(error, "%s '%.60s' may be one of several: %s", kind, text, buf_str(&found->near));
	else if (found->count > 0)
		buf_printf(error, "there is no %s '%.60s'; near ones: %s", kind, text, buf_str(&found->near));
	else
		buf_printf(error, "there is no %s '%.60s'; see: swatch sessions", kind, text);
	if (found->count > NEAR_MAX)
		buf_printf(error, " and %zu more", found->count - NEAR_MAX);
}

static bool is_near(const char *typed, const char *meant)
{
	size_t distance;
	return suggest_is_near(typed, meant, &distance) || (strlen(typed) > 1 && strcasestr(meant, typed));
}

/* ---- sessions ---- */

static bool is_project(const char *path, const char *text)
{
	return path && (strcmp(path, text) == 0 || strcmp(paths_basename(path), text) == 0);
}

static bool take(const char *found, char id[CACHE_SESSION_ID_MAX + 1])
{
	size_t len = strlen(found);
	if (!cache_session_id_is_valid(found, len))
		return false;
	memcpy(id, found, len + 1);
	return true;
}

bool names_find_session(int dir_fd, const char *text, char id[CACHE_SESSION_ID_MAX + 1], struct buf *error)
{
	AUTO_JSON *list = cache_read_json(dir_fd, CACHE_SESSIONS_FILE);
	struct candidates begins = { 0 }, near = { 0 };
	const char *first = NULL, *of_project = NULL;
	size_t count;
	struct json_object *sessions = json_get_array(list, "sessions", &count);
	char file[CACHE_NAME_SIZE];
	/* The list may be older than a session's file. */
	bool found = cache_session_id_is_valid(text, strlen(text)) && cache_session_file_name(text, file)
		     && faccessat(dir_fd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0 && take(text, id);
	for (size_t i = 0; i < count && !found; i++) {
		struct json_object *session = json_object_array_get_idx(sessions, i);
		const char *its_id = json_get_string(session, "sessionId");
		const char *path = json_get_string(session, "projectPath");
		if (!its_id)
			continue;
		found = strcmp(its_id, text) == 0 && take(its_id, id);
		if (strlen(text) >= ID_MIN && strncmp(its_id, text, strlen(text)) == 0) {
			first = first ? first : its_id;
			add_near(&begins, its_id);
		} else if (is_project(path, text)) {
			/* The list has the last active one first. */
			of_project = of_project ? of_project : its_id;
		} else if (is_near(text, its_id) || (path && is_near(text, paths_basename(path)))) {
			add_near(&near, path && !is_near(text, its_id) ? paths_basename(path) : its_id);
		}
	}
	if (!found && begins.count == 1)
		found = take(first, id);
	else if (!found && begins.count == 0 && of_project)
		found = take(of_project, id);
	if (!found)
		say(error, "session", text, begins.count > 1 ? &begins : &near, begins.count > 1);
	buf_release(&begins.near);
	buf_release(&near.near);
	return found;
}

/* ---- projects ---- */

/* As Claude Code names a folder: all but letters and digits becomes '-'. */
static void encode(const char *path, char *out, size_t size)
{
	size_t len = 0;
	for (; *path && len + 1 < size; path++)
		out[len++] = isalnum((unsigned char)*path) ? *path : '-';
	out[len] = '\0';
}

/* What the text stands for: a path is made absolute. */
static void encode_text(const char *text, char *out, size_t size)
{
	AUTO_FREE char *real = strchr(text, '/') || text[0] == '.' ? realpath(text, NULL) : NULL;
	encode(real ? real : text, out, size);
}

void names_encode_project(const char *text, char out[PATH_MAX])
{
	encode_text(text, out, PATH_MAX);
}

static bool ends_with_name(const char *folder, const char *name)
{
	size_t len = strlen(folder), name_len = strlen(name);
	return name_len > 0 && len > name_len && folder[len - name_len - 1] == '-'
	       && strcmp(folder + len - name_len, name) == 0;
}

struct project_search {
	const char *text;
	char encoded[PATH_MAX];
	char *out;
	size_t size;
	bool found;
	struct candidates fits, near;
};

/* A folder's name has the whole path: one of its ends may be what somebody means. */
static bool is_near_folder(const char *typed, const char *folder)
{
	for (const char *end = names_short_project(folder); end; end = strchr(end + 1, '-'))
		if (is_near(typed, *end == '-' ? end + 1 : end))
			return true;
	return false;
}

static void look_at_folder(struct project_search *search, const char *folder)
{
	bool is_it = strcmp(folder, search->text) == 0 || strcmp(folder, search->encoded) == 0;
	if (strlen(folder) >= search->size)
		return;
	if (is_it || (!search->found && ends_with_name(folder, search->encoded))) {
		/* The same project may be in two data directories. */
		if (!is_it && (search->fits.count == 0 || strcmp(search->out, folder) != 0))
			add_near(&search->fits, folder);
		if (is_it || search->fits.count == 1)
			memcpy(search->out, folder, strlen(folder) + 1);
		search->found = search->found || is_it;
	} else if (is_near_folder(search->text, folder)) {
		add_near(&search->near, names_short_project(folder));
	}
}

static void look_at_directory(struct project_search *search, const char *directory)
{
	DIR *dir = opendir(directory);
	if (!dir)
		return;
	for (const struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			look_at_folder(search, entry->d_name);
	closedir(dir);
}

/* What was found: `good`, or a message. Ends the search. */
static bool end_search(struct project_search *search, bool good, struct buf *error)
{
	if (!good)
		say(error, "project", search->text,
		    search->fits.count > 1 ? &search->fits : &search->near, search->fits.count > 1);
	buf_release(&search->fits.near);
	buf_release(&search->near.near);
	return good;
}

bool names_find_project(const char *paths, const char *text, char *out, size_t size, struct buf *error)
{
	struct project_search search = { .text = text, .out = out, .size = size };
	struct data_dirs dirs;
	out[0] = '\0';
	encode_text(text, search.encoded, sizeof(search.encoded));
	if (data_dirs_find(&dirs, paths) == 0) {
		for (size_t i = 0; i < dirs.count; i++)
			look_at_directory(&search, dirs.projects[i]);
		data_dirs_release(&dirs);
	}
	bool good = search.found || search.fits.count == 1;
	/* The daemon may know one whose folder is gone. */
	if (!good && search.fits.count == 0 && (text[0] == '-' || text[0] == '#') && strlen(text) < size) {
		memcpy(out, text, strlen(text) + 1);
		good = true;
	}
	return end_search(&search, good, error);
}

bool names_find_project_among(const char *const *folders, size_t count, const char *text, char *out,
			      size_t size, struct buf *error)
{
	struct project_search search = { .text = text, .out = out, .size = size };
	out[0] = '\0';
	encode_text(text, search.encoded, sizeof(search.encoded));
	for (size_t i = 0; i < count; i++)
		look_at_folder(&search, folders[i]);
	return end_search(&search, search.found || search.fits.count == 1, error);
}

const char *names_short_project(const char *folder)
{
	char home[PATH_MAX];
	const char *path = paths_home();
	if (!path)
		return folder;
	encode(path, home, sizeof(home));
	size_t len = strlen(home);
	bool below = len > 1 && strncmp(folder, home, len) == 0 && folder[len] == '-' && folder[len + 1];
	return below ? folder + len + 1 : folder;
}

const char *names_show_project(const char *folder, char hashed[NAMES_HASH_SHOWN])
{
	if (!store_folders_is_hidden((struct slice){ folder, strlen(folder) }, '#'))
		return names_short_project(folder);
	snprintf(hashed, NAMES_HASH_SHOWN, "project %.8s", folder + 1);
	return hashed;
}

/* ---- for completions ---- */

#define ID_SHOWN 8

/* Whether a shell takes the word as it stands. */
static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+@%,/";
	return word && *word && word[strspn(word, plain)] == '\0';
}

static bool is_listed(const struct buf *out, size_t begin, const char *word)
{
	size_t len = strlen(word);
	for (const char *line = buf_str(out) + begin; *line; line += strcspn(line, "\n") + 1)
		if (strncmp(line, word, len) == 0 && (line[len] == '\t' || line[len] == '\n'))
			return true;
	return false;
}

/* How much of an id tells it from the one that sorts before it, or after it. */
static size_t own_length(const char *id, const char *other)
{
	size_t len = 0;
	while (other && id[len] && id[len] == other[len])
		len++;
	return len + 1;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *id_at(struct json_object *sessions, size_t i)
{
	const char *id = json_get_string(json_object_array_get_idx(sessions, i), "sessionId");
	return id && cache_session_id_is_valid(id, strlen(id)) ? id : NULL;
}

/* The ids, sorted. The caller frees the list; NULL when memory ran out. */
static const char **sort_ids(struct json_object *sessions, size_t count, size_t *found)
{
	const char **ids = calloc(count + 1, sizeof(*ids));
	*found = 0;
	for (size_t i = 0; ids && i < count; i++)
		if ((ids[*found] = id_at(sessions, i)))
			(*found)++;
	if (ids && *found > 0)
		qsort(ids, *found, sizeof(*ids), compare_texts);
	return ids;
}

static size_t shown_length(const char *id, const char **ids, size_t count)
{
	const char **at = bsearch(&id, ids, count, sizeof(*ids), compare_texts);
	size_t len = ID_SHOWN, before = at && at > ids ? own_length(id, at[-1]) : 0;
	size_t after = at && at + 1 < ids + count ? own_length(id, at[1]) : 0;
	len = before > len ? before : len;
	return after > len ? after : len;
}

void names_list_sessions(int dir_fd, struct buf *out)
{
	AUTO_JSON *list = cache_read_json(dir_fd, CACHE_SESSIONS_FILE);
	size_t count, id_count;
	struct json_object *sessions = json_get_array(list, "sessions", &count);
	AUTO_FREE const char **ids = sort_ids(sessions, count, &id_count);
	/* The list has the last active one first. */
	for (size_t i = 0; ids && i < count && i < NAMES_LISTED_MAX / 2; i++) {
		const char *id = id_at(sessions, i);
		const char *path = json_get_string(json_object_array_get_idx(sessions, i), "projectPath");
		const char *project = path ? paths_basename(path) : NULL;
		if (id)
			buf_printf(out, "%.*s\t%s\n", (int)shown_length(id, ids, id_count), id,
				   is_plain(project) ? project : "session");
	}
	size_t begin = out->len;
	for (size_t i = 0; i < count && i < NAMES_LISTED_MAX / 2; i++) {
		const char *path = json_get_string(json_object_array_get_idx(sessions, i), "projectPath");
		const char *project = path ? paths_basename(path) : NULL;
		if (is_plain(project) && !is_listed(out, begin, project))
			buf_printf(out, "%s\tproject\n", project);
	}
}

void names_list_projects(const char *paths, struct buf *out)
{
	struct data_dirs dirs;
	size_t begin = out->len, count = 0;
	if (data_dirs_find(&dirs, paths) != 0)
		return;
	for (size_t i = 0; i < dirs.count; i++) {
		DIR *dir = opendir(dirs.projects[i]);
		for (const struct dirent *entry; dir && count < NAMES_LISTED_MAX && (entry = readdir(dir));) {
			const char *name = names_short_project(entry->d_name);
			if (entry->d_name[0] == '.' || !is_plain(name) || is_listed(out, begin, name))
				continue;
			buf_printf(out, "%s\n", name);
			count++;
		}
		if (dir)
			closedir(dir);
	}
	data_dirs_release(&dirs);
}
