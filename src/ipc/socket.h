/*
 * cache_socket: where the control socket of a cache directory is (FORMATS section 7).
 *
 * For: swatchd, which listens there, and the commands, which call.
 */
#ifndef SWATCH_IPC_SOCKET_H
#define SWATCH_IPC_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

/*
 * $XDG_RUNTIME_DIR/swatch/<hash of the cache directory's real path>.sock, or <cache>/.swatch.sock without
 * XDG_RUNTIME_DIR. The caller frees it; NULL with errno: ENAMETOOLONG when no socket address can hold it, ENOMEM.
 */
char *cache_socket_path(const char *cache_dir);

/*
 * Makes the directory that the socket goes in, 0700, and refuses one that another user owns or may write, or that would
 * lie in one of theirs. Returns 0, or -1 with a message.
 */
int cache_socket_prepare_dir(const char *socket_path, struct buf *error);

/*
 * True when the program at the other end of a connected socket runs as this user: asked by both ends before anything is
 * believed or told. Sets *pid (0 when it is in another namespace) unless that is NULL. False with errno: EPERM when it is
 * another user's, else why that cannot be told.
 */
bool cache_socket_is_own_peer(int fd, pid_t *pid);

#endif
