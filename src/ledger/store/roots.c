#include "ledger/store/roots.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static struct store_root *add(struct store_roots *roots, const char *name, size_t len)
{
	if (roots->count == DATA_DIRS_MAX)
		return NULL;
	struct store_root *root = &roots->all[roots->count];
	root->name = strndup(name, len);
	root->real = root->name ? realpath(root->name, NULL) : NULL;
	if (root->name && !root->real)
		root->real = strdup(root->name);
	if (!root->real) {
		free(root->name);
		return NULL;
	}
	roots->count++;
	return root;
}

void store_roots_find(struct store_roots *roots, const struct data_dirs *dirs)
{
	for (size_t i = 0; i < dirs->count; i++)
		(void)add(roots, dirs->projects[i], strlen(dirs->projects[i]));
}

static bool is_root_of(const char *root, const char *path, size_t root_len)
{
	return strlen(root) + 1 == root_len && strncmp(root, path, root_len - 1) == 0;
}

const char *store_roots_real(struct store_roots *roots, const char *path, size_t root_len)
{
	for (size_t i = 0; i < roots->count; i++)
		if (is_root_of(roots->all[i].name, path, root_len))
			return roots->all[i].real;
	const struct store_root *root = root_len > 1 ? add(roots, path, root_len - 1) : NULL;
	return root ? root->real : NULL;
}

const char *store_roots_name(const struct store_roots *roots, const char *path, size_t root_len)
{
	for (size_t i = 0; i < roots->count; i++)
		if (is_root_of(roots->all[i].real, path, root_len))
			return roots->all[i].name;
	return NULL;
}

void store_roots_release(struct store_roots *roots)
{
	for (size_t i = 0; i < roots->count; i++) {
		free(roots->all[i].name);
		free(roots->all[i].real);
	}
	roots->count = 0;
}
