#include "ledger/files.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

int ledger_files_find(const struct ledger_files *files, const char *path)
{
	return (int)(uintptr_t)strmap_get(&files->by_path, path) - 1;
}

int ledger_files_add(struct ledger_files *files, const char *path, size_t root_len, uint32_t session,
		     bool subagent)
{
	if (files->count == LEDGER_FILES_MAX
	    || !array_reserve(&files->list, &files->cap, files->count + 1, sizeof(*files->list)))
		return -1;
	int before = ledger_files_find(files, path);
	/* A number in a pointer's place: the map holds no memory for it. */
	if (!strmap_put(&files->by_path, path, (void *)(files->count + 1)))
		return -1;
	files->list[files->count] = (struct ledger_file){
		.path = strmap_key(&files->by_path, path), .root_len = (uint32_t)root_len, .session = session,
		.subagent = subagent,
		.version = before < 0 ? 0 : files->list[before].version + 1,
		.first = before < 0 ? (uint32_t)files->count : files->list[before].first,
	};
	return (int)files->count++;
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
	const uint64_t own[] = { ledger_place((int)ledger_files_of(files, e)->first,
					      ledger_place_offset(e->place)),
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
	for (size_t i = 0; i < files->count; i++)
		files->list[i].entries = 0;
}

void ledger_files_release(struct ledger_files *files)
{
	strmap_release(&files->by_path);
	free(files->list);
}
