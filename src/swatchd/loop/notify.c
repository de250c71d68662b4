#include "swatchd/loop/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

void notify_send(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof(address.sun_path))
		return;
	size_t len = strlen(path);
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';  /* the abstract namespace */
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		log_warning("cannot send \"%s\" to the service manager: %s", state, strerror(errno));
		return;
	}
	socklen_t address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
		   address_len) < 0)
		log_warning("cannot send \"%s\" to the service manager: %s", state, strerror(errno));
	close(fd);
}

int64_t notify_watchdog_interval_ms(void)
{
	const char *usec_text = getenv("WATCHDOG_USEC");
	const char *pid_text = getenv("WATCHDOG_PID");
	if (!usec_text || !getenv("NOTIFY_SOCKET"))
		return 0;
	if (pid_text && strtoll(pid_text, NULL, 10) != (long long)getpid())
		return 0;
	errno = 0;
	char *end;
	long long usec = strtoll(usec_text, &end, 10);
	if (errno != 0 || *end != '\0' || usec < 2000)
		return 0;
	return usec / 2000;
}
