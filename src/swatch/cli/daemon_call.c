#include "swatch/cli/daemon_call.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "cache/dir.h"
#include "cache/read.h"
#include "swatch/cli/user_service.h"
#include "swatch/ui/terminal.h"
#include "transcript/data_dirs.h"

#define LIFE_TIMEOUT_MS 1500
/* How often to wait again for one that is busy. */
#define BUSY_TRIES 40
/* After a refusal the connection ends at once. */
#define HANG_UP_MS 50
/* So long a daemon may take to listen, and so often a command looks. It begins anew in a tenth of a second.
 */
#define BEGIN_WAIT_MS (5 * CLOCK_SECOND_MS)
#define BEGIN_STEP_MS 20

/* What the daemon says while it hangs up is why it does. */
static enum client_state judge_no(struct client *client, struct json_object *answer, struct buf *why)
{
	const char *line;
	size_t len;
	/* An older daemon does not know the question, and stays. */
	if (json_get_bool(answer, "ok", false)
	    || client_read_line(client, HANG_UP_MS, false, &line, &len) == CLIENT_TIMEOUT)
		return CLIENT_LISTENING;
	buf_append_str(why, daemon_error_of(answer));
	return CLIENT_REFUSED;
}

/* Reads the beginning of /proc/PID/NAME; "" when that cannot be had. */
static void read_of_process(pid_t pid, const char *name, char text[128])
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	AUTO_CLOSE int fd = pid > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t got = fd >= 0 ? read(fd, text, 127) : -1;
	text[got > 0 ? got : 0] = '\0';
}

/* The nanoseconds that the process has had on a processor. */
static unsigned long long time_run(pid_t pid)
{
	char text[128];
	read_of_process(pid, "schedstat", text);
	return strtoull(text, NULL, 10);
}

/*
 * A daemon that computes, waits for the disk, or has done something since `ran` will answer; one that is
 * stopped may not.
 */
static bool is_busy(pid_t pid, unsigned long long *ran)
{
	char text[128];
	unsigned long long before = *ran;
	read_of_process(pid, "stat", text);
	*ran = time_run(pid);
	const char *name_end = strrchr(text, ')');
	return *ran != before
	       || (name_end && (strncmp(name_end, ") R", 3) == 0 || strncmp(name_end, ") D", 3) == 0));
}

static enum client_state ask_for_life(struct client *client, struct buf *why, bool *hung_up)
{
	AUTO_JSON *answer = NULL;
	AUTO_BUF fault = BUF_INIT;
	const char *line;
	size_t len;
	int tries = 1;
	unsigned long long ran = time_run(client->daemon_pid);
	enum client_result result = client_ask(client, "{\"op\":\"ping\"}", LIFE_TIMEOUT_MS, &answer, &fault);
	*hung_up = result == CLIENT_CLOSED;
	for (; result == CLIENT_TIMEOUT && tries <= BUSY_TRIES && is_busy(client->daemon_pid, &ran);
	     tries++) {
		result = client_read_line(client, LIFE_TIMEOUT_MS, false, &line, &len);
		if (result == CLIENT_OK)
			return CLIENT_LISTENING;
	}
	if (result == CLIENT_OK)
		return judge_no(client, answer, why);
	if (result == CLIENT_TIMEOUT)
		buf_printf(why,
			   "swatchd listens but did not answer within %.1f s; is it stopped, or hanging?",
			   tries * LIFE_TIMEOUT_MS / 1000.);
	else
		buf_append_str(why, buf_message(&fault));
	return CLIENT_REFUSED;
}

/* `hung_up`: it took the call, and ended it without a word. */
static enum client_state connect_once(const struct invocation *invocation, struct client *client,
				      struct buf *why, bool *hung_up)
{
	*hung_up = false;
	if (invocation->socket_path) {
		enum client_state state = client_connect(client, invocation->socket_path, why);
		return state == CLIENT_LISTENING ? ask_for_life(client, why, hung_up) : state;
	}
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

enum client_state daemon_connect(const struct invocation *invocation, struct client *client, struct buf *why)
{
	bool hung_up;
	return connect_once(invocation, client, why, &hung_up);
}

/* Whether a daemon that does not listen starts, or begins anew: it has the lock. */
static bool is_beginning(const struct invocation *invocation)
{
	struct cache_lock_holder holder;
	return daemon_find_lock_holder(invocation, &holder) && !holder.elsewhere
	       && strcmp(holder.role, "daemon") == 0;
}

/* Hangs up, and waits a moment for such a daemon. Returns false when none begins, or it took too long. */
static bool waits_for_beginning(const struct invocation *invocation, struct client *client, int64_t until_ms)
{
	if (clock_mono_ms() >= until_ms || !is_beginning(invocation))
		return false;
	client_close(client);
	(void)poll(NULL, 0, BEGIN_STEP_MS);
	return true;
}

static enum client_state connect_until(const struct invocation *invocation, struct client *client,
				       int64_t until_ms, struct buf *why)
{
	bool hung_up;
	for (;;) {
		enum client_state state = connect_once(invocation, client, why, &hung_up);
		if ((!hung_up && !daemon_is_absent(state))
		    || !waits_for_beginning(invocation, client, until_ms))
			return state;
		buf_clear(why);
	}
}

enum client_state daemon_connect_patiently(const struct invocation *invocation, struct client *client,
					   struct buf *why)
{
	return connect_until(invocation, client, clock_mono_ms() + BEGIN_WAIT_MS, why);
}

bool daemon_is_absent(enum client_state state)
{
	return state == CLIENT_NOT_RUNNING || state == CLIENT_LEFT_BEHIND;
}

/* Claude Code makes the directory above its projects; the service waits for that. */
static bool has_claude_run(const struct invocation *invocation)
{
	struct data_dirs dirs;
	bool has = data_dirs_find(&dirs, invocation->config.watch_paths) != 0;
	for (size_t i = 0; i < dirs.count && !has; i++) {
		char *slash = strrchr(dirs.projects[i], '/');
		if (slash && slash > dirs.projects[i])
			*slash = '\0';
		has = access(dirs.projects[i], F_OK) == 0 || errno != ENOENT;
	}
	data_dirs_release(&dirs);
	return has;
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
	if (daemon_find_lock_holder(invocation, &holder) && (holder.pid > 0 || holder.elsewhere)) {
		AUTO_BUF who = BUF_INIT;
		daemon_name_holder(&holder, &who);
		terminal_error("swatchd (%s) is working on %s but does not listen: %s", buf_str(&who),
			       invocation->cache_dir, why);
		return SWATCH_NO_DAEMON;
	}
	AUTO_BUF hint = BUF_INIT;
	daemon_start_hint(invocation, &hint);
	terminal_error("swatchd is not running for %s: %s", invocation->cache_dir, why);
	terminal_error("start it with: %s", buf_str(&hint));
	return SWATCH_NO_DAEMON;
}

void daemon_name_holder(const struct cache_lock_holder *holder, struct buf *out)
{
	const char *role = *holder->role ? holder->role : "role unknown";
	if (holder->elsewhere)
		buf_printf(out, "in another container, %s", role);
	else
		buf_printf(out, "pid %ld, %s", (long)holder->pid, role);
}

const char *daemon_error_of(struct json_object *answer)
{
	const char *error = json_get_string(answer, "error");
	return error ? error : "swatchd refused the request without giving a reason";
}

/* Prints why the daemon did not do what it was asked for. Returns the exit status. */
static int judge_answer(const struct client *client, enum client_result result, struct buf *why,
			struct json_object **answer)
{
	if (result != CLIENT_OK) {
		terminal_error("%s (pid %ld)", buf_message(why), (long)client->daemon_pid);
		return SWATCH_FAILED;
	}
	if (json_get_bool(*answer, "ok", false))
		return SWATCH_OK;
	terminal_error("%s", daemon_error_of(*answer));
	json_object_put(*answer);
	*answer = NULL;
	return SWATCH_FAILED;
}

int daemon_ask_connected(struct client *client, const char *request, int64_t timeout_ms,
			 struct json_object **answer)
{
	AUTO_BUF why = BUF_INIT;
	enum client_result result = client_ask(client, request, timeout_ms, answer, &why);
	return judge_answer(client, result, &why, answer);
}

int daemon_ask_open(const struct invocation *invocation, struct client *client, const char *request,
		    int64_t timeout_ms, struct json_object **answer, bool *is_absent)
{
	AUTO_BUF why = BUF_INIT;
	int64_t until_ms = clock_mono_ms() + BEGIN_WAIT_MS;
	enum client_state state;
	enum client_result result = CLIENT_OK;
	*answer = NULL;
	do {
		buf_clear(&why);
		state = connect_until(invocation, client, until_ms, &why);
		if (state == CLIENT_LISTENING)
			result = client_ask(client, request, timeout_ms, answer, &why);
		/* One that begins anew hangs up without a word, and has done nothing. */
	} while (state == CLIENT_LISTENING && result == CLIENT_CLOSED
		 && waits_for_beginning(invocation, client, until_ms));
	if (state == CLIENT_LISTENING)
		return judge_answer(client, result, &why, answer);
	if (!is_absent || !daemon_is_absent(state))
		return daemon_explain_absence(invocation, state, buf_str(&why));
	*is_absent = true;
	return SWATCH_NO_DAEMON;
}

int daemon_ask(const struct invocation *invocation, const char *request, int64_t timeout_ms,
	       struct json_object **answer)
{
	struct client client;
	int status = daemon_ask_open(invocation, &client, request, timeout_ms, answer, NULL);
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
