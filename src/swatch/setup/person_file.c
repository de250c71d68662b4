#include "swatch/setup/person_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/paths.h"
#include "base/scope.h"
#include "swatch/setup/swap.h"

/* The kernel follows as many links. */
#define LINKS_MAX 40
#define BACKUPS_MAX 99
#define TEMP_SUFFIX ".swatch-new"
#define BACKUP_SUFFIX ".swatch-backup"

/* Says why a call failed; an empty message means that memory ran out. Returns false. */
static bool fail_errno(struct buf *error)
{
	if (errno != ENOMEM)
		buf_append_str(error, strerror(errno));
	return false;
}

/* Returns the path in a link, made absolute by the link's own place. */
static char *follow_link(const char *path, const char *link)
{
	if (link[0] == '/')
		return strdup(link);
	AUTO_FREE char *directory = paths_parent(path);
	return directory ? paths_join(directory, link) : NULL;
}

/* Follows links by hand: realpath(3) fails for a link that leads to a file that is not there yet. */
static char *find_target(const char *path, bool *is_link, struct buf *error)
{
	char link[PATH_MAX];
	AUTO_FREE char *at = strdup(path);
	*is_link = false;
	for (int i = 0; at && i < LINKS_MAX; i++) {
		ssize_t len = readlink(at, link, sizeof(link) - 1);
		if (len < 0)
			return SCOPE_KEEP(at);
		link[len] = '\0';
		char *next = follow_link(at, link);
		free(at);
		at = next;
		*is_link = true;
	}
	if (at)
		buf_append_str(error, strerror(ELOOP));
	return NULL;
}

static bool check_kind(const struct stat *st, struct buf *error)
{
	if (!S_ISREG(st->st_mode))
		buf_append_str(error, "it is not a regular file");
	else if (st->st_uid != geteuid())
		buf_printf(error, "it belongs to another user (uid %lu), who has to do this",
			   (unsigned long)st->st_uid);
	else
		return true;
	return false;
}

bool person_file_read(const char *path, size_t max_bytes, struct person_file *file, struct buf *error)
{
	struct stat st;
	*file = (struct person_file){ .mode = 0600 };
	file->target = find_target(path, &file->is_link, error);
	if (!file->target)
		return false;
	AUTO_CLOSE int fd = open(file->target, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return true;
	if (fd < 0 || fstat(fd, &st) != 0)
		return fail_errno(error);
	if (!check_kind(&st, error))
		return false;
	if (!file_read_all(fd, max_bytes, &file->text)) {
		if (errno != EFBIG)
			return fail_errno(error);
		buf_printf(error, "it is larger than %zu KiB", max_bytes >> 10);
		return false;
	}
	file->exists = true;
	file->mode = st.st_mode & 07777;
	file->names = st.st_nlink;
	return true;
}

/* ---- writing ---- */

/* Writes a new file, down to the disk. Returns false with errno and without a file. */
static bool write_new(const char *path, mode_t mode, const char *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	/* fchmod, because the mode must not depend on the umask. */
	bool good = file_write_all(fd, data, len) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
	if (!good)
		close_quietly(fd);
	else
		good = close(fd) == 0 || errno == EINTR;
	int why = errno;
	if (!good)
		(void)unlink(path);
	errno = why;
	return good;
}

/* Whether a path still holds the text that was read. */
static bool holds_the_same(const char *path, const struct person_file *file)
{
	AUTO_PERSON_FILE now = { 0 };
	AUTO_BUF why = BUF_INIT;
	return person_file_read(path, file->text.len, &now, &why) && now.exists == file->exists
	       && now.text.len == file->text.len
	       && (now.text.len == 0 || memcmp(now.text.data, file->text.data, now.text.len) == 0)
	       && (!now.is_link || path != file->target);
}

static bool say_changed(struct person_file *file, struct buf *error)
{
	file->changed = true;
	buf_append_str(error, "somebody changed it meanwhile; try again");
	return false;
}

/* Whether the folder takes a new file, and the place of the file can be given to another one. */
static bool may_replace(const struct person_file *file, struct buf *error)
{
	struct statx stx = { 0 };
	AUTO_FREE char *directory = paths_parent(file->target);
	if (!directory)
		return false;
	/* As root it could: but the file would be root's, in a folder where somebody else can plant links. */
	struct stat st;
	if (geteuid() == 0 && stat(directory, &st) == 0 && st.st_uid != 0) {
		buf_printf(error, "its folder %s belongs to another user (uid %lu), who has to do this",
			   directory, (unsigned long)st.st_uid);
		return false;
	}
	bool looked = file->exists && statx(AT_FDCWD, file->target, AT_SYMLINK_NOFOLLOW, 0, &stx) == 0;
	uint64_t attributes = looked ? stx.stx_attributes : 0;
	if (attributes & STATX_ATTR_MOUNT_ROOT) {
		buf_append_str(error, "it is mounted by itself, as by docker -v FILE:FILE, so no other file "
				      "can take its place; mount its folder, or edit it by hand");
		return false;
	}
	if (attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) {
		buf_append_str(error, "somebody made it unchangeable; as root: chattr -i -a first");
		return false;
	}
	if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0 || errno == ENOENT)
		return true;
	if (errno == EROFS)
		buf_printf(error, "%s a file system that is mounted read-only (%s); change it where it comes "
				  "from, as in Nix's home-manager or where this container is started",
			   file->is_link ? "its link leads into" : "it is on", file->target);
	else
		buf_printf(error, "no file can be made in %s: %s", directory, strerror(errno));
	return false;
}

bool person_file_may_write(struct person_file *file, struct buf *error)
{
	if (!may_replace(file, error))
		return false;
	/* By its mode, not by access(2), which lets root pass: read-only is what its owner wants. */
	if (file->exists && (file->mode & 0200) == 0) {
		buf_append_str(error, "it is read-only; chmod u+w it first");
		return false;
	}
	return holds_the_same(file->target, file) || say_changed(file, error);
}

/* Returns a free name beside the file; NULL when memory ran out. */
static char *name_temp(const struct person_file *file)
{
	AUTO_BUF temp = BUF_INIT;
	buf_printf(&temp, "%s" TEMP_SUFFIX ".%ld", file->target, (long)getpid());
	if (temp.failed)
		return NULL;
	/* An earlier process with this number may have crashed and left one. */
	(void)unlink(temp.data);
	return buf_detach(&temp);
}

bool person_file_replace(struct person_file *file, const char *data, size_t len, person_file_check *check,
			 void *ctx, struct buf *error)
{
	AUTO_BUF ours = BUF_INIT;
	if (!person_file_may_write(file, error))
		return false;
	AUTO_FREE char *temp = name_temp(file);
	buf_append(&ours, data, len);
	if (!temp || ours.failed)
		return false;
	if (!write_new(temp, file->mode, data, len))
		return fail_errno(error);
	bool good = !check || check(ctx, temp, error);
	if (!good) {
		(void)unlink(temp);
		return false;
	}
	const struct buf *expected = file->exists ? &file->text : NULL;
	enum swap_result result = swap_in(temp, &ours, file->target, expected, error);
	return result == SWAP_DONE || (result == SWAP_CHANGED && say_changed(file, error));
}

bool person_file_remove(struct person_file *file, struct buf *error)
{
	if (!person_file_may_write(file, error))
		return false;
	AUTO_FREE char *temp = file->exists ? name_temp(file) : NULL;
	if (!temp)
		return !file->exists;
	enum swap_result result = swap_out(file->target, &file->text, temp, error);
	return result == SWAP_DONE || (result == SWAP_CHANGED && say_changed(file, error));
}

char *person_file_back_up(const struct person_file *file, const char *path, bool *made, struct buf *error)
{
	*made = false;
	for (int n = 1; n <= BACKUPS_MAX; n++) {
		AUTO_BUF name = BUF_INIT;
		buf_printf(&name, "%s" BACKUP_SUFFIX, path);
		if (n > 1)
			buf_printf(&name, ".%d", n);
		if (name.failed)
			return NULL;
		*made = write_new(name.data, file->mode, buf_str(&file->text), file->text.len);
		if (!*made && errno != EEXIST) {
			buf_printf(error, "cannot write the backup %s: %s", name.data, strerror(errno));
			return NULL;
		}
		if (*made || holds_the_same(name.data, file))
			return buf_detach(&name);
	}
	buf_printf(error, "cannot write a backup: there are %d of them already", BACKUPS_MAX);
	return NULL;
}

void person_file_release(struct person_file *file)
{
	free(file->target);
	buf_release(&file->text);
	memset(file, 0, sizeof(*file));
}
