#include "base/inotify_limit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/scope.h"

/* Reads the number in a file of /proc. Returns -1 when the file has no number or cannot be read. */
static int64_t read_number(const char *path)
{
	char text[32];
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	if (got <= 0)
		return -1;
	text[got] = '\0';
	char *end;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	return errno == 0 && end != text && value >= 0 ? value : -1;
}

struct inotify_limit inotify_limit_find(enum inotify_resource resource)
{
	static const struct row {
		const char *user_file, *user_sysctl, *namespace_file, *namespace_sysctl;
		int64_t advised;
	} rows[] = {
		[INOTIFY_WATCHES] = {
			"/proc/sys/fs/inotify/max_user_watches", "fs.inotify.max_user_watches",
			"/proc/sys/user/max_inotify_watches", "user.max_inotify_watches", 524288 },
		[INOTIFY_INSTANCES] = {
			"/proc/sys/fs/inotify/max_user_instances", "fs.inotify.max_user_instances",
			"/proc/sys/user/max_inotify_instances", "user.max_inotify_instances", 1024 },
	};
	const struct row *row = &rows[resource];
	int64_t user = read_number(row->user_file), in_namespace = read_number(row->namespace_file);
	bool is_namespace = in_namespace >= 0 && (user < 0 || in_namespace < user);
	return (struct inotify_limit){ is_namespace ? row->namespace_sysctl : row->user_sysctl,
				       is_namespace ? in_namespace : user, row->advised };
}
