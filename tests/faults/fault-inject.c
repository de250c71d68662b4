/*
 * Preloaded (LD_PRELOAD), it lets chosen calls of a program fail, as struct faults in the file FAULTS_FILE
 * says (faults.h). A call that fails is not made, but for close(2), which closes and then says that it did
 * not go well.
 *
 * Calls that libc makes inside itself do not come by here: opendir() is failed as a whole, not its openat().
 * This file chooses which call fails, and has those of memory; fault-inject-files.c and
 * fault-inject-events.c have the others.
 */
#include "fault-inject.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* glibc's own names, for what runs before dlsym() can be asked. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

struct faults *faults;
int own_eventfd = -1;
bool is_forked_child;
_Thread_local bool inside;

/*
 * Where ncurses lies in memory. Without memory it dies by itself (6.4, in the cache of tiparm(), and when it
 * frees that): what it allocates for itself is given to it.
 */
static struct { char *start, *end; } ncurses[2];
static size_t ncurses_count;

static int find_ncurses(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size, (void)ctx;
	if (!strstr(info->dlpi_name, "/libncurses") && !strstr(info->dlpi_name, "/libtinfo"))
		return 0;
	char *base = (char *)info->dlpi_addr, *end = base;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		if (part->p_type == PT_LOAD && base + part->p_vaddr + part->p_memsz > end)
			end = base + part->p_vaddr + part->p_memsz;
	}
	ncurses[ncurses_count].start = base;
	ncurses[ncurses_count++].end = end;
	return ncurses_count == sizeof(ncurses) / sizeof(ncurses[0]);
}

static bool is_of_ncurses(void)
{
	void *frames[12];
	if (ncurses_count == 0)
		return false;
	inside = true;
	int count = backtrace(frames, sizeof(frames) / sizeof(frames[0]));
	inside = false;
	for (int i = 0; i < count; i++)
		for (size_t j = 0; j < ncurses_count; j++)
			if ((char *)frames[i] >= ncurses[j].start && (char *)frames[i] < ncurses[j].end)
				return true;
	return false;
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULTS_FILE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	void *at = mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		return;
	/* It loads a library at its first call; not later, inside somebody's malloc(). */
	void *frames[2];
	(void)backtrace(frames, 2);
	(void)dl_iterate_phdr(find_ncurses, NULL);
	int none = 0;
	/* The first program that starts with the file is the one under test. */
	if (atomic_compare_exchange_strong(&((struct faults *)at)->pid, &none, (int)getpid())
	    || ((struct faults *)at)->pid == (int)getpid())
		faults = at;
}

__attribute__((destructor)) static void end(void)
{
	if (faults && !is_forked_child)
		faults->blocks_at_exit = faults->blocks;
}

/* Writes who called: symbols where the library exports them, otherwise offsets for addr2line. */
static void describe(const char *call, const char *path)
{
	void *frames[FAULT_FRAMES + 3];
	int count = backtrace(frames, FAULT_FRAMES + 3);
	size_t len = (size_t)snprintf(faults->what, FAULT_WHAT_SIZE, "%s(%.200s)", call, path ? path : "");
	for (int i = 3; i < count && len < FAULT_WHAT_SIZE; i++) {
		Dl_info info;
		if (!dladdr(frames[i], &info) || !info.dli_fname)
			continue;
		const char *name = strrchr(info.dli_fname, '/');
		len += (size_t)snprintf(faults->what + len, FAULT_WHAT_SIZE - len, " %s+0x%lx",
					name ? name + 1 : info.dli_fname,
					(unsigned long)((char *)frames[i] - (char *)info.dli_fbase));
	}
}

/* Whether this call is to fail; errno is set then, but for a short one. */
static bool fails_with(enum fault_kind kind, const char *call, const char *path, int *error)
{
	if (!faults || inside)
		return false;
	if (is_forked_child)
		kind = FAULT_CHILD;
	else
		faults->activity++;
	if (!faults->armed || !(faults->kinds & (UINT32_C(1) << kind))
	    || (kind == FAULT_MALLOC && is_of_ncurses()))
		return false;
	uint64_t call_number = ++faults->calls;
	if (call_number < faults->first || call_number > faults->last)
		return false;
	inside = true;
	if (faults->hits++ == 0)
		describe(call, path);
	inside = false;
	*error = faults->error;
	if (*error != FAULT_SHORT)
		errno = *error;
	return true;
}

bool fails(enum fault_kind kind, const char *call, const char *path)
{
	int error;
	return fails_with(kind, call, path, &error) && error != FAULT_SHORT;
}

bool fails_or_is_short(enum fault_kind kind, const char *call, size_t *len)
{
	int error;
	if (!fails_with(kind, call, NULL, &error))
		return false;
	if (error != FAULT_SHORT)
		return true;
	*len = *len > 1 ? *len / 2 : *len;
	return false;
}

/* ---- memory ---- */

static void *count_block(void *block)
{
	if (block && faults && !is_forked_child)
		faults->blocks++;
	return block;
}

void *malloc(size_t size)
{
	return fails(FAULT_MALLOC, "malloc", NULL) ? NULL : count_block(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return fails(FAULT_MALLOC, "calloc", NULL) ? NULL : count_block(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size)
{
	if (fails(FAULT_MALLOC, "realloc", NULL))
		return NULL;
	void *moved = __libc_realloc(block, size);
	return block ? moved : count_block(moved);
}

void *reallocarray(void *block, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(block, bytes);
}

void free(void *block)
{
	if (block && faults && !is_forked_child)
		faults->blocks--;
	__libc_free(block);
}

void *mmap(void *address, size_t len, int protection, int flags, int fd, off_t offset)
{
	REAL(void *, mmap, (void *, size_t, int, int, int, off_t))
	return fails(FAULT_MMAP, "mmap", NULL) ? MAP_FAILED
					       : real(address, len, protection, flags, fd, offset);
}
