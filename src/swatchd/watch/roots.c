#include "swatchd/watch/roots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/paths.h"
#include "base/scope.h"
#include "swatchd/watch/dirs.h"

/* How often to look at the roots again when one appeared meanwhile. */
#define RESOLVE_ATTEMPTS 4

void watch_roots_drop_tree(struct watch *watch, const char *path)
{
	watch_dirs_drop_tree(watch, path);
	watch->callbacks.tree_gone(watch->ctx, path);
}

/* A stat() failed; the next poll tries again. Logs it once, until all places can be seen. */
static void note_unseen(struct watch *watch, const char *path, int why)
{
	if (!watch->unseen_reported)
		log_warning("cannot look at %s: %s; trying again", path, strerror(why));
	watch->unseen_reported = watch->lost = true;
}

/* Watches the nearest existing directory above `path`, where the next part of its way will appear. */
static void anchor_above(struct watch *watch, const char *path)
{
	AUTO_FREE char *above = strdup(path);
	if (!above) {
		note_unseen(watch, path, ENOMEM);
		return;
	}
	struct watch_dir *anchor = NULL;
	char *slash;
	while (!anchor && (slash = strrchr(above, '/'))) {
		if (slash == above)
			slash[1] = '\0';
		else
			*slash = '\0';
		struct stat st;
		if (stat(above, &st) == 0 && S_ISDIR(st.st_mode))
			anchor = watch_dirs_add(watch, above, WATCH_ROLE_ANCHOR, 0, 0);
		if (slash == above)
			break;
	}
	if (anchor)
		anchor->anchor_turn = watch->resolve_turn;
	else
		watch->lost = true;
}

static bool same_as_earlier(const struct watch *watch, size_t index, const struct stat *st)
{
	for (size_t i = 0; i < index; i++) {
		const struct watch_root *other = &watch->roots[i];
		if (other->state == WATCH_ROOT_WATCHED && other->dev == st->st_dev
		    && other->ino == st->st_ino)
			return true;
	}
	return false;
}

static void resolve_root(struct watch *watch, size_t index)
{
	struct watch_root *root = &watch->roots[index];
	struct stat st;
	bool looked = stat(root->path, &st) == 0;
	if (!looked && !paths_is_gone(errno)) {
		/* It may still be there: keep what is known of it. */
		note_unseen(watch, root->path, errno);
		return;
	}
	bool exists = looked && S_ISDIR(st.st_mode);
	bool same = exists && same_as_earlier(watch, index, &st);
	bool replaced = exists && root->state == WATCH_ROOT_WATCHED
			&& (root->dev != st.st_dev || root->ino != st.st_ino);
	if (root->state == WATCH_ROOT_WATCHED && (!exists || same || replaced)) {
		watch_roots_drop_tree(watch, root->path);
		root->state = WATCH_ROOT_MISSING;
	}
	anchor_above(watch, root->path);
	if (!exists || same) {
		root->state = same ? WATCH_ROOT_SAME_AS_OTHER : WATCH_ROOT_MISSING;
		return;
	}
	if (root->state == WATCH_ROOT_WATCHED)
		return;
	root->dev = st.st_dev;
	root->ino = st.st_ino;
	if (watch_dirs_add(watch, root->path, WATCH_ROLE_TREE, strlen(root->path) + 1, 0))
		root->state = WATCH_ROOT_WATCHED;
	else
		watch->lost = true;
	root->was_watched = root->was_watched || root->state == WATCH_ROOT_WATCHED;
}

static void resolve_processes(struct watch *watch, const struct watch_root *root)
{
	AUTO_FREE char *path = paths_join(root->config_path, "sessions");
	struct stat st;
	bool looked = path && lstat(path, &st) == 0;
	if (!looked && !(path && paths_is_gone(errno)))
		note_unseen(watch, root->config_path, path ? errno : ENOMEM);
	else if (looked && S_ISDIR(st.st_mode) && !watch_dirs_by_path(watch, path))
		(void)watch_dirs_add(watch, path, WATCH_ROLE_PROCESSES, 0, 0);
}

/* An anchor that no root needs any more would wake the daemon for nothing. */
static void drop_old_anchors(struct watch *watch)
{
	size_t cursor = 0;
	const struct strmap_slot *slot;
	while ((slot = strmap_each(&watch->dirs_by_path, &cursor))) {
		struct watch_dir *dir = slot->value;
		if ((dir->roles & WATCH_ROLE_ANCHOR) && dir->anchor_turn != watch->resolve_turn)
			watch_dirs_remove_role(watch, dir, WATCH_ROLE_ANCHOR);
	}
}

static bool a_missing_root_exists(const struct watch *watch)
{
	for (size_t i = 0; i < watch->root_count; i++) {
		struct stat st;
		if (watch->roots[i].state == WATCH_ROOT_MISSING && stat(watch->roots[i].path, &st) == 0
		    && S_ISDIR(st.st_mode))
			return true;
	}
	return false;
}

void watch_roots_resolve(struct watch *watch)
{
	/* A root that appears between the look and the anchor's watch makes no event: look again. */
	for (int attempt = 0; attempt < RESOLVE_ATTEMPTS; attempt++) {
		watch->resolve_turn++;
		for (size_t i = 0; i < watch->root_count; i++) {
			resolve_root(watch, i);
			resolve_processes(watch, &watch->roots[i]);
		}
		drop_old_anchors(watch);
		if (!a_missing_root_exists(watch))
			break;
	}
}

void watch_roots_drop_moved(struct watch *watch)
{
	for (size_t i = 0; i < watch->root_count; i++) {
		struct watch_root *root = &watch->roots[i];
		struct stat st;
		if (root->state != WATCH_ROOT_WATCHED)
			continue;
		bool looked = stat(root->path, &st) == 0;
		if (!looked && !paths_is_gone(errno)) {
			note_unseen(watch, root->path, errno);
		} else if (!looked || st.st_dev != root->dev || st.st_ino != root->ino) {
			watch_roots_drop_tree(watch, root->path);
			root->state = WATCH_ROOT_MISSING;
		}
	}
	size_t cursor = 0;
	const struct strmap_slot *slot;
	while ((slot = strmap_each(&watch->dirs_by_path, &cursor))) {
		struct watch_dir *dir = slot->value;
		if (!(dir->roles & WATCH_ROLE_TREE))
			watch_dirs_drop(watch, dir);
	}
	watch->force_look = false;
}

bool watch_roots_have_moved(const struct watch *watch)
{
	if (a_missing_root_exists(watch))
		return true;
	for (size_t i = 0; i < watch->root_count; i++) {
		const struct watch_root *root = &watch->roots[i];
		struct stat st;
		if (root->state != WATCH_ROOT_WATCHED)
			continue;
		bool looked = stat(root->path, &st) == 0;
		if (looked ? st.st_dev != root->dev || st.st_ino != root->ino : paths_is_gone(errno))
			return true;
	}
	return false;
}

const struct watch_root *watch_roots_missed(const struct watch *watch)
{
	for (size_t i = 0; i < watch->root_count; i++)
		if (watch->roots[i].state == WATCH_ROOT_MISSING && watch->roots[i].was_watched)
			return &watch->roots[i];
	return NULL;
}

/* The first folder below a root that is another one by now; the caller frees its path. */
static char *find_covered(const struct watch *watch)
{
	size_t cursor = 0;
	const struct strmap_slot *slot;
	while ((slot = strmap_each(&watch->dirs_by_path, &cursor))) {
		const struct watch_dir *dir = slot->value;
		if ((dir->roles & WATCH_ROLE_TREE) && dir->depth > 0 && watch_dirs_has_moved(dir))
			return strdup(dir->path);
	}
	return NULL;
}

void watch_roots_drop_covered(struct watch *watch)
{
	char *path;
	while ((path = find_covered(watch))) {
		watch_roots_drop_tree(watch, path);
		/* The folder above lists it anew. */
		char *slash = strrchr(path, '/');
		if (slash)
			*slash = '\0';
		struct watch_dir *above = watch_dirs_by_path(watch, path);
		if (above)
			watch_dirs_queue(watch, above);
		free(path);
	}
}

static void free_roots(struct watch_root *roots, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(roots[i].path);
		free(roots[i].config_path);
	}
	free(roots);
}

static bool is_among(const char *path, const char *const *paths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(path, paths[i]) == 0)
			return true;
	return false;
}

int watch_roots_set(struct watch *watch, const char *const *paths, size_t count)
{
	struct watch_root *roots = calloc(count > 0 ? count : 1, sizeof(*roots));
	if (!roots)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *slash = strrchr(paths[i], '/');
		roots[i].path = strdup(paths[i]);
		roots[i].config_path = strndup(paths[i], slash
					       && slash != paths[i] ? (size_t)(slash - paths[i]) : 1);
		if (!roots[i].path || !roots[i].config_path) {
			free_roots(roots, count);
			return -1;
		}
	}
	for (size_t i = 0; i < watch->root_count; i++) {
		struct watch_root *old = &watch->roots[i];
		if (old->state == WATCH_ROOT_WATCHED && !is_among(old->path, paths, count))
			watch_roots_drop_tree(watch, old->path);
		for (size_t j = 0; j < count; j++) {
			if (strcmp(roots[j].path, old->path) == 0) {
				roots[j].state = old->state;
				roots[j].dev = old->dev;
				roots[j].ino = old->ino;
				roots[j].was_watched = old->was_watched;
			}
		}
	}
	free_roots(watch->roots, watch->root_count);
	watch->roots = roots;
	watch->root_count = count;
	watch_roots_resolve(watch);
	return 0;
}

void watch_roots_release(struct watch *watch)
{
	free_roots(watch->roots, watch->root_count);
	watch->roots = NULL;
	watch->root_count = 0;
}
