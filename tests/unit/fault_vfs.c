#include "unit.h"
#include "fault_vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#define SECTOR 512
#define DISKS 24
/* Of SQLite's cache: with room for what it notes of each. */
#define PAGES 512
#define PAGE_BYTES 4608

/* ---- what is on a disk, and what is not there yet ---- */

struct change {
	unsigned char *data;         /* NULL: the file is cut off at `at` */
	int64_t at, len;
};

struct disk {
	char *path;
	unsigned char *flushed;
	int64_t len;
	struct change *changes;
	size_t count;
};

static struct {
	sqlite3_vfs *real;
	enum fault_call call;
	enum fault_way way;
	unsigned number;             /* 0: none fails */
	bool for_good, has_failed;
	unsigned counts[FAULT_CALLS];
	bool holds, is_dark;
	unsigned dark_at, changes;
	struct disk disks[DISKS];
	size_t disk_count;
} vfs;

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void read_whole(struct disk *disk)
{
	int fd = open(disk->path, O_RDONLY | O_CLOEXEC);
	off_t len = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
	disk->len = len > 0 ? len : 0;
	disk->flushed = must(malloc((size_t)disk->len + 1));
	if (fd >= 0) {
		if (pread(fd, disk->flushed, (size_t)disk->len, 0) != disk->len)
			abort();
		close(fd);
	}
}

static struct disk *disk_of(const char *path)
{
	for (size_t i = 0; i < vfs.disk_count; i++)
		if (strcmp(vfs.disks[i].path, path) == 0)
			return &vfs.disks[i];
	if (vfs.disk_count == DISKS)
		abort();
	struct disk *disk = &vfs.disks[vfs.disk_count++];
	*disk = (struct disk){ .path = must(strdup(path)) };
	read_whole(disk);
	return disk;
}

static void note(struct disk *disk, const void *data, int64_t at, int64_t len)
{
	disk->changes = must(realloc(disk->changes, (disk->count + 1) * sizeof(*disk->changes)));
	struct change *change = &disk->changes[disk->count++];
	*change = (struct change){ .at = at, .len = len };
	if (data) {
		change->data = must(malloc((size_t)len + 1));
		memcpy(change->data, data, (size_t)len);
	}
}

static void resize(struct disk *disk, int64_t len)
{
	size_t before = (size_t)disk->len, after = (size_t)len;
	disk->flushed = must(realloc(disk->flushed, after + 1));
	if (after > before)
		memset(disk->flushed + before, 0, after - before);
	disk->len = len;
}

static void put(struct disk *disk, const unsigned char *data, int64_t at, int64_t len)
{
	if (at + len > disk->len)
		resize(disk, at + len);
	memcpy(disk->flushed + at, data, (size_t)len);
}

static void forget_changes(struct disk *disk)
{
	for (size_t i = 0; i < disk->count; i++)
		free(disk->changes[i].data);
	free(disk->changes);
	disk->changes = NULL;
	disk->count = 0;
}

static void flush(struct disk *disk)
{
	for (size_t i = 0; i < disk->count; i++)
		if (disk->changes[i].data)
			put(disk, disk->changes[i].data, disk->changes[i].at, disk->changes[i].len);
		else if (disk->changes[i].at < disk->len)
			resize(disk, disk->changes[i].at);
	forget_changes(disk);
}

/* Of each sector of a change it is left to chance whether it reaches the disk, or a part of it does. */
static void flush_some(struct disk *disk, uint64_t *random, unsigned percent)
{
	for (size_t i = 0; i < disk->count; i++) {
		const struct change *change = &disk->changes[i];
		if (!change->data) {
			if (unit_random(random) % 100 < percent && change->at < disk->len)
				resize(disk, change->at);
			continue;
		}
		for (int64_t at = 0; at < change->len;) {
			int64_t len = SECTOR - (change->at + at) % SECTOR;
			len = len < change->len - at ? len : change->len - at;
			uint64_t number = unit_random(random);
			int64_t part = number % 100 >= percent	       ? 0
				       : (number >> 32) % 16 == 0 ? (int64_t)((number >> 40) % (uint64_t)len)
								       : len;
			put(disk, change->data + at, change->at + at, part);
			at += len;
		}
	}
	forget_changes(disk);
}

static void forget_disks(void)
{
	for (size_t i = 0; i < vfs.disk_count; i++) {
		forget_changes(&vfs.disks[i]);
		free(vfs.disks[i].flushed);
		free(vfs.disks[i].path);
	}
	vfs.disk_count = 0;
}

static void write_disk(const struct disk *disk)
{
	int fd = open(disk->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	/* One that was deleted, which is on the disk at once, or renamed. */
	if (fd < 0)
		return;
	if (write(fd, disk->flushed, (size_t)disk->len) != disk->len)
		abort();
	close(fd);
	/* Memory that processes share is gone. */
	char *shm = must(malloc(strlen(disk->path) + 8));
	sprintf(shm, "%s-shm", disk->path);
	(void)unlink(shm);
	free(shm);
}

/* ---- whether a call fails ---- */

static bool fails(enum fault_call call)
{
	unsigned count = ++vfs.counts[call];
	if (vfs.is_dark)
		return true;
	if (vfs.number == 0 || call != vfs.call || count < vfs.number
	    || (count > vfs.number && !vfs.for_good))
		return false;
	vfs.has_failed = true;
	return true;
}

/* A change of a file comes. Returns false when the power is gone. */
static bool has_power(void)
{
	if (vfs.holds && ++vfs.changes == vfs.dark_at)
		vfs.is_dark = true;
	return !vfs.is_dark;
}

/* ---- files ---- */

struct file {
	sqlite3_file base;
	char *path;                  /* NULL: a temporary file */
	sqlite3_file *real;          /* behind it */
};

static struct file *of(sqlite3_file *base)
{
	return (struct file *)(void *)base;
}

#define REAL(base) (of(base)->real)
#define METHODS(base) (REAL(base)->pMethods)

static int close_file(sqlite3_file *base)
{
	int result = METHODS(base)->xClose(REAL(base));
	free(of(base)->path);
	return result;
}

static int read_file(sqlite3_file *base, void *out, int len, sqlite3_int64 at)
{
	if (!fails(FAULT_READ))
		return METHODS(base)->xRead(REAL(base), out, len, at);
	if (vfs.is_dark || vfs.way != FAULT_HALF)
		return SQLITE_IOERR_READ;
	int result = METHODS(base)->xRead(REAL(base), out, len, at);
	memset((char *)out + len / 2, 0, (size_t)(len - len / 2));
	return result == SQLITE_OK ? SQLITE_IOERR_SHORT_READ : result;
}

static int write_file(sqlite3_file *base, const void *data, int len, sqlite3_int64 at)
{
	bool fault = fails(FAULT_WRITE);
	if (!has_power())
		return SQLITE_IOERR_WRITE;
	if (fault && vfs.way == FAULT_HALF)
		(void)METHODS(base)->xWrite(REAL(base), data, len / 2, at);
	if (fault)
		return vfs.way == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	if (vfs.holds && of(base)->path)
		note(disk_of(of(base)->path), data, at, len);
	return METHODS(base)->xWrite(REAL(base), data, len, at);
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 len)
{
	if (fails(FAULT_TRUNCATE) || !has_power())
		return SQLITE_IOERR_TRUNCATE;
	if (vfs.holds && of(base)->path)
		note(disk_of(of(base)->path), NULL, len, 0);
	return METHODS(base)->xTruncate(REAL(base), len);
}

static int sync_file(sqlite3_file *base, int flags)
{
	(void)flags;
	if (fails(FAULT_SYNC) || !has_power())
		return SQLITE_IOERR_FSYNC;
	if (vfs.holds && of(base)->path)
		flush(disk_of(of(base)->path));
	return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *out)
{
	return fails(FAULT_FILE_SIZE) ? SQLITE_IOERR_FSTAT : METHODS(base)->xFileSize(REAL(base), out);
}

static int lock_file(sqlite3_file *base, int level)
{
	if (fails(FAULT_LOCK))
		return vfs.is_dark ? SQLITE_IOERR_LOCK : SQLITE_BUSY;
	return METHODS(base)->xLock(REAL(base), level);
}

static int unlock_file(sqlite3_file *base, int level)
{
	return METHODS(base)->xUnlock(REAL(base), level);
}

static int check_lock(sqlite3_file *base, int *out)
{
	return METHODS(base)->xCheckReservedLock(REAL(base), out);
}

static int control_file(sqlite3_file *base, int op, void *argument)
{
	return METHODS(base)->xFileControl(REAL(base), op, argument);
}

static int sector_size(sqlite3_file *base)
{
	(void)base;
	return SECTOR;
}

static int characteristics(sqlite3_file *base)
{
	return METHODS(base)->xDeviceCharacteristics(REAL(base));
}

static int map_shm(sqlite3_file *base, int page, int size, int extend, void volatile **out)
{
	if (fails(FAULT_SHM_MAP))
		return SQLITE_IOERR_SHMMAP;
	return METHODS(base)->xShmMap(REAL(base), page, size, extend, out);
}

static int lock_shm(sqlite3_file *base, int offset, int n, int flags)
{
	/* Letting go of a lock does not fail. */
	if ((flags & SQLITE_SHM_LOCK) && fails(FAULT_SHM_LOCK))
		return vfs.is_dark ? SQLITE_IOERR_SHMLOCK : SQLITE_BUSY;
	return METHODS(base)->xShmLock(REAL(base), offset, n, flags);
}

static void order_shm(sqlite3_file *base)
{
	METHODS(base)->xShmBarrier(REAL(base));
}

static int unmap_shm(sqlite3_file *base, int removes)
{
	return METHODS(base)->xShmUnmap(REAL(base), removes);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = close_file,
	.xRead = read_file,
	.xWrite = write_file,
	.xTruncate = truncate_file,
	.xSync = sync_file,
	.xFileSize = file_size,
	.xLock = lock_file,
	.xUnlock = unlock_file,
	.xCheckReservedLock = check_lock,
	.xFileControl = control_file,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
	.xShmMap = map_shm,
	.xShmLock = lock_shm,
	.xShmBarrier = order_shm,
	.xShmUnmap = unmap_shm,
};

/* ---- the VFS ---- */

static int open_file(sqlite3_vfs *self, const char *path, sqlite3_file *base, int flags, int *out_flags)
{
	(void)self;
	struct file *file = of(base);
	base->pMethods = NULL;
	if (fails(FAULT_OPEN))
		return SQLITE_CANTOPEN;
	file->real = (sqlite3_file *)(void *)(file + 1);
	int result = vfs.real->xOpen(vfs.real, path, file->real, flags, out_flags);
	if (result != SQLITE_OK)
		return result;
	file->path = path ? must(strdup(path)) : NULL;
	/* A file of that name may be another one than before. */
	if (vfs.holds && path && (flags & SQLITE_OPEN_CREATE))
		(void)disk_of(path);
	base->pMethods = &methods;
	return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *self, const char *path, int sync_dir)
{
	(void)self;
	if (fails(FAULT_DELETE) || !has_power())
		return SQLITE_IOERR_DELETE;
	if (vfs.holds) {
		struct disk *disk = disk_of(path);
		forget_changes(disk);
		resize(disk, 0);
	}
	return vfs.real->xDelete(vfs.real, path, sync_dir);
}

static int sleep_not(sqlite3_vfs *self, int microseconds)
{
	(void)self;
	return microseconds;
}

static int full_name(sqlite3_vfs *self, const char *name, int size, char *out)
{
	(void)self;
	return vfs.real->xFullPathname(vfs.real, name, size, out);
}

static int can_access(sqlite3_vfs *self, const char *name, int flags, int *out)
{
	(void)self;
	return vfs.real->xAccess(vfs.real, name, flags, out);
}

/* A sanitizer's memory is slow, and SQLite's is not what it looks at here. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "malloc_context_size=4:quarantine_size_mb=1:max_malloc_fill_size=0";
}

void fault_vfs_install(void)
{
	static sqlite3_vfs ours;
	static _Alignas(16) char pages[PAGES][PAGE_BYTES];
	if (vfs.real)
		return;
	(void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, pages, PAGE_BYTES, PAGES);
	vfs.real = must(sqlite3_vfs_find(NULL));
	ours = *vfs.real;
	ours.zName = "faults";
	ours.szOsFile = (int)sizeof(struct file) + vfs.real->szOsFile;
	ours.xOpen = open_file;
	ours.xDelete = delete_file;
	ours.xAccess = can_access;
	ours.xFullPathname = full_name;
	ours.xSleep = sleep_not;
	if (sqlite3_vfs_register(&ours, 1) != SQLITE_OK)
		abort();
}

void fault_vfs_calm(void)
{
	vfs.number = 0;
	vfs.has_failed = vfs.holds = vfs.is_dark = false;
	vfs.dark_at = vfs.changes = 0;
	memset(vfs.counts, 0, sizeof(vfs.counts));
	forget_disks();
}

void fault_vfs_arm(enum fault_call call, enum fault_way way, unsigned number, bool for_good)
{
	fault_vfs_calm();
	vfs.call = call;
	vfs.way = way;
	vfs.number = number;
	vfs.for_good = for_good;
}

unsigned fault_vfs_count(enum fault_call call)
{
	return vfs.counts[call];
}

bool fault_vfs_has_failed(void)
{
	return vfs.has_failed;
}

void fault_vfs_hold(unsigned number)
{
	fault_vfs_calm();
	vfs.holds = true;
	vfs.dark_at = number;
}

unsigned fault_vfs_changes(void)
{
	return vfs.changes;
}

bool fault_vfs_is_dark(void)
{
	return vfs.is_dark;
}

void fault_vfs_lose_power(uint64_t *random)
{
	static const unsigned percents[] = { 0, 20, 50, 80, 95, 100 };
	for (size_t i = 0; i < vfs.disk_count; i++) {
		flush_some(&vfs.disks[i], random, percents[unit_random(random) % 6]);
		write_disk(&vfs.disks[i]);
	}
	fault_vfs_calm();
}
