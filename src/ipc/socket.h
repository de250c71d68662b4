/*
 * cache_socket: where the control socket of a cache directory is, and connecting to it.
 *
 * For: swatchd, which listens there, and the commands and statuslines, which call.
 */
#ifndef SWATCH_IPC_SOCKET_H
#define SWATCH_IPC_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

/*
 * $XDG_RUNTIME_DIR/swatch/<hash of the cache directory's real path>.sock, or <cache>/.swatch.sock without
 * XDG_RUNTIME_DIR. The caller frees it; NULL with errno: ENAMETOOLONG when no socket address can hold it,
 * ENOMEM.
 */
char *cache_socket_path(const char *cache_dir);

/*
 * For callers: the path where the daemon of this cache directory listens, as its lock says; else the first of
 * cache_socket_path() and, without XDG_RUNTIME_DIR (cron, su, docker exec), the one in /run/user/UID that
 * exists; else what cache_socket_path() returns.
 */
char *cache_socket_find(const char *cache_dir);

/*
 * Makes the socket's directory with mode 0700. Returns 0, or -1 with a message when that fails, when another
 * user owns it or may write in it, or when another user owns the directory above.
 */
int cache_socket_prepare_dir(const char *socket_path, struct buf *error);

/*
 * Connects to the socket. A daemon that is too busy to take the call gets `timeout_ms`; with 0 nothing waits,
 * and the descriptor is non-blocking. Returns the descriptor, or -1 with errno (EAGAIN: it took too long).
 */
int cache_socket_connect(const char *path, int64_t timeout_ms);

/*
 * Sends a line that has no answer to this user's own daemon, if it takes it at once; otherwise the line is
 * lost. Needs no JSON library: statuslines send their ticks with it.
 */
void cache_socket_tell(const char *path, const char *line, size_t len);

/*
 * Whether the program at the other end of a connected socket runs as this user. Both ends ask before they
 * believe or tell anything. Sets *pid (0 when it is in another namespace) unless that is NULL. False with
 * errno: EPERM when it is another user's program.
 */
bool cache_socket_is_own_peer(int fd, pid_t *pid);

#endif
