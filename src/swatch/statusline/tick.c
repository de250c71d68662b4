#include "swatch/statusline/tick.h"

#include <math.h>
#include <string.h>

#include "base/scope.h"
#include "cache/names.h"
#include "ipc/socket.h"

/* Costs are passed on with six decimals. */
#define SAME_USD 0.000001

/* The limits may have several lines; a tick is one line. */
static void append_on_one_line(struct buf *out, struct slice json)
{
	for (size_t i = 0; i < json.len; i++) {
		unsigned char c = (unsigned char)json.data[i];
		buf_append_char(out, c < 0x20 ? ' ' : (char)c);
	}
}

void statusline_tick_write(const struct statusline_facts *facts, struct buf *out)
{
	double size = facts->number[FACT_TOLD_SIZE], usd = facts->number[FACT_CLAUDE_USD];
	bool has_size = size >= 1. && size != facts->number[FACT_FILE_TOLD_SIZE];
	/* The daemon keeps the largest: of two terminals, one would report its lower figure each second. */
	bool has_cost = !isnan(usd) && !(usd < facts->number[FACT_FILE_CLAUDE_USD] + SAME_USD);
	bool has_limits = facts->limits_are_news && facts->limits_json.data;
	if (!cache_session_id_is_valid(facts->session_id, strlen(facts->session_id))
	    || (!has_size && !has_cost && !has_limits))
		return;
	buf_printf(out, "{\"op\":\"tick\",\"sessionId\":\"%s\"", facts->session_id);
	if (has_size)
		buf_printf(out, ",\"contextWindowSize\":%.0f", size);
	if (has_cost)
		buf_printf(out, ",\"costUSD\":%.6f", usd);
	if (has_limits) {
		buf_append_str(out, ",\"rateLimits\":");
		append_on_one_line(out, facts->limits_json);
	}
	buf_append_str(out, "}\n");
}

void statusline_tick_send(const struct statusline_facts *facts, const char *cache_dir)
{
	AUTO_BUF line = BUF_INIT;
	statusline_tick_write(facts, &line);
	AUTO_FREE char *path = line.len > 0 && !line.failed ? cache_socket_find(cache_dir) : NULL;
	/* Only the user's own daemon may learn of a session and of the limits. */
	if (path)
		cache_socket_tell(path, line.data, line.len);
}
