#include "base/thread.h"

#include <signal.h>
#include <stddef.h>

#include "base/array.h"

int thread_start(pthread_t *thread, void *(*run)(void *ctx), void *ctx)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
	sigset_t blocked, before;
	(void)sigfillset(&blocked);
	for (size_t i = 0; i < ARRAY_COUNT(own); i++)
		(void)sigdelset(&blocked, own[i]);
	(void)pthread_sigmask(SIG_BLOCK, &blocked, &before);
	int why = pthread_create(thread, NULL, run, ctx);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return why;
}
