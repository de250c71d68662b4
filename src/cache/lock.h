/*
 * cache_lock: the one lock: who holds it may write in the cache directory.
 *
 * For: swatchd holds it for its life, `swatchd --once` for its run; readers look whether somebody does. It is
 * flock(2) on a descriptor: the kernel drops it when the process dies, however it dies, so there is no stale
 * lock, no timeout and no pid check. The file's content only tells people who holds it.
 */
#ifndef SWATCH_CACHE_LOCK_H
#define SWATCH_CACHE_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cache_lock_holder {
	pid_t pid;            /* 0: not known */
	char role[16];        /* "daemon" or "once" */
	char version[32];
	char socket[108];     /* where it listens, as written: any bytes; "": not known, or nowhere */
	bool elsewhere;       /* it runs in another pid namespace: a container, say. `pid` is 0 then. */
};

enum cache_lock_result { CACHE_LOCK_TAKEN, CACHE_LOCK_HELD, CACHE_LOCK_FAILED };

/*
 * Takes the lock without waiting for a holder. TAKEN: *lock_fd holds it until it is closed. HELD: somebody
 * else has it, `holder` says who as far as known. FAILED: errno says why (EPERM: what stands there is no
 * regular file of this user; ELOOP: a link).
 */
enum cache_lock_result cache_lock_take(int dir_fd, const char *role, int *lock_fd,
				       struct cache_lock_holder *holder);

/* The same, but waits up to `timeout_ms`; sets *waited_ms. A signal does not end the wait. */
enum cache_lock_result cache_lock_wait(int dir_fd, const char *role, int64_t timeout_ms, int *lock_fd,
				       struct cache_lock_holder *holder, int64_t *waited_ms);

/*
 * Writes the socket's path into the lock that this process holds: in another environment, callers would look
 * for it elsewhere. Returns false when it could not, on a full disk for example: callers find the daemon
 * only where they share its environment, so it should be tried again.
 */
bool cache_lock_name_socket(int lock_fd, const char *role, const char *socket_path);

/*
 * True while somebody holds it; false when nobody does or no such file exists. Does not read the file:
 * statuslines ask several times a second.
 */
bool cache_lock_is_held(int dir_fd);

/* The same, and reads `holder`, as far as it is known. Looking takes the lock for an instant only. */
bool cache_lock_find_holder(int dir_fd, struct cache_lock_holder *holder);

#endif
