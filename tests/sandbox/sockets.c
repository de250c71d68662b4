/* Sockets of every kind. */
#include "attacker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FAMILIES 64

static const int types[] = { SOCK_STREAM,    SOCK_DGRAM, SOCK_RAW,   SOCK_RDM,
			     SOCK_SEQPACKET, SOCK_DCCP,	 SOCK_PACKET };

static bool has_family(int family)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		int fd = socket(family, types[i] | SOCK_CLOEXEC, 0);
		if (fd < 0)
			continue;
		close(fd);
		return true;
	}
	return false;
}

static bool make_any_socket(const struct attack *attack)
{
	(void)attack;
	for (int family = 0; family < FAMILIES; family++) {
		if (family == AF_UNIX || !has_family(family))
			continue;
		fprintf(stderr, "attacker: a socket of family %d\n", family);
		return true;
	}
	return false;
}

static bool make_any_pair(const struct attack *attack)
{
	int pair[2];
	(void)attack;
	for (int family = 0; family < FAMILIES; family++) {
		if (family == AF_UNIX || socketpair(family, SOCK_STREAM, 0, pair) != 0)
			continue;
		close(pair[0]);
		close(pair[1]);
		return true;
	}
	return false;
}

static bool connect_tcp(const struct attack *attack)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons((uint16_t)attack->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool could = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	if (fd >= 0)
		close(fd);
	return could;
}

/* ---- Unix sockets ---- */

static socklen_t fill(struct sockaddr_un *address, const char *directory, const char *name)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!directory) {
		/* An abstract name: it begins with a zero, and ends where the address ends. */
		memcpy(address->sun_path + 1, name, strlen(name));
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
	}
	snprintf(address->sun_path, sizeof(address->sun_path), "%.80s/%.20s", directory, name);
	return sizeof(*address);
}

static bool reaches(int fd, const char *directory, const char *name)
{
	struct sockaddr_un address;
	socklen_t len = fill(&address, directory, name);
	if (fd < 0)
		return false;
	bool could = connect(fd, (const struct sockaddr *)&address, len) == 0
		  || sendto(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&address, len)
			     == 1;
	close(fd);
	return could;
}

/* Returns one end of a new pair, or -1. */
static int pair_of(int type)
{
	int pair[2];
	if (socketpair(AF_UNIX, type, 0, pair) != 0)
		return -1;
	close(pair[1]);
	return pair[0];
}

static bool reach_service(const struct attack *attack)
{
	if (attack->is_alert)
		return false;
	return reaches(socket(AF_UNIX, SOCK_STREAM, 0), attack->directory, "socket")
	       || reaches(socket(AF_UNIX, SOCK_DGRAM, 0), attack->directory, "datagrams");
}

static bool make_unix_socket(const struct attack *attack)
{
	return !attack->is_alert && has_family(AF_UNIX);
}

static bool reach_from_pair(const struct attack *attack)
{
	if (attack->is_alert)
		return false;
	return reaches(pair_of(SOCK_STREAM), attack->directory, "socket")
	       || reaches(pair_of(SOCK_SEQPACKET), attack->directory, "socket")
	       || reaches(pair_of(SOCK_DGRAM), attack->directory, "datagrams");
}

static bool is_bound(int fd, const char *directory, const char *name)
{
	struct sockaddr_un address;
	socklen_t len = fill(&address, directory, name);
	if (fd < 0)
		return false;
	bool could = bind(fd, (const struct sockaddr *)&address, len) == 0 || listen(fd, 1) == 0;
	close(fd);
	if (could && directory)
		unlink(address.sun_path);
	return could;
}

static bool bind_path(const struct attack *attack)
{
	(void)attack;
	return is_bound(socket(AF_UNIX, SOCK_STREAM, 0), "/tmp", "swatch-attack")
	       || is_bound(pair_of(SOCK_STREAM), "/tmp", "swatch-attack")
	       || is_bound(pair_of(SOCK_DGRAM), "/tmp", "swatch-attack");
}

static bool bind_abstract(const struct attack *attack)
{
	(void)attack;
	return is_bound(socket(AF_UNIX, SOCK_STREAM, 0), NULL, "swatch-attack")
	       || is_bound(pair_of(SOCK_STREAM), NULL, "swatch-attack");
}

static bool reach_abstract(const struct attack *attack)
{
	return reaches(socket(AF_UNIX, SOCK_STREAM, 0), NULL, attack->abstract)
	       || reaches(pair_of(SOCK_STREAM), NULL, attack->abstract)
	       || reaches(pair_of(SOCK_DGRAM), NULL, attack->abstract);
}

const struct way ways_through_sockets[] = {
	{ "network", "sockets of every family", make_any_socket, NULL },
	{ "network", "pairs of every family", make_any_pair, NULL },
	{ "network", "TCP", connect_tcp, NULL },
	{ "services", "Unix sockets", make_unix_socket, NULL },
	{ "services", "a service with a path", reach_service, NULL },
	{ "services", "a service, from a pair", reach_from_pair, NULL },
	{ "services", "being one, with a path", bind_path, NULL },
	{ "services", "being one, with an abstract name", bind_abstract, NULL },
	{ "abstract", "a service with an abstract name", reach_abstract, NULL },
	{ NULL, NULL, NULL, NULL }
};
