/* What is attacked. */
#include "attacker.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int file_fd = -1;

static void on_signal(int number)
{
	(void)number;
	ssize_t told = write(file_fd, "hit\n", 4);
	(void)told;
}

static int listen_at(int type, const struct sockaddr *address, socklen_t len)
{
	int fd = socket(address->sa_family, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, address, len) != 0 || (type == SOCK_STREAM && listen(fd, 16) != 0)) {
		perror("victim: socket");
		exit(1);
	}
	return fd;
}

static int listen_tcp(int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = listen_at(SOCK_STREAM, (const struct sockaddr *)&address, sizeof(address));
	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		exit(1);
	*port = ntohs(address.sin_port);
	return fd;
}

static void make_file(const char *directory, const char *name)
{
	char path[600];
	snprintf(path, sizeof(path), "%.500s/%s", directory, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "as it was\n", 10) != 10)
		exit(1);
	close(fd);
}

int be_victim(const char *file, const char *directory)
{
	struct sockaddr_un named = { .sun_family = AF_UNIX }, other = named, abstract = named;
	char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char name[64], path[700];
	pid_t starter = getppid();
	int port = 0;
	if (memory == MAP_FAILED || chdir(directory) != 0)
		return 1;
	memset(memory, 's', 4096);
	for (const char *const *made = (const char *const[]){ "file", "spare", "long", NULL }; *made; made++)
		make_file(directory, *made);
	(void)mkdir("empty", 0700);
	snprintf(named.sun_path, sizeof(named.sun_path), "socket");
	snprintf(other.sun_path, sizeof(other.sun_path), "datagrams");
	snprintf(name, sizeof(name), "swatch-victim-%d", (int)getpid());
	memcpy(abstract.sun_path + 1, name, strlen(name));
	socklen_t abstract_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
	struct pollfd fds[4] = {
		{ listen_at(SOCK_STREAM, (const struct sockaddr *)&named, sizeof(named)), POLLIN, 0 },
		{ listen_at(SOCK_DGRAM, (const struct sockaddr *)&other, sizeof(other)), POLLIN, 0 },
		{ listen_at(SOCK_STREAM, (const struct sockaddr *)&abstract, abstract_len), POLLIN, 0 },
		{ listen_tcp(&port), POLLIN, 0 },
	};
	int shm = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	for (int number = 1; number < 32; number++)
		if (number != SIGKILL && number != SIGSTOP && number != SIGTERM && number != SIGINT)
			(void)signal(number, on_signal);
	snprintf(path, sizeof(path), "%.600s.new", file);
	file_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (file_fd < 0
	    || dprintf(file_fd, "%d %d %d %lx %s %s\n", (int)getpid(), port, shm, (unsigned long)memory, name,
		       directory)
		       < 0
	    || rename(path, file) != 0)
		return 1;
	while (getppid() == starter)
		(void)poll(NULL, 0, 200);
	(void)shmctl(shm, IPC_RMID, NULL);
	(void)fds;
	return 0;
}
