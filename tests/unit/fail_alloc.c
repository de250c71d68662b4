#include "fail_alloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

/* Threads allocate, too. */
static atomic_bool armed, failed;
static atomic_int left;

void fail_alloc_after(int count)
{
	armed = true;
	failed = false;
	left = count;
}

bool fail_alloc_stop(void)
{
	armed = false;
	return failed;
}

static bool must_fail(void)
{
	if (!armed || left-- > 0)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

/* The names are the linker's. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);

void *__wrap_malloc(size_t size)
{
	return must_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return must_fail() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return must_fail() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
	return must_fail() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
	return must_fail() ? NULL : __real_strndup(text, len);
}
