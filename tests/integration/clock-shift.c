/*
 * Preloaded (LD_PRELOAD), it makes a program's wall clock run CLOCK_SHIFT_S seconds ahead: a block ends at a full hour,
 * and no test can wait for one.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *out)
{
	static int (*real)(clockid_t, struct timespec *);
	static long shift_s;
	if (!real) {
		const char *shift = getenv("CLOCK_SHIFT_S");
		shift_s = shift ? strtol(shift, NULL, 10) : 0;
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	}
	int result = real(clock, out);
	if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		out->tv_sec += shift_s;
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
