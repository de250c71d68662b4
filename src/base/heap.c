#include "base/heap.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/unused.h"

#ifdef __GLIBC__

#define LARGE_PAGE ((uintptr_t)2 * 1024 * 1024)
/* See mallopt(3). */
#define USUAL_PAD (128 * 1024)
/* More than malloc() has left in its first piece, so that it asks for the next one. */
#define FIRST_PIECE ((size_t)256 * 1024)

void heap_expect(size_t bytes)
{
	/* What lies before the first large page; it is never touched. */
	static void *unused;
	uintptr_t old_end = (uintptr_t)sbrk(0);
	if (!mallopt(M_ARENA_MAX, 1) || !mallopt(M_MMAP_THRESHOLD, (int)bytes)
	    || !mallopt(M_TRIM_THRESHOLD, INT32_MAX) || !mallopt(M_TOP_PAD, (int)(bytes + LARGE_PAGE)))
		return;
	/* Volatile, or the compiler would leave both calls out. */
	void *volatile piece = malloc(FIRST_PIECE);
	free(piece);
	/* What comes beyond it, in small steps again. */
	(void)mallopt(M_TOP_PAD, USUAL_PAD);
	uintptr_t end = (uintptr_t)sbrk(0), start = (old_end + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
	/* Another malloc(), or a limit, as it may be. */
	if (end < start + LARGE_PAGE)
		return;
	if (madvise((void *)start, (size_t)(end - start), MADV_HUGEPAGE) == 0 && start > old_end)
		unused = malloc((size_t)(start - old_end));
	(void)unused;
}

#else

/* Other C libraries do not say how to ask for it. */
void heap_expect(size_t bytes UNUSED)
{
}

#endif
