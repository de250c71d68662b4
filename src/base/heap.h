/*
 * heap: large pages for a program that needs some megabytes for a moment.
 *
 * For: the reports. Each page of 4 KB that malloc() touches for the first time costs a fault, on virtual
 * machines up to ten microseconds: a thousand of them took longer than the work itself.
 */
#ifndef SWATCH_BASE_HEAP_H
#define SWATCH_BASE_HEAP_H

#include <stddef.h>

/*
 * Lets malloc() take the next `bytes` out of pages of 2 MB where the kernel has them, in one piece for all
 * threads. Memory that is not used is not taken. To be called once, before there are threads.
 */
void heap_expect(size_t bytes);

#endif
