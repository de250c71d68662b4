/*
 * turned_clock: the clock of src/base/clock.h as unit tests turn it by hand.
 *
 * The linker sends clock_wall_ms() and clock_mono_ms() here. Until a test sets the clock, they say the real
 * time. libev's timers always run by the real time: a test turns the clock, and then calls the timer's
 * watcher itself (ev_invoke()).
 */
#ifndef SWATCH_TESTS_TURNED_CLOCK_H
#define SWATCH_TESTS_TURNED_CLOCK_H

#include <stdint.h>

/* It is this moment, and stays so. The monotonic clock is set with it, to some other number. */
void turned_clock_set(int64_t wall_ms);

/* Time passes, on both clocks. */
void turned_clock_advance(int64_t ms);

/* The real time again. */
void turned_clock_release(void);

#endif
