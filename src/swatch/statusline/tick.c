#include "swatch/statusline/tick.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cache/names.h"
#include "ipc/socket.h"

/* Costs are passed on with six decimals. */
#define SAME_USD 0.000001

/* A line is one line, whatever blanks stood between the limits. */
static void append_on_one_line(struct buf *out, struct slice json)
{
	for (size_t i = 0; i < json.len; i++) {
		unsigned char c = (unsigned char)json.data[i];
		buf_append_char(out, c < 0x20 ? ' ' : (char)c);
	}
}

void statusline_tick_write(const struct statusline_facts *facts, struct buf *out)
{
	/* A size that came out of the session's file is no news. */
	bool has_size = facts->context_size >= 1. && facts->context_size != facts->file_size;
	bool has_cost = !isnan(facts->claude_usd) && !(fabs(facts->claude_usd - facts->file_claude_usd) < SAME_USD);
	bool has_limits = facts->limits_are_news && facts->limits_json.data;
	if (!cache_session_id_is_valid(facts->session_id, strlen(facts->session_id))
	    || (!has_size && !has_cost && !has_limits))
		return;
	buf_printf(out, "{\"op\":\"tick\",\"sessionId\":\"%s\"", facts->session_id);
	if (has_size)
		buf_printf(out, ",\"contextWindowSize\":%.0f", facts->context_size);
	if (has_cost)
		buf_printf(out, ",\"costUSD\":%.6f", facts->claude_usd);
	if (has_limits) {
		buf_append_str(out, ",\"rateLimits\":");
		append_on_one_line(out, facts->limits_json);
	}
	buf_append_str(out, "}\n");
}

void statusline_tick_send(const struct statusline_facts *facts, const char *cache_dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct buf line = BUF_INIT;
	statusline_tick_write(facts, &line);
	char *path = line.len > 0 && !line.failed ? cache_socket_path(cache_dir) : NULL;
	int fd = path ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
	if (fd >= 0) {
		/* cache_socket_path() gives none that does not fit. */
		memcpy(address.sun_path, path, strlen(path) + 1);
		/* Whose session it is, and what of the limits is used, is nobody else's business. */
		if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0
		    && cache_socket_is_own_peer(fd, NULL)) {
			ssize_t sent = send(fd, line.data, line.len, MSG_DONTWAIT | MSG_NOSIGNAL);
			(void)sent;
		}
		close(fd);
	}
	free(path);
	buf_release(&line);
}
