/*
 * fail_alloc: memory that runs out when a test says so.
 *
 * The test program is linked with fail_alloc_ldflags (tests/Makemodule.am): the linker's --wrap sends the
 * libraries' malloc, calloc, realloc, strdup and strndup here.
 */
#ifndef SWATCH_TESTS_FAIL_ALLOC_H
#define SWATCH_TESTS_FAIL_ALLOC_H

#include <stdbool.h>

/* The next `count` allocations work, all later ones fail, until fail_alloc_stop(). */
void fail_alloc_after(int count);

/* Memory is there again. Returns true when an allocation had failed. */
bool fail_alloc_stop(void);

#endif
