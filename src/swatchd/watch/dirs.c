#include "swatchd/watch/dirs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/inotify_limit.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/scope.h"
#include "config/config.h"
#include "transcript/path.h"

static const char why_limit[] = "inotify watch limit reached";
static const char why_method[] = "[watch] method = poll";
static const char why_refused[] = "it cannot be watched";
static const char why_memory[] = "out of memory";

/* Filesystems that other machines change, or that accept watches and never report (statfs(2), magic.h). */
static const struct { unsigned long magic; const char *why; } silent_filesystems[] = {
	{ 0x6969UL, "NFS does not report changes" },
	{ 0x01021997UL, "9p does not report changes" },
	{ 0x53464846UL, "WSL's DrvFs does not report changes" },
	{ 0x65735546UL, "FUSE may not report changes" },
	{ 0xFF534D42UL, "CIFS does not report changes" },
	{ 0xFE534D42UL, "SMB does not report changes" },
	{ 0x517BUL, "SMB does not report changes" },
	{ 0x786F4256UL, "vboxsf does not report changes" },
	{ 0x5346414FUL, "AFS does not report changes" },
	{ 0x00C36400UL, "Ceph does not report changes" },
};

static const char *why_polled(const struct watch *watch, const char *path)
{
	if (watch->inotify_fd < 0)
		return why_method;
	if (watch->method == WATCH_INOTIFY)
		return NULL;
	struct statfs fs;
	if (statfs(path, &fs) != 0)
		return NULL;  /* inotify_add_watch() will say why */
	for (size_t i = 0; i < ARRAY_COUNT(silent_filesystems); i++)
		if ((unsigned long)fs.f_type == silent_filesystems[i].magic)
			return silent_filesystems[i].why;
	return NULL;
}

static uint32_t mask_of_roles(unsigned roles, unsigned depth)
{
	uint32_t mask = IN_ONLYDIR | IN_DELETE_SELF | IN_MOVE_SELF | IN_CREATE | IN_MOVED_TO;
	if (roles & (WATCH_ROLE_TREE | WATCH_ROLE_PROCESSES))
		mask |= IN_MODIFY | IN_MOVED_FROM | IN_DELETE;
	/* A root may be the user's symlink; below a root, symlinks are not followed. */
	if (depth > 0)
		mask |= IN_DONT_FOLLOW;
	return mask;
}

/* Whether the reason may have passed by the next poll. */
static bool is_passing(const char *why)
{
	return why == why_limit || why == why_refused || why == why_memory;
}

static void set_unlisted(struct watch *watch, struct watch_dir *dir, bool unlisted)
{
	if (unlisted && !dir->unlisted)
		watch->stats.unlisted++;
	else if (!unlisted && dir->unlisted)
		watch->stats.unlisted--;
	dir->unlisted = unlisted;
}

static void set_polled(struct watch *watch, struct watch_dir *dir, const char *why)
{
	if (why && !dir->polled_why) {
		watch->stats.polled++;
		struct jsonw *w = events_begin(watch->events, "polling");
		if (w) {
			jsonw_put_string(w, "path", dir->path);
			jsonw_put_string(w, "why", why);
			events_end(watch->events);
		}
	} else if (!why && dir->polled_why) {
		watch->stats.polled--;
	}
	dir->polled_why = why;
}

static void report_limit(struct watch *watch, const char *path)
{
	if (watch->limit_reported)
		return;
	watch->limit_reported = true;
	struct inotify_limit limit = inotify_limit_find(INOTIFY_WATCHES);
	log_warning("cannot watch %s: inotify watch limit reached (%s=%lld); this and other folders are "
		    "polled until watches are free; to raise it: sysctl %s=%lld", path, limit.sysctl,
		    (long long)limit.most, limit.sysctl, (long long)limit.advised);
}

void watch_write_why(const struct watch_dir *dir, struct jsonw *w)
{
	const char *why = dir->polled_why;
	jsonw_put_string(w, "why", why);
	jsonw_put_string(w, "reason", why == why_limit     ? "limit"
				      : why == why_method  ? "method"
				      : why == why_refused ? "refused"
				      : why == why_memory  ? "memory" : "filesystem");
	if (why == why_limit) {
		struct inotify_limit limit = inotify_limit_find(INOTIFY_WATCHES);
		jsonw_put_string(w, "sysctl", limit.sysctl);
		jsonw_put_int(w, "advised", limit.advised);
	}
}

static void report_silent(struct watch *watch, const struct watch_dir *dir)
{
	if (watch->polling_reported || is_passing(dir->polled_why) || dir->polled_why == why_method)
		return;
	watch->polling_reported = true;
	log_info("polling %s and folders like it every %.0f s while active, every %.0f s otherwise: %s",
		 dir->path, WATCH_POLL_ACTIVE_S, WATCH_POLL_QUIET_S, dir->polled_why);
}

static void unmap_wd(struct watch *watch, struct watch_dir *dir)
{
	if (dir->wd < 0)
		return;
	const char *key = (const char *)&dir->wd;
	if (strmap_get_len(&watch->dirs_by_wd, key, sizeof(dir->wd)) == dir)
		strmap_remove_len(&watch->dirs_by_wd, key, sizeof(dir->wd));
	dir->wd = -1;
}

static bool map_wd(struct watch *watch, struct watch_dir *dir, int wd)
{
	if (dir->wd == wd)
		return true;
	unmap_wd(watch, dir);
	/* The kernel has one watch an inode: a moved directory keeps its descriptor. */
	struct watch_dir *before = watch_dirs_by_wd(watch, wd);
	if (before)
		before->wd = -1;
	if (!strmap_put_len(&watch->dirs_by_wd, (const char *)&wd, sizeof(wd), dir))
		return false;
	dir->wd = wd;
	return true;
}

/* Starts to watch, or to poll. Returns false when the directory is gone. */
static bool start_watching(struct watch *watch, struct watch_dir *dir)
{
	const char *why = why_polled(watch, dir->path);
	if (!why) {
		int wd = inotify_add_watch(watch->inotify_fd, dir->path,
					   mask_of_roles(dir->roles, dir->depth));
		if (wd >= 0) {
			set_polled(watch, dir, NULL);
			if (map_wd(watch, dir, wd))
				return true;
			(void)inotify_rm_watch(watch->inotify_fd, wd);
			log_error("cannot watch %s: out of memory; polling it", dir->path);
			why = why_memory;
		} else if (errno == ENOSPC) {
			report_limit(watch, dir->path);
			why = why_limit;
		} else if (paths_is_gone(errno)) {
			return false;
		} else {
			if (dir->polled_why != why_refused)
				log_warning("cannot watch %s: %s; polling it until that changes", dir->path,
					    strerror(errno));
			why = why_refused;
		}
	}
	set_polled(watch, dir, why);
	report_silent(watch, dir);
	return true;
}

static struct watch_dir *new_dir(struct watch *watch, const char *path)
{
	struct watch_dir *dir = calloc(1, sizeof(*dir));
	if (!dir)
		return NULL;
	dir->wd = -1;
	dir->path = strdup(path);
	if (!dir->path || !strmap_put(&watch->dirs_by_path, path, dir)) {
		free(dir->path);
		free(dir);
		return NULL;
	}
	watch->stats.directories++;
	return dir;
}

bool watch_dirs_has_moved(const struct watch_dir *dir)
{
	struct stat st;
	if (lstat(dir->path, &st) != 0)
		return paths_is_gone(errno);
	return st.st_dev != dir->dev || st.st_ino != dir->ino;
}

struct watch_dir *watch_dirs_add(struct watch *watch, const char *path, enum watch_role role, size_t root_len,
				 unsigned depth)
{
	struct watch_dir *dir = watch_dirs_by_path(watch, path);
	if (!dir) {
		dir = new_dir(watch, path);
		if (!dir) {
			log_error("cannot watch %s: out of memory; trying again", path);
			watch->lost = true;
			return NULL;
		}
	}
	if (role == WATCH_ROLE_TREE) {
		dir->root_len = root_len;
		dir->depth = depth;
	}
	dir->roles |= role;
	/* Also for a known one: its path may lead to another directory by now. */
	if (!start_watching(watch, dir)) {
		watch_dirs_drop(watch, dir);
		return NULL;
	}
	struct stat st;
	if (lstat(dir->path, &st) == 0) {
		dir->dev = st.st_dev;
		dir->ino = st.st_ino;
	}
	if (role != WATCH_ROLE_ANCHOR)
		watch_dirs_queue(watch, dir);
	return dir;
}

void watch_dirs_add_below(struct watch *watch, struct watch_dir *above, const char *path)
{
	if (above->depth < TRANSCRIPT_MAX_DEPTH) {
		(void)watch_dirs_add(watch, path, WATCH_ROLE_TREE, above->root_len, above->depth + 1);
		return;
	}
	/* Polling lists a folder every few seconds: one message for all that is in it. */
	if (!above->said_too_deep)
		log_warning("cannot watch %s: more than %d folders deep; what is in it does not count", path,
			    TRANSCRIPT_MAX_DEPTH);
	above->said_too_deep = true;
}

void watch_dirs_remove_role(struct watch *watch, struct watch_dir *dir, enum watch_role role)
{
	dir->roles &= ~(unsigned)role;
	if (dir->roles == 0)
		watch_dirs_drop(watch, dir);
}

static void unqueue(struct watch *watch, struct watch_dir *dir)
{
	if (!dir->queued)
		return;
	struct watch_dir *before = NULL;
	for (struct watch_dir *d = watch->pending; d; before = d, d = d->next_pending) {
		if (d != dir)
			continue;
		if (before)
			before->next_pending = dir->next_pending;
		else
			watch->pending = dir->next_pending;
		if (watch->pending_tail == dir)
			watch->pending_tail = before;
		break;
	}
	dir->queued = false;
}

void watch_dirs_drop(struct watch *watch, struct watch_dir *dir)
{
	unqueue(watch, dir);
	set_polled(watch, dir, NULL);
	set_unlisted(watch, dir, false);
	int wd = dir->wd;
	unmap_wd(watch, dir);
	/* EINVAL: the kernel dropped it already, with the directory. */
	if (wd >= 0)
		(void)inotify_rm_watch(watch->inotify_fd, wd);
	strmap_remove(&watch->dirs_by_path, dir->path);
	watch->stats.directories--;
	free(dir->path);
	free(dir);
}

void watch_dirs_drop_tree(struct watch *watch, const char *prefix)
{
	size_t len = strlen(prefix);
	size_t cursor = 0;
	const struct strmap_slot *slot;
	while ((slot = strmap_each(&watch->dirs_by_path, &cursor))) {
		struct watch_dir *dir = slot->value;
		if (strncmp(dir->path, prefix, len) == 0 && (dir->path[len] == '/' || dir->path[len] == '\0'))
			watch_dirs_drop(watch, dir);
	}
}

struct watch_dir *watch_dirs_by_path(const struct watch *watch, const char *path)
{
	return strmap_get(&watch->dirs_by_path, path);
}

struct watch_dir *watch_dirs_by_wd(const struct watch *watch, int wd)
{
	return strmap_get_len(&watch->dirs_by_wd, (const char *)&wd, sizeof(wd));
}

void watch_dirs_forget_wd(struct watch *watch, int wd)
{
	struct watch_dir *dir = watch_dirs_by_wd(watch, wd);
	if (dir)
		unmap_wd(watch, dir);
}

void watch_dirs_queue(struct watch *watch, struct watch_dir *dir)
{
	if (dir->queued)
		return;
	dir->queued = true;
	dir->next_pending = NULL;
	if (watch->pending_tail)
		watch->pending_tail->next_pending = dir;
	else
		watch->pending = dir;
	watch->pending_tail = dir;
}

static bool has_ending(const char *name, const char *ending)
{
	size_t name_len = strlen(name), ending_len = strlen(ending);
	return name_len > ending_len && strcmp(name + name_len - ending_len, ending) == 0;
}

/* Looks what an entry is: DT_DIR, DT_REG, DT_UNKNOWN for all else. Does not follow symlinks. */
static unsigned char kind_of(int dir_fd, const struct dirent *entry)
{
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	struct stat st;
	if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return DT_UNKNOWN;
	return S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_UNKNOWN;
}

static void list_entry(struct watch *watch, struct watch_dir *dir, int dir_fd, const struct dirent *entry)
{
	const char *name = entry->d_name;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return;
	unsigned char kind = kind_of(dir_fd, entry);
	bool tree = (dir->roles & WATCH_ROLE_TREE) != 0;
	bool transcript = tree && kind == DT_REG && has_ending(name, ".jsonl");
	bool process = (dir->roles & WATCH_ROLE_PROCESSES) && kind == DT_REG && has_ending(name, ".json");
	if (!transcript && !process && !(tree && kind == DT_DIR))
		return;
	AUTO_FREE char *path = paths_join(dir->path, name);
	if (!path) {
		log_error("cannot look at %s/%s: out of memory; trying again", dir->path, name);
		watch->lost = true;
		return;
	}
	if (transcript)
		watch->callbacks.file_seen(watch->ctx, path, dir->root_len, dir->polled_why != NULL);
	else if (process)
		watch->callbacks.process_file_changed(watch->ctx, path);
	/* Polling lists a known folder in its own turn. */
	else if (!watch_dirs_by_path(watch, path) || watch->inotify_fd >= 0)
		watch_dirs_add_below(watch, dir, path);
}

/* Says so once, until it can be listed. */
static void note_unlisted(struct watch *watch, struct watch_dir *dir, int why)
{
	if (!dir->unlisted)
		log_warning("cannot list %s: %s; trying again", dir->path, strerror(why));
	set_unlisted(watch, dir, true);
}

/* A polled directory is gone, with all below it. Without memory the next poll sees it gone. */
static void drop_gone(struct watch *watch, const struct watch_dir *dir)
{
	AUTO_FREE char *path = strdup(dir->path);
	if (!path)
		return;
	watch_dirs_drop_tree(watch, path);
	watch->callbacks.tree_gone(watch->ctx, path);
}

static void list_directory(struct watch *watch, struct watch_dir *dir)
{
	DIR *stream = file_open_directory(AT_FDCWD, dir->path, dir->depth > 0 ? O_NOFOLLOW : 0);
	if (!stream) {
		if (!paths_is_gone(errno))
			note_unlisted(watch, dir, errno);
		else if (dir->polled_why)
			drop_gone(watch, dir);
		return;
	}
	const struct dirent *entry;
	while ((errno = 0, entry = readdir(stream)) || errno == EINTR)
		if (entry)
			list_entry(watch, dir, dirfd(stream), entry);
	if (errno != 0)
		note_unlisted(watch, dir, errno);
	else
		set_unlisted(watch, dir, false);
	closedir(stream);
}

bool watch_dirs_list_next(struct watch *watch)
{
	struct watch_dir *dir = watch->pending;
	if (!dir)
		return false;
	unqueue(watch, dir);
	list_directory(watch, dir);
	return true;
}

void watch_dirs_queue_polled(struct watch *watch)
{
	size_t cursor = 0;
	const struct strmap_slot *slot;
	while ((slot = strmap_each(&watch->dirs_by_path, &cursor))) {
		struct watch_dir *dir = slot->value;
		if (!dir->polled_why && !dir->unlisted)
			continue;
		if (is_passing(dir->polled_why) && !start_watching(watch, dir)) {
			watch_dirs_drop(watch, dir);
			continue;
		}
		watch_dirs_queue(watch, dir);
	}
	if (watch->stats.polled == 0)
		watch->limit_reported = false;
}

void watch_dirs_queue_all(struct watch *watch)
{
	size_t cursor = 0;
	const struct strmap_slot *slot;
	while ((slot = strmap_each(&watch->dirs_by_path, &cursor)))
		watch_dirs_queue(watch, slot->value);
}

void watch_dirs_release(struct watch *watch)
{
	size_t cursor = 0;
	const struct strmap_slot *slot;
	while ((slot = strmap_each(&watch->dirs_by_path, &cursor)))
		watch_dirs_drop(watch, slot->value);
	strmap_release(&watch->dirs_by_path);
	strmap_release(&watch->dirs_by_wd);
}
