/* unit: what every unit test includes: cmocka, and the headers that it wants before it. */
#ifndef SWATCH_TESTS_UNIT_H
#define SWATCH_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/unused.h"

/* A generator with a fixed seed (xorshift64*): the same numbers in every run. */
static inline uint64_t unit_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545F4914F6CDD1D);
}

/*
 * How many rounds of made-up cases a test runs: all with contrib/run-tests.sh --full, else the first
 * `some`.
 */
static inline int unit_rounds(int some, int all)
{
	const char *full = getenv("RUN_TESTS_FULL");
	return full && strcmp(full, "yes") == 0 ? all : some;
}

#endif
