#include "sandbox/ruleset.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/scope.h"
#include "sandbox/landlock.h"

#define MAKE_DEVICES (LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)
#define FILE_RIGHTS \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_IOCTL_DEV)
/* The daemon writes whole files and makes a socket in its own directories. */
#define OWN_RIGHTS \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_REMOVE_FILE \
	 | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK)
/* What programs do where they may write. */
#define WRITE_RIGHTS \
	(OWN_RIGHTS | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_DIR \
	 | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER)
/* Everything that needs a rule; sandbox.h says why reading and executing need none. */
#define HANDLED_RIGHTS (WRITE_RIGHTS | MAKE_DEVICES | LANDLOCK_ACCESS_FS_IOCTL_DEV)
#define ALL_SCOPES (LANDLOCK_SCOPE_SIGNAL | LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET)

/* Rights that came with a version of Landlock. */
static const struct { int abi; struct landlock_rights rights; } since[] = {
	{ 2, { LANDLOCK_ACCESS_FS_REFER, 0, 0 } },  /* before it, no rename may change the directory */
	{ RULESET_ABI_TRUNCATE, { LANDLOCK_ACCESS_FS_TRUNCATE, 0, 0 } },
	{ RULESET_ABI_TCP, { 0, LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP, 0 } },
	{ RULESET_ABI_DEVICES, { LANDLOCK_ACCESS_FS_IOCTL_DEV, 0, 0 } },
	{ RULESET_ABI_SCOPES, { 0, 0, ALL_SCOPES } },
};

int ruleset_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
	return abi > 0 ? (int)abi : 0;
}

/* ---- the kernel's calls ---- */

/* What this version knows of them. */
static struct landlock_rights known_to(int abi, struct landlock_rights rights)
{
	for (size_t i = 0; i < ARRAY_COUNT(since); i++) {
		if (abi >= since[i].abi)
			continue;
		rights.fs &= ~since[i].rights.fs;
		rights.net &= ~since[i].rights.net;
		rights.scoped &= ~since[i].rights.scoped;
	}
	return rights;
}

static int create(const struct landlock_rights *known, int abi)
{
	/* Cut short: an older kernel refuses a field that it does not know, even with zeros. */
	size_t size = abi >= RULESET_ABI_SCOPES ? sizeof(*known)
		      : abi >= RULESET_ABI_TCP	? offsetof(struct landlock_rights, scoped)
						: offsetof(struct landlock_rights, net);
	return (int)syscall(SYS_landlock_create_ruleset, known, size, 0U);
}

int ruleset_enter(int fd)
{
	return (int)syscall(SYS_landlock_restrict_self, fd, 0U);
}

static int add_rule(int ruleset_fd, int parent_fd, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights, .parent_fd = parent_fd };
	return (int)syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U);
}

/* ---- places ---- */

struct maker {
	int fd;
	uint64_t handled;
	struct ruleset_places *places;
	bool is_quiet;
};

/* Returns a descriptor that a rule can be about, or -1 with errno. */
static int open_place(const char *path, bool *is_directory)
{
	struct stat st;
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) != 0) {
		close_quietly(fd);
		return -1;
	}
	*is_directory = fd >= 0 && S_ISDIR(st.st_mode);
	return fd;
}

/* Allows the rights at and below `path`. Returns 0 or an errno. */
static int allow_path(const struct maker *maker, const char *path, uint64_t rights)
{
	bool is_directory;
	AUTO_CLOSE int fd = open_place(path, &is_directory);
	rights &= maker->handled;
	/* The kernel refuses rights to a file that only a directory can give. */
	return fd < 0 || add_rule(maker->fd, fd, is_directory ? rights : rights & FILE_RIGHTS) != 0
	       ? errno : 0;
}

/* Takes `path` over. Returns 0 or an errno. */
static int note_place(const struct maker *maker, char *path, bool configured, int why)
{
	struct ruleset_places *places = maker->places;
	if (!path || places->count == RULESET_PLACES_MAX) {
		free(path);
		return ENOMEM;
	}
	places->at[places->count++] = (struct ruleset_place){ path, configured, why };
	return 0;
}

static bool is_noted(const struct maker *maker, const char *path)
{
	for (size_t i = 0; i < maker->places->count; i++)
		if (strcmp(maker->places->at[i].path, path) == 0)
			return true;
	return false;
}

/* Where a file lies, beside which others come and go. Returns 0 or an errno. */
static int allow_folder_of(const struct maker *maker, const char *path)
{
	bool is_directory;
	AUTO_FREE char *directory = paths_parent(path);
	if (!directory || directory[0] != '/')
		return directory ? EINVAL : ENOMEM;
	AUTO_CLOSE int fd = open_place(directory, &is_directory);
	if (fd < 0) {
		/* This errno is about the directory, not about Landlock. */
		int why = errno;
		snprintf(maker->places->why, sizeof(maker->places->why), "cannot open %.100s: %s", directory,
			 strerror(why));
		return why;
	}
	if (add_rule(maker->fd, fd, OWN_RIGHTS & maker->handled) != 0)
		return errno;
	return is_noted(maker, directory) ? 0 : note_place(maker, SCOPE_KEEP(directory), false, 0);
}

/* The daemon cannot do without its own directories. Returns 0 or an errno. */
static int allow_own(const struct maker *maker, const struct ruleset_plan *plan)
{
	if (add_rule(maker->fd, plan->cache_fd, OWN_RIGHTS & maker->handled) != 0)
		return errno;
	int why = note_place(maker, strdup(plan->cache_path), false, 0);
	if (why == 0 && plan->socket_path)
		why = allow_folder_of(maker, plan->socket_path);
	if (why == 0 && plan->ledger_path)
		why = allow_folder_of(maker, plan->ledger_path);
	return why;
}

/* Places that programs expect to write to. They do not use one that does not exist. */
static int allow_usual(const struct maker *maker, const char *path)
{
	if (!path || path[0] != '/' || is_noted(maker, path))
		return 0;
	int why = allow_path(maker, path, WRITE_RIGHTS);
	if (why != 0 && why != ENOENT && !maker->is_quiet)
		log_warning("sandbox: %s: %s; nothing is written there until the next start", path,
			    strerror(why));
	return why != 0 ? 0 : note_place(maker, strdup(path), false, 0);
}

static int allow_temporary(const struct maker *maker)
{
	int why = allow_usual(maker, "/tmp");
	if (why == 0)
		why = allow_usual(maker, "/var/tmp");
	return why != 0 ? why : allow_usual(maker, getenv("TMPDIR"));
}

static int allow_packages(const struct maker *maker, char *const *paths)
{
	int why = 0;
	for (; paths && *paths && why == 0; paths++)
		why = allow_usual(maker, *paths);
	return why;
}

static int allow_configured(const struct maker *maker, const char *list)
{
	size_t count = 0;
	char *path;
	while (list && (path = paths_next_item(&list))) {
		if (++count > RULESET_WRITE_MAX) {
			if (!maker->is_quiet)
				log_warning("[sandbox] write: only the first %d paths count",
					    RULESET_WRITE_MAX);
			free(path);
			return 0;
		}
		const uint64_t rights = WRITE_RIGHTS | LANDLOCK_ACCESS_FS_IOCTL_DEV;
		int refused = path[0] == '/' ? allow_path(maker, path, rights) : EINVAL;
		if (refused != 0 && !maker->is_quiet)
			log_warning("[sandbox] write: %s: %s; nothing is written there until the next start",
				    path, refused == EINVAL ? "not an absolute path" : strerror(refused));
		int why = note_place(maker, path, true, refused);
		if (why != 0)
			return why;
	}
	return 0;
}

/* ---- all of it ---- */

static int add_rules(const struct maker *maker, const struct ruleset_plan *plan)
{
	int why = 0;
	/* Not in the list for people: data written there goes nowhere. */
	(void)allow_path(maker, "/dev/null", FILE_RIGHTS);
	if (plan->cache_path)
		why = allow_own(maker, plan);
	if (why == 0 && plan->temporary)
		why = allow_temporary(maker);
	if (why == 0)
		why = allow_configured(maker, plan->write);
	return why != 0 ? why : allow_packages(maker, plan->packages);
}

int ruleset_make(const struct ruleset_plan *plan, struct ruleset_places *places)
{
	struct ruleset_places unseen = { .count = 0 };
	struct landlock_rights rights = { HANDLED_RIGHTS, LANDLOCK_ACCESS_NET_BIND_TCP,
					  LANDLOCK_SCOPE_SIGNAL };
	if (!plan->tcp)
		rights.net |= LANDLOCK_ACCESS_NET_CONNECT_TCP;
	if (!plan->abstract)
		rights.scoped |= LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
	rights = known_to(plan->abi, rights);
	const struct maker maker = { create(&rights, plan->abi), rights.fs, places ? places : &unseen,
				     !places };
	maker.places->count = 0;
	maker.places->why[0] = '\0';
	if (maker.fd < 0)
		return -1;
	int why = add_rules(&maker, plan);
	ruleset_places_release(&unseen);
	if (why == 0)
		return maker.fd;
	close(maker.fd);
	errno = why;
	return -1;
}

int ruleset_make_scope(int abi)
{
	const struct landlock_rights rights = { 0, 0, LANDLOCK_SCOPE_SIGNAL };
	if (abi >= RULESET_ABI_SCOPES)
		return create(&rights, abi);
	errno = ENOSYS;
	return -1;
}

void ruleset_places_release(struct ruleset_places *places)
{
	while (places->count > 0)
		free(places->at[--places->count].path);
}
