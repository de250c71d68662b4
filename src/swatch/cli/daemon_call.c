#include "swatch/cli/daemon_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "cache/dir.h"
#include "cache/read.h"
#include "swatch/cli/user_service.h"
#include "swatch/ui/terminal.h"

enum client_state daemon_connect(const struct invocation *invocation, struct client *client, struct buf *why)
{
	if (invocation->socket_path)
		return client_connect(client, invocation->socket_path, why);
	memset(client, 0, sizeof(*client));
	client->fd = -1;
	if (invocation->socket_errno == ENAMETOOLONG)
		buf_printf(why, "the path of %s is too long for a socket in it; set XDG_RUNTIME_DIR, or "
				"--cache",
			   invocation->cache_dir);
	else
		buf_printf(why, "cannot work out the socket's path: %s", strerror(invocation->socket_errno));
	return CLIENT_BAD_PATH;
}

bool daemon_is_absent(enum client_state state)
{
	return state == CLIENT_NOT_RUNNING || state == CLIENT_LEFT_BEHIND;
}

/* Claude Code makes the directory above the cache; the service waits for that. */
static bool has_claude_run(const struct invocation *invocation)
{
	AUTO_FREE char *directory = invocation->cache_dir ? strdup(invocation->cache_dir) : NULL;
	char *slash = directory ? strrchr(directory, '/') : NULL;
	if (!slash || slash == directory)
		return true;
	*slash = '\0';
	return access(directory, F_OK) == 0 || errno != ENOENT;
}

void daemon_start_hint(const struct invocation *invocation, struct buf *hint)
{
	if (!invocation->cache_option && !has_claude_run(invocation))
		buf_append_str(hint, "run Claude Code once (claude), since it has not run here; then: ");
	/* The service does not get the options given here. */
	if (!invocation->cache_option && !invocation->config_option)
		buf_append_str(hint, user_service_hint(HINT_START));
	else
		buf_printf(hint, "swatchd%s%s%s%s &", invocation->config_option ? " --config " : "",
			   invocation->config_option ? invocation->config_option : "",
			   invocation->cache_option ? " --cache " : "",
			   invocation->cache_option ? invocation->cache_option : "");
}

int daemon_explain_absence(const struct invocation *invocation, enum client_state state, const char *why)
{
	if (!daemon_is_absent(state)) {
		terminal_error("%s", why);
		return SWATCH_FAILED;
	}
	struct cache_lock_holder holder;
	if (daemon_find_lock_holder(invocation, &holder) && holder.pid > 0) {
		terminal_error("swatchd (pid %ld, %s) is working on %s but does not listen: %s",
			       (long)holder.pid, holder.role, invocation->cache_dir, why);
		return SWATCH_NO_DAEMON;
	}
	AUTO_BUF hint = BUF_INIT;
	daemon_start_hint(invocation, &hint);
	terminal_error("swatchd is not running for %s: %s", invocation->cache_dir, why);
	terminal_error("start it with: %s", buf_str(&hint));
	return SWATCH_NO_DAEMON;
}

const char *daemon_error_of(struct json_object *answer)
{
	const char *error = json_get_string(answer, "error");
	return error ? error : "swatchd refused the request without giving a reason";
}

int daemon_ask_connected(struct client *client, const char *request, int64_t timeout_ms,
			 struct json_object **answer)
{
	AUTO_BUF why = BUF_INIT;
	if (client_ask(client, request, timeout_ms, answer, &why) != CLIENT_OK) {
		terminal_error("%s (pid %ld)", buf_message(&why), (long)client->daemon_pid);
		return SWATCH_FAILED;
	}
	if (json_get_bool(*answer, "ok", false))
		return SWATCH_OK;
	terminal_error("%s", daemon_error_of(*answer));
	json_object_put(*answer);
	*answer = NULL;
	return SWATCH_FAILED;
}

int daemon_ask(const struct invocation *invocation, const char *request, int64_t timeout_ms,
	       struct json_object **answer)
{
	struct client client;
	AUTO_BUF why = BUF_INIT;
	*answer = NULL;
	enum client_state state = daemon_connect(invocation, &client, &why);
	int status = state == CLIENT_LISTENING ? daemon_ask_connected(&client, request, timeout_ms, answer)
					       : daemon_explain_absence(invocation, state, buf_str(&why));
	client_close(&client);
	return status;
}

bool daemon_find_lock_holder(const struct invocation *invocation, struct cache_lock_holder *holder)
{
	AUTO_BUF error = BUF_INIT;
	memset(holder, 0, sizeof(*holder));
	AUTO_CLOSE int dir_fd = cache_dir_open(invocation->cache_dir, false, &error);
	return dir_fd >= 0 && cache_lock_find_holder(dir_fd, holder);
}
