#include "turned_clock.h"

/* The monotonic clock began some time before: a test that takes one clock for the other fails. */
#define APART_MS INT64_C(1700000000000)

static int64_t set_ms;   /* 0: the real time */

/* The names are the linker's. */
int64_t __real_clock_wall_ms(void);
int64_t __real_clock_mono_ms(void);
int64_t __wrap_clock_wall_ms(void);
int64_t __wrap_clock_mono_ms(void);

void turned_clock_set(int64_t wall_ms)
{
	set_ms = wall_ms;
}

void turned_clock_advance(int64_t ms)
{
	set_ms += ms;
}

void turned_clock_release(void)
{
	set_ms = 0;
}

int64_t __wrap_clock_wall_ms(void)
{
	return set_ms ? set_ms : __real_clock_wall_ms();
}

int64_t __wrap_clock_mono_ms(void)
{
	return set_ms ? set_ms - APART_MS : __real_clock_mono_ms();
}
