/* Files outside: the victim's directory has file, empty/ and others. */
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The path of something outside; good until the call after the next. */
static const char *outside(const struct attack *attack, const char *name)
{
	static char paths[2][600];
	static int turn;
	turn = !turn;
	snprintf(paths[turn], sizeof(paths[turn]), "%.500s/%s", attack->directory, name);
	return paths[turn];
}

static bool is_open(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool write_file(const struct attack *attack)
{
	return is_open(open(outside(attack, "file"), O_WRONLY | O_CLOEXEC))
	       || is_open(open(outside(attack, "file"), O_RDWR | O_APPEND | O_CLOEXEC));
}

/* The same file by other ways: what is open, the root of a process, a call with its arguments in memory. */
static bool write_around(const struct attack *attack)
{
	char path[700];
	struct open_how how = { .flags = O_WRONLY | O_CLOEXEC };
	int fd = open(outside(attack, "file"), O_PATH | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	bool could = is_open(open(path, O_WRONLY | O_CLOEXEC));
	snprintf(path, sizeof(path), "/proc/self/root%s", outside(attack, "file"));
	could = could || is_open(open(path, O_WRONLY | O_CLOEXEC))
		|| is_open((int)syscall(SYS_openat2, AT_FDCWD, outside(attack, "file"), &how, sizeof(how)));
	if (fd >= 0)
		close(fd);
	return could;
}

static bool map_file(const struct attack *attack)
{
	int fd = open(outside(attack, "file"), O_RDONLY | O_CLOEXEC);
	void *at = fd >= 0 ? mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
	if (fd >= 0)
		close(fd);
	return at != MAP_FAILED;
}

static bool create_file(const struct attack *attack)
{
	return is_open(open(outside(attack, "new"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600))
	       || is_open(open(attack->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600))
	       || mkdir(outside(attack, "new-d"), 0700) == 0 || symlink("x", outside(attack, "new-l")) == 0
	       || mkfifo(outside(attack, "new-f"), 0600) == 0
	       || mknod(outside(attack, "new-n"), S_IFREG | 0600, 0) == 0;
}

static bool remove_file(const struct attack *attack)
{
	return unlink(outside(attack, "spare")) == 0 || rmdir(outside(attack, "empty")) == 0;
}

static bool move_file(const struct attack *attack)
{
	const char *mine = "/tmp/swatch-attack-file";
	bool made = is_open(open(mine, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	bool could = rename(outside(attack, "file"), outside(attack, "moved")) == 0
		     || rename(outside(attack, "file"), "/tmp/swatch-attack-moved") == 0
		     || (made && rename(mine, outside(attack, "moved")) == 0)
		     || (made && syscall(SYS_renameat2, AT_FDCWD, mine, AT_FDCWD, outside(attack, "file"),
					 2U /* RENAME_EXCHANGE */) == 0);
	(void)unlink(mine);
	return could;
}

static bool link_file(const struct attack *attack)
{
	bool could = link(outside(attack, "file"), "/tmp/swatch-attack-link") == 0
		     && is_open(open("/tmp/swatch-attack-link", O_WRONLY | O_CLOEXEC));
	(void)unlink("/tmp/swatch-attack-link");
	return could || link(outside(attack, "file"), outside(attack, "linked")) == 0;
}

/* swatch's own directory, by the path of the report that tests keep beside it. */
static bool write_cache(const struct attack *attack)
{
	const char *cache = getenv("ATTACKED_CACHE");
	char path[700];
	(void)attack;
	if (!cache)
		return false;
	snprintf(path, sizeof(path), "%.600s/attack.json", cache);
	bool could = is_open(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	snprintf(path, sizeof(path), "%.600s/.swatch.lock", cache);
	return could || is_open(open(path, O_WRONLY | O_CLOEXEC)) || unlink(path) == 0;
}

static bool write_shared_memory(const struct attack *attack)
{
	(void)attack;
	bool could = is_open(open("/dev/shm/swatch-attack", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	if (could)
		unlink("/dev/shm/swatch-attack");
	return could;
}

static bool write_proc(const struct attack *attack)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)attack->targets[0].pid);
	bool could = is_open(open(path, O_WRONLY | O_CLOEXEC));
	snprintf(path, sizeof(path), "/proc/%d/coredump_filter", (int)attack->targets[0].pid);
	return could || is_open(open(path, O_WRONLY | O_CLOEXEC))
	       || is_open(open("/proc/sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC));
}

/* A descriptor that somebody forgot would be a way around all rules. */
static bool have_descriptors(const struct attack *attack)
{
	return attack->inherited > 0;
}

/* The rules of an empty ruleset, on top of the others, free nothing. */
static bool write_under_more_rules(const struct attack *attack)
{
	const unsigned long long rights[3] = { 1ULL << 3 /* READ_DIR */, 0, 0 };
	int fd = (int)syscall(444 /* landlock_create_ruleset */, rights, 8UL, 0U);
	if (fd < 0 || syscall(446 /* landlock_restrict_self */, fd, 0U) != 0)
		return write_file(attack);
	return write_file(attack) || create_file(attack);
}

static bool add_rules(const struct attack *attack)
{
	return in_child(attack, write_under_more_rules);
}

/* Out of the control group that counts what swatchd starts. */
static bool leave_group(const struct attack *attack)
{
	char line[512], path[700] = "";
	FILE *file = fopen("/proc/self/cgroup", "re");
	(void)attack;
	while (file && fgets(line, sizeof(line), file)) {
		const char *group = strrchr(line, ':');
		if (group)
			snprintf(path, sizeof(path), "/sys/fs/cgroup%.*s/cgroup.procs",
				 (int)strcspn(group + 1, "\n"), group + 1);
	}
	if (file)
		(void)fclose(file);
	return is_open(open(path, O_WRONLY | O_CLOEXEC))
	       || is_open(open("/sys/fs/cgroup/cgroup.procs", O_WRONLY | O_CLOEXEC));
}

static bool truncate_file(const struct attack *attack)
{
	return truncate(outside(attack, "long"), 1) == 0
	       || is_open(open(outside(attack, "long"), O_RDONLY | O_TRUNC | O_CLOEXEC));
}

static bool control_device(const struct attack *attack)
{
	int entropy, fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	(void)attack;
	bool could = fd >= 0 && ioctl(fd, 0x80045200UL /* RNDGETENTCNT */, &entropy) == 0;
	if (fd >= 0)
		close(fd);
	return could;
}

static bool keep_privileges(const struct attack *attack)
{
	char line[256];
	unsigned long long effective = 0;
	int forbidden = 0;
	FILE *file = fopen("/proc/self/status", "re");
	(void)attack;
	while (file && fgets(line, sizeof(line), file)) {
		(void)sscanf(line, "CapEff: %llx", &effective);
		(void)sscanf(line, "NoNewPrivs: %d", &forbidden);
	}
	if (file)
		(void)fclose(file);
	/* The two with which root reads and writes what belongs to others may stay. */
	return forbidden != 1 || (effective & ~6ULL) != 0;
}

const struct way ways_to_files[] = {
	{ "privileges", "capabilities, set-user-ID", keep_privileges, NULL },
	{ "files", "writing", write_file, NULL },
	{ "files", "writing by another way", write_around, NULL },
	{ "files", "writing through a mapping", map_file, NULL },
	{ "files", "creating", create_file, NULL },
	{ "files", "removing", remove_file, NULL },
	{ "files", "linking", link_file, NULL },
	{ "files", "renaming", move_file, NULL },
	{ "files", "the cache and the lock", write_cache, NULL },
	{ "files", "/dev/shm", write_shared_memory, NULL },
	{ "files", "/proc of others", write_proc, NULL },
	{ "files", "inherited descriptors", have_descriptors, NULL },
	{ "files", "landlock_restrict_self", add_rules, NULL },
	{ "files", "another control group", leave_group, NULL },
	{ "truncating", "truncating", truncate_file, NULL },
	{ "devices", "ioctl", control_device, NULL },
	{ NULL, NULL, NULL, NULL }
};
