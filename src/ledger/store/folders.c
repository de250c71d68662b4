#include "ledger/store/folders.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file.h"
#include "base/scope.h"

#define NS_IN_S INT64_C(1000000000)
#define DIGITS 16
#define KEY_DIGITS ((size_t)2 * SIPHASH_KEY_BYTES)
/* More are not listed: their transcripts are shown as those whose folder is gone. */
#define FOLDERS_MAX 100000
/* Nobody has more data directories; a hostile file may name any number. */
#define ROOTS_MAX 64

/* In place of an index + 1: it was looked for, and is not on disk. */
#define IS_GONE SIZE_MAX

/* ---- hashes ---- */

/* What a hash is of. */
enum of { OF_FOLDER = 'f', OF_REST = 'r', OF_TRANSCRIPT = 't', OF_BRANCH = 'b' };

/* Of paths that are longer, which no system has, only the beginning counts. */
static uint64_t hash(const struct store_folders *folders, enum of of, const void *bytes, size_t len)
{
	unsigned char text[1 + PATH_MAX];
	size_t taken = len < PATH_MAX ? len : PATH_MAX;
	text[0] = (unsigned char)of;
	memcpy(text + 1, bytes, taken);
	return siphash(folders->key, text, 1 + taken);
}

/* In two steps, so that a file's name is hashed once however many folders are tried for it. */
static uint64_t hash_transcript(const struct store_folders *folders, uint64_t folder, uint64_t rest)
{
	const uint64_t both[] = { folder, rest };
	return hash(folders, OF_TRANSCRIPT, both, sizeof(both));
}

static void write_hidden(char kind, uint64_t number, char out[STORE_FOLDERS_SIZE])
{
	snprintf(out, STORE_FOLDERS_SIZE, "%c%016llx", kind, (unsigned long long)number);
}

bool store_folders_is_hidden(struct slice folder, char kind)
{
	if (folder.len != 1 + DIGITS || folder.data[0] != kind)
		return false;
	for (size_t i = 1; i < folder.len; i++)
		if (!strchr("0123456789abcdef", folder.data[i]))
			return false;
	return true;
}

static bool is_hidden(struct slice folder)
{
	return store_folders_is_hidden(folder, '#') || store_folders_is_hidden(folder, '~');
}

struct slice store_folders_of(const char *below)
{
	const char *slash = strchr(below, '/');
	return (struct slice){ below, slash ? (size_t)(slash - below) : 0 };
}

/* The hash of a folder, which may be hidden already. */
static uint64_t hash_folder(const struct store_folders *folders, struct slice folder)
{
	return store_folders_is_hidden(folder, '#') ? strtoull(folder.data + 1, NULL, 16)
						    : hash(folders, OF_FOLDER, folder.data, folder.len);
}

/* ---- the file ---- */

static bool take_key(const char *text, uint8_t key[SIPHASH_KEY_BYTES])
{
	if (!text || strlen(text) != KEY_DIGITS || strspn(text, "0123456789abcdef") != KEY_DIGITS)
		return false;
	for (size_t i = 0; i < SIPHASH_KEY_BYTES; i++) {
		const char digits[] = { text[2 * i], text[2 * i + 1], '\0' };
		key[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return true;
}

static void take_mode(const char *text, struct store_folders *folders)
{
	if (text && strcmp(text, "hash") == 0)
		folders->mode = LEDGER_PROJECTS_HASH;
	else if (text && strcmp(text, "off") == 0)
		folders->mode = LEDGER_PROJECTS_OFF;
}

int store_folders_open(sqlite3 *db, struct store_folders *folders)
{
	sqlite3_stmt *row = NULL;
	*folders = (struct store_folders){ .mode = LEDGER_PROJECTS_PATH };
	int result = sqlite3_prepare_v2(db,
					"SELECT key, value FROM meta WHERE key IN ('" STORE_FOLDERS_MODE
					"', '" STORE_FOLDERS_KEY "')",
					-1, &row, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(row)) == SQLITE_ROW) {
		const char *key = (const char *)sqlite3_column_text(row, 0);
		const char *value = (const char *)sqlite3_column_text(row, 1);
		result = SQLITE_OK;
		if (key && strcmp(key, STORE_FOLDERS_MODE) == 0)
			take_mode(value, folders);
		else if (take_key(value, folders->key))
			folders->has_key = true;
	}
	(void)sqlite3_finalize(row);
	/* Anybody may have written it: without a key nothing is hidden. */
	if (!folders->has_key)
		folders->mode = LEDGER_PROJECTS_PATH;
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

void store_folders_release(struct store_folders *folders)
{
	for (size_t i = 0; i < folders->count; i++)
		free(folders->all[i].name);
	for (size_t i = 0; i < folders->root_count; i++)
		free(folders->roots[i].path);
	free(folders->all);
	free(folders->roots);
	strmap_release(&folders->by_hidden);
	*folders = (struct store_folders){ .mode = LEDGER_PROJECTS_PATH };
}

/* ---- folders that are on disk ---- */

/* Keeps a folder's name. Without memory it is shown as one that is gone. Returns its index + 1, or 0. */
static size_t note(struct store_folders *folders, struct slice name)
{
	char hidden[STORE_FOLDERS_SIZE];
	uint64_t number = hash(folders, OF_FOLDER, name.data, name.len);
	write_hidden('#', number, hidden);
	size_t known = (size_t)(uintptr_t)strmap_get(&folders->by_hidden, hidden);
	if (known > 0 && known != IS_GONE)
		return known;
	if (folders->count >= FOLDERS_MAX
	    || !array_reserve(&folders->all, &folders->cap, folders->count + 1, sizeof(*folders->all)))
		return 0;
	char *copy = strndup(name.data, name.len);
	if (!copy || !strmap_put(&folders->by_hidden, hidden, (void *)(folders->count + 1))) {
		free(copy);
		return 0;
	}
	folders->all[folders->count++] = (struct store_folder){ copy, number };
	return folders->count;
}

static void list(struct store_folders *folders, const char *directory)
{
	DIR *dir = file_open_directory(AT_FDCWD, directory, O_NONBLOCK);
	if (!dir)
		return;
	for (const struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.') {
			struct slice name = { entry->d_name, strlen(entry->d_name) };
			if (!is_hidden(name))
				(void)note(folders, name);
		}
	(void)closedir(dir);
}

/* Lists a directory, unless it is as it was. Returns whether it did. */
static bool look_at_root(struct store_folders *folders, const char *path, size_t root_len)
{
	struct stat st;
	AUTO_FREE char *root = strndup(path, root_len);
	size_t at = 0;
	if (!root || stat(root, &st) != 0)
		return false;
	int64_t modified_ns = (int64_t)st.st_mtim.tv_sec * NS_IN_S + st.st_mtim.tv_nsec;
	while (at < folders->root_count && strcmp(folders->roots[at].path, root) != 0)
		at++;
	if (at < folders->root_count && folders->roots[at].modified_ns == modified_ns)
		return false;
	if (at == folders->root_count) {
		if (at == ROOTS_MAX
		    || !array_reserve(&folders->roots, &folders->root_cap, at + 1, sizeof(*folders->roots)))
			return false;
		folders->roots[folders->root_count++] =
			(struct store_folders_root){ .path = SCOPE_KEEP(root) };
	}
	folders->roots[at].modified_ns = modified_ns;
	list(folders, folders->roots[at].path);
	return true;
}

/* Tries which folder a transcript lies in that has none in the file. Returns its index + 1, or 0. */
static size_t try_all(struct store_folders *folders, struct slice hidden, const char *rest)
{
	uint64_t number = strtoull(hidden.data + 1, NULL, 16);
	uint64_t rest_hash = hash(folders, OF_REST, rest, strlen(rest));
	for (size_t i = 0; i < folders->count; i++)
		if (hash_transcript(folders, folders->all[i].hash, rest_hash) == number) {
			(void)strmap_put_len(&folders->by_hidden, hidden.data, hidden.len, (void *)(i + 1));
			return i + 1;
		}
	return 0;
}

static size_t find(struct store_folders *folders, struct slice hidden)
{
	size_t known = (size_t)(uintptr_t)strmap_get_len(&folders->by_hidden, hidden.data, hidden.len);
	return known == 0 && hidden.data[0] == '~' ? try_all(folders, hidden, hidden.data + hidden.len)
						   : known;
}

/* ---- paths ---- */

static void hide_folder(struct store_folders *folders, struct slice folder, const char *rest,
			char out[STORE_FOLDERS_SIZE])
{
	uint64_t number = hash_folder(folders, folder);
	size_t known = is_hidden(folder) ? 0 : note(folders, folder);
	if (folders->mode == LEDGER_PROJECTS_OFF)
		number = hash_transcript(folders, number, hash(folders, OF_REST, rest, strlen(rest)));
	write_hidden(folders->mode == LEDGER_PROJECTS_OFF ? '~' : '#', number, out);
	/* So that it is found again without a look at the disk. */
	if (known > 0 && folders->mode == LEDGER_PROJECTS_OFF)
		(void)strmap_put(&folders->by_hidden, out, (void *)known);
}

void store_folders_hide(struct store_folders *folders, const char *path, size_t root_len, struct buf *out)
{
	char hidden[STORE_FOLDERS_SIZE];
	struct slice folder = store_folders_of(path + root_len);
	bool stays = folders->mode == LEDGER_PROJECTS_PATH || folder.len == 0
		  || store_folders_is_hidden(folder, '~')
		  || (folders->mode == LEDGER_PROJECTS_HASH && is_hidden(folder));
	if (stays) {
		buf_append_str(out, path);
		return;
	}
	const char *rest = folder.data + folder.len;
	hide_folder(folders, folder, rest, hidden);
	buf_printf(out, "%.*s%s%s", (int)root_len, path, hidden, rest);
}

/* Its index + 1, or IS_GONE. */
static size_t look_for(struct store_folders *folders, struct slice hidden, const char *path, size_t root_len)
{
	size_t known = find(folders, hidden);
	if (known == 0 && look_at_root(folders, path, root_len))
		known = find(folders, hidden);
	if (known > 0)
		return known;
	/* When it comes back, who reads its transcripts hides their paths, and finds it. */
	(void)strmap_put_len(&folders->by_hidden, hidden.data, hidden.len, (void *)IS_GONE);
	return IS_GONE;
}

void store_folders_show_below(struct store_folders *folders, const struct store_folders_path *path,
			      struct buf *out)
{
	const char *text = path->text, *below = text + path->root_len;
	struct slice folder = store_folders_of(below);
	size_t known = IS_GONE;
	if (folders->has_key
	    && (store_folders_is_hidden(folder, '#')
		|| (!path->is_gone && store_folders_is_hidden(folder, '~'))))
		known = look_for(folders, folder, text, path->root_len);
	if (known != IS_GONE) {
		buf_append_str(out, folders->all[known - 1].name);
		below += folder.len;
	}
	buf_append_str(out, below);
}

void store_folders_show(struct store_folders *folders, const struct store_folders_path *path, struct buf *out)
{
	buf_append(out, path->text, path->root_len);
	store_folders_show_below(folders, path, out);
}

bool store_folders_hash(const struct store_folders *folders, const char *name, char out[STORE_FOLDERS_SIZE])
{
	if (folders->has_key)
		write_hidden('#', hash_folder(folders, (struct slice){ name, strlen(name) }), out);
	return folders->has_key;
}

void store_folders_hide_branch(const struct store_folders *folders, const char *name, struct buf *out)
{
	char hidden[STORE_FOLDERS_SIZE];
	size_t len = strlen(name);
	if (folders->mode == LEDGER_PROJECTS_PATH || is_hidden((struct slice){ name, len })) {
		buf_append_str(out, name);
	} else if (folders->mode == LEDGER_PROJECTS_HASH && len > 0) {
		write_hidden('#', hash(folders, OF_BRANCH, name, len), hidden);
		buf_append_str(out, hidden);
	}
}
