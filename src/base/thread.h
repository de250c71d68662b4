/*
 * thread: starts a thread that gets no signals.
 *
 * For: whoever works beside the loop: store.c, history.c, audit.c. Signals are the starter's.
 */
#ifndef SWATCH_BASE_THREAD_H
#define SWATCH_BASE_THREAD_H

#include <pthread.h>

/*
 * As pthread_create() without attributes. Only faults of the thread's own reach it: the kernel would kill the
 * process without a word where SIGSEGV is blocked. Returns 0, or an errno.
 */
int thread_start(pthread_t *thread, void *(*run)(void *ctx), void *ctx);

#endif
