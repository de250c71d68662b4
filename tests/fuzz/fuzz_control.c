/*
 * What a client writes on the daemon's socket: to a daemon that runs here, with a transcript and no refresh
 * command. The input comes in pieces, at each 0xFF. Every answer is a line of JSON that says how it went, of
 * a bounded size; and whatever a client wrote, the next one is answered.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "fuzz.h"
#include "swatchd/control/internal.h"
#include "swatchd/daemon/round.h"
#include "swatchd/loop/loop.h"

/* A turn of the loop takes one read of 16 KiB off a client, and answers. */
#define TURNS_MAX 64

static struct daemon daemon_here;
static char *socket_path;

static const char transcript[] =
	"{\"type\":\"user\",\"timestamp\":\"2026-11-23T08:00:00.000Z\",\"sessionId\":\"s1\","
	"\"cwd\":\"/home/u/p\","
	"\"version\":\"2.1.39\",\"message\":{\"role\":\"user\",\"content\":\"hello\"}}\n"
	"{\"type\":\"assistant\",\"timestamp\":\"2026-11-23T08:00:05.000Z\",\"sessionId\":\"s1\","
	"\"cwd\":\"/home/u/p\","
	"\"requestId\":\"req_1\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-opus-4-6\","
	"\"role\":\"assistant\",\"content\":[],"
	"\"usage\":{\"input_tokens\":3,\"output_tokens\":10}}}\n"
	"{\"type\":\"assistant\",\"timestamp\":\"2026-11-23T09:00:05.000Z\",\"sessionId\":\"s1\","
	"\"cwd\":\"/home/u/p\","
	"\"requestId\":\"req_2\",\"message\":{\"id\":\"msg_2\",\"model\":\"a-model-of-no-price\","
	"\"role\":\"assistant\",\"content\":[],"
	"\"usage\":{\"input_tokens\":30,\"output_tokens\":100}}}\n";

static void make_directory(const char *name)
{
	char *path = fuzz_path(name);
	FUZZ_CHECK(mkdir(path, 0700) == 0, "cannot make %s", path);
	free(path);
}

/* In a folder of its own, with polling: nothing comes from outside. */
static void start_daemon(void)
{
	static struct config config;
	static struct daemon_options options;
	struct buf error = BUF_INIT;
	make_directory("claude");
	make_directory("claude/projects");
	make_directory("claude/projects/-home-u-p");
	make_directory("cache");
	fuzz_write_file("claude/projects/-home-u-p/s1.jsonl", transcript, sizeof(transcript) - 1);
	char *claude = fuzz_path("claude"), *cache = fuzz_path("cache");
	setenv("CLAUDE_CONFIG_DIR", claude, 1);
	FUZZ_CHECK(config_init(&config), "no memory");
	/* Nothing of this belongs into anybody's ledger. */
	config.ledger_enabled = 0;
	config.ccusage_command[0] = '\0';
	config.watch_method = WATCH_POLL;
	socket_path = fuzz_path("socket");
	options.cache_path = cache;
	options.cache_fd = open(cache, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	options.socket_path = socket_path;
	(void)signal(SIGPIPE, SIG_IGN);
	struct ev_loop *loop = ev_loop_new(EVBACKEND_EPOLL);
	FUZZ_CHECK(loop, "no loop");
	FUZZ_CHECK(daemon_start(&daemon_here, loop, &options, &config, &error) == 0, "%s", buf_str(&error));
	daemon_do_round(&daemon_here);
	free(claude);
}

static int call(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	FUZZ_CHECK(fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0,
		   "cannot call");
	return fd;
}

/* Takes what is there. Returns false at the end of it all: the daemon hung up. */
static bool take_answers(int fd, struct buf *answers)
{
	char bytes[65536];
	ssize_t got;
	while ((got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		buf_append(answers, bytes, (size_t)got);
	FUZZ_CHECK(answers->len <= CONTROL_MAX_REPORT_BYTES && !answers->failed, "%zu bytes", answers->len);
	return got != 0;
}

static bool turn(int fd, struct buf *answers)
{
	ev_run(daemon_here.loop, EVRUN_NOWAIT);
	return take_answers(fd, answers);
}

/* Sends a piece, and lets the daemon take it. Returns false when it hung up. */
static bool send_piece(int fd, const struct fuzz_text *piece, struct buf *answers)
{
	size_t sent = 0;
	bool open = true;
	for (int i = 0; open && sent < piece->len && i < TURNS_MAX; i++) {
		ssize_t put = send(fd, piece->data + sent, piece->len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		sent += put > 0 ? (size_t)put : 0;
		open = turn(fd, answers);
	}
	return open;
}

/* A line: an answer, an event, or a row of a report. */
static void check_answer(const char *line, size_t len)
{
	struct json_object *answer = fuzz_check_json("an answer", line, len), *value;
	bool is_row = json_object_object_get_ex(answer, "row", &value)
		   || json_object_object_get_ex(answer, "end", &value)
		   || json_object_object_get_ex(answer, "event", &value);
	FUZZ_CHECK(is_row || json_object_object_get_ex(answer, "ok", &value),
		   "an answer without \"ok\": %.*s", (int)len, line);
	if (!is_row && !json_object_get_boolean(value))
		FUZZ_CHECK(json_object_object_get_ex(answer, "error", &value),
			   "refused without a reason: %.*s", (int)len, line);
	json_object_put(answer);
}

static size_t check_answers(const struct buf *answers)
{
	size_t count = 0, at = 0;
	while (at < answers->len) {
		const char *newline = memchr(answers->data + at, '\n', answers->len - at);
		/* The daemon may hang up in the middle of nothing, but not of a line. */
		FUZZ_CHECK(newline, "half an answer: %s", answers->data + at);
		size_t len = (size_t)(newline - answers->data) - at;
		check_answer(answers->data + at, len);
		at += len + 1;
		count++;
	}
	return count;
}

/* Somebody else asks, and is answered. */
static void check_daemon_lives(void)
{
	static const char request[] = "{\"op\":\"status\"}\n";
	struct buf answer = BUF_INIT;
	int fd = call();
	FUZZ_CHECK(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(request) - 1,
		   "cannot send");
	for (int i = 0; i < TURNS_MAX && !memchr(buf_str(&answer), '\n', answer.len); i++)
		FUZZ_CHECK(turn(fd, &answer), "it hung up");
	FUZZ_CHECK(check_answers(&answer) == 1, "no answer: '%s'", buf_str(&answer));
	close(fd);
	ev_run(daemon_here.loop, EVRUN_NOWAIT);
	buf_release(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct buf answers = BUF_INIT;
	bool open = true;
	fuzz_begin();
	if (!daemon_here.loop)
		start_daemon();
	int fd = call();
	for (int pieces = 0; open && in.left > 0 && pieces < TURNS_MAX; pieces++) {
		struct fuzz_text piece = fuzz_take_text(&in);
		open = send_piece(fd, &piece, &answers);
		fuzz_text_release(&piece);
	}
	/* What is on its way still comes, though we say that we are done. */
	shutdown(fd, SHUT_WR);
	for (int i = 0; open && i < TURNS_MAX; i++)
		open = turn(fd, &answers);
	FUZZ_CHECK(!open, "it does not hang up");
	close(fd);
	check_answers(&answers);
	check_daemon_lives();
	FUZZ_CHECK(daemon_here.control->client_count == 0, "%zu clients are left",
		   daemon_here.control->client_count);
	buf_release(&answers);
	return 0;
}
