#include "swatch/statusline/input.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"

#define READ_BYTES 16384

static void take_in_string(struct input_end *end, char c)
{
	if (end->after_backslash)
		end->after_backslash = false;
	else if (c == '\\')
		end->after_backslash = true;
	else if (c == '"')
		end->in_string = false;
}

static void take_outside(struct input_end *end, char c)
{
	switch (c) {
	case '"':
		end->in_string = true;
		break;
	case '{':
	case '[':
		end->depth++;
		break;
	case '}':
	case ']':
		end->depth--;
		end->found = end->depth == 0;
		break;
	default:
		break;
	}
}

/* Blanks may come before the object, and the byte order mark that some shells write. */
static bool may_come_before(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\xEF' || c == '\xBB' || c == '\xBF';
}

size_t input_end_take(struct input_end *end, const char *bytes, size_t len)
{
	size_t at = 0;
	while (at < len && !end->found && !end->is_no_object) {
		char c = bytes[at];
		if (!end->started) {
			end->started = c == '{';
			end->is_no_object = !end->started && !may_come_before(c);
		}
		if (end->in_string)
			take_in_string(end, c);
		else if (end->started)
			take_outside(end, c);
		at++;
	}
	return at;
}

/* Waits for bytes. Returns false when the time is up, or when none will come. */
static bool wait_for_bytes(int fd, int64_t deadline_ms)
{
	for (;;) {
		int64_t left_ms = deadline_ms - clock_mono_ms();
		struct pollfd waiting = { .fd = fd, .events = POLLIN };
		int ready = poll(&waiting, 1, left_ms > 0 ? (int)left_ms : 0);
		if (ready > 0)
			return (waiting.revents & POLLNVAL) == 0;
		if (ready == 0 || errno != EINTR)
			return false;
	}
}

bool statusline_input_read(int fd, int64_t timeout_ms, struct buf *text)
{
	struct input_end end = { 0 };
	char chunk[READ_BYTES];
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;
	while (!end.found && !end.is_no_object && text->len < STATUSLINE_INPUT_MAX_BYTES
	       && wait_for_bytes(fd, deadline_ms)) {
		ssize_t got = read(fd, chunk, sizeof(chunk));
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			break;
		buf_append(text, chunk, input_end_take(&end, chunk, (size_t)got));
		if (text->failed)
			break;
	}
	return end.found && !text->failed;
}
