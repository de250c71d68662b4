#include "base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/paths.h"
#include "base/scope.h"

#define LOCAL_ZONE "/etc/localtime"
/* What a file of the tz database begins with. */
#define ZONE_MAGIC "TZif"

/* Without a file of it, what the C library counts in is right. */
static bool is_utc(const char *name)
{
	static const char *const names[] = { "UTC", "GMT", "UCT", "Zulu", "Universal", "Greenwich" };
	const char *database = strstr(name, "/zoneinfo/");
	name = database ? database + strlen("/zoneinfo/") : name;
	name += strncmp(name, "Etc/", 4) == 0 ? 4 : 0;
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* The zone of TZ as the C library understands it; NULL when it takes that of /etc/localtime. */
static const char *zone_of_environment(void)
{
	const char *name = getenv("TZ");
	return name && *name == ':' ? name + 1 : name;
}

/* glibc gives a zone a second name when it knows it, be it the first one again. */
static bool has_names(void)
{
	return tzname[1] && tzname[1][0] != '\0';
}

bool zone_set(const char *name)
{
	bool good = name ? setenv("TZ", name, 1) == 0 : unsetenv("TZ") == 0;
	tzset();
	/* It looks again only when TZ is another. */
	if (good && name && !has_names()) {
		good = setenv("TZ", "UTC0", 1) == 0;
		tzset();
		good = setenv("TZ", name, 1) == 0 && good;
		tzset();
	}
	return good;
}

/* Whether the file is one of the tz database. If not, errno says why; 0 when it is of another kind. */
static bool is_zone_file(const char *path)
{
	char magic[sizeof(ZONE_MAGIC) - 1];
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	ssize_t len = read(fd, magic, sizeof(magic));
	if (len >= 0)
		errno = 0;
	return len == (ssize_t)sizeof(magic) && memcmp(magic, ZONE_MAGIC, sizeof(magic)) == 0;
}

/* The target of /etc/localtime; "" when it is no link. */
static void read_local_link(char out[ZONE_NAME_SIZE])
{
	ssize_t len = readlink(LOCAL_ZONE, out, ZONE_NAME_SIZE - 1);
	out[len > 0 ? len : 0] = '\0';
}

static void say_unread(struct buf *error, const char *name, const char *path)
{
	errno = 0;
	bool is_there = is_zone_file(path);
	if (error)
		buf_printf(error, "cannot read the time zone %.*s (%s): %s", ZONE_NAME_SIZE, name, path,
			   is_there ? "it came later"
			   : errno  ? strerror(errno)
				    : "it is not of the tz database");
}

/* Without TZ. A machine that has no /etc/localtime keeps UTC; a link to nowhere is a fault. */
static bool is_local_read(struct buf *error)
{
	char target[ZONE_NAME_SIZE];
	bool looks_like_utc = timezone == 0 && !daylight && strcmp(tzname[0], "UTC") == 0;
	if (!looks_like_utc || is_zone_file(LOCAL_ZONE))
		return true;
	int why = errno;
	read_local_link(target);
	if (is_utc(target) || (why == ENOENT && target[0] == '\0'))
		return true;
	say_unread(error, target[0] ? target : "of this machine", LOCAL_ZONE);
	return false;
}

const char *zone_database(void)
{
	const char *directory = getenv("TZDIR");
	return directory && *directory ? directory : "/usr/share/zoneinfo";
}

bool zone_is_read(struct buf *error)
{
	tzset();
	const char *name = zone_of_environment();
	if (!name)
		return is_local_read(error);
	if (*name == '\0' || has_names() || is_utc(name))
		return true;
	bool is_path = name[0] == '/';
	AUTO_FREE char *path = paths_join(is_path ? "" : zone_database(), name + is_path);
	if (path)
		say_unread(error, name, path);
	return false;
}

void zone_name(char out[ZONE_NAME_SIZE])
{
	const char *name = getenv("TZ");
	if (!zone_is_read(NULL))
		name = "UTC";
	if (name)
		snprintf(out, ZONE_NAME_SIZE, "%s", name);
	else
		read_local_link(out);
}
