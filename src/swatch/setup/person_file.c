#include "swatch/setup/person_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/paths.h"

/* As many as the kernel follows. */
#define LINKS_MAX 40
#define BACKUPS_MAX 99
#define TEMP_SUFFIX ".swatch-new"
#define BACKUP_SUFFIX ".swatch-backup"

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
}

/* The path that a link says, made absolute by where the link stands. */
static char *follow_link(const char *path, const char *link)
{
	if (link[0] == '/')
		return strdup(link);
	char *directory = directory_of(path);
	char *target = directory ? paths_join(directory, link) : NULL;
	free(directory);
	return target;
}

/* Follows links by hand: realpath(3) has no answer for one that leads to a file that is not there yet. */
static char *find_target(const char *path, bool *is_link, struct buf *error)
{
	char link[PATH_MAX];
	char *at = strdup(path);
	*is_link = false;
	for (int i = 0; at && i < LINKS_MAX; i++) {
		ssize_t len = readlink(at, link, sizeof(link) - 1);
		if (len < 0)
			return at;
		link[len] = '\0';
		char *next = follow_link(at, link);
		free(at);
		at = next;
		*is_link = true;
	}
	buf_append_str(error, at ? strerror(ELOOP) : "out of memory");
	free(at);
	return NULL;
}

static bool read_content(int fd, size_t max_bytes, struct buf *text, struct buf *error)
{
	if (file_read_all(fd, max_bytes, text))
		return true;
	if (errno == EFBIG)
		buf_printf(error, "it is larger than %zu KiB", max_bytes >> 10);
	else
		buf_append_str(error, errno == ENOMEM ? "out of memory" : strerror(errno));
	return false;
}

static bool check_kind(const struct stat *st, struct buf *error)
{
	if (!S_ISREG(st->st_mode))
		buf_append_str(error, "it is not a regular file");
	else if (st->st_uid != geteuid())
		buf_printf(error, "it belongs to another user (uid %lu), who has to do this", (unsigned long)st->st_uid);
	else
		return true;
	return false;
}

bool person_file_read(const char *path, size_t max_bytes, struct person_file *file, struct buf *error)
{
	struct stat st;
	memset(file, 0, sizeof(*file));
	file->mode = 0600;
	file->target = find_target(path, &file->is_link, error);
	if (!file->target)
		return false;
	int fd = open(file->target, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return true;
	if (fd < 0) {
		buf_append_str(error, strerror(errno));
		return false;
	}
	bool good = fstat(fd, &st) == 0;
	if (!good)
		buf_append_str(error, strerror(errno));
	good = good && check_kind(&st, error) && read_content(fd, max_bytes, &file->text, error);
	close(fd);
	file->exists = good;
	file->mode = good ? st.st_mode & 07777 : file->mode;
	return good;
}

/* ---- writing ---- */

/* A new file with this content, on the disk. False with errno: there is none. */
static bool write_new(const char *path, mode_t mode, const char *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	/* The mode as it is to be, whatever the umask. */
	bool good = file_write_all(fd, data, len) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
	int why = errno;
	if (close(fd) != 0 && good && errno != EINTR) {
		why = errno;
		good = false;
	}
	if (!good)
		(void)unlink(path);
	errno = why;
	return good;
}

/* Is it still what was read? */
static bool is_unchanged(const struct person_file *file, struct buf *error)
{
	struct person_file now;
	struct buf why = BUF_INIT;
	bool same = person_file_read(file->target, file->text.len, &now, &why) && !now.is_link
		    && now.exists == file->exists && now.text.len == file->text.len
		    && (now.text.len == 0 || memcmp(now.text.data, file->text.data, now.text.len) == 0);
	person_file_release(&now);
	buf_release(&why);
	if (!same)
		buf_append_str(error, "it was changed meanwhile; try again");
	return same;
}

bool person_file_may_write(const struct person_file *file, struct buf *error)
{
	/* By its mode, not by access(2), which lets root pass: read-only is what its owner wants. */
	if (file->exists && (file->mode & 0200) == 0) {
		buf_append_str(error, "it is read-only; chmod u+w it first");
		return false;
	}
	return is_unchanged(file, error);
}

bool person_file_replace(const struct person_file *file, const char *data, size_t len, person_file_check *check,
			 void *ctx, struct buf *error)
{
	struct buf temp = BUF_INIT;
	bool good = person_file_may_write(file, error);
	buf_printf(&temp, "%s" TEMP_SUFFIX ".%ld", file->target, (long)getpid());
	if (good && temp.failed)
		buf_append_str(error, "out of memory");
	if (!good || temp.failed) {
		buf_release(&temp);
		return false;
	}
	/* Of an earlier process with this number, which crashed. */
	(void)unlink(temp.data);
	good = write_new(temp.data, file->mode, data, len);
	if (!good)
		buf_append_str(error, strerror(errno));
	else
		good = (!check || check(ctx, temp.data, error)) && is_unchanged(file, error);
	if (good && rename(temp.data, file->target) != 0) {
		buf_append_str(error, strerror(errno));
		good = false;
	}
	if (!good)
		(void)unlink(temp.data);
	buf_release(&temp);
	return good;
}

bool person_file_remove(const struct person_file *file, struct buf *error)
{
	if (!person_file_may_write(file, error))
		return false;
	if (unlink(file->target) == 0 || errno == ENOENT)
		return true;
	buf_append_str(error, strerror(errno));
	return false;
}

static bool says_the_same(const char *path, const struct person_file *file)
{
	struct person_file other;
	struct buf why = BUF_INIT;
	bool same = person_file_read(path, file->text.len, &other, &why) && other.exists
		    && other.text.len == file->text.len
		    && (other.text.len == 0 || memcmp(other.text.data, file->text.data, other.text.len) == 0);
	person_file_release(&other);
	buf_release(&why);
	return same;
}

char *person_file_back_up(const struct person_file *file, const char *path, bool *made, struct buf *error)
{
	*made = false;
	for (int n = 1; n <= BACKUPS_MAX; n++) {
		struct buf name = BUF_INIT;
		buf_printf(&name, "%s" BACKUP_SUFFIX, path);
		if (n > 1)
			buf_printf(&name, ".%d", n);
		if (name.failed)
			break;
		*made = write_new(name.data, file->mode, buf_str(&file->text), file->text.len);
		int why = errno;
		if (*made || (why == EEXIST && says_the_same(name.data, file)))
			return buf_detach(&name);
		if (why != EEXIST) {
			buf_printf(error, "cannot write the backup %s: %s", name.data, strerror(why));
			buf_release(&name);
			return NULL;
		}
		buf_release(&name);
	}
	buf_printf(error, "cannot write a backup: there are %d of them, or memory ran out", BACKUPS_MAX);
	return NULL;
}

void person_file_release(struct person_file *file)
{
	free(file->target);
	buf_release(&file->text);
	memset(file, 0, sizeof(*file));
}
