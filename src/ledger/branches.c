#include "ledger/branches.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "json/walk.h"

/* Hostile transcripts may name any number: further names are not known. */
#define NAMES_MAX 4096
/* Of one transcript. */
#define CHANGES_MAX 1000

/* The number of a name; 0 when it is not kept. */
static uint32_t number_of(struct ledger_branches *branches, struct slice written)
{
	char name[LEDGER_BRANCH_MAX + 1];
	size_t len;
	if (!written.data || written.len == 0 || !slice_to_text(written, name, LEDGER_BRANCH_MAX, &len)
	    || len == 0 || memchr(name, '\0', len))
		return 0;
	size_t known = (size_t)(uintptr_t)strmap_get_len(&branches->by_name, name, len);
	if (known > 0)
		return (uint32_t)known;
	size_t number = branches->name_count > 0 ? branches->name_count : 1;
	if (number >= NAMES_MAX
	    || !array_reserve(&branches->names, &branches->name_cap, number + 1, sizeof(*branches->names))
	    || !strmap_put_len(&branches->by_name, name, len, (void *)number))
		return 0;
	name[len] = '\0';
	branches->names[0] = "";
	branches->names[number] = strmap_key(&branches->by_name, name);
	branches->name_count = number + 1;
	return (uint32_t)number;
}

/* The transcript's last change; NULL before the first. */
static const struct ledger_branch *last_of(const struct ledger_branches *branches, uint32_t file)
{
	if (file >= branches->file_count || branches->last[file] == 0)
		return NULL;
	return &branches->list[branches->last[file] - 1];
}

void ledger_branches_note(struct ledger_branches *branches, uint32_t file, int64_t offset, struct slice name)
{
	const struct ledger_branch *last = last_of(branches, file);
	/* A transcript that is read again says what it said. */
	if (last && (offset <= last->offset || last->number == CHANGES_MAX))
		return;
	/* Nearly every line. */
	if (last && last->name > 0 && slice_equals(name, branches->names[last->name]))
		return;
	struct ledger_branch change = { .offset = offset, .number = last ? last->number + 1 : 1 };
	/* Of further changes nobody knows what they were. */
	change.name = change.number < CHANGES_MAX ? number_of(branches, name) : 0;
	if (change.name == (last ? last->name : 0)
	    || branches->count >= UINT32_MAX - 1
	    || !array_reserve(&branches->list, &branches->cap, branches->count + 1, sizeof(*branches->list))
	    || !array_reserve(&branches->last, &branches->file_cap, (size_t)file + 1,
			      sizeof(*branches->last)))
		return;
	while (branches->file_count <= file)
		branches->last[branches->file_count++] = 0;
	change.before = branches->last[file];
	branches->list[branches->count++] = change;
	branches->last[file] = (uint32_t)branches->count;
}

const char *ledger_branches_find(const struct ledger_branches *branches, uint32_t file, int64_t offset)
{
	const struct ledger_branch *change = last_of(branches, file);
	while (change && change->offset > offset)
		change = change->before > 0 ? &branches->list[change->before - 1] : NULL;
	return change && change->name > 0 ? branches->names[change->name] : "";
}

void ledger_branches_release(struct ledger_branches *branches)
{
	strmap_release(&branches->by_name);
	free(branches->names);
	free(branches->list);
	free(branches->last);
}
