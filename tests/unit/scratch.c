#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct scratch test_dir;

void scratch_make(struct scratch *s)
{
	const char *base = getenv("TMPDIR");
	char made[400];
	snprintf(made, sizeof(made), "%s/swatch-test.XXXXXX", base && base[0] == '/' ? base : "/tmp");
	assert_non_null(mkdtemp(made));
	char *real = realpath(made, NULL);
	assert_non_null(real);
	assert_true(strlen(real) < sizeof(s->path));
	memcpy(s->path, real, strlen(real) + 1);
	free(real);
	s->dir_fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(s->dir_fd >= 0);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void scratch_remove(struct scratch *s)
{
	close(s->dir_fd);
	assert_int_equal(nftw(s->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

int scratch_set_up(void **state)
{
	scratch_make(&test_dir);
	*state = &test_dir;
	return 0;
}

int scratch_tear_down(void **state)
{
	(void)state;
	scratch_remove(&test_dir);
	return 0;
}

const char *scratch_name(const struct scratch *s, const char *name)
{
	static char names[8][1024];
	static unsigned next;
	char *out = names[next++ % 8];
	assert_true(snprintf(out, sizeof(names[0]), "%s/%s", s->path, name) < (int)sizeof(names[0]));
	return out;
}

void scratch_write(const struct scratch *s, const char *name, const void *data, size_t len)
{
	int fd = openat(s->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	assert_int_equal(close(fd), 0);
}

void scratch_write_text(const struct scratch *s, const char *name, const char *text)
{
	scratch_write(s, name, text, strlen(text));
}

char *scratch_read(const struct scratch *s, const char *name)
{
	int fd = openat(s->dir_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	size_t cap = (size_t)8 << 20, len = 0;
	char *text = malloc(cap);
	assert_non_null(text);
	ssize_t got;
	while (len < cap - 1 && (got = read(fd, text + len, cap - 1 - len)) > 0)
		len += (size_t)got;
	text[len] = '\0';
	close(fd);
	return text;
}

int scratch_count(const struct scratch *s)
{
	DIR *stream = opendir(s->path);
	assert_non_null(stream);
	int count = 0;
	const struct dirent *entry;
	while ((entry = readdir(stream)))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(stream);
	return count;
}

int scratch_mode(const struct scratch *s, const char *name)
{
	struct stat st;
	if (fstatat(s->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return -1;
	return (int)(st.st_mode & 07777);
}

void scratch_catch_log(const struct scratch *s, void (*work)(void), struct buf *said)
{
	char bytes[4096];
	int log = openat(s->dir_fd, "log", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_true(log >= 0 && saved >= 0 && dup2(log, STDERR_FILENO) == STDERR_FILENO);
	work();
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	ssize_t got = pread(log, bytes, sizeof(bytes), 0);
	assert_true(got >= 0);
	buf_append(said, bytes, (size_t)got);
	close(saved);
	close(log);
}
