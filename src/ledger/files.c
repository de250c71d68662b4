#include "ledger/files.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

int ledger_files_find(const struct ledger_files *files, const char *path)
{
	return (int)(uintptr_t)strmap_get(&files->by_path, path) - 1;
}

int ledger_files_find_version(const struct ledger_files *files, const char *path, unsigned version)
{
	int file = ledger_files_find(files, path);
	while (file >= 0 && files->list[file].version > version)
		file = (int)files->list[file].earlier - 1;
	return file >= 0 && files->list[file].version == version ? file : -1;
}

/* Puts a version in its place behind later ones of its path, which are there. */
static void link_behind(struct ledger_files *files, int head, uint32_t number)
{
	struct ledger_file *after = &files->list[head];
	while (after->earlier && files->list[after->earlier - 1].version > files->list[number].version)
		after = &files->list[after->earlier - 1];
	files->list[number].earlier = after->earlier;
	after->earlier = number + 1;
}

int ledger_files_add_version(struct ledger_files *files, const char *path, const struct ledger_file *facts)
{
	if (files->count == LEDGER_FILES_MAX
	    || !array_reserve(&files->list, &files->cap, files->count + 1, sizeof(*files->list)))
		return -1;
	int head = ledger_files_find(files, path);
	uint32_t number = (uint32_t)files->count;
	bool is_head = head < 0 || files->list[head].version < facts->version;
	/* A number in a pointer's place: the map holds no memory for it. */
	if (is_head && !strmap_put(&files->by_path, path, (void *)((uintptr_t)number + 1)))
		return -1;
	files->list[number] = *facts;
	files->list[number].path = strmap_key(&files->by_path, path);
	files->count++;
	if (is_head)
		files->list[number].earlier = (uint32_t)(head + 1);
	else
		link_behind(files, head, number);
	return (int)number;
}

int ledger_files_add(struct ledger_files *files, const char *path, size_t root_len, uint32_t session,
		     bool subagent)
{
	int before = ledger_files_find(files, path);
	const struct ledger_file facts = {
		.root_len = (uint32_t)root_len,
		.session = session,
		.path_hash = strmap_hash(path, strlen(path)),
		.version = before < 0 ? 0 : files->list[before].version + 1,
		.subagent = subagent,
	};
	return ledger_files_add_version(files, path, &facts);
}

int ledger_files_compare(const struct ledger_files *files, uint64_t left, uint64_t right)
{
	size_t left_file = ledger_place_file(left), right_file = ledger_place_file(right);
	int order = left_file == right_file
			    ? 0
			    : strcmp(files->list[left_file].path, files->list[right_file].path);
	int64_t left_at = ledger_place_offset(left), right_at = ledger_place_offset(right);
	if (order != 0)
		return order;
	if (left_at != right_at)
		return left_at < right_at ? -1 : 1;
	return (left > right) - (left < right);
}

uint64_t ledger_files_hash_line(const struct ledger_files *files, const struct ledger_entry *e)
{
	const uint64_t own[] = { ledger_files_of(files, e)->path_hash,
				 (uint64_t)ledger_place_offset(e->place),
				 (uint64_t)e->time_ms,
				 e->input,
				 e->output,
				 e->creation_5m,
				 e->creation_1h,
				 e->cache_read };
	return strmap_hash(own, sizeof(own));
}

int ledger_files_account(struct ledger_files *files, size_t file, int sign)
{
	uint32_t before = files->list[file].entries;
	files->list[file].entries = before + (uint32_t)sign;
	return before == (sign > 0 ? 0U : 1U) ? sign : 0;
}

void ledger_files_forget_sums(struct ledger_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		files->list[i].entries = 0;
		files->list[i].is_counted = false;
	}
}

void ledger_files_release(struct ledger_files *files)
{
	strmap_release(&files->by_path);
	free(files->list);
}
