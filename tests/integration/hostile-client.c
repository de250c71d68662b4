/*
 * A client of the control socket that means no good. Usage: hostile-client SOCKET HOW [NUMBER]
 *   crowd NUMBER     connects so often, says half a line each time and keeps what it can; then waits for
 * stdin's end flood NUMBER     sends so many bytes without a newline garbage NUMBER   sends so many pieces of
 * random bytes, broken lines and half-right requests deaf             asks without end and reads nothing,
 * until it is thrown out mute NUMBER      asks so often, reads nothing, and waits until it is thrown out It
 * prints what came of it as one number: connections, or bytes that were taken. Exit status 1: it could not
 * even try.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define KEPT_MAX 400

static const char *socket_path;

static int connect_once(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	perror("hostile-client: connect");
	exit(1);
}

/* Returns false when the other end has thrown us out. */
static bool say(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

static unsigned long crowd(unsigned long number)
{
	static const char half[] = "{\"op\":\"sta";
	static int kept[KEPT_MAX];
	char byte;
	for (size_t i = 0; i < KEPT_MAX; i++)
		kept[i] = -1;
	for (unsigned long i = 0; i < number; i++) {
		int *place = &kept[i % KEPT_MAX];
		if (*place >= 0)
			close(*place);
		*place = connect_once();
		(void)say(*place, half, sizeof(half) - 1);
	}
	printf("%lu\n", number);
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

static unsigned long flood(unsigned long number)
{
	static char bytes[65536];
	unsigned long taken = 0;
	int fd = connect_once();
	memset(bytes, 'x', sizeof(bytes));
	while (taken < number && say(fd, bytes, sizeof(bytes)))
		taken += sizeof(bytes);
	return taken;
}

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252ULL;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static size_t make_garbage(char *out, size_t size)
{
	static const char *const pieces[] = {
		"{\"op\":\"tick\",\"sessionId\":",
		"\"s1\"",
		"\"../../evil\"",
		"\"s1\\u0000/../evil\"",
		"null",
		"1e999",
		"-1e308",
		"[[[[[[[[[[[[[[[[[[[[",
		"{\"op\":\"report\",\"kind\":",
		"\"blocks\"",
		"\"timezone\":\":/dev/zero\"",
		"\"since\":\"99999999\"",
		"{\"op\":\"spend\",\"since\":-1,\"step\":0,\"count\":9e99}",
		"{\"op\":\"refresh\",\"wait\":\"yes\"}",
		"{\"op\":\"expire\",\"dryRun\":{}}",
		"{\"op\":{}}",
		"{\"op\":\"sync\"}",
		"{\"op\":\"subscribe\"}",
		"{\"op\":\"tick\",\"rateLimits\":{\"five_hour\":{\"used_percentage\":\"nan\"}}}",
		"\"rateLimits\":[1,2]",
		"\"contextWindowSize\":9223372036854775808",
		"\xff\xfe",
		"\\ud800",
		"}",
		",",
		"\n",
		"\n",
		"\n",
	};
	size_t len = 0;
	for (size_t left = 1 + next_random() % 12; left > 0; left--) {
		const char *piece = pieces[next_random() % (sizeof(pieces) / sizeof(pieces[0]))];
		size_t piece_len = strlen(piece);
		if (next_random() % 8 == 0 && len < size) {
			out[len++] = (char)next_random();
			continue;
		}
		if (len + piece_len > size)
			break;
		memcpy(out + len, piece, piece_len);
		len += piece_len;
	}
	return len;
}

static unsigned long garbage(unsigned long number)
{
	char out[4096], answer[65536];
	unsigned long taken = 0;
	int fd = connect_once();
	for (unsigned long i = 0; i < number; i++) {
		size_t len = make_garbage(out, sizeof(out));
		if (say(fd, out, len)) {
			taken += len;
			/* Answers are taken in, or nothing more would be. */
			while (recv(fd, answer, sizeof(answer), MSG_DONTWAIT) > 0)
				;
			continue;
		}
		close(fd);
		fd = connect_once();
	}
	return taken;
}

static unsigned long deaf(void)
{
	static const char question[] = "{\"op\":\"status\"}\n";
	unsigned long taken = 0;
	int fd = connect_once();
	while (say(fd, question, sizeof(question) - 1))
		taken += sizeof(question) - 1;
	return taken;
}

static unsigned long mute(unsigned long number)
{
	static const char question[] = "{\"op\":\"status\"}\n";
	/* Asks for no event: poll() reports that the other end went in any case. */
	struct pollfd gone = { .fd = connect_once() };
	for (unsigned long i = 0; i < number; i++)
		if (!say(gone.fd, question, sizeof(question) - 1))
			return 0;
	return poll(&gone, 1, -1) == 1 && (gone.revents & POLLHUP) ? number : 0;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fputs("usage: hostile-client SOCKET crowd|flood|garbage|deaf|mute [NUMBER]\n", stderr);
		return 1;
	}
	unsigned long number = argc > 3 ? strtoul(argv[3], NULL, 10) : 0, came = 0;
	socket_path = argv[1];
	if (strcmp(argv[2], "crowd") == 0)
		return (int)crowd(number);
	if (strcmp(argv[2], "flood") == 0)
		came = flood(number);
	else if (strcmp(argv[2], "garbage") == 0)
		came = garbage(number);
	else if (strcmp(argv[2], "mute") == 0)
		came = mute(number);
	else
		came = deaf();
	printf("%lu\n", came);
	return 0;
}
