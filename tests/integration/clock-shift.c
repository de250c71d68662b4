/*
 * Preloaded (LD_PRELOAD), it makes a program's wall clock run CLOCK_SHIFT_S seconds ahead: a block ends at a
 * full hour, and no test can wait for one. CLOCK_SHIFT_FILE names a file with such a number that may change
 * while the program runs: a clock that is set, or one that went on while the machine slept. The monotonic
 * clock stays as it is. It is never sanitized: a sanitized program has a sanitizer of its own, and refuses
 * another one.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static long fixed_shift_s;
static int shift_fd = -1;

static void start(void)
{
	const char *shift = getenv("CLOCK_SHIFT_S"), *file = getenv("CLOCK_SHIFT_FILE");
	fixed_shift_s = shift ? strtol(shift, NULL, 10) : 0;
	/* Kept open: a program may take away its own right to open it later. */
	if (file)
		shift_fd = open(file, O_RDONLY | O_CLOEXEC);
	*(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
}

static long read_shift(void)
{
	char text[32];
	ssize_t len = shift_fd >= 0 ? pread(shift_fd, text, sizeof(text) - 1, 0) : 0;
	if (len <= 0)
		return fixed_shift_s;
	text[len] = '\0';
	return strtol(text, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
	if (!real_clock_gettime)
		start();
	int result = real_clock_gettime(clock, out);
	if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		out->tv_sec += read_shift();
	return result;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;
	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return -1;
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *out)
{
	struct timespec now;
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return (time_t)-1;
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}
