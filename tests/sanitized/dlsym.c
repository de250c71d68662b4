/*
 * Sanitized programs start in two thirds of the time. The tests start thousands of them, so this is linked
 * into those that they start, with -Wl,--wrap=dlsym, where configure found that it works.
 *
 * Before main(), libasan asks dlsym() for each function that it stands in front of. glibc lacks about fifty
 * of them, and for each it writes an error message into memory that it allocates. The first allocation before
 * libasan has started makes it set up an allocator of its own: 300 page faults, where the rest of an empty
 * program has 100. For these names the answer is known without glibc; one that is missing here costs only
 * time.
 */
#include <stdbool.h>
#include <stddef.h>

/* No program of swatch's calls any of these, nor does a library that they are linked with. */
static const char *const not_in_glibc[] = {
	"__cxa_throw",
	"__isoc99_fprintf",
	"__isoc99_printf",
	"__isoc99_snprintf",
	"__isoc99_sprintf",
	"__isoc99_vfprintf",
	"__isoc99_vprintf",
	"__isoc99_vsnprintf",
	"__isoc99_vsprintf",
	"__pthread_mutex_lock",
	"__pthread_mutex_unlock",
	"crypt",
	"crypt_r",
	"pthread_mutexattr_getrobust_np",
	"swift_demangle",
};
/* Sun's XDR went out of glibc in 2.32: xdr_int, xdrmem_create and many more. */
static const char xdr[] = "xdr";

void *__real_dlsym(void *handle, const char *name);
void *__wrap_dlsym(void *handle, const char *name);

/* It runs before the sanitizers do: nothing here may be instrumented, nor call libc, which is not there yet.
 */
#define BEFORE_SANITIZERS __attribute__((no_sanitize("address", "undefined")))

BEFORE_SANITIZERS static bool begins_with(const char *name, const char *beginning)
{
	while (*beginning && *name == *beginning) {
		name++;
		beginning++;
	}
	return !*beginning;
}

BEFORE_SANITIZERS static bool is_name(const char *name, const char *other)
{
	while (*other && *name == *other) {
		name++;
		other++;
	}
	return *name == *other;
}

BEFORE_SANITIZERS void *__wrap_dlsym(void *handle, const char *name)
{
	if (begins_with(name, xdr))
		return NULL;
	for (size_t i = 0; i < sizeof(not_in_glibc) / sizeof(not_in_glibc[0]); i++) {
		if (is_name(name, not_in_glibc[i]))
			return NULL;
	}
	return __real_dlsym(handle, name);
}
